package web

import (
	"time"

	"linectl/line"
)

var alarmsPage = Page{Name: "alarms", Path: "/alarms", Title: "Alarms", Menu: true, Data: func(v *View) any { return alarms(v) }}

// alarmsView is what the alarm list shows.
type alarmsView struct {
	Standing []alarmGroup
	Count    int
	Away     []alarmRow
	Events   []eventRow
	Complete bool // every alarm that there is has been heard of since the connection came up
}

// alarmGroup is an alarm with those that follow from it.
type alarmGroup struct {
	Row     alarmRow
	Follows []alarmRow
}

// alarmRow is one alarm with what a person can do about it.
type alarmRow struct {
	Alarm
	Since  string
	Return string // when a shelved one comes back
	Act    Button // what comes next: acknowledge, confirm or reset
	Done   bool   // nothing has to be done about it but its cause
	Shelve Button
	Note   Button
	Back   Button
}

// eventRow is one change that this session has seen.
type eventRow struct {
	At   string
	What string
	Alarm
}

// maxListed is how many changes are listed.
const maxListed = 40

func alarms(v *View) *alarmsView {
	a := &alarmsView{Complete: v.Cleared, Count: len(v.Standing())}
	for _, g := range v.Groups() {
		one := alarmGroup{Row: newRow(v, g.First)}
		for _, f := range g.Follows {
			one.Follows = append(one.Follows, newRow(v, f))
		}
		a.Standing = append(a.Standing, one)
	}
	for _, one := range v.Away() {
		a.Away = append(a.Away, newRow(v, one))
	}
	for _, e := range v.Events[:min(len(v.Events), maxListed)] {
		a.Events = append(a.Events, eventRow{v.Clock(e.Heard), v.T(e.Alarm.word()), e.Alarm})
	}
	return a
}

func newRow(v *View, a Alarm) alarmRow {
	of := func(method, label string) Button { return v.Ask("Line."+method, label).With("Alarm", a.Name) }
	row := alarmRow{Alarm: a, Since: v.Since(a.At), Shelve: of("ShelveAlarm", v.T("Shelve")), Note: of("CommentAlarm", v.T("Note it")), Back: of("UnshelveAlarm", v.T("Put it back"))}
	if !a.Until.IsZero() {
		row.Return = v.Span(a.Until.Sub(v.Now).Round(time.Second))
	}
	switch {
	case !a.Acked:
		row.Act = a.asSeen(of("AcknowledgeAlarm", v.T("Acknowledge")))
	case !a.Active && a.Latched:
		row.Act = of("ResetAlarm", v.T("Release"))
	case !a.Active && !a.Confirmed:
		row.Act = a.asSeen(of("ConfirmAlarm", v.T("Confirm: it was done")))
	default:
		row.Done = true
	}
	if row.Shelve.Why == "" && a.Severity >= line.NeverShelved {
		row.Shelve.Why = v.T("an alarm this grave is never shelved")
	}
	return row
}

// asSeen makes a button mean this alarm as it stands on the screen: not one that has come again in the moment before the click.
func (a Alarm) asSeen(b Button) Button {
	return b.With(eventInput, a.EventID).With(conditionInput, a.Condition)
}

// word says what an alarm is like now.
func (a Alarm) word() string {
	switch {
	case a.Hidden != "":
		return a.Hidden
	case a.Shelved:
		return "shelved"
	case a.Active && !a.Acked:
		return "came"
	case a.Active:
		return "acknowledged"
	case !a.Retain:
		return "over"
	}
	return "cause gone"
}

// State says how an alarm stands, in one word of the catalogue.
func (a Alarm) State() string {
	switch {
	case a.Hidden != "":
		return a.Hidden
	case a.Shelved:
		return "shelved"
	case a.Active && !a.Acked:
		return "active, not acknowledged"
	case a.Active:
		return "active, acknowledged"
	case !a.Acked:
		return "cause gone, not acknowledged"
	case a.Latched:
		return "cause gone, latched"
	case !a.Confirmed:
		return "cause gone, not confirmed"
	}
	return "over"
}
