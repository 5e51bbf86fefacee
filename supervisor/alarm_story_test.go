package supervisor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"

	"github.com/cockroachdb/datadriven"
)

// TestAlarmStories plays the operator's stories about alarms (O4, O5, M1), one file each. Run with -rewrite to accept what is
// shown, and read the difference before committing it.
func TestAlarmStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		s := &alarmStory{desk: newDesk(t)}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return s.act(t, d) })
	})
}

// alarmStory is a line whose journal is kept, and what it recorded about alarms.
type alarmStory struct {
	*desk
	journal []line.Record
	told    strings.Builder
}

func (s *alarmStory) act(t *testing.T, d *datadriven.TestData) string {
	s.told.Reset()
	var station, by, why, alarm string
	for _, arg := range []struct {
		key string
		to  *string
	}{{"at", &station}, {"by", &by}, {"why", &why}, {"alarm", &alarm}} {
		if d.HasArg(arg.key) {
			d.ScanArgs(t, arg.key, arg.to)
		}
	}
	why = strings.ReplaceAll(why, "_", " ")
	switch d.Cmd {
	case "run":
		s.brings(station)
	case "answers", "lost":
		s.devices(t, d, line.StationID(station))
	case "ack", "confirm", "comment", "shelve", "unshelve", "reset", "disable":
		s.request(t, d, alarm, by, why)
	case "command":
		var name string
		d.ScanArgs(t, "name", &name)
		s.step(supervisor.Asked{Request: request(by, "", line.Machine{Target: station, Command: name})})
	case "wait":
		s.wait(t, d.CmdArgs[0].Key)
	case "restart":
		s.restart(t)
	case "doubt":
		s.doubt(line.StationID(station))
	case "list":
	default:
		t.Fatalf("%s: no such command %q", d.Pos, d.Cmd)
	}
	if d.Cmd != "run" {
		s.list()
	}
	return s.told.String()
}

func request(by, why string, c line.Command) line.Request {
	return line.Request{By: by, Account: "local:" + by, Origin: line.FromLocal, Why: why, Command: c}
}

// step gives the line an input, keeps what it records and tells of the replies and of what happened to alarms.
func (s *alarmStory) step(in supervisor.Input) {
	out := s.Step(s.now, in)
	s.keep(out)
}

func (s *alarmStory) keep(out supervisor.Output) {
	s.journal = append(s.journal, out.Records...)
	for _, r := range out.Replies {
		fmt.Fprintf(&s.told, "reply, accepted %t: %s\n", r.Accepted, r.Text)
	}
	for _, r := range out.Records {
		name := line.FactName(r.Fact)
		if !strings.HasPrefix(name, "alarm-") {
			continue
		}
		fmt.Fprintf(&s.told, "%s  %s", s.now.Format("15:04:05"), name)
		switch f := r.Fact.(type) {
		case line.AlarmRaised:
			fmt.Fprintf(&s.told, " %s", f.Alarm)
		case line.AlarmCleared:
			fmt.Fprintf(&s.told, " %s", f.Alarm)
		default:
			fmt.Fprintf(&s.told, " %+v", f)
		}
		s.told.WriteString("\n")
	}
}

func (s *alarmStory) brings(station string) {
	at := line.StationID(station)
	s.tell(at, packml.Stopped)
	for _, c := range []struct {
		command string
		arrives packml.State
	}{{"Reset", packml.Idle}, {"Start", packml.Execute}} {
		s.keepQuiet(s.Step(s.now, supervisor.Asked{Request: request("ali", "", line.Machine{Target: station, Command: c.command})}))
		s.tell(at, c.arrives)
	}
}

func (s *alarmStory) keepQuiet(out supervisor.Output) { s.journal = append(s.journal, out.Records...) }

// tell lets every device of a station say that it is in a state.
func (s *alarmStory) tell(at line.StationID, state packml.State) {
	for _, st := range s.config.Stations {
		for _, dev := range st.Devices {
			if st.ID == at {
				s.keepQuiet(s.Step(s.now, supervisor.Told{Event: line.DeviceStatus{Device: dev.ID, RetainID: 1, BootEpoch: 1, Machine: uint16(state), Permissives: 1<<32 - 1}}))
			}
		}
	}
}

// devices lets the devices of a station, or one of them, answer in a state or fall silent.
func (s *alarmStory) devices(t *testing.T, d *datadriven.TestData, at line.StationID) {
	only, state := "", ""
	if d.HasArg("only") {
		d.ScanArgs(t, "only", &only)
	}
	for _, st := range s.config.Stations {
		for _, dev := range st.Devices {
			if st.ID != at || only != "" && string(dev.ID) != only {
				continue
			}
			if d.Cmd == "lost" {
				s.step(supervisor.Told{Event: line.DeviceLost{Device: dev.ID, Reason: "connection reset"}})
				continue
			}
			d.ScanArgs(t, "state", &state)
			p, err := packml.ParseState(state)
			if err != nil {
				t.Fatal(err)
			}
			s.step(supervisor.Told{Event: line.DeviceStatus{Device: dev.ID, RetainID: 1, BootEpoch: 1, Machine: uint16(p), Permissives: 1<<32 - 1}})
		}
	}
}

func (s *alarmStory) request(t *testing.T, d *datadriven.TestData, alarm, by, why string) {
	span, occurrence := "", 0
	if d.HasArg("for") {
		d.ScanArgs(t, "for", &span)
	}
	if d.HasArg("occurrence") {
		d.ScanArgs(t, "occurrence", &occurrence)
	}
	var c line.Command
	switch d.Cmd {
	case "ack":
		c = line.AcknowledgeAlarm{Alarm: alarm, Occurrence: occurrence}
	case "confirm":
		c = line.ConfirmAlarm{Alarm: alarm, Occurrence: occurrence}
	case "comment":
		c = line.CommentAlarm{Alarm: alarm, Occurrence: occurrence, Comment: why}
	case "shelve":
		shelve := line.ShelveAlarm{Alarm: alarm, OneShot: d.HasArg("once")}
		if span != "" {
			var err error
			if shelve.For, err = time.ParseDuration(span); err != nil {
				t.Fatal(err)
			}
		}
		c = shelve
	case "unshelve":
		c = line.UnshelveAlarm{Alarm: alarm}
	case "reset":
		c = line.ResetAlarm{Alarm: alarm}
	case "disable":
		c = line.DisableAlarm{Alarm: alarm, Back: d.HasArg("back")}
	}
	s.step(supervisor.Asked{Request: request(by, why, c)})
}

// wait lets time pass while the devices stay as they are.
func (s *alarmStory) wait(t *testing.T, how string) {
	span, err := time.ParseDuration(how)
	if err != nil {
		t.Fatal(err)
	}
	for end := s.now.Add(span); s.now.Before(end); {
		s.now = s.now.Add(time.Second)
		s.step(supervisor.Tick{})
	}
}

// restart ends the supervisor and begins another one from the journal.
func (s *alarmStory) restart(t *testing.T) {
	again, err := supervisor.New(s.config, 2)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range s.journal {
		again.Apply(r)
	}
	s.Line = again
	s.keep(again.Resume(s.now))
}

// doubt lets a weld end of which nobody knows whether it was made.
func (s *alarmStory) doubt(at line.StationID) {
	id := s.packAt(at, line.Stack)
	token := line.NewToken(1, 77)
	s.fact(at, id, line.PartArrived{Part: string(id)})
	s.fact(at, id, line.Intent{Token: token, Device: "ST060.welder", Task: line.TaskWeldLaser, Part: string(id), Index: 23})
	s.fact(at, id, line.ActQuarantined{
		Token: token, Device: "ST060.welder", Task: line.TaskWeldLaser, Part: string(id), Index: 23, Evidence: line.Evidence{Why: "power was lost"},
	})
	s.wait(s.t.(*testing.T), "1s")
}

// list shows the alarm list as every face of the line gets it.
func (s *alarmStory) list() {
	for _, a := range s.Snapshot(s.now).Alarms {
		fmt.Fprintf(&s.told, "  [%s] %4d %s", a.State, a.Severity, a.Alarm)
		if a.Branch {
			fmt.Fprintf(&s.told, ", past occurrence %d", a.Occurrence)
		}
		if a.Group != "" {
			fmt.Fprintf(&s.told, ", follows from %s", a.Group)
		}
		if a.Shelved {
			fmt.Fprintf(&s.told, ", shelved by %s for another %s: %s", a.ShelvedBy, a.ShelvedUntil.Sub(s.now), a.ShelvedWhy)
		}
		if a.SeenBy != "" {
			fmt.Fprintf(&s.told, ", seen by %s", a.SeenBy)
		}
		if a.Comment != "" {
			fmt.Fprintf(&s.told, ", %s notes %q", a.CommentBy, a.Comment)
		}
		fmt.Fprintf(&s.told, "\n       %s → %s\n", a.Text, a.Action)
	}
	if len(s.Snapshot(s.now).Alarms) == 0 {
		s.told.WriteString("  no alarms\n")
	}
}
