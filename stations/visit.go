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
	Only   []int           // a rework: the indexes to be done again; nil = everything
	Serial string          // at pack-out: the serial to be printed
	Found  bool            // a cell that lay in the nest and was not sent there

	Received *line.CellReceived // receive: the judgement of the cell
	Graded   *line.CellGraded   // sort: the judgement of the cell

	Verdict line.Verdict // the worst so far
	Codes   []string
	Texts   []string
	NOK     []int            // indexes that are not OK
	To      line.Disposition // gravest disposition so far
	Repeats int              // acts that were repeated
	Results []line.ActDone   // judged results, one for each act of the plan done

	acts    int // how many acts of the plan are done
	attempt int // attempts of the present act so far
	unknown int // of which the outcome could not be learned
	streak  int // NOK acts in a row that leave a mark
	stopped bool
	waits   bool // a limit asks to hold before the present act is made again
}

// Attempt returns the number, from 1, that the next attempt of the present act has.
func (v *Visit) Attempt() int { return v.attempt + 1 }

// reworked reports whether an act that leaves a mark may find that mark already: a person has opened another build state since.
func (v *Visit) reworked(t line.Task) bool { return v.Build > 1 && !t.Spec().Repeatable }

// Done returns how many acts of the plan are finished.
func (v *Visit) Done() int { return v.acts }

// Streak returns how many irreversible acts in a row were NOK.
func (v *Visit) Streak() int { return v.streak }

// Clean reports whether the visit went through without a NOK, a repeat or a rework.
func (v *Visit) Clean() bool { return v.Verdict == line.OK && v.Repeats == 0 && v.Only == nil }

// next returns the act to be done now, or false when nothing is left to do here.
func (v *Visit) next(k Kind) (Act, bool) {
	if v.stopped || v.waits {
		return Act{}, false
	}
	return k.Act(v, v.acts)
}

// applyResult follows a judged result of the act. It alone decides whether the act is repeated, the plan goes on or ends.
func (v *Visit) applyResult(a Act, done line.ActDone) {
	v.attempt++
	repeatable := a.Task.Spec().Repeatable
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
		v.blame(done)
		return
	}
	v.conclude(a, done)
}

// again lets the act that the station held for be made once more, from its first attempt.
func (v *Visit) again() {
	if v.waits {
		v.waits, v.attempt, v.unknown, v.NOK = false, 0, 0, nil
		v.Repeats++
	}
	v.streak = 0
	if v.To == line.HoldLine {
		v.To = line.ToRework
	}
}

func (v *Visit) conclude(a Act, done line.ActDone) {
	v.acts, v.attempt, v.unknown = v.acts+1, 0, 0
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
	v.worsen(to)
	v.stopped = done.Verdict == line.Unknown || to == line.ToScrap || to == line.HoldLine
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
// camera that looks at a field of joints names the worst one.
func blamed(done line.ActDone) []int {
	var list []int
	for _, m := range done.Measurements {
		if done.Task == line.TaskVision && m.Name == "worstJoint" && m.Value != nil {
			return []int{int(*m.Value)}
		}
		if m.Verdict == line.NOK && m.Index > 0 {
			list = append(list, m.Index)
		}
	}
	if len(list) == 0 && done.Index > 0 {
		list = append(list, done.Index)
	}
	return list
}

func (v *Visit) worsen(to line.Disposition) {
	grave := []line.Disposition{"", line.Continue, line.ToInspect, line.ToReject, line.ToRework, line.HoldLine, line.ToScrap}
	if slices.Index(grave, to) > slices.Index(grave, v.To) {
		v.To = to
	}
}

// quarantine ends the visit: of an act that leaves a mark nobody can say whether it happened.
func (v *Visit) quarantine(q line.ActQuarantined) {
	v.Verdict, v.stopped = line.Unknown, true
	v.Texts = append(v.Texts, q.Task.String()+" of unknown outcome: "+q.Evidence.Why)
	if q.Index > 0 {
		v.NOK = append(v.NOK, q.Index)
	}
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
