package virtual_test

import (
	"fmt"
	"testing"
	"time"

	"linectl/line"
)

func TestTwentySeeds(t *testing.T) {
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			r := newRig(t, seed+1, "")
			r.setUp(
				line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 1},
				line.AddOrder{Order: "drone", Product: "DRN-P3", Quantity: 1},
				line.AddOrder{Order: "ev", Product: "EV-P1", Quantity: 1},
			)
			begun := r.Now
			snap := r.finish(20 * time.Minute)
			t.Logf("took %s of plant time; %d good, %d NOK, %d first pass; cells %+v", r.Now.Sub(begun), snap.Good, snap.NOK, snap.FirstPass, snap.Cells)
		})
	}
}

func TestFiftyStoragePacks(t *testing.T) {
	r := newRig(t, 7, "")
	r.setUp(line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 50})
	begun := r.Now
	snap := r.finish(2 * time.Hour)
	t.Logf("took %s of plant time; %d good, %d NOK, %d first pass; cells %+v", r.Now.Sub(begun), snap.Good, snap.NOK, snap.FirstPass, snap.Cells)
	reworks, nok := 0, 0
	for _, rec := range r.memory.Records {
		switch f := rec.Fact.(type) {
		case line.ReworkDecided:
			reworks++
		case line.ActDone:
			if f.Task == line.TaskWeldLaser && f.Verdict == line.NOK {
				nok++
			}
		}
	}
	t.Log(reworks, nok)
}
