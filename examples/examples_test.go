package examples_test

import (
	"fmt"
	"math"
	"regexp"
	"testing"
	"time"

	"linectl/examples"
	"linectl/line"
	"linectl/recipes"
)

func load(t *testing.T) map[string]*recipes.Recipe {
	t.Helper()
	all, err := recipes.Load(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	byProduct := map[string]*recipes.Recipe{}
	for _, r := range all {
		byProduct[r.Product] = r
	}
	if len(all) != 3 || byProduct["EV-P1"] == nil || byProduct["ESS-P2"] == nil || byProduct["DRN-P3"] == nil {
		t.Fatalf("found %d recipes, want EV-P1, ESS-P2 and DRN-P3", len(all))
	}
	return byProduct
}

// TestAHoleIsScrap holds that no sample product is welded again where a weld has gone through: what is under it is the can of a cell.
func TestAHoleIsScrap(t *testing.T) {
	for product, r := range load(t) {
		if hole, ok := r.Process(line.Inspect).Limit("holeSize"); !ok || hole.Disposition != line.ToScrap {
			t.Errorf("%s: a hole leads to %q", product, hole.Disposition)
		}
	}
}

// TestProducts holds the samples against the product table of the reference process.
func TestProducts(t *testing.T) {
	all := load(t)
	for _, want := range []struct {
		product, chemistry, item, technology     string
		lane, series, parallel, modules, maxLots int
		voltage, capacity, mass                  float64
		joints, perPosition, screws              int
		validity                                 time.Duration
		steps                                    int
	}{
		{"EV-P1", "LFP", "LFP-105", "laser weld", 1, 104, 1, 8, 1, 332.8, 105, 285, 208, 26, 32, 72 * time.Hour, 9},
		{"ESS-P2", "LFP", "LFP-280", "laser weld", 2, 16, 1, 2, 1, 51.2, 280, 118, 32, 16, 4, 120 * time.Hour, 8},
		{"DRN-P3", "NMC", "NMC-21700-4.2", "resistance weld", 3, 14, 7, 1, 2, 50.4, 29.4, 8.6, 392, 28, 8, 72 * time.Hour, 9},
	} {
		r := all[want.product]
		got := want
		got.chemistry, got.item, got.technology = r.Chemistry, r.Cell.Item, r.Weld.Task.String()
		got.lane, got.series, got.parallel, got.modules, got.maxLots = r.Cell.Lane, r.Series, r.Parallel, r.Modules, r.Cell.MaxLots
		got.voltage, got.capacity, got.mass = r.NominalV, r.CapacityAh, r.MassKg
		got.joints, got.perPosition, got.screws = r.Weld.Joints, r.Weld.PerPosition, r.Assemble.Screws
		got.validity, got.steps = r.Cell.Validity, len(r.Route)
		if got != want {
			t.Errorf("%s is\n%+v, want\n%+v", want.product, got, want)
		}
		if r.Status != "approved" || r.Weld.HoldAfterNOK != 3 {
			t.Errorf("%s: status %s, hold after %d", want.product, r.Status, r.Weld.HoldAfterNOK)
		}
	}
}

// TestMatchingLimits holds the samples against the matching table: spreads within a pack, and gates of single cells.
func TestMatchingLimits(t *testing.T) {
	all := load(t)
	for product, want := range map[string]string{
		"EV-P1":  "capacity 1 %, ocv 5 mV, acir 40 µΩ, group 0 V 0 % 0 %; gates ocv 3.27..3.31 acir 0.00015..0.00025 drain 3e-05 temperature 23..27",
		"ESS-P2": "capacity 2 %, ocv 8 mV, acir 50 µΩ, group 0 V 0 % 0 %; gates ocv 3.27..3.31 acir 0.00012..0.00025 drain 4e-05 temperature 20..30",
		"DRN-P3": "capacity 2 %, ocv 10 mV, acir 0 Ω, group 5 mV 10 % 1 %; gates ocv 3.55..3.65 acir 0.01..0.014 drain 5e-05 temperature 20..30",
	} {
		r := all[product]
		m, sort := r.Matching, r.Process(line.Sort)
		gate := func(name string) string {
			l, ok := sort.Limit(name)
			switch {
			case !ok:
				return "missing"
			case l.LSL == nil:
				return fmt.Sprintf("%g", *l.USL)
			}
			return fmt.Sprintf("%g..%g", *l.LSL, *l.USL)
		}
		got := fmt.Sprintf("capacity %s, ocv %s, acir %s, group %s %s %s; gates ocv %s acir %s drain %s temperature %s",
			line.Format(m.CapacitySpread, "%"), line.Format(m.OCVSpread, "V"), line.Format(m.ACIRSpread, "Ω"), line.Format(m.OCVSpreadGroup, "V"),
			line.Format(m.ACIRSpreadGroup, "%"), line.Format(m.CapacitySpreadGroup, "%"), gate("ocv"), gate("acir"), gate("selfDischarge"), gate("temperature"))
		if got != want {
			t.Errorf("%s\n%s, want\n%s", product, got, want)
		}
		if m.MinCapacity < r.CapacityAh {
			t.Errorf("%s: a set may be weaker than the pack promises: %g Ah", product, m.MinCapacity)
		}
	}
}

// limits is what a station asks of a measurement, in the base unit; NaN is an open bound.
type limits struct {
	kind     line.Kind
	name     string
	lsl, usl float64
}

var open = math.NaN()

// TestStationLimits holds the samples against the numbers of the stations.
func TestStationLimits(t *testing.T) {
	all := load(t)
	for product, want := range map[string][]limits{
		"EV-P1": {
			{line.Stack, "compressionForce", 3800, 4200},
			{line.Stack, "moduleLength", 0.559, 0.561},
			{line.Weld, "depth", 1.0e-3, 1.5e-3},
			{line.Weld, "plasma", 0.85, 1.15},
			{line.Weld, "scatter", open, 2},
			{line.Weld, "gap", open, 0.2e-3},
			{line.Inspect, "jointResistance", 10e-6, 40e-6},
			{line.Assemble, "fillerMass", 0.171, 0.189},
			{line.Assemble, "torque", 18, 22},
			{line.Assemble, "angle", 30, 90},
			{line.LeakTest, "leakRate", open, 30},
			{line.PackOut, "shippingSOC", 27, 33},
		},
		"ESS-P2": {
			{line.Stack, "compressionForce", 2850, 3150},
			{line.Assemble, "torque", 8.5, 9.5},
			{line.Assemble, "angle", 20, 70},
			{line.PackOut, "shippingSOC", 27, 33},
		},
		"DRN-P3": {
			{line.Stack, "insertForce", 50, 150},
			{line.Weld, "energy", 9, 12},
			{line.Weld, "rStart", open, 3e-3},
			{line.Weld, "rDrop", 15, open},
			{line.Weld, "setDown", 15e-6, 60e-6},
			{line.Inspect, "jointResistance", 0.2e-3, 0.6e-3},
			{line.Assemble, "torque", 2.25, 2.75},
			{line.LeakTest, "leakRate", open, 5},
			{line.PackOut, "shippingSOC", 20, 30},
		},
	} {
		for _, w := range want {
			l, ok := all[product].Process(w.kind).Limit(w.name)
			if !ok || !same(l.LSL, w.lsl) || !same(l.USL, w.usl) {
				t.Errorf("%s %s: limit %+v, want %g to %g", product, w.kind, l, w.lsl, w.usl)
			}
		}
	}
}

func same(bound *float64, want float64) bool {
	if bound == nil || math.IsNaN(want) {
		return bound == nil && math.IsNaN(want)
	}
	return *bound == want
}

// TestEndOfLine holds the samples against the table of the seventeen steps.
func TestEndOfLine(t *testing.T) {
	all := load(t)
	for product, want := range map[string]struct {
		notRequired []int
		every       map[int]int
		limits      map[int]limits
	}{
		"EV-P1": {nil, map[int]int{14: 50, 15: 50}, map[int]limits{
			2: {"", "supplyCurrent", 0.1, 0.8}, 4: {"", "detectTime", open, 0.1}, 5: {"", "insulationPlus", 20e6, open}, 6: {"", "leakageCurrent", open, 1e-3},
			7: {"", "bondingResistance", open, 0.1}, 8: {"", "cellVoltageSpread", open, 0.010}, 9: {"", "temperatureSpread", open, 3},
			10: {"", "prechargeTime", open, 0.3}, 11: {"", "currentError", -0.5, 0.5}, 12: {"", "packDCIR", open, 0.110}, 13: {"", "packACIR", open, 0.032},
			14: {"", "capacity", 105, open}, 17: {"", "soc", 27, 33},
		}},
		"ESS-P2": {[]int{2, 4, 6}, nil, map[int]limits{
			5: {"", "insulationMinus", 10e6, open}, 7: {"", "bondingResistance", open, 0.1}, 8: {"", "cellVoltageSpread", open, 0.020},
			11: {"", "currentError", -1, 1}, 12: {"", "packDCIR", open, 0.009}, 13: {"", "packACIR", open, 0.0055}, 14: {"", "capacity", 280, open},
			17: {"", "soc", 27, 33},
		}},
		"DRN-P3": {[]int{4, 6, 7}, nil, map[int]limits{
			2: {"", "supplyCurrent", open, 0.05}, 5: {"", "insulationPlus", 5e6, open}, 8: {"", "cellVoltageSpread", open, 0.010},
			11: {"", "currentError", -1, 1}, 12: {"", "packDCIR", open, 0.050}, 13: {"", "packACIR", open, 0.032}, 14: {"", "capacity", 29.4, open},
			17: {"", "soc", 20, 30},
		}},
	} {
		var notRequired []int
		for _, s := range all[product].EOL {
			if s.NotRequired != "" {
				notRequired = append(notRequired, s.Step)
				continue
			}
			if s.Every != max(1, want.every[s.Step]) {
				t.Errorf("%s step %d: every %d packs", product, s.Step, s.Every)
			}
			w, ok := want.limits[s.Step]
			for _, l := range s.Limits {
				if l.Name == w.name && same(l.LSL, w.lsl) && same(l.USL, w.usl) {
					ok = false
				}
			}
			if ok {
				t.Errorf("%s step %d: limits %+v, want %s %g to %g", product, s.Step, s.Limits, w.name, w.lsl, w.usl)
			}
		}
		if fmt.Sprint(notRequired) != fmt.Sprint(want.notRequired) {
			t.Errorf("%s: not required are %v, want %v", product, notRequired, want.notRequired)
		}
	}
}

// TestRepeatingIsSafe: the withstand voltage adds up in the insulation and is never repeated without a person, and a reworked
// joint is inspected and tested again.
func TestRepeatingIsSafe(t *testing.T) {
	for product, r := range load(t) {
		for _, l := range r.EOL[5].Limits {
			if l.Retest != 0 || l.Disposition != line.HoldLine {
				t.Errorf("%s: withstand voltage %+v", product, l)
			}
		}
		for _, l := range r.Process(line.Weld).Limits {
			want := line.ToInspect // the seam is there: the inspection decides
			if l.Name == "gap" {
				want = line.HoldLine // no seam yet: the clamp can be mended
			}
			if l.Disposition != want {
				t.Errorf("%s: %s has the disposition %s, want %s", product, l.Name, l.Disposition, want)
			}
		}
		for _, w := range r.Rework {
			if w.Step == line.Weld && (w.MaxPerIndex != 1 || w.MaxPerPack != r.Weld.MaxNOK || fmt.Sprint(w.Invalidates) != "[inspect endofline]") {
				t.Errorf("%s: re-weld %+v", product, w)
			}
		}
	}
}

// TestCodePattern: the code of a cell has 24 characters after GB/T 34014, and the chemistry stands in the fifth.
func TestCodePattern(t *testing.T) {
	all := load(t)
	for code, want := range map[string]map[string]bool{
		"LCTCB01L100001GBP0000001":  {"EV-P1": true, "ESS-P2": true, "DRN-P3": false},
		"LCTCE03L300001GBP0000001":  {"EV-P1": false, "ESS-P2": false, "DRN-P3": true},
		"LCTPB01L100001GBP0000001":  {"EV-P1": false}, // a pack
		"LCTCB01L100001GBI0000001":  {"EV-P1": false}, // no such day
		"LCTCB01L100001GBP00000011": {"EV-P1": false}, // a character too many
	} {
		for product, fits := range want {
			if regexp.MustCompile(all[product].Cell.CodePattern).MatchString(code) != fits {
				t.Errorf("%s on a cell for %s: fits should be %v", code, product, fits)
			}
		}
	}
}
