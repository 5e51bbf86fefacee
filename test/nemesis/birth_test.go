package nemesis

import (
	"os"
	"testing"
	"time"

	"linectl/line"
)

// TestKilledAtItsFirstStart kills the supervisor of a new line at one call after the other of its very first start, while its records
// are made. The next start has a line, and the one after that takes the records for its own.
func TestKilledAtItsFirstStart(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.lighten(t, "ST040.robot")
	s.startPlant(t)
	died := 0
	for n := int64(1); n <= 240; n += 1 + n/12 { // the file is made first, then what is in it

		p := s.startTrappedLine(t, everyCall, killAt(n, 0, func(string) {}))
		s.work(t, time.Minute, func(line.Snapshot) bool { return false })
		if err := p.diedOfIt(); err != nil {
			t.Fatalf("call %d: %v", n, err)
		}
		died++
		for range 2 {
			s.startLine(t)
			s.work(t, time.Minute, func(line.Snapshot) bool { return true })
			if s.line.Gone() {
				t.Fatalf("after a death at call %d it ended: %v; it said: %s", n, s.line.Outcome(), s.line.LastWords())
			}
			s.line.Kill()
		}
		s.op.seq, s.deaths = 0, nil // the next line is another
		if err := os.RemoveAll(s.records); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("first starts=%d, each killed", died)
}
