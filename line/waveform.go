package line

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Bounds of a waveform.
const (
	MaxWaveformChannels = 4
	MaxWaveformSamples  = 4096 // of each channel
	MaxWaveformBytes    = waveformHeader + MaxWaveformChannels*(waveformChannel+4*MaxWaveformSamples)
)

// Waveform is the course of an act as its device has sampled it: all channels at the same moments, the first at the act's
// beginning. It is evidence beside the scalars of the result and judges nothing.
type Waveform struct {
	Interval time.Duration // between two samples, 1 ns to about 4.29 s
	Channels []Channel     // 1 to 4, with as many samples each
}

// Channel is one signal of a waveform.
type Channel struct {
	Name    string    // 1 to 24 letters and digits, as in the task's TaskSpec
	Unit    string    // base unit, at most 8 bytes of UTF-8; "1" for a ratio
	Samples []float32 // 1 to 4096 finite numbers
}

// The canonical encoding, big-endian: magic, interval in ns, number of channels, samples of each; then for each channel its
// name and unit, padded with NUL; then the samples of the first channel, of the second …, as IEEE 754 of 32 bits. A waveform has
// one encoding only, so that its SHA-256 is its identity.
const (
	waveformMagic   = 0x4C574631 // "LWF1"
	waveformHeader  = 12
	waveformName    = 24
	waveformUnit    = 8
	waveformChannel = waveformName + waveformUnit
)

// errWaveform begins every error about an encoding.
var errWaveform = errors.New("no waveform")

// EncodedWaveform is a waveform as it is kept and handed on: its canonical encoding and the SHA-256 of it.
type EncodedWaveform struct {
	Hash  string // hexadecimal, 64 digits
	Bytes []byte // nil when they have been put where they are kept
}

// SealWaveform takes the encoding of a waveform that came from elsewhere, proves it canonical, and gives it its name.
func SealWaveform(encoding []byte) (*EncodedWaveform, error) {
	if _, err := measureWaveform(encoding); err != nil {
		return nil, err
	}
	return &EncodedWaveform{Hash: WaveformHash(encoding), Bytes: encoding}, nil
}

// WaveformHash returns the identity of an encoded waveform: its SHA-256, hexadecimal.
func WaveformHash(encoding []byte) string {
	sum := sha256.Sum256(encoding)
	return hex.EncodeToString(sum[:])
}

// IsWaveformHash reports whether the text can be the identity of a waveform: 64 digits, lower case.
func IsWaveformHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

// Encode appends the canonical encoding to b. What lies outside the bounds is an error that names it.
func (w Waveform) Encode(b []byte) ([]byte, error) {
	if w.Interval < 1 || w.Interval > math.MaxUint32 {
		return b, fmt.Errorf("%w: %v between samples, want 1 ns to %v", errWaveform, w.Interval, time.Duration(math.MaxUint32))
	}
	if n := len(w.Channels); n < 1 || n > MaxWaveformChannels {
		return b, fmt.Errorf("%w: %d channels, want 1 to %d", errWaveform, n, MaxWaveformChannels)
	}
	samples := len(w.Channels[0].Samples)
	begin := len(b)
	b = slices.Grow(b, waveformHeader+len(w.Channels)*(waveformChannel+4*samples))
	b = binary.BigEndian.AppendUint32(b, waveformMagic)
	b = binary.BigEndian.AppendUint32(b, uint32(w.Interval))
	b = binary.BigEndian.AppendUint16(b, uint16(len(w.Channels)))
	b = binary.BigEndian.AppendUint16(b, uint16(min(samples, math.MaxUint16)))
	for _, c := range w.Channels {
		if len(c.Samples) != samples {
			return b[:begin], fmt.Errorf("%w: channel %q has %d samples, the first one %d", errWaveform, c.Name, len(c.Samples), samples)
		}
		b = appendPadded(appendPadded(b, c.Name, waveformName), c.Unit, waveformUnit)
		if len(c.Name) > waveformName || len(c.Unit) > waveformUnit {
			return b[:begin], fmt.Errorf("%w: name %q or unit %q is too long", errWaveform, c.Name, c.Unit)
		}
	}
	at := len(b)
	b = b[:at+4*samples*len(w.Channels)] // grown above
	for _, c := range w.Channels {
		for _, v := range c.Samples {
			binary.BigEndian.PutUint32(b[at:], math.Float32bits(v))
			at += 4
		}
	}
	if _, err := measureWaveform(b[begin:]); err != nil {
		return b[:begin], err
	}
	return b, nil
}

func appendPadded(b []byte, text string, n int) []byte {
	text = text[:min(len(text), n)]
	b = append(b, text...)
	return append(b, make([]byte, n-len(text))...)
}

// waveformShape is what the head of an encoding says.
type waveformShape struct {
	interval          time.Duration
	channels, samples int
}

// measureWaveform proves that an encoding is canonical and within the bounds: decoded and encoded again it is the same bytes.
func measureWaveform(b []byte) (waveformShape, error) {
	s, err := measureHead(b)
	if err == nil {
		err = finite(b, s)
	}
	return s, err
}

func measureHead(b []byte) (s waveformShape, err error) {
	if len(b) < waveformHeader || binary.BigEndian.Uint32(b) != waveformMagic {
		return s, fmt.Errorf("%w: it does not begin with LWF1", errWaveform)
	}
	s = waveformShape{time.Duration(binary.BigEndian.Uint32(b[4:])), int(binary.BigEndian.Uint16(b[8:])), int(binary.BigEndian.Uint16(b[10:]))}
	switch {
	case s.interval == 0:
		return s, fmt.Errorf("%w: no time between two samples", errWaveform)
	case s.channels < 1 || s.channels > MaxWaveformChannels:
		return s, fmt.Errorf("%w: %d channels, want 1 to %d", errWaveform, s.channels, MaxWaveformChannels)
	case s.samples < 1 || s.samples > MaxWaveformSamples:
		return s, fmt.Errorf("%w: %d samples, want 1 to %d", errWaveform, s.samples, MaxWaveformSamples)
	case len(b) != waveformHeader+s.channels*(waveformChannel+4*s.samples):
		return s, fmt.Errorf("%w: %d bytes are too few or too many for %d channels of %d samples", errWaveform, len(b), s.channels, s.samples)
	}
	for i := range s.channels {
		name, unit, err := channelHead(b, i)
		if err != nil {
			return s, err
		}
		for j := range i {
			if other, _, _ := channelHead(b, j); other == name {
				return s, fmt.Errorf("%w: two channels are called %q", errWaveform, name)
			}
		}
		if name == "" || strings.ContainsFunc(name, notInName) || unit == "" || !utf8.ValidString(unit) {
			return s, fmt.Errorf("%w: channel %d is called %q in %q; want letters and digits, and a unit", errWaveform, i+1, name, unit)
		}
	}
	return s, nil
}

// finite refuses samples that are infinite or no number: the exponent is all ones.
func finite(b []byte, s waveformShape) error {
	const exponent = 0x7F80
	for at := waveformHeader + waveformChannel*s.channels; at < len(b); at += 4 {
		if binary.BigEndian.Uint16(b[at:])&exponent == exponent {
			return fmt.Errorf("%w: the sample at byte %d is no finite number", errWaveform, at)
		}
	}
	return nil
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
}

// channelHead returns name and unit of the i-th channel.
func channelHead(b []byte, i int) (name, unit string, err error) {
	at := waveformHeader + i*waveformChannel
	name, ok1 := padded(b[at : at+waveformName])
	unit, ok2 := padded(b[at+waveformName : at+waveformChannel])
	if !ok1 || !ok2 {
		return "", "", fmt.Errorf("%w: something stands behind the end of the name of channel %d", errWaveform, i+1)
	}
	return name, unit, nil
}

// padded reads a text that ends at the first NUL; after it there is nothing but NUL.
func padded(b []byte) (string, bool) {
	text, rest, _ := strings.Cut(string(b), "\x00")
	return text, strings.Trim(rest, "\x00") == ""
}

// DecodeWaveform reads a canonical encoding. The error says what is wrong with it.
func DecodeWaveform(b []byte) (Waveform, error) {
	s, err := measureWaveform(b)
	if err != nil {
		return Waveform{}, err
	}
	w := Waveform{Interval: s.interval, Channels: make([]Channel, s.channels)}
	at := waveformHeader + waveformChannel*s.channels
	for i := range w.Channels {
		c := &w.Channels[i]
		c.Name, c.Unit, _ = channelHead(b, i) // measured above
		c.Samples = make([]float32, s.samples)
		for j := range c.Samples {
			c.Samples[j] = math.Float32frombits(binary.BigEndian.Uint32(b[at:]))
			at += 4
		}
	}
	return w, nil
}

// At returns the time of the i-th sample, from the first.
func (w Waveform) At(i int) time.Duration { return time.Duration(i) * w.Interval }

// Channel returns the channel with a name.
func (w Waveform) Channel(name string) (Channel, bool) {
	for _, c := range w.Channels {
		if c.Name == name {
			return c, true
		}
	}
	return Channel{}, false
}
