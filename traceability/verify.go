package traceability

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"time"

	"linectl/line"
)

// Report is what Verify found. It is good when Problems is empty; open intents are no problem while the line runs.
type Report struct {
	Entries     uint64       `json:"entries"`
	Head        string       `json:"head"` // hash of the last entry, hexadecimal: keep it elsewhere to prove the rest later
	OpenIntents []OpenIntent `json:"open_intents"`
	Released    int          `json:"released"`  // packs whose release was recomputed
	Waveforms   int          `json:"waveforms"` // files that results name, read and compared with their names
	Problems    []Problem    `json:"problems"`  // the first one is where to begin
}

// Problem is one thing that does not agree.
type Problem struct {
	Seq  uint64 `json:"seq,omitempty"` // the journal entry, where it is known
	What string `json:"what"`
}

// OpenIntent is an act that was recorded and has no end yet.
type OpenIntent struct {
	Seq     uint64         `json:"seq"`
	At      time.Time      `json:"at"`
	Token   line.Token     `json:"token"`
	Station line.StationID `json:"station"`
	Device  line.DeviceID  `json:"device"`
	Task    line.Task      `json:"task"`
	Part    string         `json:"part"`
	Index   int            `json:"index"`
}

// Verify recomputes the hash chain of the journal and looks for gaps, folds the journal into empty tables and compares every
// table with them, reads every waveform that a result names, and recomputes every release from raw results. It works beside a running line, on the state of the moment
// at which it began, and needs room for a second copy of the tables in the directory for temporary files.
func (r *Reader) Verify(ctx context.Context) (Report, error) {
	report := Report{OpenIntents: []OpenIntent{}, Problems: []Problem{}}
	temp, err := os.MkdirTemp("", "linectl-verify-")
	if err != nil {
		return report, fmt.Errorf("verification needs a directory for temporary files: %w", err)
	}
	err = r.compare(ctx, temp, &report)
	if err = errors.Join(err, os.RemoveAll(temp)); err != nil {
		return report, fmt.Errorf("verify records in %s: %w", r.dir, err)
	}
	if len(report.Problems) == 0 {
		err = r.verifyReleases(ctx, &report)
	}
	return report, err
}

// compare folds the journal into a fresh database in temp, to which the records are attached read only.
func (r *Reader) compare(ctx context.Context, temp string, report *Report) error {
	name, err := dsn(temp, "_journal_mode=OFF&_synchronous=OFF&_foreign_keys=0")
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := migrate(ctx, db); err != nil {
		return err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	records, err := dsn(r.dir, r.access)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "ATTACH ? AS records", records); err != nil {
		return err
	}
	v := &verification{Report: report, dir: r.dir, conn: conn, fold: newFold(conn)}
	v.fold.exec("BEGIN")
	if v.fold.err != nil {
		return v.fold.err
	}
	sound, err := v.chain(ctx)
	if err == nil && sound {
		err = v.tables(ctx)
	}
	if err == nil {
		err = v.openIntents(ctx)
	}
	return errors.Join(err, v.fold.close())
}

// verification is one run of Verify, within one transaction of one connection.
type verification struct {
	*Report
	dir  string
	conn *sql.Conn
	fold *fold
}

func (v *verification) problem(seq uint64, format string, args ...any) {
	v.Problems = append(v.Problems, Problem{Seq: seq, What: fmt.Sprintf(format, args...)})
}

// chain recomputes the hashes, and folds while they agree. It stops at the first entry that is not as it was written.
func (v *verification) chain(ctx context.Context) (sound bool, err error) {
	head := newChain()
	for {
		rows, err := readRows(ctx, v.conn, "records.", v.Entries+1, page)
		if err != nil {
			v.problem(v.Entries+1, "journal entry %d cannot be read: %v", v.Entries+1, err)
			return false, ctx.Err()
		}
		for _, row := range rows {
			fact, broken := head.follow(v.Entries+1, row)
			if broken != nil {
				v.Problems = append(v.Problems, *broken)
				return false, nil
			}
			v.Entries = row.seq
			v.fold.entry(row, fact)
			v.waveform(row, fact)
		}
		if v.fold.err != nil {
			return false, v.fold.err
		}
		if len(rows) < page {
			v.Head = hex.EncodeToString(head.last[:])
			return true, v.before(ctx)
		}
	}
}

// waveform looks whether the file that a result names is there and holds what it held then.
func (v *verification) waveform(r row, fact line.Fact) {
	done, ok := fact.(line.ActDone)
	if !ok || done.Waveform == "" {
		return
	}
	v.Waveforms++
	if _, err := readWaveform(v.dir, done.Waveform); err != nil {
		v.problem(r.seq, "waveform of %s %d of pack %s: %v", done.Task, done.Index, r.pack, err)
	}
}

// follow says what is wrong with a row that should be the next one of the journal, or returns what it says.
func (c *chain) follow(next uint64, r row) (line.Fact, *Problem) {
	if r.seq != next {
		return nil, &Problem{next, fmt.Sprintf("journal entry %d is missing; the next one is %d", next, r.seq)}
	}
	if hash := c.next(r); !bytes.Equal(hash[:], r.hash) {
		return nil, &Problem{next, fmt.Sprintf("journal entry %d (%s, pack %q, station %q) is not as it was written: its hash does not follow"+
			" from its contents and the entry before", next, r.kind, r.pack, r.station)}
	}
	fact, err := line.DecodeFact(r.kind, r.body)
	if err != nil {
		return nil, &Problem{next, fmt.Sprintf("journal entry %d: %v", next, err)}
	}
	return fact, nil
}

// before looks for what stands in the journal in front of its first entry.
func (v *verification) before(ctx context.Context) error {
	var extra int
	err := v.conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM records.journal WHERE seq < 1").Scan(&extra)
	if extra > 0 {
		v.problem(0, "the journal has %d entries before its first", extra)
	}
	return err
}

// tables compares every folded table, both ways, and the schema itself.
func (v *verification) tables(ctx context.Context) error {
	var fence, highest int64
	err := v.conn.QueryRowContext(ctx, "SELECT fence, (SELECT COALESCE(MAX(fence), 0) FROM main.line_starts) FROM records.store").Scan(&fence, &highest)
	if err != nil || fence < highest {
		v.problem(0, "table store: the fence is %d, but incarnation %d has been recorded (%v)", fence, highest, err)
	}
	for _, table := range append([]string{"sqlite_schema"}, folded...) {
		columns := "*"
		if table == "sqlite_schema" {
			columns = "type, name, tbl_name, sql"
		}
		for _, way := range []struct{ from, other, what string }{
			{"main", "records", "lacks a row that follows from the journal"},
			{"records", "main", "has a row that does not follow from the journal"},
		} {
			row, seq, err := v.difference(ctx, fmt.Sprintf("SELECT %s FROM %s.%s EXCEPT SELECT %s FROM %s.%s LIMIT 1", columns, way.from, table, columns, way.other, table))
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				v.problem(0, "table %s cannot be compared: %v", table, err)
			case row != "":
				v.problem(seq, "table %s %s: %s", table, way.what, row)
			}
		}
	}
	return nil
}

// difference returns the first row of a query in words, and its journal entry if the row names one.
func (v *verification) difference(ctx context.Context, query string) (words string, seq uint64, err error) {
	rows, err := v.conn.QueryContext(ctx, query)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil || !rows.Next() {
		return "", 0, errors.Join(err, rows.Err())
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return "", 0, err
	}
	for i, name := range columns {
		if n, ok := values[i].(int64); ok && name == "seq" && n > 0 {
			seq = uint64(n)
		}
		if i < 8 {
			words += fmt.Sprintf("%s=%.40v ", name, values[i])
		}
	}
	return words, seq, nil
}

func (v *verification) openIntents(ctx context.Context) (err error) {
	v.OpenIntents, err = list(ctx, v.conn, func(o *OpenIntent) []any {
		return []any{
			whole[uint64]{&o.Seq},
			at{&o.At},
			whole[line.Token]{&o.Token},
			text[line.StationID]{&o.Station},
			text[line.DeviceID]{&o.Device},
			whole[line.Task]{&o.Task},
			&o.Part, &o.Index,
		}
	}, `SELECT a.seq, a.at_us, a.token, a.station, d.name, a.task, a.part, a.index_no FROM main.open_intents o
		JOIN main.attempts a ON a.pack_id = o.pack_id AND a.seq = o.seq JOIN main.devices d USING (device_id) ORDER BY a.seq`)
	return err
}

// verifyReleases recomputes every release.
func (r *Reader) verifyReleases(ctx context.Context, report *Report) error {
	packs, err := list(ctx, r.db, func(s *string) []any { return []any{s} },
		"SELECT DISTINCT p.name FROM dispositions d JOIN packs p USING (pack_id) WHERE d.disposition = 'released' ORDER BY p.pack_id")
	if err != nil {
		return explain(r.dir, err)
	}
	for _, pack := range packs {
		e, err := r.ReleaseEvidence(ctx, pack)
		if err != nil {
			return err
		}
		report.Released++
		for _, p := range e.Problems {
			report.Problems = append(report.Problems, Problem{What: fmt.Sprintf("pack %s was released: %s", pack, p)})
		}
	}
	return nil
}
