package supervisor_test

import (
<<<<<<< HEAD
	"slices"
=======
	"strings"
>>>>>>> f9cd6cf (Let people log in to the gateway with a certificate)
	"testing"
	"time"

	"linectl/line"
<<<<<<< HEAD
	"linectl/supervisor"
)

// certificate lets the edge read one that ends in a while.
func (d *desk) certificate(left time.Duration) {
	d.Step(d.now, supervisor.Read{Certificates: []line.Certificate{{Name: "pki-supervisor.crt", File: "pki/supervisor.crt", Until: d.now.Add(left)}}})
}

func (d *desk) active() map[string]line.AlarmSnapshot {
	m := map[string]line.AlarmSnapshot{}
	for _, a := range d.Snapshot(d.now).Alarms {
		if a.Active {
			m[a.Alarm] = a
		}
	}
	return m
}

// A certificate comes to its end: the line says so earlier and earlier before nobody can connect, and graver and graver. An alarm of
// the line, of no station, is seen to like any other; a restart neither loses nor repeats it.
func TestCertificateComesToItsEnd(t *testing.T) {
	d := newDesk(t)
	var journal []line.Record
	read := func(files ...line.Certificate) {
		journal = append(journal, d.Step(d.now, supervisor.Read{Certificates: files}).Records...)
	}
	ends := noon.AddDate(0, 0, 100)
	own, gateway := line.Certificate{Name: "pki-supervisor.crt", File: "pki/supervisor.crt", Until: ends}, line.Certificate{Name: "gateway-gateway.crt", File: "gateway/gateway.crt", Until: ends}
	for _, tt := range []struct {
		left     int // days
		alarm    string
		severity int
		text     string
	}{
		{100, "", 0, ""},
		{61, "", 0, ""},
		{60, "line/certificate-expires-", 300, "certificate pki/supervisor.crt expires on 3 Mar 2027"},
		{15, "line/certificate-expires-", 300, "certificate pki/supervisor.crt expires on 3 Mar 2027"},
		{14, "line/certificate-last-days-", 500, "certificate pki/supervisor.crt expires on 3 Mar 2027, within two weeks"},
		{0, "line/certificate-expired-", 700, "certificate pki/supervisor.crt expired on 3 Mar 2027"},
	} {
		d.now = ends.AddDate(0, 0, -tt.left)
		read(own, gateway)
		have := d.active()
		if tt.alarm == "" {
			if len(have) != 0 {
				t.Errorf("%d days before: %v", tt.left, have)
			}
			continue
		}
		a := have[tt.alarm+"pki-supervisor.crt"]
		if len(have) != 2 || a.Severity != tt.severity || a.Text != tt.text || a.Station != "" || a.Group != "" || have[tt.alarm+"gateway-gateway.crt"].Group != "" {
			t.Errorf("%d days before: %+v, want %s with %d: %s", tt.left, have, tt.alarm, tt.severity, tt.text)
		}
	}
	const id = "line/certificate-expired-pki-supervisor.crt"
	for _, c := range []line.Command{line.AcknowledgeAlarm{Alarm: id}, line.ShelveAlarm{Alarm: id, For: time.Hour}, line.UnshelveAlarm{Alarm: id}} {
		if r := d.ask(c); !r.Accepted {
			t.Errorf("%T: %s", c, r.Text)
		}
	}

	again, err := supervisor.New(d.config, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range journal {
		again.Apply(r)
	}
	later := &desk{Line: again, t: t, now: d.now, config: d.config}
	raised := func(records []line.Record) bool {
		return slices.ContainsFunc(records, func(r line.Record) bool { return line.FactName(r.Fact) != "line-started" })
	}
	if out := again.Resume(d.now); raised(out.Records) {
		t.Errorf("the restart recorded %+v", out.Records)
	}
	if out := later.tick(time.Minute); raised(out.Records) || !later.active()[id].Active {
		t.Errorf("before the files were read again: %+v; %+v", out.Records, later.active())
	}
	own.Until = ends.AddDate(10, 0, 0)
	out := again.Step(later.now, supervisor.Read{Certificates: []line.Certificate{own, gateway}})
	if a := later.active(); len(a) != 1 || len(out.Records) != 1 {
		t.Errorf("renewed: %+v; %+v", a, out.Records)
=======
)

// TestACertificateIsOnePersons binds certificates that may not be, and one that may.
func TestACertificateIsOnePersons(t *testing.T) {
	d := newDesk(t)
	d.account("sana", line.Admin)
	d.account("amna", line.Operator)
	d.account("omar", line.Operator)
	good := line.Certificate{Thumbprint: strings.Repeat("ab", 32), Subject: "CN=amna", From: d.now.Add(-time.Hour), Until: d.now.Add(time.Hour)}
	changed := func(how func(*line.Certificate)) *line.Certificate { c := good; how(&c); return &c }
	for _, c := range []struct {
		user string
		bind *line.Certificate
		want string
	}{
		{"amna", nil, "amna has no certificate"},
		{"nobody", &good, "there is no account"},
		{"amna", changed(func(c *line.Certificate) { c.Thumbprint = "ab" }), "no thumbprint"},
		{"amna", changed(func(c *line.Certificate) { c.Thumbprint = strings.Repeat("AB", 32) }), "no thumbprint"},
		{"amna", changed(func(c *line.Certificate) { c.Subject = strings.Repeat("x", 257) }), "longer than 256"},
		{"amna", changed(func(c *line.Certificate) { c.Until = d.now }), "is valid from"},
		{"amna", changed(func(c *line.Certificate) { c.From = d.now.Add(time.Minute) }), "is valid from"},
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
>>>>>>> f9cd6cf (Let people log in to the gateway with a certificate)
	}
}
