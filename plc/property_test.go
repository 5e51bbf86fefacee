package plc

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
	"linectl/plc/tags"
)

// TestMain lets the properties look deeper than the library's defaults; the flags on the command line still win.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": "3000", "rapid.steps": "60"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// plan is the line as the property needs it: one open act at a time, recorded before it is sent, closed by what is told.
type plan struct {
	*rig
	open     line.Intent // the recorded intent; token 0 = none
	notBegun bool        // the last answer to Reconcile
	asked    bool        // Execute or Reconcile was submitted to this supervisor and not answered
	sequence uint64
	ends     map[line.Token]string
	crashed  bool                // the supervisor restarted since: it may have voided the job and died before it could say why
	epoch    uint32              // boot epoch that the line knew when it recorded the open intent
	lost     line.Intent         // told as unknown last: open again, should the supervisor die before that is on record
	refusals map[line.Token]bool // the device has refused it, and not begun it since
}

// arrives holds every Void to rule T3: it comes when it is on record that the act is given up, or when the device has refused the act.
func (p *plan) arrives(_ time.Time, c tags.Command, refused line.RejectReason) {
	switch {
	case c.Op == tags.OpExecute && refused != 0:
		p.refusals[c.Token] = true
	case c.Op == tags.OpExecute && p.cell.InFlight == c.Token:
		delete(p.refusals, c.Token)
	case c.Op == tags.OpVoid && !p.refusals[c.Token] && !p.onRecord(c.Token):
		p.Fatalf("job %v is void before it is on record that nobody knows what became of it", c.Token)
	}
}

func (p *plan) told(e line.DeviceEvent) {
	switch e := e.(type) {
	case line.ActFinished:
		if p.cell.effects[e.Token] != 1 {
			p.Fatalf("job %v is told finished with %d effects", e.Token, p.cell.effects[e.Token])
		}
		if want := float32(e.Token.Sequence()) + 0.5; e.Values[0] != want {
			p.Fatalf("job %v is told with the result of another: %v, want %v", e.Token, e.Values[0], want)
		}
		if (e.Waveform == nil) == (e.NoWaveform == "") || e.Waveform != nil && e.Waveform.Hash != line.WaveformHash(curveOf(p, e.Token)) {
			p.Fatalf("job %v is told with the waveform %+v, %q", e.Token, e.Waveform, e.NoWaveform)
		}
		p.close(e.Token, "finished")
	case line.ActRejected:
		if p.cell.Floor < e.Token && p.cell.FenceHighest == p.fence {
			p.Fatalf("job %v is told refused while a late block of it could still start it", e.Token)
		}
		p.close(e.Token, "rejected")
	case line.ActUnknown:
		if e.Evidence.Why == "" {
			p.Fatalf("job %v is unknown without a reason", e.Token)
		}
		if p.ends[e.Token] == "unknown" {
			return // told again
		}
		if p.cell.BootEpoch == p.epoch && !p.crashed {
			p.Fatalf("job %v is told unknown (%s) though neither side ever restarted", e.Token, e.Evidence.Why)
		}
		p.lost = p.open
		p.close(e.Token, "unknown")
	case line.ActNotBegun:
		if p.cell.effects[e.Token] != 0 {
			p.Fatalf("job %v is told not begun with an effect", e.Token)
		}
		if p.cell.FenceHighest < p.fence {
			p.Fatalf("job %v is told not begun while a block of the last supervisor could still start it", e.Token)
		}
		p.asked, p.notBegun = false, true
	case line.DeviceStatus, line.DeviceLost:
	}
}

func (p *plan) close(token line.Token, how string) {
	if before, ok := p.ends[token]; ok && p.open.Token != token {
		p.Fatalf("job %v ended twice: %s, then %s", token, before, how)
	}
	if token != p.open.Token {
		p.Fatalf("job %v ended %s but %v was open", token, how, p.open.Token)
	}
	p.ends[token] = how
	p.open, p.asked = line.Intent{}, false
}

// next does what the line would do now: acknowledge what is recorded, send what is open, or order another act.
func (p *plan) next() {
	if p.asked || p.status.RetainID == 0 || len(p.unvoided) > 0 {
		return // it has not heard of it, or waits for its disk
	}
	if p.status.Phase == line.PhaseInterrupted && p.ends[p.status.Floor] != "" && p.sequence%2 == 0 { // else the next act clears the way
		p.submit(line.Job{Op: line.Void, Token: p.status.Floor})
	}
	if last := p.cell.LastCompleted; p.ends[last] == "finished" && p.cell.Phase == line.PhaseDone {
		p.submit(line.Job{Op: line.Acknowledge, Token: last})
	}
	if p.open.Token == 0 {
		p.sequence++
		token := line.NewToken(p.fence, p.sequence)
		p.open = p.intent(token)
		p.open.RetainID, p.epoch = p.status.RetainID, p.status.BootEpoch
		p.crashed = false
	}
	if p.notBegun && p.cell.effects[p.open.Token] != 0 {
		p.Fatalf("job %v was told not begun and had an effect before it was sent again", p.open.Token)
	}
	p.notBegun = false
	p.asked = true
	p.submit(line.Job{Op: line.Execute, Token: p.open.Token, Act: p.open})
}

// crash restarts the supervisor. Whatever was open is reconciled first: also what was told as unknown and is not on record.
func (p *plan) crash() {
	if token := p.lost.Token; token != 0 && p.open.Token == 0 && !p.onRecord(token) {
		delete(p.ends, token)
		p.open = p.lost
	}
	p.restart()
	p.asked, p.crashed = false, true
	if p.open.Token != 0 {
		p.asked = true
		p.submit(line.Job{Op: line.Reconcile, Token: p.open.Token, Act: p.open})
	}
}

func (r *rig) slowDisk(t *rapid.T) {
	r.recording = time.Duration(rapid.IntRange(0, 3000).Draw(t, "takes ms")) * time.Millisecond
}

// overflow drops jobs of the line. A Void that was about to be sent is among them.
func (r *rig) overflow() {
	r.unvoided = slices.DeleteFunc(r.unvoided, r.onRecord)
	r.step(Overflow{})
}

// settle ends all faults and asks that whatever is open comes to an end, and that the line can work on.
func (p *plan) settle() {
	p.dropWrites, p.loseAnswers, p.failReads, p.staleReads, p.failDials, p.failPieces, p.copies = 0, 0, 0, 0, 0, 0, nil
	p.cell.refuse, p.cell.Machine, p.cell.dead, p.recording = 0, stateExecute, false, 0
	for range 400 {
		p.cell.Machine = stateExecute // a Stop that waited for the wire may come out now
		if p.open.Token == 0 {
			break
		}
		p.run(50 * time.Millisecond)
		if !p.asked && p.open.Token != 0 {
			p.next()
		}
	}
	if p.open.Token != 0 {
		p.Fatalf("job %v never ended; device %+v", p.open.Token, p.cell.Status)
	}
	p.run(2 * time.Second)
	finished := len(p.ends)
	for range 100 {
		p.cell.Machine = stateExecute
		p.next()
		p.run(100 * time.Millisecond)
		if len(p.ends) > finished+1 {
			break
		}
	}
	if len(p.ends) <= finished {
		p.Fatalf("after the faults no job is done any more; device %+v", p.cell.Status)
	}
	for token, how := range p.ends {
		effects := p.cell.effects[token]
		if effects > 1 || how == "rejected" && effects != 0 || how == "finished" && effects != 1 {
			p.Fatalf("job %v ended %s with %d effects", token, how, effects)
		}
	}
	for token, effects := range p.cell.effects {
		if effects > 1 {
			p.Fatalf("job %v had %d effects", token, effects)
		}
	}
}

// TestAnyInterleavingOfFaultsKeepsThePromise is the promise of the handshake: at most one effect for a token, never told
// finished without it, and every act comes to an end once the faults stop.
func TestAnyInterleavingOfFaultsKeepsThePromise(t *testing.T) {
	ends := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		p := &plan{rig: newWelder(t), ends: map[line.Token]string{}}
		p.refusals = map[line.Token]bool{}
		p.hear, p.saw = p.told, p.arrives
		p.run(50 * time.Millisecond)
		few := rapid.IntRange(1, 4)
		wait := rapid.IntRange(0, 1500)
		order := func(t *rapid.T) {
			p.cell.takes = time.Duration(rapid.IntRange(1, 200).Draw(t, "takes ms")) * time.Millisecond
			p.next()
			p.run(time.Duration(rapid.SampledFrom([]int{1, 7, 30, 100, 400, 2000}).Draw(t, "ms")) * time.Millisecond)
		}
		t.Repeat(map[string]func(*rapid.T){
			"run":     func(t *rapid.T) { p.run(time.Duration(rapid.IntRange(1, 300).Draw(t, "ms")) * time.Millisecond) },
			"order 1": order, "order 2": order, "order 3": order, "order 4": order, "order 5": order, "order 6": order,
			"drop":      func(t *rapid.T) { p.dropWrites = few.Draw(t, "n") },
			"deaf":      func(t *rapid.T) { p.loseAnswers = few.Draw(t, "n") },
			"blind":     func(t *rapid.T) { p.failReads = few.Draw(t, "n") },
			"torn":      func(t *rapid.T) { p.failPieces = few.Draw(t, "n") },
			"stale":     func(t *rapid.T) { p.staleReads = few.Draw(t, "n") },
			"undialled": func(t *rapid.T) { p.failDials = few.Draw(t, "n") },
			"late": func(t *rapid.T) {
				p.copies = append(p.copies, time.Duration(wait.Draw(t, "ms"))*time.Millisecond)
			},
			"reboot":    func(*rapid.T) { p.cell.reboot(false) },
			"forget":    func(*rapid.T) { p.cell.reboot(true) },
			"crash":     func(*rapid.T) { p.crash() },
			"hold":      func(*rapid.T) { p.cell.Machine = 11 },
			"freeze":    func(*rapid.T) { p.cell.dead = true },
			"refuse":    func(t *rapid.T) { p.cell.refuse = line.RejectReason(rapid.IntRange(1, 10).Draw(t, "reason")) },
			"slow disk": p.slowDisk, "overflow": func(*rapid.T) { p.overflow() },
			"calm": func(*rapid.T) { p.cell.Machine, p.cell.dead, p.cell.refuse = stateExecute, false, 0 },
			"machine": func(t *rapid.T) {
				p.submit(line.Job{Op: line.MachineCommand, Machine: uint16(rapid.IntRange(1, 10).Draw(t, "command"))})
			},
		})
		p.settle()
		for _, how := range p.ends {
			ends[how]++
		}
	})
	t.Log(fmt.Sprint(ends))
	for _, how := range []string{"finished", "rejected", "unknown"} {
		if ends[how] == 0 {
			t.Errorf("no job ended %s: the faults do not reach what they are to reach", how)
		}
	}
}
