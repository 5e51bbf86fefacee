package alarms

import (
	"slices"
	"strings"
	"time"

	"linectl/line"
)

// Class says what an alarm is about, and so in which states of its station it means something.
type Class string

// The classes.
const (
	Process   Class = "process"   // the work at the station: means nothing while the station is not to work
	Equipment Class = "equipment" // the machine itself
	Person    Class = "person"    // somebody must decide or look: means something in every state
)

// Definition is what an alarm means and how it is treated. Condition is the part of its identity after the station; one that
// ends in an asterisk stands for all that begin so.
type Definition struct {
	Condition   string
	Severity    int
	Class       Class
	Title       string
	Cause       string
	Consequence string // what follows if nobody does anything
	Action      string // what the operator does about it
	Within      time.Duration
	Confirm     bool          // it leaves the list only when somebody has confirmed that the action was done
	Latch       bool          // it stays in the list after its cause is gone until it, or its station, is reset
	OnDelay     time.Duration // the cause must stand so long before the alarm is raised
	OffDelay    time.Duration // the cause must be gone so long before the alarm is cleared
	Again       time.Duration // annunciated anew when it has stood so long; 0 means never
}

// table holds every alarm of the line. docs/alarms.md is written from it.
var table = []Definition{
	{
		Condition: "outcome-unknown", Severity: line.SeverityUrgent, Class: Person, Title: "Nobody knows whether an act was done",
		Cause:       "an act that leaves a mark was cut off: power or connection was lost, or somebody aborted it",
		Consequence: "the part goes to quarantine; no software touches it again",
		Action:      "let the part go to quarantine, have it inspected, confirm; two people then decide on it there",
		Within:      10 * time.Minute, Confirm: true, Again: 30 * time.Minute,
	},
	{
		Condition: "aborted", Severity: line.SeverityHigh, Class: Equipment, Title: "The station has aborted",
		Cause:       "a fault, an emergency stop, or an Abort by a person; the text says which",
		Consequence: "no part is worked on here; the line before it blocks and the line behind it starves",
		Action:      "look at the cell, remove the cause, then Clear, Reset and Start",
		Within:      5 * time.Minute, Latch: true, Again: time.Hour,
	},
	{
		Condition: "device-lost-*", Severity: line.SeverityHigh, Class: Equipment, Title: "A device does not answer",
		Cause:       "no power, no network, or the device is switched off or configured otherwise",
		Consequence: "the station holds; what the last act did is asked for when the device answers again",
		Action:      "check power and network of the device",
		Within:      5 * time.Minute, OffDelay: 3 * time.Second, Again: time.Hour,
	},
	{
		Condition: "held", Severity: line.SeverityHigh, Class: Equipment, Title: "The station holds",
		Cause:       "an inner cause, or a person's Hold; the text says which",
		Consequence: "no part is worked on here; the line before it blocks and the line behind it starves",
		Action:      "remove the cause that the text names, then Unhold",
		Within:      5 * time.Minute, Again: time.Hour,
	},
	{
		Condition: "device-runs-*", Severity: line.SeverityHigh, Class: Equipment, Title: "A device runs while its station does not",
		Cause:       "the device was started by somebody else, for example at its panel",
		Consequence: "something moves in a cell that is said to be at rest; the station gives the device nothing to do",
		Action:      "stop the device at its panel",
		Within:      5 * time.Minute, Again: time.Hour,
	},
	{
		Condition: "master-check-failed", Severity: line.SeverityHigh, Class: Equipment, Title: "The reference part did not measure as it should",
		Cause:       "the instrument has drifted, a contact is dirty, or the reference part is damaged",
		Consequence: "the station takes no part; what was measured since the last good check is in doubt",
		Action:      "hold the parts that the text names, see to instrument and reference part, then Unhold: the check is made again",
		Within:      10 * time.Minute, Again: time.Hour,
	},
	{
		Condition: "certificate-expired-*", Severity: line.SeverityHigh, Class: Person, Title: "A certificate has expired",
		Cause:       "nobody has renewed it in time",
		Consequence: "devices or HMIs that look at it refuse the next connection; connections that stand may go on",
		Action:      "renew it, let the other side trust the new one, and restart what uses it",
		Within:      4 * time.Hour, Again: 24 * time.Hour,
	},
	{
		Condition: "clock-set", Severity: line.SeverityHigh, Class: Equipment, Title: "The computer's clock was set while the line ran",
		Cause:       "a time source or a person has set it, or the computer slept",
		Consequence: "the line goes on by its own time and begins no pack: its record would carry a time that nobody shares",
		Action:      "let the packs in work be finished, see to the time source, then restart linectl",
		Within:      30 * time.Minute, Again: 4 * time.Hour,
	},
	{
		Condition: "disk-low", Severity: line.SeverityHigh, Class: Equipment, Title: "The disk of the records is nearly full",
		Cause:       "logs, copies or other programs have filled it, or years of records",
		Consequence: "the line finishes the packs in work and begins no other; if it fills up all the same, the line's program ends in the middle of them",
		Action:      "make room on the disk where the records lie, and remove none of them; the line goes on by itself",
		Within:      30 * time.Minute, Again: time.Hour,
	},
	{
		Condition: "part-refused", Severity: line.SeverityMedium, Class: Process, Title: "The part in the nest may not be worked on",
		Cause:       "the route check does not let the part in, or not on: material, hold, time limit, missing step or missing evidence",
		Consequence: "the station waits; the line before it blocks",
		Action:      "do what the text says: load material, ask Quality, or take the part out",
		Within:      15 * time.Minute, Again: 30 * time.Minute,
	},
	{
		Condition: "scanners-disagree", Severity: line.SeverityMedium, Class: Equipment, Title: "The scanners do not agree on what lies in the nest",
		Cause:       "a scanner is dirty, or a part that was let go still lies in the nest",
		Consequence: "the station takes no part; the line before it blocks",
		Action:      "look into the nest and clean the scanners",
		Within:      15 * time.Minute, Again: time.Hour,
	},
	{
		Condition: "part-missing", Severity: line.SeverityMedium, Class: Process, Title: "A part was sent to the station and has not come",
		Cause:       "it was taken out by hand, or the conveyor stands",
		Consequence: "the station waits for it, and so does what comes behind it",
		Action:      "look for it on the conveyor; if it is gone, write it off",
		Within:      15 * time.Minute, Again: time.Hour,
	},
	{
		Condition: "decision", Severity: line.SeverityMedium, Class: Person, Title: "A pack waits for a decision at the bench",
		Cause:       "a step ended NOK and the recipe leaves it to a person",
		Consequence: "the pack stays at the bench",
		Action:      "decide: rework or scrap, with the reason",
		Within:      30 * time.Minute, Again: 2 * time.Hour,
	},
	{
		Condition: "certificate-last-days-*", Severity: line.SeverityMedium, Class: Person, Title: "A certificate expires within two weeks",
		Cause:       "its time is nearly over",
		Consequence: "when it has expired, devices or HMIs that look at it refuse the next connection",
		Action:      "renew it at the next stop, and let the other side trust the new one",
		Within:      48 * time.Hour, Again: 72 * time.Hour,
	},
	{
		Condition: "overdue", Severity: line.SeverityMedium, Class: Process, Title: "An act takes longer than it may",
		Cause:       "the device has not said that it is done",
		Consequence: "the station waits; the act is not asked for again",
		Action:      "look at the device: a jam, a missing part, a protective stop",
		Within:      15 * time.Minute, Again: time.Hour,
	},
	{
		Condition: "certificate-expires-*", Severity: line.SeverityLow, Class: Person, Title: "A certificate expires within sixty days",
		Cause:       "its time is nearly over",
		Consequence: "when it has expired, devices or HMIs that look at it refuse the next connection",
		Action:      "plan its renewal with those who trust it",
		Within:      14 * 24 * time.Hour,
	},
	{
		Condition: "material-low-*", Severity: line.SeverityLow, Class: Process, Title: "A consumable runs out soon",
		Cause:       "at the present pace it lasts for half an hour at most, and more is ordered than it is enough for",
		Consequence: "the station waits when it is used up; a part that is in work is finished before",
		Action:      "fetch the next lot, and load it when the station asks for it",
		Within:      30 * time.Minute,
	},
	{
		Condition: "tool-low", Severity: line.SeverityLow, Class: Process, Title: "A tool needs its service soon",
		Cause:       "its use has reached the warning limit of the recipe",
		Consequence: "the station holds when the part is finished in which the tool reaches its limit",
		Action:      "clean, dress or replace it between two parts, and say so",
		Within:      30 * time.Minute,
	},
}

// Table returns the definitions of all alarms of the line, gravest first.
func Table() []Definition { return slices.Clone(table) }

// Define returns what the table says of an alarm by its identity, such as ST060/held.
func Define(id string) (Definition, bool) { return find(table, id) }

func find(table []Definition, id string) (Definition, bool) {
	_, condition, ok := strings.Cut(id, "/")
	if !ok {
		return Definition{}, false
	}
	i := slices.IndexFunc(table, func(d Definition) bool {
		prefix, many := strings.CutSuffix(d.Condition, "*")
		return many && strings.HasPrefix(condition, prefix) || condition == d.Condition
	})
	if i < 0 {
		return Definition{}, false
	}
	return table[i], true
}

// pin completes what is raised with what the table says: how it is treated stands in the record, so that a later version of the
// table changes nothing that has happened.
func (d Definition) pin(a line.AlarmRaised) line.AlarmRaised {
	if a.Severity == 0 {
		a.Severity = d.Severity
	}
	for _, f := range []struct {
		have *string
		want string
	}{{&a.Text, d.Title}, {&a.Cause, d.Cause}, {&a.Consequence, d.Consequence}, {&a.Action, d.Action}} {
		if *f.have == "" {
			*f.have = f.want
		}
	}
	a.Confirm, a.Latch, a.Again = d.Confirm, d.Latch, d.Again
	return a
}

// Circumstance is the state and the mode of a station, by their PackML names. An empty mode is Production.
type Circumstance struct{ State, Mode string }

// suppression says in which circumstances alarms of a class mean nothing. An empty state or mode stands for any.
var suppression = []struct {
	Circumstance
	class Class
	why   string
}{
	{Circumstance{State: "Stopped"}, Process, "the station is stopped"},
	{Circumstance{State: "Stopping"}, Process, "the station is stopping"},
	{Circumstance{State: "Aborted"}, Process, "the station has aborted"},
	{Circumstance{State: "Aborting"}, Process, "the station aborts"},
	{Circumstance{State: "Clearing"}, Process, "the station is being cleared"},
	{Circumstance{Mode: "Maintenance"}, Process, "the station is in maintenance"},
	{Circumstance{Mode: "Manual"}, Process, "the station is in manual mode"},
}

// suppressed says why alarms of a class mean nothing in the circumstances; empty where they do.
func suppressed(c Class, at Circumstance) string {
	for _, s := range suppression {
		if s.class == c && (s.State == "" || s.State == at.State) && (s.Mode == "" || s.Mode == at.Mode) {
			return s.why
		}
	}
	return ""
}

// restored lists the states that a station reaches only when a person has reset it: whoever does that answers for the cell, and
// so for the alarms that are latched there.
var restored = []string{"Resetting", "Idle", "Starting", "Execute", "Suspending", "Suspended", "Unsuspending", "Completing", "Complete"}
