package line

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// UserCertificate is the public part of a key with which a person may log in instead of with a password. The key itself is with the
// person and nowhere here.
type UserCertificate struct {
	Thumbprint string    `json:"thumbprint"` // SHA-256 of the certificate, 64 hexadecimal digits in small letters
	Subject    string    `json:"subject"`
	From       time.Time `json:"from"` // it is valid from then
	Until      time.Time `json:"until"`
}

// Check refuses what is no certificate that could be used now.
func (c UserCertificate) Check(now time.Time) error {
	outside := func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }
	switch {
	case len(c.Thumbprint) != 64 || strings.ContainsFunc(c.Thumbprint, outside):
		return fmt.Errorf("%.80q is no thumbprint of a certificate: 64 hexadecimal digits are", c.Thumbprint)
	case len(c.Subject) > 256:
		return errors.New("the certificate's subject is longer than 256 bytes")
	case !c.Valid(now):
		return fmt.Errorf("the certificate is valid from %s to %s only", c.From.UTC().Format(time.DateOnly), c.Until.UTC().Format(time.DateOnly))
	}
	return nil
}

// Valid reports whether the certificate may be used at that time.
func (c UserCertificate) Valid(at time.Time) bool { return !at.Before(c.From) && at.Before(c.Until) }

// CertificateBound gives an account a certificate to log in with, instead of the one that it had; without one it takes it away.
type CertificateBound struct {
	User        string           `json:"user"`
	Certificate *UserCertificate `json:"certificate,omitempty"`
	By          string           `json:"by"`
	Why         string           `json:"why,omitempty"`
}

// BindCertificate asks for that. Without a certificate it takes away the one that the account has.
type BindCertificate struct {
	User        string           `json:"user"`
	Certificate *UserCertificate `json:"certificate,omitempty"`
}

func (CertificateBound) fact()   {}
func (BindCertificate) command() {}
