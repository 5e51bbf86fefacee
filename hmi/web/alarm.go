package web

import (
	"cmp"
	"slices"
	"time"

	"linectl/line"
)

// Alarm is one occurrence of an alarm, as the gateway's events tell it (OPC 10000-9).
type Alarm struct {
	Name      string // "ST060/held"
	Branch    string // empty for the present occurrence
	Source    string // the station, or "Line"
	EventID   string // hexadecimal; names one change of one occurrence
	Condition string // the alarm's node, as OPC UA writes it
	At        time.Time
	Severity  int
	Text      Words
	Cause     Words
	Effect    Words // consequence
	Action    Words
	Comment   Words
	CommentBy string
	Active    bool
	Acked     bool
	Confirmed bool
	Latched   bool
	Shelved   bool
	Until     time.Time // when a shelved alarm returns
	Hidden    string    // "suppressed", "out of service" or empty
	Retain    bool      // there is still something to be done about it
	Group     string

	seen bool // during the present refresh
}

// Key names the occurrence in a model.
func (a Alarm) Key() string { return a.Name + "#" + a.Branch }

// Event is one change of an alarm that this session has seen.
type Event struct {
	Alarm
	Heard time.Time
}

// Priority is the alarm's class: 1 urgent, 2 high, 3 medium, 4 low (severities 801, 601, 401 and up).
func (a Alarm) Priority() int {
	switch {
	case a.Severity > 800:
		return 1
	case a.Severity > 600:
		return 2
	case a.Severity > 400:
		return 3
	}
	return 4
}

// Raise takes one event of an alarm.
func (m *Model) Raise(a Alarm, now time.Time) {
	m.Heard = now
	key := a.Key()
	old, known := m.Alarms[key]
	a.seen = true
	if !a.Retain {
		delete(m.Alarms, key)
	} else {
		m.Alarms[key] = a
	}
	if known && old.EventID == a.EventID || !known && !a.Retain {
		return // a refresh, or the end of what nobody saw
	}
	m.Events = slices.Insert(m.Events, 0, Event{a, now})
	m.Events = m.Events[:min(len(m.Events), maxEvents)]
}

// BeginRefresh notes that the gateway tells of every alarm that there is.
func (m *Model) BeginRefresh(now time.Time) {
	m.Heard = now
	for key, a := range m.Alarms {
		a.seen = false
		m.Alarms[key] = a
	}
}

// EndRefresh drops the alarms that a refresh did not tell of: they ended while nobody listened.
func (m *Model) EndRefresh(now time.Time) {
	m.Heard = now
	for key, a := range m.Alarms {
		if !a.seen {
			delete(m.Alarms, key)
		}
	}
	m.Cleared = true
}

// Standing returns the alarms that a person must see, the gravest first: by priority, then what nobody has acknowledged, then
// what is active, then the latest.
func (m *Model) Standing() []Alarm {
	var list []Alarm
	for _, a := range m.Alarms {
		if !a.Shelved && a.Hidden == "" {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, graver)
	return list
}

func graver(a, b Alarm) int {
	return cmp.Or(a.Priority()-b.Priority(), order(b.Active)-order(a.Active), order(a.Acked)-order(b.Acked), b.At.Compare(a.At), cmp.Compare(a.Key(), b.Key()))
}

func order(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Away returns the alarms that are out of sight: shelved, suppressed or out of service.
func (m *Model) Away() []Alarm {
	var list []Alarm
	for _, a := range m.Alarms {
		if a.Shelved || a.Hidden != "" {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, graver)
	return list
}

// Gravest returns the alarm that a station is marked with, if it has one.
func (m *Model) Gravest(station string) (Alarm, bool) {
	for _, a := range m.Standing() {
		if a.Source == station && a.Active {
			return a, true
		}
	}
	return Alarm{}, false
}

// FirstOut returns what stopped the line: the alarm that came first of those that are active and of the gravest kind. Urgent and high
// count as one kind, for either stops a station.
func (m *Model) FirstOut() (Alarm, bool) {
	var first Alarm
	kind := func(a Alarm) int { return max(a.Priority(), 2) }
	for _, a := range m.Standing() {
		if a.Active && (first.Name == "" || kind(a) < kind(first) || kind(a) == kind(first) && a.At.Before(first.At)) {
			first = a
		}
	}
	return first, first.Name != ""
}

// Group is an alarm with those that only follow from it.
type Group struct {
	First   Alarm
	Follows []Alarm
}

// Groups returns the standing alarms with each consequence under its cause, the gravest group first.
func (m *Model) Groups() []Group {
	standing := m.Standing()
	at := map[string]int{} // where the group of an alarm is
	var list []Group
	// leads reports whether the alarm stands that one follows from. What nobody may shelve is not folded away below less either.
	leads := func(name string, below Alarm) bool {
		return slices.ContainsFunc(standing, func(a Alarm) bool {
			return a.Name == name && a.Branch == "" && (below.Severity < line.NeverShelved || a.Severity >= below.Severity)
		})
	}
	for _, a := range standing {
		lead := a.Name
		if a.Group != "" && leads(a.Group, a) {
			lead = a.Group
		}
		i, there := at[lead]
		if !there {
			i = len(list)
			at[lead], list = i, append(list, Group{})
		}
		if lead == a.Name && a.Branch == "" {
			list[i].First = a
		} else {
			list[i].Follows = append(list[i].Follows, a)
		}
	}
	for i, g := range list {
		if g.First.Name == "" { // past occurrences alone
			list[i].First, list[i].Follows = g.Follows[0], g.Follows[1:]
		}
	}
	return list
}
