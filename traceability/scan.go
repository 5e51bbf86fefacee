package traceability

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"linectl/line"
)

// list reads all rows of a query. fields names the places in a T that the columns go to.
func list[T any](ctx context.Context, q querier, fields func(*T) []any, query string, args ...any) (all []T, err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	all = []T{} // A list in JSON is never null.
	for rows.Next() {
		var v T
		if err := rows.Scan(fields(&v)...); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// at reads integer microseconds into a time; NULL leaves it zero.
type at struct{ to *time.Time }

// Scan implements sql.Scanner.
func (a at) Scan(v any) error {
	if us, ok := v.(int64); ok {
		*a.to = time.UnixMicro(us).UTC()
	}
	return nil
}

// maybeAt reads integer microseconds into a time that may be missing.
type maybeAt struct{ to **time.Time }

// Scan implements sql.Scanner.
func (a maybeAt) Scan(v any) error {
	if us, ok := v.(int64); ok {
		t := time.UnixMicro(us).UTC()
		*a.to = &t
	}
	return nil
}

// text reads a string that may be missing.
type text[S ~string] struct{ to *S }

// Scan implements sql.Scanner.
func (t text[S]) Scan(v any) error {
	switch v := v.(type) {
	case string:
		*t.to = S(v)
	case []byte:
		*t.to = S(v)
	}
	return nil
}

// whole reads a number that may be missing.
type whole[N ~int | ~int64 | ~uint16 | ~uint32 | ~uint64] struct{ to *N }

// Scan implements sql.Scanner.
func (w whole[N]) Scan(v any) error {
	if n, ok := v.(int64); ok {
		*w.to = N(n)
	}
	return nil
}

// fromJSON reads a value that a table keeps as JSON; NULL leaves it as it is.
type fromJSON struct{ to any }

// Scan implements sql.Scanner.
func (j fromJSON) Scan(v any) error {
	switch v := v.(type) {
	case string:
		return json.Unmarshal([]byte(v), j.to)
	case []byte:
		return json.Unmarshal(v, j.to)
	}
	return nil
}

// NotFoundError says that the records know nothing by this name.
type NotFoundError struct{ ID string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("no pack, serial, module or cell %q in the records; check the spelling, or list the packs", e.ID)
}

// view runs f on one connection and one state of the records, however much is written meanwhile.
func (r *Reader) view(ctx context.Context, f func(querier) error) error {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{})
	if err != nil {
		return explain(r.dir, err)
	}
	defer tx.Rollback() //nolint:errcheck // Only read.
	return f(tx)
}

// measurementFields are the columns of measurementColumns.
func measurementFields(m *line.Measurement, seq *int64) []any {
	return []any{seq, &m.Name, &m.Index, &m.Value, &m.Unit, &m.LSL, &m.USL, text[line.Verdict]{&m.Verdict}, &m.Code}
}

const measurementColumns = "m.seq, c.name, m.index_no, m.value, c.unit, m.lsl, m.usl, m.verdict, m.code"

// readMeasurements reads measurements by the entry that they belong to.
func readMeasurements(ctx context.Context, q querier, where string, args ...any) (map[int64][]line.Measurement, error) {
	type row struct {
		seq int64
		m   line.Measurement
	}
	rows, err := list(ctx, q, func(r *row) []any { return measurementFields(&r.m, &r.seq) }, "SELECT "+measurementColumns+
		" FROM measurements m JOIN characteristics c USING (characteristic_id) WHERE "+where+" ORDER BY m.pack_id, m.seq, m.ordinal", args...)
	by := map[int64][]line.Measurement{}
	for _, r := range rows {
		by[r.seq] = append(by[r.seq], r.m)
	}
	return by, err
}

// flag reads a truth value that may be missing.
type flag struct{ to *bool }

// Scan implements sql.Scanner.
func (f flag) Scan(v any) error {
	n, _ := v.(int64)
	*f.to = n != 0
	return nil
}
