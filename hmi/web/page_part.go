package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/line"
)

var partPage = Page{
	Name: "part", Path: "/part", Title: "Part", Data: func(v *View) any { return partActs(v) },
	Read: func(ctx context.Context, ask asker, v *View) (any, error) { return readPart(ctx, ask, v) }, Again: 15 * time.Second,
}

// partActions is what a person can do to the pack that the page shows.
type partActions struct {
	Hold, Release, Rework, Scrap Button
}

func partActs(v *View) *partActions {
	id := v.Query.Get("id")
	if v.Leaf != nil {
		if p, ok := v.Leaf.Data.(*part); ok {
			id = p.Pack
		}
	}
	return actsOn(v, id)
}

// actsOn returns the buttons for what a person can do to a pack, or to a lot.
func actsOn(v *View, id string) *partActions {
	return &partActions{
		Hold: v.Ask("Line.HoldPart", v.T("Hold this pack")).With("Subject", id).
			Asking(v.T("Keep {} from going on? Say why: whoever releases it reads that.", id), true),
		Release: v.Ask("Line.ReleasePart", v.T("End the hold")).With("Subject", id).Asking(v.T("End the hold of {}? Say what was found.", id), true),
		Rework: v.Ask("Line.DecideRework", v.T("Rework")).With("Pack", id).With("Scrap", "false").
			Asking(v.T("Rework {}? Say why.", id), true),
		Scrap: v.Ask("Line.DecideRework", v.T("Scrap")).With("Pack", id).With("Scrap", "true").
			Asking(v.T("Scrap {}? It never becomes a good pack again. Say why.", id), true).asGrave(),
	}
}

// asGrave returns the button drawn apart from the others.
func (b Button) asGrave() Button {
	b.Grave = true
	return b
}

// part is a dossier as the page shows it.
type part struct {
	dossier
	Gone    bool // it is no more on the line: what is not there now is missing
	Took    string
	Rows    []partStep
	Map     *jointMap
	Joint   *joint
	Tests   []test
	Bad     []attemptRecord // acts that were not good
	Placed  int             // cells
	Reading string          // of the downloads
}

// partStep is a step with how often it was tried.
type partStep struct {
	stepRecord
	Tries int
}

func readPart(ctx context.Context, ask asker, v *View) (*part, error) {
	p := &part{}
	if err := ask.whole(ctx, &p.dossier, "Line.ReadPart", v.Query.Get("id")); err != nil {
		return nil, err
	}
	p.Gone = p.Ended != nil
	until := v.Now
	if p.Gone {
		until = *p.Ended
	}
	p.Took = v.Span(until.Sub(p.Begun))
	tries := map[string]int{}
	for _, s := range p.Steps {
		tries[s.Step]++
		p.Rows = append(p.Rows, partStep{s, tries[s.Step]})
	}
	for _, m := range p.Modules {
		for _, c := range m.Cells {
			p.Placed += order(c.Placed != "")
		}
	}
	for _, a := range p.Attempts {
		if a.Verdict == string(line.NOK) || a.Verdict == string(line.Unknown) {
			p.Bad = append(p.Bad, a)
		}
	}
	p.Tests = endOfLine(p.Attempts)
	p.Map = mapJoints(&p.dossier)
	p.Reading = url.Values{"id": {p.Pack}}.Encode()
	if n, err := strconv.Atoi(v.Query.Get("joint")); err == nil {
		p.Joint = p.lookAt(ctx, ask, v, n)
	}
	return p, nil
}

// firstTest and lastTest are the numbers of the tasks at the end of the line.
const firstTest, lastTest = int(line.EOLStep1), int(line.EOLStep1) + 16

// test is one value of the end of the line beside its limits.
type test struct {
	Name, What string // of the test and of the value in it
	Value      string
	Limits     string
	Verdict    string
	Bar        deviation
}

func endOfLine(all []attemptRecord) []test {
	last := map[int]attemptRecord{}
	for _, a := range all {
		if a.Task >= firstTest && a.Task <= lastTest {
			last[a.Task] = a // a later one stands for those before it
		}
	}
	acts := make([]attemptRecord, 0, len(last))
	for _, a := range last {
		acts = append(acts, a)
	}
	slices.SortFunc(acts, func(a, b attemptRecord) int { return cmp.Compare(a.Task, b.Task) })
	var list []test
	for _, a := range acts {
		for _, m := range a.Measurements {
			if m.LSL == nil && m.USL == nil {
				continue // noted beside, and judged by nothing
			}
			list = append(list, test{Name: a.Name, What: m.Name, Value: measured(m), Limits: within(m), Verdict: string(m.Verdict), Bar: deviate(m)})
		}
	}
	return list
}

// deviation is a value on a scale of 0 to 100 with its limits on it.
type deviation struct {
	From, To float64 // what is within limits
	At       float64
	None     bool
	Out      bool
}

// The scale of a deviation: limits that are on both sides stand here, so that what is outside has room.
const scaleLow, scaleHigh, scaleEnd = 20.0, 80.0, 98.0

func deviate(m line.Measurement) deviation {
	d := deviation{From: scaleLow, To: scaleHigh, None: m.Value == nil, Out: m.Verdict != line.OK}
	if d.None {
		return d
	}
	value := *m.Value
	switch {
	case m.LSL != nil && m.USL != nil && *m.LSL == *m.USL:
		d.From, d.To, d.At = 48, 52, 50
		if value != *m.LSL {
			d.At = scaleEnd
		}
	case m.LSL != nil && m.USL != nil:
		d.At = scaleLow + (value-*m.LSL)/(*m.USL-*m.LSL)*(scaleHigh-scaleLow)
	case m.LSL != nil:
		d.To, d.At = 100, scaleLow+(scaleHigh-scaleLow)*share(value-*m.LSL, *m.LSL)
	case m.USL != nil:
		d.From, d.At = 0, scaleHigh-(scaleHigh-scaleLow)*share(*m.USL-value, *m.USL)
	}
	d.At = min(max(d.At, 100-scaleEnd), scaleEnd)
	return d
}

// share is a distance in parts of a limit, or of one where the limit is nought.
func share(distance, limit float64) float64 {
	if limit == 0 {
		return distance
	}
	return distance / max(limit, -limit)
}

// MeasuredOf returns a value that a cell's last grading has measured, by its name.
func (v *View) MeasuredOf(c cellRecord, name string) string {
	if len(c.Gradings) == 0 {
		return ""
	}
	for _, m := range c.Gradings[len(c.Gradings)-1].Measurements {
		if m.Name == name {
			return measured(m)
		}
	}
	return ""
}

// Quantity writes an amount with its unit.
func (v *View) Quantity(value float64, unit string) string { return quantity(value, unit) }

// Integers writes a list of numbers.
func (v *View) Integers(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}

// When writes a moment that may not have come.
func (v *View) When(t *time.Time) string {
	if t == nil {
		return ""
	}
	return v.Clock(*t)
}

// Wide is how wide what is within limits is.
func (d deviation) Wide() float64 { return d.To - d.From }
