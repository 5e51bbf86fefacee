package traceability

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"runtime"

	"linectl/line"
)

// errFences is returned when the incarnations of a supervisor are used up.
var errFences = errors.New("all 65535 incarnations of this record store are used; archive it and start the line with a new --data")

// writer owns the one connection that writes. One goroutine at a time may use it.
type writer struct {
	dir  string
	db   *sql.DB
	conn *sql.Conn
	fold *fold
	head *chain
	last uint64 // sequence number of the last entry
	dead error  // once set, nothing is done any more
}

func newWriter(ctx context.Context, dir string, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{dir: dir, db: db, conn: conn, fold: newFold(conn), head: newChain()}
	var hash []byte
	err = conn.QueryRowContext(ctx, "SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").Scan(&w.last, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, errors.Join(err, conn.Close())
	}
	copy(w.head.last[:], hash)
	if err := w.fold.load(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return w, nil
}

// run does the work that is handed over until quit. It stays on one thread, so that a test can inject faults into exactly
// the thread that commits.
func (w *writer) run(calls <-chan call, quit <-chan struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case c := <-calls:
			if w.dead == nil {
				c.done <- c.work(w)
			} else {
				c.done <- w.dead
			}
		case <-quit:
			_ = w.close() // Every commit is durable already; what fails here is tidying up.
			return
		}
	}
}

func (w *writer) close() error {
	return errors.Join(w.fold.close(), w.conn.Close(), w.db.Close())
}

// transaction does work in one transaction. Any error, also one that could be undone, ends the writer: after it the caches
// no longer match, and after a failed commit nobody knows what the disk holds.
func (w *writer) transaction(work func() error) error {
	f := w.fold
	f.exec("BEGIN IMMEDIATE")
	err := f.err
	if err == nil {
		err = errors.Join(work(), f.err)
	}
	if err == nil {
		f.exec("COMMIT")
		err = f.err
	}
	if err != nil {
		w.dead = explain(w.dir, err)
		f.err = nil
		f.exec("ROLLBACK") // Frees the lock for readers; its own error says nothing new.
		return w.dead
	}
	return nil
}

func (w *writer) append(records []line.Record) (uint64, error) {
	if len(records) == 0 {
		return w.last, nil
	}
	err := w.transaction(func() error {
		for _, r := range records {
			if err := w.add(r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return w.last, nil
}

// add writes one record within the open transaction.
func (w *writer) add(r line.Record) error {
	entry, err := encode(w.last+1, r)
	if err != nil {
		return err
	}
	fact := r.Fact
	if bytes.Contains(entry.body, []byte(`\ufffd`)) {
		// A device sent bytes that are no text. JSON has replaced them; the tables must hold what the journal holds.
		if fact, err = line.DecodeFact(entry.kind, entry.body); err != nil {
			return err
		}
	}
	hash := w.head.next(entry)
	w.last = entry.seq
	w.fold.exec("INSERT INTO journal (seq, kind, pack, station, at_us, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
		int64(entry.seq), entry.kind, entry.pack, entry.station, entry.micros, string(entry.body), hash[:])
	w.fold.entry(entry, fact)
	if w.fold.err != nil {
		return fmt.Errorf("record %d, %s: %w", entry.seq, entry.kind, w.fold.err)
	}
	return nil
}

func (w *writer) nextFence() (uint16, error) {
	var fence int64
	err := w.transaction(func() error {
		fence = w.fold.number("SELECT fence FROM store") + 1
		if fence <= math.MaxUint16 {
			w.fold.exec("UPDATE store SET fence = ?", fence)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if fence > math.MaxUint16 {
		return 0, errFences
	}
	return uint16(fence), nil
}
