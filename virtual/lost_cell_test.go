package virtual_test

import (
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
)

// The robot that sorts cells loses its power while it carries a good one. Nobody knows where that cell lies: the alarm says where to
// look, it is on record as taken out, and no pack gets it. Nobody decides on it: the list of quarantine is for packs.
func TestACellOfWhichNobodyKnowsWhereItLies(t *testing.T) {
	r := newRig(t, 1, "")
	r.setUp(line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 1})
	r.until(20*time.Minute, "a cell is carried", func() bool {
		for _, st := range r.Line.Snapshot(r.Now).Stations {
			for _, d := range st.Devices {
				if d.Device == "ST020.robot" && d.Open != "" && d.Phase == line.PhaseExecuting && strings.Contains(st.Act, "place cell") {
					return true
				}
			}
		}
		return false
	})
	r.inject("plc-reboot ST020.robot")
	var alarm line.AlarmRaised
	var cell string
	r.until(20*time.Minute, "the alarm says so", func() bool {
		for _, x := range r.memory.Records {
			switch f := x.Fact.(type) {
			case line.ActQuarantined:
				cell = f.Part
			case line.AlarmRaised:
				if f.Alarm == "ST020/outcome-unknown" {
					alarm = f
				}
			default: // what led to it
			}
		}
		return cell != "" && alarm.Alarm != ""
	})
	if !strings.Contains(alarm.Text, cell+": place cell of unknown outcome") || !strings.Contains(alarm.Consequence, "no pack gets it") || !strings.Contains(alarm.Action, "look for the cell in the nest") {
		t.Errorf("the operator is told %+v", alarm)
	}
	if q := r.Line.Snapshot(r.Now).Quarantine; len(q) > 0 {
		t.Errorf("somebody is asked to decide on a cell: %+v", q)
	}
	r.finish(20 * time.Minute)
	r.checkTruth()
	r.agrees()
	for _, e := range r.truth {
		if e.What == simulator.Placed && string(e.Cell) == cell {
			t.Errorf("the cell lies in slot %d of %s", e.Index, e.Part)
		}
	}
	if ends := r.ends(); len(ends) != 1 || ends[0].Disposition != line.Released {
		t.Errorf("the pack: %+v", ends)
	}
}
