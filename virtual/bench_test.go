package virtual_test

import (
	"testing"
	"time"

	"linectl/line"
	"linectl/supervisor"
	"linectl/virtual"
)

// running returns the reference line in the middle of welding.
func running(b *testing.B) *rig {
	r := newRig(b, 1, "")
	r.setUp(sampleOrders()...)
	ok, err := r.Run(time.Minute, func(w *virtual.World) bool {
		for _, s := range w.Line.Snapshot(w.Now).Stations {
			if s.Kind == line.Weld && s.Done > 4 {
				return true
			}
		}
		return false
	})
	if !ok || err != nil {
		b.Fatalf("nothing is being welded: %v\n%s", err, r.picture())
	}
	return r
}

// BenchmarkStep measures what one input costs the line while it welds, sorts and stacks.
func BenchmarkStep(b *testing.B) {
	b.Run("tick", func(b *testing.B) {
		r := running(b)
		b.ReportAllocs()
		for b.Loop() {
			r.Line.Step(r.Now, supervisor.Tick{})
		}
	})
	b.Run("status", func(b *testing.B) {
		r := running(b)
		in := supervisor.Told{Event: line.DeviceStatus{Device: "ST900.terminal", RetainID: 1, Machine: 6, Permissives: 0xf}}
		b.ReportAllocs()
		for b.Loop() {
			r.Line.Step(r.Now, in)
		}
	})
}

// BenchmarkThreePacks builds one pack of each sample product in virtual time, records in memory.
func BenchmarkThreePacks(b *testing.B) {
	for b.Loop() {
		r := newRig(b, 1, "")
		r.setUp(sampleOrders()...)
		begun := r.Now
		r.finish(20 * time.Minute)
		b.ReportMetric(r.Now.Sub(begun).Seconds(), "virtual-s/op")
	}
}

// BenchmarkSnapshot shows the line in the middle of its work, as its loop does at most twenty times a second.
func BenchmarkSnapshot(b *testing.B) {
	r := newRig(b, 1, "")
	r.setUp(sampleOrders()...)
	if _, err := r.Run(20*time.Second, r.attended()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r.Line.Snapshot(r.Now)
	}
}
