// Package tags is the handshake's block layout and the tag maps, as data: what client and virtual plant must share to
// understand each other, and nothing else. It opens no connection and decides nothing.
package tags

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"linectl/line"
)

// Sizes of the blocks in 16-bit registers, and the magic number that proves the word order.
const (
	CommandRegisters        = 65
	StatusRegisters         = 109
	Magic            uint32 = 0x42415431
)

// Opcode is what a command block asks for.
type Opcode uint16

// The opcodes. A Query without a token is the supervisor's heartbeat.
const (
	OpExecute Opcode = iota + 1
	OpVoid
	OpQuery
	OpAcknowledge
	OpMachine  // PackML command number in Task
	OpUnitMode // unit mode number in Task
)

// Flag bits of the command block.
const (
	FlagRework    uint16 = 1
	FlagDryRun    uint16 = 2
	FlagSimulated uint16 = 4
)

// Command is the command block, supervisor to device.
type Command struct {
	Token      line.Token
	Fence      uint16
	BootEpoch  uint32 // the epoch that the sender believes
	Op         Opcode
	Task       uint16
	Flags      uint16
	Part       string // at most 32 ASCII characters
	Index      uint16
	RecipeHash [4]byte
	Params     [16]float32 // SI; NaN = not given
}

// Status is the status block, device to supervisor.
type Status struct {
	Heartbeat     uint16
	RetainID      uint32
	BootEpoch     uint32
	FenceHighest  uint16
	Floor         line.Token
	InFlight      line.Token
	Phase         line.Phase
	LastCompleted line.Token
	Outcome       line.Outcome
	Reason        uint16
	Part          string // the device's own scanner
	Index         uint16
	Values        [24]float32 // SI; NaN = not measured
	EffectCount   uint32
	IndexState    uint16 // 0 untouched, 1 energy may have been applied, 2 finished
	Rejected      line.Token
	RejectReason  line.RejectReason
	Machine       uint16 // PackML state 0-17
	Mode          uint16
	Permissives   uint32
	Safety        uint32
	Alarms        uint32
	FirstOut      uint16
	Sensors       uint32
	ResultPart    string // classes B and C: the part of the last result, as the device read it or was told it; class A: Part is it while done
	Start         bool   // classes B and C: the start bit as the device sees it
}

// What is wrong with a block that was read or received.
var (
	ErrTorn   = errors.New("block was being written while it was read")
	ErrMagic  = errors.New("magic number not found")
	ErrCRC    = errors.New("checksum wrong")
	ErrCommit = errors.New("commit word does not match")
	ErrLength = errors.New("block has the wrong length")
)

// Encode writes the command block in the word order.
func (c Command) Encode(o WordOrder) [CommandRegisters]uint16 {
	var b [CommandRegisters]uint16
	w := registers{b[:], o}
	w.put32(0, Magic)
	w.put64(2, uint64(c.Token))
	b[6] = c.Fence
	w.put32(7, c.BootEpoch)
	b[9], b[10], b[11] = uint16(c.Op), c.Task, c.Flags
	w.putText(12, 16, c.Part)
	b[28] = c.Index
	w.put32(29, binary.BigEndian.Uint32(c.RecipeHash[:]))
	for i, p := range c.Params {
		w.put32(31+2*i, math.Float32bits(p))
	}
	b[63] = crc16(b[:63])
	b[64] = uint16(c.Token) ^ b[63]
	return b
}

// DecodeCommand judges a copied command block as device rule 1 asks: length, magic, checksum, commit word.
func DecodeCommand(b []uint16, o WordOrder) (c Command, err error) {
	if len(b) != CommandRegisters {
		return c, fmt.Errorf("%w: %d registers, want %d", ErrLength, len(b), CommandRegisters)
	}
	r := registers{b, o}
	if got := r.get32(0); got != Magic {
		return c, fmt.Errorf("%w: read %#08x, want %#08x", ErrMagic, got, Magic)
	}
	if crc16(b[:63]) != b[63] {
		return c, ErrCRC
	}
	c = Command{
		Token: line.Token(r.get64(2)), Fence: b[6], BootEpoch: r.get32(7), Op: Opcode(b[9]), Task: b[10], Flags: b[11],
		Part: r.text(12, 16), Index: b[28],
	}
	if uint16(c.Token)^b[63] != b[64] {
		return Command{}, ErrCommit
	}
	binary.BigEndian.PutUint32(c.RecipeHash[:], r.get32(29))
	for i := range c.Params {
		c.Params[i] = math.Float32frombits(r.get32(31 + 2*i))
	}
	return c, nil
}

// Encode writes the status block in the word order. The head is the seqlock's even number, repeated in the tail.
func (s Status) Encode(head uint16, o WordOrder) [StatusRegisters]uint16 {
	var b [StatusRegisters]uint16
	w := registers{b[:], o}
	b[0], b[108] = head&^1, head&^1
	w.put32(1, Magic)
	b[3] = s.Heartbeat
	w.put32(4, s.RetainID)
	w.put32(6, s.BootEpoch)
	b[8] = s.FenceHighest
	w.put64(9, uint64(s.Floor))
	w.put64(13, uint64(s.InFlight))
	b[17] = uint16(s.Phase)
	w.put64(18, uint64(s.LastCompleted))
	b[22], b[23] = uint16(s.Outcome), s.Reason
	w.putText(24, 16, s.Part)
	b[40] = s.Index
	for i, v := range s.Values {
		w.put32(41+2*i, math.Float32bits(v))
	}
	w.put32(89, s.EffectCount)
	b[91] = s.IndexState
	w.put64(92, uint64(s.Rejected))
	b[96], b[97], b[98] = uint16(s.RejectReason), s.Machine, s.Mode
	w.put32(99, s.Permissives)
	w.put32(101, s.Safety)
	w.put32(103, s.Alarms)
	b[105] = s.FirstOut
	w.put32(106, s.Sensors)
	return b
}

// DecodeStatus reads a status block: whole (head equals tail, even) and in the right word order, or an error.
func DecodeStatus(b []uint16, o WordOrder) (s Status, err error) {
	if len(b) != StatusRegisters {
		return s, fmt.Errorf("%w: %d registers, want %d", ErrLength, len(b), StatusRegisters)
	}
	r := registers{b, o}
	if got := r.get32(1); got != Magic {
		return s, fmt.Errorf("%w: read %#08x, want %#08x%s", ErrMagic, got, Magic, orderHint(b, o))
	}
	if b[0] != b[108] || b[0]&1 == 1 {
		return s, ErrTorn
	}
	s = Status{
		Heartbeat: b[3], RetainID: r.get32(4), BootEpoch: r.get32(6), FenceHighest: b[8], Floor: line.Token(r.get64(9)),
		InFlight: line.Token(r.get64(13)), Phase: line.Phase(b[17]), LastCompleted: line.Token(r.get64(18)), Outcome: line.Outcome(b[22]),
		Reason: b[23], Part: r.text(24, 16), Index: b[40], EffectCount: r.get32(89), IndexState: b[91], Rejected: line.Token(r.get64(92)),
		RejectReason: line.RejectReason(b[96]), Machine: b[97], Mode: b[98], Permissives: r.get32(99), Safety: r.get32(101),
		Alarms: r.get32(103), FirstOut: b[105], Sensors: r.get32(106),
	}
	for i := range s.Values {
		s.Values[i] = math.Float32frombits(r.get32(41 + 2*i))
	}
	return s, nil
}

// orderHint says which word order would have found the magic number.
func orderHint(b []uint16, tried WordOrder) string {
	for _, o := range WordOrders {
		if o != tried && (registers{b, o}).get32(1) == Magic {
			return fmt.Sprintf("; the device sends words in the order %s, the tag map says %s", o, tried)
		}
	}
	return ""
}

// registers reads and writes numbers of several registers in a word order.
type registers struct {
	b []uint16
	o WordOrder
}

func (r registers) put32(at int, v uint32) {
	hi, lo := uint16(v>>16), uint16(v)
	if r.o.swapsBytes() {
		hi, lo = hi<<8|hi>>8, lo<<8|lo>>8
	}
	if r.o.swapsWords() {
		hi, lo = lo, hi
	}
	r.b[at], r.b[at+1] = hi, lo
}

func (r registers) get32(at int) uint32 {
	hi, lo := r.b[at], r.b[at+1]
	if r.o.swapsWords() {
		hi, lo = lo, hi
	}
	if r.o.swapsBytes() {
		hi, lo = hi<<8|hi>>8, lo<<8|lo>>8
	}
	return uint32(hi)<<16 | uint32(lo)
}

func (r registers) put64(at int, v uint64) {
	hi, lo := uint32(v>>32), uint32(v)
	if r.o.swapsWords() {
		hi, lo = lo, hi
	}
	r.put32(at, hi)
	r.put32(at+2, lo)
}

func (r registers) get64(at int) uint64 {
	hi, lo := r.get32(at), r.get32(at+2)
	if r.o.swapsWords() {
		hi, lo = lo, hi
	}
	return uint64(hi)<<32 | uint64(lo)
}

func (r registers) putText(at, n int, s string) {
	for i := 0; i < 2*n && i < len(s); i++ {
		r.b[at+i/2] |= uint16(s[i]) << (8 * (1 - i%2))
	}
}

func (r registers) text(at, n int) string {
	text := make([]byte, 0, 2*n)
	for _, w := range r.b[at : at+n] {
		text = append(text, byte(w>>8), byte(w))
	}
	s, _, _ := strings.Cut(string(text), "\x00")
	return s
}

// crc16 is CRC-16/MODBUS over the registers' bytes, high byte first.
func crc16(b []uint16) uint16 {
	crc := uint16(0xFFFF)
	for _, w := range b {
		crc = crcTable[byte(crc)^byte(w>>8)] ^ crc>>8
		crc = crcTable[byte(crc)^byte(w)] ^ crc>>8
	}
	return crc
}

var crcTable = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 == 1 {
				c = c>>1 ^ 0xA001
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()
