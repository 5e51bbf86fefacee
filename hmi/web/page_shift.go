package web

import (
	"context"
	"time"
)

var shiftPage = Page{
	Name: "shift", Path: "/shift", Title: "Shift", More: true, Data: func(*View) any { return struct{}{} },
	Read: func(ctx context.Context, ask asker, v *View) (any, error) { return readShift(ctx, ask, v) }, Again: 15 * time.Second,
}

// formTime is how a browser's field for a moment writes it: in the zone of linectl's computer.
const formTime = "2006-01-02T15:04"

// shiftReport is what happened in a span of time.
type shiftReport struct {
	From        time.Time `json:"from"`
	To          time.Time `json:"to"`
	Begun       int       `json:"begun"`
	Released    int       `json:"released"`
	Scrapped    int       `json:"scrapped"`
	Quarantined int       `json:"quarantined"`
	FirstPass   int       `json:"first_pass"`
	Products    []struct {
		Product     string `json:"product"`
		Released    int    `json:"released"`
		Scrapped    int    `json:"scrapped"`
		Quarantined int    `json:"quarantined"`
		FirstPass   int    `json:"first_pass"`
	} `json:"products"`
	Stations []struct {
		Station   string `json:"station"`
		Processed int    `json:"processed"`
		Defective int    `json:"defective"`
	} `json:"stations"`
	NOK []struct {
		Station string `json:"station"`
		Code    string `json:"code"`
		Verdict string `json:"verdict"`
		Count   int    `json:"count"`
		Packs   int    `json:"packs"`
	} `json:"nok"`
	Alarms []struct {
		Alarm   string  `json:"alarm"`
		Station string  `json:"station"`
		Text    string  `json:"text"`
		Count   int     `json:"count"`
		Active  float64 `json:"active_s"`
	} `json:"alarms"`
	Losses []shiftLoss `json:"losses"`

	Name       string // of the present shift; empty for another span
	Plan       int    // of the present shift, 0 if there is none
	Since, Til string // for the form
	Own, Other []shiftLoss
}

// shiftLoss is what a station lost time to. Share is its part of the longest loss, in percent.
type shiftLoss struct {
	Station string  `json:"station"`
	Cause   string  `json:"cause"`
	Mine    bool    `json:"own"`
	Seconds float64 `json:"seconds"`
	Times   int     `json:"times"`
	Share   int     `json:"-"`
	For     string  `json:"-"`
}

// lossesShown is how many losses of each kind are shown.
const lossesShown = 10

func readShift(ctx context.Context, ask asker, v *View) (*shiftReport, error) {
	s := &shiftReport{}
	from, errFrom := time.ParseInLocation(formTime, v.Query.Get("from"), time.Local)
	to, errTo := time.ParseInLocation(formTime, v.Query.Get("to"), time.Local)
	if errFrom != nil || errTo != nil {
		if !v.Has("Line.ShiftName") {
			return nil, errNotHere // the line has not said yet when its shift began
		}
		from, to = v.Moment("Line.ShiftBegan"), v.Now
		if from.IsZero() {
			from = v.Now.Add(-8 * time.Hour)
		}
		s.Name, s.Plan = v.Name("Line.ShiftName"), v.Whole("Line.ShiftPlan")
	}
	if _, err := ask.page(ctx, s, "Line.ReadShift", from.UTC(), to.UTC()); err != nil {
		return nil, err
	}
	s.From, s.To, s.Since, s.Til = from, to, from.Local().Format(formTime), to.Local().Format(formTime)
	longest := 1.0
	for _, l := range s.Losses {
		longest = max(longest, l.Seconds)
	}
	for _, l := range s.Losses {
		l.Share, l.For = v.Percent(l.Seconds, longest), v.Span(time.Duration(l.Seconds*float64(time.Second)))
		if l.Mine && len(s.Own) < lossesShown {
			s.Own = append(s.Own, l)
		} else if !l.Mine && len(s.Other) < lossesShown {
			s.Other = append(s.Other, l)
		}
	}
	return s, nil
}

// Bad is how many packs did not become good.
func (s *shiftReport) Bad() int { return s.Scrapped + s.Quarantined }

// FirstPassOf is the share of the packs that ended which were good at once, in percent.
func (s *shiftReport) FirstPassOf() int {
	return 100 * s.FirstPass / max(s.Released+s.Bad(), 1)
}

// Seconds writes a time that is given in seconds.
func (v *View) Seconds(s float64) string { return v.Span(time.Duration(s * float64(time.Second))) }

// Float is a count as a number to reckon with.
func (v *View) Float(n int) float64 { return float64(n) }
