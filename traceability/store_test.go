package traceability

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"linectl/line"
)

func openStore(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
	return s
}

func replay(t testing.TB, s *Store) []line.Entry {
	t.Helper()
	var list []line.Entry
	if err := s.Replay(1, func(e line.Entry) error { list = append(list, e); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

// What is appended, in whatever batches and over restarts, comes back as it was: every kind of fact, any text and number.
func TestReplayGivesBackWhatWasRecorded(t *testing.T) {
	root := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		dir := filepath.Join(root, time.Duration(n).String())
		s := openStore(t, dir)
		defer func() { _ = s.Close() }()
		var want []line.Entry
		for range rapid.IntRange(1, 4).Draw(rt, "batches") {
			records := rapid.SliceOfN(recordGen(), 1, 12).Draw(rt, "records")
			last, err := s.Append(records)
			if err != nil {
				rt.Fatal(err)
			}
			for _, r := range records {
				want = append(want, line.Entry{Seq: uint64(len(want) + 1), Record: r})
			}
			if last != uint64(len(want)) {
				rt.Fatalf("last is %d, want %d", last, len(want))
			}
			if rapid.Bool().Draw(rt, "restart") {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = openStore(t, dir)
			}
		}
		if diff := cmp.Diff(want, replay(t, s), cmpopts.EquateEmpty()); diff != "" {
			rt.Fatalf("replay differs (-recorded +replayed):\n%s", diff)
		}
		sameAfterRebuild(t, s)
	})
}

// Every kind of fact that the vocabulary has is drawn by the generator: a new kind would otherwise be tested by nobody.
func TestGeneratorKnowsEveryKind(t *testing.T) {
	source, err := os.ReadFile("../line/record.go")
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[string]bool{}
	for _, f := range facts {
		drawn[reflect.TypeOf(f).Name()] = true
	}
	kinds := regexp.MustCompile(`(?m)^func \((\w+)\) fact\(\)`).FindAllStringSubmatch(string(source), -1)
	if len(kinds) < 26 {
		t.Fatalf("found only %d kinds", len(kinds))
	}
	for _, kind := range kinds {
		if !drawn[kind[1]] {
			t.Errorf("kind %s is not drawn", kind[1])
		}
	}
}

func TestSecondSupervisorIsRefused(t *testing.T) {
	dir := t.TempDir()
	openStore(t, dir)
	_, err := Open(dir)
	if err == nil || !strings.Contains(err.Error(), "is in use by process") {
		t.Fatalf("second supervisor got %v", err)
	}
}

func TestFencesRiseOverRestarts(t *testing.T) {
	dir := t.TempDir()
	for want := uint16(1); want <= 3; want++ {
		s := openStore(t, dir)
		if got, err := s.NextFence(); got != want || err != nil {
			t.Fatalf("fence %d, %v; want %d", got, err, want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, fileName)
	if err := os.WriteFile(file, []byte("minutes of the meeting"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir)
	if err == nil || !strings.Contains(err.Error(), "is not a linectl record store") {
		t.Fatalf("got %v", err)
	}
	if b, _ := os.ReadFile(file); string(b) != "minutes of the meeting" {
		t.Fatalf("the file now says %q", b)
	}
}

// A supervisor that died at its very first start left the mark in the file and a journal that undoes it. The next one has records that
// the one after it must take for its own.
func TestADeathBeforeTheMarkIsForGood(t *testing.T) {
	dir := t.TempDir()
	if err := mark(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	journal := make([]byte, 512) // "Rollback Journal Header" of SQLite's file format: the database had no page
	copy(journal, "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
	binary.BigEndian.PutUint32(journal[20:], 512)
	binary.BigEndian.PutUint32(journal[24:], 4096)
	if err := os.WriteFile(filepath.Join(dir, fileName+"-journal"), journal, 0o600); err != nil {
		t.Fatal(err)
	}
	for want := uint16(1); want <= 3; want++ {
		s, err := Open(dir)
		if err != nil {
			t.Fatalf("start %d: %v", want, err)
		}
		if got, err := s.NextFence(); got != want || err != nil {
			t.Fatalf("fence %d, %v; want %d", got, err, want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Sixteen goroutines append at once while four read: every record stands in the journal once, in batches that are whole,
// and a reader never sees a gap.
func TestManyMayAppendAndRead(t *testing.T) {
	s := openStore(t, t.TempDir())
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for n := range 16 {
		writers.Go(func() {
			for batch := range 10 {
				part := line.PartArrived{Part: fmt.Sprintf("%d/%d", n, batch)}
				if _, err := s.Append([]line.Record{{At: benchAt, Fact: part}, {At: benchAt, Fact: part}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 4 {
		readers.Go(func() {
			for {
				if err := s.Replay(1, func(line.Entry) error { return nil }); err != nil {
					t.Error(err)
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	entries := replay(t, s)
	seen := map[string]bool{}
	for i := 0; i < len(entries); i += 2 {
		first, second := entries[i].Fact.(line.PartArrived), entries[i+1].Fact.(line.PartArrived)
		if first != second || seen[first.Part] {
			t.Fatalf("entries %d and %d: %s, %s", i+1, i+2, first.Part, second.Part)
		}
		seen[first.Part] = true
	}
	if len(seen) != 160 {
		t.Errorf("%d batches, want 160", len(seen))
	}
}
