package virtual_test

import (
	"fmt"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"

	"github.com/google/go-cmp/cmp"
)

func TestTwentySeedsOfTheDemo(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			r := newRig(t, seed+1, "")
			r.setUp(sampleOrders()...)
			snap := r.finish(20 * time.Minute)
			if snap.Good+snap.NOK != 3 {
				t.Errorf("%d good and %d NOK packs of 3", snap.Good, snap.NOK)
			}
			r.checkTruth()
		})
	}
}

func TestSameSeedSameJournal(t *testing.T) {
	run := func(seed uint64) []line.Record {
		r := newRig(t, seed, "")
		r.setUp(sampleOrders()...)
		r.finish(20 * time.Minute)
		return r.memory.Records
	}
	first := run(3)
	if diff := cmp.Diff(first, run(3)); diff != "" {
		t.Errorf("two runs of one seed differ:\n%.2000s", diff)
	}
	if cmp.Equal(first, run(4)) {
		t.Error("another seed gave the same journal")
	}
}

// TestNotAllPacksAreGood is a shift of fifty storage packs with the default defect rates.
func TestNotAllPacksAreGood(t *testing.T) {
	r := newRig(t, 7, "")
	r.setUp(line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 50})
	snap := r.finish(2 * time.Hour)
	r.checkTruth()

	s := tally(r.memory.Records)
	t.Logf("%d packs: %d released, %d first pass, %d NOK joints, %d reworks, %d cells rejected %v",
		len(s.ends), snap.Good, snap.FirstPass, s.nokJoints, len(s.reworked), snap.Cells.Rejected, snap.Cells.Bins)
	if len(s.ends) != 50 || snap.Cells.Rejected == 0 || s.nokJoints == 0 || len(s.reworked) == 0 {
		t.Errorf("of 50 packs %d ended; %d cells rejected, %d NOK joints, %d reworks: want some of each", len(s.ends), snap.Cells.Rejected, s.nokJoints, len(s.reworked))
	}
	clean := 0
	for pack, end := range s.ends {
		if end.Disposition == line.Released {
			s.checkReleased(t, pack)
		}
		if end.FirstPass {
			clean++
			if s.repeats[pack] > 0 {
				t.Errorf("%s counts as first pass and had %d repeats or NOK results", pack, s.repeats[pack])
			}
		} else if end.Disposition == line.Released && s.repeats[pack] == 0 {
			t.Errorf("%s is clean and does not count as first pass", pack)
		}
	}
	if clean != snap.FirstPass || clean == len(s.ends) {
		t.Errorf("first pass is %d by the line, %d by the journal, of %d", snap.FirstPass, clean, len(s.ends))
	}
}

// shift is what a journal says of the packs of a shift, counted without any of the line's own code.
type shift struct {
	ends      map[line.PackID]line.PackDisposed
	reworked  map[line.PackID]line.ReworkDecided
	steps     map[line.PackID]map[line.Kind]line.StepDone // the latest
	order     map[line.PackID][]line.Kind                 // of the steps since the last rework decision
	repeats   map[line.PackID]int
	nokJoints int
}

func tally(records []line.Record) shift {
	s := shift{
		ends: map[line.PackID]line.PackDisposed{}, reworked: map[line.PackID]line.ReworkDecided{},
		steps: map[line.PackID]map[line.Kind]line.StepDone{}, order: map[line.PackID][]line.Kind{}, repeats: map[line.PackID]int{},
	}
	for _, r := range records {
		switch f := r.Fact.(type) {
		case line.PackDisposed:
			s.ends[r.Pack] = f
		case line.ReworkDecided:
			s.reworked[r.Pack], s.order[r.Pack] = f, nil
			s.repeats[r.Pack]++
		case line.StepDone:
			if s.steps[r.Pack] == nil {
				s.steps[r.Pack] = map[line.Kind]line.StepDone{}
			}
			s.steps[r.Pack][f.Step] = f
			s.order[r.Pack] = append(s.order[r.Pack], f.Step)
		case line.ActDone:
			if r.Pack == "" {
				continue
			}
			if f.Verdict != line.OK || f.Attempt > 1 {
				s.repeats[r.Pack]++
			}
			if f.Task == line.TaskWeldLaser && f.Verdict == line.NOK {
				s.nokJoints++
			}
		default: // not of a pack
		}
	}
	return s
}

// checkReleased asks for every mandatory step, OK, and repeated after a rework that invalidated it.
func (s shift) checkReleased(t *testing.T, pack line.PackID) {
	t.Helper()
	for _, k := range []line.Kind{line.Stack, line.Weld, line.Inspect, line.Assemble, line.LeakTest, line.EndOfLine, line.PackOut} {
		if _, asked := s.steps[pack][k]; !asked && k == line.LeakTest {
			continue // the storage pack's cabinet is not sealed
		}
		if s.steps[pack][k].Verdict != line.OK {
			t.Errorf("%s is released and its step %s is %q", pack, k, s.steps[pack][k].Verdict)
		}
	}
	rework, was := s.reworked[pack]
	if !was {
		return
	}
	for _, k := range rework.Invalidates {
		repeated := false
		for _, done := range s.order[pack] {
			repeated = repeated || done == k
		}
		if !repeated {
			t.Errorf("%s is released; %s was invalidated by a rework and not repeated", pack, k)
		}
	}
}

// TestReworkedCarPackPassesEndOfLineAgain takes a pack whose withstand voltage was tested before the rework: the second test is
// ordered by a person's decision and must be let through.
func TestReworkedCarPackPassesEndOfLineAgain(t *testing.T) {
	r := newRig(t, 11, "")
	defects := simulator.DefaultDefects()
	defects.EOLStep = 0.2
	r.plantC.Defects = &defects
	r.Replug(r.plant(r.Now))
	r.setUp(line.AddOrder{Order: "ev", Product: "EV-P1", Quantity: 6})
	r.finish(2 * time.Hour)
	r.checkTruth()
	again, s := 0, tally(r.memory.Records)
	for _, rec := range r.memory.Records {
		if f, ok := rec.Fact.(line.ActDone); ok && f.Task == line.EOLStep(6) && f.Rework {
			again++
		}
	}
	t.Logf("%d packs ended, %d with rework, %d withstand tests repeated", len(s.ends), len(s.reworked), again)
	if again == 0 || len(s.ends) != 6 {
		t.Errorf("%d packs of 6 ended, %d withstand tests were repeated", len(s.ends), again)
	}
}
