package stations

import "linectl/line"

// packOut brings the pack to its shipping charge, prints the serial and reads the label back. The line lets no pack in whose
// evidence is not complete, and releases it only after this.
type packOut struct{}

func (packOut) Act(v *Visit, i int) (Act, bool) {
	switch i {
	case 0:
		return act(v.Recipe, line.PackOut, Printer, line.TaskAdjustSOC, v.Part, 0), true
	case 1:
		a := act(v.Recipe, line.PackOut, Printer, line.TaskLabel, v.Serial, 0)
		a.Rework = v.reworked(line.TaskLabel)
		return a, true
	}
	return Act{}, false
}
