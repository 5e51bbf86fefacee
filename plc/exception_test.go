package plc

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"linectl/line"
)

func TestWhatAnExceptionAllowsToConclude(t *testing.T) {
	said := errors.New("read status at register 2000: exception")
	for code, want := range map[byte]struct {
		class Class
		words string
	}{
		1: {Configuration, "correct unit, command_base"}, 2: {Configuration, "correct unit"}, 3: {Configuration, "correct unit"},
		4: {Passing, "a failure of its own (Modbus exception 4); look at the controller"}, 5: {Passing, "busy with something else (Modbus exception 5)"},
		6: {Passing, "busy with something else"}, 8: {Passing, "a failure of its own (Modbus exception 8)"},
		10: {Passing, "its gateway answers that it cannot reach it"}, 11: {Passing, "look at the gateway and at the cable behind it"},
	} {
		err := fmt.Errorf("poll: %w", ModbusException("127.0.0.1:502 unit 3", code, said))
		if c := Classify(err); c != want.class || !errors.Is(err, said) {
			t.Errorf("exception %d is %s: %v", code, c, err)
		}
		if got := linkWords(err); !strings.Contains(got, want.words) {
			t.Errorf("exception %d is told as %q, want %q", code, got, want.words)
		}
	}
}

// A device that says done and still shows the result before contradicts itself. Its own is waited for a second, and no longer.
func TestADeviceMayComeToItself(t *testing.T) {
	token, before := line.NewToken(1, 5), line.NewToken(1, 4)
	begin := func() *hand {
		x := up(t)
		x.execute(token)
		x.read(calm) // answers with the Execute
		return x
	}
	odd := calm
	odd.Floor, odd.LastCompleted, odd.Phase = token, before, line.PhaseDone

	x := begin()
	for range 900 { // a millisecond each
		if out := x.read(odd); len(out.Events) > 1 {
			t.Fatalf("told %+v", out.Events)
		}
	}
	right := odd
	right.LastCompleted, right.Outcome = token, line.OutcomeOK
	out := x.read(right)
	if f, is := out.Events[len(out.Events)-1].(line.ActFinished); !is || f.Token != token {
		t.Errorf("told %+v, want the result that came", out.Events)
	}

	x = begin()
	told := 0
	for range 1100 {
		for _, e := range x.read(odd).Events {
			if u, is := e.(line.ActUnknown); is {
				told++
				x.want(strings.Contains(u.Evidence.Why, "result of another job"), "say why")
			}
		}
	}
	if told != 1 {
		t.Errorf("told unknown %d times", told)
	}
}
