package stations

import (
	"slices"

	"linectl/line"
	"linectl/recipes"
)

// unknownRepeats is how often an act that leaves no mark is repeated when its outcome could not be learned.
const unknownRepeats = 2

// Visit is one part's stay at a station: what is known of the part, and what has been done and judged here so far.
// It changes only by Apply, so a journal rebuilds it.
type Visit struct {
	Part   string      // cell code or pack id; empty while a new cell has not been read
	Pack   line.PackID // empty for a cell
	Number int         // the pack is the n-th of its order, for sampling
	Build  int         // build state of the pack
	Recipe *recipes.Recipe
	Set    []line.SlotCell // the pack's cells
	Only   []line.ActRef   // a rework: what is to be made again; nil = everything
	Pass   bool            // nothing is done here: the part only goes on
	Serial string          // at pack-out: the serial to be printed
	Found  bool            // receive: the cell lay in the nest already

	Nameless bool // nobody knows which cell it is: Part is what a scanner showed, and another cell's code or not read well
	Stranger bool // sort: when the cell came, none with this code had been received and was still to be graded

	Received *line.CellReceived // receive: the judgement of the cell
	Graded   *line.CellGraded   // sort: the judgement of the cell

	Verdict line.Verdict // the worst so far
	Codes   []string
	Texts   []string
	NOK     []int            // indexes that are not OK
	To      line.Disposition // gravest disposition so far
	Repeats int              // acts that were repeated
	Results []line.ActDone   // judged results, one for each act of the plan done

	acts    int  // how many acts of the plan are done
	attempt int  // attempts of the present act so far
	unknown int  // of which the outcome could not be learned
	streak  int  // NOK acts in a row that leave a mark
	unfound int  // refusals in a row of the cell that is to be stacked
	foreign bool // the device has refused to move the cell, because another one lies in the nest
	stopped bool
	waits   bool // a limit asks to hold before the present act is made again
	lacks   bool // … or the act could not be begun for want of a cell, of which the last of Texts speaks
}

// Name returns what is on record of the part's identity: nothing of a cell that nobody knows.
func (v *Visit) Name() string {
	if v.Nameless {
		return ""
	}
	return v.Part
}

// called is what people are told that the part is.
func (v *Visit) called() string {
	if v.Nameless {
		return "a cell that was read as " + v.Part
	}
	return v.Part
}

// Attempt returns the number, from 1, that the next attempt of the present act has.
func (v *Visit) Attempt() int { return v.attempt + 1 }

// reworked reports whether an act that leaves a mark may find that mark already: a person has opened another build state since.
func (v *Visit) reworked(t line.Task) bool { return v.Build > 1 && !t.Spec().Repeatable }

// Done returns how many acts of the plan are finished.
func (v *Visit) Done() int { return v.acts }

// Clean reports whether the visit went through without a NOK, a repeat or a rework.
func (v *Visit) Clean() bool { return v.Verdict == line.OK && v.Repeats == 0 && v.Only == nil }

// next returns the act to be done now, or false when nothing is left to do here.
func (v *Visit) next(k Kind) (Act, bool) {
	if v.stopped || v.waits || v.Pass {
		return Act{}, false
	}
	if v.Only == nil {
		return k.Act(v, v.acts)
	}
	if r, ok := k.(reworker); ok {
		return r.again(v, v.acts)
	}
	return v.redo(k)
}

// planned returns how many acts the visit will have if all go well, 0 for a cell: what is done to it depends on what is found.
func (v *Visit) planned(k Kind) int {
	if v.Pack == "" || v.Pass || v.Recipe == nil {
		return 0
	}
	ahead := *v
	for ahead.acts = 0; ; ahead.acts++ {
		if _, ok := ahead.next(k); !ok {
			return ahead.acts
		}
	}
}

// reworker is a kind whose rework needs more than the acts that are named.
type reworker interface {
	again(v *Visit, i int) (Act, bool)
}

// redo returns the next act of a rework: those of the plan that are named, in its order. What leaves a mark carries the flag by
// which the device knows that a person has ordered it.
func (v *Visit) redo(k Kind) (Act, bool) {
	left := v.acts
	for i := 0; ; i++ {
		a, ok := k.Act(v, i)
		if !ok {
			return Act{}, false
		}
		if !slices.Contains(v.Only, a.Ref()) {
			continue
		}
		if left == 0 {
			a.Rework = !a.Task.Spec().Repeatable
			return a, true
		}
		left--
	}
}

// Drop ends the visit because the part's way has been ended by a person.
func (v *Visit) Drop(why string) {
	v.Verdict, v.stopped, v.To = v.Verdict.Worse(line.NOK), true, line.ToScrap
	v.Texts = append([]string{why}, v.Texts...)
}

// applyResult follows a judged result of the act. It alone decides whether the act is repeated, the plan goes on or ends.
func (v *Visit) applyResult(a Act, done line.ActDone) {
	v.attempt++
	repeatable := a.Task.Spec().Repeatable
	if magazineEmpty(done) {
		v.waits, v.lacks = true, true
		v.Texts = append(v.Texts, done.Text)
		return
	}
	if done.Verdict == line.Unknown && repeatable && v.unknown < unknownRepeats {
		v.unknown++
		v.Repeats++
		return
	}
	if done.Verdict == line.NOK && v.attempt-v.unknown <= a.retests(done.Measurements) {
		v.Repeats++
		return
	}
	if repeatable && done.Verdict == line.NOK && a.disposition(done.Measurements) == line.HoldLine {
		v.waits = true // the operator mends what can be mended, and it is made again
		v.Texts = append(v.Texts, done.Text)
		return
	}
	v.conclude(a, done)
}

// again lets the act that the station held for be made once more, from its first attempt.
func (v *Visit) again() {
	if v.foreign { // the cell in the nest is not the one that was read: this one is nowhere, and that one is found anew
		v.stopped = true
	}
	if v.waits {
		v.waits, v.lacks, v.attempt, v.unknown = false, false, 0, 0
		v.Repeats++
	}
	v.streak = 0
	if v.To == line.HoldLine {
		v.To = line.ToRework
	}
}

func (v *Visit) conclude(a Act, done line.ActDone) {
	v.acts, v.attempt, v.unknown, v.unfound = v.acts+1, 0, 0, 0
	v.Results = append(v.Results, done)
	v.Verdict = v.Verdict.Worse(done.Verdict)
	if done.Verdict == line.OK {
		v.streak = 0
		return
	}
	v.streak++
	v.blame(done)
	to := a.disposition(done.Measurements)
	if to == line.Continue && done.Verdict == line.NOK && len(done.Measurements) == 0 {
		to = line.ToRework // the device itself says NOK and no limit says what follows
	}
	v.To = graver(v.To, to)
	// A cell that could not be read lies in the nest all the same: it is judged, and put into the bin for it.
	read := done.Task == line.TaskScanCell || done.Task == line.TaskMeasureCell
	v.stopped = done.Verdict == line.Unknown && !read || to == line.ToScrap || to == line.HoldLine
}

func (v *Visit) blame(done line.ActDone) {
	if done.Code != "" && !slices.Contains(v.Codes, done.Code) {
		v.Codes = append(v.Codes, done.Code)
	}
	if done.Text != "" && len(v.Texts) < 3 {
		v.Texts = append(v.Texts, done.Text)
	}
	for _, index := range blamed(done) {
		if !slices.Contains(v.NOK, index) {
			v.NOK = append(v.NOK, index)
		}
	}
}

// blamed returns the indexes that a result which is not OK speaks of: those of its measurements that are not OK, or its own. A
// camera that looks at a field of joints names the worst one; a position is no joint.
func blamed(done line.ActDone) []int {
	var list []int
	switch done.Task {
	case line.TaskPosition:
		return nil
	case line.TaskVision:
		for _, m := range done.Measurements {
			if m.Name == "worstJoint" && m.Value != nil && m.Verdict != line.NOK {
				return []int{int(*m.Value)}
			}
		}
		return nil
	default:
	}
	for _, m := range done.Measurements {
		if m.Verdict == line.NOK && m.Index > 0 {
			list = append(list, m.Index)
		}
	}
	if len(list) == 0 && done.Index > 0 {
		list = append(list, done.Index)
	}
	return list
}

// quarantine ends the visit: of an act that leaves a mark nobody can say whether it happened.
func (v *Visit) quarantine(q line.ActQuarantined) {
	v.Verdict, v.stopped = line.Unknown, true
	v.Texts = append(v.Texts, q.Task.String()+" of unknown outcome: "+q.Evidence.Why)
	if q.Index > 0 {
		v.NOK = append(v.NOK, q.Index)
	}
}

// unproven reports whether the part is in doubt because of what an instrument or a scanner showed, not because an act was cut off.
func (v *Visit) unproven() bool {
	return len(v.Results) > 0 && v.Results[len(v.Results)-1].Verdict == line.Unknown && v.Results[len(v.Results)-1].Outcome == line.OutcomeOK
}

// Values returns the measurements of one name that the visit has made, by index.
func (v *Visit) Values(name string) map[int]float64 {
	m := map[int]float64{}
	for _, r := range v.Results {
		for _, q := range r.Measurements {
			if q.Name == name && q.Value != nil {
				m[q.Index] = *q.Value
			}
		}
	}
	return m
}
