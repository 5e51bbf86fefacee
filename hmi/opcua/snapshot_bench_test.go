package opcua_test

import (
	"context"
	"fmt"
	"log/slog"
	"syscall"
	"testing"
	"time"

	"linectl/hmi/opcua"
	"linectl/line"
)

// replay is a supervisor that says a number of snapshots as fast as they are taken.
type replay struct {
	*plant
	b      *testing.B
	change func(s *line.Snapshot, n int)
	done   context.CancelFunc
}

func (r *replay) Snapshots(ctx context.Context, see func(line.Snapshot) error) error {
	s := r.now
	s.At = at
	if err := see(s); err != nil { // declares the stations
		return err
	}
	r.b.ReportAllocs()
	before := processorTime(r.b)
	r.b.ResetTimer()
	for n := range r.b.N {
		s.At = at.Add(time.Duration(n) * time.Millisecond)
		r.change(&s, n)
		if err := see(s); err != nil {
			return err
		}
	}
	r.b.StopTimer()
	r.b.ReportMetric(float64((processorTime(r.b)-before).Microseconds())/float64(r.b.N), "cpu-µs/op")
	r.done()
	<-ctx.Done()
	return ctx.Err()
}

// processorTime is what the process has used of the processors: unlike the time on the wall, neighbours do not stand in it.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func (r *replay) Events(ctx context.Context, _ uint64, _ func(line.Entry) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// BenchmarkSnapshot measures what one snapshot costs the gateway, for the reference line and a long one: when nothing has changed,
// when one station has, and when all have.
func BenchmarkSnapshot(b *testing.B) {
	touch := func(t *line.StationSnapshot, n int) {
		t.Done, t.Reason = n%96, fmt.Sprintf("laser weld %d of EV-P1-000001", n%96)
		t.Act = fmt.Sprintf("laser weld %d", n%96)
	}
	for _, stations := range []int{14, 100} {
		for name, change := range map[string]func(*line.Snapshot, int){
			"nothing": func(*line.Snapshot, int) {},
			"one":     func(s *line.Snapshot, n int) { touch(&s.Stations[n%len(s.Stations)], n) },
			"all": func(s *line.Snapshot, n int) {
				for i := range s.Stations {
					touch(&s.Stations[i], n)
				}
			},
		} {
			b.Run(fmt.Sprintf("stations=%d/changed=%s", stations, name), func(b *testing.B) {
				p := newPlant()
				first := p.now.Stations[0]
				p.now.Stations = nil
				for i := range stations {
					t := first
					t.Station = line.StationID(fmt.Sprintf("ST%03d", 10*(i+1)))
					t.Devices = []line.DeviceSnapshot{{Device: line.DeviceID(t.Station + ".robot"), Up: true}, {Device: line.DeviceID(t.Station + ".welder"), Up: true}}
					p.now.Stations = append(p.now.Stations, t)
				}
				bench := newBench(b, b.TempDir(), "127.0.0.1:0", nil)
				ctx, cancel := context.WithCancel(b.Context())
				defer cancel()
				g, err := opcua.NewGateway(&replay{plant: p, b: b, change: change, done: cancel}, bench.server, slog.New(slog.DiscardHandler))
				if err != nil {
					b.Fatal(err)
				}
				g.Run(ctx)
			})
		}
	}
}
