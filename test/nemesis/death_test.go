package nemesis

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"linectl/checker"
	"linectl/checker/recordstore"
	"linectl/line"
)

// dead notes, before another supervisor starts, what had happened and what people had been told by now, and what lies in the records.
func (s *shop) dead(t *testing.T) {
	t.Helper()
	if !exists(filepath.Join(s.records, "records.db")) {
		return // nobody has lived here
	}
	records := s.records
	if !s.shared {
		records = s.copyRecords(t)
	}
	d := checker.Death{Asked: s.op.answered()}
	last, err := recordstore.Last(t.Context(), records)
	if err != nil && s.op.seq > 0 { // a journal may not have been begun
		t.Fatalf("the records that a supervisor has left cannot be read: %v", err)
	}
	if d.Found = last.Seq; d.Found > 0 {
		d.Last = last.Digest()
	}
	truth, err := os.ReadFile(s.truth)
	if err != nil {
		t.Fatal(err)
	}
	d.Truth = bytes.Count(truth, []byte("\n"))
	s.deaths = append(s.deaths, d)
}

// copyRecords copies the records to where they can be read: whoever opens them in their place may mend what the successor is to mend.
// Where a gateway has them open as well they must be read in their place: what was written and was on record for nobody yet is so for a
// reader of a copy, and for a successor that finds the gateway there it is not.
func (s *shop) copyRecords(t *testing.T) string {
	t.Helper()
	copied := filepath.Join(s.dir, "found")
	_ = os.Remove(filepath.Join(copied, "records.db-shm")) // of the copy before
	err := os.MkdirAll(copied, 0o700)
	for _, name := range []string{"records.db", "records.db-wal"} {
		err = errors.Join(err, overwrite(filepath.Join(copied, name), filepath.Join(s.records, name)))
	}
	if err != nil {
		t.Fatal(err)
	}
	return copied
}

// overwrite makes one file like another, in the place that it has: of thousands of copies none takes a new one. What is not there is not
// copied.
func overwrite(to, from string) error {
	source, err := os.Open(from) //nolint:gosec // our own
	if errors.Is(err, fs.ErrNotExist) {
		err = os.Remove(to)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	if err != nil {
		return err
	}
	defer source.Close()
	copied, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o600) //nolint:gosec // our own
	if err != nil {
		return err
	}
	n, err := io.Copy(copied, source)
	return errors.Join(err, copied.Truncate(n), copied.Close())
}

// listed notes the alarm list that is seen first after a death, or after some of which nobody has seen the successor.
func (s *shop) listed(now line.Snapshot) {
	for i := len(s.deaths) - 1; i >= 0 && s.deaths[i].Listed == 0; i-- {
		d := &s.deaths[i]
		d.Listed = now.Seq
		for _, a := range now.Alarms {
			d.Shown = append(d.Shown, checker.Listing{Alarm: a.Alarm, Occurrence: a.Occurrence, Active: a.Active, Acknowledged: a.Acknowledged, Repeats: a.Repeats})
		}
	}
}

// seen are the deaths after which somebody has seen a successor.
func (s *shop) seen() []checker.Death {
	return slices.DeleteFunc(slices.Clone(s.deaths), func(d checker.Death) bool { return d.Listed == 0 })
}
