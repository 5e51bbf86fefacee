package tags_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"linectl/line"
	"linectl/plc/tags"

	"pgregory.net/rapid"
)

func drawCommand(t *rapid.T) tags.Command {
	c := tags.Command{
		Token: line.Token(rapid.Uint64().Draw(t, "token")), Fence: rapid.Uint16().Draw(t, "fence"), BootEpoch: rapid.Uint32().Draw(t, "epoch"),
		Op: tags.Opcode(rapid.Uint16().Draw(t, "op")), Task: rapid.Uint16().Draw(t, "task"), Flags: rapid.Uint16().Draw(t, "flags"),
		Part: rapid.StringMatching(`[A-Z0-9-]{0,32}`).Draw(t, "part"), Index: rapid.Uint16().Draw(t, "index"),
	}
	for i := range c.Params {
		c.Params[i] = rapid.Float32().Draw(t, "param")
	}
	return c
}

func TestCommandSurvivesEveryWordOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawCommand(t)
		order := rapid.SampledFrom(tags.WordOrders).Draw(t, "order")
		block := want.Encode(order)
		got, err := tags.DecodeCommand(block[:], order)
		if err != nil || got != want {
			t.Fatalf("decoded %+v, %v; sent %+v", got, err, want)
		}
	})
}

func TestNoChangedRegisterIsAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		block := drawCommand(t).Encode(tags.ABCD)
		i := rapid.IntRange(0, tags.CommandRegisters-1).Draw(t, "register")
		flip := rapid.Uint16Range(1, math.MaxUint16).Draw(t, "flip")
		block[i] ^= flip
		if c, err := tags.DecodeCommand(block[:], tags.ABCD); err == nil {
			t.Fatalf("register %d xor %#x was accepted as %+v", i, flip, c)
		}
	})
}

func TestTornAndForeignStatusIsRefused(t *testing.T) {
	s := tags.Status{RetainID: 7, Floor: line.NewToken(3, 4), Part: "EV-P1-000001"}
	whole := s.Encode(8, tags.CDAB)
	if got, err := tags.DecodeStatus(whole[:], tags.CDAB); err != nil || got != s {
		t.Fatalf("decoded %+v, %v", got, err)
	}
	torn := whole
	torn[108] += 2
	if _, err := tags.DecodeStatus(torn[:], tags.CDAB); !errors.Is(err, tags.ErrTorn) {
		t.Errorf("torn block: %v", err)
	}
	torn[0], torn[108] = 9, 9
	if _, err := tags.DecodeStatus(torn[:], tags.CDAB); !errors.Is(err, tags.ErrTorn) {
		t.Errorf("block with an odd head: %v", err)
	}
	_, err := tags.DecodeStatus(whole[:], tags.ABCD)
	const hint = "the device sends words in the order CDAB, the tag map says ABCD"
	if !errors.Is(err, tags.ErrMagic) || !strings.Contains(err.Error(), hint) {
		t.Errorf("wrong word order: %v", err)
	}
}

func FuzzDecodeStatus(f *testing.F) {
	block := tags.Status{Part: "X"}.Encode(2, tags.ABCD)
	f.Add(bytesOf(block[:]))
	f.Fuzz(func(t *testing.T, data []byte) {
		words := make([]uint16, len(data)/2)
		for i := range words {
			words[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
		}
		for _, o := range tags.WordOrders {
			if s, err := tags.DecodeStatus(words, o); err == nil && len(s.Part) > 32 {
				t.Fatalf("part of %d characters", len(s.Part))
			}
			_, _ = tags.DecodeCommand(words, o)
		}
	})
}

func bytesOf(words []uint16) []byte {
	b := make([]byte, 0, 2*len(words))
	for _, w := range words {
		b = append(b, byte(w>>8), byte(w))
	}
	return b
}
