// Package alarms keeps the alarms of a line as a pure value: raised, cleared, acknowledged, confirmed, commented, shelved,
// suppressed, latched and repeated after ISA-18.2 and OPC 10000-9, and grouped behind the first one out, so that one fault is one
// alarm to the operator. It also measures how good the alarms themselves are.
//
// It decides nothing about when a fault stands and is no safety function: it neither stops nor resets anything.
package alarms

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"linectl/line"
)

// Window is how long after a station's first alarm others of the same station count as its consequence.
const Window = 2 * time.Second

// maxBranches is how many past occurrences of one alarm are listed one by one. The last of them stands for those beyond.
const maxBranches = 16

// Alarm is one occurrence of an alarm and where it stands.
type Alarm struct {
	line.AlarmRaised
	Station      line.StationID
	Occurrence   int  // it is the n-th time of this alarm, from 1
	Branch       bool // past: the alarm has come again, and nobody has acknowledged this one
	Repeats      int  // branch: it stands for so many occurrences before it too
	Since        time.Time
	Announced    time.Time // when the operator was last told: raised, back in sight, or repeated
	Changed      time.Time
	Active       bool
	Acknowledged bool
	Confirmed    bool   // true also where no confirmation is asked for
	Latched      bool   // stays until it is reset
	SeenBy       string // who acknowledged it
	Comment      string
	CommentBy    string
	Shelf        *line.AlarmShelved // nil unless shelved
	Suppressed   string             // why it means nothing now; empty where it does
	OutOfService bool
	order        int // of raising, over all alarms
}

// open reports whether the occurrence still wants something: its cause is there, or a person has something to do.
func (a Alarm) open() bool { return a.Active || !a.Acknowledged || !a.Confirmed || a.Latched }

// point is one alarm over all its occurrences.
type point struct {
	last     Alarm // the present or last occurrence; never a branch
	branches []Alarm
}

func (p *point) listed() bool {
	return p.last.open() || p.last.Shelf != nil || p.last.OutOfService || p.last.Suppressed != ""
}

// Book holds every alarm that was ever raised, as a fold of its records. The zero Book is empty and ready.
type Book struct {
	points map[string]*point
	raised int
}

// Active reports whether the alarm is raised and its cause not gone.
func (b *Book) Active(id string) bool {
	p := b.points[id]
	return p != nil && p.last.Active
}

// Open reports whether an occurrence of the alarm, the present or a past one, still wants something.
func (b *Book) Open(id string) bool {
	p := b.points[id]
	return p != nil && (p.last.open() || len(p.branches) > 0)
}

// Find returns the present or last occurrence of an alarm that was ever raised.
func (b *Book) Find(id string) (Alarm, bool) {
	p := b.points[id]
	if p == nil {
		return Alarm{}, false
	}
	return p.last, true
}

// All returns the alarm list in the order in which the alarms were raised: open occurrences, past ones as branches, and alarms
// that are shelved, suppressed or out of service. It shares nothing that the Book changes.
func (b *Book) All() []Alarm {
	listed := b.presents()
	for _, p := range b.points {
		for i := range p.branches {
			listed = append(listed, &p.branches[i])
		}
	}
	slices.SortFunc(listed, byOrder)
	var all []Alarm
	for _, a := range listed {
		all = append(all, *a)
	}
	return all
}

func byOrder(x, y *Alarm) int { return cmp.Compare(x.order, y.order) }

// Raised returns the active alarms whose identity begins so, in the order of raising.
func (b *Book) Raised(prefix string) []line.AlarmRaised {
	var all []line.AlarmRaised
	for _, a := range b.presents() {
		if a.Active && strings.HasPrefix(a.Alarm, prefix) {
			all = append(all, a.AlarmRaised)
		}
	}
	return all
}

// Prepare fills in the alarm's group: the first active alarm of the same station within Window before now, if there is one. Alarms
// of the line itself, of no station, do not follow from each other, and one that only warns follows from nothing: it says what comes.
// It reports false when the alarm is active already, so that raising again is no event.
func (b *Book) Prepare(now time.Time, station line.StationID, a line.AlarmRaised) (line.AlarmRaised, bool) {
	if b.Active(a.Alarm) {
		return a, false
	}
	if a.Severity <= line.SeverityLow {
		return a, true
	}
	var first *Alarm
	for _, p := range b.points {
		l := &p.last
		if l.Active && station != "" && l.Station == station && l.Group == "" && now.Sub(l.Since) <= Window && (first == nil || l.order < first.order) {
			first = l
		}
	}
	if first != nil {
		a.Group = first.Alarm
	}
	return a, true
}

// Apply follows the record of an alarm. Other records are none of its business.
func (b *Book) Apply(r line.Record) {
	switch f := r.Fact.(type) {
	case line.AlarmRaised:
		b.applyRaised(r, f)
	case line.AlarmCleared:
		b.change(r, f.Alarm, func(a *Alarm) { a.Active = false })
	case line.AlarmAcknowledged:
		b.each(r, f.Alarm, f.Occurrence, func(a *Alarm) { a.Acknowledged, a.SeenBy = true, f.By; a.note(f.By, f.Comment) })
	case line.AlarmConfirmed:
		b.each(r, f.Alarm, f.Occurrence, func(a *Alarm) { a.Confirmed = true; a.note(f.By, f.Comment) })
	case line.AlarmCommented:
		if f.Occurrence == 0 {
			b.change(r, f.Alarm, func(a *Alarm) { a.note(f.By, f.Comment) })
			return
		}
		b.each(r, f.Alarm, f.Occurrence, func(a *Alarm) { a.note(f.By, f.Comment) })
	case line.AlarmShelved:
		b.change(r, f.Alarm, func(a *Alarm) { a.Shelf = &f })
	case line.AlarmUnshelved:
		b.change(r, f.Alarm, func(a *Alarm) { a.Shelf, a.Announced = nil, r.At })
	case line.AlarmSuppressed:
		b.change(r, f.Alarm, func(a *Alarm) { a.Suppressed = f.Why })
	case line.AlarmUnsuppressed:
		b.change(r, f.Alarm, func(a *Alarm) { a.Suppressed, a.Announced = "", r.At })
	case line.AlarmReset:
		b.change(r, f.Alarm, func(a *Alarm) { a.Latched = false })
	case line.AlarmRepeated:
		b.change(r, f.Alarm, func(a *Alarm) { a.Acknowledged, a.SeenBy, a.Announced = false, "", r.At })
	case line.AlarmOutOfService:
		b.change(r, f.Alarm, func(a *Alarm) { a.OutOfService, a.Announced = !f.Back, r.At })
	default: // not an alarm
	}
}

func (b *Book) applyRaised(r line.Record, f line.AlarmRaised) {
	if b.points == nil {
		b.points = map[string]*point{}
	}
	p := b.points[f.Alarm]
	if p == nil {
		p = new(point)
		p.last.Acknowledged, p.last.Confirmed = true, true
		b.points[f.Alarm] = p
	}
	p.branch()
	b.raised++
	was := p.last
	p.last = Alarm{
		AlarmRaised: f, Station: r.Station, Occurrence: was.Occurrence + 1, Since: r.At, Announced: r.At, Changed: r.At, Active: true,
		Confirmed: !f.Confirm, Latched: f.Latch, Shelf: was.Shelf, Suppressed: was.Suppressed, OutOfService: was.OutOfService, order: b.raised,
	}
}

// branch keeps the last occurrence as a past one if nobody has acknowledged or confirmed it.
func (p *point) branch() {
	if p.last.Acknowledged && p.last.Confirmed {
		return
	}
	past := p.last
	past.Branch, past.Active, past.Latched = true, false, false
	past.Shelf, past.Suppressed, past.OutOfService = nil, "", false
	if n := len(p.branches); n == maxBranches {
		past.Repeats = p.branches[n-1].Repeats + past.Occurrence - p.branches[n-1].Occurrence
		p.branches = p.branches[:n-1]
	}
	p.branches = append(p.branches, past)
}

func (a *Alarm) note(by, comment string) {
	if comment != "" {
		a.Comment, a.CommentBy = comment, by
	}
}

// change changes the present occurrence. Records of an alarm that was never raised are not ours to judge: they change nothing.
func (b *Book) change(r line.Record, id string, f func(*Alarm)) {
	if p := b.points[id]; p != nil {
		f(&p.last)
		p.last.Changed = r.At
	}
}

// each changes one occurrence, or all of them when it is 0, and lets go of the past ones that want nothing any more.
func (b *Book) each(r line.Record, id string, occurrence int, f func(*Alarm)) {
	p := b.points[id]
	if p == nil {
		return
	}
	for i := range p.branches {
		if a := &p.branches[i]; occurrence == 0 || occurrence == a.Occurrence {
			f(a)
			a.Changed = r.At
		}
	}
	p.branches = slices.DeleteFunc(p.branches, func(a Alarm) bool { return !a.open() })
	if occurrence == 0 || occurrence == p.last.Occurrence {
		f(&p.last)
		p.last.Changed = r.At
	}
}
