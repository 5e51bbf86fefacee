package simulator

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/simonvetter/modbus"

	"linectl/plc/tags"
)

// modbusFace is a device's register face. A command is one FC16 of the whole command block at its base, a status one FC03 of
// the whole status block at its base; the waveform area, if there is one, is read in pieces as they come. Anything else is an
// exception: 2 for a wrong address or unit, 3 for a wrong quantity.
type modbusFace struct {
	faces *Faces
	Endpoint
	head atomic.Uint32 // seqlock of the status block
}

// silent is after how long a peer that asks nothing is cut off, and peers is how many may be connected: silent peers hold
// places.
const (
	silent = 10 * time.Second
	peers  = 64
)

func (f *Faces) listenModbus(e Endpoint) (func() error, error) {
	face := &modbusFace{faces: f, Endpoint: e}
	server, err := modbus.NewServer(&modbus.ServerConfiguration{
		URL: "tcp://" + e.Address, Timeout: silent, MaxClients: peers, Logger: slog.NewLogLogger(f.log.Handler(), slog.LevelDebug),
	}, face)
	if err != nil {
		return nil, fmt.Errorf("modbus face: %w", err)
	}
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("modbus face: %w", err)
	}
	return server.Stop, nil
}

// HandleHoldingRegisters answers FC03, FC06 and FC16.
func (m *modbusFace) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if first, n, ok := m.inWaveform(r); ok {
		return m.waveform(first, n), nil
	}
	if code, obeys := m.faces.exception(m.Device); code != 0 {
		if r.IsWrite && obeys {
			_, _ = m.answer(r) // whatever came of it, the exception is all that is told
		}
		err, known := exceptions[code]
		if !known {
			err = modbus.ErrServerDeviceFailure
		}
		return nil, err
	}
	return m.answer(r)
}

// exceptions are those that the server library can send, by their code.
var exceptions = map[byte]error{
	1: modbus.ErrIllegalFunction, 2: modbus.ErrIllegalDataAddress, 3: modbus.ErrIllegalDataValue, 4: modbus.ErrServerDeviceFailure, 5: modbus.ErrAcknowledge,
	6: modbus.ErrServerDeviceBusy, 8: modbus.ErrMemoryParityError, 10: modbus.ErrGWPathUnavailable, 11: modbus.ErrGWTargetFailedToRespond,
}

// answer does what a request of a block asks.
func (m *modbusFace) answer(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	if !m.Modbus.Class.Tokens() {
		return m.plain(r)
	}
	base, want := m.Modbus.StatusBase, uint16(tags.StatusRegisters)
	if r.IsWrite {
		base, want = m.Modbus.CommandBase, tags.CommandRegisters
	}
	switch {
	case r.UnitId != m.Modbus.Unit || r.Addr != base:
		return nil, modbus.ErrIllegalDataAddress
	case r.Quantity != want:
		return nil, modbus.ErrIllegalDataValue
	}
	if m.faces.heard(m.Device) != nil {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	if r.IsWrite {
		m.faces.block(m.Device, r.Args, m.faces.plant.Order(m.Device, m.Modbus.Order))
		if m.faces.heard(m.Device) != nil {
			return nil, modbus.ErrGWTargetFailedToRespond
		}
		return nil, nil
	}
	block := m.faces.status(m.Device).Encode(uint16(m.head.Add(2)), m.faces.plant.Order(m.Device, m.Modbus.Order))
	m.faces.tear(m.Device, block[:])
	return block[:], nil
}

// plain answers for a device of class B or C: the status in one FC03; a command in one FC16, with the start register behind it or
// without; and the start register alone.
func (m *modbusFace) plain(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	const block, start = tags.PlainCommandRegisters, tags.StartRegister
	at := r.Addr - m.Modbus.CommandBase
	alone := r.IsWrite && r.Addr == m.Modbus.CommandBase+start && r.Quantity == 1
	switch {
	case r.UnitId != m.Modbus.Unit, r.IsWrite && at != 0 && !alone, !r.IsWrite && r.Addr != m.Modbus.StatusBase:
		return nil, modbus.ErrIllegalDataAddress
	case r.IsWrite && !alone && r.Quantity != block && r.Quantity != block+1, !r.IsWrite && r.Quantity != tags.PlainStatusRegisters:
		return nil, modbus.ErrIllegalDataValue
	}
	if m.faces.heard(m.Device) != nil {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	if !r.IsWrite {
		status := m.faces.status(m.Device).EncodePlain(uint16(m.head.Add(2)), m.Modbus.Order)
		m.faces.tear(m.Device, status[:])
		return status[:], nil
	}
	switch {
	case alone && r.Args[0] == 0:
		m.faces.lowerStart(m.Device)
	case alone:
		return nil, modbus.ErrIllegalDataValue // a start without a job
	default:
		m.faces.plainBlock(m.Device, r.Args[:block], m.Modbus.Order, r.Quantity > block && r.Args[start] != 0)
	}
	if m.faces.heard(m.Device) != nil {
		return nil, modbus.ErrGWTargetFailedToRespond
	}
	return nil, nil
}

// inWaveform reports whether a request reads of the waveform area, if the device has one, and from which of its registers on.
func (m *modbusFace) inWaveform(r *modbus.HoldingRegistersRequest) (first, n int, ok bool) {
	first, n = int(r.Addr)-int(m.Modbus.WaveformBase), int(r.Quantity)
	ok = m.Modbus.WaveformBase != 0 && !r.IsWrite && r.UnitId == m.Modbus.Unit && r.Addr != m.Modbus.StatusBase && first >= 0 && n >= 1 && first+n <= tags.WaveformRegisters
	return first, n, ok
}

// waveform serves registers of the area; behind the waveform's end they are zero.
func (m *modbusFace) waveform(first, n int) []uint16 {
	area := m.faces.waveform(m.Device)
	words := make([]uint16, n)
	for i := range words {
		if at := 2 * (first + i); at+1 < len(area) {
			words[i] = uint16(area[at])<<8 | uint16(area[at+1])
		}
	}
	return words
}

// HandleCoils refuses: the device has none.
func (m *modbusFace) HandleCoils(*modbus.CoilsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

// HandleDiscreteInputs refuses: the device has none.
func (m *modbusFace) HandleDiscreteInputs(*modbus.DiscreteInputsRequest) ([]bool, error) {
	return nil, modbus.ErrIllegalFunction
}

// HandleInputRegisters refuses: the device has none.
func (m *modbusFace) HandleInputRegisters(*modbus.InputRegistersRequest) ([]uint16, error) {
	return nil, modbus.ErrIllegalFunction
}
