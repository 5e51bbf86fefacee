package simulator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// Protocols of a device's face.
const (
	Modbus = "modbus"
	OPCUA  = "opcua"
)

// Endpoint is the face of one device: where it listens and in which layout. Username and Password are asked for over OPC UA.
//
// A Modbus face listens on the address alone. An OPC UA face listens on every interface of the machine whatever the address
// says, because the server library does: that is why it never offers an unprotected way in.
type Endpoint struct {
	Device   line.DeviceID
	Protocol string // Modbus or OPCUA
	Address  string // host:port
	Modbus   tags.ModbusMap
	OPCUA    tags.OPCUAMap
	Username string
	Password string
}

// Faces are the protocol faces of a plant, listening.
type Faces struct {
	plant  *Plant
	log    *slog.Logger
	wake   chan struct{} // a command may have changed what is due; size 1, for one is enough
	closes []func() error
	failed chan error    // a face that stopped by itself; one place for each
	done   chan struct{} // closed with the faces
	once   sync.Once
}

// Listen opens every endpoint and returns when all of them answer. The OPC UA faces take their certificate from the directory
// pki, where it is made if it is missing, and let in only clients whose certificate lies in pki/trusted (see Trust): a file put
// there later counts at the next connection. Errors name the device and the address.
func Listen(p *Plant, endpoints []Endpoint, pki string, log *slog.Logger) (*Faces, error) {
	f := &Faces{plant: p, log: log, wake: make(chan struct{}, 1), failed: make(chan error, len(endpoints)), done: make(chan struct{})}
	type opened struct {
		close func() error
		err   error
	}
	results := make(chan opened, len(endpoints))
	for _, e := range endpoints {
		if _, ok := p.devices[e.Device]; !ok {
			return nil, errors.Join(fmt.Errorf("%s: no such device in this plant", e.Device), f.close())
		}
	}
	for _, e := range endpoints {
		p.devices[e.Device].wire = e.Protocol
	}
	if err := prepareCertificate(endpoints, pki); err != nil {
		return nil, err
	}
	for _, e := range endpoints { // side by side: an OPC UA server takes a while to build its address space
		go func() {
			var o opened
			switch e.Protocol {
			case Modbus:
				o.close, o.err = f.listenModbus(e)
			case OPCUA:
				o.close, o.err = f.listenOPCUA(e, pki)
			default:
				o.err = fmt.Errorf("unknown protocol %q; known are %s and %s", e.Protocol, Modbus, OPCUA)
			}
			if o.err != nil {
				o.err = fmt.Errorf("%s at %s: %w", e.Device, e.Address, o.err)
			}
			results <- o
		}()
	}
	var err error
	for range endpoints {
		o := <-results
		err = errors.Join(err, o.err)
		if o.close != nil {
			f.closes = append(f.closes, o.close)
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.close())
	}
	return f, nil
}

// Run lets the plant's own time pass until the context ends, and closes the faces. It returns nil then, or why the plant cannot
// go on. The OPC UA library takes leave of its clients in the background, which takes three seconds more; a process that ends
// need not wait for it.
func (f *Faces) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return f.close()
		case err := <-f.failed:
			return errors.Join(err, f.close())
		case <-f.wake:
		case <-timer.C:
		}
		if err := f.plant.Advance(time.Now()); err != nil {
			return errors.Join(err, f.close())
		}
		wait := time.Hour // until the next command
		if next, ok := f.plant.Next(); ok {
			wait = time.Until(next)
		}
		timer.Reset(wait)
	}
}

// Serve is Listen and Run in one.
func Serve(ctx context.Context, p *Plant, endpoints []Endpoint, pki string, log *slog.Logger) error {
	f, err := Listen(p, endpoints, pki, log)
	if err != nil {
		return err
	}
	return f.Run(ctx)
}

func (f *Faces) close() error {
	var err error
	f.once.Do(func() { close(f.done) })
	for _, c := range f.closes {
		err = errors.Join(err, c())
	}
	f.closes = nil
	return err
}

// command hands a whole block to the device.
func (f *Faces) command(id line.DeviceID, c tags.Command) line.RejectReason {
	reason := f.plant.Command(time.Now(), id, c)
	if reason != 0 {
		f.log.Debug("command refused", "device", id, "token", c.Token, "reason", reason.String())
	}
	f.look()
	return reason
}

// look lets Run see that something may have changed what is due.
func (f *Faces) look() {
	select {
	case f.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// block hands a received block to the device, or tells it that the block was damaged (device rule 1).
func (f *Faces) block(id line.DeviceID, words []uint16, order tags.WordOrder) {
	c, err := tags.DecodeCommand(words, order)
	if err != nil {
		f.log.Debug("command block damaged", "device", id, "err", err)
		f.plant.Damaged(id)
		return
	}
	f.command(id, c)
}

func (f *Faces) status(id line.DeviceID) tags.Status { return f.plant.Status(time.Now(), id) }

func (f *Faces) exception(id line.DeviceID) (code byte, obeys bool) {
	return f.plant.Exception(time.Now(), id)
}

func (f *Faces) waveform(id line.DeviceID) []byte { return f.plant.Waveform(time.Now(), id) }

// tear spoils a status block that a fault changes while it is read: its tail is of the block before.
func (f *Faces) tear(id line.DeviceID, block []uint16) {
	if f.plant.Torn(time.Now(), id) {
		block[len(block)-1] -= 2
	}
}
