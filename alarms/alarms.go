// Package alarms keeps the alarms of a line as a pure value: raised, cleared, acknowledged, and grouped behind the first one
// out, so that one fault is one alarm to the operator.
//
// It decides nothing about when to raise and is no safety function: it neither stops nor resets anything.
package alarms

import (
	"slices"
	"time"

	"linectl/line"
)

// Window is how long after a station's first alarm others of the same station count as its consequence.
const Window = 2 * time.Second

// Alarm is one alarm and where it stands.
type Alarm struct {
	line.AlarmRaised
	Station      line.StationID
	Since        time.Time
	Active       bool
	Acknowledged bool
}

// Book holds the alarms that are active or not yet acknowledged. The zero Book is empty and ready.
type Book struct {
	alarms []Alarm // in the order they were raised
}

// Active reports whether the alarm is raised and its cause not gone.
func (b *Book) Active(id string) bool {
	i := b.index(id)
	return i >= 0 && b.alarms[i].Active
}

// Open reports whether the alarm is in the book: active, or not acknowledged.
func (b *Book) Open(id string) bool { return b.index(id) >= 0 }

// All returns the alarms in the order they were raised. The caller must not change them.
func (b *Book) All() []Alarm { return b.alarms }

// Prepare fills in the alarm's group: the first active alarm of the same station within Window before now, if there is one.
// It reports false when the alarm is active already, so that raising again is no event.
func (b *Book) Prepare(now time.Time, station line.StationID, a line.AlarmRaised) (line.AlarmRaised, bool) {
	if b.Active(a.Alarm) {
		return a, false
	}
	for _, first := range b.alarms {
		if first.Active && first.Station == station && first.Group == "" && now.Sub(first.Since) <= Window {
			a.Group = first.Alarm
			break
		}
	}
	return a, true
}

// Apply follows the record of an alarm. Other records are none of its business.
func (b *Book) Apply(r line.Record) {
	switch f := r.Fact.(type) {
	case line.AlarmRaised:
		b.drop(f.Alarm)
		b.alarms = append(b.alarms, Alarm{AlarmRaised: f, Station: r.Station, Since: r.At, Active: true})
	case line.AlarmCleared:
		if i := b.index(f.Alarm); i >= 0 {
			b.alarms[i].Active = false
			b.prune(i)
		}
	case line.AlarmAcknowledged:
		if i := b.index(f.Alarm); i >= 0 {
			b.alarms[i].Acknowledged = true
			b.prune(i)
		}
	default: // not an alarm
	}
}

func (b *Book) index(id string) int {
	return slices.IndexFunc(b.alarms, func(a Alarm) bool { return a.Alarm == id })
}

func (b *Book) drop(id string) {
	b.alarms = slices.DeleteFunc(b.alarms, func(a Alarm) bool { return a.Alarm == id })
}

// prune removes an alarm that is both gone and seen.
func (b *Book) prune(i int) {
	if !b.alarms[i].Active && b.alarms[i].Acknowledged {
		b.alarms = slices.Delete(b.alarms, i, i+1)
	}
}
