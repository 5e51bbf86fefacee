package campaign_test

import (
	"testing"

	"linectl/simulator"
	"linectl/test/campaign"
)

// TestEverySizeIsDrawn asks for sizes of each fault that has one and of no other, and that a campaign draws them all, so that a fault
// is tried as a small one, as the catalogue has it, and as a large one; and that some wait for one pack.
func TestEverySizeIsDrawn(t *testing.T) {
	for _, kind := range simulator.Catalogue {
		if sizes := campaign.Sizes[kind.Name]; (kind.Unit != "") != (len(sizes) > 0) {
			t.Errorf("%s has the unit %q and the sizes %v", kind.Name, kind.Unit, sizes)
		}
	}
	drawn := map[simulator.FaultName]map[float64]int{}
	waiting := 0
	for seed := range uint64(1000) {
		for _, f := range campaign.Draw(seed + 1).Faults {
			if again, err := simulator.ParseFault(f.Fault.String()); err != nil || again != f.Fault {
				t.Fatalf("seed %d: %s is read as %s: %v", seed+1, f.Fault, again, err)
			}
			if f.Fault.Part != "" {
				waiting++
			}
			if drawn[f.Fault.Name] == nil {
				drawn[f.Fault.Name] = map[float64]int{}
			}
			drawn[f.Fault.Name][f.Fault.By]++
		}
	}
	for name, sizes := range campaign.Sizes {
		for _, by := range sizes {
			if drawn[name][by] < 5 {
				t.Errorf("%s by %g is drawn %d times in a thousand shifts", name, by, drawn[name][by])
			}
		}
	}
	if waiting < 300 {
		t.Errorf("%d faults in a thousand shifts wait for a pack", waiting)
	}
}
