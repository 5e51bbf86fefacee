package campaign_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/checker"
	"linectl/line"
	"linectl/simulator"
	"linectl/test/campaign"
)

// crowded is a plan with much in it of which little is needed for anything.
func crowded() campaign.Plan {
	fault := func(at time.Duration, name simulator.FaultName, target string) campaign.Timed {
		return campaign.Timed{At: at, Fault: simulator.Fault{Name: name, Target: target}}
	}
	p := campaign.Plan{
		Seed:   1,
		Orders: []line.AddOrder{{Order: "o1", Product: "ESS-P2", Quantity: 1}, {Order: "o2", Product: "ESS-P2", Quantity: 1}},
		Faults: []campaign.Timed{
			fault(2*time.Second, simulator.WeldNOK, "ST060"), fault(time.Second, simulator.LateDuplicate, "ST060.welder"), fault(3*time.Second, simulator.Leak, "ST120"),
		},
		Kills:   []campaign.Kill{{Append: 30, Durable: true}, {Append: 200}},
		Classes: map[line.DeviceID]line.DeviceClass{"ST060.welder": line.ClassB, "ST100.plc": line.ClassC},
	}
	p.Faults[1].Fault.Times, p.Faults[1].Fault.By = 30, 0.1
	return p
}

// TestAFailingPlanIsMadeSmall lets the network deliver welds twice to a welder that cannot refuse it, in a shift in which much else
// happens: of the plan only that wire and that welder are left, for they alone make welds that are made twice.
func TestAFailingPlanIsMadeSmall(t *testing.T) {
	small, again := campaign.Shrink(crowded(), func(p campaign.Plan) bool {
		out, err := campaign.Run(p)
		return err == nil && slices.ContainsFunc(out.Violations, func(v checker.Violation) bool { return v.Invariant == "I1" })
	})
	if !again || len(small.Faults) != 1 || small.Faults[0].Fault.Name != simulator.LateDuplicate || len(small.Kills) != 0 || len(small.Orders) != 1 {
		t.Errorf("it fails again: %t; left is\n%s", again, small)
	}
	if len(small.Classes) != 1 || small.Classes["ST060.welder"] != line.ClassB {
		t.Errorf("left are the classes %v", small.Classes)
	}
}

// TestWhatIsNeededTogetherIsLeft asks for a plan whose fault and kill do harm only together.
func TestWhatIsNeededTogetherIsLeft(t *testing.T) {
	plan := crowded()
	whole := fmt.Sprint(plan)
	tried := 0
	small, again := campaign.Shrink(plan, func(p campaign.Plan) bool {
		tried++
		leaks := slices.ContainsFunc(p.Faults, func(f campaign.Timed) bool { return f.Fault.Name == simulator.Leak })
		return leaks && slices.Contains(p.Kills, campaign.Kill{Append: 200})
	})
	want := campaign.Plan{Seed: 1, Orders: plan.Orders[1:], Faults: plan.Faults[2:], Kills: plan.Kills[1:]}
	if !again || fmt.Sprint(small) != fmt.Sprint(want) {
		t.Errorf("it fails again: %t; left is\n%swant\n%s", again, small, want)
	}
	if fmt.Sprint(plan) != whole {
		t.Errorf("the plan itself was changed:\n%s", plan)
	}
	if tried > 15 {
		t.Errorf("%d plans were tried to leave out six things", tried)
	}
}

// TestWhatFailsOnDiskAloneIsToldWhole: a plan that is violated with a real store and not in memory cannot be made smaller there, and it
// is said that nothing was left out of it.
func TestWhatFailsOnDiskAloneIsToldWhole(t *testing.T) {
	plan := crowded()
	how := []checker.Violation{{Invariant: "I10", Where: "entry 7", Text: "its hash does not follow"}}
	sound := func(campaign.Plan) (campaign.Outcome, error) { return campaign.Outcome{}, nil }
	said := told(plan, true, how, sound)
	for _, want := range []string{"seed 1, on disk true: I10 entry 7", plan.String(), "in memory it is not violated"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not said in\n%s", want, said)
		}
	}
	both := func(campaign.Plan) (campaign.Outcome, error) { return campaign.Outcome{Violations: how}, nil }
	if said := told(plan, true, how, both); strings.Contains(said, "in memory it is not") || strings.Contains(said, "killed") || strings.Count(said, "I10") != 2 {
		t.Errorf("of a plan that is violated in memory too is said\n%s", said)
	}
}
