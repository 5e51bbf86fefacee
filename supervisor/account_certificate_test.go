package supervisor_test

import (
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// TestACertificateIsOnePersons binds certificates that may not be, and one that may.
func TestACertificateIsOnePersons(t *testing.T) {
	d := newDesk(t)
	d.account("sana", line.Admin)
	d.account("amna", line.Operator)
	d.account("omar", line.Operator)
	good := line.UserCertificate{Thumbprint: strings.Repeat("ab", 32), Subject: "CN=amna", From: d.now.Add(-time.Hour), Until: d.now.Add(time.Hour)}
	changed := func(how func(*line.UserCertificate)) *line.UserCertificate { c := good; how(&c); return &c }
	for _, c := range []struct {
		user string
		bind *line.UserCertificate
		want string
	}{
		{"amna", nil, "amna has no certificate"},
		{"nobody", &good, "there is no account"},
		{"amna", changed(func(c *line.UserCertificate) { c.Thumbprint = "ab" }), "no thumbprint"},
		{"amna", changed(func(c *line.UserCertificate) { c.Thumbprint = strings.Repeat("AB", 32) }), "no thumbprint"},
		{"amna", changed(func(c *line.UserCertificate) { c.Subject = strings.Repeat("x", 257) }), "longer than 256"},
		{"amna", changed(func(c *line.UserCertificate) { c.Until = d.now }), "is valid from"},
		{"amna", changed(func(c *line.UserCertificate) { c.From = d.now.Add(time.Minute) }), "is valid from"},
		{"amna", &good, "amna may log in with the certificate of CN=amna"},
		{"omar", &good, "that of amna already"},
		{"amna", nil, "with the password only"},
		{"omar", &good, "omar may log in"},
	} {
		reply, audit := d.as("sana", line.BindCertificate{User: c.user, Certificate: c.bind})
		if !strings.Contains(reply.Text, c.want) {
			t.Errorf("%s: %q, want %q", c.user, reply.Text, c.want)
		}
		if reply.Accepted && audit.Old == audit.New {
			t.Errorf("the audit of %q is %q to %q", reply.Text, audit.Old, audit.New)
		}
	}
	if reply, _ := d.as("omar", line.BindCertificate{User: "omar"}); reply.Accepted {
		t.Errorf("an operator keeps certificates: %s", reply.Text)
	}
}
