package tags

import (
	"encoding/binary"
	"fmt"
	"math"

	"linectl/line"
)

// Sizes of the plain blocks in registers, which devices of classes B and C have: no token, no fence, no boot epoch. The start
// register stands behind the command block and is no part of it: only who means it writes it.
const (
	PlainCommandRegisters = 57
	StartRegister         = PlainCommandRegisters // from the base of the command block
	PlainStatusRegisters  = 101
)

// Bits of the plain status block.
const (
	bitStart uint16 = 1 << iota
	bitBusy
	bitDone
	bitError
)

// EncodePlain writes the plain command block, without the start register.
func (c Command) EncodePlain(o WordOrder) [PlainCommandRegisters]uint16 {
	var b [PlainCommandRegisters]uint16
	w := registers{b[:], o}
	w.put32(0, Magic)
	b[2], b[3], b[4] = uint16(c.Op), c.Task, c.Flags
	w.putText(5, 16, c.Part)
	b[21] = c.Index
	w.put32(22, binary.BigEndian.Uint32(c.RecipeHash[:]))
	for i, p := range c.Params {
		w.put32(24+2*i, math.Float32bits(p))
	}
	b[56] = crc16(b[:56])
	return b
}

// DecodePlainCommand judges a copied plain command block: length, magic, checksum.
func DecodePlainCommand(b []uint16, o WordOrder) (c Command, err error) {
	if len(b) != PlainCommandRegisters {
		return c, fmt.Errorf("%w: %d registers, want %d", ErrLength, len(b), PlainCommandRegisters)
	}
	r := registers{b, o}
	if got := r.get32(0); got != Magic {
		return c, fmt.Errorf("%w: read %#08x, want %#08x", ErrMagic, got, Magic)
	}
	if crc16(b[:56]) != b[56] {
		return c, ErrCRC
	}
	c = Command{Op: Opcode(b[2]), Task: b[3], Flags: b[4], Part: r.text(5, 16), Index: b[21]}
	binary.BigEndian.PutUint32(c.RecipeHash[:], r.get32(22))
	for i := range c.Params {
		c.Params[i] = math.Float32frombits(r.get32(24 + 2*i))
	}
	return c, nil
}

// EncodePlain writes the plain status block: of the status what such a device knows.
func (s Status) EncodePlain(head uint16, o WordOrder) [PlainStatusRegisters]uint16 {
	var b [PlainStatusRegisters]uint16
	w := registers{b[:], o}
	b[0], b[100] = head&^1, head&^1
	w.put32(1, Magic)
	b[3] = s.Heartbeat
	w.put32(4, s.EffectCount)
	if s.Start {
		b[6] |= bitStart
	}
	switch s.Phase {
	case line.PhaseExecuting:
		b[6] |= bitBusy
	case line.PhaseDone:
		b[6] |= bitDone
	case line.PhaseFault:
		b[6] |= bitError
	case line.PhaseIdle, line.PhaseAccepted, line.PhaseInterrupted: // it has no bit for these
	}
	b[7], b[8] = uint16(s.Outcome), s.Reason
	w.putText(9, 16, s.Part)
	w.putText(25, 16, s.ResultPart)
	for i, v := range s.Values {
		w.put32(41+2*i, math.Float32bits(v))
	}
	b[89], b[90] = s.Machine, s.Mode
	w.put32(91, s.Permissives)
	w.put32(93, s.Safety)
	w.put32(95, s.Alarms)
	b[97] = s.FirstOut
	w.put32(98, s.Sensors)
	return b
}

// DecodePlainStatus reads a plain status block: whole and in the right word order, or an error. A start bit alone is a job that
// the device has yet to begin.
func DecodePlainStatus(b []uint16, o WordOrder) (s Status, err error) {
	if len(b) != PlainStatusRegisters {
		return s, fmt.Errorf("%w: %d registers, want %d", ErrLength, len(b), PlainStatusRegisters)
	}
	r := registers{b, o}
	if got := r.get32(1); got != Magic {
		return s, fmt.Errorf("%w: read %#08x, want %#08x%s", ErrMagic, got, Magic, orderHint(b, o))
	}
	if b[0] != b[100] || b[0]&1 == 1 {
		return s, ErrTorn
	}
	s = Status{
		Heartbeat: b[3], EffectCount: r.get32(4), Start: b[6]&bitStart != 0, Outcome: line.Outcome(b[7]), Reason: b[8],
		Part: r.text(9, 16), ResultPart: r.text(25, 16), Machine: b[89], Mode: b[90], Permissives: r.get32(91), Safety: r.get32(93),
		Alarms: r.get32(95), FirstOut: b[97], Sensors: r.get32(98),
	}
	switch {
	case b[6]&bitBusy != 0:
		s.Phase = line.PhaseExecuting
	case b[6]&bitError != 0:
		s.Phase = line.PhaseFault
	case b[6]&bitDone != 0:
		s.Phase = line.PhaseDone
	case s.Start:
		s.Phase = line.PhaseAccepted
	}
	for i := range s.Values {
		s.Values[i] = math.Float32frombits(r.get32(41 + 2*i))
	}
	return s, nil
}
