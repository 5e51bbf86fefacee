package stations

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"linectl/line"
	"linectl/packml"
)

// Review holds a record of this station against what the station itself makes of the journal before it, and returns what does not
// agree, or "". It changes nothing; ask before Apply.
//
// What devices told and what people asked for is taken as it stands: of a result the judgement is made again, not the values.
func (m *Machine) Review(r line.Record) string {
	switch f := r.Fact.(type) {
	case line.StateChanged:
		return m.reviewState(f)
	case line.Intent:
		return m.reviewIntent(f)
	case line.ActDone:
		if doubt := m.closes(f.Token); doubt != "" {
			return doubt
		}
		return m.reviewResult(f)
	case line.ActRefused:
		return m.closes(f.Token)
	case line.MasterChecked:
		return m.reviewChecked(f)
	case line.ActQuarantined:
		if doubt := m.closes(f.Token); doubt != "" {
			return doubt
		}
		if f.Task.Spec().Repeatable {
			return f.Task.String() + " leaves no mark: it is made again, and quarantines nothing"
		}
	default: // the line's to decide, or told from outside
	}
	return ""
}

// reviewState asks for an edge of PackML's table, or for the state in which a station comes back from a restart.
func (m *Machine) reviewState(f line.StateChanged) string {
	if at := m.ml.State().String(); f.From != at {
		return fmt.Sprintf("it leaves %s, and the station was %s", f.From, at)
	}
	if f.Cause == restarted {
		if want := m.comesBack().String(); f.To != want {
			return fmt.Sprintf("after a restart it is %s, and would come back %s", f.To, want)
		}
		return ""
	}
	for _, e := range packml.Table() {
		if e.From.String() == f.From && e.To.String() == f.To {
			return ""
		}
	}
	return fmt.Sprintf("no command leads from %s to %s", f.From, f.To)
}

// reviewIntent asks for the act that the plan has next, with everything that the recipe gives it. Letting a part go, the reference
// part and a tool service are in no plan.
func (m *Machine) reviewIntent(f line.Intent) string {
	switch {
	case m.next != nil:
		return fmt.Sprintf("%s is asked for while %s is open", f.Name, m.act.Name())
	case m.ml.State() != packml.Execute:
		return fmt.Sprintf("%s is asked for while the station is %s", f.Name, m.ml.State())
	case f.Task == line.TaskRelease && m.closed, f.Task == line.TaskMaster, f.Task == line.TaskServiceTip:
		return ""
	case m.visit == nil:
		return f.Name + " is asked for and no part is there"
	case m.closed:
		return f.Name + " is asked for after the step was closed"
	}
	a, more := m.visit.next(m.kind)
	want := line.Intent{
		Token: f.Token, Device: f.Device, Task: a.Task, Name: a.Name(), Part: a.Part, Index: a.Index, Attempt: m.visit.Attempt(),
		Rework: a.Rework, Params: a.Params, RetainID: f.RetainID, Effects: f.Effects, Within: a.Within, RecipeHash: f.RecipeHash,
		Class: f.Class,
	}
	if m.visit.Recipe != nil {
		want.RecipeHash = m.visit.Recipe.Hash
	}
	switch {
	case !more:
		return f.Name + " is asked for and nothing is left to do"
	case f.Name != want.Name || f.Attempt != want.Attempt:
		return fmt.Sprintf("%s, attempt %d, is asked for; next is %s, attempt %d", f.Name, f.Attempt, want.Name, want.Attempt)
	case len(f.Params) == 0 && len(want.Params) == 0:
		want.Params = f.Params
	}
	if !reflect.DeepEqual(f, want) {
		return f.Name + " is asked for otherwise than the recipe says"
	}
	return ""
}

// closes asks for the open intent's token.
func (m *Machine) closes(t line.Token) string {
	switch {
	case m.next == nil:
		return fmt.Sprintf("it ends act %s and none is open", t)
	case m.next.Token != t:
		return fmt.Sprintf("it ends act %s and %s is open", t, m.next.Token)
	}
	return ""
}

// reviewResult judges the recorded values again, by the limits that the pinned recipe has. Of a reference part the limits are not
// kept in the state, and those in the record are taken: by the same rule, for there is only one.
func (m *Machine) reviewResult(f line.ActDone) string {
	if in := m.next; f.Task != in.Task || f.Index != in.Index || f.Attempt != in.Attempt || f.Rework != in.Rework {
		return fmt.Sprintf("it is of %s %d, attempt %d; asked for was %s, attempt %d", f.Task, f.Index, f.Attempt, in.Name, in.Attempt)
	}
	act := m.act
	if f.Task == line.TaskMaster {
		act.Limits = limitsOf(f.Measurements)
	}
	j := m.judge(act, act.told(f))
	if f.Outcome == line.OutcomeUnknown || f.Outcome == line.OutcomeNone {
		j.Text = f.Text // why the edge could not learn it
	}
	switch {
	case f.Verdict != j.Verdict:
		return fmt.Sprintf("%s is %s, and judged again it is %s: %s", m.act.Name(), f.Verdict, j.Verdict, j.Text)
	case !slices.EqualFunc(f.Measurements, j.Measurements, sameMeasurement):
		return m.act.Name() + ": the limits beside its values are not those of the pinned recipe, or a value of the task is missing"
	case f.Code != j.Code || f.Text != j.Text:
		return fmt.Sprintf("%s says %q %q, and judged again %q %q", m.act.Name(), f.Code, f.Text, j.Code, j.Text)
	}
	return ""
}

// limitsOf returns the limits by which values on record were judged, or nil where none was.
func limitsOf(ms []line.Measurement) (limits []line.Limit) {
	for _, m := range ms {
		if m.Verdict != "" {
			limits = append(limits, m.Limit())
		}
	}
	return limits
}

// reviewChecked asks that a check says of the reference part what was measured of it just before.
func (m *Machine) reviewChecked(f line.MasterChecked) string {
	switch last := m.reference; {
	case last == nil:
		return "a check against the reference part is on record, and none was measured"
	case f.Verdict != last.Verdict:
		return fmt.Sprintf("the check against the reference part is %s, and what was measured of it is %s", f.Verdict, last.Verdict)
	case !slices.EqualFunc(f.Measurements, last.Measurements, sameMeasurement):
		return "the check against the reference part shows other values than were measured"
	}
	return ""
}

func sameMeasurement(a, b line.Measurement) bool { return reflect.DeepEqual(a, b) }

// told is what the device must have told for this to be recorded.
func (a Act) told(f line.ActDone) line.ActFinished {
	e := line.ActFinished{
		Device: f.Device, Token: f.Token, Outcome: f.Outcome, Reason: f.Reason, Part: f.Part, Index: f.Index, EffectCount: f.EffectCount, NoWaveform: f.NoWaveform,
	}
	if f.Waveform != "" {
		e.Waveform = &line.EncodedWaveform{Hash: f.Waveform}
	}
	for i := range e.Values {
		e.Values[i] = float32(math.NaN())
	}
	spec := a.Task.Spec()
	for i := range a.values(e) {
		field, index := spec.Values[min(i, len(spec.Values)-1)], a.Index
		if spec.Repeat > 0 {
			index += i
		}
		for _, m := range f.Measurements {
			if m.Name == field.Name && m.Index == index && m.Value != nil {
				e.Values[i] = float32(*m.Value)
			}
		}
	}
	return e
}

// Closing is what Close would return now. It leaves the visit alone.
func (m *Machine) Closing() line.StepDone {
	was := m.visit
	ahead := *was
	ahead.NOK, ahead.Codes, ahead.Texts = slices.Clone(was.NOK), slices.Clone(was.Codes), slices.Clone(was.Texts)
	m.visit = &ahead
	done := m.Close()
	m.visit = was
	return done
}
