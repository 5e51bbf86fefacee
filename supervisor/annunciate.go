package supervisor

import (
	"fmt"
	"strings"
	"time"

	"linectl/alarms"
	"linectl/line"
)

// lookAgain is how often the faults that only time brings (an overdue act) are looked for.
const lookAgain = time.Second

// annunciate raises an alarm for every fault that stands and clears those whose cause is gone.
func (l *Line) annunciate(now time.Time) {
	if !l.dirty && now.Before(l.overdue) {
		return
	}
	l.dirty, l.overdue = false, now.Add(lookAgain)
	standing := map[string]bool{}
	for _, s := range l.stations {
		for _, f := range append(s.Faults(now), l.faults(s)...) {
			standing[f.Alarm] = true
			if a, news := l.alarms.Prepare(now, s.ID, f); news {
				l.Record(line.Record{At: now, Station: s.ID, Pack: packAt(s), Fact: a})
			}
		}
	}
	for _, a := range l.alarms.All() {
		if a.Active && !standing[a.Alarm] {
			l.Record(line.Record{At: now, Station: a.Station, Fact: line.AlarmCleared{Alarm: a.Alarm}})
		}
	}
}

func packAt(s *station) line.PackID {
	if v := s.Visit(); v != nil {
		return v.Pack
	}
	return ""
}

// faults are what the line knows to be wrong at a station and the station itself cannot: what a part or a person is waited for.
func (l *Line) faults(s *station) []line.AlarmRaised {
	switch v := s.Visit(); {
	case v == nil && s.stuck != "":
		return []line.AlarmRaised{{
			Alarm: string(s.ID) + "/part-refused", Severity: alarms.Medium, Text: s.stuck, Cause: "the route check does not let the part in",
			Consequence: "the station waits", Action: refusalAction(s.stuck),
		}}
	case v != nil && s.cfg.Kind == line.Bench && !s.Closed():
		p := l.packs[v.Pack]
		return []line.AlarmRaised{{
			Alarm: string(s.ID) + "/decision", Severity: alarms.Medium, Text: fmt.Sprintf("%s waits for a decision: %s", p.id, p.text),
			Cause: fmt.Sprintf("%s NOK at %v", p.blame, p.nok), Consequence: "the pack stays at the bench",
			Action: "decide: rework or scrap, with the reason",
		}}
	}
	return nil
}

func refusalAction(why string) string {
	switch {
	case strings.Contains(why, "scan a lot in"), strings.Contains(why, "fetch a new one"):
		return "load the material and scan its lot"
	case strings.Contains(why, "held"):
		return "ask Quality"
	}
	return "find out why, then move the part by hand"
}
