package campaign

import (
	"encoding/json"
	"fmt"

	"linectl/checker"
	"linectl/line"
	"linectl/supervisor"
)

// Rows is a Disk that can show the rows as they are stored, with what the store adds to them.
type Rows interface {
	Rows() ([]checker.Entry, error)
}

// rows returns the journal as a store has it.
func (t *trial) rows(records []line.Record) ([]checker.Entry, error) {
	if d, stored := t.store.Disk.(Rows); stored {
		return d.Rows()
	}
	rows := make([]checker.Entry, len(records))
	for i, r := range records {
		var err error
		if rows[i], err = row(uint64(i+1), r); err != nil { //nolint:gosec // counts up
			return nil, err
		}
	}
	return rows, nil
}

func row(seq uint64, r line.Record) (checker.Entry, error) {
	body, err := json.Marshal(r.Fact)
	return checker.Entry{Seq: seq, Kind: line.FactName(r.Fact), Pack: string(r.Pack), Station: string(r.Station), Micros: r.At.UnixMicro(), Body: body}, err
}

// found notes what a supervisor knows that has only read the journal.
func (t *trial) found(l *supervisor.Line, records []line.Record) error {
	d := checker.Death{Truth: t.events, Asked: len(t.asked), Found: uint64(len(records))}
	if d.Found > 0 {
		last, err := row(d.Found, records[d.Found-1])
		if err != nil {
			return err
		}
		d.Last = last.Digest()
	}
	for _, a := range l.Snapshot(t.Now).Alarms {
		d.Shown = append(d.Shown, checker.Listing{Alarm: a.Alarm, Occurrence: a.Occurrence, Active: a.Active, Acknowledged: a.Acknowledged, Repeats: a.Repeats})
	}
	t.deaths = append(t.deaths, d)
	return nil
}

// everyReplayed says which trials have their journal decided anew.
const everyReplayed = 10

// replayed lets a line that has seen nothing follow the journal and decide everything anew: a second judge, who knows the rules and
// not what happened. It knows no supplier's notice beside those on record.
func (t *trial) replayed(records []line.Record) []checker.Violation {
	cfg := t.config
	cfg.Supplier = nil
	judge := func(where, format string, args ...any) []checker.Violation {
		return []checker.Violation{{Invariant: "replay", Where: where, Text: fmt.Sprintf(format, args...)}}
	}
	replay, err := supervisor.NewReplay(cfg)
	if err != nil {
		return judge("trial", "%v", err)
	}
	for i, r := range records {
		e := line.Entry{Seq: uint64(i + 1), Record: r} //nolint:gosec // counts up
		if err := replay.Follow(e); err != nil {
			return judge(fmt.Sprintf("entry %d", e.Seq), "%v", err)
		}
	}
	replay.End()
	var all []checker.Violation
	for _, c := range replay.Contradictions {
		all = append(all, judge(fmt.Sprintf("entry %d (%s %s %s)", c.Seq, c.Kind, c.Station, c.Pack), "%s", c.Text)...)
	}
	if replay.Decided["intent"] == 0 {
		all = append(all, judge("trial", "nothing was decided, so nothing is shown")...)
	}
	return all
}
