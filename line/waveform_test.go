package line_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
)

// hit is a small waveform.
func hit() line.Waveform {
	return line.Waveform{Interval: 40 * time.Microsecond, Channels: []line.Channel{
		{Name: "current", Unit: "A", Samples: []float32{0, 900, 1600}},
		{Name: "resistance", Unit: "Ω", Samples: []float32{0, 1.5e-3, 5.3e-4}},
	}}
}

// The layout is a promise to whoever reads the files in ten years: these bytes and this name never change. They were computed
// by another program.
func TestTheEncodingIsPinned(t *testing.T) {
	b, err := hit().Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "LWF1" + "\x00\x00\x9c\x40" + "\x00\x02" + "\x00\x03" +
		"current" + strings.Repeat("\x00", 17) + "A" + strings.Repeat("\x00", 7) +
		"resistance" + strings.Repeat("\x00", 14) + "Ω" + strings.Repeat("\x00", 6) +
		"\x00\x00\x00\x00\x44\x61\x00\x00\x44\xc8\x00\x00" + "\x00\x00\x00\x00\x3a\xc4\x9b\xa6\x3a\x0a\xef\xb3"
	if string(b) != want {
		t.Errorf("got\n%q, want\n%q", b, want)
	}
	if got, want := line.WaveformHash(b), "d8fce87b3d2e361e"; !line.IsWaveformHash(got) || !strings.HasPrefix(got, want) {
		t.Errorf("the identity is %s, want %s…", got, want)
	}
}

// One waveform has one encoding, and what was encoded comes back.
func TestWhatWasEncodedComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "samples")
		w := line.Waveform{Interval: time.Duration(rapid.Int64Range(1, math.MaxUint32).Draw(t, "ns"))}
		for i := range rapid.IntRange(1, line.MaxWaveformChannels).Draw(t, "channels") {
			c := line.Channel{
				Name: rapid.StringMatching(`[A-Za-z0-9]{0,20}`).Draw(t, "name") + fmt.Sprint(i),
				Unit: rapid.SampledFrom([]string{"A", "V", "Ω", "N·m", "%", "1"}).Draw(t, "unit"),
			}
			for range n {
				c.Samples = append(c.Samples, rapid.Float32().Filter(func(v float32) bool {
					return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0)
				}).Draw(t, "v"))
			}
			w.Channels = append(w.Channels, c)
		}
		b, err := w.Encode([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		got, err := line.DecodeWaveform(b[len("before"):])
		if err != nil || !reflect.DeepEqual(got, w) {
			t.Fatalf("%+v came back as %+v, %v", w, got, err)
		}
	})
}

func TestWhatIsNoWaveformSaysWhy(t *testing.T) {
	channel := func(n int) line.Channel {
		return line.Channel{Name: fmt.Sprintf("c%d", n), Unit: "1", Samples: make([]float32, n)}
	}
	for name, spoil := range map[string]func(*line.Waveform){
		"between samples": func(w *line.Waveform) { w.Interval = 0 },
		"5 channels":      func(w *line.Waveform) { w.Channels = make([]line.Channel, 5) },
		"0 channels":      func(w *line.Waveform) { w.Channels = nil },
		"4097 samples":    func(w *line.Waveform) { w.Channels = []line.Channel{channel(4097)} },
		"0 samples":       func(w *line.Waveform) { w.Channels = []line.Channel{channel(0)} },
		"has 2 samples":   func(w *line.Waveform) { w.Channels[1].Samples = w.Channels[1].Samples[:2] },
		"finite":          func(w *line.Waveform) { w.Channels[1].Samples[2] = float32(math.NaN()) },
		"finite number":   func(w *line.Waveform) { w.Channels[0].Samples[0] = float32(math.Inf(-1)) },
		"two channels":    func(w *line.Waveform) { w.Channels[1].Name = "current" },
		"letters":         func(w *line.Waveform) { w.Channels[1].Name = "two words" },
		"too long":        func(w *line.Waveform) { w.Channels[1].Name = strings.Repeat("x", 25) },
		"a unit":          func(w *line.Waveform) { w.Channels[1].Unit = "" },
	} {
		w := hit()
		spoil(&w)
		if b, err := w.Encode(nil); err == nil || !strings.Contains(err.Error(), name) || len(b) != 0 {
			t.Errorf("%s: got %d bytes and %v", name, len(b), err)
		}
	}
}

// FuzzDecodeWaveform: whatever a device sends is a waveform with exactly these bytes, or an error.
func FuzzDecodeWaveform(f *testing.F) {
	b, err := hit().Encode(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:20])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := line.DecodeWaveform(b)
		if err != nil {
			return
		}
		again, err := w.Encode(nil)
		if err != nil || !bytes.Equal(again, b) {
			t.Errorf("% x was read as %+v, which is % x, %v", b, w, again, err)
		}
	})
}

// Records from before there were waveforms read as they did, and a result without one is written as it was.
func TestAResultWithoutAWaveformIsWrittenAsBefore(t *testing.T) {
	const old = `{"token":"0-1","device":"ST060.welder","task":41,"part":"EV-P1-000001","index":3,"attempt":1,"outcome":1,"verdict":"OK","effect_count":4,"simulated":true}`
	fact, err := line.DecodeFact("act-done", []byte(old))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(fact)
	if err != nil || string(b) != old {
		t.Errorf("%s became %s, %v", old, b, err)
	}
}
