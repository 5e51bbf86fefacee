package virtual_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

func (r *rig) at(id line.StationID) line.StationSnapshot {
	r.t.Helper()
	for _, s := range r.Line.Snapshot(r.Now).Stations {
		if s.Station == id {
			return s
		}
	}
	r.t.Fatalf("no station %s", id)
	return line.StationSnapshot{}
}

// until runs the line with its operator until something holds.
func (r *rig) until(span time.Duration, what string, holds func() bool) {
	r.t.Helper()
	attend := r.attended()
	if ok, err := r.Run(span, func(w *virtual.World) bool { return holds() || attend(w) && holds() }); !ok || err != nil {
		r.t.Fatalf("%s: not within %s (%v)\n%s", what, span, err, r.picture())
	}
}

// answered is until, but the operator only answers questions and lets the stations be.
func (r *rig) answered(span time.Duration, what string, holds func() bool) {
	r.t.Helper()
	next := r.Now
	r.alone(span, what, func() bool {
		if !r.Now.Before(next) {
			next = r.Now.Add(time.Second)
			r.answer(r.Line.Snapshot(r.Now))
		}
		return holds()
	})
}

// alone is until, but nobody touches anything.
func (r *rig) alone(span time.Duration, what string, holds func() bool) {
	r.t.Helper()
	if ok, err := r.Run(span, func(*virtual.World) bool { return holds() }); !ok || err != nil {
		r.t.Fatalf("%s: not within %s (%v)\n%s", what, span, err, r.picture())
	}
}

// annunciated lists the alarms that call an operator now: active, the first of their group, and not out of sight.
func (r *rig) annunciated() (ids []string) {
	for _, a := range r.Line.Snapshot(r.Now).Alarms {
		if a.Active && a.Group == "" && a.Suppressed == "" && !a.Shelved && a.Severity > line.SeverityLow {
			ids = append(ids, a.Alarm)
		}
	}
	return ids
}

// O1: an electrode sticks. The station says at which joint and what to do, its neighbours say that it is not their fault, and one
// alarm calls.
func TestStuckElectrodeStopsTheLineAndSaysSo(t *testing.T) {
	r := newRig(t, 3, "")
	for i := range r.config.Stations {
		r.config.Stations[i].Buffer = 1
	}
	r.plantC.Defects = &simulator.Defects{}
	r.Replug(r.plant(r.Now))
	r.fence++
	r.World.Restart(r.replayed(), r.fence)
	r.setUp(line.AddOrder{Order: "drones", Product: "DRN-P3", Quantity: 6})
	r.inject("electrode-stuck ST060.welder at joint 23 of DRN-P3-000002")
	stuck := func() bool { return r.Plant.Faults(r.Now)[0].Struck > 0 }
	r.until(20*time.Minute, "the electrode sticks", stuck)
	r.alone(2*time.Second, "ST060 holds", func() bool { return r.at("ST060").State == "Held" })
	s := r.at("ST060")
	if s.Reason != "electrode stuck at joint 23: ST060.welder" || s.NextAction != "open the gun, clear the tip, then Unhold" || s.StopReason != s.Reason {
		t.Errorf("%q → %q, stopped by %q", s.Reason, s.NextAction, s.StopReason)
	}
	r.answered(5*time.Minute, "its neighbours wait", func() bool {
		return r.at("ST070").State == "Suspended" && r.at("ST040").State == "Suspended" && r.at("ST040").Reason == "blocked by ST060"
	})
	if after := r.at("ST070"); after.Reason != "starved by ST060" {
		t.Errorf("behind it: %q", after.Reason)
	}
	if calls := r.annunciated(); !slices.Equal(calls, []string{"ST060/held"}) {
		t.Errorf("calling are %v", calls)
	}
	for _, l := range r.Line.Snapshot(r.Now).Shift.Losses {
		if own := l.Cause != "starved by ST060" && l.Cause != "blocked by ST060"; (l.Station == "ST070" || l.Station == "ST040") && strings.Contains(l.Cause, "ST060") && l.Own != own {
			t.Errorf("whose loss? %+v", l)
		}
		if l.Station == "ST900" && l.Cause != line.NotStarted {
			t.Errorf("nothing is to be reworked, and the bench loses %+v", l)
		}
	}
	if bench := r.at("ST900"); bench.Reason != line.NothingToRework {
		t.Errorf("the bench waits because %q", bench.Reason)
	}
	r.Plant.Clear(r.Now, "all")
	r.finish(30 * time.Minute)
	r.onceWelded()
}

// O3: Stop lets the weld end and its joint is judged by its values; Abort ends it at once, and its joint is UNKNOWN.
func TestStopEndsTheActAndAbortCutsIt(t *testing.T) {
	for _, tt := range []struct {
		command, state string
		verdict        line.Verdict
	}{{"Stop", "Stopped", line.OK}, {"Abort", "Aborted", line.Unknown}} {
		t.Run(tt.command, func(t *testing.T) {
			r := newRig(t, 5, "")
			r.plantC.Defects = &simulator.Defects{}
			r.Replug(r.plant(r.Now))
			r.setUp(line.AddOrder{Order: "one", Product: "ESS-P2", Quantity: 1})
			var cut line.Token
			r.until(20*time.Minute, "a weld is in work", func() bool {
				s := r.at("ST060")
				open := s.Devices[1].Open
				return open != "" && s.Devices[1].Phase == line.PhaseExecuting && cut.UnmarshalText([]byte(open)) == nil
			})
			joint := r.at("ST060").Act
			r.ask(line.Machine{Target: "ST060", Command: tt.command})
			r.alone(5*time.Second, "it is "+tt.state, func() bool { return r.at("ST060").State == tt.state })
			i := slices.IndexFunc(r.memory.Records, func(rec line.Record) bool {
				f, is := rec.Fact.(line.ActDone)
				return is && f.Token == cut
			})
			if i < 0 {
				t.Fatalf("%s has no result\n%s", joint, r.picture())
			}
			if f := r.memory.Records[i].Fact.(line.ActDone); f.Verdict != tt.verdict {
				t.Errorf("%s became %s: %s; want %s", joint, f.Verdict, f.Text, tt.verdict)
			}
			snap := r.finish(30 * time.Minute)
			if good := tt.verdict == line.OK; (snap.Good == 1) != good {
				t.Errorf("after %s: %d good, %d NOK", tt.command, snap.Good, snap.NOK)
			}
			r.onceWelded()
		})
	}
}

// O6 and O7: gap filler runs out. The line says so before it does, finishes the pack in work, and waits; a lot that is too old is
// refused in words and changes nothing; the right one lets the station go on within a second.
func TestGapFillerRunsOut(t *testing.T) {
	const assemble = line.StationID("ST100")
	r := newRig(t, 9, "")
	r.plantC.Defects = &simulator.Defects{}
	r.Replug(r.plant(r.Now))
	var takes float64
	for _, rec := range r.config.Recipes {
		for _, m := range rec.Materials {
			if rec.Product == "EV-P1" && m.Item == "gap-filler" {
				takes = m.Quantity
			}
		}
	}
	r.setUp(line.AddOrder{Order: "cars", Product: "EV-P1", Quantity: 4})
	r.ask(line.LoadMaterial{Station: assemble, Item: "gap-filler", Lot: "G33", Quantity: 2.5 * takes, Expiry: r.Now.Add(1000 * time.Hour)})
	const low = "ST100/material-low-gap-filler"
	r.until(20*time.Minute, "the warning", func() bool { return len(alarmsOf(r.Line.Snapshot(r.Now), low)) > 0 })
	if a := alarmsOf(r.Line.Snapshot(r.Now), low)[0]; a.Severity != 300 || !strings.Contains(a.Text, "gap-filler runs out at ST100: lot G33 has ") || !strings.Contains(a.Text, " for 1 packs") {
		t.Errorf("%d: %s", a.Severity, a.Text)
	}
	if done := r.at(assemble).Processed; done != 1 {
		t.Errorf("it was said after %d packs; two were to be made of it", done)
	}
	r.until(20*time.Minute, "it is used up and the station waits", func() bool {
		s := r.at(assemble)
		return s.State == "Suspended" && s.Reason == "lot G33 of gap-filler is used up: fetch a new one"
	})
	if s := r.at(assemble); s.Part != "" || s.Processed != 2 || s.Defective != 0 || s.NextAction != "load the material and scan its lot" {
		t.Errorf("with %q in the nest after %d parts, %d of them NOK: → %s", s.Part, s.Processed, s.Defective, s.NextAction)
	}
	old := r.try(line.LoadMaterial{Station: assemble, Item: "gap-filler", Lot: "G12", Quantity: 100, Expiry: time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)})
	if old.Accepted || old.Text != "lot G12 expired 12 Nov 2026: fetch a new one" {
		t.Errorf("%+v", old)
	}
	r.Run(3*time.Second, nil)
	if s := r.at(assemble); s.State != "Suspended" || s.Part != "" {
		t.Errorf("after the wrong lot: %s with %q", s.State, s.Part)
	}
	r.ask(line.LoadMaterial{Station: assemble, Item: "gap-filler", Lot: "G34", Quantity: 100 * takes, Expiry: r.Now.Add(1000 * time.Hour)})
	r.alone(time.Second, "the station takes the next part", func() bool { return r.at(assemble).Part != "" })
	r.alone(2*time.Second, "the warning is gone", func() bool { return len(alarmsOf(r.Line.Snapshot(r.Now), low)) == 0 })
	r.finish(time.Hour)
}

// alarmsOf returns the active entries of one alarm.
func alarmsOf(s line.Snapshot, id string) []line.AlarmSnapshot {
	return slices.DeleteFunc(slices.Clone(s.Alarms), func(a line.AlarmSnapshot) bool { return a.Alarm != id || !a.Active })
}

// M1: an emergency stop is the first cause of all that follows from it, and calls once.
func TestEmergencyStopIsOneCall(t *testing.T) {
	r := newRig(t, 4, "")
	r.setUp(line.AddOrder{Order: "one", Product: "ESS-P2", Quantity: 1})
	r.inject("e-stop ST040")
	r.alone(5*time.Second, "ST040 has aborted", func() bool { return r.at("ST040").State == "Aborted" })
	r.Run(3*time.Second, nil)
	s := r.at("ST040")
	if !strings.HasPrefix(s.StopReason, "emergency stop") || !s.Safety.Known || !s.Safety.EmergencyStop || s.Commands[6].Possible || !strings.Contains(s.Commands[6].WhyNot, "emergency stop") {
		t.Errorf("stopped by %q, safety %+v, Clear %+v", s.StopReason, s.Safety, s.Commands[6])
	}
	if calls := r.annunciated(); len(calls) != 1 || !strings.HasPrefix(calls[0], "ST040/") {
		t.Errorf("calling are %v", calls)
	}
	r.Plant.Clear(r.Now, "all")
	r.finish(30 * time.Minute)
}
