package modbus

import (
	"context"
	"fmt"

	"github.com/goburrow/modbus"

	"linectl/plc/tags"
)

// waveformConn is a conn to a device that offers the waveforms of its acts.
type waveformConn struct{ *conn }

// Piece reads at most 125 registers of the waveform area in one FC03, from a byte on, which must be even: every piece is.
func (c *waveformConn) Piece(ctx context.Context, at, most int) ([]byte, error) {
	if err := c.usable(ctx); err != nil {
		return nil, err
	}
	n := tags.PieceRegisters
	if most > 0 {
		n = min(n, (most+1)/2)
	}
	if at < 0 || at%2 != 0 || int(c.layout.WaveformBase)+at/2+n > 1<<16 {
		return nil, fmt.Errorf("read waveform at %s: %w: it does not end before register 65536", c.where, tags.ErrTornWaveform)
	}
	register := c.layout.WaveformBase + uint16(at/2)
	piece, err := c.client.ReadHoldingRegisters(register, uint16(n))
	if err != nil {
		return nil, c.fault("read waveform", modbus.FuncCodeReadHoldingRegisters, register, err)
	}
	if len(piece) != 2*n {
		return nil, c.broken(fmt.Errorf("read waveform at %s: %d bytes came, want %d", c.where, len(piece), 2*n))
	}
	return piece, nil
}
