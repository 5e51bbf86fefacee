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
	var standing []alarms.Standing
	for _, s := range l.stations {
		for _, f := range append(s.Faults(now), l.faults(s)...) {
			standing = append(standing, alarms.Standing{Station: s.ID, Pack: packAt(s), Alarm: f})
		}
	}
	l.watch.Look(now, &l.alarms, standing, l.circumstance, l.Record)
}

// circumstance is what decides whether an alarm of a station means something now.
func (l *Line) circumstance(id line.StationID) alarms.Circumstance {
	if s := l.byID[id]; s != nil {
		return alarms.Circumstance{State: s.State().String()}
	}
	return alarms.Circumstance{}
}

// attendAlarm does what a person asks of an alarm.
func (l *Line) attendAlarm(now time.Time, q line.Request) (string, error) {
	r, done, err := l.alarms.Do(now, q)
	if err != nil {
		return "", err
	}
	l.Record(r)
	return done, nil
}

// alarmSnapshot shows one entry of the alarm list.
func alarmSnapshot(a alarms.Alarm) line.AlarmSnapshot {
	s := line.AlarmSnapshot{
		Alarm: a.Alarm, Station: a.Station, Occurrence: a.Occurrence, Branch: a.Branch, Repeats: a.Repeats, State: string(a.State()),
		Since: a.Since, Changed: a.Changed, Severity: a.Severity, Text: a.Text, Cause: a.Cause, Consequence: a.Consequence, Action: a.Action,
		Active: a.Active, Acknowledged: a.Acknowledged, SeenBy: a.SeenBy, Confirmed: a.Confirmed, Latched: a.Latched, Group: a.Group,
		Comment: a.Comment, CommentBy: a.CommentBy, Suppressed: a.Suppressed, OutOfService: a.OutOfService,
	}
	if f := a.Shelf; f != nil {
		s.Shelved, s.OneShot, s.ShelvedUntil, s.ShelvedBy, s.ShelvedWhy = true, f.OneShot, f.Until, f.By, f.Why
	}
	return s
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
