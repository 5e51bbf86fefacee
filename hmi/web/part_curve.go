package web

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"linectl/line"
)

// waveform is how a weld ran, beside the band of its recipe: all samples of the first channel, then all of the second.
type waveform struct {
	Names, Units       []string
	Interval           float64 // µs
	Samples, Low, High []float64
	Outside            float64 // percent of those that have a band; NaN if none has
}

// curve is a waveform as it is drawn.
type curve struct {
	Channels []channel
	Band     bool
	Outside  string // percent
	Some     bool   // anything is outside
	Span     string // how long it ran
	Samples  int
}

// channel is one small plot.
type channel struct {
	Name, Unit    string
	Low, High     string // what stands at the lower and the upper edge of the plot
	Line          string // SVG path
	Band          string // SVG path, empty without a band
	Out           []point
	OutOf         int // samples outside
	Banded        int // samples that have a band
	Text          string
	Width, Height int
}

type point struct{ X, Y string }

// The measures of a plot.
const (
	plotWidth  = 600
	plotHeight = 96
	maxOut     = 120 // marks of samples outside
	maxPoints  = 600 // of a line
)

// draw makes the plots. Channels of unequal length are not drawn: the contract of the gateway excludes them.
func (w *waveform) draw() *curve {
	c := &curve{}
	n := len(w.Names)
	if n == 0 || len(w.Samples)%n != 0 || len(w.Low) != len(w.Samples) || len(w.High) != len(w.Samples) || len(w.Units) != n {
		return c
	}
	each := len(w.Samples) / n
	c.Samples, c.Span = each, line.Format(float64(each)*w.Interval/1e6, "s")
	for i := range n {
		from, to := i*each, (i+1)*each
		one := plot(w.Samples[from:to], w.Low[from:to], w.High[from:to])
		one.Name, one.Unit = w.Names[i], w.Units[i]
		c.Band = c.Band || one.Banded > 0
		c.Some = c.Some || one.OutOf > 0
		c.Channels = append(c.Channels, one)
	}
	if !math.IsNaN(w.Outside) {
		c.Outside = fmt.Sprintf("%.1f", w.Outside)
	}
	return c
}

func plot(samples, low, high []float64) channel {
	c := channel{Width: plotWidth, Height: plotHeight}
	bottom, top := math.Inf(1), math.Inf(-1)
	for i := range samples {
		for _, v := range []float64{samples[i], low[i], high[i]} {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				bottom, top = min(bottom, v), max(top, v)
			}
		}
	}
	if bottom > top {
		return c // nothing but gaps
	}
	c.Low, c.High = short(bottom), short(top)
	if top == bottom {
		top++
	}
	x := func(i int) string { return fmt.Sprintf("%.1f", float64(i)*plotWidth/float64(max(len(samples)-1, 1))) }
	y := func(v float64) string { return fmt.Sprintf("%.1f", 4+(plotHeight-8)*(1-(v-bottom)/(top-bottom))) }
	c.Line, c.Band = trace(samples, x, y), band(low, high, x, y)
	for i, v := range samples {
		if math.IsNaN(low[i]) && math.IsNaN(high[i]) {
			continue
		}
		c.Banded++
		if v < low[i] || v > high[i] { // a bound that is no number excludes nothing
			c.OutOf++
			c.Out = append(c.Out, point{x(i), y(v)})
		}
	}
	if every := (len(c.Out) + maxOut - 1) / maxOut; every > 1 { // some of many, over the whole length
		all := c.Out
		c.Out = nil
		for i := 0; i < len(all); i += every {
			c.Out = append(c.Out, all[i])
		}
	}
	return c
}

func short(v float64) string { return fmt.Sprintf("%.4g", v) }

// trace draws samples; of more than the plot has points, each stretch by its lowest and its highest, so that no peak is lost.
func trace(samples []float64, x func(int) string, y func(float64) string) string {
	var b strings.Builder
	gap := true
	put := func(i int) {
		v := samples[i]
		if math.IsNaN(v) || math.IsInf(v, 0) {
			gap = true
			return
		}
		b.WriteString(map[bool]string{true: "M", false: "L"}[gap] + x(i) + " " + y(v))
		gap = false
	}
	step := max(2*len(samples)/maxPoints, 1)
	for from := 0; from < len(samples); from += step {
		lowest, highest := from, from
		for i := from; i < min(from+step, len(samples)); i++ {
			if samples[i] < samples[lowest] {
				lowest = i
			}
			if samples[i] > samples[highest] {
				highest = i
			}
		}
		put(min(lowest, highest))
		if lowest != highest {
			put(max(lowest, highest))
		}
	}
	return b.String()
}

// band draws what lies between the bounds, as one area for each stretch that has both.
func band(low, high []float64, x func(int) string, y func(float64) string) string {
	var b strings.Builder
	step := max(len(low)/maxPoints, 1)
	var stretch []int
	end := func() {
		if len(stretch) > 1 {
			for n, i := range stretch {
				b.WriteString(map[bool]string{true: "M", false: "L"}[n == 0] + x(i) + " " + y(high[i]))
			}
			for _, i := range slices.Backward(stretch) {
				b.WriteString("L" + x(i) + " " + y(low[i]))
			}
			b.WriteString("Z")
		}
		stretch = stretch[:0]
	}
	for i := 0; i < len(low); i += step {
		if math.IsNaN(low[i]) || math.IsNaN(high[i]) {
			end()
			continue
		}
		stretch = append(stretch, i)
	}
	end()
	return b.String()
}
