package line_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"linectl/line"
)

// A band runs straight from point to point, its edges are inside, and before and behind it nothing is outside.
func TestSamplesAreComparedWithTheirBand(t *testing.T) {
	w := line.Waveform{Interval: time.Millisecond, Channels: []line.Channel{
		{Name: "power", Unit: "W", Samples: []float32{9999, 10, 21, 15, 9.9, 20, -5}},
		{Name: "plume", Unit: "1", Samples: []float32{1, 1, 1, 1, 1, 1, 3}},
		{Name: "current", Unit: "A", Samples: make([]float32, 7)},
	}}
	channels, outside := w.Compare([]line.Band{
		{Channel: "power", Unit: "W", Points: []line.BandPoint{{TMs: 1, Low: 10, High: 20}, {TMs: 3, Low: 10, High: 24}, {TMs: 5, Low: 10, High: 20}}},
		{Channel: "plume", Unit: "1", Points: []line.BandPoint{{TMs: 0, Low: 0.5, High: 1.5}, {TMs: 6, Low: 0.5, High: 1.5}}},
		{Channel: "current", Unit: "V", Points: []line.BandPoint{{TMs: 0, Low: 5, High: 6}, {TMs: 6, Low: 5, High: 6}}},
	})
	if got, want := fmt.Sprint(channels[0].High), "[NaN 20 22 24 22 20 NaN]"; got != want {
		t.Errorf("the upper edge is %s, want %s", got, want)
	}
	if got := channels[0].OutsidePercent; got != 20 { // 9.9 of the five samples that have a band
		t.Errorf("power is %g %% outside, want 20", got)
	}
	if got := channels[1].OutsidePercent; math.Abs(got-100.0/7) > 1e-9 {
		t.Errorf("plume is %g %% outside, want one of seven", got)
	}
	if c := channels[2]; c.Band != nil || !math.IsNaN(c.OutsidePercent) {
		t.Errorf("a band in another unit was taken for one: %+v", c)
	}
	if math.Abs(outside-100*2.0/12) > 1e-9 {
		t.Errorf("all in all %g %% outside, want 2 of 12", outside)
	}
	if _, none := w.Compare(nil); !math.IsNaN(none) {
		t.Errorf("without any band %g %% are outside", none)
	}
}
