package traceability

import (
	"context"
	"fmt"
	"math"
	"slices"

	"linectl/line"
)

// readAround reads what happened at the stations while the pack was there, and the checks and services before. The pack's own
// alarms count after its end too: that of a quarantine follows the disposition.
func (d *Dossier) readAround(ctx context.Context, q querier) (err error) {
	visits := d.visits()
	end := d.endSeq
	if end == 0 {
		end = math.MaxInt64
	}
	there := func(station line.StationID, from, to int64) bool {
		return slices.ContainsFunc(visits, func(v visit) bool { return v.station == station && from <= v.to && to >= v.from })
	}
	if d.Alarms, err = readAlarms(ctx, q, d.seq, end, d.id); err != nil {
		return err
	}
	d.Alarms = slices.DeleteFunc(d.Alarms, func(a Alarm) bool {
		return a.pack != d.id && (a.pack != 0 || !there(a.Station, a.Seq, a.clearedSeq))
	})
	for i := range d.Alarms {
		if err := d.Alarms[i].readActions(ctx, q); err != nil {
			return err
		}
	}
	d.Actions, err = list(ctx, q, func(a *Action) []any {
		return []any{&a.Seq, at{&a.At}, text[line.StationID]{&a.Station}, &a.pack, &a.By, &a.Why, &a.Command, &a.Accepted, &a.Reply, &a.Account, &a.Old, &a.New}
	}, `SELECT seq, at_us, station, pack_id, asker, why, command, accepted, reply, account, old_value, new_value FROM actions
		WHERE seq BETWEEN ? AND ? AND command NOT LIKE 'log in from %' AND command NOT LIKE 'note that %' ORDER BY seq`, d.seq, end) // log-ins concern no pack
	if err != nil {
		return err
	}
	d.Actions = slices.DeleteFunc(d.Actions, func(a Action) bool {
		return a.pack != d.id && a.Station != "" && !there(a.Station, a.Seq, a.Seq)
	})
	d.Masters, d.Tools = []Master{}, []ToolService{}
	for _, v := range visits {
		if err := d.readBefore(ctx, q, v); err != nil {
			return err
		}
	}
	return nil
}

// readAlarms reads every alarm that stood between two entries, and those that were raised later for the pack itself.
func readAlarms(ctx context.Context, q querier, from, to, pack int64) ([]Alarm, error) {
	const columns = `SELECT seq, at_us, alarm, station, pack_id, severity, text, cause, action, group_name, cleared_us,
		COALESCE(cleared_seq, 9223372036854775807), acknowledged_us, acknowledged_by, occurrence, confirmed_us, confirmed_by,
		reset_us, reset_by FROM alarms`
	return list(ctx, q, func(a *Alarm) []any {
		return []any{
			&a.Seq,
			at{&a.At},
			&a.Alarm,
			text[line.StationID]{&a.Station},
			&a.pack, &a.Severity, &a.Text, &a.Cause, &a.Action, &a.Group,
			maybeAt{&a.ClearedAt},
			&a.clearedSeq,
			maybeAt{&a.AcknowledgedAt},
			text[string]{&a.AcknowledgedBy},
			&a.Occurrence,
			maybeAt{&a.ConfirmedAt},
			text[string]{&a.ConfirmedBy},
			maybeAt{&a.ResetAt},
			text[string]{&a.ResetBy},
		}
	}, columns+" WHERE seq BETWEEN ? AND ? UNION ALL "+columns+" WHERE seq < ? AND cleared_seq >= ? UNION ALL "+
		columns+" WHERE seq < ? AND cleared_seq IS NULL UNION ALL "+columns+" WHERE seq > ? AND pack_id = ? ORDER BY 1",
		from, to, from, from, from, to, pack)
}

const alarmActionQuery = `SELECT seq, at_us, action, actor, why, until_us FROM alarm_actions WHERE alarm = ? AND (occurrence = ? OR occurrence = 0 AND seq > ?
	AND seq < COALESCE((SELECT MIN(seq) FROM alarms WHERE alarm = ? AND occurrence > ?), 9223372036854775807)) ORDER BY seq`

// readActions reads what was done to this occurrence: by its number, or to the alarm as a whole before it came again.
func (a *Alarm) readActions(ctx context.Context, q querier) (err error) {
	a.Actions, err = list(ctx, q, func(c *AlarmAction) []any {
		return []any{&c.Seq, at{&c.At}, &c.Action, &c.By, &c.Why, maybeAt{&c.Until}}
	}, alarmActionQuery, a.Alarm, a.Occurrence, a.Seq, a.Alarm, a.Occurrence)
	return err
}

// readBefore reads the last master check and tool service of a station before a visit.
func (d *Dossier) readBefore(ctx context.Context, q querier, v visit) error {
	masters, err := list(ctx, q, func(m *Master) []any {
		return []any{&m.Seq, at{&m.At}, text[line.StationID]{&m.Station}, text[line.Verdict]{&m.Verdict}, at{&m.ValidUntil}}
	}, "SELECT seq, at_us, station, verdict, valid_until_us FROM masters WHERE station = ? AND seq < ? ORDER BY seq DESC LIMIT 1",
		string(v.station), v.from)
	if err != nil {
		return err
	}
	for _, m := range masters {
		if slices.ContainsFunc(d.Masters, func(have Master) bool { return have.Seq == m.Seq }) {
			continue
		}
		readings, err := readMeasurements(ctx, q, "m.pack_id = 0 AND m.seq = ?", m.Seq)
		if err != nil {
			return err
		}
		m.Measurements = readings[m.Seq]
		d.Masters = append(d.Masters, m)
	}
	tools, err := list(ctx, q, func(t *ToolService) []any {
		return []any{&t.Seq, at{&t.At}, text[line.StationID]{&t.Station}, &t.Tool, &t.Action, &t.By}
	}, "SELECT seq, at_us, station, tool, action, servicer FROM tools WHERE station = ? AND seq < ? ORDER BY seq DESC LIMIT 1",
		string(v.station), v.from)
	for _, t := range tools {
		if !slices.ContainsFunc(d.Tools, func(have ToolService) bool { return have.Seq == t.Seq }) {
			d.Tools = append(d.Tools, t)
		}
	}
	return err
}

// findMissing lists what the records themselves show to be missing. What the recipe asks besides is added by Require.
func (d *Dossier) findMissing() {
	d.Missing = []string{}
	missing := func(format string, args ...any) { d.Missing = append(d.Missing, fmt.Sprintf(format, args...)) }
	if d.RecipeHash == "" {
		missing("recipe: none pinned")
	}
	if len(d.Modules) == 0 {
		missing("genealogy: no cells reserved")
	}
	for _, m := range d.Modules {
		for _, c := range m.Cells {
			switch {
			case c.Placed == "":
				missing("slot %d: cell %s reserved, not placed", c.Slot, c.Cell)
			case c.Placed != string(c.Cell):
				missing("slot %d: cell %s reserved, %s placed", c.Slot, c.Cell, c.Placed)
			}
			if len(c.Receipts) == 0 {
				missing("slot %d: no receipt of cell %s", c.Slot, c.Cell)
			}
			if len(c.Gradings) == 0 {
				missing("slot %d: no readings of cell %s", c.Slot, c.Cell)
			}
		}
	}
	for _, a := range d.Attempts {
		if a.Decided != "" {
			continue // nobody misses it any more: people have looked, and said what it counts as
		}
		switch a.End {
		case "":
			missing("%s %d at %s: no result (token %s, entry %d)", a.Name, a.Index, a.Station, a.Token, a.Seq)
		case "quarantined":
			missing("%s %d at %s: nobody knows whether it happened (token %s, entry %d)", a.Name, a.Index, a.Station, a.Token, a.Seq)
		}
		for _, m := range a.Measurements {
			if m.Value == nil {
				missing("%s %d at %s: %s (entry %d)", a.Name, a.Index, a.Station, m, a.EndSeq)
			}
		}
	}
	if len(d.Dispositions) == 0 {
		missing("disposition: the pack is %s", d.State)
	}
}
