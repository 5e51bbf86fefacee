package plc_test

import (
	"path/filepath"
	"strings"
	"testing"

	"linectl/line"
	"linectl/plc/tags"
	"linectl/simulator"
)

// plainClasses are the classes that know no tokens.
var plainClasses = []line.DeviceClass{line.ClassB, line.ClassC}

func newPlainScanner(t *testing.T, class line.DeviceClass) *scanner {
	t.Helper()
	s := newScanner(t, tags.ABCD)
	s.layout.Class = class
	return s
}

// order is scan for a device of which the intent keeps the counter.
func (s *scanner) order(op line.Op, token line.Token, count uint32) {
	s.Send(line.Job{Op: op, Device: "ST010.scanner", Token: token, Act: line.Intent{
		Token: token, Task: line.TaskScanCell, Effects: count, Class: s.layout.Class, Params: []line.Quantity{{Name: "lane", Value: 1}},
	}})
}

// idle waits until the device is ready for the next act and returns its counter.
func (s *scanner) idle(t *testing.T) uint32 {
	t.Helper()
	return await(t, s, func(s line.DeviceStatus) bool { return s.Phase == line.PhaseIdle }).EffectCount
}

// measured counts what the scanner has really done.
func measured(t *testing.T, dir string) (n int) {
	t.Helper()
	events, err := simulator.ReadTruth(filepath.Join(dir, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.What == simulator.Measured {
			n++
			if e.Token != 0 {
				t.Errorf("the ground truth of a device without tokens names %v", e.Token)
			}
		}
	}
	return n
}

func TestActsOfDevicesWithoutTokens(t *testing.T) {
	for _, class := range plainClasses {
		t.Run(string(class), func(t *testing.T) {
			s, dir := newPlainScanner(t, class), t.TempDir()
			powerOff := servePlant(t, s, dir, 10000)
			s.connect(t, 1)
			s.powerUp(t)
			count := uint32(0)
			for n := range uint32(3) {
				token := line.NewToken(1, uint64(n+1))
				s.order(line.Execute, token, count)
				done := await(t, s, func(f line.ActFinished) bool { return f.Token == token })
				if done.Class != class || done.Outcome != line.OutcomeOK || done.Part == "" {
					t.Fatalf("act %d: %+v", n+1, done)
				}
				s.Send(line.Job{Op: line.Acknowledge, Device: "ST010.scanner", Token: token})
				if class == line.ClassC {
					s.idle(t)
				}
				count = done.EffectCount
				if want := map[line.DeviceClass]uint32{line.ClassB: n + 1}[class]; count != want {
					t.Fatalf("the counter stands at %d after act %d, want %d", count, n+1, want)
				}
			}
			powerOff()
			if n := measured(t, dir); n != 3 {
				t.Errorf("%d acts were really done, want 3", n)
			}
		})
	}
}

// TestASupervisorThatComesBackMakesNoSecondStart: the device is in the act when its supervisor dies. The next one only looks, and
// the start bit of class C stays up meanwhile.
func TestASupervisorThatComesBackMakesNoSecondStart(t *testing.T) {
	for _, class := range plainClasses {
		t.Run(string(class), func(t *testing.T) {
			s, dir := newPlainScanner(t, class), t.TempDir()
			powerOff := servePlant(t, s, dir, 1)
			s.connect(t, 1)
			s.powerUp(t)
			token := line.NewToken(1, 1)
			s.order(line.Execute, token, 0)
			await(t, s, func(s line.DeviceStatus) bool { return s.Phase == line.PhaseExecuting })
			s.hangUp()
			s.connect(t, 2)
			s.order(line.Reconcile, token, 0)
			done := await(t, s, func(f line.ActFinished) bool { return true })
			if done.Token != token || done.Outcome != line.OutcomeOK {
				t.Fatalf("found %+v", done)
			}
			powerOff()
			if n := measured(t, dir); n != 1 {
				t.Errorf("%d acts were really done, want 1", n)
			}
		})
	}
}

// TestADeviceThatRestartsInTheActIsNotStartedAgain: the evidence is gone or says that the job was begun; nobody may guess.
func TestADeviceThatRestartsInTheActIsNotStartedAgain(t *testing.T) {
	for class, words := range map[line.DeviceClass]string{
		line.ClassB: "the counter of ST010.scanner stands at 1, it was 0 when the job was ordered: it began the job and has no result",
		line.ClassC: "the start bit of ST010.scanner is down",
	} {
		t.Run(string(class), func(t *testing.T) {
			s, dir := newPlainScanner(t, class), t.TempDir()
			powerOff := servePlant(t, s, dir, 1)
			s.connect(t, 1)
			s.powerUp(t)
			token := line.NewToken(1, 1)
			s.order(line.Execute, token, 0)
			await(t, s, func(s line.DeviceStatus) bool {
				return s.Phase == line.PhaseExecuting && (class == line.ClassC || s.EffectCount == 1)
			})
			powerOff()
			powerOff = servePlant(t, s, dir, 1)
			unknown := await(t, s, func(line.ActUnknown) bool { return true })
			if e := unknown.Evidence; unknown.Token != token || e.Class != class || !strings.Contains(e.Why, words) {
				t.Errorf("told %+v, want the words %q", unknown, words)
			}
			powerOff()
			if n := measured(t, dir); n != 0 {
				t.Errorf("%d acts were done to their end, want 0: the first was cut off and no second may begin", n)
			}
		})
	}
}
