package virtual_test

import (
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

func (r *rig) ends() (list []line.PackDisposed) {
	for _, rec := range r.memory.Records {
		if f, ok := rec.Fact.(line.PackDisposed); ok {
			list = append(list, f)
		}
	}
	return list
}

// A hold that is set while the pack is being packed out.
func TestHoldDuringPackOut(t *testing.T) {
	r := newRig(t, 1, "")
	r.setUp(line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 1})
	attended := r.attended()
	ok, err := r.Run(20*time.Minute, func(w *virtual.World) bool {
		attended(w)
		for _, s := range w.Line.Snapshot(w.Now).Stations {
			if s.Kind == line.PackOut && s.Pack != "" {
				return true
			}
		}
		return false
	})
	if !ok || err != nil {
		t.Fatal(err, r.picture())
	}
	r.ask(line.Hold{Subject: "ESS-P2-000001"})
	if _, err := r.Run(5*time.Minute, nil); err != nil {
		t.Fatal(err)
	}
	for _, e := range r.ends() {
		if e.Disposition == line.Released {
			t.Fatalf("released while held: %+v", e)
		}
	}
}

// Any rework of the end-of-line test of a high-voltage pack.
func TestEOLReworkOfHighVoltagePack(t *testing.T) {
	for seed := range uint64(12) {
		r := newRig(t, seed+1, "")
		r.plantC.Defects = &simulator.Defects{EOLStep: 0.3}
		r.Replug(r.plant(r.Now.Add(time.Second)))
		r.Now = r.Now.Add(time.Second)
		r.setUp(line.AddOrder{Order: "ev", Product: "EV-P1", Quantity: 1})
		r.finish(40 * time.Minute)
		for i, rec := range r.memory.Records {
			f, ok := rec.Fact.(line.ReworkDecided)
			if !ok || f.Step != line.EndOfLine {
				continue
			}
			for _, rec := range r.memory.Records[i:] {
				switch f := rec.Fact.(type) {
				case line.ActRefused:
					t.Errorf("seed %d: %s", seed+1, f.Text)
				case line.PackDisposed:
					if f.Disposition == line.Quarantined {
						t.Errorf("seed %d: %s: %s", seed+1, f.Disposition, f.Reason)
					}
				default: // as it should be
				}
			}
			return
		}
	}
}
