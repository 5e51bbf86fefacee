package plc

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
	"linectl/plc/tags"
)

// plainPlan is the line as the properties of classes B and C need it: it orders an act only while the device stands idle, records the
// count with the intent, acknowledges a result when it is on record, and lets an act that was given up be voided.
type plainPlan struct {
	*rig
	open     line.Intent
	asked    bool // Execute or Reconcile was submitted to this supervisor and not answered
	sequence uint64
	ends     map[line.Token]string
	doubts   []line.Token             // given up, and not yet known to be void
	freed    line.Token               // finished and on record, not yet acknowledged
	ordered  map[line.Token]time.Time // when each act was first sent off
	last     line.Intent              // that has ended under this supervisor; token 0 = none
	lost     line.Intent              // told as unknown last: open again, should the supervisor die before that is on record
	up       line.Token               // class C: whose start the bit is
	moved    time.Time                // when its machine was last commanded
	struck   struct {                 // since the open act was ordered
		rebooted, crashed, wire bool
	}
}

func newPlainPlan(t failer, class line.DeviceClass) *plainPlan {
	p := &plainPlan{rig: newPlainRig(t, class), ends: map[line.Token]string{}, ordered: map[line.Token]time.Time{}}
	p.hear = p.told
	p.saw = p.arrives
	p.run(50 * time.Millisecond)
	return p
}

// arrives holds every block that reaches the device to what may be written when.
func (p *plainPlan) arrives(_ time.Time, c tags.Command, _ line.RejectReason) {
	switch {
	case c.Op == tags.OpVoid:
		p.Fatalf("a device that knows no tokens was told to void one")
	case c.Op == tags.OpExecute && p.cell.edges[c.Token] > 1:
		p.Fatalf("job %v was started %d times", c.Token, p.cell.edges[c.Token])
	case c.Op == tags.OpExecute && p.ends[c.Token] != "":
		p.Fatalf("job %v was started after it had ended %s", c.Token, p.ends[c.Token])
	case p.cell.cutShort && !p.struck.crashed: // a word of the supervisor before may still come
		p.Fatalf("the start bit was taken down while the device was busy")
	}
	p.cell.cutShort = false
	switch {
	case c.Op == tags.OpExecute && !p.cell.before.Start:
		p.up = c.Token
	case c.Op == tags.OpAcknowledge && p.cell.before.Start && p.ends[p.up] != "finished" && !p.onRecord(p.up):
		p.Fatalf("the start bit of job %v was taken down before the end of it is on record", p.up)
	}
}

func (p *plainPlan) told(e line.DeviceEvent) {
	switch e := e.(type) {
	case line.ActFinished:
		if want := float32(e.Token.Sequence()) + 0.5; p.cell.effects[e.Token] != 1 || e.Values[0] != want {
			p.Fatalf("job %v is told finished with %d effects and %v, want %v", e.Token, p.cell.effects[e.Token], e.Values[0], want)
		}
		if e.Class != p.opts.Class || e.Part != p.open.Part {
			p.Fatalf("job %v is told of class %q and part %q", e.Token, e.Class, e.Part)
		}
		p.freed = e.Token
		p.close(e.Token, "finished")
	case line.ActRejected:
		if p.opts.Class == line.ClassC {
			p.Fatalf("job %v is told refused: at class C an error says nothing of how far it came", e.Token)
		}
		p.close(e.Token, "rejected")
	case line.ActUnknown:
		if p.ends[e.Token] == "unknown" {
			return // told again
		}
		cause := p.struck.rebooted
		if p.opts.Class == line.ClassC || p.open.Effects == 0 {
			cause = cause || p.struck.crashed || p.struck.wire
		}
		if !cause || e.Evidence.Why == "" || e.Evidence.Class != p.opts.Class {
			p.Fatalf("job %v is unknown without a cause: %+v, counter %d before it", e.Token, e.Evidence, p.open.Effects)
		}
		p.doubts, p.lost = append(p.doubts, e.Token), p.open
		p.close(e.Token, "unknown")
	case line.ActNotBegun:
		if p.opts.Class == line.ClassC || p.cell.effects[e.Token] != 0 {
			p.Fatalf("job %v is told not begun with %d effects", e.Token, p.cell.effects[e.Token])
		}
		p.asked = false
	case line.DeviceStatus:
		p.doubts = slices.DeleteFunc(p.doubts, func(d line.Token) bool {
			if e.Floor >= d && (p.cell.Phase == line.PhaseExecuting && p.cell.executing.Token == d || p.wired(d)) {
				p.Fatalf("job %v is told to be void while the device may still do it", d)
			}
			return e.Floor >= d
		})
	case line.DeviceLost:
		p.status = line.DeviceStatus{} // nothing is ordered before it is heard again
	}
}

// wired reports whether a start of the job is still on its way to the device.
func (p *plainPlan) wired(token line.Token) bool {
	return slices.ContainsFunc(p.late, func(l letter) bool { return l.cmd.Op == tags.OpExecute && l.cmd.Token == token })
}

func (p *plainPlan) close(token line.Token, how string) {
	if token != p.open.Token || p.ends[token] != "" {
		p.Fatalf("job %v ended %s but %v was open, and it had ended %q", token, how, p.open.Token, p.ends[token])
	}
	p.ends[token] = how
	p.last, p.open, p.asked = p.open, line.Intent{}, false
}

// next does what the line would do now.
func (p *plainPlan) next() {
	idle := p.status.Phase == line.PhaseIdle
	switch {
	case p.asked || p.status.Device == "" || len(p.unvoided) > 0:
		return // it has not heard of it, or waits for its disk
	case p.freed != 0:
		p.submit(line.Job{Op: line.Acknowledge, Token: p.freed})
		p.freed = 0
	case p.open.Token == 0 && (p.status.Phase == line.PhaseDone || p.status.Phase == line.PhaseFault):
		p.submit(line.Job{Op: line.Acknowledge})
	}
	for _, d := range p.doubts {
		if p.status.Floor < d && idle {
			p.submit(line.Job{Op: line.Void, Token: d, Act: p.intent(d)})
		}
	}
	if p.open.Token == 0 {
		if !idle || p.status.Machine != stateExecute {
			return
		}
		p.sequence++
		p.open = p.intent(line.NewToken(p.fence, p.sequence))
		p.open.RetainID, p.open.Effects, p.open.Class = 0, p.status.EffectCount, p.opts.Class
		p.struck.rebooted = p.broken || !p.h.fresh // the count in the intent may be that of before it
		p.struck.crashed, p.struck.wire = false, p.failDials+p.failReads+p.loseAnswers+p.dropWrites > 0 || p.delay > 0 || p.broken || p.cell.refuse != 0 ||
			p.now.Before(p.moved.Add(3*time.Second)) || !p.h.machine.idle() || len(p.late) > 0 // a command to its machine may overtake the act
		p.ordered[p.open.Token] = p.now
	}
	p.asked = true
	p.submit(line.Job{Op: line.Execute, Token: p.open.Token, Act: p.open})
}

// crash restarts the supervisor. Whatever was open is reconciled first, also what was told as unknown and is not on record; that a
// result waits for its acknowledgement is forgotten.
func (p *plainPlan) crash() {
	if token := p.lost.Token; token != 0 && p.open.Token == 0 && !p.onRecord(token) {
		delete(p.ends, token)
		p.open, p.doubts = p.lost, without(p.doubts, token)
	}
	p.restart()
	p.asked, p.freed, p.last, p.struck.crashed = false, 0, line.Intent{}, true
	if p.open.Token != 0 {
		p.asked = true
		p.submit(line.Job{Op: line.Reconcile, Token: p.open.Token, Act: p.open})
	}
}

func without(all []line.Token, token line.Token) []line.Token {
	return slices.DeleteFunc(all, func(t line.Token) bool { return t == token })
}

// reboot restarts the device, and ends its connection: what was on its way never arrives.
func (p *plainPlan) reboot(forget bool) {
	p.cell.rebootPlain(forget)
	p.late, p.broken, p.struck.rebooted = nil, true, true
}

// settle ends all faults and asks that whatever is open comes to an end in time, that what was given up becomes void, and that the
// line can work on.
func (p *plainPlan) settle() {
	p.dropWrites, p.loseAnswers, p.failReads, p.failDials, p.delay = 0, 0, 0, 0, 0
	p.cell.refuse, p.cell.Machine, p.cell.dead, p.recording = 0, stateExecute, false, 0
	rest := func(within time.Duration, done func() bool) bool {
		for until := p.now.Add(within); p.now.Before(until) && !done(); {
			p.cell.Machine = stateExecute // a Stop that waited for the wire may come out now
			p.run(50 * time.Millisecond)
			if p.open.Token != 0 {
				p.next()
			}
		}
		return done()
	}
	if !rest(20*time.Second, func() bool { return p.open.Token == 0 }) {
		p.Fatalf("job %v has not ended; device %+v, handshake %+v", p.open.Token, p.cell.Status, p.h.open)
	}
	finished := len(p.ends)
	for range 400 {
		p.cell.Machine = stateExecute
		p.next()
		p.run(50 * time.Millisecond)
		if len(p.ends) > finished+1 && len(p.doubts) == 0 {
			break
		}
	}
	if len(p.ends) <= finished+1 || len(p.doubts) > 0 {
		p.Fatalf("after the faults %d jobs were done, %v are not void; device %+v, handshake %+v", len(p.ends)-finished, p.doubts, p.cell.Status, p.h.open)
	}
	for token, how := range p.ends {
		effects := p.cell.effects[token]
		if effects > 1 || how == "rejected" && effects != 0 || how == "finished" && effects != 1 {
			p.Fatalf("job %v ended %s with %d effects", token, how, effects)
		}
	}
	for token, n := range p.cell.edges {
		if n > 1 || p.cell.effects[token] > 1 {
			p.Fatalf("job %v was started %d times and had %d effects", token, n, p.cell.effects[token])
		}
	}
}

// actions are what the properties let happen in any order.
func (p *plainPlan) actions() map[string]func(*rapid.T) {
	few := rapid.IntRange(1, 4)
	wire := func(do func(*rapid.T)) func(*rapid.T) {
		return func(t *rapid.T) { p.struck.wire = true; do(t) }
	}
	order := func(t *rapid.T) {
		p.cell.takes = time.Duration(rapid.IntRange(1, 200).Draw(t, "takes ms")) * time.Millisecond
		p.next()
		p.run(time.Duration(rapid.SampledFrom([]int{1, 7, 30, 100, 400, 2000}).Draw(t, "ms")) * time.Millisecond)
	}
	return map[string]func(*rapid.T){
		"run":     func(t *rapid.T) { p.run(time.Duration(rapid.IntRange(1, 300).Draw(t, "ms")) * time.Millisecond) },
		"order 1": order, "order 2": order, "order 3": order, "order 4": order, "order 5": order, "order 6": order,
		"drop":      wire(func(t *rapid.T) { p.dropWrites = few.Draw(t, "n") }),
		"deaf":      wire(func(t *rapid.T) { p.loseAnswers = few.Draw(t, "n") }),
		"blind":     wire(func(t *rapid.T) { p.failReads = few.Draw(t, "n") }),
		"cut":       wire(func(*rapid.T) { p.broken = true }),
		"undialled": wire(func(t *rapid.T) { p.failDials = few.Draw(t, "n") }),
		"late":      wire(func(t *rapid.T) { p.delay = time.Duration(rapid.IntRange(1, 900).Draw(t, "ms")) * time.Millisecond }),
		"reboot":    func(*rapid.T) { p.reboot(false) },
		"forget":    func(*rapid.T) { p.reboot(true) },
		"crash":     func(*rapid.T) { p.crash() },
		"hold":      wire(func(*rapid.T) { p.cell.Machine = 11 }),
		"freeze":    wire(func(*rapid.T) { p.cell.dead = true }),
		"refuse":    wire(func(t *rapid.T) { p.cell.refuse = line.RejectReason(rapid.IntRange(1, 10).Draw(t, "reason")) }),
		"refuse for long": wire(func(t *rapid.T) {
			p.cell.refuse = line.RejectMode
			p.next()
			p.run(time.Duration(rapid.IntRange(9, 15).Draw(t, "s")) * time.Second)
		}),
		"again": func(t *rapid.T) { // the line hands an act over once more whose end it has not heard of yet
			if p.last.Token != 0 {
				op := rapid.SampledFrom([]line.Op{line.Execute, line.Reconcile}).Draw(t, "op")
				p.submit(line.Job{Op: op, Token: p.last.Token, Act: p.last})
			}
		},
		"stranger": func(t *rapid.T) { // somebody else does a job after this one, whose result stands there then
			p.failReads, p.struck.wire = 2, true
			order(t)
			if p.opts.Class == line.ClassB && p.open.Token != 0 && p.cell.edges[p.open.Token] == 1 && p.cell.EffectCount == p.open.Effects+1 {
				p.cell.EffectCount++
				p.cell.Values[0], p.struck.rebooted = -1, true
			}
		},
		"slow disk": p.slowDisk, "overflow": func(*rapid.T) { p.overflow() },
		"calm": func(*rapid.T) { p.cell.Machine, p.cell.dead, p.cell.refuse = stateExecute, false, 0 },
		"machine": wire(func(t *rapid.T) {
			p.moved = p.now
			p.submit(line.Job{Op: line.MachineCommand, Machine: uint16(rapid.IntRange(1, 10).Draw(t, "command"))})
		}),
	}
}

// TestAnyInterleavingOfFaultsKeepsWhatAClassCanPromise is the promise of classes B and C: at most one start and one effect for an act,
// never told finished without it, never given up without a cause, and every act comes to an end once the faults stop.
func TestAnyInterleavingOfFaultsKeepsWhatAClassCanPromise(t *testing.T) {
	for class, hows := range map[line.DeviceClass][]string{line.ClassB: {"finished", "rejected", "unknown"}, line.ClassC: {"finished", "unknown"}} {
		t.Run(string(class), func(t *testing.T) {
			ends := map[string]int{}
			rapid.Check(t, func(t *rapid.T) {
				p := newPlainPlan(t, class)
				t.Repeat(p.actions())
				p.settle()
				for _, how := range p.ends {
					ends[how]++
				}
			})
			t.Log(fmt.Sprint(ends))
			for _, how := range hows {
				if ends[how] == 0 {
					t.Errorf("no job ended %s: the faults do not reach what they are to reach", how)
				}
			}
		})
	}
}

// TestNoConnectionDropsOrMakesAnEdge lets connections come and go at every millisecond of an act, and nothing else: the act is done
// once, by one start, and its result is told.
func TestNoConnectionDropsOrMakesAnEdge(t *testing.T) {
	for _, class := range []line.DeviceClass{line.ClassB, line.ClassC} {
		for at := range 80 {
			p := newPlainPlan(t, class)
			p.cell.EffectCount = 5
			p.cell.takes = 40 * time.Millisecond
			p.run(100 * time.Millisecond)
			p.next()
			token := p.open.Token
			p.struck.wire = true // of class C a start that was cut off is in doubt
			p.run(time.Duration(at) * time.Millisecond)
			begun := p.cell.edges[token] == 1
			p.broken = true
			p.run(300 * time.Millisecond)
			for up := range 3 {
				if begun && class == line.ClassC && p.ends[token] == "" && !p.cell.Start {
					t.Fatalf("class C, cut after %d ms: connection %d took the start bit down before the result was told", at, up)
				}
				p.broken = true
				p.run(500 * time.Millisecond)
			}
			p.run(5 * time.Second)
			if p.cell.edges[token] > 1 || begun && p.ends[token] != "finished" || p.cell.effects[token] != p.cell.edges[token] {
				t.Errorf("class %s, cut after %d ms: begun %t, %d starts, %d effects, ended %q", class, at, begun, p.cell.edges[token], p.cell.effects[token], p.ends[token])
			}
			if class == line.ClassB && p.ends[token] != "finished" {
				t.Errorf("class B, cut after %d ms: ended %q", at, p.ends[token])
			}
		}
	}
}

// TestTenCommandsWithoutEffectAreARefusal: a device of class B that does not start names no reason. Each command has a second to show
// that it was heard; after ten the job is refused, certainly not done, and the device takes the next one.
func TestTenCommandsWithoutEffectAreARefusal(t *testing.T) {
	p := newPlainPlan(t, line.ClassB)
	p.cell.EffectCount = 5
	p.run(100 * time.Millisecond)
	var sent []time.Time
	p.saw = func(at time.Time, c tags.Command, _ line.RejectReason) {
		if c.Op == tags.OpExecute {
			sent = append(sent, at)
		}
	}
	p.cell.refuse = line.RejectMode
	p.next()
	token := p.open.Token
	for p.open.Token != 0 && len(sent) < 30 {
		p.run(10 * time.Millisecond)
	}
	refused, n := last[line.ActRejected](p.rig)
	if n != 1 || refused.Token != token || refused.Reason != line.RejectNotPermitted || len(sent) != busyLimit || p.cell.effects[token] != 0 {
		t.Fatalf("after %d commands it was refused %d times: %+v, %d effects", len(sent), n, refused, p.cell.effects[token])
	}
	for i := range sent[1:] {
		if apart := sent[i+1].Sub(sent[i]); apart < settle || apart > settle+resendMax {
			t.Errorf("command %d came %v after the one before it", i+2, apart)
		}
	}
	if p.now.Sub(sent[busyLimit-1]) < settle {
		t.Error("it was refused while the last command could still be on its way")
	}
	p.cell.refuse = 0
	p.next()
	p.run(200 * time.Millisecond)
	if next := line.NewToken(1, token.Sequence()+1); p.ends[next] != "finished" || p.cell.effects[next] != 1 {
		t.Errorf("the next job ended %q with %d effects", p.ends[next], p.cell.effects[next])
	}
}

// TestADeviceMayStartAtItsLastCommand: nine commands without effect prove nothing.
func TestADeviceMayStartAtItsLastCommand(t *testing.T) {
	p := newPlainPlan(t, line.ClassB)
	p.cell.EffectCount = 5
	p.run(100 * time.Millisecond)
	starts := 0
	p.saw = func(_ time.Time, c tags.Command, _ line.RejectReason) {
		if c.Op == tags.OpExecute {
			if starts++; starts == busyLimit-1 {
				p.cell.refuse = 0 // it takes the next
			}
		}
	}
	p.cell.refuse = line.RejectMode
	p.next()
	token := p.open.Token
	p.run(15 * time.Second)
	if p.ends[token] != "finished" || starts != busyLimit || p.cell.effects[token] != 1 {
		t.Errorf("after %d commands it ended %q with %d effects", starts, p.ends[token], p.cell.effects[token])
	}
}

// TestACounterAtNoughtProvesNoRefusal: where the counter stands at nought it looks the same as one that was lost.
func TestACounterAtNoughtProvesNoRefusal(t *testing.T) {
	p := newPlainPlan(t, line.ClassB)
	p.cell.refuse = line.RejectMode
	p.next()
	p.struck.wire = true
	token := p.open.Token
	p.run(1500 * time.Millisecond)
	unknown, n := last[line.ActUnknown](p.rig)
	if n != 1 || unknown.Token != token || p.sent(tags.OpExecute, token) != 1 {
		t.Errorf("after %d commands it was given up %d times: %+v", p.sent(tags.OpExecute, token), n, unknown)
	}
}

// TestUnchangedIsTheSameStatusOfAPlainDevice holds the reads that find nothing new to the same as those of class A.
func TestUnchangedIsTheSameStatusOfAPlainDevice(t *testing.T) {
	for _, class := range []line.DeviceClass{line.ClassB, line.ClassC} {
		settled := 0
		rapid.Check(t, func(t *rapid.T) {
			p := newPlainPlan(t, class)
			actions, looks := p.actions(), 0
			delete(actions, "refuse for long")
			pause := rapid.SampledFrom([]time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond, 400 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second})
			actions[""] = func(t *rapid.T) {
				if looks++; looks > 3 { // each is slow
					return
				}
				if sameAgain(p.rig, [3]time.Duration{pause.Draw(t, "1"), pause.Draw(t, "2"), pause.Draw(t, "3")}) {
					settled++
				}
			}
			t.Repeat(actions)
		})
		if settled == 0 {
			t.Errorf("class %s: no state was settled", class)
		}
	}
}
