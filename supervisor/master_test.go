package supervisor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"
)

// measures lets the open master check of a station end with these values, as its device would.
func (d *desk) measures(out supervisor.Output, values ...float32) supervisor.Output {
	d.t.Helper()
	i := slices.IndexFunc(out.Jobs, func(j line.Job) bool { return j.Op == line.Execute && j.Act.Task == line.TaskMaster })
	if i < 0 {
		d.t.Fatalf("no master check is asked for in %+v", out.Jobs)
	}
	e := line.ActFinished{Device: out.Jobs[i].Device, Token: out.Jobs[i].Token, Outcome: line.OutcomeOK}
	copy(e.Values[:], values)
	return d.Step(d.now, supervisor.Told{Event: e})
}

// hand gives one device's status and returns what the line makes of it.
func (d *desk) hand(device line.DeviceID, state packml.State, part string) supervisor.Output {
	e := line.DeviceStatus{Device: device, RetainID: 1, BootEpoch: 1, Machine: uint16(state), Permissives: ^uint32(0), Part: part}
	if part != "" {
		e.Sensors = line.SensorPartPresent
	}
	return d.Step(d.now, supervisor.Told{Event: e})
}

// A shift begins: no part is taken before the reference part has measured as it should. A failed check holds the station, names what
// is in doubt, offers to hold it, and is made again when the operator says so.
func TestMasterCheckIsGuidedAndEnforced(t *testing.T) {
	const inspect = line.StationID("ST070")
	d := newDesk(t)
	d.account("sana", line.Quality)
	d.material(inspect, noon.Add(1000*time.Hour))
	d.fact(inspect, "", line.MasterChecked{Verdict: line.OK, ValidUntil: noon.Add(time.Hour)})
	id := d.packAt(inspect, line.Stack, line.Weld)
	d.fact(inspect, id, line.PartArrived{Part: string(id)})
	d.fact(inspect, id, line.StepDone{Part: string(id), Step: line.Inspect, Build: 1, Verdict: line.OK})
	d.fact(inspect, id, line.PartMoved{Part: string(id), To: "ST100"})
	if m := d.station(inspect).Master; m.Due || m.Verdict != line.OK || !m.LastGood.Equal(noon) || len(m.Suspect) != 0 || !m.ValidUntil.Equal(noon.Add(time.Hour)) {
		t.Errorf("after a good check: %+v", m)
	}
	d.running(inspect, "")

	d.now = d.now.Add(10 * time.Minute)
	asked := d.Step(d.now, supervisor.Asked{Request: line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Why: "start of the shift", Command: line.CheckMaster{Station: inspect}}})
	if !asked.Replies[0].Accepted || asked.Replies[0].Text != "ST070 measures its reference part now" {
		t.Fatalf("%+v", asked.Replies)
	}
	if m := d.station(inspect).Master; !m.Due || len(m.Steps) < 4 || !strings.Contains(strings.Join(m.Steps, "\n"), "compare reference1: allowed is 0.99 to 1.01") {
		t.Errorf("%+v", m)
	}
	d.measures(asked, 1.3, 1)
	for _, device := range []line.DeviceID{"ST070.meter", "ST070.vision"} {
		d.hand(device, packml.Held, "")
	}

	s := d.station(inspect)
	if s.State != "Held" || s.Reason != "master check is NOK" || !slices.Equal(s.Master.Suspect, []string{string(id)}) || !s.Master.Due {
		t.Errorf("%s: %s; %+v", s.State, s.Reason, s.Master)
	}
	annunciated := []string{}
	for _, a := range d.Snapshot(d.now).Alarms {
		if a.Station == inspect && a.Group == "" {
			annunciated = append(annunciated, a.Alarm)
			if want := "master check of ST070 failed: reference1 1.3 > 1.01; hold what was measured since 23 Nov 12:00 UTC: ESS-P2-000001"; a.Text != want {
				t.Errorf("%q\nwant %q", a.Text, want)
			}
		}
	}
	if !slices.Equal(annunciated, []string{"ST070/master-check-failed"}) {
		t.Errorf("annunciated are %v", annunciated)
	}

	q := d.only("ST070/master/1")
	if !slices.Equal(q.Options, []string{"hold the suspects", "measure again"}) {
		t.Errorf("%+v", q)
	}
	if r, _ := d.as("sana", line.AnswerPrompt{Prompt: q.Prompt, Option: "hold the suspects"}); !r.Accepted || r.Text != "ESS-P2-000001 is held" {
		t.Errorf("%+v", r)
	}
	q = d.only("ST070/master/1")
	if !slices.Equal(q.Options, []string{"measure again"}) || len(d.Snapshot(d.now).Holds) != 1 {
		t.Errorf("%+v, holds %+v", q, d.Snapshot(d.now).Holds)
	}
	if r := d.ask(line.CheckMaster{Station: inspect}); r.Accepted || !strings.Contains(r.Text, "Unhold it, and the check is made again") {
		t.Errorf("%+v", r)
	}
	if r := d.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: "measure again"}); !r.Accepted {
		t.Errorf("%+v", r)
	}
	d.hand("ST070.meter", packml.Execute, "")
	again := d.hand("ST070.vision", packml.Execute, "")
	d.measures(again, 1, 1)
	if m := d.station(inspect).Master; m.Due || m.Verdict != line.OK || len(m.Suspect) != 0 || len(d.prompts()) != 0 || strings.Contains(d.alarms(), "master-check-failed") {
		t.Errorf("after the second check: %+v; asked %+v; %s", m, d.prompts(), d.alarms())
	}
}

// A reading that no instrument can have shown is no check: the station holds for it, and nobody is told that the part measured wrong.
func TestAMasterCheckThatCannotBeHoldsTheStation(t *testing.T) {
	const inspect = line.StationID("ST070")
	d := newDesk(t)
	d.material(inspect, noon.Add(1000*time.Hour))
	id := d.packAt(inspect, line.Stack, line.Weld)
	d.running(inspect, "")
	asked := d.Step(d.now, supervisor.Asked{Request: line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Why: "start of the shift", Command: line.CheckMaster{Station: inspect}}})
	d.measures(asked, -1e30, 1)
	for _, device := range []line.DeviceID{"ST070.meter", "ST070.vision"} {
		d.hand(device, packml.Held, "")
	}
	if s := d.station(inspect); s.State != "Held" || s.Reason != "master check is UNKNOWN" || s.Master.Verdict != line.Unknown || !s.Master.Due {
		t.Errorf("%s: %s; %+v", s.State, s.Reason, s.Master)
	}
	const why = "reference1 -1e+30 cannot be: look at the instrument"
	if said := d.alarms(); !strings.Contains(said, "master check of ST070 failed: "+why) {
		t.Errorf("%s\nwant %s", said, why)
	}
	q := d.only("ST070/master/1")
	if want := "The reference part of ST070 did not measure as it must: " + why + ". See to instrument and reference part, then measure again."; q.Text != want {
		t.Errorf("%q\nwant %q", q.Text, want)
	}
	if r := d.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: "measure again"}); !r.Accepted {
		t.Errorf("%+v", r)
	}
	d.hand("ST070.meter", packml.Execute, string(id)) // the pack lies there now, and waits for the check
	d.measures(d.hand("ST070.vision", packml.Execute, string(id)), 1, 1)
	if m := d.station(inspect).Master; m.Due || m.Verdict != line.OK {
		t.Errorf("after the second check: %+v", m)
	}
}

func TestMasterCheckIsRefusedInWords(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct {
		station line.StationID
		want    string
	}{
		{"ST060", "ST060 measures no reference part; those that do are ST020 ST070 ST130"},
		{"ST070", "ST070 is Stopped and measures nothing; bring it to Execute first"},
		{"ST099", "no station ST099"},
	} {
		if r := d.ask(line.CheckMaster{Station: tt.station}); r.Accepted || !strings.Contains(r.Text, tt.want) {
			t.Errorf("%s: %+v, want %q", tt.station, r, tt.want)
		}
	}
}

// A wish for a check is kept over a restart, and forgotten when the check was made.
func TestMasterAskedSurvivesARestart(t *testing.T) {
	d := newDesk(t)
	d.fact("ST070", "", line.MasterChecked{Verdict: line.OK, ValidUntil: noon.Add(time.Hour)})
	if d.station("ST070").Master.Due {
		t.Fatal("due after a good check")
	}
	d.fact("ST070", "", line.MasterAsked{By: "ali"})
	if !d.station("ST070").Master.Due {
		t.Error("not due although it was asked for")
	}
	d.fact("ST070", "", line.MasterChecked{Verdict: line.OK, ValidUntil: noon.Add(time.Hour)})
	if d.station("ST070").Master.Due {
		t.Error("due after the check")
	}
}
