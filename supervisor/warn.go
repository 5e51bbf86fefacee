package supervisor

import (
	"fmt"
	"time"

	"linectl/line"
)

// warnings are what the line knows of a station before the station itself feels it, and so the first out of what follows: a check
// against the reference part that was not good, and what runs out soon. They are looked through once in lookAgain, and when
// anything was recorded of the station.
func (l *Line) warnings(now time.Time, s *station) []line.AlarmRaised {
	if now.Before(s.counted) {
		return s.warned
	}
	s.counted, s.warned = now.Add(lookAgain), nil
	add := func(id string, severity int, text, cause, action string) {
		s.warned = append(s.warned, line.AlarmRaised{Alarm: string(s.ID) + "/" + id, Severity: severity, Text: text, Cause: cause, Action: action})
	}
	if log := &s.figures.masters; log.bad() {
		add("master-check-failed", line.SeverityHigh, s.doubt(), log.why(), "")
	}
	for _, c := range l.consumables(s) {
		if c.Low {
			add("material-low-"+c.Item, line.SeverityLow, runsOut(s.ID, c), "", "")
		}
	}
	if r := l.runs(s); r != nil {
		if t := r.Process(s.cfg.Kind).Tool; t != nil && t.Warn > 0 && s.ToolUse(t.Name) >= t.Warn {
			add("tool-low", line.SeverityLow, fmt.Sprintf("%s at %s used %s of %s: %s it soon", t.Name, s.ID,
				line.Format(s.ToolUse(t.Name), t.Unit), line.Format(t.Limit, t.Unit), t.Action), "", t.Action+" it between two parts, and say so")
		}
	}
	return s.warned
}

// runsOut says which consumable runs out where, of which lot how much is left, and for how many packs.
func runsOut(at line.StationID, c line.ConsumableSnapshot) string {
	left := line.Format(c.Remaining, c.Unit)
	if c.Lot == "" {
		return fmt.Sprintf("%s is missing at %s: no lot is loaded", c.Item, at)
	}
	packs := int(c.Remaining/c.PerPack + 1e-9)
	if packs == 0 {
		return fmt.Sprintf("%s is used up at %s: lot %s has %s left and a pack takes more", c.Item, at, c.Lot, left)
	}
	return fmt.Sprintf("%s runs out at %s: lot %s has %s left, for %d packs, about %s", c.Item, at, c.Lot, left, packs, shortly(c.Lasts))
}

// How long before its end a certificate is spoken of.
const (
	certificateSoon = 60 * 24 * time.Hour
	certificateLast = 14 * 24 * time.Hour
)

// clockWords says how wrong the computer's clock is, and what follows.
func (l *Line) clockWords() string {
	if l.clockOff < 0 {
		return fmt.Sprintf("the computer's clock is %s behind the line's time: no pack is begun", l.clockOff.Abs())
	}
	return fmt.Sprintf("the computer's clock is %s ahead of the line's time: no pack is begun", l.clockOff.Abs())
}

// ofTheLine begins the identity of an alarm that is of no station.
const ofTheLine = "line/"

// itself lists what is wrong with the line itself and not with a station: the computer's clock was set, its disk is nearly full,
// certificates end soon or have ended. While nobody has read the certificates, what was said of them stands.
func (l *Line) itself(now time.Time) []line.AlarmRaised {
	var list []line.AlarmRaised
	add := func(id string, severity int, text string) {
		list = append(list, line.AlarmRaised{Alarm: ofTheLine + id, Severity: severity, Text: text})
	}
	if l.clockWrong() {
		add("clock-set", line.SeverityHigh, l.clockWords())
	}
	if l.short != "" {
		add("disk-low", line.SeverityHigh, l.short)
	}
	if l.certificates == nil {
		return append(list, l.alarms.Raised(ofTheLine+"certificate-")...)
	}
	for _, c := range l.certificates {
		day := c.Until.UTC().Format("2 Jan 2006")
		switch left := c.Until.Sub(now); {
		case left <= 0:
			add("certificate-expired-"+c.Name, line.SeverityHigh, fmt.Sprintf("certificate %s expired on %s", c.File, day))
		case left <= certificateLast:
			add("certificate-last-days-"+c.Name, line.SeverityMedium, fmt.Sprintf("certificate %s expires on %s, within two weeks", c.File, day))
		case left <= certificateSoon:
			add("certificate-expires-"+c.Name, line.SeverityLow, fmt.Sprintf("certificate %s expires on %s", c.File, day))
		}
	}
	return list
}
