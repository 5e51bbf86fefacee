package recipes

import (
	"strconv"

	"linectl/line"
)

// maxBandPoints bounds the points of one band: more would be a drawing.
const maxBandPoints = 64

// The ways in which a recipe may ask for the waveform of a joint.
const (
	waveformOptional = "optional"
	waveformRequired = "required"
)

// waveform reads whether a joint without its waveform may be OK, and the reference bands of its channels.
func (s *section) waveform(w *Weld) {
	w.Waveform = waveformOptional
	if s.has("waveform") {
		w.Waveform = s.oneOf("waveform", waveformOptional, waveformRequired)
	} else {
		s.ask("waveform")
	}
	list, ok := s.optional("envelope")
	if !ok || w.Task == line.TaskNone { // the technology was reported already
		list.skip()
		return
	}
	known := w.Task.Spec().Waveform
	for _, name := range list.order {
		field, ok := find(known, name)
		if !ok {
			list.ask(name)
			list.wrong(name, "is no channel of this weld's waveform; its channels are %s", names(known))
			continue
		}
		w.Envelope = append(w.Envelope, list.section(name).band(field))
	}
	if len(list.order) == 0 {
		s.wrong("envelope", "is empty; give a band for %s, or remove it", names(known))
	}
}

// band reads the points of one channel's band.
func (s *section) band(field line.Field) line.Band {
	b := line.Band{Channel: field.Name, Unit: field.Unit}
	symbol := s.text("unit", "the unit of low and high")
	u, ok := line.Unit{}, false
	if symbol != "" {
		u, ok = s.unit("unit", symbol, field.Unit)
	}
	points := s.sections("points")
	for i, item := range points {
		t, ok1 := item.number("t_ms")
		low, ok2 := item.number("low")
		high, ok3 := item.number("high")
		item.done()
		if !ok1 || !ok2 || !ok3 {
			continue
		}
		if t < 0 || i > 0 && len(b.Points) == i && t <= b.Points[i-1].TMs {
			item.wrong("t_ms", "%g ms does not come after the point before; let the times rise, from 0 on", t)
		}
		if low >= high {
			item.wrong("low", "%g is not below high, %g; a band has a width", low, high)
		}
		b.Points = append(b.Points, line.BandPoint{TMs: t, Low: low, High: high})
	}
	if n := len(points); n < 2 || n > maxBandPoints {
		s.wrong("points", "want 2 to %s points, found %d; from point to point the band runs straight", strconv.Itoa(maxBandPoints), n)
	}
	s.done()
	if ok {
		for i := range b.Points {
			b.Points[i].Low, b.Points[i].High = toBase(b.Points[i].Low, u), toBase(b.Points[i].High, u)
		}
	}
	return b
}

// NeedsWaveform reports whether a joint without its waveform is UNKNOWN.
func (w Weld) NeedsWaveform() bool { return w.Waveform == waveformRequired }
