package alarms

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/line"
)

// Do decides on what a person asks of an alarm: the record of it and what was done in words, or an error that says why not and
// what to do. It changes nothing; who may ask is decided elsewhere.
func (b *Book) Do(now time.Time, q line.Request) (r line.Record, done string, err error) {
	var id string
	var f line.Fact
	switch c := q.Command.(type) {
	case line.AcknowledgeAlarm:
		id = c.Alarm
		f, done, err = b.acknowledge(c, q)
	case line.ConfirmAlarm:
		id = c.Alarm
		f, done, err = b.confirm(c, q)
	case line.CommentAlarm:
		id = c.Alarm
		f, done, err = b.comment(c, q)
	case line.ShelveAlarm:
		id = c.Alarm
		f, done, err = b.shelve(now, c, q)
	case line.UnshelveAlarm:
		id = c.Alarm
		f, done, err = b.unshelve(c, q)
	case line.ResetAlarm:
		id = c.Alarm
		f, done, err = b.reset(c, q)
	case line.DisableAlarm:
		id = c.Alarm
		f, done, err = b.disable(c, q)
	default:
		err = errors.New("nothing was asked of an alarm")
	}
	if err != nil {
		return line.Record{}, "", err
	}
	a, _ := b.Find(id)
	return line.Record{At: now, Station: a.Station, Fact: f}, done, nil
}

// Words says in words what is asked of an alarm, for the audit. Any other command has none.
func Words(c line.Command) string {
	of := func(verb, id string, occurrence int) string {
		if occurrence == 0 {
			return verb + " " + id
		}
		return fmt.Sprintf("%s occurrence %d of %s", verb, occurrence, id)
	}
	switch c := c.(type) {
	case line.AcknowledgeAlarm:
		return of("acknowledge", c.Alarm, c.Occurrence)
	case line.ConfirmAlarm:
		return of("confirm", c.Alarm, c.Occurrence)
	case line.CommentAlarm:
		return of("comment", c.Alarm, c.Occurrence) + ": " + c.Comment
	case line.ShelveAlarm:
		return fmt.Sprintf("shelve %s for %s, one shot %t", c.Alarm, c.For, c.OneShot)
	case line.UnshelveAlarm:
		return "unshelve " + c.Alarm
	case line.ResetAlarm:
		return "reset " + c.Alarm
	case line.DisableAlarm:
		return fmt.Sprintf("take %s out of service, back %t", c.Alarm, c.Back)
	default:
		return ""
	}
}

// occurrences returns the open occurrences that are meant, of which 0 means all. At least one comes without an error.
func (b *Book) occurrences(id string, occurrence int) ([]Alarm, error) {
	var open []Alarm
	if p := b.points[id]; p != nil {
		open = slices.Clone(p.branches)
		if p.last.open() {
			open = append(open, p.last)
		}
	}
	if len(open) == 0 {
		return nil, fmt.Errorf("no alarm %s is open", id)
	}
	if occurrence == 0 {
		return open, nil
	}
	var names []string
	for _, a := range open {
		if a.Occurrence == occurrence {
			return []Alarm{a}, nil
		}
		names = append(names, strconv.Itoa(a.Occurrence))
	}
	return nil, fmt.Errorf("occurrence %d of %s is not open; open are %s", occurrence, id, strings.Join(names, ", "))
}

func (b *Book) acknowledge(c line.AcknowledgeAlarm, q line.Request) (line.Fact, string, error) {
	open, err := b.occurrences(c.Alarm, c.Occurrence)
	if err != nil {
		return nil, "", err
	}
	if !slices.ContainsFunc(open, func(a Alarm) bool { return !a.Acknowledged }) {
		return nil, "", fmt.Errorf("%s is acknowledged already", c.Alarm)
	}
	f := line.AlarmAcknowledged{Alarm: c.Alarm, Occurrence: c.Occurrence, By: q.By, Comment: q.Why}
	if c.Occurrence != 0 {
		f.Repeats = open[0].Repeats
	}
	done := c.Alarm + " acknowledged"
	if slices.ContainsFunc(open, func(a Alarm) bool { return !a.Confirmed }) {
		done += "; confirm it when it is done: " + open[len(open)-1].Action
	}
	return f, done, nil
}

func (b *Book) confirm(c line.ConfirmAlarm, q line.Request) (line.Fact, string, error) {
	open, err := b.occurrences(c.Alarm, c.Occurrence)
	if err != nil {
		return nil, "", err
	}
	if !slices.ContainsFunc(open, func(a Alarm) bool { return !a.Confirmed }) {
		return nil, "", fmt.Errorf("%s asks for no confirmation", c.Alarm)
	}
	if slices.ContainsFunc(open, func(a Alarm) bool { return !a.Acknowledged }) {
		return nil, "", fmt.Errorf("%s is not acknowledged; acknowledge it first", c.Alarm)
	}
	f := line.AlarmConfirmed{Alarm: c.Alarm, Occurrence: c.Occurrence, By: q.By, Comment: q.Why}
	if c.Occurrence != 0 {
		f.Repeats = open[0].Repeats
	}
	return f, c.Alarm + " confirmed", nil
}

func (b *Book) comment(c line.CommentAlarm, q line.Request) (line.Fact, string, error) {
	if strings.TrimSpace(c.Comment) == "" {
		return nil, "", errors.New("a comment needs words")
	}
	if _, known := b.Find(c.Alarm); !known {
		return nil, "", errNever(c.Alarm)
	}
	if c.Occurrence != 0 {
		if _, err := b.occurrences(c.Alarm, c.Occurrence); err != nil {
			return nil, "", err
		}
	}
	return line.AlarmCommented{Alarm: c.Alarm, Occurrence: c.Occurrence, By: q.By, Comment: c.Comment}, "noted on " + c.Alarm, nil
}

func errNever(id string) error {
	return fmt.Errorf("alarm %s was never raised on this line; linectl alarm list shows the names", id)
}

// mayHide refuses what would take a grave alarm out of sight, and what nobody answers for.
func (b *Book) mayHide(id, what string, q line.Request) (Alarm, error) {
	a, known := b.Find(id)
	switch {
	case !known:
		return a, errNever(id)
	case a.Severity >= line.NeverShelved:
		return a, fmt.Errorf("%s has severity %d: from %d on an alarm is never %s; %s", id, a.Severity, line.NeverShelved, what, a.Action)
	case strings.TrimSpace(q.By) == "" || strings.TrimSpace(q.Why) == "":
		return a, fmt.Errorf("%s is not %s without who asks and why", id, what)
	}
	return a, nil
}

func (b *Book) shelve(now time.Time, c line.ShelveAlarm, q line.Request) (line.Fact, string, error) {
	a, err := b.mayHide(c.Alarm, "shelved", q)
	if err != nil {
		return nil, "", err
	}
	if c.For == 0 && c.OneShot {
		c.For = line.MaxShelved
	}
	switch {
	case a.Shelf != nil:
		return nil, "", fmt.Errorf("%s is shelved already until %s by %s; unshelve it first", c.Alarm, a.Shelf.Until.UTC().Format(clock), a.Shelf.By)
	case c.For <= 0 || c.For > line.MaxShelved:
		return nil, "", fmt.Errorf("an alarm is shelved for more than nothing and at most %s, not for %s", line.MaxShelved, c.For)
	}
	f := line.AlarmShelved{Alarm: c.Alarm, Until: now.Add(c.For).UTC(), OneShot: c.OneShot, By: q.By, Why: q.Why}
	done := fmt.Sprintf("%s is shelved until %s and returns alone", c.Alarm, f.Until.Format(clock))
	if c.OneShot {
		done = fmt.Sprintf("%s is shelved until its cause is gone, at most until %s", c.Alarm, f.Until.Format(clock))
	}
	return f, done, nil
}

// clock shows a time within a day or so; the zone is said, because the record is in UTC and the wall clock is not.
const clock = "15:04:05 MST"

func (b *Book) unshelve(c line.UnshelveAlarm, q line.Request) (line.Fact, string, error) {
	if a, _ := b.Find(c.Alarm); a.Shelf == nil {
		return nil, "", fmt.Errorf("%s is not shelved", c.Alarm)
	}
	return line.AlarmUnshelved{Alarm: c.Alarm, By: q.By, Why: q.Why}, c.Alarm + " is back", nil
}

func (b *Book) reset(c line.ResetAlarm, q line.Request) (line.Fact, string, error) {
	a, _ := b.Find(c.Alarm)
	switch {
	case !a.Latched:
		return nil, "", fmt.Errorf("%s is not latched", c.Alarm)
	case a.Active:
		return nil, "", fmt.Errorf("the cause of %s is still there: %s", c.Alarm, a.Action)
	case !a.Acknowledged:
		return nil, "", fmt.Errorf("%s is not acknowledged; acknowledge it first", c.Alarm)
	case !a.Confirmed:
		return nil, "", fmt.Errorf("%s is not confirmed; confirm it first", c.Alarm)
	}
	return line.AlarmReset{Alarm: c.Alarm, By: q.By}, c.Alarm + " is reset", nil
}

func (b *Book) disable(c line.DisableAlarm, q line.Request) (line.Fact, string, error) {
	f := line.AlarmOutOfService{Alarm: c.Alarm, Back: c.Back, By: q.By, Why: q.Why}
	if a, _ := b.Find(c.Alarm); a.OutOfService != c.Back {
		return nil, "", fmt.Errorf("%s is out of service: %t", c.Alarm, a.OutOfService)
	}
	if c.Back {
		return f, c.Alarm + " is back in service", nil
	}
	if _, err := b.mayHide(c.Alarm, "taken out of service", q); err != nil {
		return nil, "", err
	}
	return f, c.Alarm + " is out of service until somebody puts it back", nil
}
