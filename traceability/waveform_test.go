package traceability

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/line"
)

// curveOf is the encoding of a waveform that differs by its number.
func curveOf(t testing.TB, n int) []byte {
	t.Helper()
	b, err := line.Waveform{Interval: time.Millisecond, Channels: []line.Channel{{Name: "power", Unit: "W", Samples: []float32{float32(n), 2800, 0}}}}.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// welded records a weld that names a waveform.
func welded(t testing.TB, s *Store, joint int, hash string) {
	t.Helper()
	_, err := s.Append([]line.Record{{
		At: time.Date(2026, 11, 23, 6, 0, joint, 0, time.UTC), Station: "ST060", Pack: "EV-P1-000001",
		Fact: line.ActDone{
			Token: line.NewToken(1, uint64(joint)), Device: "ST060.welder", Task: line.TaskWeldLaser, Part: "EV-P1-000001", Index: joint,
			Attempt: 1, Outcome: line.OutcomeOK, Verdict: line.OK, Waveform: hash,
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWaveformIsAFileNamedByItsContents(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := curveOf(t, 1)
	hash, err := s.KeepWaveform(b)
	if err != nil || hash != line.WaveformHash(b) {
		t.Fatalf("kept as %s, %v", hash, err)
	}
	path := filepath.Join(dir, "waveforms", hash[:2], hash)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 {
		t.Fatalf("%v, %v; want a file that nobody may write", info, err)
	}
	// The same once more, as after a kill between file and record; and many at a time, as from several devices.
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if again, err := s.KeepWaveform(b); err != nil || again != hash {
				t.Errorf("kept again as %s, %v", again, err)
			}
		})
	}
	wait.Wait()
	if now, err := os.Stat(path); err != nil || !os.SameFile(info, now) || now.ModTime() != info.ModTime() {
		t.Error("the file was written over")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "waveforms", "*", "unfinished-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A file under the name of a waveform that does not hold it is evidence of something: it is not written over.
func TestAWaveformIsNeverWrittenOver(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := curveOf(t, 1)
	hash := line.WaveformHash(b)
	path := filepath.Join(dir, "waveforms", hash[:2], hash)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.KeepWaveform(b); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	if found, err := os.ReadFile(path); err != nil || string(found) != "something else" {
		t.Errorf("the file is now %q, %v", found, err)
	}
	welded(t, s, 1, "") // the store lives on
}

// What cannot be kept is said in words, and the store lives on: a full disk for waveforms does not stop the records.
func TestAWaveformThatCannotBeKeptLeavesTheStoreAlive(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.WriteFile(filepath.Join(dir, "waveforms"), nil, 0o600); err != nil { // a file where the directory should be
		t.Fatal(err)
	}
	if _, err := s.KeepWaveform(curveOf(t, 1)); err == nil || !strings.Contains(err.Error(), "waveform "+line.WaveformHash(curveOf(t, 1))) {
		t.Errorf("got %v", err)
	}
	welded(t, s, 1, "")
}

func TestVerifyReadsEveryWaveform(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var paths []string
	for n := 1; n <= 4; n++ {
		hash, err := s.KeepWaveform(curveOf(t, n))
		if err != nil {
			t.Fatal(err)
		}
		welded(t, s, n, hash)
		paths = append(paths, filepath.Join(dir, "waveforms", hash[:2], hash))
	}
	w, err := s.Reader().Waveform(t.Context(), filepath.Base(paths[2]))
	if err != nil || w.Pack != "EV-P1-000001" || w.Joint != 3 || w.Station != "ST060" || w.Curve.Channels[0].Samples[0] != 3 {
		t.Errorf("%+v, %v; want the waveform of joint 3", w, err)
	}
	var unknown *NotFoundError
	if _, err := s.Reader().Waveform(t.Context(), strings.Repeat("0", 64)); !errors.As(err, &unknown) {
		t.Errorf("a hash of nothing gives %v", err)
	}
	if _, err := s.KeepWaveform(curveOf(t, 99)); err != nil { // an orphan: kept, and then the process died
		t.Fatal(err)
	}
	report, err := s.Reader().Verify(t.Context())
	if err != nil || len(report.Problems) != 0 || report.Waveforms != 4 {
		t.Fatalf("%+v, %v; want 4 waveforms and no problem", report, err)
	}
	alter := func(path string, change func([]byte) []byte) {
		b, err := os.ReadFile(path)
		if err == nil {
			err = os.Chmod(path, 0o600)
		}
		if err == nil {
			err = os.WriteFile(path, change(b), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	alter(paths[0], func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	alter(paths[1], func(b []byte) []byte { return b[:len(b)-4] })
	if err := os.Remove(paths[2]); err != nil {
		t.Fatal(err)
	}
	report, err = s.Reader().Verify(t.Context())
	if err != nil || len(report.Problems) != 3 {
		t.Fatalf("%+v, %v; want 3 problems", report, err)
	}
	for i, want := range []string{"altered", "altered", "missing"} {
		p := report.Problems[i]
		if p.Seq != uint64(i+1) || !strings.Contains(p.What, paths[i]) || !strings.Contains(p.What, want) || !strings.Contains(p.What, "laser weld "+string(rune('1'+i))) {
			t.Errorf("problem %+v: want entry %d, the joint, %s and %s", p, i+1, want, paths[i])
		}
	}
}

// BenchmarkKeepWaveform makes waveforms of a seam's size durable, each beside one bare write and sync of as many bytes to a file
// that is there already.
func BenchmarkKeepWaveform(b *testing.B) {
	dir := b.TempDir()
	s, err := Open(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	bare, err := os.Create(filepath.Join(dir, "bare"))
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close()
	w := line.Waveform{Interval: time.Millisecond}
	for _, name := range []string{"power", "plume", "temperature", "backReflection"} {
		w.Channels = append(w.Channels, line.Channel{Name: name, Unit: "1", Samples: make([]float32, 375)})
	}
	var kept, synced time.Duration
	for n := 0; b.Loop(); n++ {
		w.Channels[0].Samples[0] = float32(n)
		encoding, err := w.Encode(nil)
		if err != nil {
			b.Fatal(err)
		}
		begin := time.Now()
		if _, err := s.KeepWaveform(encoding); err != nil {
			b.Fatal(err)
		}
		kept += time.Since(begin)
		begin = time.Now()
		if _, err := bare.WriteAt(encoding, 0); err != nil {
			b.Fatal(err)
		}
		if err := bare.Sync(); err != nil {
			b.Fatal(err)
		}
		synced += time.Since(begin)
	}
	b.ReportMetric(float64(kept)/float64(synced), "x-fsync")
}
