package supervisor_test

import (
	"slices"
	"testing"
	"time"

	"linectl/line"
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
	}
}
