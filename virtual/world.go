// Package virtual runs the real line, the real handshakes and the virtual plant on one clock that it owns, on one goroutine: no
// socket, no wait, the same run from the same seed.
//
// It has no logic of its own: whatever it shows is what the supervisor does. It keeps nothing; its store is an interface.
package virtual

import (
	"errors"
	"slices"
	"time"

	"linectl/line"
	"linectl/plc"
	"linectl/plc/tags"
	"linectl/simulator"
	"linectl/supervisor"
)

// Store keeps the line's records.
type Store interface {
	Append([]line.Record) (lastSeq uint64, err error)
}

// Times of the virtual wire and loop.
const (
	latency   = 300 * time.Microsecond // of one round over the wire
	tickEvery = 50 * time.Millisecond
	timeout   = 500 * time.Millisecond // the drivers wait no longer for an answer

	diskSize = 1e11 // bytes
)

// World is a line and its plant in virtual time.
type World struct {
	Now   time.Time
	Line  *supervisor.Line
	Plant *simulator.Plant

	Store Store

	// EveryBlock makes every poll carry a whole block, also where the device would show nothing new: slower, and the same run.
	EveryBlock bool

	edges []*edge // in the order of the plant's devices
	byID  map[line.DeviceID]*edge
	inbox []supervisor.Input
	tick  time.Time
	reply []line.Reply
	skew  time.Duration // of the line's time: that of the computer's clock at its start
	low   bool          // the line was told that the disk is nearly full
	late  *late         // a commit that takes its time
	err   error

	end     time.Time // of the span that is running
	changes uint64    // of the plant, when calm was last asked
}

// edge is one device's handshake and the round over the wire that it waits for.
type edge struct {
	shake    *plc.Handshake
	id       line.DeviceID
	place    int    // of the device in the plant
	seen     uint64 // revision of the device at the last read over an undisturbed wire; 0 = none
	next     time.Time
	awaiting bool
	redial   bool
	piece    bool // of the waveform area, from a byte on
	at       int
	broken   bool          // the connection is cut
	write    *tags.Command // nil, or the block
	block    tags.Command
	calm     bool // the handshake is settled and the device shows what it showed: see spare
}

// New puts a line, a plant and a store on one clock. The line's journal has been replayed already; the fence is the line's.
func New(now time.Time, l *supervisor.Line, fence uint16, plant *simulator.Plant, store Store) *World {
	w := &World{Now: now, Plant: plant, Store: store, byID: map[line.DeviceID]*edge{}}
	for i, id := range plant.Devices() {
		e := &edge{id: id, place: i}
		w.edges = append(w.edges, e)
		w.byID[id] = e
	}
	w.Restart(l, fence)
	return w
}

// Restart puts another incarnation of the supervisor in the place of the present one, as after kill -9: whatever it had not
// yet recorded or sent is gone.
func (w *World) Restart(l *supervisor.Line, fence uint16) {
	w.Line, w.inbox, w.tick, w.late, w.low, w.err = l, nil, w.Now, nil, false, nil
	for _, e := range w.edges {
		*e = edge{id: e.id, place: e.place, shake: plc.New(e.id, fence, plc.Options{Class: w.Plant.Class(e.id)}), next: w.Now}
	}
	w.skew = w.Plant.Started(w.Now, fence)
	w.carryOut(w.Line.Resume(w.Time()))
}

// Time is the line's own time. It is the true one unless the computer's clock was wrong when the line started.
func (w *World) Time() time.Time { return w.Now.Add(w.skew) }

// Replug puts another plant in the place of the present one, as after a power cut: every connection is cut, and what was on the
// wire is gone.
func (w *World) Replug(plant *simulator.Plant) {
	w.Plant = plant
	for _, e := range w.edges {
		e.broken, e.seen = true, 0
	}
}

var (
	errCut    = errors.New("connection reset: the plant is gone")
	errPulled = errors.New("no answer within the time-out: the cable is pulled")
)

// Ask gives the line a request and returns its answer.
func (w *World) Ask(q line.Request) line.Reply {
	w.reply = nil
	w.inbox = append(w.inbox, supervisor.Asked{Request: q})
	if w.Plant.Twice(w.Now) {
		w.inbox = append(w.inbox, supervisor.Asked{Request: q})
	}
	w.drain()
	for w.late != nil && w.err == nil {
		w.step()
		w.catchUpAll()
	}
	if len(w.reply) == 0 {
		return line.Reply{Text: "no answer"}
	}
	return w.reply[len(w.reply)-1]
}

// Run lets time pass until the condition holds, looked at every tick, or the span is over. It returns whether the condition
// came to hold, and the store's error if there was one.
func (w *World) Run(span time.Duration, until func(*World) bool) (bool, error) {
	defer w.catchUpAll()
	w.end = w.Now.Add(span)
	for w.Now.Before(w.end) && w.err == nil {
		if ticked := w.step(); ticked && until != nil && until(w) {
			return true, w.err
		}
	}
	return false, w.err
}

// step goes to the next moment at which anything happens. It reports whether that was a tick.
func (w *World) step() (ticked bool) {
	first := w.tick
	var due *edge
	if onlyTick := w.spare(); !onlyTick {
		for _, e := range w.edges {
			if e.next.Before(first) {
				first, due = e.next, e
			}
		}
	}
	if w.late != nil && !w.late.ends.After(first) {
		w.Now = later(w.Now, w.late.ends)
		w.commit()
		w.drain()
		return false
	}
	if first.After(w.Now) {
		w.Now = first
	}
	if due == nil {
		w.tick = w.Now.Add(tickEvery)
		w.measure()
		w.inbox = append(w.inbox, supervisor.Tick{ClockOff: w.Plant.Clock(w.Now) - w.skew})
	} else {
		w.wire(due)
	}
	w.drain()
	return due == nil
}

// measure tells the line how much room its disk has, when that has become another.
func (w *World) measure() {
	if low := w.Plant.DiskLow(w.Now); low != w.low {
		w.low = low
		room := supervisor.Room{Free: diskSize / 2, Size: diskSize}
		if low {
			room.Free = diskSize / 1000
		}
		w.inbox = append(w.inbox, room)
	}
}

// wire finishes a round over the wire, or wakes the handshake.
func (w *World) wire(e *edge) {
	var in plc.Input = plc.Tick{}
	switch {
	case w.repeats(e):
		in = plc.Unchanged{}
	case e.awaiting && w.Plant.Cut(w.Now, e.id):
		in = plc.Failed{Err: errPulled, Class: plc.Unknown}
	case e.broken && e.awaiting:
		in = plc.Failed{Err: errCut, Class: plc.Unknown}
		e.broken = false
	case e.redial:
		in = plc.Connected{Waveforms: w.Plant.Class(e.id).Tokens()}
	case e.piece:
		in = plc.PieceRead{Bytes: w.Plant.Waveform(w.Now, e.id)[e.at:]}
	case e.awaiting && w.spoilt(e, &in):
	case e.awaiting && w.Plant.Order(e.id, tags.ABCD) != tags.ABCD: // nothing that arrives is whole
		if e.write != nil {
			w.Plant.Damaged(e.id)
		}
		block := w.Plant.Status(w.Now, e.id).Encode(0, w.Plant.Order(e.id, tags.ABCD))
		_, err := tags.DecodeStatus(block[:], tags.ABCD)
		in = plc.Failed{Err: err, Class: plc.Configuration}
	case e.awaiting:
		if e.write != nil {
			w.Plant.Command(w.Now, e.id, *e.write)
		}
		if w.Plant.Cut(w.Now, e.id) || w.Plant.Late(e.id) >= timeout { // it heard, and its answer is lost or too late
			in = plc.Failed{Err: errPulled, Class: plc.Unknown}
			break
		}
		in = plc.StatusRead{Status: w.Plant.Status(w.Now, e.id)}
		if e.seen = 0; w.Plant.Late(e.id) == 0 {
			e.seen = w.Plant.Revision(e.place)
		}
	}
	e.awaiting, e.redial, e.piece, e.write = false, false, false, nil
	w.interpret(e, e.shake.Step(w.Now, in))
}

func (w *World) interpret(e *edge, out plc.Output) {
	for _, event := range out.Events {
		w.inbox = append(w.inbox, supervisor.Told{Event: event})
	}
	switch {
	case out.Redial, out.Read, out.Piece:
		e.awaiting, e.redial, e.piece, e.at = true, out.Redial, out.Piece, out.At
		if out.Write != nil {
			e.block = *out.Write
			e.write = &e.block
		}
		e.next = w.Now.Add(latency + w.delay(e))
	case !e.awaiting:
		e.next = out.Next
	}
	e.calm = e.seen != 0 && e.shake.Settled() && e.seen == w.Plant.Revision(e.place) && (e.write == nil || e.write.Op == tags.OpQuery)
}

// drain steps the line until nothing is left to be told.
func (w *World) drain() {
	for len(w.inbox) > 0 && w.err == nil && w.late == nil {
		in := w.inbox[0]
		w.inbox = w.inbox[1:]
		w.carryOut(w.Line.Step(w.Time(), in))
	}
}

// carryOut does what the loop does, in the same order.
func (w *World) carryOut(out supervisor.Output) {
	w.submit(out.Stops)
	if len(out.Records) == 0 {
		w.act(out)
		return
	}
	disk := w.Plant.Commit(w.Now)
	if disk.Takes == 0 {
		w.record(out, disk)
		return
	}
	out.Records, out.Jobs, out.Replies = slices.Clone(out.Records), slices.Clone(out.Jobs), slices.Clone(out.Replies) // the line uses them again
	w.late = &late{ends: w.Now.Add(disk.Takes), out: out, disk: disk}
}

func (w *World) submit(jobs []line.Job) {
	for _, j := range jobs {
		if e := w.byID[j.Device]; e != nil {
			w.catchUp(e)
			w.interpret(e, e.shake.Step(w.Now, plc.Submit{Job: j}))
		}
	}
}
