package traceability

import (
	"context"
	"time"

	"linectl/line"
)

// AlarmStep is one thing that happened to an occurrence of an alarm, with the occurrence as it stood then.
type AlarmStep struct {
	Seq          int64
	At           time.Time
	Step         string // raised, cleared, or an action as alarm_actions names it
	By, Why      string
	Alarm        string
	Station      line.StationID
	Occurrence   int
	Severity     int
	Text         string
	Cause        string
	Consequence  string
	Action       string
	Group        string
	Raised       time.Time
	Active       bool
	Acknowledged bool
	Confirmed    bool
}

const alarmStepQuery = `WITH step (seq, at_us, step, actor, why, raised) AS (
	SELECT seq, at_us, 'raised', '', '', seq FROM alarms WHERE at_us >= ?1 AND at_us <= ?2
	UNION ALL SELECT cleared_seq, cleared_us, 'cleared', '', '', seq FROM alarms WHERE cleared_us >= ?1 AND cleared_us <= ?2
	UNION ALL SELECT c.seq, c.at_us, c.action, c.actor, c.why, (SELECT MAX(a.seq) FROM alarms a WHERE a.alarm = c.alarm AND c.occurrence IN (0, a.occurrence)
		AND a.seq < c.seq) FROM alarm_actions c WHERE c.at_us >= ?1 AND c.at_us <= ?2)
	SELECT e.seq, e.at_us, e.step, e.actor, e.why, a.alarm, a.station, a.occurrence, a.severity, a.text, a.cause, a.consequence, a.action, a.group_name, a.at_us,
	COALESCE(a.cleared_seq > e.seq, 1), COALESCE(a.acknowledged_seq <= e.seq, 0), COALESCE(a.confirmed_seq <= e.seq, 0)
	FROM step e JOIN alarms a ON a.seq = e.raised WHERE ?3 IN ('', a.station) `

// AlarmSteps returns what happened to the alarms of a station, or of all where it is empty, between two times, both included: from
// the earlier on, or backwards where from is after to. It leaves out the first skip and returns limit at most.
func (r *Reader) AlarmSteps(ctx context.Context, station line.StationID, from, to time.Time, skip, limit int) ([]AlarmStep, error) {
	low, high, order := micros(from), micros(to), "ORDER BY e.at_us, e.seq, a.seq LIMIT ?4 OFFSET ?5"
	if from.After(to) {
		low, high, order = high, low, "ORDER BY e.at_us DESC, e.seq DESC, a.seq DESC LIMIT ?4 OFFSET ?5"
	}
	steps, err := list(ctx, r.db, func(s *AlarmStep) []any {
		return []any{
			&s.Seq,
			at{&s.At},
			&s.Step, &s.By, &s.Why, &s.Alarm,
			text[line.StationID]{&s.Station},
			&s.Occurrence, &s.Severity, &s.Text, &s.Cause, &s.Consequence,
			&s.Action, &s.Group,
			at{&s.Raised},
			&s.Active, &s.Acknowledged, &s.Confirmed,
		}
	}, alarmStepQuery+order, low, high, string(station), limit, skip)
	if err != nil {
		return nil, explain(r.dir, err)
	}
	return steps, nil
}
