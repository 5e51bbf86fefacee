package supervisor

import (
	"errors"
	"fmt"
	"time"

	"linectl/line"
)

// bindCertificate lets an account log in with a certificate. One certificate is one person.
func (l *Line) bindCertificate(now time.Time, c line.BindCertificate, q line.Request) (string, error) {
	a, err := l.account(c.User)
	switch {
	case err != nil:
		return "", err
	case c.Certificate == nil && a.Certificate == nil:
		return "", fmt.Errorf("%s has no certificate", c.User)
	case c.Certificate != nil:
		if err := c.Certificate.Check(now); err != nil {
			return "", err
		}
		for _, other := range l.accounts {
			if other.Certificate != nil && other.Certificate.Thumbprint == c.Certificate.Thumbprint {
				return "", errors.New("the certificate is that of " + other.User + " already; each person has a key of their own")
			}
		}
	}
	l.Record(line.Record{At: now, Fact: line.CertificateBound{User: c.User, Certificate: c.Certificate, By: q.By, Why: q.Why}})
	if c.Certificate == nil {
		return c.User + " logs in with the password only", nil
	}
	return fmt.Sprintf("%s may log in with the certificate of %s until %s", c.User, c.Certificate.Subject, c.Certificate.Until.UTC().Format(time.DateOnly)), nil
}

// presentCertificate says which certificate an account has.
func (l *Line) presentCertificate(user string) string {
	a, ok := l.accounts.find(user)
	if !ok || a.Certificate == nil {
		return "no certificate"
	}
	return "certificate " + a.Certificate.Thumbprint[:16] + " of " + a.Certificate.Subject
}
