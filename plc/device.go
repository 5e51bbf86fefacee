package plc

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// Dialer opens a connection to one device and proves that it is the device meant: word order, tags and types. What a person
// must put right comes as a ConfigurationError.
type Dialer interface {
	Dial(ctx context.Context) (Conn, error)
}

// Conn moves blocks over one connection, one at a time. It never repeats a request by itself. After an error that is not
// Passing it is closed by its user.
type Conn interface {
	// Read reads one whole status block, never from a cache.
	Read(ctx context.Context) (tags.Status, error)
	// Write writes one command block. A nil error says only that the device answered; an error may come after it acted.
	Write(ctx context.Context, c tags.Command) error
	Close() error
}

// WaveformConn is a Conn whose device offers the waveforms of its acts.
type WaveformConn interface {
	Conn
	// Piece reads of the waveform area from a byte on, as much as one request takes, but not much more than most bytes; 0 = the
	// length is not known yet. It returns at least one byte. An error that is not Unknown leaves the connection good: the device
	// does not give the piece.
	Piece(ctx context.Context, at, most int) ([]byte, error)
}

// Config is what a Device needs.
type Config struct {
	Device  line.DeviceID
	Fence   uint16 // this supervisor's incarnation
	Dialer  Dialer
	Events  func(line.DeviceEvent) // called from the device's goroutine, in order; while it blocks, the device is not asked
	Log     *slog.Logger
	Options Options

	DialTimeout time.Duration // default 5 s
	IOTimeout   time.Duration // of each read and each write, default 500 ms
}

// Device keeps the handshake with one device going, in a goroutine of its own.
type Device struct {
	cfg     Config
	log     *slog.Logger
	shake   *Handshake
	conn    Conn
	lost    bool
	stops   chan queued
	jobs    chan queued
	sent    atomic.Uint64
	stopped uint64 // place of the last Stop in the order of sending
	dropped atomic.Bool
	done    chan struct{}
}

// queued is a job and its place in the order in which jobs were sent.
type queued struct {
	line.Job
	n uint64
}

const (
	jobQueue  = 64
	stopQueue = 8
)

// Start begins to dial and keeps at it until the context ends. Send hands jobs over, Config.Events tells what comes of them.
func Start(ctx context.Context, cfg Config) *Device {
	if cfg.DialTimeout <= 0 {
		cfg.DialTimeout = 5 * time.Second
	}
	if cfg.IOTimeout <= 0 {
		cfg.IOTimeout = 500 * time.Millisecond
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &Device{
		cfg:   cfg,
		log:   cfg.Log.With("device", string(cfg.Device)),
		shake: New(cfg.Device, cfg.Fence, cfg.Options),
		stops: make(chan queued, stopQueue),
		jobs:  make(chan queued, jobQueue),
		done:  make(chan struct{}),
		lost:  true,
	}
	go d.run(ctx)
	return d
}

// Send hands a job over and never blocks. Stop and Abort go before everything that waits and throw out commands sent before
// them. If the device is so far behind
// that its queue is full, the job is dropped and the device is told lost.
func (d *Device) Send(j line.Job) {
	queue := d.jobs
	if stops(j) {
		queue = d.stops
	}
	select {
	case queue <- queued{j, d.sent.Add(1)}:
	default:
		d.dropped.Store(true)
	}
}

// Done is closed when the connection is closed and no event will come any more.
func (d *Device) Done() <-chan struct{} { return d.done }

func (d *Device) run(ctx context.Context) {
	defer close(d.done)
	defer d.hangUp()
	alarm := time.NewTimer(0)
	defer alarm.Stop()
	for {
		in, ok := d.wait(ctx, alarm)
		if !ok {
			return
		}
		out, ok := d.settle(ctx, in)
		if ok && d.dropped.Swap(false) {
			out, ok = d.settle(ctx, Overflow{})
		}
		if !ok {
			return
		}
		alarm.Reset(time.Until(out.Next))
	}
}

// settle gives an input to the handshake and does the I/O that it asks for, until it wants to wait. A Stop that comes
// meanwhile is handed over between two requests. It reports false when the context has ended.
func (d *Device) settle(ctx context.Context, in Input) (Output, bool) {
	out := d.step(in)
	for out.Redial || out.Read || out.Piece {
		answer := d.carryOut(ctx, out)
		if ctx.Err() != nil {
			return out, false
		}
		select {
		case stop := <-d.stops:
			d.step(d.stop(stop))
		default:
		}
		out = d.step(answer)
	}
	return out, true
}

// wait returns the next input that is not an answer: a Stop before a job, a job before the time.
func (d *Device) wait(ctx context.Context, alarm *time.Timer) (Input, bool) {
	select {
	case j := <-d.stops:
		return d.stop(j), true
	default:
	}
	select {
	case <-ctx.Done():
		return nil, false
	case j := <-d.stops:
		return d.stop(j), true
	case j := <-d.jobs:
		return d.submit(j), true
	case <-alarm.C:
		return Tick{}, true
	}
}

func (d *Device) stop(j queued) Input {
	d.stopped = max(d.stopped, j.n)
	return Submit{j.Job}
}

// submit hands a job over, but not a command that was sent before a Stop which has overtaken it: a Start that comes after the
// Stop that should have followed it would be a machine that moves when nobody expects it.
func (d *Device) submit(j queued) Input {
	if j.Op == line.MachineCommand && j.n < d.stopped {
		return Tick{}
	}
	d.explain(j.Job)
	return Submit{j.Job}
}

// explain logs what an intent lacks that no command block can carry; the line hears of it as a refusal.
func (d *Device) explain(j line.Job) {
	if j.Op != line.Execute {
		return
	}
	if _, _, err := executeBlock(j.Token, j.Act); err != nil {
		d.log.Error("job cannot be put into a command block", "token", j.Token.String(), "err", err)
	}
}

func (d *Device) step(in Input) Output {
	var cause error // as the system says it, for the log
	if f, ok := in.(Failed); ok {
		cause = f.Err
	}
	out := d.shake.Step(time.Now(), in)
	for _, e := range out.Events {
		switch e := e.(type) {
		case line.DeviceLost:
			d.lost = true
			d.log.Warn("device lost", "reason", e.Reason, "configuration", e.Configuration, "err", cause)
		case line.DeviceStatus:
			if d.lost {
				d.log.Info("device answers", "boot_epoch", e.BootEpoch, "retain_id", e.RetainID)
			}
			d.lost = false
		case line.ActUnknown:
			d.log.Warn("job is unknown", "token", e.Token.String(), "why", e.Evidence.Why)
		case line.ActFinished:
			if e.NoWaveform != "" {
				d.log.Warn("waveform is missing", "token", e.Token.String(), "why", e.NoWaveform)
			}
		case line.ActRejected, line.ActNotBegun:
		}
		d.cfg.Events(e)
	}
	return out
}

// carryOut does the I/O of an output and returns its answer.
func (d *Device) carryOut(ctx context.Context, out Output) Input {
	if out.Redial {
		d.hangUp()
		dialling, cancel := context.WithTimeout(ctx, d.cfg.DialTimeout)
		defer cancel()
		conn, err := d.cfg.Dialer.Dial(dialling)
		if err != nil {
			return Failed{Err: err, Class: Classify(err)}
		}
		d.conn = conn
		_, waveforms := conn.(WaveformConn)
		return Connected{Waveforms: waveforms}
	}
	if out.Piece {
		return d.piece(ctx, out)
	}
	if out.Write != nil {
		writing, cancel := context.WithTimeout(ctx, d.cfg.IOTimeout)
		err := d.conn.Write(writing, *out.Write)
		cancel()
		if err != nil {
			return d.failed(err)
		}
	}
	reading, cancel := context.WithTimeout(ctx, d.cfg.IOTimeout)
	defer cancel()
	status, err := d.conn.Read(reading)
	if err != nil {
		return d.failed(err)
	}
	return StatusRead{status}
}

// piece reads a piece of the waveform area.
func (d *Device) piece(ctx context.Context, out Output) Input {
	conn := d.conn.(WaveformConn) // asked for only over a connection that is one
	reading, cancel := context.WithTimeout(ctx, d.cfg.IOTimeout)
	defer cancel()
	piece, err := conn.Piece(reading, out.At, out.Most)
	switch {
	case err == nil && len(piece) > 0:
		return PieceRead{piece}
	case err == nil:
		return PieceRefused{tags.ErrTornWaveform}
	case Classify(err) == Unknown:
		return d.failed(err)
	}
	return PieceRefused{err}
}

func (d *Device) failed(err error) Input {
	class := Classify(err)
	if class != Passing {
		d.hangUp()
	}
	return Failed{Err: err, Class: class}
}

// hangUp closes the connection. An error of closing changes nothing: what was sent over it is unknown anyway.
func (d *Device) hangUp() {
	if d.conn != nil {
		_ = d.conn.Close()
		d.conn = nil
	}
}
