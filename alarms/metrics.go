package alarms

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"linectl/line"
)

// What ISA-18.2 and EEMUA 191 count with.
const (
	period     = 10 * time.Minute
	floodAbove = 10              // a flood begins with a period of more alarms than this
	floodBelow = 5               // and ends with one of fewer
	chatterIn  = time.Minute     // three times within it is chattering
	fleetingIn = 2 * time.Second // gone again sooner is fleeting
	staleAfter = 24 * time.Hour  // active for longer is stale
	topListed  = 10
)

// Metrics say how good the alarms of a line were to its operator between two times. An alarm counts when it is annunciated: it
// wants to be acknowledged and is not hidden, or comes back from hiding, or is repeated. One that follows from a first-out alarm
// is shown under it and does not count by itself.
type Metrics struct {
	From          time.Time     `json:"from"`
	To            time.Time     `json:"to"`
	Alarms        int           `json:"alarms"`    // annunciated
	Followers     int           `json:"followers"` // raised as the consequence of another
	PerHour       float64       `json:"per_hour"`  // on average
	PerTen        float64       `json:"per_10min"` // on average
	LastTen       int           `json:"last_10min"`
	WorstTen      int           `json:"worst_10min"`
	Busy          float64       `json:"busy"`  // share of the 10-minute periods with more than 10, 0 to 1
	Flood         float64       `json:"flood"` // share of the time in a flood, 0 to 1
	Floods        []Flood       `json:"floods"`
	Top           []Count       `json:"top"`       // at most ten, most frequent first
	TopShare      float64       `json:"top_share"` // what the ten are of all, 0 to 1
	Chattering    []Count       `json:"chattering"`
	Fleeting      []Count       `json:"fleeting"`
	Stale         []Stale       `json:"stale"`
	Low           float64       `json:"low"`    // share of severities up to 400, 0 to 1
	Medium        float64       `json:"medium"` // to 600
	High          float64       `json:"high"`   // above
	LongestOn     time.Duration `json:"longest_active"`
	LongestUnseen time.Duration `json:"longest_unacknowledged"`
	Repeated      int           `json:"repeated"`
}

// Flood is a time in which more came than a person can see to.
type Flood struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Alarms int       `json:"alarms"`
}

// Count is how often an alarm did something.
type Count struct {
	Alarm string `json:"alarm"`
	Times int    `json:"times"`
}

// Stale is an alarm that stands so long that nobody sees it any more.
type Stale struct {
	Alarm string    `json:"alarm"`
	Since time.Time `json:"since"`
}

// measure is what one pass over the history collects.
type measure struct {
	Metrics
	book     Book
	told     []telling
	raises   map[string][]time.Time
	fleeting map[string]int
	chatter  map[string]int
	active   map[string]time.Time
	unseen   map[string]time.Time
}

type telling struct {
	at       time.Time
	alarm    string
	severity int
}

// Measure measures from a time up to but without another. The history is the journal from its beginning, in order: what was
// active or hidden before From is known from it. Records of other kinds are passed over.
func Measure(history iter.Seq[line.Record], from, to time.Time) Metrics {
	m := measure{
		Metrics: Metrics{From: from, To: to}, raises: map[string][]time.Time{}, fleeting: map[string]int{}, chatter: map[string]int{},
		active: map[string]time.Time{}, unseen: map[string]time.Time{},
	}
	for r := range history {
		if r.At.Before(to) { // a clock that was set back may bring earlier records later
			m.follow(r)
		}
	}
	m.standing(to)
	m.rates()
	m.Chattering, m.Fleeting = counts(m.chatter), counts(m.fleeting)
	return m.Metrics
}

// alarmOf names the alarm of a record, or nothing.
func alarmOf(f line.Fact) string {
	switch f := f.(type) {
	case line.AlarmRaised:
		return f.Alarm
	case line.AlarmCleared:
		return f.Alarm
	case line.AlarmAcknowledged:
		return f.Alarm
	case line.AlarmShelved:
		return f.Alarm
	case line.AlarmUnshelved:
		return f.Alarm
	case line.AlarmSuppressed:
		return f.Alarm
	case line.AlarmUnsuppressed:
		return f.Alarm
	case line.AlarmRepeated:
		return f.Alarm
	case line.AlarmOutOfService:
		return f.Alarm
	default: // not an alarm, or nothing that is measured
		return ""
	}
}

func (m *measure) follow(r line.Record) {
	id := alarmOf(r.Fact)
	before, _ := m.book.Find(id)
	m.book.Apply(r)
	if id == "" {
		return
	}
	after, known := m.book.Find(id)
	if !known {
		return
	}
	inside := !r.At.Before(m.From)
	m.spans(r, before, after)
	switch r.Fact.(type) {
	case line.AlarmRaised:
		last := append(m.raises[id], r.At)
		last = last[max(0, len(last)-3):]
		m.raises[id] = last
		if inside && len(last) == 3 && r.At.Sub(last[0]) <= chatterIn {
			m.chatter[id]++
		}
		if inside && after.Group != "" {
			m.Followers++
		}
	case line.AlarmCleared:
		if inside && before.Active && r.At.Sub(before.Since) < fleetingIn {
			m.fleeting[id]++
		}
	case line.AlarmRepeated:
		if inside {
			m.Repeated++
		}
	case line.AlarmSuppressed: // raised into suppression in the same moment: nobody was told
		if n := len(m.told); n > 0 && m.told[n-1].alarm == id && m.told[n-1].at.Equal(r.At) {
			m.told = m.told[:n-1]
		}
	default: // what it changes is seen below
	}
	if inside && tells(before, after) {
		m.told = append(m.told, telling{r.At, id, after.Severity})
	}
}

// spans follows how long alarms were active and how long nobody had seen them, as far as it lies inside.
func (m *measure) spans(r line.Record, before, after Alarm) {
	id := after.Alarm
	if after.Active && (!before.Active || before.Alarm == "") {
		m.active[id] = r.At
	}
	if !after.Active {
		m.LongestOn = max(m.LongestOn, m.span(m.active, id, r.At))
	}
	if _, waits := m.unseen[id]; !waits && !after.Acknowledged {
		m.unseen[id] = r.At
	}
	if after.Acknowledged {
		m.LongestUnseen = max(m.LongestUnseen, m.span(m.unseen, id, r.At))
	}
}

// span ends a span and returns its length inside.
func (m *measure) span(spans map[string]time.Time, id string, end time.Time) time.Duration {
	since, ok := spans[id]
	delete(spans, id)
	if !ok {
		return 0
	}
	if since.Before(m.From) {
		since = m.From
	}
	return max(0, end.Sub(since))
}

// standing counts what is still so at the end.
func (m *measure) standing(end time.Time) {
	for _, a := range m.book.presents() {
		if a.Active && end.Sub(a.Since) > staleAfter {
			m.Stale = append(m.Stale, Stale{Alarm: a.Alarm, Since: a.Since})
		}
		m.LongestOn = max(m.LongestOn, m.span(m.active, a.Alarm, end))
		m.LongestUnseen = max(m.LongestUnseen, m.span(m.unseen, a.Alarm, end))
	}
}

// rates counts the tellings by period, by alarm and by severity.
func (m *measure) rates() {
	m.Alarms = len(m.told)
	whole := m.To.Sub(m.From)
	if whole <= 0 {
		return
	}
	m.PerHour = float64(m.Alarms) / whole.Hours()
	m.PerTen = m.PerHour / 6
	periods := make([]int, (whole+period-1)/period)
	times := map[string]int{}
	for _, t := range m.told {
		periods[t.at.Sub(m.From)/period]++
		times[t.alarm]++
		if m.To.Sub(t.at) <= period {
			m.LastTen++
		}
		switch share := 1 / float64(m.Alarms); {
		case t.severity > 600:
			m.High += share
		case t.severity > 400:
			m.Medium += share
		default:
			m.Low += share
		}
	}
	m.floods(periods)
	m.Top = counts(times)
	m.Top = m.Top[:min(topListed, len(m.Top))]
	for _, c := range m.Top {
		m.TopShare += float64(c.Times) / float64(m.Alarms)
	}
}

func (m *measure) floods(periods []int) {
	in := false
	for i, n := range periods {
		m.WorstTen = max(m.WorstTen, n)
		if n > floodAbove {
			m.Busy += 1 / float64(len(periods))
			if !in {
				in = true
				m.Floods = append(m.Floods, Flood{From: m.From.Add(time.Duration(i) * period)})
			}
		}
		if in && n < floodBelow {
			in = false
		}
		if in {
			f := &m.Floods[len(m.Floods)-1]
			f.Alarms += n
			f.To = m.From.Add(time.Duration(i+1) * period)
			m.Flood += 1 / float64(len(periods))
		}
	}
}

// counts lists what was counted, most frequent first.
func counts(of map[string]int) []Count {
	list := []Count{}
	for id, n := range of {
		list = append(list, Count{id, n})
	}
	slices.SortFunc(list, func(a, b Count) int { return cmp.Or(cmp.Compare(b.Times, a.Times), cmp.Compare(a.Alarm, b.Alarm)) })
	return list
}

// Finding is one figure of a report beside what it should be.
type Finding struct {
	What     string  `json:"what"`
	Measured float64 `json:"measured"`
	Target   string  `json:"target"`
	Unit     string  `json:"unit"`
	Met      bool    `json:"met"`
}

// Findings compares the metrics with what ISA-18.2 and EEMUA 191 recommend for one operator. The shares of severities are
// judged from 20 alarms on: fewer say nothing.
func (m Metrics) Findings() []Finding {
	few := m.Alarms < 20
	return []Finding{
		{"alarms an hour, on average", m.PerHour, "at most 6", "1/h", m.PerHour <= 6},
		{"most in ten minutes", float64(m.WorstTen), "at most 10", "", m.WorstTen <= floodAbove},
		{"ten-minute periods with more than 10", 100 * m.Busy, "under 1", "%", m.Busy < 0.01},
		{"time in a flood", 100 * m.Flood, "under 1", "%", m.Flood < 0.01},
		{"share of the ten most frequent", 100 * m.TopShare, "under 5", "%", few || m.TopShare < 0.05},
		{"chattering alarms", float64(len(m.Chattering)), "none", "", len(m.Chattering) == 0},
		{"fleeting alarms", float64(len(m.Fleeting)), "none", "", len(m.Fleeting) == 0},
		{"stale alarms, over 24 h", float64(len(m.Stale)), "under 5", "", len(m.Stale) < 5},
		{"low severity", 100 * m.Low, "about 80", "%", few || m.Low > 0.7},
		{"medium severity", 100 * m.Medium, "about 15", "%", few || m.Medium < 0.25},
		{"high severity", 100 * m.High, "about 5", "%", few || m.High < 0.1},
	}
}
