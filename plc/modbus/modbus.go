// Package modbus carries the handshake's blocks over Modbus TCP: a command is one FC16, a status one FC03. It wraps
// goburrow/modbus so that nothing but a whole, matching answer counts and every doubt closes the connection. It repeats no
// request and decides nothing.
package modbus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/goburrow/modbus"

	"linectl/plc"
	"linectl/plc/tags"
)

const (
	defaultTimeout = 200 * time.Millisecond
	tornReads      = 3 // a block caught while it was written is read again so often
	tornPause      = 2 * time.Millisecond
)

// Dialer opens the connection to one device. It may not be copied once used: transaction numbers go on across connections,
// so that an answer of an earlier one never matches.
type Dialer struct {
	Address string // host and port
	Map     tags.ModbusMap
	Timeout time.Duration // of one request and of connecting, default 200 ms

	once    sync.Once
	handler *modbus.TCPClientHandler
}

// Dial connects and reads the status block once, which proves unit, registers and word order by the magic number.
func (d *Dialer) Dial(ctx context.Context) (plc.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.once.Do(func() {
		d.handler = modbus.NewTCPClientHandler(d.Address)
		d.handler.Timeout = d.Timeout
		if d.handler.Timeout <= 0 {
			d.handler.Timeout = defaultTimeout
		}
		d.handler.IdleTimeout = 0 // each attempt would reset it: a steady poller would never recover
		d.handler.SlaveId = d.Map.Unit
	})
	if d.Map.Unit == 0 || d.Map.Unit > 247 {
		return nil, &plc.ConfigurationError{Address: d.Address, Err: fmt.Errorf("unit %d", d.Map.Unit), Remedy: "use a unit from 1 to 247"}
	}
	c := &conn{
		where: fmt.Sprintf("%s unit %d", d.Address, d.Map.Unit), layout: d.Map, handler: d.handler, client: modbus.NewClient(d.handler),
	}
	if err := d.handler.Connect(); err != nil {
		return nil, fmt.Errorf("connect to %s: %w", c.where, err)
	}
	if _, err := c.Read(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	if d.Map.WaveformBase != 0 {
		return &waveformConn{c}, nil
	}
	return c, nil
}

// conn is one connection. Any error but an exception that the device itself answered closes it, for what comes after a
// missed answer would be taken for the next one.
type conn struct {
	where   string
	layout  tags.ModbusMap
	handler *modbus.TCPClientHandler
	client  modbus.Client
	closed  bool
}

var errClosed = errors.New("connection is closed")

// Read reads the status block in one FC03. A block that was being written is read again, three times at most.
func (c *conn) Read(ctx context.Context) (tags.Status, error) {
	for try := 1; ; try++ {
		s, err := c.readOnce(ctx)
		if !errors.Is(err, tags.ErrTorn) || try == tornReads {
			return s, err
		}
		pause(ctx, tornPause)
	}
}

func (c *conn) readOnce(ctx context.Context) (tags.Status, error) {
	if err := c.usable(ctx); err != nil {
		return tags.Status{}, err
	}
	n, decode := tags.StatusRegisters, tags.DecodeStatus
	if !c.layout.Class.Tokens() {
		n, decode = tags.PlainStatusRegisters, tags.DecodePlainStatus
	}
	b, err := c.client.ReadHoldingRegisters(c.layout.StatusBase, uint16(n)) //nolint:gosec // 109 or 101
	if err != nil {
		return tags.Status{}, c.fault("read status", modbus.FuncCodeReadHoldingRegisters, c.layout.StatusBase, err)
	}
	if len(b) != 2*n {
		return tags.Status{}, c.broken(fmt.Errorf("read status at %s: %d bytes came, want %d", c.where, len(b), 2*n))
	}
	s, err := decode(words(b), c.layout.Order)
	switch {
	case errors.Is(err, tags.ErrMagic):
		return s, &plc.ConfigurationError{
			Address: c.where, Err: fmt.Errorf("status block at register %d: %w", c.layout.StatusBase, err),
			Remedy: "correct word_order, status_base or address of this device in line.yaml, or load the handshake into the device",
		}
	case err != nil:
		return s, fmt.Errorf("read status at %s: %w", c.where, err)
	}
	return s, nil
}

// Write writes the command block in one FC16.
func (c *conn) Write(ctx context.Context, cmd tags.Command) error {
	if err := c.usable(ctx); err != nil {
		return err
	}
	if !c.layout.Class.Tokens() {
		return c.writePlain(cmd)
	}
	block := cmd.Encode(c.layout.Order)
	return c.writeWords(c.layout.CommandBase, block[:])
}

// writePlain writes the start register with the block of a job, alone when it is taken down, and never with anything else.
func (c *conn) writePlain(cmd tags.Command) error {
	block := cmd.EncodePlain(c.layout.Order)
	switch cmd.Op {
	case tags.OpExecute:
		return c.writeWords(c.layout.CommandBase, append(block[:], 1))
	case tags.OpAcknowledge:
		return c.writeWords(c.layout.CommandBase+tags.StartRegister, []uint16{0})
	case tags.OpVoid, tags.OpQuery, tags.OpMachine, tags.OpUnitMode:
	}
	return c.writeWords(c.layout.CommandBase, block[:])
}

func (c *conn) writeWords(base uint16, block []uint16) error {
	b := make([]byte, 0, 2*len(block))
	for _, w := range block {
		b = binary.BigEndian.AppendUint16(b, w)
	}
	if _, err := c.client.WriteMultipleRegisters(base, uint16(len(block)), b); err != nil { //nolint:gosec // 65 at most
		return c.fault("write command", modbus.FuncCodeWriteMultipleRegisters, base, err)
	}
	return nil
}

// Close closes the socket.
func (c *conn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	return c.handler.Close()
}

func (c *conn) usable(ctx context.Context) error {
	if c.closed {
		return fmt.Errorf("%s: %w", c.where, errClosed)
	}
	return ctx.Err()
}

// fault sorts an error. Only a true exception to this very request leaves the connection usable; everything else closes it.
func (c *conn) fault(what string, function byte, register uint16, err error) error {
	e, ok := errors.AsType[*modbus.ModbusError](err)
	if !ok || e.FunctionCode != function|0x80 || e.ExceptionCode == 0 {
		return c.broken(fmt.Errorf("%s at %s: %w", what, c.where, err))
	}
	return plc.ModbusException(c.where, e.ExceptionCode, fmt.Errorf("%s at register %d of %s: %w", what, register, c.where, err))
}

// broken closes the connection, so that a late answer finds no reader.
func (c *conn) broken(err error) error {
	_ = c.Close()
	return err
}

func words(b []byte) []uint16 {
	w := make([]uint16, len(b)/2)
	for i := range w {
		w[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return w
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
