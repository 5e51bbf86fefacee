package plc_test

import (
	"testing"
	"time"

	"linectl/line"
	"linectl/plc"
	"linectl/plc/modbus"
	"linectl/plc/tags"
)

// raw is a connection beside the handshake's: it writes what a late or a strange block would, and reads what is really there.
func (s *scanner) raw(t *testing.T) plc.Conn {
	t.Helper()
	c, err := (&modbus.Dialer{Address: s.addr, Map: s.layout}).Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// after writes a block by hand and returns the status as it is then. Heartbeats of the handshake go on beside it.
func after(t *testing.T, c plc.Conn, cmd tags.Command) tags.Status {
	t.Helper()
	if err := c.Write(t.Context(), cmd); err != nil {
		t.Fatal(err)
	}
	st, err := c.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func (s *scanner) void(token line.Token) {
	s.Send(line.Job{Op: line.Void, Device: "ST010.scanner", Token: token, Act: line.Intent{Token: token, RetainID: s.status.RetainID}})
}

// A device that is idle takes a void: nothing of that token or an earlier one can begin any more, and the next one is done as ever.
func TestAVoidFencesWhatComesLate(t *testing.T) {
	s := startScanner(t, tags.ABCD)
	c := s.raw(t)
	token := line.NewToken(1, 5)
	s.void(token)
	await(t, s, func(st line.DeviceStatus) bool { return st.Floor == token && st.Phase == line.PhaseIdle })
	late := tags.Command{Fence: 1, BootEpoch: s.status.BootEpoch, Op: tags.OpExecute, Token: token, Task: uint16(line.TaskScanCell)}
	older, again, lower := late, late, late
	older.Token--
	again.Op, lower.Op, lower.Token = tags.OpVoid, tags.OpVoid, token-2
	for name, cmd := range map[string]tags.Command{"the act that was voided": late, "an earlier one": older, "the same void": again, "the void of an earlier one": lower} {
		if st := after(t, c, cmd); st.Floor != token || st.Phase != line.PhaseIdle || st.InFlight != 0 || st.EffectCount != 0 {
			t.Errorf("%s comes late, and the device is %+v", name, st)
		}
	}
	s.void(token) // there is nothing left to do, and it does not stand in the way of the next act
	next := token + 1
	s.scan(next)
	if done := await(t, s, func(line.ActFinished) bool { return true }); done.Token != next || done.EffectCount != 1 {
		t.Errorf("after the void: %+v", done)
	}
}

// An act that runs is not voided, neither by a block nor by a job: it ends with its result, which is kept.
func TestARunningActIsNotVoided(t *testing.T) {
	s := newScanner(t, tags.ABCD)
	servePlant(t, s, "", 1)
	s.connect(t, 1)
	s.powerUp(t)
	c := s.raw(t)
	for n := uint64(1); n <= 20; n++ {
		token := line.NewToken(1, n)
		s.scan(token)
		await(t, s, func(st line.DeviceStatus) bool { return st.InFlight == token })
		s.void(token)
		void := tags.Command{Fence: 1, BootEpoch: s.status.BootEpoch, Op: tags.OpVoid, Token: token}
		mine := after(t, c, void)
		void.Token = token + 1
		other := after(t, c, void)
		done := await(t, s, func(line.ActFinished) bool { return true })
		if done.Token != token || done.Outcome != line.OutcomeOK || done.EffectCount != uint32(n) {
			t.Fatalf("the act that ran: %+v", done)
		}
		if st, err := c.Read(t.Context()); err != nil || st.Phase != line.PhaseDone || st.LastCompleted != token {
			t.Errorf("its result is gone before anybody has recorded it: %+v, %v", st, err)
		}
		s.Send(line.Job{Op: line.Acknowledge, Device: "ST010.scanner", Token: token})
		await(t, s, func(st line.DeviceStatus) bool { return st.Phase == line.PhaseIdle && st.Floor == token })
		if other.InFlight != token {
			continue // this machine was too slow: the act had ended before the voids came
		}
		for of, st := range map[line.Token]tags.Status{token: mine, token + 1: other} {
			if st.InFlight != token || st.Floor != token || st.Rejected != of || st.RejectReason != line.RejectBusy {
				t.Errorf("a void of %s while %s runs: %+v", of, token, st)
			}
		}
		return
	}
	t.Error("no act ran long enough to be voided in the middle")
}

// After a power failure in an act a later supervisor voids it: the device is idle then, and its floor says that no block of it begins.
func TestALaterSupervisorVoidsWhatWasCutOff(t *testing.T) {
	s := newScanner(t, tags.ABCD)
	dir := t.TempDir()
	powerOff := servePlant(t, s, dir, 1)
	s.connect(t, 1)
	s.powerUp(t)
	token := line.NewToken(1, 1)
	s.scan(token)
	await(t, s, func(st line.DeviceStatus) bool { return st.InFlight == token })
	s.hangUp()
	powerOff()
	servePlant(t, s, dir, 1)
	s.events = make(chan line.DeviceEvent, 1000)
	s.connect(t, 2)
	if s.status.Phase != line.PhaseInterrupted || s.status.InFlight != token {
		t.Fatalf("power failed in the act, and the device is %+v", s.status)
	}
	time.Sleep(200 * time.Millisecond) // it stays so until somebody voids it
	if st, err := s.raw(t).Read(t.Context()); err != nil || st.Phase != line.PhaseInterrupted {
		t.Fatalf("nobody has voided it: %+v, %v", st, err)
	}
	s.void(token)
	await(t, s, func(st line.DeviceStatus) bool {
		return st.Phase == line.PhaseIdle && st.Floor == token && st.InFlight == 0
	})
}
