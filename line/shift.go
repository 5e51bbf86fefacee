package line

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// ShiftPlan says when shifts begin: the same times every day, by the clock on the wall of a time zone. The zero plan is three shifts
// in UTC.
type ShiftPlan struct {
	Zone   *time.Location // nil = UTC
	Starts []ClockTime    // at least one unless the plan is zero
}

// ClockTime is a time of day in minutes since midnight, 0 to 1439.
type ClockTime int

func (c ClockTime) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// ParseClockTime reads a time of day such as 06:00.
func ParseClockTime(s string) (ClockTime, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day; want the form 06:00", s)
	}
	return ClockTime(60*t.Hour() + t.Minute()), nil
}

// usualStarts are the starts of a plan that says nothing.
var usualStarts = []ClockTime{6 * 60, 14 * 60, 22 * 60}

// Shift is one shift of a plan: from Began, and up to but without Ends.
type Shift struct {
	Name  string // "23 Nov 06:00 to 14:00", by the clock on the wall
	Began time.Time
	Ends  time.Time
}

// Holds reports whether a moment belongs to the shift.
func (s Shift) Holds(t time.Time) bool { return !t.Before(s.Began) && t.Before(s.Ends) }

// At returns the shift to which a moment belongs.
func (p ShiftPlan) At(t time.Time) Shift {
	zone, starts := p.Zone, p.Starts
	if zone == nil {
		zone = time.UTC
	}
	if len(starts) == 0 {
		starts = usualStarts
	}
	year, month, day := t.In(zone).Date()
	var begins []time.Time
	for d := day - 1; d <= day+2; d++ { // tomorrow's second start too: a change of the clock may swallow one
		for _, c := range starts {
			begins = append(begins, time.Date(year, month, d, int(c)/60, int(c)%60, 0, 0, zone))
		}
	}
	slices.SortFunc(begins, time.Time.Compare)
	begins = slices.CompactFunc(begins, time.Time.Equal)
	next := slices.IndexFunc(begins, func(b time.Time) bool { return b.After(t) })
	began, ends := begins[next-1], begins[next]
	return Shift{Name: began.Format("2 Jan 15:04") + " to " + ends.Format("15:04"), Began: began.UTC(), Ends: ends.UTC()}
}

// Working is what a station does with its time after ISO 22400-2, as its PackML state says it.
type Working uint8

// The ways to spend time while something is ordered.
const (
	Down   Working = iota // held, aborted, stopped, or on the way out of it: the station's own loss
	Waits                 // suspended
	Works                 // execute, and what leads into it and out of it
	StayAs                // a state on the way back: what was before goes on
)

// WorkingIn says how a station spends its time in a PackML state. A name that is no state is Down: a person must look.
func WorkingIn(state string) Working {
	switch state {
	case "Execute", "Starting", "Completing":
		return Works
	case "Suspending", "Suspended":
		return Waits
	case "Unsuspending", "Unholding":
		return StayAs
	}
	return Down
}

// NotStarted and Restarted are the causes of a loss that no change of state names.
const (
	NotStarted = "not started yet"
	Restarted  = "supervisor restarted"
)

// NothingToRework is why a bench waits when all is well.
const NothingToRework = "nothing to rework"

// IsLoss reports whether a station that does not work for this cause loses anything: a bench without work does not.
func IsLoss(cause string) bool { return cause != NothingToRework }

// OwnLoss reports whether a station that waits loses the time by itself: it wants material or a person, and not a part from its
// neighbours, room at them, or an order.
func OwnLoss(cause string) bool {
	for _, other := range []string{"starved", "blocked by ", "no part has come", "no order "} {
		if strings.HasPrefix(cause, other) {
			return false
		}
	}
	return true
}

// Effort is what a station did in a span of time, by which it is measured.
type Effort struct {
	Work     time.Duration `json:"work"`     // actual production time (APT)
	Planned  time.Duration `json:"planned"`  // planned busy time (PBT): while something was ordered
	Produced int           `json:"produced"` // PQ
	Good     int           `json:"good"`     // GQ
}

// Figures returns availability APT/PBT, effectiveness PRI·PQ/APT and quality ratio GQ/PQ after ISO 22400-2. The planned run time an
// item (PRI) is the takt. What cannot be told is -1.
func (e Effort) Figures(takt time.Duration) (availability, effectiveness, quality float64) {
	availability, effectiveness, quality = -1, -1, -1
	if e.Planned > 0 {
		availability = float64(e.Work) / float64(e.Planned)
	}
	if e.Work > 0 && takt > 0 {
		effectiveness = float64(takt) * float64(e.Produced) / float64(e.Work)
	}
	if e.Produced > 0 {
		quality = float64(e.Good) / float64(e.Produced)
	}
	return availability, effectiveness, quality
}

// SortLosses puts the longest loss first. Equals stand by station and cause, so that the order is one.
func SortLosses(losses []Loss) {
	slices.SortFunc(losses, func(a, b Loss) int {
		switch {
		case a.For != b.For:
			return int(max(-1, min(1, b.For-a.For)))
		case a.Station != b.Station:
			return strings.Compare(string(a.Station), string(b.Station))
		}
		return strings.Compare(a.Cause, b.Cause)
	})
}
