package plc

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// failer is what a rig needs of a test; both testing.T and rapid.T are one.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

var errLink = errors.New("read 127.0.0.1:1502: i/o timeout")

// letter is a write on its way to the device.
type letter struct {
	at  time.Time
	cmd tags.Command
}

// rig joins a Handshake and a cell by a wire with faults, in virtual time. A round trip takes a millisecond.
type rig struct {
	failer
	h     *Handshake
	opts  Options
	cell  *cell
	now   time.Time
	late  []letter
	fence uint16
	out   Output

	dropVoids, dropWrites, loseAnswers, failReads, staleReads, failDials int // how many of the next ones go wrong
	copies                                                               []time.Duration
	failWith                                                             error
	delay                                                                time.Duration // of the next write; what is written after it comes after it
	broken                                                               bool          // the connection is gone, and nobody has noticed

	waveforms   bool          // the device offers the waveforms of its acts
	area        func() []byte // its waveform area
	refusePiece error         // what it answers to every piece
	pieceTakes  time.Duration
	failPieces  int // how many of the next ones go wrong
	pieces      int
	onPiece     func()

	events    []line.DeviceEvent
	status    line.DeviceStatus
	hear      func(line.DeviceEvent)
	unvoided  []line.Token             // told as unknown, and the line has not yet said Void
	recorded  map[line.Token]time.Time // told as unknown, and from when on that is on record
	recording time.Duration            // how long the line's disk takes
	dialled   func()
	saw       func(time.Time, tags.Command, line.RejectReason) // every block that reaches the device
}

func newRig(t failer) *rig {
	r := &rig{failer: t, cell: newCell(), now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC), fence: 1, recorded: map[line.Token]time.Time{}}
	r.h = New("ST060.welder", r.fence, Options{})
	r.cell.watch = func(now time.Time, c tags.Command, refused line.RejectReason) {
		if r.saw != nil {
			r.saw(now, c, refused)
		}
	}
	return r
}

// run lets time pass.
func (r *rig) run(d time.Duration) {
	r.Helper()
	until := r.now.Add(d)
	for r.now.Before(until) {
		r.step(Tick{})
		for len(r.unvoided) > 0 && r.onRecord(r.unvoided[0]) {
			token := r.unvoided[0]
			r.unvoided = r.unvoided[1:]
			r.submit(line.Job{Op: line.Void, Token: token})
		}
		next := until
		if len(r.unvoided) > 0 && r.recorded[r.unvoided[0]].Before(next) {
			next = r.recorded[r.unvoided[0]]
		}
		if !r.out.Next.IsZero() && r.out.Next.Before(next) {
			next = r.out.Next
		}
		r.wait(max(next.Sub(r.now), time.Millisecond))
	}
}

// step gives one input and carries out what comes of it, until nothing is to be read or written.
func (r *rig) step(in Input) {
	r.Helper()
	for range 200 {
		r.out = r.h.Step(r.now, in)
		for _, e := range r.out.Events {
			r.events = append(r.events, e)
			switch e := e.(type) {
			case line.DeviceStatus:
				r.status = e
			case line.ActUnknown:
				if r.recorded[e.Token].IsZero() {
					r.recorded[e.Token] = r.now.Add(r.recording)
				}
				if !slices.Contains(r.unvoided, e.Token) {
					r.unvoided = append(r.unvoided, e.Token)
				}
			default:
			}
			if r.hear != nil {
				r.hear(e)
			}
		}
		switch {
		case r.out.Redial:
			in = r.dial()
		case r.out.Write != nil && !r.out.Read:
			r.Fatalf("a write without a read after it: %+v", r.out)
		case r.out.Write != nil:
			in = r.write(*r.out.Write)
		case r.out.Piece:
			in = r.piece(r.out)
		case r.out.Read:
			in = r.read()
		default:
			return
		}
	}
	r.Fatalf("the handshake does not come to rest: %+v", r.out)
}

func (r *rig) dial() Input {
	if r.dialled != nil {
		r.dialled()
	}
	r.wait(time.Millisecond)
	if take(&r.failDials) {
		return r.failure()
	}
	r.broken = false
	return Connected{Waveforms: r.waveforms}
}

// piece reads at most 250 bytes of the waveform area.
func (r *rig) piece(out Output) Input {
	r.pieces++
	if r.onPiece != nil {
		r.onPiece()
	}
	r.wait(max(r.pieceTakes, time.Millisecond))
	if take(&r.failPieces) {
		return r.failure()
	}
	if r.refusePiece != nil {
		return PieceRefused{r.refusePiece}
	}
	area := r.area()
	if out.At >= len(area) {
		return PieceRefused{tags.ErrTornWaveform}
	}
	n := 250
	if out.Most > 0 {
		n = min(n, out.Most)
	}
	return PieceRead{area[out.At:min(out.At+n, len(area))]}
}

func (r *rig) write(c tags.Command) Input {
	if c.Op == tags.OpVoid && take(&r.dropVoids) {
		// lost
	} else if !take(&r.dropWrites) && !r.broken {
		r.late = append(r.late, letter{r.arrival(), c})
	}
	if c.Op == tags.OpExecute || c.Op == tags.OpVoid {
		for _, after := range r.copies {
			r.late = append(r.late, letter{r.now.Add(after), c})
		}
		r.copies = nil
	}
	r.wait(time.Millisecond)
	if take(&r.loseAnswers) {
		return r.failure()
	}
	return r.read()
}

// arrival is when a write comes to the device: after its delay, and after what was written before it.
func (r *rig) arrival() time.Time {
	at := r.now.Add(r.delay)
	r.delay = 0
	if r.opts.Class.Tokens() {
		return at
	}
	for _, l := range r.late {
		at = later(at, l.at)
	}
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (r *rig) read() Input {
	r.wait(time.Millisecond)
	if take(&r.failReads) || r.broken {
		return r.failure()
	}
	if take(&r.staleReads) && r.cell.before.BootEpoch == r.cell.BootEpoch {
		return StatusRead{r.cell.before}
	}
	return StatusRead{r.cell.Status}
}

func (r *rig) failure() Input {
	err := r.failWith
	if err == nil {
		err = errLink
	}
	return Failed{Err: err, Class: Classify(err)}
}

// wait moves the clock and delivers what is due.
func (r *rig) wait(d time.Duration) {
	until := r.now.Add(d)
	for {
		first := -1
		for i, l := range r.late {
			if !l.at.After(until) && (first < 0 || l.at.Before(r.late[first].at)) {
				first = i
			}
		}
		if first < 0 {
			break
		}
		l := r.late[first]
		r.late = append(r.late[:first:first], r.late[first+1:]...)
		r.cell.command(l.at, l.cmd)
	}
	r.now = until
	r.cell.run(r.now)
}

func (r *rig) submit(j line.Job) {
	r.Helper()
	j.Device = r.h.device
	r.step(Submit{j})
}

func (r *rig) execute(token line.Token) {
	r.Helper()
	r.submit(line.Job{Op: line.Execute, Token: token, Act: r.intent(token)})
}

func (r *rig) intent(token line.Token) line.Intent {
	return line.Intent{
		Token: token, Device: r.h.device, Task: line.TaskWeldLaser, Part: "EV-P1-000001", Index: 3, RetainID: 7001,
		RecipeHash: "deadbeef00", Within: time.Second,
	}
}

// restart is a new supervisor after a crash of the old one. What the old one sent may still be on its way.
func (r *rig) restart() {
	r.fence++
	r.h = New(r.h.device, r.fence, r.opts)
	r.status, r.unvoided = line.DeviceStatus{}, nil
	maps.DeleteFunc(r.recorded, func(_ line.Token, from time.Time) bool { return from.After(r.now) })
}

// onRecord reports whether the line has it on record that nobody knows what became of an act.
func (r *rig) onRecord(token line.Token) bool {
	from, told := r.recorded[token]
	return told && !from.After(r.now)
}

func take(n *int) bool {
	if *n == 0 {
		return false
	}
	*n--
	return true
}

// sent counts the blocks with an opcode and token that reached the device.
func (r *rig) sent(op tags.Opcode, token line.Token) (n int) {
	for _, c := range r.cell.commands {
		if c.Op == op && c.Token == token {
			n++
		}
	}
	return n
}

// last returns the last event of a kind.
func last[E line.DeviceEvent](r *rig) (e E, n int) {
	for _, x := range r.events {
		if x, ok := x.(E); ok {
			e, n = x, n+1
		}
	}
	return e, n
}

func TestAnActFromEndToEnd(t *testing.T) {
	r := newRig(t)
	r.run(100 * time.Millisecond)
	token := line.NewToken(1, 5)
	r.execute(token)
	r.run(100 * time.Millisecond)
	done, n := last[line.ActFinished](r)
	if n != 1 || done.Token != token || done.Outcome != line.OutcomeOK || done.Values[0] != 5.5 || done.Index != 3 || done.Part != "EV-P1-000001" {
		t.Fatalf("finished %d times: %+v", n, done)
	}
	r.submit(line.Job{Op: line.Acknowledge, Token: token})
	r.execute(token + 1)
	r.run(100 * time.Millisecond)
	if done, n := last[line.ActFinished](r); n != 2 || done.Token != token+1 {
		t.Fatalf("the next act finished %d times: %+v", n, done)
	}
	if r.cell.effects[token] != 1 || r.cell.effects[token+1] != 1 {
		t.Fatalf("effects %v, want one for each token", r.cell.effects)
	}
	if got := r.sent(tags.OpExecute, token); got != 1 {
		t.Fatalf("%d blocks were sent over a good wire, want 1", got)
	}
}
