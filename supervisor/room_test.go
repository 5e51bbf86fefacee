package supervisor_test

import (
	"strings"
	"testing"

	"linectl/line"
	"linectl/supervisor"
)

// TestTheDiskFillsUp measures the disk of the records again and again while an order waits: from when on no pack is begun, how that
// is said, and how much room it takes until one is begun again.
func TestTheDiskFillsUp(t *testing.T) {
	const kB, MB, GB = 1e3, 1e6, 1e9
	for _, tt := range []struct {
		what string
		size float64
		free []float64
		says string // of what is left; nothing where packs are begun
	}{
		{"a disk with room", 100 * GB, []float64{50 * GB}, ""},
		{"just enough", 100 * GB, []float64{256 * MB}, ""},
		{"just too little", 100 * GB, []float64{256*MB - 1}, "256 MB"},
		{"nothing at all", 100 * GB, []float64{0}, "256 MB"},
		{"a little more again is not enough", 100 * GB, []float64{200 * MB, 300 * MB}, "256 MB"},
		{"a good deal more is", 100 * GB, []float64{200 * MB, 320 * MB}, ""},
		{"and the way down again", 100 * GB, []float64{200 * MB, 320 * MB, 300 * MB}, ""},
		{"a small disk keeps a tenth", 64 * MB, []float64{6 * MB}, "6.4 MB"},
		{"a small disk with room", 64 * MB, []float64{7 * MB}, ""},
		{"a very small one", 1300 * kB, []float64{100 * kB}, "0.13 MB"},
		{"a file system that does not say how large it is", 0, []float64{0}, ""},
	} {
		t.Run(tt.what, func(t *testing.T) {
			d := newDesk(t)
			for _, free := range tt.free {
				d.Step(d.now, supervisor.Room{Free: free, Size: tt.size})
			}
			d.fact("", "", line.OrderAdded{Order: "o", Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash, Quantity: 1})
			d.running("ST010", "")
			alarm, stands := d.active()["line/disk-low"]
			begun := len(d.Snapshot(d.now).Packs) == 1
			if tt.says == "" {
				if stands || !begun {
					t.Errorf("a pack is begun: %v; the alarm stands: %v: %+v; ST010: %s", begun, stands, alarm, d.station("ST010").Reason)
				}
				return
			}
			words := "the disk of the records has less than " + tt.says + " left: no pack is begun"
			if begun || alarm.Text != words || alarm.Severity != line.SeverityHigh || !strings.Contains(alarm.Action, "make room") {
				t.Errorf("a pack is begun: %v; the alarm is %+v, want the text %q", begun, alarm, words)
			}
			if reason := d.station("ST010").Reason; reason != words {
				t.Errorf("ST010 says %q, want %q", reason, words)
			}
		})
	}
}
