package opcua_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
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
	b := open(t, p, t.TempDir(), freeAddress(t))
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
