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
	standing := l.standing[:0]
	for _, s := range l.stations {
		for _, list := range [...][]line.AlarmRaised{l.warnings(now, s), s.Faults(now), l.faults(now, s)} {
			for _, f := range list {
				standing = append(standing, alarms.Standing{Station: s.ID, Pack: packAt(s), Alarm: f})
			}
		}
	}
	for _, f := range l.itself(now) {
		standing = append(standing, alarms.Standing{Alarm: f})
	}
	l.standing = standing
	l.watch.Look(now, &l.alarms, standing, l.circumstance, l.Record)
}

// circumstance is what decides whether an alarm of a station means something now.
func (l *Line) circumstance(id line.StationID) alarms.Circumstance {
	if s := l.byID[id]; s != nil {
		return alarms.Circumstance{State: s.State().String(), Mode: s.Mode().String()}
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
func (l *Line) faults(now time.Time, s *station) []line.AlarmRaised {
	var faults []line.AlarmRaised
	add := func(id, text, cause, consequence, action string) {
		faults = append(faults, line.AlarmRaised{
			Alarm: string(s.ID) + "/" + id, Severity: line.SeverityMedium, Text: text, Cause: cause, Consequence: consequence, Action: action,
		})
	}
	if s.stuck != "" && !(s.onlyScan() && now.Sub(s.wantedAt) < scanWithin) {
		add("part-refused", s.stuck, "the route check does not let the part go on", "the station waits", refusalAction(s.stuck))
	}
	switch part := s.Lingers(); {
	case s.unsure.IsZero() || now.Sub(s.unsure) <= scannersAgree:
	case part != "":
		add("scanners-disagree", part+" was let go and is still read in the nest", "it has not left, or another part reads like it",
			"the station takes no part", "look into the nest and take the part out; put it back if it belongs here")
	default:
		add("scanners-disagree", "the scanners do not agree on what lies in the nest", "a scanner is dirty, or a part that was let go still lies there",
			"the station takes no part", "look into the nest and clean the scanners")
	}
	if s.missesPart(now) {
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
	case strings.Contains(why, "scanners"):
		return "look into the nest and clean the scanners"
	case strings.Contains(why, "scan"), strings.Contains(why, "fetch a new one"):
		return "load the material and scan its lot"
	case strings.Contains(why, "held"):
		return "ask Quality"
	}
	return "find out why, then move the part by hand"
}
