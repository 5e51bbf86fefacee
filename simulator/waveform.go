package simulator

import (
	"fmt"
	"math"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// course is what the waveform of a weld is made from: the same numbers as its scalars, and dice for the noise. A device retains
// it instead of the samples; made again it gives the same bytes.
type course struct {
	Task  line.Task `json:"task"`
	Seed  dice      `json:"seed"`
	Shape []float64 `json:"shape"` // by the task, see below
}

// Sampling of the welders.
const (
	laserEvery      = time.Millisecond
	resistanceEvery = 40 * time.Microsecond // 25 kHz; 10 to 50 kHz are usual
	bondEvery       = 500 * time.Microsecond
)

// Waveform returns the waveform area of a device: the waveform of the act whose result its status shows, or an area that says
// that there is none.
func (p *Plant) Waveform(now time.Time, id line.DeviceID) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	d := p.device(id)
	last := d.retained.last()
	if last.Course == nil {
		return tags.EncodeWaveform(0, nil)
	}
	if d.area == nil || d.areaOf != last.Token {
		d.area, d.areaOf = tags.EncodeWaveform(last.Token, last.Course.encode()), last.Token
	}
	return d.area
}

// encode makes the waveform.
func (c *course) encode() []byte {
	var w line.Waveform
	switch c.Task {
	case line.TaskWeldLaser:
		w = c.laser()
	case line.TaskWeldResistance:
		w = c.resistance()
	case line.TaskWeldUltrasonic:
		w = c.bond()
	default:
		panic(fmt.Sprintf("simulator: task %d has no waveform", c.Task))
	}
	b, err := w.Encode(nil)
	if err != nil {
		panic(fmt.Sprintf("simulator: %v", err)) // the equipment's limits keep every act within the bounds
	}
	return b
}

// channels makes the channels of the task's waveform.
func (c *course) channels(n int) []line.Channel {
	fields := c.Task.Spec().Waveform
	channels := make([]line.Channel, len(fields))
	samples := make([]float32, n*len(fields))
	for i, f := range fields {
		channels[i] = line.Channel{Name: f.Name, Unit: f.Unit, Samples: samples[i*n : (i+1)*n]}
	}
	return channels
}

// noise draws one value of mean 0 and deviation 1, never beyond ±2.45: the sum of two even ones. A waveform takes thousands.
func (d *dice) noise() float64 {
	bits := d.next()
	return (float64(bits>>32) + float64(bits&math.MaxUint32) - math.MaxUint32) * (math.Sqrt(6) / math.MaxUint32)
}

// samplesOf is how many samples an act of a length takes.
func samplesOf(seconds float64, every time.Duration) int {
	n := int(math.Ceil(seconds/every.Seconds() - 1e-3)) // a parameter of 32 bits is hardly ever a whole number of samples
	return min(max(n, 2), line.MaxWaveformSamples)
}

// laser is one seam: duration s, then the means of power W, plume, temperature and reflection, the scatter, and the share of
// the plume that the gap makes. Where the gap opens, the plume steps up and stays; the reflection hardly shows it. The mean of
// each channel is the scalar, the deviation of the plume about its step is 5 % for a scatter of 1.
func (c *course) laser() line.Waveform {
	seconds, power, plume, temperature, reflection, scatter, step := c.Shape[0], c.Shape[1], c.Shape[2], c.Shape[3], c.Shape[4], c.Shape[5], c.Shape[6]
	d := c.Seed
	n := samplesOf(seconds, laserEvery)
	w := line.Waveform{Interval: laserEvery, Channels: c.channels(n)}
	opens := int(d.between(0.25, 0.5) * float64(n)) // where along the seam
	const ramp, heat = 2, 12.0                      // samples of the power's ramp, and ms after which the seam is hot
	warm, cooling := 1.0, math.Exp(-1/heat)
	for i := range n {
		p := 1.0
		if edge := min(i, n-1-i); edge < ramp {
			p = (float64(edge) + 0.5) / ramp
		}
		warm *= cooling
		rise := 0.0
		if i >= opens {
			rise = step / (1 - float64(opens)/float64(n))
		}
		at(w, 0, i, p*(1+0.002*d.noise()))
		at(w, 1, i, rise)
		at(w, 2, i, 1-0.5*warm+0.02*d.noise())
		at(w, 3, i, 1+0.03*d.noise())
	}
	scaleToMean(w.Channels[0].Samples, power)
	scaleToMean(w.Channels[2].Samples, temperature)
	scaleToMean(w.Channels[3].Samples, reflection)
	addNoise(w.Channels[1].Samples, &d, plume, 0.05*scatter)
	return w
}

func at(w line.Waveform, channel, i int, v float64) { w.Channels[channel].Samples[i] = float32(v) }

func mean(samples []float32) float64 {
	sum := 0.0
	for _, v := range samples {
		sum += float64(v)
	}
	return sum / float64(len(samples))
}

func scaleToMean(samples []float32, to float64) {
	factor := float32(to / mean(samples))
	for i := range samples {
		samples[i] *= factor
	}
}

// addNoise shifts the samples to a mean and adds noise of a deviation. What the noise adds to the mean is taken off again.
func addNoise(samples []float32, d *dice, to, deviation float64) {
	off := float32(to - mean(samples))
	sum := 0.0
	begin := *d
	for range samples {
		sum += d.noise()
	}
	sum /= float64(len(samples))
	for i := range samples {
		samples[i] += off + float32(deviation*(begin.noise()-sum))
	}
}

// resistance is one hit of two pulses: current A and time s of the first, pause s, current and time of the second, then the
// bulk and the contact part of the resistance, the time in which the contact part dies away, and the energy J. The current
// rises within less than 0.1 ms; its square over a pulse is what the scalars say, and the sum of v·i·dt is the energy.
func (c *course) resistance() line.Waveform {
	i1, t1, pause, i2, t2 := c.Shape[0], c.Shape[1], c.Shape[2], c.Shape[3], c.Shape[4]
	bulk, contact, decay, energy := c.Shape[5], c.Shape[6], c.Shape[7], c.Shape[8]
	d := c.Seed
	const dt, rises = float64(resistanceEvery) / float64(time.Second), 0.025e-3
	n := samplesOf(t1+pause+t2, resistanceEvery)
	w := line.Waveform{Interval: resistanceEvery, Channels: c.channels(n)}
	fading, rising := contact*math.Exp(-dt/2/decay), math.Exp(-dt/rises)
	fade, low := math.Exp(-dt/decay), 1.0
	var squares [2]float64
	for i := range n {
		t := (float64(i) + 0.5) * dt
		r := bulk + fading
		fading *= fade
		pulse, level := 0, i1
		switch {
		case t >= t1+pause:
			pulse, level = 1, i2
		case t >= t1:
			low = 1
			continue
		}
		low *= rising
		current := level * (1 - low) * (1 + 0.003*d.noise())
		squares[pulse] += current * current * dt
		at(w, 0, i, current)
		at(w, 2, i, r*(1+0.002*d.noise()))
	}
	factors := [2]float64{i1 * math.Sqrt(t1/squares[0]), i2 * math.Sqrt(t2/squares[1])}
	current, voltage, resistance := w.Channels[0].Samples, w.Channels[1].Samples, w.Channels[2].Samples
	sum := 0.0
	for i := range n {
		pulse := 0
		if (float64(i)+0.5)*dt >= t1+pause {
			pulse = 1
		}
		current[i] *= float32(factors[pulse])
		sum += float64(current[i]) * float64(current[i]) * float64(resistance[i]) * dt
	}
	for i := range n {
		resistance[i] *= float32(energy / sum)
		voltage[i] = current[i] * resistance[i]
	}
	return w
}

// bond is one wire: duration s, current A, deformation % and frequency shift Hz at its end.
func (c *course) bond() line.Waveform {
	seconds, current, deformation, shift := c.Shape[0], c.Shape[1], c.Shape[2], c.Shape[3]
	d := c.Seed
	n := samplesOf(seconds, bondEvery)
	w := line.Waveform{Interval: bondEvery, Channels: c.channels(n)}
	whole := 1 - math.Exp(-4)
	for i := range n {
		grown := (1 - math.Exp(-4*float64(i)/float64(n-1))) / whole
		at(w, 0, i, 1+0.01*d.noise())
		at(w, 1, i, deformation*grown)
		at(w, 2, i, shift*grown)
	}
	scaleToMean(w.Channels[0].Samples, current)
	return w
}
