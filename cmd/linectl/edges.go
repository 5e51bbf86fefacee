package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"linectl/line"
	"linectl/plc"
	"linectl/plc/modbus"
	"linectl/supervisor"
)

type (
	dialer = plc.Dialer
	edge   = *plc.Device
)

// edges carries the line's jobs to the devices.
type edges struct {
	devices map[line.DeviceID]edge
	classes map[line.DeviceID]line.DeviceClass
	keep    func(waveform []byte) (hash string, err error) // durable when it returns
}

// Send hands a job to its device and never waits. The supervisor knows no device that the configuration does not have.
func (e *edges) Send(j line.Job) { e.devices[j.Device].Send(j) }

// start begins to dial every device.
func (e *edges) start(ctx context.Context, dialers map[line.DeviceID]dialer, fence uint16, loop *supervisor.Loop, log *slog.Logger) {
	for id, d := range dialers {
		e.devices[id] = plc.Start(ctx, plc.Config{
			Device: id, Fence: fence, Dialer: d, Log: log, Options: plc.Options{Class: e.classes[id]},
			Events: func(event line.DeviceEvent) { loop.Tell(ctx, e.kept(event)) },
		})
	}
}

// kept makes the waveform of a result durable before the line hears of the result, on the device's own goroutine: whatever the
// line then records names a file that is there, and the loop does not wait for it. A waveform that cannot be kept is missing.
func (e *edges) kept(event line.DeviceEvent) line.DeviceEvent {
	done, ok := event.(line.ActFinished)
	if !ok || done.Waveform == nil {
		return event
	}
	hash, err := e.keep(done.Waveform.Bytes)
	if err != nil {
		done.Waveform, done.NoWaveform = nil, err.Error()
		return done
	}
	done.Waveform = &line.EncodedWaveform{Hash: hash}
	return done
}

// wait returns when every connection is closed.
func (e *edges) wait() {
	for _, d := range e.devices {
		<-d.Done()
	}
}

// classes returns what every device can prove.
func (c *Config) classes() map[line.DeviceID]line.DeviceClass {
	all := map[line.DeviceID]line.DeviceClass{}
	c.devices(func(_ *Station, d *Device) { all[d.id] = d.Class })
	return all
}

// newDialers makes the way to every device of a checked configuration.
func newDialers(c *Config) (map[line.DeviceID]dialer, error) {
	all := map[line.DeviceID]dialer{}
	id, _, err := c.identity()
	errs := []error{err}
	unmade := false
	c.devices(func(_ *Station, d *Device) {
		if d.Protocol == protocolModbus {
			all[d.id] = &modbus.Dialer{Address: d.Address, Map: d.modbus()}
			return
		}
		one, err := c.opcuaDialer(d, id)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.id, err))
			unmade = unmade || d.simulated && errors.Is(err, fs.ErrNotExist)
			return
		}
		all[d.id] = one
	})
	if unmade {
		errs = append(errs, errors.New("linectl simulate makes them on a virtual line: start it first"))
	}
	return all, errors.Join(errs...)
}
