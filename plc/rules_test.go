package plc

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
	"linectl/plc/tags"
)

// hand drives a handshake without a device: the test says what is read.
type hand struct {
	*testing.T
	h   *Handshake
	now time.Time
}

// up returns a handshake whose connection stands and whose first round is answered.
func up(t *testing.T) *hand {
	t.Helper()
	x := &hand{T: t, h: New("ST060.welder", 1, Options{}), now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	x.want(x.h.Step(x.now, Tick{}).Redial, "dial first")
	x.want(x.h.Step(x.now, Connected{}).Read, "read before anything else")
	out := x.read(calm)
	x.want(out.Write != nil && out.Write.Op == tags.OpQuery && out.Read, "make itself known, then read")
	x.read(calm)
	return x
}

// calm is a device that waits for work from supervisor 1.
var calm = tags.Status{RetainID: 7001, BootEpoch: 1, FenceHighest: 1, Machine: stateExecute}

func (x *hand) read(s tags.Status) Output {
	x.now = x.now.Add(time.Millisecond)
	s.Heartbeat = uint16(x.now.UnixMilli())
	return x.h.Step(x.now, StatusRead{s})
}

func (x *hand) execute(token line.Token) Output {
	return x.h.Step(x.now, Submit{line.Job{Op: line.Execute, Token: token, Act: (&rig{h: x.h}).intent(token)}})
}

func (x *hand) want(ok bool, what string) {
	x.Helper()
	if !ok {
		x.Fatalf("the handshake did not %s", what)
	}
}

func TestAJobIsJudgedByAReadOfItsOwn(t *testing.T) {
	x := up(t)
	x.now = x.now.Add(time.Second)
	x.want(x.h.Step(x.now, Tick{}).Read, "read when it is time")
	token := line.NewToken(1, 5)
	out := x.execute(token)
	x.want(out.Write == nil && !out.Read, "wait for the answer that is due")
	out = x.read(calm)
	x.want(out.Read && (out.Write == nil || out.Write.Op == tags.OpQuery), "read again: that answer was asked for before the job came")
	out = x.read(calm)
	x.want(out.Write != nil && out.Write.Op == tags.OpExecute && out.Read, "send after a read of its own")
}

func TestOnlyOurOwnVoidExplainsAnEmptyFloor(t *testing.T) {
	x := up(t)
	token := line.NewToken(1, 5)
	x.execute(token)
	x.read(calm) // answers with the Execute
	refused := calm
	refused.Rejected, refused.RejectReason = token, line.RejectPart
	x.h.Step(x.now, Submit{line.Job{Op: line.MachineCommand, Machine: commandStop}}) // goes before the void
	out := x.read(refused)
	x.want(out.Write != nil && out.Write.Op == tags.OpMachine, "send the Stop first")
	strange := calm
	strange.Floor = token
	out = x.read(strange)
	if len(out.Events) != 2 {
		t.Fatalf("told %+v", out.Events)
	}
	if _, ok := out.Events[1].(line.ActUnknown); !ok {
		t.Fatalf("told %+v: somebody accepted or voided the job, and it was not us", out.Events[1])
	}
}

func TestTheQueueIsBoundedAndSaysSo(t *testing.T) {
	x := up(t)
	lost := 0
	for n := range uint64(40) {
		for _, e := range x.execute(line.NewToken(1, n+1)).Events {
			if _, ok := e.(line.DeviceLost); ok {
				lost++
			}
		}
	}
	if lost != 1 || len(x.h.queue) > queueLimit {
		t.Errorf("told lost %d times with %d jobs waiting", lost, len(x.h.queue))
	}
}

func TestTheEvidenceSaysHowFarItCame(t *testing.T) {
	token := line.NewToken(1, 5)
	said := map[string]bool{}
	for state := range uint16(4) {
		s := calm
		s.Floor, s.InFlight, s.Phase, s.IndexState = token, token, line.PhaseInterrupted, state
		found, why := examine(&s, token, s.RetainID)
		if found != doubtful || said[why] {
			t.Errorf("index state %d: %v, %q", state, found, why)
		}
		said[why] = true
	}
}

// TestNoStatusTalksItIntoAnything feeds status blocks that no honest device would send in this order, and asks what must hold
// all the same.
func TestNoStatusTalksItIntoAnything(t *testing.T) {
	token := line.NewToken(1, 5)
	tokens := rapid.SampledFrom([]line.Token{0, token - 1, token, token + 1})
	rapid.Check(t, func(t *rapid.T) {
		h := New("ST060.welder", 1, Options{})
		now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
		h.Step(now, Tick{})
		out := h.Step(now, Connected{})
		act := (&rig{h: h}).intent(token)
		op := rapid.SampledFrom([]line.Op{line.Execute, line.Reconcile}).Draw(t, "op")
		closed := false
		for i := range rapid.IntRange(1, 40).Draw(t, "reads") {
			if i == 1 {
				out = h.Step(now, Submit{line.Job{Op: op, Token: token, Act: act}})
			}
			s := tags.Status{
				Heartbeat: uint16(i), RetainID: rapid.SampledFrom([]uint32{7001, 7001, 7001, 7002}).Draw(t, "retain"),
				BootEpoch: rapid.Uint32Range(1, 2).Draw(t, "epoch"), FenceHighest: rapid.Uint16Range(0, 2).Draw(t, "fence"),
				Floor: tokens.Draw(t, "floor"), InFlight: tokens.Draw(t, "in flight"), LastCompleted: tokens.Draw(t, "completed"),
				Phase: line.Phase(rapid.Uint16Range(0, 7).Draw(t, "phase")), Outcome: line.Outcome(rapid.Uint16Range(0, 9).Draw(t, "outcome")),
				Rejected: tokens.Draw(t, "rejected"), RejectReason: line.RejectReason(rapid.Uint16Range(0, 12).Draw(t, "reason")),
				Machine: rapid.SampledFrom([]uint16{stateExecute, stateExecute, 11, 99}).Draw(t, "state"),
			}
			for range 50 {
				if out.Read || out.Redial {
					break
				}
				now = now.Add(50 * time.Millisecond)
				out = h.Step(now, Tick{})
			}
			if out.Redial {
				out = h.Step(now, Connected{})
			}
			out = h.Step(now, StatusRead{s})
			for _, e := range out.Events {
				switch e := e.(type) {
				case line.ActFinished:
					if s.LastCompleted != token || s.RetainID != 7001 || e.Outcome < line.OutcomeOK || e.Outcome > line.OutcomeAborted {
						t.Fatalf("finished by %+v", s)
					}
				case line.ActNotBegun:
					if op != line.Reconcile || s.Floor >= token || s.RetainID != 7001 || s.FenceHighest != 1 {
						t.Fatalf("not begun by %+v", s)
					}
				case line.DeviceStatus, line.DeviceLost:
					continue
				case line.ActRejected, line.ActUnknown:
				}
				if closed {
					t.Fatalf("ended twice, the second time %+v", e)
				}
				closed = true
			}
			if c := out.Write; c != nil && c.Op == tags.OpExecute {
				if op == line.Reconcile || closed || s.Phase != line.PhaseIdle || s.Machine != stateExecute || s.Floor >= token ||
					s.RetainID != 7001 || s.FenceHighest != 1 || c.BootEpoch != s.BootEpoch || c.Token != token {
					t.Fatalf("sent %+v on %+v", c, s)
				}
			}
			if out.Write != nil && !out.Read {
				t.Fatal("a write without a read after it")
			}
		}
	})
}
