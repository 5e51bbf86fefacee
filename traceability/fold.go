package traceability

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"linectl/line"
)

// fold writes what follows from journal entries into the tables. It depends on nothing but the entries and their order, so
// that folding the whole journal into empty tables gives the same rows again, down to the surrogate keys.
//
// The first error stays in err, and nothing is done after it: whoever opened the transaction looks at it once.
type fold struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt
	err        error
	caches
}

// caches hold what the tables hold, to spare look-ups. They grow with the line, not with its production.
type caches struct {
	simulated       bool // as the last start of the line said
	devices         map[line.DeviceID]int64
	characteristics map[characteristic]int64
	packs           map[string]int64 // packs that have no disposition
	open            map[line.Token]attempt
}

type characteristic struct{ station, source, name, unit string }

// attempt is the key of a row of attempts.
type attempt struct{ pack, seq int64 }

func newCaches() caches {
	return caches{
		devices: map[line.DeviceID]int64{}, characteristics: map[characteristic]int64{}, packs: map[string]int64{},
		open: map[line.Token]attempt{},
	}
}

func newFold(conn *sql.Conn) *fold {
	return &fold{conn: conn, statements: map[string]*sql.Stmt{}, caches: newCaches()}
}

// load fills the caches whose emptiness would mean something.
func (f *fold) load() error {
	f.simulated = f.number("SELECT simulated FROM line_starts ORDER BY seq DESC LIMIT 1") != 0
	rows, err := f.conn.QueryContext(context.Background(), "SELECT token, pack_id, seq FROM open_intents")
	if err != nil {
		return errors.Join(f.err, err)
	}
	defer rows.Close()
	for rows.Next() {
		var token int64
		var a attempt
		if err := rows.Scan(&token, &a.pack, &a.seq); err != nil {
			return err
		}
		f.open[line.Token(token)] = a
	}
	return errors.Join(f.err, rows.Err())
}

func (f *fold) close() error {
	var errs []error
	for _, s := range f.statements {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// statement prepares a statement the first time that it is used.
func (f *fold) statement(query string) *sql.Stmt {
	if f.err != nil {
		return nil
	}
	s, ok := f.statements[query]
	if !ok {
		s, f.err = f.conn.PrepareContext(context.Background(), query)
		if f.err != nil {
			return nil
		}
		f.statements[query] = s
	}
	return s
}

// exec runs a statement and returns the key of the row that it inserted, if it did.
func (f *fold) exec(query string, args ...any) (id int64) {
	s := f.statement(query) //nolint:sqlclosecheck // fold.close closes it.
	if s == nil {
		return 0
	}
	result, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		f.err = err
		return 0
	}
	id, f.err = result.LastInsertId()
	return id
}

// number returns the single number that a query answers, 0 if it answers nothing or NULL.
func (f *fold) number(query string, args ...any) int64 {
	s := f.statement(query) //nolint:sqlclosecheck // fold.close closes it.
	if s == nil {
		return 0
	}
	var n sql.NullInt64
	if err := s.QueryRowContext(context.Background(), args...).Scan(&n); err != nil && !errors.Is(err, sql.ErrNoRows) {
		f.err = err
	}
	return n.Int64
}

// json writes a value that the tables keep whole. A nil or empty list is always "[]".
func (f *fold) json(v any) string {
	b, err := json.Marshal(v)
	if err != nil && f.err == nil {
		f.err = err
	}
	if s := string(b); s != "null" {
		return s
	}
	return "[]"
}

// scope is what all rows of one entry share.
type scope struct {
	seq     int64
	micros  int64
	station string
	pack    int64 // 0 where no pack is concerned
}

// entry folds one entry of the journal.
func (f *fold) entry(r row, fact line.Fact) {
	s := scope{seq: int64(r.seq), micros: r.micros, station: r.station}
	if start, ok := fact.(line.PackStarted); ok {
		f.packStarted(s, r.pack, start)
		return
	}
	s.pack = f.pack(s, r.pack)
	switch fact := fact.(type) {
	case line.LineStarted:
		f.lineStarted(s, fact)
	case line.RecipePinned:
		f.recipePinned(s, fact)
	case line.OrderAdded:
		f.orderAdded(s, fact)
	case line.PackStarted: // Above, because it makes the pack.
	case line.CellReceived:
		f.cellReceived(s, fact)
	case line.CellGraded:
		f.cellGraded(s, fact)
	case line.SetReserved:
		f.setReserved(s, r.pack, fact)
	case line.Intent:
		f.intent(s, fact)
	case line.ActDone:
		f.actDone(s, fact)
	case line.ActRefused:
		f.actRefused(s, fact)
	case line.ActQuarantined:
		f.actQuarantined(s, fact)
	case line.StateChanged:
		f.stateChanged(s, fact)
	case line.PartArrived:
		f.partArrived(s, fact)
	case line.StepDone:
		f.stepDone(s, fact)
	case line.PartMoved:
		f.partMoved(s, fact)
	case line.ReworkDecided:
		f.reworkDecided(s, fact)
	case line.PackDisposed:
		f.packDisposed(s, r.pack, fact)
	case line.QuarantineInspected, line.QuarantineProposed, line.QuarantineRefused, line.QuarantineDecided:
		f.quarantineWord(s, fact)
	default:
		f.lineEntry(s, fact)
	}
}

// lineEntry folds the entries that concern stations and people.
func (f *fold) lineEntry(s scope, fact line.Fact) {
	switch fact := fact.(type) {
	case line.HoldSet:
		f.exec("INSERT INTO holds (seq, at_us, subject, reason, holder) VALUES (?, ?, ?, ?, ?)",
			s.seq, s.micros, fact.Subject, fact.Reason, fact.By)
	case line.HoldReleased:
		f.exec("UPDATE holds SET released_seq = ?, released_us = ?, released_by = ?, released_reason = ? WHERE subject = ? AND released_seq IS NULL",
			s.seq, s.micros, fact.By, fact.Reason, fact.Subject)
	case line.CommandApplied:
		f.commandApplied(s, fact)
	case line.MaterialLoaded:
		f.materialLoaded(s, fact)
	case line.ToolServiced:
		f.exec("INSERT INTO tools (seq, at_us, station, tool, action, servicer) VALUES (?, ?, ?, ?, ?, ?)",
			s.seq, s.micros, s.station, fact.Tool, fact.Action, fact.By)
	case line.MasterChecked:
		f.exec("INSERT INTO masters (seq, at_us, station, verdict, valid_until_us) VALUES (?, ?, ?, ?, ?)",
			s.seq, s.micros, s.station, string(fact.Verdict), micros(fact.ValidUntil))
		s.pack = 0 // Found by the check.
		f.measurements(s, "master", fact.Measurements)
	default: // An alarm's, an account's, or a kind that only the journal keeps.
		f.alarmEntry(s, fact)
		f.accountEntry(s, fact)
	}
}

// materialLoaded puts a lot at a station in the place of the one before.
func (f *fold) materialLoaded(s scope, fact line.MaterialLoaded) {
	lot := f.lotKey(s, fact.Lot, fact.Item)
	f.exec("INSERT INTO materials (seq, at_us, station, item, lot_id, quantity, expiry_us, loader) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		s.seq, s.micros, s.station, fact.Item, lot, fact.Quantity, micros(fact.Expiry), fact.By)
	f.exec(`INSERT INTO loaded (station, item, lot_id, seq) VALUES (?, ?, ?, ?)
		ON CONFLICT (station, item) DO UPDATE SET lot_id = excluded.lot_id, seq = excluded.seq`, s.station, fact.Item, lot, s.seq)
}

func (f *fold) lineStarted(s scope, fact line.LineStarted) {
	f.exec("INSERT INTO line_starts (seq, at_us, fence, version, simulated) VALUES (?, ?, ?, ?, ?)",
		s.seq, s.micros, int64(fact.Fence), fact.Version, fact.Simulated)
	f.simulated = fact.Simulated
}

func (f *fold) stateChanged(s scope, fact line.StateChanged) {
	f.exec(`INSERT INTO stations (station, state, cause, seq, at_us) VALUES (?, ?, ?, ?, ?) ON CONFLICT (station) DO UPDATE
		SET state = excluded.state, cause = excluded.cause, seq = excluded.seq, at_us = excluded.at_us`,
		s.station, fact.To, fact.Cause, s.seq, s.micros)
	f.exec("INSERT INTO state_changes (station, at_us, seq, from_state, to_state, cause) VALUES (?, ?, ?, ?, ?, ?)",
		s.station, s.micros, s.seq, fact.From, fact.To, fact.Cause)
}

// micros returns UTC µs since 1970; the zero time is far before it and stays distinguishable.
func micros(t time.Time) int64 { return t.UnixMicro() }
