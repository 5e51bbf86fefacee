package campaign_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"linectl/test/campaign"
)

// processor is the time that this process has used of all cores: neighbours do not stand in it.
func processor(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkShift measures how many times faster than real time shifts are lived through on one core, by the processor time of the
// whole process. Each iteration lives through the shifts of the seeds 1 to 8, faults and kills included. At plant=60x a minute of the
// line's clock is an hour of the plant's; at plant=1x both have their hour.
//
//	line-x   the line's clock against the processor time of living through it
//	plant-x  the plant's clock against the same
//	judged-x the plant's clock when the checker's time is counted too
func BenchmarkShift(b *testing.B) {
	const seeds = 8
	for _, speed := range []float64{1, campaign.PlantSpeed} {
		for _, on := range []string{"memory", "sqlite"} {
			b.Run(fmt.Sprintf("plant=%.0fx/%s", speed, on), func(b *testing.B) {
				var clock, lived, judged time.Duration
				for b.Loop() {
					for seed := range uint64(seeds) {
						begun := processor(b)
						s := lives(b, campaign.Draw(seed+1), on, speed)
						lived += processor(b) - begun
						out, err := s.Judge()
						if err != nil || len(out.Violations) > 0 {
							b.Fatalf("seed %d: %v %v", seed+1, out.Violations, err)
						}
						judged += processor(b) - begun
						clock += s.Clock()
					}
				}
				b.ReportMetric(clock.Seconds()/lived.Seconds(), "line-x")
				b.ReportMetric(clock.Seconds()/lived.Seconds()*speed, "plant-x")
				b.ReportMetric(clock.Seconds()/judged.Seconds()*speed, "judged-x")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func lives(b *testing.B, p campaign.Plan, on string, speed float64) *campaign.Shift {
	var disk campaign.Disk = &campaign.Memory{}
	if on == "sqlite" {
		d := newDatabase(b)
		b.Cleanup(func() {
			_ = d.Close()
			_ = os.RemoveAll(d.dir)
		})
		disk = d
	}
	s, err := campaign.Live(p, disk, campaign.Way{Speed: speed})
	if err != nil {
		b.Fatal(err)
	}
	return s
}
