package stations

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
)

// disagreement is how long a device's own state may differ from its station's before the operator is told.
const disagreement = 2 * time.Second

// doubtful says what is in doubt about the part, or "".
func (m *Machine) doubtful() string {
	if m.visit != nil && m.visit.Verdict == line.Unknown {
		return fmt.Sprintf("%s: %s", m.visit.called(), first(m.visit.Texts))
	}
	return m.doubt
}

// Faults returns what is wrong at the station now, gravest first, as alarms would say it. It is a function of the state: an
// alarm stands as long as its cause does.
func (m *Machine) Faults(now time.Time) []line.AlarmRaised {
	var faults []line.AlarmRaised
	add := func(id string, severity int, text, cause, consequence, action string) {
		faults = append(faults, line.AlarmRaised{
			Alarm: string(m.ID) + "/" + id, Severity: severity, Text: text, Cause: cause, Consequence: consequence, Action: action,
		})
	}
	for _, d := range m.devices {
		if !d.Up && d.Down != "" {
			add("device-lost-"+string(d.Role), line.SeverityHigh, fmt.Sprintf("%s does not answer", d.ID), d.Down,
				"the station holds; what its last act did is asked for when it answers again", "check power and network of "+string(d.ID))
		}
	}
	if text := m.doubtful(); text != "" {
		cause := "an act that leaves a mark was cut off: power or connection was lost, or somebody aborted it"
		if m.visit != nil && m.visit.unproven() {
			cause = "the device did the act, and what it showed proves nothing: look at its instrument and its scanner"
		}
		consequence, action := "the part goes to quarantine; it is not touched again by software", "let the part go to "+string(line.Quarantine)+" and have it inspected"
		if m.Kind == line.Receive || m.Kind == line.Sort { // a cell: nobody knows even where it lies, and one cell is worth no decision
			consequence = "the cell is on record as taken out: no pack gets it, wherever it lies"
			action = fmt.Sprintf("look for the cell in the nest, in the gripper, and where it was to go, and bring it to %s; one that lies in the nest the station takes out itself", line.Quarantine)
		}
		add("outcome-unknown", line.SeverityUrgent, text, cause, consequence, action)
	}
	for _, d := range m.devices {
		if s := m.ml.State(); d.Up && d.State() == packml.Execute && now.Sub(d.since) > disagreement && (s == packml.Stopped || s == packml.Aborted || s == packml.Idle) && m.cause != restarted {
			add("device-runs-"+string(d.Role), line.SeverityHigh, fmt.Sprintf("%s is in Execute while the station is %s", d.ID, s),
				"the device was started by somebody else, for example at its panel", "the station gives it nothing to do", "stop it at its panel")
		}
	}
	switch s := m.ml.State(); s {
	case packml.Held, packml.Holding:
		add("held", line.SeverityHigh, "station holds: "+m.cause, m.cause, "no part is worked on here", action(m.cause))
	case packml.Aborted, packml.Aborting:
		add("aborted", line.SeverityHigh, "station aborted: "+m.cause, m.cause, "no part is worked on here", abortAction(m.cause))
	default: // nothing to say
	}
	if m.next != nil && !m.parked && now.Sub(m.since) > m.act.Within && m.act.Within > 0 {
		add("overdue", line.SeverityMedium, fmt.Sprintf("%s takes longer than %s", m.act.Name(), m.act.Within), "the device has not said that it is done",
			"the station waits; the act is not asked for again", "look at "+string(m.next.Device))
	}
	return faults
}

// conditions are all that a device can lack, stops first.
var conditions = slices.Concat(line.SafetyStops, line.Permissives)

// action says what to do about a hold.
func action(cause string) string {
	for _, c := range conditions {
		if strings.HasSuffix(cause, c.Act) {
			return c.Act + ", then Unhold"
		}
	}
	if a, ok := alarmIn(cause); ok {
		return a.Action + ", then Unhold"
	}
	switch {
	case strings.Contains(cause, "does not answer"):
		return "restore the device, then Unhold"
	case strings.Contains(cause, "does not take cell"):
		return "look for the cell in its lane and clean its code, then Unhold; if it is refused again, the line asks what becomes of it"
	case strings.Contains(cause, "cells in a row out of lane"):
		return rejectsAction(cause)
	case strings.Contains(cause, "not measured well") && strings.Contains(cause, "contactResistance"):
		return "clean the probes or change them, then Unhold"
	case strings.Contains(cause, "not measured well"):
		return "look at the tester and its probes, then Unhold"
	case strings.Contains(cause, "magazine lane"):
		return "put cells into the lane, then Unhold"
	case strings.Contains(cause, "consecutive joints"):
		return "check clamping and the tool, then Unhold"
	case strings.Contains(cause, "tool"):
		return "service the tool and say so, then Unhold"
	case strings.Contains(cause, "master check"):
		return "check the reference part and the instrument, then Unhold: the check is made again"
	}
	return "remove the cause, then Unhold"
}

// rejectsAction says what to do where cell after cell is rejected.
func rejectsAction(cause string) string {
	switch {
	case strings.Contains(cause, "shipping notice"):
		return "get the supplier's shipping notice of these cells into the directory of notices and restart the supervisor, or change the cells in the lane, then Unhold"
	case strings.Contains(cause, "this magazine lane is for"), strings.Contains(cause, "is not of the form of"):
		return "change the cells in the lane, then Unhold"
	case strings.Contains(cause, "unreadable"), strings.Contains(cause, "not read well"):
		return "clean the scanner and look at the codes of the cells, then Unhold"
	}
	return "look at the cells in the lane and at the scanner, then Unhold"
}

// abortAction says what to do about an abort.
func abortAction(cause string) string {
	if a, ok := alarmIn(cause); ok {
		return a.Action + ", then Clear, Reset and Start"
	}
	return "look at the cell, then Clear, Reset and Start"
}

// alarmIn finds the device alarm that a cause names.
func alarmIn(cause string) (line.DeviceAlarm, bool) {
	i := slices.IndexFunc(line.DeviceAlarms, func(a line.DeviceAlarm) bool { return strings.Contains(cause, a.Text) })
	if i < 0 {
		return line.DeviceAlarm{}, false
	}
	return line.DeviceAlarms[i], true
}

// Remedy says what a person does next about a station that holds or has aborted.
func (m *Machine) Remedy() string {
	switch s := m.ml.State(); {
	case s == packml.Aborted && !m.Ready():
		return m.lacking() + ", then Clear, Reset and Start"
	case s == packml.Aborted:
		return abortAction(m.cause)
	case m.Ready() && m.restored():
		return "its devices are ready: remove what else is wrong, then Unhold"
	}
	return action(m.cause)
}

// lacking says what the station's devices lack first.
func (m *Machine) lacking() string {
	for _, d := range m.devices {
		if text := d.missing(); text != "" {
			return text
		}
	}
	return ""
}

// restored reports whether the station held for a permissive or a silent device, which its devices can tell to be in order again.
func (m *Machine) restored() bool {
	if strings.Contains(m.cause, "does not answer") {
		return true
	}
	return slices.ContainsFunc(conditions, func(c line.Condition) bool { return strings.HasSuffix(m.cause, c.Act) })
}
