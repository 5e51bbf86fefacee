package virtual_test

import (
	"flag"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestWhateverHappensTheLineStaysTrue lets people and the network do anything in any order, and then asks for peace: the line
// must come to an end with every pack (liveness), and at every moment hold what the journal says (safety).
func TestWhateverHappensTheLineStaysTrue(t *testing.T) {
	targets := []string{"line", "ST010", "ST020", "ST040", "ST060", "ST070", "ST900"}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("30"); err != nil { // each is minutes of the whole line
			t.Fatal(err)
		}
	}
	commands := []string{"Reset", "Start", "Stop", "Hold", "Unhold", "Suspend", "Unsuspend", "Abort", "Clear", "Complete"}
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig(t, rapid.Uint64Range(1, 1000).Draw(rt, "seed"), "")
		r.setUp(line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 2})
		for range rapid.IntRange(1, 25).Draw(rt, "events") {
			if _, err := r.Run(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "ms"))*time.Millisecond, nil); err != nil {
				rt.Fatal(err)
			}
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1, 2:
				r.try(line.Machine{Target: rapid.SampledFrom(targets).Draw(rt, "target"), Command: rapid.SampledFrom(commands).Draw(rt, "command")})
			case 3:
				r.Replug(r.Plant) // every connection is cut; the plant runs on
			case 4:
				r.restart()
			case 5:
				r.attendAlarm(rt)
			}
			r.checkJournal(rt)
		}
		r.peace(rt)
		r.checkTruth()
	})
}

// attendAlarm asks for anything that may be asked of an alarm, of one that stands in the list.
func (r *rig) attendAlarm(rt *rapid.T) {
	list := r.Line.Snapshot(r.Now).Alarms
	if len(list) == 0 {
		return
	}
	id := rapid.SampledFrom(list).Draw(rt, "alarm").Alarm
	r.try(rapid.SampledFrom([]line.Command{
		line.AcknowledgeAlarm{Alarm: id},
		line.AcknowledgeAlarm{Alarm: id, Occurrence: 1},
		line.ConfirmAlarm{Alarm: id},
		line.CommentAlarm{Alarm: id, Comment: "noted"},
		line.ShelveAlarm{Alarm: id, For: 3 * time.Second},
		line.ShelveAlarm{Alarm: id, OneShot: true},
		line.UnshelveAlarm{Alarm: id},
		line.ResetAlarm{Alarm: id},
		line.DisableAlarm{Alarm: id},
		line.DisableAlarm{Alarm: id, Back: true},
	}).Draw(rt, "asked"))
}

// peace is the end of the faults: the operator brings every station back and attends to the line until it is done.
func (r *rig) peace(rt *rapid.T) {
	attended := r.attended()
	for range 400 {
		for _, s := range r.Line.Snapshot(r.Now).Stations {
			for _, c := range map[string][]string{"Aborted": {"Clear"}, "Stopped": {"Reset"}, "Complete": {"Reset"}, "Idle": {"Start"}, "Held": {"Unhold"}, "Suspended": {"Unsuspend"}}[s.State] {
				r.try(line.Machine{Target: string(s.Station), Command: c})
			}
		}
		done, err := r.Run(3*time.Second, attended)
		if err != nil {
			rt.Fatal(err)
		}
		if done {
			return
		}
	}
	rt.Fatalf("faults are over and the line does not finish\n%s", r.picture())
}

// checkJournal holds the journal against the line that wrote it, and against the rules that no journal may break.
func (r *rig) checkJournal(rt *rapid.T) {
	replayed, err := supervisor.New(r.config, r.fence)
	if err != nil {
		rt.Fatal(err)
	}
	for _, rec := range r.memory.Records {
		replayed.Apply(rec)
	}
	if diff := cmp.Diff(remembered(r.Line.Snapshot(r.Now)), remembered(replayed.Snapshot(r.Now))); diff != "" {
		rt.Fatalf("the replayed line is not the line (-line +replayed):\n%s", diff)
	}
	edges := map[[2]string]bool{}
	for _, e := range packml.Table() {
		edges[[2]string{e.From.String(), e.To.String()}] = true
	}
	open, last := map[line.DeviceID]line.Token{}, map[line.DeviceID]line.Token{}
	standing := map[string]bool{}
	for i, rec := range r.memory.Records {
		switch f := rec.Fact.(type) {
		case line.AlarmRaised:
			if standing[f.Alarm] {
				rt.Fatalf("record %d: %s is raised while it stands", i, f.Alarm)
			}
			standing[f.Alarm] = true
		case line.AlarmCleared:
			if !standing[f.Alarm] {
				rt.Fatalf("record %d: %s is cleared and does not stand", i, f.Alarm)
			}
			delete(standing, f.Alarm)
		case line.Intent:
			if open[f.Device] != 0 {
				rt.Fatalf("record %d: %s has two open intents, %s and %s", i, f.Device, open[f.Device], f.Token)
			}
			if f.Token <= last[f.Device] {
				rt.Fatalf("record %d: token %s of %s does not rise", i, f.Token, f.Device)
			}
			open[f.Device], last[f.Device] = f.Token, f.Token
		case line.ActDone:
			delete(open, f.Device)
		case line.ActRefused:
			delete(open, f.Device)
		case line.ActQuarantined:
			delete(open, f.Device)
		case line.StateChanged:
			if !edges[[2]string{f.From, f.To}] && f.Cause != "supervisor restarted" {
				rt.Fatalf("record %d: %s went from %s to %s, which is no edge of PackML", i, rec.Station, f.From, f.To)
			}
		default: // no rule for it here
		}
	}
}

// remembered is what a restart may not forget: all but what the devices tell, and what follows from it.
func remembered(s line.Snapshot) line.Snapshot {
	s.Alarms = append([]line.AlarmSnapshot(nil), s.Alarms...)
	s.Commands = nil
	s.Prompts = slices.DeleteFunc(s.Prompts, func(q line.PromptSnapshot) bool {
		return strings.Contains(q.Prompt, "/serial/") || strings.Contains(q.Prompt, "/missing/")
	})
	if len(s.Prompts) == 0 {
		s.Prompts = nil
	}
	for i := range s.Stations {
		st := &s.Stations[i]
		st.Devices, st.Reason, st.NextAction = nil, "", ""
		st.Permissives, st.Safety, st.Commands = nil, line.SafetySnapshot{}, nil // the devices tell them anew
	}
	return s
}
