package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linectl/control"
	"linectl/line"
)

// BenchmarkRun measures linectl run as a process against a virtual plant over real sockets: the time from its start, over a
// journal of two packs, until a command has been given to every device and all have followed; and its resident memory after
// those packs were built.
func BenchmarkRun(b *testing.B) {
	dir, err := os.MkdirTemp("", "lb")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &demo{out: io.Discard, dir: dir, speed: 400, seed: 1, began: time.Now(), config: filepath.Join(dir, demoConfig), truth: filepath.Join(dir, demoPlant, "truth.jsonl")}
	if err := layDemo(b.Context(), dir); err != nil {
		b.Fatal(err)
	}
	if err := d.start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = d.stop() })
	files, err := loadLine(d.config)
	if err != nil {
		b.Fatal(err)
	}
	build(b, d, newOperator([]line.AddOrder{{Product: "ESS-P2", Quantity: 1}, {Product: "EV-P1", Quantity: 1}}, files.recipes), 0)
	now, peak := residentMB(d.line.Command.Process.Pid)

	var answer, follow time.Duration
	n := 0
	for b.Loop() {
		n++
		if err := d.line.Command.Process.Kill(); err != nil {
			b.Fatal(err)
		}
		<-d.line.Ended
		began := time.Now()
		d.line, err = startChild("supervisor", filepath.Join(dir, "run.log"), "run", "--config", d.config, "--data", filepath.Join(dir, demoRecords))
		if err != nil {
			b.Fatal(err)
		}
		d.client = control.Dial(defaultSocket(filepath.Join(dir, demoRecords)))
		command(b, d, fmt.Sprintf("bench-%d", n), "Clear")
		answer += time.Since(began)
		for !stopped(b, d) {
			time.Sleep(time.Millisecond)
		}
		follow += time.Since(began)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(now, "MB-resident")
	b.ReportMetric(peak, "MB-peak")
	b.ReportMetric(float64(answer.Milliseconds())/float64(n), "ms-to-accepted")
	b.ReportMetric(float64(follow.Milliseconds())/float64(n), "ms-to-followed")
}

// command asks for a command to the line until it is accepted: the devices must have answered first.
func command(b *testing.B, d *demo, id, name string) {
	b.Helper()
	for try := 0; ; try++ {
		ctx, cancel := context.WithTimeout(b.Context(), 10*time.Second)
		r, err := d.client.Do(ctx, line.Request{ID: fmt.Sprintf("%s-%d", id, try), By: "bench", Command: line.Machine{Target: "line", Command: name}})
		cancel()
		if err == nil && r.Accepted {
			return
		}
		if try > 10000 {
			b.Fatalf("%s is never accepted: %v %s", name, err, r.Text)
		}
		time.Sleep(time.Millisecond)
	}
}

// stopped reports whether every station has come to Stopped, where Clear leads.
func stopped(b *testing.B, d *demo) bool {
	b.Helper()
	s, err := d.client.Snapshot(b.Context())
	if err != nil || len(s.Stations) == 0 {
		return false
	}
	for _, st := range s.Stations {
		if st.State != "Stopped" {
			return false
		}
	}
	return true
}
