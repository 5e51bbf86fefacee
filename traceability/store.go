// Package traceability keeps the record of the line in SQLite: a journal that only grows, chained by hashes, and tables that
// are folds of it, written in the same transaction. It answers the questions of the quality engineer from those tables and
// proves on demand that they still say what the journal says. It is the only package that knows SQL.
//
// It does not decide what is recorded, draw conclusions about the plant, print, or send records elsewhere. It does not
// protect against somebody who may rewrite the whole file: for that the head of the chain must be kept in another place.
package traceability

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"linectl/line"
)

// ErrClosed is returned by every method after Close.
var ErrClosed = errors.New("record store closed")

// Store is the record store of one line, open for writing by one supervisor. Its methods may be called from any goroutine;
// one goroutine, bound to its thread, does the writing, and each call waits for it.
//
// After any error of the disk the store is dead: nobody knows whether the last transaction is on it. Every later call
// returns the same error, and the caller must exit and reconcile at the next start.
type Store struct {
	dir    string
	lock   *os.File
	reader *Reader
	calls  chan call
	quit   chan struct{}
	closed chan struct{} // closed when the writer has ended

	folders sync.Map // of waveforms, whose names this store has made durable
}

// call is a piece of work for the writer. The writer answers exactly once.
type call struct {
	work func(*writer) error
	done chan error // of size 1
}

// Open opens the record store in dir, creating the directory (mode 0700) and the database if there is none. It refuses a
// directory that another supervisor uses, that cannot be written, whose database is not a record store, or that a newer
// linectl has written; each error says what to do.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, explain(dir, err)
	}
	lock, err := lockDirectory(dir)
	if err != nil {
		return nil, err
	}
	ctx := context.Background() // A commit is never cancelled.
	db, err := openWriter(ctx, dir)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	w, err := newWriter(ctx, dir, db)
	if err != nil {
		return nil, errors.Join(explain(dir, err), db.Close(), lock.Close())
	}
	// Not OpenReader: it looks into the file, and a close of the file by this process would drop the locks that SQLite holds on
	// it (POSIX), after which any other program that opens and closes the database takes the log away from under the writer.
	reader := &Reader{dir: dir, access: "mode=ro"}
	if err := reader.open(); err != nil {
		return nil, errors.Join(explain(dir, err), w.close(), lock.Close())
	}
	s := &Store{dir: dir, lock: lock, reader: reader, calls: make(chan call), quit: make(chan struct{}), closed: make(chan struct{})}
	go func() {
		defer close(s.closed)
		w.run(s.calls, s.quit)
	}()
	return s, nil
}

// do hands work to the writer and waits for its end.
func (s *Store) do(work func(*writer) error) error {
	c := call{work: work, done: make(chan error, 1)}
	select {
	case s.calls <- c:
		return <-c.done
	case <-s.closed:
		return ErrClosed
	}
}

// NextFence begins a new incarnation of the supervisor: it returns a number that is one above the last and durable before
// the method returns. After 65,535 incarnations it refuses, because a device would take the next token for an old one.
func (s *Store) NextFence() (fence uint16, err error) {
	err = s.do(func(w *writer) error {
		fence, err = w.nextFence()
		return err
	})
	return fence, err
}

// Append writes records to the end of the journal, with all that follows from them in the other tables, in one transaction
// which is durable when Append returns. It returns the sequence number of the last one. The times of the records are cut to
// whole microseconds: a caller who wants to compare them with a replay cuts them first. Append of no records does nothing.
func (s *Store) Append(records []line.Record) (last uint64, err error) {
	err = s.do(func(w *writer) error {
		last, err = w.append(records)
		return err
	})
	return last, err
}

// Replay calls f with every entry of the journal from sequence number from on, in order, and stops at the first error. An
// entry of a kind that this program does not know, and a gap in the numbers, are errors.
func (s *Store) Replay(from uint64, f func(line.Entry) error) error {
	return s.reader.Replay(context.Background(), from, f)
}

// Entries returns at most limit entries of the journal from sequence number from on, in order; an empty answer means that
// there are no more yet.
func (s *Store) Entries(ctx context.Context, from uint64, limit int) ([]line.Entry, error) {
	return s.reader.Entries(ctx, from, limit)
}

// Reader returns the store's own readers. They are closed with the store.
func (s *Store) Reader() *Reader { return s.reader }

// Rebuild empties every table that is a fold of the journal and fills it again from the journal, in one transaction.
func (s *Store) Rebuild() error {
	return s.do(func(w *writer) error { return w.rebuild() })
}

// Close ends the writer after its present work, closes the database and gives the directory free. The readers are closed
// first: SQLite tidies its log away when the last connection that may write is closed. Closing twice is an error.
func (s *Store) Close() error {
	readers := s.reader.Close()
	select {
	case s.quit <- struct{}{}:
		<-s.closed
		return errors.Join(readers, s.lock.Close())
	case <-s.closed:
		return ErrClosed
	}
}

func (s *Store) String() string { return fmt.Sprintf("record store %s", s.dir) }
