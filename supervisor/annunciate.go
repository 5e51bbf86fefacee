package supervisor

import (
	"fmt"
	"slices"
	"strings"
	"time"

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
		for _, f := range append(s.Faults(now), l.faults(now, s)...) {
			standing[f.Alarm] = true
			if a, news := l.alarms.Prepare(now, s.ID, f); news {
				l.Record(line.Record{At: now, Station: s.ID, Pack: packAt(s), Fact: a})
			}
		}
	}
	for _, a := range slices.Clone(l.alarms.All()) { // clearing one may take it out of the book
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
func (l *Line) faults(now time.Time, s *station) []line.AlarmRaised {
	var faults []line.AlarmRaised
	add := func(id, text, cause, consequence, action string) {
		faults = append(faults, line.AlarmRaised{
			Alarm: string(s.ID) + "/" + id, Severity: line.SeverityMedium, Text: text, Cause: cause, Consequence: consequence, Action: action,
		})
	}
	if s.stuck != "" {
		add("part-refused", s.stuck, "the route check does not let the part go on", "the station waits", refusalAction(s.stuck))
	}
	if !s.unsure.IsZero() && now.Sub(s.unsure) > scannersAgree {
		add("scanners-disagree", "the scanners do not agree on what lies in the nest", "a scanner is dirty, or a part that was let go still lies there",
			"the station takes no part", "look into the nest and clean the scanners")
	}
	if len(s.infeed) > 0 && !s.empty.IsZero() && now.Sub(s.empty) > partComes {
		add("part-missing", s.infeed[0]+" was sent here and has not come", "it was taken out by hand, or the conveyor stands",
			"the station waits for it, and what comes behind it too", "look for it on the conveyor; if it is gone, write it off")
	}
	if v := s.Visit(); v != nil && s.cfg.Kind == line.Bench && !s.Closed() {
		p := l.packs[v.Pack]
		add("decision", fmt.Sprintf("%s waits for a decision: %s", p.id, p.text), fmt.Sprintf("%s NOK at %v", p.blame, p.nok),
			"the pack stays at the bench", "decide: rework or scrap, with the reason")
	}
	return faults
}

func refusalAction(why string) string {
	switch {
	case strings.Contains(why, "scan"), strings.Contains(why, "fetch a new one"):
		return "load the material and scan its lot"
	case strings.Contains(why, "held"):
		return "ask Quality"
	}
	return "find out why, then move the part by hand"
}
