package plc

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// curveOf is the encoding of a waveform that could be of no other act.
func curveOf(t failer, token line.Token) []byte {
	t.Helper()
	samples := make([]float32, 400)
	for i := range samples {
		samples[i] = float32(token.Sequence()) + float32(i)
	}
	b, err := line.Waveform{Interval: time.Millisecond, Channels: []line.Channel{{Name: "power", Unit: "W", Samples: samples}}}.Encode(nil)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return b
}

// newWelder is a rig whose device offers the waveforms of its acts, in pieces of 250 bytes.
func newWelder(t failer) *rig {
	r := newRig(t)
	r.waveforms = true
	r.area = func() []byte { return tags.EncodeWaveform(r.cell.LastCompleted, curveOf(r, r.cell.LastCompleted)) }
	return r
}

// weld lets one act be done and returns what is told of it.
func (r *rig) weld(token line.Token) line.ActFinished {
	r.Helper()
	r.run(100 * time.Millisecond)
	r.execute(token)
	_, before := last[line.ActFinished](r)
	for range 200 {
		if done, n := last[line.ActFinished](r); n > before {
			return done
		}
		r.run(100 * time.Millisecond)
	}
	r.Fatalf("the result of %v is never told", token)
	return line.ActFinished{}
}

func TestAWaveformComesWithItsResult(t *testing.T) {
	r := newWelder(t)
	for n := uint64(1); n <= 3; n++ {
		token := line.NewToken(1, n)
		done := r.weld(token)
		if done.Token != token || done.Waveform == nil || done.Waveform.Hash != line.WaveformHash(curveOf(r, token)) || done.NoWaveform != "" {
			t.Fatalf("told was %+v", done)
		}
		r.submit(line.Job{Op: line.Acknowledge, Token: token})
	}
	if r.pieces != 3*7 {
		t.Errorf("%d pieces were read, want 7 of 250 bytes for each of 3 waveforms", r.pieces)
	}
}

// Whatever is wrong with a waveform, the result is told, as it was read, with the reason in words, and soon.
func TestAWaveformThatCannotBeHadNeverHoldsUpTheResult(t *testing.T) {
	token := line.NewToken(1, 5)
	passing := &PassingError{Err: errors.New("device busy")}
	for _, c := range []struct {
		name, why string
		spoil     func(r *rig)
	}{
		{"of another act", "belongs to another act: 1-4", func(r *rig) {
			r.area = func() []byte { return tags.EncodeWaveform(token-1, curveOf(r, token-1)) }
		}},
		{"none", "has no waveform", func(r *rig) { r.area = func() []byte { return tags.EncodeWaveform(0, nil) } }},
		{"a byte differs", "damaged", func(r *rig) {
			whole := r.area
			r.area = func() []byte { b := whole(); b[700] ^= 1; return b }
		}},
		{"always being written", "damaged", func(r *rig) {
			n := uint64(0)
			r.area = func() []byte {
				n++
				return tags.EncodeWaveform(token, curveOf(r, line.NewToken(1, n)))
			}
		}},
		{"absurd length", "a length of", func(r *rig) {
			whole := r.area
			r.area = func() []byte { b := whole(); b[8] = 0xFF; return b }
		}},
		{"not a waveform", "does not begin with LWF1", func(r *rig) {
			r.area = func() []byte { return tags.EncodeWaveform(token, []byte("GIF89a")) }
		}},
		{"no such tag", "no such register", func(r *rig) {
			r.refusePiece = &ConfigurationError{Address: "here", Err: errors.New("no such register"), Remedy: "look"}
		}},
		{"busy for ever", "device busy", func(r *rig) { r.refusePiece = passing }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newWelder(t)
			c.spoil(r)
			begin := r.now
			done := r.weld(token)
			if done.Token != token || done.Values[0] != 5.5 || done.Outcome != line.OutcomeOK {
				t.Errorf("the result changed: %+v", done)
			}
			if done.Waveform != nil || !strings.Contains(done.NoWaveform, c.why) {
				t.Errorf("told was waveform %v and %q, want none and %q", done.Waveform, done.NoWaveform, c.why)
			}
			if took := r.now.Sub(begin); took > time.Second {
				t.Errorf("it took %v", took)
			}
			if _, lost := last[line.DeviceLost](r); lost > 0 {
				t.Error("the device counts as lost because of its waveform")
			}
			r.submit(line.Job{Op: line.Acknowledge, Token: token})
			r.spoilNothing(t)
			if next := r.weld(token + 1); next.Waveform == nil {
				t.Errorf("the next act has no waveform: %q", next.NoWaveform)
			}
		})
	}
}

func (r *rig) spoilNothing(t *testing.T) {
	t.Helper()
	r.refusePiece = nil
	r.area = func() []byte { return tags.EncodeWaveform(r.cell.LastCompleted, curveOf(r, r.cell.LastCompleted)) }
}

// A waveform that comes slowly is read between the polls: the device hears its supervisor all the time, and a Stop goes out
// at once.
func TestTheHeartbeatGoesOnWhileAWaveformIsRead(t *testing.T) {
	r := newWelder(t)
	r.pieceTakes = 400 * time.Millisecond
	token := line.NewToken(1, 5)
	r.run(100 * time.Millisecond)
	var heard time.Time
	longest := time.Duration(0)
	stop := time.Time{}
	r.saw = func(now time.Time, c tags.Command, _ line.RejectReason) {
		if !heard.IsZero() {
			longest = max(longest, now.Sub(heard))
		}
		heard = now
		if c.Op == tags.OpMachine && c.Task == commandStop {
			stop = now
		}
	}
	asked := time.Time{}
	r.onPiece = func() {
		if r.pieces == 3 {
			asked = r.now
			r.h.Step(r.now, Submit{line.Job{Op: line.MachineCommand, Device: r.h.device, Machine: commandStop}})
		}
	}
	done := r.weld(token)
	if done.Waveform == nil {
		t.Fatalf("no waveform: %s", done.NoWaveform)
	}
	if longest > 1200*time.Millisecond {
		t.Errorf("the device heard nothing for %v; it holds after 2 s", longest)
	}
	if stop.IsZero() || stop.Sub(asked) > 500*time.Millisecond {
		t.Errorf("a Stop asked for at %v came at %v", asked, stop)
	}
}

// The link falls in the middle of a waveform and comes back: the device keeps result and waveform until it is acknowledged.
func TestAWaveformIsReadAnewAfterTheLinkWasDown(t *testing.T) {
	r := newWelder(t)
	r.onPiece = func() {
		if r.pieces == 3 {
			r.failPieces = 1
		}
	}
	if done := r.weld(line.NewToken(1, 5)); done.Waveform == nil {
		t.Fatalf("no waveform: %s", done.NoWaveform)
	}
}

// The link falls and stays down: the result that was read is told, without its waveform.
func TestAResultDoesNotWaitForALinkThatStaysDown(t *testing.T) {
	r := newWelder(t)
	r.onPiece = func() {
		if r.pieces == 3 {
			r.failPieces, r.failDials = 1, 1000
		}
	}
	done := r.weld(line.NewToken(1, 5))
	if done.Waveform != nil || !strings.Contains(done.NoWaveform, "timeout") || done.Values[0] != 5.5 {
		t.Fatalf("told was %+v", done)
	}
}

// A supervisor that comes back finds the waveform with the result of the act that the last one had sent.
func TestARestartFindsTheWaveform(t *testing.T) {
	r := newWelder(t)
	token := line.NewToken(1, 5)
	r.run(100 * time.Millisecond)
	r.execute(token)
	r.restart()
	r.run(100 * time.Millisecond)
	r.submit(line.Job{Op: line.Reconcile, Token: token, Act: r.intent(token)})
	r.run(300 * time.Millisecond)
	if done, n := last[line.ActFinished](r); n != 1 || done.Waveform == nil {
		t.Fatalf("told %d times: %+v", n, done)
	}
}
