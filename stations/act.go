package stations

import (
	"fmt"
	"math"
	"slices"
	"time"

	"linectl/line"
)

// Act is one thing that a station asks of one of its devices.
type Act struct {
	Role   Role // which device of the station
	Task   line.Task
	Part   string // identity that the device's own scanner must confirm; empty where it reads a new one
	Index  int    // joint, slot, module, screw, position or step; 0 where there is only one
	Rework bool
	Params []line.Quantity
	Limits []line.Limit  // by which the result is judged
	Within time.Duration // how long it may take before the operator is told

	Waveform bool // without the device's waveform the result is UNKNOWN
}

// Role is what a device is to its station, for example the welder of a welding cell.
type Role string

// The roles of the reference line.
const (
	Scanner  Role = "scanner"
	Tester   Role = "tester"
	Robot    Role = "robot"
	Welder   Role = "welder"
	Meter    Role = "meter"
	Vision   Role = "vision"
	PLC      Role = "plc"
	Printer  Role = "printer"
	Terminal Role = "terminal"
)

// Judgement is a result compared with its limits, ready for the record.
type Judgement struct {
	Measurements []line.Measurement
	Verdict      line.Verdict
	Code         string // first NOK code
	Text         string // why it is not OK, in the operator's words
}

// Judge compares what the device answered with what the act asks. A missing value that a limit asks for, a foreign part or a
// device that does not know makes the verdict UNKNOWN, never OK.
func (a Act) Judge(r line.ActFinished) Judgement {
	j := Judgement{Verdict: line.OK}
	if a.Part != "" && r.Part != a.Part {
		j.Verdict = line.Unknown
		j.Text = fmt.Sprintf("the device answered for part %q, asked was %q", r.Part, a.Part)
		return j
	}
	switch r.Outcome {
	case line.OutcomeOK:
	case line.OutcomeNOK:
		j.Verdict, j.Text = line.NOK, fmt.Sprintf("%s: device says NOK, reason %d", a.Name(), r.Reason)
	case line.OutcomeAborted:
		j.Verdict, j.Text = line.Unknown, a.Name()+" was aborted"
	case line.OutcomeUnknown, line.OutcomeNone:
		j.Verdict, j.Text = line.Unknown, a.Name()+": device cannot say how it ended"
	}
	for i, v := range a.values(r) {
		j.add(a.measure(i, float64(v)))
	}
	if r.Outcome == line.OutcomeNOK && j.Verdict == line.Unknown && !slices.ContainsFunc(j.Measurements, implausible) {
		j.Verdict = line.NOK // the device itself says so, and need not show more
	}
	if a.Waveform && r.Waveform == nil {
		j.lacksWaveform(a, r.NoWaveform)
	}
	return j
}

// lacksWaveform makes a result UNKNOWN for which the recipe asks for a waveform that is missing. What was measured keeps its own
// verdicts (docs/adr/0020-a-missing-waveform.md).
func (j *Judgement) lacksWaveform(a Act, why string) {
	if why == "" {
		why = "the device offers none"
	}
	j.Verdict = j.Verdict.Worse(line.Unknown)
	if j.Text == "" {
		j.Text = fmt.Sprintf("%s: waveform missing: %s", a.Name(), why)
	}
}

// values cuts the result block to what the task measures.
func (a Act) values(r line.ActFinished) []float32 {
	spec := a.Task.Spec()
	n := len(spec.Values)
	if spec.Repeat > 0 {
		n = min(spec.Repeat, max(1, int(a.param("count", 1))))
	}
	return r.Values[:n]
}

// measure makes the measurement of the i-th value. An act that stands for several joints numbers them from its index.
func (a Act) measure(i int, v float64) (line.Measurement, bool) {
	spec := a.Task.Spec()
	field, index := spec.Values[min(i, len(spec.Values)-1)], a.Index
	if spec.Repeat > 0 {
		index += i
	}
	k := slices.IndexFunc(a.Limits, func(l line.Limit) bool { return l.Name == field.Name })
	if k >= 0 {
		return a.Limits[k].Measure(index, v), true
	}
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return line.Measurement{}, false // not asked for and not measured
	}
	return line.Measurement{Name: field.Name, Index: index, Value: &v, Unit: field.Unit}, true
}

// implausible reports whether a reading was shown that no instrument can have made.
func implausible(m line.Measurement) bool { return m.Verdict == line.Unknown && m.Value != nil }

func (j *Judgement) add(m line.Measurement, measured bool) {
	if !measured {
		return
	}
	j.Measurements = append(j.Measurements, m)
	if m.Verdict == "" || m.Verdict == line.OK {
		return
	}
	j.Verdict = j.Verdict.Worse(m.Verdict)
	if j.Code == "" {
		j.Code = m.Code
	}
	if j.Text == "" {
		j.Text = m.String()
	}
}

// Name says the act in words: "laser weld 12".
func (a Act) Name() string {
	if a.Index == 0 {
		return a.Task.String()
	}
	return fmt.Sprintf("%s %d", a.Task, a.Index)
}

func (a Act) param(name string, otherwise float64) float64 {
	for _, p := range a.Params {
		if p.Name == name {
			return p.Value
		}
	}
	return otherwise
}

// retests returns how often the act may be repeated for these measurements: the smallest budget of the limits that are not met.
// An act that leaves a mark is never repeated by itself.
func (a Act) retests(ms []line.Measurement) int {
	if !a.Task.Spec().Repeatable {
		return 0
	}
	budget := -1
	for _, m := range ms {
		if m.Verdict != line.NOK {
			continue
		}
		for _, l := range a.Limits {
			if l.Name == m.Name && (budget < 0 || l.Retest < budget) {
				budget = l.Retest
			}
		}
	}
	return max(budget, 0)
}

// disposition returns the gravest disposition that the limits name for the measurements that are not met.
func (a Act) disposition(ms []line.Measurement) line.Disposition {
	worst := line.Continue
	for _, m := range ms {
		if m.Verdict != line.NOK {
			continue
		}
		for _, l := range a.Limits {
			if l.Name == m.Name {
				worst = graver(worst, l.Disposition)
			}
		}
	}
	return worst
}

// gravity orders the dispositions.
var gravity = []line.Disposition{"", line.Continue, line.ToInspect, line.ToReject, line.ToRework, line.HoldLine, line.ToScrap}

// graver returns the graver of two dispositions.
func graver(a, b line.Disposition) line.Disposition {
	if slices.Index(gravity, b) > slices.Index(gravity, a) {
		return b
	}
	return a
}

// Ref names the act within its step's plan.
func (a Act) Ref() line.ActRef { return line.ActRef{Task: a.Task, Index: a.Index} }
