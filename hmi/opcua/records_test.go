package opcua_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
	"linectl/line"
)

// shelf answers with texts that are as long as somebody wants. Another text comes at every question.
type shelf struct {
	asked atomic.Int32
	long  int
}

func (s *shelf) Part(ctx context.Context, id string) (json.RawMessage, error) {
	switch id {
	case "slow":
		<-ctx.Done()
		return nil, ctx.Err()
	case "none":
		return nil, errors.New("no records in d; start the line there first")
	}
	letter := string([]rune("äöü")[(s.asked.Add(1)-1)%3])
	return json.RawMessage(`"` + strings.Repeat(letter, s.long) + `"`), nil
}

func (s *shelf) FindParts(context.Context, string, uint32, int) (json.RawMessage, uint32, error) {
	return json.RawMessage("[]"), 7, nil
}

// TestALongAnswerComesInPiecesOfOneText reads an answer that no message could carry while it changes with every question.
func TestALongAnswerComesInPiecesOfOneText(t *testing.T) {
	t.Parallel()
	s := &shelf{long: 700_000}
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	if err := b.gateway.DeclareRecords(opcua.Records{Parts: s}); err != nil {
		t.Fatal(err)
	}
	c := b.mustDial(t, login{user: "vera", password: "vera-password"})
	var whole strings.Builder
	next, pieces := uint32(0), 0
	for pieces == 0 || next > 0 {
		res := call(t, c, "Line", "Line.ReadPart", "P1", next)
		if res.StatusCode != ua.StatusOK {
			t.Fatalf("piece %d: %v", pieces, res.StatusCode)
		}
		whole.WriteString(res.OutputArguments[0].Value().(string))
		next = res.OutputArguments[1].Value().(uint32)
		pieces++
	}
	if want := `"` + strings.Repeat("ä", s.long) + `"`; whole.String() != want || pieces != 3 {
		t.Errorf("%d bytes in %d pieces, want %d bytes of one text in 3", whole.Len(), pieces, len(want))
	}
	if res := call(t, c, "Line", "Line.ReadPart", "P1", uint32(2)); res.StatusCode != ua.StatusUncertain {
		t.Errorf("a piece from the middle of a character: %v", res.StatusCode)
	}
	if res := call(t, c, "Line", "Line.ReadPart", "none", uint32(0)); !strings.Contains(res.OutputArguments[2].Value().(*ua.LocalizedText).Text, "no records in") {
		t.Errorf("a missing store came as %+v", res)
	}
	begun := time.Now()
	if res := call(t, c, "Line", "Line.ReadPart", "slow", uint32(0)); res.StatusCode != ua.StatusUncertain || !strings.Contains(res.OutputArguments[2].Value().(*ua.LocalizedText).Text, "3 s") {
		t.Errorf("after %s a slow answer came as %+v", time.Since(begun), res)
	}
	if res := call(t, c, "Line", "Line.FindParts", "", uint32(1), uint32(0)); res.OutputArguments[1].Value() != uint32(7) {
		t.Errorf("next came as %v", res.OutputArguments[1].Value())
	}
}

// gallery has one waveform.
type gallery struct{ only opcua.Waveform }

func (g *gallery) Waveform(_ context.Context, hash string) (*opcua.Waveform, error) {
	if hash != "3fa9" {
		return nil, errors.New("no weld has the waveform " + hash)
	}
	return &g.only, nil
}

// TestAWaveformComesAsArrays reads a weld with another library than the server's.
func TestAWaveformComesAsArrays(t *testing.T) {
	t.Parallel()
	w := line.Waveform{Interval: 40 * time.Microsecond, Channels: []line.Channel{
		{Name: "current", Unit: "A", Samples: []float32{0, 900, 1200}}, {Name: "voltage", Unit: "V", Samples: []float32{0, 0.5, 1}},
	}}
	channels, outside := w.Compare([]line.Band{{Channel: "current", Unit: "A", Points: []line.BandPoint{{TMs: 0.04, Low: 800, High: 1000}, {TMs: 0.08, Low: 900, High: 1100}}}})
	b := open(t, newPlant(), t.TempDir(), testnet.FreeAddress(t))
	if err := b.gateway.DeclareRecords(opcua.Records{Waveforms: &gallery{opcua.Waveform{Interval: w.Interval, Channels: channels, OutsidePercent: outside}}}); err != nil {
		t.Fatal(err)
	}
	c := b.mustDial(t, login{user: "vera", password: "vera-password"})
	res := call(t, c, "Line", "Line.ReadWaveform", "3fa9")
	if res.StatusCode != ua.StatusOK {
		t.Fatalf("%v", res.StatusCode)
	}
	var got []string
	for _, v := range res.OutputArguments[:7] {
		got = append(got, fmt.Sprint(v.Value()))
	}
	want := []string{"[current voltage]", "[A V]", "40", "[0 900 1200 0 0.5 1]", "[NaN 800 900 NaN NaN NaN]", "[NaN 1000 1100 NaN NaN NaN]", "50"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	res = call(t, c, "Line", "Line.ReadWaveform", "ffff")
	if res.StatusCode != ua.StatusUncertain || !strings.Contains(res.OutputArguments[7].Value().(*ua.LocalizedText).Text, "no weld has the waveform ffff") {
		t.Errorf("an unknown hash came as %+v", res)
	}
}
