package campaign_test

import (
	"slices"
	"testing"
	"time"

	"linectl/checker"
	"linectl/line"
	"linectl/simulator"
	"linectl/test/campaign"
)

// TestWhatNoDriverCanPreventIsSeen lets the network deliver welds a second time to a welder that cannot refuse it, and a gateway show a
// welder that counts as it was three seconds ago, so that it seems not to have begun. That is why Draw gives no such wire to such a
// device; the checker is not blind to it: joints are welded twice, and that is said.
func TestWhatNoDriverCanPreventIsSeen(t *testing.T) {
	for _, tt := range []struct {
		fault simulator.Fault
		harms []line.DeviceClass
	}{
		{simulator.Fault{Name: simulator.LateDuplicate, Target: "ST060.welder", Times: 30, By: 0.1}, []line.DeviceClass{line.ClassB, line.ClassC}},
		{simulator.Fault{Name: simulator.StaleStatus, Target: "ST060.welder", For: 30 * time.Second, By: 3}, []line.DeviceClass{line.ClassB}},
	} {
		for _, class := range []line.DeviceClass{line.ClassA, line.ClassB, line.ClassC} {
			out, err := campaign.Run(campaign.Plan{
				Seed:    1,
				Orders:  []line.AddOrder{{Order: "o1", Product: "ESS-P2", Quantity: 1}},
				Faults:  []campaign.Timed{{At: time.Second, Fault: tt.fault}},
				Classes: map[line.DeviceID]line.DeviceClass{"ST060.welder": class},
			})
			if err != nil || out.Struck[tt.fault.Name] == 0 {
				t.Fatalf("class %s: %v, struck %v", class, err, out.Struck)
			}
			twice := slices.ContainsFunc(out.Violations, func(v checker.Violation) bool { return v.Invariant == "I1" })
			if harmed := slices.Contains(tt.harms, class); twice != harmed || !harmed && len(out.Violations) > 0 {
				t.Errorf("%s, class %s: a weld was done twice: %t\n%s", tt.fault, class, twice, checker.Report(out.Violations, 5))
			}
		}
	}
}

// TestEveryClassIsDrawn asks that a campaign has something to judge: shifts with and without devices that know no tokens, each of
// which is given work, and no such device on a wire that delivers twice.
func TestEveryClassIsDrawn(t *testing.T) {
	drawn := map[line.DeviceClass]int{}
	shifts := 0
	for seed := range uint64(300) {
		p := campaign.Draw(seed)
		if len(p.Classes) > 0 {
			shifts++
		}
		for id, class := range p.Classes {
			drawn[class]++
			station := string(id[:5])
			if slices.ContainsFunc(p.Faults, func(f campaign.Timed) bool {
				return f.Fault.Name == simulator.LateDuplicate && (f.Fault.Target == string(id) || f.Fault.Target == station)
			}) {
				t.Errorf("seed %d: %s of class %s gets its jobs twice", seed, id, class)
			}
		}
	}
	if shifts < 75 || shifts > 125 || drawn[line.ClassB] < 100 || drawn[line.ClassC] < 100 {
		t.Errorf("%d of 300 shifts have %v", shifts, drawn)
	}
}
