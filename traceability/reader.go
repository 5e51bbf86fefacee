package traceability

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"

	"linectl/line"
)

// page is how many journal entries one read takes: short reads keep the write-ahead log short.
const page = 1024

// Reader answers questions from the records, beside a running supervisor or without one. It cannot write. Its methods may be
// called from any goroutine; four may read at a time.
type Reader struct {
	db     *sql.DB
	dir    string
	access string // how SQLite opens the file
}

// OpenReader opens the records in dir for reading. A directory without records is an error.
func OpenReader(dir string) (*Reader, error) {
	fresh, err := fileState(dir)
	if err != nil {
		return nil, err
	}
	if fresh {
		return nil, fmt.Errorf("no records in %s: there is no %s; start the line there first or choose another --data", dir, filepath.Join(dir, fileName))
	}
	r := &Reader{dir: dir, access: "mode=ro"}
	err = r.open()
	var lite sqlite3.Error
	if errors.As(err, &lite) && (lite.Code == sqlite3.ErrReadonly || lite.Code == sqlite3.ErrCantOpen) && !hasLog(dir) {
		r.access = "mode=ro&immutable=1"
		err = r.open()
	}
	if err != nil {
		return nil, explain(dir, err)
	}
	return r, nil
}

func (r *Reader) open() error {
	name, err := dsn(r.dir, r.access+"&_query_only=1&_busy_timeout=5000")
	if err != nil {
		return err
	}
	r.db, err = sql.Open("sqlite3", name)
	if err != nil {
		return err
	}
	r.db.SetMaxOpenConns(4)
	r.db.SetMaxIdleConns(4)
	if err := checkSchema(context.Background(), r.db); err != nil {
		return errors.Join(err, r.db.Close())
	}
	return nil
}

// hasLog reports whether the write-ahead log exists. Without it nobody has the database open, and a copy in a directory that
// cannot be written can be read as it stands.
func hasLog(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileName+"-wal"))
	return !errors.Is(err, fs.ErrNotExist)
}

// checkSchema proves that the records can be read and that this program knows their tables.
func checkSchema(ctx context.Context, db *sql.DB) error {
	var version int64
	if err := db.QueryRowContext(ctx, "SELECT MAX(version_id) FROM goose_db_version").Scan(&version); err != nil {
		return err
	}
	files, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return err
	}
	switch known := int64(len(files)); {
	case version > known:
		return fmt.Errorf("written by a newer linectl (schema %d, this one knows %d); use that version or a later one", version, known)
	case version < known:
		return fmt.Errorf("written by an older linectl (schema %d, this one reads %d); start the line with this version once", version, known)
	}
	return nil
}

// Close closes the connections.
func (r *Reader) Close() error { return r.db.Close() }

// Replay calls f with every entry of the journal from sequence number from on, in order, and stops at the first error. An
// entry of a kind that this program does not know, and a gap in the numbers, are errors. It holds one entry at a time.
func (r *Reader) Replay(ctx context.Context, from uint64, f func(line.Entry) error) error {
	from = max(from, 1)
	for until := from; from == until; {
		until += page // so that the writer may empty its log between two pages
		err := r.each(ctx, from, page, func(e line.Entry) error {
			if e.Seq != from {
				return fmt.Errorf("journal in %s: entry %d is missing; restore the last backup", r.dir, from)
			}
			from++
			return f(e)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Entries returns at most limit entries of the journal from sequence number from on, in order; an empty answer means that
// there are no more yet.
func (r *Reader) Entries(ctx context.Context, from uint64, limit int) ([]line.Entry, error) {
	entries := []line.Entry{}
	err := r.each(ctx, from, limit, func(e line.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return entries, nil
}

// each calls f with at most limit entries from sequence number from on. What f refuses comes back as it is.
func (r *Reader) each(ctx context.Context, from uint64, limit int, f func(line.Entry) error) error {
	var refused error
	err := eachRow(ctx, r.db, "", from, limit, func(at row) error {
		e, err := at.decode()
		if err == nil {
			err = f(e)
		}
		refused = err
		return err
	})
	if refused != nil || err == nil {
		return refused
	}
	return explain(r.dir, err)
}

// querier is what reads: the pool of a Reader, or the writer's one connection.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// eachRow calls f with rows of the journal of the named schema, "" for the database itself, and stops at the first error. The body and
// the hash of a row are the driver's: they are gone when f returns.
func eachRow(ctx context.Context, q querier, schema string, from uint64, limit int, f func(row) error) (err error) {
	rows, err := q.QueryContext(ctx, "SELECT seq, kind, pack, station, at_us, body, hash FROM "+schema+"journal WHERE seq >= ? ORDER BY seq LIMIT ?",
		int64(from), limit)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var r row
	for rows.Next() {
		if err := rows.Scan(&r.seq, &r.kind, &r.pack, &r.station, &r.micros, (*sql.RawBytes)(&r.body), (*sql.RawBytes)(&r.hash)); err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// readRows returns rows of the journal for whoever writes by the same connection meanwhile.
func readRows(ctx context.Context, q querier, schema string, from uint64, limit int) (list []row, err error) {
	err = eachRow(ctx, q, schema, from, limit, func(r row) error {
		r.body, r.hash = bytes.Clone(r.body), bytes.Clone(r.hash)
		list = append(list, r)
		return nil
	})
	return list, err
}
