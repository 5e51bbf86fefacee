package alarms

import (
	"time"

	"linectl/line"
)

// Meter counts alarms as they come, in the figures of AlarmMetricsType of OPC 10000-9. Unlike Measure it needs no history and
// keeps little; like the Book it is a fold of the records. The zero Meter has seen nothing.
type Meter struct {
	since   time.Time
	count   int
	maximum int
	active  time.Duration
	unseen  time.Duration
	repeats int
	last    telling
	minutes [10]minute
}

// minute is how many alarms were annunciated in one minute, by its number since 1970.
type minute struct {
	number int64
	count  int
}

// Begin says since when alarms are counted; only the first time counts.
func (m *Meter) Begin(at time.Time) {
	if m.since.IsZero() {
		m.since = at
	}
}

// Follow applies the record to the book and counts what it did.
func (m *Meter) Follow(b *Book, r line.Record) {
	id := alarmOf(r.Fact)
	before, _ := b.Find(id)
	b.Apply(r)
	after, known := b.Find(id)
	if id == "" || !known {
		return
	}
	m.Begin(r.At)
	if before.Active && !after.Active {
		m.active = max(m.active, r.At.Sub(after.Since))
	}
	if !before.Acknowledged && after.Acknowledged && before.Alarm != "" {
		m.unseen = max(m.unseen, r.At.Sub(after.Announced))
	}
	switch r.Fact.(type) {
	case line.AlarmRepeated:
		m.repeats++
	case line.AlarmSuppressed: // raised into suppression in the same moment: nobody was told
		if m.last.alarm == id && m.last.at.Equal(r.At) {
			m.tell(r.At, -1)
			m.last = telling{}
		}
	default: // seen below
	}
	if tells(before, after) {
		m.tell(r.At, 1)
		m.last = telling{at: r.At, alarm: id}
	}
}

// tells reports whether an operator was told by what happened between the two. What follows from a first-out alarm is shown
// under it and does not count.
func tells(before, after Alarm) bool {
	return after.State() == Unacknowledged && (before.State() != Unacknowledged || before.Occurrence != after.Occurrence) && after.Group == ""
}

func (m *Meter) tell(at time.Time, n int) {
	number := at.Unix() / 60
	slot := &m.minutes[number%int64(len(m.minutes))]
	if slot.number != number {
		*slot = minute{number: number}
	}
	slot.count += n
	m.count += n
	m.maximum = max(m.maximum, m.lately(at))
}

// lately counts the last ten minutes, by whole minutes of the clock.
func (m *Meter) lately(now time.Time) (n int) {
	for _, slot := range m.minutes {
		if age := now.Unix()/60 - slot.number; age >= 0 && age < int64(len(m.minutes)) {
			n += slot.count
		}
	}
	return n
}

// Metrics returns the figures as of now. What still stands, and what nobody has acknowledged yet, counts with its time so far.
func (m *Meter) Metrics(now time.Time, b *Book) line.AlarmMetrics {
	out := line.AlarmMetrics{
		Since: m.since, Count: m.count, CurrentRate: m.lately(now), MaximumRate: m.maximum, MaximumActive: m.active, MaximumUnacknowledged: m.unseen,
		Repeats: m.repeats,
	}
	if span := now.Sub(m.since); m.count > 0 && span > 0 {
		out.AverageRate = float64(m.count) / max(1, span.Minutes()/10)
	}
	for _, a := range b.presents() {
		if a.Active {
			out.MaximumActive = max(out.MaximumActive, now.Sub(a.Since))
		}
		if !a.Acknowledged {
			out.MaximumUnacknowledged = max(out.MaximumUnacknowledged, now.Sub(a.Announced))
		}
	}
	return out
}
