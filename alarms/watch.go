package alarms

import (
	"slices"
	"time"

	"linectl/line"
)

// Standing is a fault that stands now, as the line or a station says it.
type Standing struct {
	Station line.StationID
	Pack    line.PackID // in work there, empty where none is
	Alarm   line.AlarmRaised
}

// Watch compares the faults that stand with the Book and says what has happened. It remembers only how long a cause has stood
// or been gone while a delay runs; a restart begins such a delay anew and loses no alarm.
type Watch struct {
	table []Definition
	came  map[string]time.Time // not raised yet: the on-delay runs
	gone  map[string]time.Time // not cleared yet: the off-delay runs
}

// NewWatch makes a Watch that treats alarms as the table says. An alarm that is not in the table is raised as it is.
func NewWatch(table []Definition) *Watch {
	return &Watch{table: table, came: map[string]time.Time{}, gone: map[string]time.Time{}}
}

// Look hands every record that is due to record, which must apply it to the Book before it returns: the next one may depend on
// it. The order is: what came, then, alarm by alarm in the order of raising, what went, returned, or stood too long.
func (w *Watch) Look(now time.Time, b *Book, standing []Standing, at func(line.StationID) Circumstance, record func(line.Record)) {
	here := make(map[string]bool, len(standing))
	for _, s := range standing {
		here[s.Alarm.Alarm] = true
		w.raise(now, b, s, record)
	}
	for id := range w.came {
		if !here[id] {
			delete(w.came, id)
		}
	}
	for _, a := range b.presents() {
		w.attend(now, b, a.Alarm, here[a.Alarm], at(a.Station), record)
	}
}

func (w *Watch) raise(now time.Time, b *Book, s Standing, record func(line.Record)) {
	id := s.Alarm.Alarm
	delete(w.gone, id)
	if b.Active(id) {
		return
	}
	d, known := find(w.table, id)
	if _, runs := w.came[id]; !runs {
		w.came[id] = now
	}
	if now.Sub(w.came[id]) < d.OnDelay {
		return
	}
	delete(w.came, id)
	if known {
		s.Alarm = d.pin(s.Alarm)
	}
	a, _ := b.Prepare(now, s.Station, s.Alarm)
	record(line.Record{At: now, Station: s.Station, Pack: s.Pack, Fact: a})
}

// attend looks after the present occurrence of one alarm.
func (w *Watch) attend(now time.Time, b *Book, id string, stands bool, at Circumstance, record func(line.Record)) {
	a, _ := b.Find(id)
	say := func(f line.Fact) { record(line.Record{At: now, Station: a.Station, Fact: f}) }
	d, _ := find(w.table, id)
	cleared := a.Active && !stands && w.over(now, id, d.OffDelay)
	if cleared {
		say(line.AlarmCleared{Alarm: id})
	}
	switch s := a.Shelf; {
	case s == nil:
	case cleared && s.OneShot:
		say(line.AlarmUnshelved{Alarm: id, Why: "its cause is gone"})
	case !now.Before(s.Until):
		say(line.AlarmUnshelved{Alarm: id, Why: "its time is over"})
	case a.Severity >= line.NeverShelved:
		say(line.AlarmUnshelved{Alarm: id, Why: "it came back graver"})
	}
	if a, _ = b.Find(id); a.State() == LatchedSeen && slices.Contains(restored, at.State) {
		say(line.AlarmReset{Alarm: id})
	}
	a, _ = b.Find(id)
	why := ""
	if a.open() {
		why = suppressed(d.Class, at)
	}
	switch {
	case why == a.Suppressed:
	case why != "":
		say(line.AlarmSuppressed{Alarm: id, Why: why})
	default:
		say(line.AlarmUnsuppressed{Alarm: id})
	}
	a, _ = b.Find(id)
	hidden := a.Shelf != nil || a.Suppressed != "" || a.OutOfService
	if a.Active && a.Again > 0 && !hidden && now.Sub(a.Announced) >= a.Again {
		say(line.AlarmRepeated{Alarm: id})
	}
}

// over reports whether the cause has been gone for the off-delay.
func (w *Watch) over(now time.Time, id string, delay time.Duration) bool {
	if _, runs := w.gone[id]; !runs {
		w.gone[id] = now
	}
	if now.Sub(w.gone[id]) < delay {
		return false
	}
	delete(w.gone, id)
	return true
}

// presents returns the alarms of which something may become due, in the order of raising. They are the Book's own: read only.
func (b *Book) presents() []*Alarm {
	var all []*Alarm
	for _, p := range b.points {
		if p.listed() {
			all = append(all, &p.last)
		}
	}
	slices.SortFunc(all, byOrder)
	return all
}
