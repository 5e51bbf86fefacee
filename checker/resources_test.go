package checker_test

import (
	"strings"
	"testing"
	"time"

	"linectl/checker"
)

// steady are samples of a supervisor that takes what it needs and no more.
func steady() []checker.Sample {
	all := make([]checker.Sample, 30)
	for i := range all {
		all[i] = checker.Sample{
			At: taleBegins.Add(time.Duration(i) * time.Minute), Packs: 2 * i, Cells: 40 * i, Resident: 60<<20 + int64(i%5)<<20, Heap: 5<<20 + int64(i%3)<<18,
			Threads: 12 + i%2, Files: 40 + i%3, Log: int64(i%7) << 20, Journal: int64(i) << 20, Kept: map[string]int{"cells": 40*i + 9, "orders": 2 * i, "alarms": 20, "answered": min(8192, 400*i)},
		}
	}
	return all
}

// taking spoils each sample from the middle of the run on.
func taking(name string, more func(*checker.Sample, int)) spoil {
	return spoil{"I21", name, func(_ *testing.T, e *checker.Evidence) {
		e.Samples = steady()
		for i := len(e.Samples) / 2; i < len(e.Samples); i++ {
			more(&e.Samples[i], i-len(e.Samples)/2+1)
		}
	}}
}

var resourceSpoils = []spoil{
	taking("memory that is never given back", func(s *checker.Sample, n int) { s.Resident += int64(n) << 21 }),
	taking("too much memory once", func(s *checker.Sample, n int) { s.Resident += int64(n/15) << 28 }),
	taking("objects that stay reachable", func(s *checker.Sample, n int) { s.Heap += int64(n) << 18 }),
	taking("a thread more each minute", func(s *checker.Sample, n int) { s.Threads += n }),
	taking("files that are not closed", func(s *checker.Sample, n int) { s.Files += n }),
	taking("a log that is never brought into the database", func(s *checker.Sample, n int) { s.Log += int64(n) << 22 }),
	taking("packs that are not forgotten", func(s *checker.Sample, n int) { s.Kept["packs"] = 20 * n }),
	taking("more codes than cells", func(s *checker.Sample, n int) { s.Kept["cells"] += 60 * n }),
	taking("replies beyond their number", func(s *checker.Sample, n int) { s.Kept["answered"] = 8192 + 40*n }),
	taking("a record store that grows by more than its packs", func(s *checker.Sample, n int) { s.Journal += int64(n) << 25 }),
	taking("a line that builds nothing", func(s *checker.Sample, _ int) { s.Packs = 20 }),
}

func TestASteadySupervisorIsBounded(t *testing.T) {
	all, err := checker.Check(checker.Evidence{Samples: steady()})
	if err != nil || len(all) > 0 {
		t.Errorf("%v %s", err, checker.Report(all, 10))
	}
	down := steady()
	for i := range 3 {
		down[12+i].Files = 25 // the wires to all devices, on a busy computer
	}
	if all, err = checker.Check(checker.Evidence{Samples: down}); err != nil || len(all) > 0 {
		t.Errorf("wires that are down for a moment are taken for growth: %v %s", err, checker.Report(all, 10))
	}
	read, err := checker.ReadSamples(strings.NewReader(`{"packs":3,"resident":7,"kept":{"cells":4}}` + "\n{"))
	if err != nil || len(read) != 1 || read[0].Packs != 3 || read[0].Kept["cells"] != 4 {
		t.Errorf("%+v, %v", read, err)
	}
	if _, err := checker.ReadSamples(strings.NewReader("[]\n")); err == nil {
		t.Error("what is no sample is taken for one")
	}
}
