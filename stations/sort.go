package stations

import (
	"slices"

	"linectl/line"
	"linectl/recipes"
)

// sorting measures a cell, and puts it into its lane or its reject bin.
type sorting struct{}

func (sorting) Act(v *Visit, i int) (Act, bool) {
	switch i {
	case 0:
		return act(v.Recipe, line.Sort, Tester, line.TaskMeasureCell, v.Part, 0), true
	case 1:
		if v.Graded == nil {
			return Act{}, false
		}
		return placeCell(v, line.Sort, Robot, v.Part, v.Graded.Bin, v.Graded.Lane), true
	}
	return Act{}, false
}

// GradeCell judges a measured cell and says which bin or lane it goes to. The supplier's capacity travels with it.
func GradeCell(r *recipes.Recipe, c line.SupplierCell, done line.ActDone) line.CellGraded {
	g := line.CellGraded{
		Cell: c.Cell, Item: r.Cell.Item, Lot: c.Lot, Attempt: done.Attempt, Measurements: done.Measurements, CapacityAh: c.CapacityAh,
		Verdict: done.Verdict, Reason: "within all gates",
	}
	switch done.Verdict {
	case line.OK:
		g.Lane = r.Cell.Lane
	case line.NOK:
		g.Bin, g.Reason = rejectBin(done.Measurements)
	default:
		g.Bin, g.Reason = BinRetest, "could not be measured: "+done.Text
	}
	return g
}

// graded counts the cells in a row of which the tester has not shown what they are: through a bad contact, or not at all. After three
// it is the probes or the instrument, and every further cell would go into the reject bin unmeasured.
func (m *Machine) graded(f line.CellGraded) {
	contact := slices.IndexFunc(f.Measurements, func(q line.Measurement) bool { return q.Name == "contactResistance" && q.Verdict == line.NOK })
	switch {
	case contact >= 0:
		m.rejected = f.Measurements[contact].String()
	case f.Verdict == line.Unknown:
		m.rejected = f.Reason
	default:
		m.rejects = 0
		return
	}
	m.rejects++
}

// rejectBin chooses the bin of the gravest gate that is not met: safety first.
func rejectBin(ms []line.Measurement) (bin int, reason string) {
	bin, reason = BinRetest, "device says NOK"
	rank := map[int]int{BinRetest: 0, BinVoltage: 1, BinResistanceHigh: 2, BinSelfDischarge: 3, BinResistanceLow: 4}
	first := true
	for _, m := range ms {
		if m.Verdict != line.NOK || m.Value == nil {
			continue
		}
		b := BinRetest
		switch m.Name {
		case "ocv":
			b = BinVoltage
		case "acir":
			b = BinResistanceHigh
			if m.LSL != nil && *m.Value < *m.LSL {
				b = BinResistanceLow
			}
		case "selfDischarge":
			b = BinSelfDischarge
		}
		if first || rank[b] > rank[bin] {
			bin, reason, first = b, m.String(), false
		}
	}
	return bin, reason
}
