// Package line is the vocabulary of a battery pack assembly line: who a part is, what a station does to it, what a device
// answered, and what is written down of it.
//
// It holds values and their meaning only. It decides nothing, does no I/O, reads no clock and imports nothing but the
// standard library, so every other room may speak it.
package line

import (
	"fmt"
	"strconv"
	"strings"
)

// StationID names a station of the line as the plant does: "ST" and a number, for example ST060.
type StationID string

// Number returns the digits of the station's name (60 for ST060) as used in command blocks, or 0 if it has none.
func (s StationID) Number() int {
	n, err := strconv.Atoi(strings.TrimPrefix(string(s), "ST"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// Places that are no station of the route: a part waits there for people.
const (
	Rework     StationID = "ST900" // bench where a decided rework is prepared
	Quarantine StationID = "ST910" // store of parts that no software may release
	Shipped    StationID = "ST999" // out of the line, released
)

// DeviceID names one device of a station, for example ST060.welder.
type DeviceID string

// Station returns the station that the device belongs to.
func (d DeviceID) Station() StationID {
	s, _, _ := strings.Cut(string(d), ".")
	return StationID(s)
}

// PackID is the working identity of one pack build, unique in the record store. The serial that the customer sees is issued
// at pack-out only.
type PackID string

// CellID is the code on a cell as its scanner read it: opaque text of at most 32 ASCII characters.
type CellID string

// LotID names a supplier's lot of cells or of a consumable.
type LotID string

// OrderID names a production order.
type OrderID string

// Kind is what a station is for. The nine kinds of the reference line, and the bench where people decide.
type Kind string

// The kinds of station.
const (
	Receive   Kind = "receive"   // scans cells in and compares them with the supplier's data
	Sort      Kind = "sort"      // measures and grades cells, builds matched sets
	Stack     Kind = "stack"     // puts the cells of a set into their slots: genealogy begins here
	Weld      Kind = "weld"      // joins cells electrically, one token a joint
	Inspect   Kind = "inspect"   // measures joint resistance and looks at the seams
	Assemble  Kind = "assemble"  // modules into the tray, screws, BMS
	LeakTest  Kind = "leaktest"  // seals and measures the leak rate
	EndOfLine Kind = "endofline" // the seventeen electrical steps
	PackOut   Kind = "packout"   // state of charge, label, serial, release
	Bench     Kind = "bench"     // a manual place: holds a part until a person has decided
)

// Kinds lists the kinds in the order of the reference line.
var Kinds = []Kind{Receive, Sort, Stack, Weld, Inspect, Assemble, LeakTest, EndOfLine, PackOut, Bench}

// Verdict is the judgement of a measurement, an act, a step or a pack. The zero Verdict means not judged.
type Verdict string

// The verdicts. Unknown is honest: the evidence is gone and a person must look.
const (
	OK      Verdict = "OK"
	NOK     Verdict = "NOK"
	Unknown Verdict = "UNKNOWN"
)

// Worse returns the graver of two verdicts: UNKNOWN over NOK over OK over not judged.
func (v Verdict) Worse(w Verdict) Verdict {
	rank := map[Verdict]int{OK: 1, NOK: 2, Unknown: 3}
	if rank[w] > rank[v] {
		return w
	}
	return v
}

// Token names one irreversible physical act: fence in the upper 16 bits, sequence in the lower 48 (handshake, "Words").
// Tokens rise strictly for every device and are never used again. In text a token is written fence-sequence, "17-90122".
type Token uint64

// NewToken joins the supervisor's incarnation and a sequence number below 2^48.
func NewToken(fence uint16, sequence uint64) Token {
	return Token(uint64(fence)<<48 | sequence&(1<<48-1))
}

// Fence returns the incarnation of the supervisor that issued the token.
func (t Token) Fence() uint16 { return uint16(t >> 48) }

// Sequence returns the token's number within all that the line has issued.
func (t Token) Sequence() uint64 { return uint64(t) & (1<<48 - 1) }

func (t Token) String() string { return fmt.Sprintf("%d-%d", t.Fence(), t.Sequence()) }

// MarshalText writes the token as fence-sequence, so that no JSON reader rounds it.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (t *Token) UnmarshalText(text []byte) error {
	f, s, ok := strings.Cut(string(text), "-")
	fence, err1 := strconv.ParseUint(f, 10, 16)
	seq, err2 := strconv.ParseUint(s, 10, 48)
	if !ok || err1 != nil || err2 != nil {
		return fmt.Errorf("token %q: want fence-sequence, for example 17-90122", text)
	}
	*t = NewToken(uint16(fence), seq)
	return nil
}
