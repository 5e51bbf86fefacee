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

// twin is a handshake in the same state, which shares nothing that changes.
func (h *Handshake) twin() *Handshake {
	t := *h
	t.queue, t.queuedAt, t.open.fetch.area = slices.Clone(h.queue), slices.Clone(h.queuedAt), slices.Clone(h.open.fetch.area)
	return &t
}

// said is an output and the state it leaves, as text: values hold NaN, which equals nothing. What only spares work is left out.
func said(h *Handshake, out Output) string {
	var block tags.Command
	if out.Write != nil {
		block = *out.Write
	}
	written := out.Write != nil
	state := *h
	out.Write, state.settled, state.open.fetch.result.Waveform = nil, false, nil
	return fmt.Sprintf("%+v\n%t %+v\n%+v", out, written, block, state)
}

// sameAgain holds Unchanged to what it stands for: three more reads of the same status, at once and after any time, once as blocks and
// once as Unchanged, with the ticks between.
func sameAgain(r *rig, waits [3]time.Duration) (settled bool) {
	r.Helper()
	if !r.h.fresh || r.h.awaiting {
		return false
	}
	short, long := r.h.twin(), r.h.twin()
	now := r.now
	for _, wait := range waits {
		now = now.Add(wait)
		if a, b := said(short, short.Step(now, Tick{})), said(long, long.Step(now, Tick{})); a != b {
			r.Fatalf("a tick after %v\n%s\n%s", waits, a, b)
		}
		if !short.awaiting || !short.fresh {
			break
		}
		now = now.Add(time.Millisecond)
		settled = settled || short.settled
		again := long.last
		again.Heartbeat++
		if a, b := said(short, short.Step(now, Unchanged{})), said(long, long.Step(now, StatusRead{again})); a != b {
			r.Fatalf("a read after %v\n%s\n%s", waits, a, b)
		}
	}
	return settled
}

// roundsPass holds Rounds to the steps that it spares: from the present moment on for a while, cut in two anywhere.
func roundsPass(r *rig, span, cut time.Duration) (reads int) {
	r.Helper()
	if !r.h.fresh || r.h.awaiting || r.out.Next.IsZero() {
		return 0
	}
	const round = 300 * time.Microsecond
	ready := r.h.twin()
	next := r.out.Next
	for range 2 { // until it has seen that nothing is new
		if out := ready.Step(next, Tick{}); !out.Read {
			return 0
		}
		next = next.Add(round)
		out := ready.Step(next, Unchanged{})
		if next = out.Next; ready.awaiting {
			next = next.Add(round)
		}
		if ready.awaiting || !ready.Settled() {
			return 0
		}
	}
	short, long := ready.twin(), ready.twin()
	end, at, now := next.Add(span), next, next
	heard, awaited := time.Time{}, false
	for at.Before(end) {
		now = at
		var out Output
		if awaited {
			if reads++; long.wrote {
				heard = now
			}
			out = long.Step(now, Unchanged{})
		} else {
			out = long.Step(now, Tick{})
		}
		if at, awaited = out.Next, out.Read; awaited {
			at = now.Add(round)
		}
		if out.Write != nil && out.Write.Op != tags.OpQuery || len(out.Events) > 0 {
			r.Fatalf("a settled handshake does %+v", out)
		}
	}
	first := short.Rounds(next, round, next.Add(min(cut, span)))
	p := short.Rounds(first.Next, round, end)
	if p.Reads += first.Reads; p.Heard.IsZero() {
		p.Heard = first.Heard
	}
	if a, b := said(short, Output{}), said(long, Output{}); a != b || p.Reads != reads || !p.Heard.Equal(heard) || !p.Next.Equal(at) || p.Awaited != awaited || (p.Query != nil) != (awaited && long.wrote) {
		r.Fatalf("%+v after %v, want %d reads, heard at %v, next at %v, awaited %t\n%s\n%s", p, span, reads, heard, at, awaited, a, b)
	}
	return reads
}

// TestUnchangedIsTheSameStatusAgain brings handshakes with devices into all kinds of states.
func TestUnchangedIsTheSameStatusAgain(t *testing.T) {
	settled, compared, reads := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := &plan{rig: newWelder(t), ends: map[line.Token]string{}}
		p.hear = p.told
		p.run(time.Duration(rapid.IntRange(1, 60).Draw(t, "ms")) * time.Millisecond)
		pause := rapid.SampledFrom([]time.Duration{0, 5 * time.Millisecond, 50 * time.Millisecond, 400 * time.Millisecond, 700 * time.Millisecond, 3 * time.Second})
		look := func() {
			reads += roundsPass(p.rig, 2*pause.Draw(t, "span"), pause.Draw(t, "cut"))
			if compared++; sameAgain(p.rig, [3]time.Duration{pause.Draw(t, "1"), pause.Draw(t, "2"), pause.Draw(t, "3")}) {
				settled++
			}
		}
		run := func(t *rapid.T) { p.run(time.Duration(rapid.IntRange(1, 60).Draw(t, "ms")) * time.Millisecond); look() }
		t.Repeat(map[string]func(*rapid.T){
			"run 1": run, "run 2": run, "run 3": run,
			"order": func(t *rapid.T) {
				p.cell.takes = time.Duration(rapid.IntRange(1, 300).Draw(t, "takes ms")) * time.Millisecond
				p.next()
				look()
			},
			"blind":  func(*rapid.T) { p.failReads = 1 },
			"stale":  func(*rapid.T) { p.staleReads = 1 },
			"drop":   func(*rapid.T) { p.dropWrites = 1 },
			"reboot": func(*rapid.T) { p.cell.reboot(false) },
			"crash":  func(*rapid.T) { p.crash() },
			"hold":   func(*rapid.T) { p.cell.Machine = 11 },
			"freeze": func(*rapid.T) { p.cell.dead = true },
			"calm":   func(*rapid.T) { p.cell.Machine, p.cell.dead, p.cell.refuse = stateExecute, false, 0 },
			"refuse": func(t *rapid.T) { p.cell.refuse = line.RejectReason(rapid.IntRange(1, 10).Draw(t, "reason")) },
			"machine": func(t *rapid.T) {
				p.submit(line.Job{Op: line.MachineCommand, Machine: uint16(rapid.IntRange(1, 10).Draw(t, "command"))})
				look()
			},
		})
	})
	if settled < compared/20 || settled == compared || reads < compared {
		t.Errorf("of %d states %d were settled, %d reads went by: that shows too little", compared, settled, reads)
	}
}
