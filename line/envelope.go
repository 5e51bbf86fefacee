package line

import (
	"math"
	"sort"
	"time"
)

// Band is the reference band of one channel of a waveform, as good acts run: for people who look at a curve. It judges
// nothing; no verdict follows from it.
type Band struct {
	Channel string      `json:"channel"`
	Unit    string      `json:"unit"`   // base unit
	Points  []BandPoint `json:"points"` // two or more, their times rising
}

// BandPoint is the band at a time. From point to point it runs straight; before the first and behind the last there is none.
type BandPoint struct {
	TMs  float64 `json:"t_ms"` // ms from the begin of the act
	Low  float64 `json:"low"`  // base unit; Low and High themselves are inside
	High float64 `json:"high"`
}

// At returns the band at a time, or false where there is none.
func (b Band) At(t time.Duration) (low, high float64, ok bool) {
	ms := float64(t) / float64(time.Millisecond)
	n := sort.Search(len(b.Points), func(i int) bool { return b.Points[i].TMs >= ms })
	if n == len(b.Points) || n == 0 && b.Points[0].TMs > ms {
		return 0, 0, false
	}
	p := b.Points[n]
	if p.TMs == ms {
		return p.Low, p.High, true
	}
	q := b.Points[n-1]
	share := (ms - q.TMs) / (p.TMs - q.TMs)
	return q.Low + share*(p.Low-q.Low), q.High + share*(p.High-q.High), true
}

// Compared is a channel beside its band.
type Compared struct {
	Channel
	Band           *Band     // nil: there is none for this channel in this unit
	Low, High      []float64 // the band at each sample; NaN where there is none
	OutsidePercent float64   // of the samples that have a band, how many lie outside; NaN if none has
}

// Compare puts every channel beside its band and returns also how many per cent of all samples that have a band lie outside;
// NaN if none has.
func (w Waveform) Compare(bands []Band) (channels []Compared, outsidePercent float64) {
	var outside, judged int
	for _, c := range w.Channels {
		one := Compared{Channel: c, Low: make([]float64, len(c.Samples)), High: make([]float64, len(c.Samples))}
		for i := range bands {
			if bands[i].Channel == c.Name && bands[i].Unit == c.Unit {
				one.Band = &bands[i]
			}
		}
		out, of := one.count(w)
		one.OutsidePercent = percent(out, of)
		outside, judged = outside+out, judged+of
		channels = append(channels, one)
	}
	return channels, percent(outside, judged)
}

// count fills in the band at each sample.
func (c *Compared) count(w Waveform) (outside, judged int) {
	for i, v := range c.Samples {
		c.Low[i], c.High[i] = math.NaN(), math.NaN()
		if c.Band == nil {
			continue
		}
		low, high, ok := c.Band.At(w.At(i))
		if !ok {
			continue
		}
		c.Low[i], c.High[i] = low, high
		judged++
		if float64(v) < low || float64(v) > high {
			outside++
		}
	}
	return outside, judged
}

func percent(part, of int) float64 {
	if of == 0 {
		return math.NaN()
	}
	return 100 * float64(part) / float64(of)
}
