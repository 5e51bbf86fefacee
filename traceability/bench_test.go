package traceability

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"linectl/line"
)

// benchAt is when every benchmark begins.
var benchAt = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// weldRecords returns n records as a welding station writes them: intent and result with seven measurements in turn.
func weldRecords(n int, joint *int) []line.Record {
	low, high := 2500.0, 3100.0
	records := make([]line.Record, 0, n)
	for range n {
		*joint++
		r := line.Record{At: benchAt.Add(time.Duration(*joint) * time.Millisecond), Station: "ST060", Pack: "EV-P1-000001"}
		token := line.NewToken(1, uint64(*joint+1)/2)
		if *joint%2 == 1 {
			r.Fact = line.Intent{
				Token: token, Device: "ST060.welder", Task: line.TaskWeldLaser, Name: "laser weld", Part: "EV-P1-000001", Index: *joint / 2,
				Attempt: 1, Params: []line.Quantity{{Name: "power", Value: 2800, Unit: "W"}, {Name: "speed", Value: 0.12, Unit: "m/s"}},
				RecipeHash: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", RetainID: 7, Within: 3 * time.Second,
			}
		} else {
			done := line.ActDone{
				Token: token, Device: "ST060.welder", Task: line.TaskWeldLaser, Part: "EV-P1-000001", Index: *joint / 2, Attempt: 1,
				Outcome: line.OutcomeOK, Verdict: line.OK, EffectCount: uint32(*joint), Simulated: true,
			}
			for _, f := range line.TaskWeldLaser.Spec().Values {
				done.Measurements = append(done.Measurements, line.Limit{Name: f.Name, Unit: f.Unit, LSL: &low, USL: &high, Code: "060-W-010"}.
					Measure(*joint/2, 2800+float64(*joint%100)))
			}
			r.Fact = done
		}
		records = append(records, r)
	}
	return records
}

// BenchmarkAppend measures a durable commit of some records against writing one page to a plain file and fdatasync, both in
// the same loop so that they meet the same disk.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1, 16, 64, 256, 1024} {
		b.Run(fmt.Sprintf("records=%d", size), func(b *testing.B) { benchAppend(b, size) })
	}
}

func benchAppend(b *testing.B, size int) {
	dir := b.TempDir()
	s := openStore(b, dir)
	plain, err := os.Create(filepath.Join(dir, "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	joint := 0
	if _, err := s.Append(weldRecords(2, &joint)); err != nil { // Prepares the statements.
		b.Fatal(err)
	}
	blank := make([]byte, 4096)
	var bare, commit []time.Duration
	b.ResetTimer()
	for range b.N {
		records := weldRecords(size, &joint)
		t0 := time.Now()
		if _, err := plain.Write(blank); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(plain.Fd())); err != nil {
			b.Fatal(err)
		}
		t1 := time.Now()
		if _, err := s.Append(records); err != nil {
			b.Fatal(err)
		}
		bare, commit = append(bare, t1.Sub(t0)), append(commit, time.Since(t1))
	}
	var sumBare, sumCommit time.Duration
	for i := range bare {
		sumBare, sumCommit = sumBare+bare[i], sumCommit+commit[i]
	}
	b.ReportMetric(float64(sumCommit)/float64(sumBare), "x-fdatasync")
	slices.Sort(bare)
	slices.Sort(commit)
	p := func(d []time.Duration, percent int) float64 { return float64(d[len(d)*percent/100].Nanoseconds()) }
	b.ReportMetric(p(bare, 50)/1e3, "fdatasync-µs")
	b.ReportMetric(p(commit, 50)/1e3, "p50-µs")
	b.ReportMetric(p(commit, 99)/1e3, "p99-µs")
	b.ReportMetric(float64(size*b.N)/sumCommit.Seconds(), "records/s")
}

// BenchmarkReplay measures reading and decoding the journal, which a restart waits for.
func BenchmarkReplay(b *testing.B) {
	h := newHistory()
	for n := 1; n <= 60; n++ {
		h.pack(n, n%10)
	}
	s := h.stored(b, b.TempDir())
	b.ResetTimer()
	for b.Loop() {
		n := 0
		if err := s.Replay(1, func(line.Entry) error { n++; return nil }); err != nil || n != len(h.records) {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(len(h.records)*b.N)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkDossier measures one whole dossier.
func BenchmarkDossier(b *testing.B) {
	h := newHistory()
	for n := 1; n <= 60; n++ {
		h.pack(n, n%10)
	}
	s := h.stored(b, b.TempDir())
	for b.Loop() {
		if _, err := s.Reader().Pack(b.Context(), "ESS-P2-000030"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOpen measures opening a store that exists, up to the moment at which it can be written.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := newHistory().stored(b, dir)
	for b.Loop() {
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		var err error
		if s, err = Open(dir); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
}
