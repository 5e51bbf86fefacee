// Package plc talks to the devices of the line: robot cells, testers, welders and PLCs. It carries out jobs with the token
// handshake, so that a physical act happens at most once and is never called done without the device's own word.
//
// Handshake is the client's side of the handshake as a pure value; Device is its one interpreter over a real wire. The wires
// themselves are plc/modbus and plc/opcua, the block layout is plc/tags. The package does not decide what to do next, does
// not record anything, judges no measurement, and is no safety function.
package plc

import (
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// Input is what a Handshake is told. Exactly one of Connected, StatusRead, Unchanged, PieceRead, PieceRefused and Failed answers every
// Output that asks for I/O; Submit, Overflow and Tick may come at any time.
//
//sumtype:decl
type Input interface{ input() }

// Connected answers Redial: a new connection stands and nothing has been read over it.
type Connected struct {
	Waveforms bool // the device offers the waveforms of its acts
}

// Submit hands over a job. Its intent is durable before it comes here.
type Submit struct{ Job line.Job }

// StatusRead answers Read: a whole status block, read after it was asked for.
type StatusRead struct{ Status tags.Status }

// Unchanged answers Read as StatusRead does, where the block is that of the last StatusRead over this connection but for its heartbeat,
// which has moved by one. Whoever knows that need not make the block.
type Unchanged struct{}

// PieceRead answers Piece: bytes of the waveform area from the place that was asked for, at least one.
type PieceRead struct{ Bytes []byte }

// PieceRefused answers Piece when the device does not give it and the connection is good all the same.
type PieceRefused struct{ Err error }

// Failed answers Redial, Write, Read or Piece when it did not succeed. Unless the class is Passing, the connection is closed. A
// failed write may have been carried out.
type Failed struct {
	Err   error
	Class Class
}

// Overflow says that jobs were dropped before they came here, for the device takes them too slowly.
type Overflow struct{}

// Tick says that time has passed, at the latest at Output.Next.
type Tick struct{}

func (Connected) input()    {}
func (Submit) input()       {}
func (StatusRead) input()   {}
func (Unchanged) input()    {}
func (PieceRead) input()    {}
func (PieceRefused) input() {}
func (Failed) input()       {}
func (Overflow) input()     {}
func (Tick) input()         {}

// Output is what must now be done: close and dial anew; or write the block and then read; or only read; or read a piece of the
// waveform area. The answer of a write concludes nothing (rule R): unless it fails, the read that follows it is what counts.
type Output struct {
	Redial bool
	Write  *tags.Command // valid until the next Step; a copy is needed to keep it
	Read   bool
	Piece  bool // read of the waveform area from byte At on, at most Most bytes (0 = not known yet), as one request takes
	At     int
	Most   int
	Events []line.DeviceEvent
	Next   time.Time // when Tick is wanted; zero while an answer is awaited
}

// Options are the times of a Handshake, and the class of its device. The zero value of a field means its default.
type Options struct {
	PollFast    time.Duration // while an act is open: 5 ms; grows to PollSlow with the age of the act, a fiftieth of it
	PollSlow    time.Duration // otherwise: 50 ms
	Heartbeat   time.Duration // a Query is written when nothing else was for so long: 500 ms (the device holds after 2 s)
	StaleAfter  time.Duration // the device's heartbeat may stand still for so long: 1 s
	ResendAfter time.Duration // a block without effect is written again: 50 ms, doubling to 500 ms
	BackoffMin  time.Duration // first wait before dialling anew: 100 ms, doubling, with jitter
	BackoffMax  time.Duration // longest wait, and the wait after a configuration error: 5 s

	Class line.DeviceClass // what the device can prove; A unless said
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.PollFast, 5 * time.Millisecond},
		{&o.PollSlow, 50 * time.Millisecond},
		{&o.Heartbeat, 500 * time.Millisecond},
		{&o.StaleAfter, time.Second},
		{&o.ResendAfter, 50 * time.Millisecond},
		{&o.BackoffMin, 100 * time.Millisecond},
		{&o.BackoffMax, 5 * time.Second},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return o
}

const (
	failuresToLose = 3 // failures in a row until the device counts as lost
	queueLimit     = 16
	resendMax      = 500 * time.Millisecond
)

// Handshake is the supervisor's side of the token handshake with one device, as a value: no goroutine, no clock, no I/O.
// It is driven by Step, from one goroutine at a time. Real wires and virtual time interpret its Output alike.
type Handshake struct {
	device line.DeviceID
	fence  uint16
	opts   Options
	proof  proof // what the device can prove

	up        bool // a connection stands
	waveforms bool // over it the device offers the waveforms of its acts
	awaiting  bool // an answer to the last Output is due
	dialAt    time.Time
	pollAt    time.Time
	wroteAt   time.Time // last write of any kind: it is our heartbeat
	askedAt   time.Time // when the last read was asked for: what it shows is at least as new
	asked     uint64    // reads asked for, so that a job is judged by a read of its own
	wrote     bool      // the round being awaited began with a write
	failures  int       // in a row, until a round of write and read succeeds
	fresh     bool      // a status has been read over this connection
	last      tags.Status
	lastAt    time.Time
	away      time.Duration // how long no status was read before this connection
	beatAt    time.Time     // when the device's heartbeat was last seen to move
	frozen    bool          // its heartbeat stands still
	lost      loss
	told      line.DeviceStatus
	announced bool
	settled   bool // the last status, read again, would change nothing but when it was read

	queue    []line.Job // behind the open job
	queuedAt []uint64   // value of asked when queue[i] was submitted
	open     work
	sent     line.Token // highest token of which a start was ever written
	ended    line.Token // highest token that was told finished, refused or unknown
	floor    line.Token // highest token of which no command can start anything any more; what class A tells itself
	unacked  line.Token // told finished by us; the device keeps its part until the line has recorded it and acknowledges
	machine  machineLane
	block    tags.Command // what Output.Write points to
}

// loss is what was last told about the device.
type loss uint8

const (
	present loss = iota
	lostLink
	lostConfiguration
)

// New returns the handshake with a device by a supervisor of the given incarnation. Its first Tick asks for a connection.
func New(device line.DeviceID, fence uint16, opts Options) *Handshake {
	return &Handshake{device: device, fence: fence, opts: opts.withDefaults(), proof: proofOf(opts.Class, device)}
}

// Step decides. The order of what it returns is written on Output.
func (h *Handshake) Step(now time.Time, in Input) Output {
	var out Output
	switch in.(type) {
	case Unchanged, Tick:
	default:
		h.settled = false
	}
	switch in := in.(type) {
	case Connected:
		h.connected(now, in)
	case Submit:
		h.submit(now, in.Job, &out)
	case StatusRead:
		h.statusRead(now, in.Status, &out)
	case Unchanged:
		h.unchanged(now, &out)
	case PieceRead:
		h.pieceRead(now, in.Bytes, &out)
	case PieceRefused:
		h.awaiting = false
		h.fetchFailed(now, in.Err, &out)
	case Failed:
		h.failed(now, in, &out)
	case Overflow:
		h.overflow(&out)
	case Tick:
	}
	h.advance(now, &out)
	return out
}

// advance asks for the next I/O if none is under way.
func (h *Handshake) advance(now time.Time, out *Output) {
	switch {
	case h.awaiting:
		return
	case !h.up:
		if now.Before(h.dialAt) {
			out.Next = h.dialAt
			return
		}
		out.Redial, h.awaiting = true, true
		return
	}
	if out.Write == nil && h.fresh {
		h.machineWrite(now, out, false)
	}
	if out.Write == nil && h.fresh && now.Sub(h.wroteAt) >= h.opts.Heartbeat {
		h.write(now, out, tags.OpQuery, 0)
	}
	if out.Write == nil && now.Before(h.pollAt) {
		if h.askPiece(now, out) {
			return
		}
		out.Next = h.pollAt
		if beat := h.wroteAt.Add(h.opts.Heartbeat); h.fresh && beat.Before(out.Next) {
			out.Next = beat
		}
		return
	}
	out.Read, h.awaiting = true, true
	h.wrote = out.Write != nil
	h.askedAt = now
	h.asked++
}

// write puts a block without a body into the output.
func (h *Handshake) write(now time.Time, out *Output, op tags.Opcode, token line.Token) {
	h.send(now, out, tags.Command{Token: token, Op: op})
}

// send puts a block into the output, under our fence and the boot epoch that was read last. A supervisor that has been
// taken over writes nothing.
func (h *Handshake) send(now time.Time, out *Output, c tags.Command) {
	if h.takenOver() {
		h.wroteAt = now
		return
	}
	c.Fence, c.BootEpoch = h.fence, h.last.BootEpoch
	h.block = c
	h.wroteAt = now
	out.Write = &h.block
}

func (h *Handshake) takenOver() bool { return h.fresh && h.last.FenceHighest > h.fence }
