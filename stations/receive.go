package stations

import (
	"fmt"
	"regexp"
	"time"

	"linectl/line"
	"linectl/recipes"
)

// receive scans the next cell of the magazine and sends it on, or into a reject bin.
type receive struct{}

func (receive) Act(v *Visit, i int) (Act, bool) {
	if v.Found {
		i++ // it lies in the nest already and was read there
	}
	switch i {
	case 0:
		a := act(v.Recipe, line.Receive, Scanner, line.TaskScanCell, "", 0)
		a.Params = []line.Quantity{quantity("lane", float64(v.Recipe.Cell.Lane), "1")}
		return a, true
	case 1:
		if v.Received == nil {
			return Act{}, false
		}
		return placeCell(v, line.Receive, Scanner, v.Part, v.Received.Bin, 0), true
	}
	return Act{}, false
}

// magazineEmpty reports whether a scan has found that no cell came out of the lane.
func magazineEmpty(done line.ActDone) bool {
	return done.Task == line.TaskScanCell && done.Part == "" && done.Outcome == line.OutcomeNOK && done.Reason == line.ReasonMagazineEmpty
}

// placeCell puts the cell in the nest onward (bin 0) or into a reject bin.
func placeCell(v *Visit, k line.Kind, role Role, cell string, bin, lane int) Act {
	a := act(v.Recipe, k, role, line.TaskPlaceCell, cell, 0)
	a.Params = []line.Quantity{quantity("bin", float64(bin), "1"), quantity("lane", float64(lane), "1")}
	return a
}

// Reject bins of cells. Bins 1, 3 and 4 are fire-safe cabinets.
const (
	BinVoltage        = 1 // open-circuit voltage out of its gate
	BinResistanceHigh = 2
	BinResistanceLow  = 3 // possible internal short
	BinSelfDischarge  = 4
	BinIdentity       = 5 // unreadable, duplicate, not in the shipping notice
	BinAppearance     = 6
	BinRetest         = 7 // could not be measured
	BinExpired        = 8
)

// rejectsInRow is how many cells one after the other may be rejected before the station holds. One may be dirty, and the next one
// strayed into the lane; of three it is the lane, the scanner or the papers, and every further cell would go into the bin unseen.
const rejectsInRow = 3

// received counts the cells in a row that were not accepted.
func (m *Machine) received(f line.CellReceived) {
	m.lane, m.rejected = m.visit.Recipe.Cell.Lane, f.Reason
	if m.rejects++; f.Verdict == line.OK {
		m.rejects = 0
	}
}

// rejectsAll says that of the cells none is accepted any more, and why the last one was not; "" while it is not so.
func (m *Machine) rejectsAll() string {
	switch {
	case m.rejects < rejectsInRow:
		return ""
	case m.Kind == line.Sort:
		return fmt.Sprintf("%d cells in a row were not measured well at %s, the last one so: %s", m.rejects, m.ID, m.rejected)
	}
	return fmt.Sprintf("%d cells in a row out of lane %d were rejected at %s, the last one so: %s", m.rejects, m.lane, m.ID, m.rejected)
}

// Receipt is what is known of a cell when it is judged at receipt.
type Receipt struct {
	Cell     line.CellID       // as read; empty when unreadable
	Scan     line.Verdict      // of the scan itself
	Why      string            // why the scan is not OK
	Grade    float64           // of the code: 4 for A down to 0 for F
	Supplier line.SupplierCell // from the shipping notice
	Listed   bool              // it stands in a shipping notice
	Seen     bool              // this code was received before
	Found    bool              // it lay in the nest already: its code was not graded
	Other    bool              // and the cell that has it lies elsewhere on record
	Stranger bool              // a cell was read as this at the tester, and nobody had received one
	Now      time.Time
}

// ReceiveCell judges a cell at receipt: its code, its papers, its age. The reason is in the operator's words. A cell of which the code
// is another one's, or the scan proves nothing, has no name on record.
func ReceiveCell(r *recipes.Recipe, c Receipt) line.CellReceived {
	out := line.CellReceived{Cell: c.Cell, Item: r.Cell.Item, Lot: c.Supplier.Lot, Supplier: c.Supplier, Verdict: line.NOK, Bin: BinIdentity}
	pattern, err := regexp.Compile(r.Cell.CodePattern)
	age := c.Now.Sub(c.Supplier.Produced)
	switch {
	case c.Cell == "":
		out.Reason = "cell code unreadable"
	case c.Scan != line.OK:
		out.Reason = fmt.Sprintf("code %s was not read well: %s", c.Cell, c.Why)
	case c.Seen && !c.Other:
		out.Reason = fmt.Sprintf("cell %s was received before, and then nobody knew where it lay: it is found and put away", c.Cell)
	case c.Seen:
		out.Reason = fmt.Sprintf("duplicate cell code %s: this code was received before; ask Quality", c.Cell)
	case c.Stranger:
		out.Reason = fmt.Sprintf("a cell that nobody had received was read as %s and put away: one of the two is another one; ask Quality", c.Cell)
	case err != nil || !pattern.MatchString(string(c.Cell)):
		out.Reason = fmt.Sprintf("code %s is not of the form of %s", c.Cell, r.Cell.Item)
	case !c.Listed:
		out.Reason = fmt.Sprintf("cell %s stands in no shipping notice; ask logistics", c.Cell)
	case c.Supplier.Item != r.Cell.Item:
		out.Reason = fmt.Sprintf("cell %s is a %s, this magazine lane is for %s", c.Cell, c.Supplier.Item, r.Cell.Item)
	case c.Found && codeGrades[r.Cell.MinCodeGrade] > 0:
		out.Reason = "it lay in the nest after an interruption"
	case c.Grade < codeGrades[r.Cell.MinCodeGrade]:
		out.Reason = fmt.Sprintf("code grade %s is below %s", gradeName(c.Grade), r.Cell.MinCodeGrade)
	case r.Cell.MaxAge > 0 && age > r.Cell.MaxAge:
		out.Reason, out.Bin = fmt.Sprintf("cell is %d days old, allowed are %d", int(age.Hours()/24), int(r.Cell.MaxAge.Hours()/24)), BinExpired
	case r.Cell.MaxSOC > 0 && (c.Supplier.StateOfCharge < r.Cell.MinSOC || c.Supplier.StateOfCharge > r.Cell.MaxSOC):
		out.Reason, out.Bin = fmt.Sprintf("state of charge %.3g %% is outside %.3g to %.3g %%", c.Supplier.StateOfCharge, r.Cell.MinSOC, r.Cell.MaxSOC), BinVoltage
	default:
		out.Verdict, out.Bin, out.Reason = line.OK, 0, "accepted"
	}
	if c.Other || c.Cell != "" && c.Scan == line.Unknown {
		out.Cell, out.ReadAs, out.Lot, out.Supplier = "", c.Cell, "", line.SupplierCell{}
	}
	return out
}

// codeGrades gives the ISO/IEC 15415 grades their numbers.
var codeGrades = map[string]float64{"A": 4, "B": 3, "C": 2, "D": 1, "F": 0, "": 0}

func gradeName(g float64) string {
	for _, name := range []string{"A", "B", "C", "D"} {
		if g >= codeGrades[name] {
			return name
		}
	}
	return "F"
}
