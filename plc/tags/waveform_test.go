package tags_test

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// The area is what people program PLCs from. These bytes were computed by another program.
func TestTheWaveformAreaIsPinned(t *testing.T) {
	token := line.NewToken(17, 90122)
	w, err := line.Waveform{Interval: time.Millisecond, Channels: []line.Channel{{Name: "power", Unit: "W", Samples: []float32{2800}}}}.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	area := tags.EncodeWaveform(token, w)
	if got, want := hex.EncodeToString(area[:16]), "001100000001600a00000030"+"4eef324c"; got != want {
		t.Errorf("the head is %s, want %s", got, want)
	}
	sealed, err := tags.DecodeWaveform(area, token)
	if err != nil || sealed.Hash != line.WaveformHash(w) {
		t.Fatalf("%+v, %v", sealed, err)
	}
	if _, err := tags.DecodeWaveform(area, token+1); !errors.Is(err, tags.ErrForeignWaveform) {
		t.Errorf("for another act: %v", err)
	}
	if _, err := tags.DecodeWaveform(tags.EncodeWaveform(0, nil), token); !errors.Is(err, tags.ErrNoWaveform) {
		t.Errorf("an empty area: %v", err)
	}
	for i := range area {
		spoilt := append([]byte{}, area...)
		spoilt[i] ^= 0x10
		if _, err := tags.DecodeWaveform(spoilt, token); err == nil {
			t.Errorf("byte %d is another and nobody sees it", i)
		}
	}
	if got := (tags.WaveformHead + line.MaxWaveformBytes) / 2; got != tags.WaveformRegisters || line.MaxWaveformBytes != 65676 {
		t.Errorf("%d registers for %d bytes", got, line.MaxWaveformBytes)
	}
}
