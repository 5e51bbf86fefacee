package opcua

import (
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // OPC UA names certificates by it
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/awcullen/opcua/ua"

	"linectl/line"
)

// Bounds of a client's key, in bits, and of the folder of those that were turned away.
const (
	leastKey    = 2048
	mostKey     = 4096
	maxRejected = 50
)

// errUntrusted is what a client with an unknown certificate is told, and everybody whose certificate is not as it must be:
// OPC 10000-4, 6.1.3 wants the same answer for all.
func errUntrusted(format string, args ...any) error {
	return breachf(ua.BadSecurityChecksFailed, format, args...)
}

// admit judges the certificates that a client shows, before anything that it has encrypted is touched. One that is not trusted
// is kept among the rejected, so that somebody can look at it and trust it.
func (p *PKI) admit(chain []byte) error {
	list, err := x509.ParseCertificates(chain)
	if err != nil || len(list) == 0 {
		return errUntrusted("no certificate")
	}
	if len(list) > maxChain {
		return errUntrusted("a chain of %d certificates", len(list))
	}
	leaf := list[0]
	err = strong(leaf)
	if err == nil && len(leaf.URIs) == 0 {
		err = errors.New("it names no application URI")
	}
	if err != nil {
		return errUntrusted("certificate %s of %s: %v", thumbprint(leaf.Raw), clean(leaf.Subject.String()), err)
	}
	err = ua.ValidateCertificate(list, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, "", p.trusted(), p.trustedCRL(), p.issuers(), p.issuersCRL(), "",
		true, false, false, false)
	if err != nil {
		p.keepRejected(leaf)
		return errUntrusted("certificate %s of %s is not trusted (%v)", thumbprint(leaf.Raw), clean(leaf.Subject.String()), err)
	}
	return nil
}

// strong refuses keys that are too short to trust or so long that they cost, and signatures that can be forged.
func strong(crt *x509.Certificate) error {
	key, ok := crt.PublicKey.(*rsa.PublicKey)
	switch {
	case !ok:
		return errors.New("its key is not RSA, which the three policies want")
	case key.N.BitLen() < leastKey || key.N.BitLen() > mostKey:
		return fmt.Errorf("its key has %d bits, wanted are %d to %d", key.N.BitLen(), leastKey, mostKey)
	case slices.Contains([]x509.SignatureAlgorithm{x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA}, crt.SignatureAlgorithm):
		return fmt.Errorf("it is signed with %v, which can be forged; have it made anew with SHA-256", crt.SignatureAlgorithm)
	}
	return nil
}

// keepRejected keeps a certificate that was turned away. A flood of them fills no disk: only the latest stay.
func (p *PKI) keepRejected(crt *x509.Certificate) {
	p.rejecting.Lock()
	defer p.rejecting.Unlock()
	name := filepath.Join(p.rejected(), thumbprint(crt.Raw)+".crt")
	if _, err := os.Stat(name); err == nil {
		return
	}
	entries, err := os.ReadDir(p.rejected())
	if err != nil {
		return
	}
	for len(entries) >= maxRejected {
		oldest, at := 0, time.Time{}
		for i, e := range entries {
			if info, err := e.Info(); err == nil && (at.IsZero() || info.ModTime().Before(at)) {
				oldest, at = i, info.ModTime()
			}
		}
		if os.Remove(filepath.Join(p.rejected(), entries[oldest].Name())) != nil {
			return
		}
		entries = slices.Delete(entries, oldest, oldest+1)
	}
	_ = writeCertificate(name, crt.Raw) // a client that nobody can see cannot be trusted either
}

// own is the thumbprint by which a client says for which server it encrypts, and the bytes of its key.
func (p *PKI) own() ([]byte, int, error) {
	crt, err := readCertificate(p.Certificate())
	if err != nil {
		return nil, 0, fmt.Errorf("certificate of the gateway: %w", err)
	}
	key, ok := crt.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil, 0, errors.New("certificate of the gateway: the key is not RSA")
	}
	sum := sha1.Sum(crt.Raw) //nolint:gosec // a name
	return sum[:], key.Size(), nil
}

// UserCertificate reads the certificate of a person from a file (PEM or DER). It must be one that the gateway can verify.
func UserCertificate(name string) (line.UserCertificate, error) {
	crt, err := readCertificate(name)
	if err != nil {
		return line.UserCertificate{}, fmt.Errorf("certificate: %w", err)
	}
	if err := strong(crt); err != nil {
		return line.UserCertificate{}, fmt.Errorf("certificate %s: %w", name, err)
	}
	sum := sha256.Sum256(crt.Raw)
	return line.UserCertificate{Thumbprint: hex.EncodeToString(sum[:]), Subject: crt.Subject.String(), From: crt.NotBefore.UTC(), Until: crt.NotAfter.UTC()}, nil
}
