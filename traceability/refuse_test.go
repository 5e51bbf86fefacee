package traceability

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"linectl/line"
)

func change(t *testing.T, dir, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), query, args...)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// closedStore leaves a store with one entry in a fresh directory.
func closedStore(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := openStore(t, dir)
	if _, err := s.Append([]line.Record{{At: benchAt, Fact: line.LineStarted{Version: "test"}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := closedStore(t)
	change(t, dir, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
	_, err := Open(dir)
	if err == nil || !strings.Contains(err.Error(), "written by a newer linectl (schema 99") {
		t.Errorf("writer got %v", err)
	}
	if _, err = OpenReader(dir); err == nil || !strings.Contains(err.Error(), "written by a newer linectl (schema 99") {
		t.Errorf("reader got %v", err)
	}
}

func TestUnknownKindStopsTheReplay(t *testing.T) {
	dir := closedStore(t)
	change(t, dir, "INSERT INTO journal VALUES (2, 'teleported', '', '', 0, '{}', zeroblob(32))")
	s := openStore(t, dir)
	seen := 0
	err := s.Replay(1, func(line.Entry) error { seen++; return nil })
	if err == nil || !strings.Contains(err.Error(), `journal entry 2: journal entry of unknown kind "teleported"`) {
		t.Errorf("replay got %v after %d", err, seen)
	}
}

func TestGapStopsTheReplay(t *testing.T) {
	dir := closedStore(t)
	change(t, dir, "INSERT INTO journal VALUES (3, 'part-arrived', '', '', 0, '{}', zeroblob(32))")
	s := openStore(t, dir)
	if err := s.Replay(1, func(line.Entry) error { return nil }); err == nil || !strings.Contains(err.Error(), "entry 2 is missing") {
		t.Errorf("replay got %v", err)
	}
}

func TestJournalCannotBeChangedByMistake(t *testing.T) {
	dir := closedStore(t)
	s := openStore(t, dir)
	for _, query := range []string{"UPDATE journal SET body = ''", "DELETE FROM journal"} {
		err := s.do(func(w *writer) error { _, err := w.conn.ExecContext(context.Background(), query); return err })
		if err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", query, err)
		}
	}
	if _, err := s.reader.db.ExecContext(t.Context(), "DELETE FROM packs"); err == nil {
		t.Error("a reader has written")
	}
}

func TestFencesRunOut(t *testing.T) {
	dir := closedStore(t)
	change(t, dir, "UPDATE store SET fence = 65534")
	s := openStore(t, dir)
	if fence, err := s.NextFence(); fence != 65535 || err != nil {
		t.Errorf("got %d, %v", fence, err)
	}
	if fence, err := s.NextFence(); fence != 0 || err == nil || !strings.Contains(err.Error(), "start the line with a new --data") {
		t.Errorf("got %d, %v", fence, err)
	}
}

func TestReadOnlyDirectoryIsRefused(t *testing.T) {
	dir := closedStore(t)
	withoutRights(t, dir, func() {
		_, err := Open(dir)
		if err == nil || !strings.Contains(err.Error(), "cannot be written; give this user write access or choose another --data") {
			t.Errorf("got %v", err)
		}
	})
}

// Story: an auditor has a copy of the records that nobody may write to.
func TestReadOnlyCopyCanBeRead(t *testing.T) {
	dir := closedStore(t)
	if hasLog(dir) {
		t.Fatal("the store has left its log behind")
	}
	withoutRights(t, dir, func() {
		r, err := OpenReader(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if entries, err := r.Entries(t.Context(), 1, 10); err != nil || len(entries) != 1 {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
}

// withoutRights runs f where dir and what is in it can be read and not written.
func withoutRights(t *testing.T, dir string, f func()) {
	t.Helper()
	for path, mode := range map[string]os.FileMode{lockName: 0o444, fileName: 0o444, "": 0o555} {
		if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if os.Getuid() == 0 { // Root may write anywhere: take the rights of nobody for this thread's look at files.
		for p := filepath.Dir(dir); p != os.TempDir() && p != "/"; p = filepath.Dir(p) {
			if err := os.Chmod(p, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(65534); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Setfsuid(0) }()
	}
	f()
}

func TestNoRecordsIsSaid(t *testing.T) {
	if _, err := OpenReader(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no records in") {
		t.Errorf("got %v", err)
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	s := openStore(t, t.TempDir())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(nil); !errors.Is(err, ErrClosed) {
		t.Errorf("append said %v", err)
	}
	if err := s.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("close said %v", err)
	}
}
