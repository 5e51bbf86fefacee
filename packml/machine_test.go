package packml

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRefusalsTellTheOperatorWhatToDo(t *testing.T) {
	for _, tt := range []struct {
		state    State
		command  Command
		mode     Mode
		disabled State
		want     string
	}{
		{Stopped, CmdStart, Production, Undefined, "cannot Start while Stopped; Reset first"},
		{Aborted, CmdStart, Production, Undefined, "cannot Start while Aborted; Clear first"},
		{Aborting, CmdReset, Production, Undefined, "cannot Reset while Aborting; wait for Aborted"},
		{Resetting, CmdStart, Production, Undefined, "cannot Start while Resetting; wait for Idle"},
		{Holding, CmdUnhold, Production, Undefined, "cannot Unhold while Holding; wait for Held"},
		{Held, CmdStart, Production, Undefined, "cannot Start while Held; Unhold instead"},
		{Held, CmdSuspend, Production, Undefined, "cannot Suspend while Held; Unhold first"},
		{Execute, CmdReset, Production, Undefined, "cannot Reset while Execute; Reset is for Stopped and Complete"},
		{Execute, CmdClear, Production, Undefined, "cannot Clear while Execute; Clear is for Aborted"},
		{Execute, CmdUnhold, Production, Undefined, "cannot Unhold while Execute; that is done or under way already"},
		{Aborted, CmdStop, Production, Undefined, "cannot Stop while Aborted; it stops or stands still already"},
		{Execute, CmdSuspend, Manual, Undefined, "cannot Suspend while Execute; mode Manual has no Suspend, change the mode in Stopped, Idle or Aborted"},
		{Execute, CmdHold, Production, Held, "cannot Hold while Execute; it has no state Held"},
		{Idle, Command(11), Production, Undefined, "cannot Command(11) while Idle; no such command"},
		{Resetting, SC, Production, Undefined, "cannot SC while Resetting; only Done completes a state"},
	} {
		var disabled []State
		if tt.disabled != Undefined {
			disabled = append(disabled, tt.disabled)
		}
		m := at(t, Stopped, disabled...)
		if err := m.SetMode(tt.mode); err != nil {
			t.Fatal(err)
		}
		m.Restore(tt.state)
		if _, err := m.Fire(tt.command); err == nil || err.Error() != tt.want {
			t.Errorf("%v in %v: %v\nwant %s", tt.command, tt.state, err, tt.want)
		}
	}
}

// Following the advice of a refusal must lead to the command being taken, not in a circle.
func TestAdviceLeadsThere(t *testing.T) {
	for s := Clearing; s <= Complete; s++ {
	command:
		for c := CmdReset; c <= CmdComplete; c++ {
			m := at(t, s)
			for range 10 {
				err := m.Legal(c)
				if err == nil {
					continue command
				}
				_, advice, _ := strings.Cut(err.Error(), "; ")
				word, rest, _ := strings.Cut(advice, " ")
				if word == "wait" && m.State().Acting() {
					_, err = m.Done()
				} else if next, unknown := ParseCommand(word); unknown == nil && rest == "first" {
					_, err = m.Fire(next)
				} else {
					continue command // nothing to follow
				}
				if err != nil {
					t.Errorf("%v in %v: the advice %q is itself refused: %v", c, s, advice, err)
					continue command
				}
			}
			t.Errorf("%v in %v: ten steps of advice do not lead there", c, s)
		}
	}
}

func TestDisabledActingStatesAreSkipped(t *testing.T) {
	acting := []State{Clearing, Starting, Stopping, Aborting, Holding, Unholding, Suspending, Unsuspending, Resetting, Completing}
	m := at(t, Aborted, acting...)
	for _, step := range []struct {
		command Command
		want    State
	}{
		{CmdClear, Stopped},
		{CmdReset, Idle},
		{CmdStart, Execute},
		{CmdHold, Held},
		{CmdUnhold, Execute},
		{CmdSuspend, Suspended},
		{CmdUnsuspend, Execute},
		{CmdComplete, Complete},
		{CmdStop, Stopped},
		{CmdAbort, Aborted},
	} {
		if got, err := m.Fire(step.command); err != nil || got != step.want {
			t.Fatalf("%v gave %v, %v; want %v", step.command, got, err, step.want)
		}
	}
	m.Restore(Holding) // recorded before Holding was disabled
	if got, err := m.Done(); err != nil || got != Held {
		t.Errorf("state complete in the disabled state Holding gave %v, %v; want Held", got, err)
	}
}

func TestACommandToADisabledWaitStateIsRefused(t *testing.T) {
	m := at(t, Execute, Held, Suspended, Complete)
	for _, c := range []Command{CmdHold, CmdSuspend, CmdComplete} {
		if got, err := m.Fire(c); err == nil || got != Execute {
			t.Errorf("%v gave %v, %v; want a refusal", c, got, err)
		}
	}
	if got, err := m.Fire(CmdStop); err != nil || got != Stopping {
		t.Errorf("Stop gave %v, %v", got, err)
	}
}

func TestNewRefusesWhatNoMachineMayLack(t *testing.T) {
	for _, s := range []State{Undefined, Stopped, Idle, Execute, Aborted, State(18)} {
		if _, err := New(Held, s); err == nil {
			t.Errorf("New may disable %v", s)
		}
	}
	for _, s := range []State{Undefined, State(18), Held} {
		if _, err := New(s, Held); err == nil {
			t.Errorf("New may begin in %v", s)
		}
	}
}

func TestModesChangeAtRestOnlyAndDropTheirLoops(t *testing.T) {
	for s := Clearing; s <= Complete; s++ {
		m := at(t, s)
		err := m.SetMode(Maintenance)
		rest := s == Stopped || s == Idle || s == Aborted
		var refused *ModeError
		if rest && (err != nil || m.Mode() != Maintenance) {
			t.Errorf("SetMode in %v: %v", s, err)
		}
		if !rest && (!errors.As(err, &refused) || m.Mode() != Production) {
			t.Errorf("SetMode in %v gave %v and mode %v; want a refusal", s, err, m.Mode())
		}
	}
	for _, mode := range []Mode{0, 8, 255} {
		if err := at(t, Stopped).SetMode(mode); err == nil {
			t.Errorf("mode %d was accepted", mode)
		}
	}
	for mode := Production; mode <= MasterCheck; mode++ {
		m := at(t, Stopped)
		if err := m.SetMode(mode); err != nil {
			t.Fatal(err)
		}
		m.Restore(Execute)
		dropped := mode == Maintenance || mode == Manual
		for _, c := range []Command{CmdSuspend, CmdComplete} {
			if (m.Legal(c) != nil) != dropped {
				t.Errorf("%v in mode %v: %v", c, mode, m.Legal(c))
			}
		}
		for _, c := range []Command{CmdHold, CmdStop, CmdAbort} {
			if err := m.Legal(c); err != nil {
				t.Errorf("%v in mode %v: %v", c, mode, err)
			}
		}
	}
}

func TestRestoreTakesWhatWasRecorded(t *testing.T) {
	for s := Clearing; s <= Complete; s++ {
		m := at(t, s)
		if m.State() != s {
			t.Errorf("restored as %v, want %v", m.State(), s)
		}
	}
	for _, s := range []State{Undefined, State(18), State(255)} {
		m := at(t, Execute)
		if m.Restore(s); m.State() != Aborted {
			t.Errorf("State(%d) restored as %v, want Aborted", uint8(s), m.State())
		}
	}
}

func TestParseErrorsListWhatThereIs(t *testing.T) {
	for _, name := range []string{"", "SC", "go", "Reset "} {
		if _, err := ParseCommand(name); err == nil || !strings.Contains(err.Error(), "Reset, Start, Stop, Hold, Unhold, Suspend, Unsuspend, Abort, Clear, Complete") {
			t.Errorf("ParseCommand(%q): %v", name, err)
		}
	}
	if c, err := ParseCommand("uNHOLD"); err != nil || c != CmdUnhold {
		t.Errorf("ParseCommand is not indifferent to case: %v, %v", c, err)
	}
	if _, err := ParseState("Running"); err == nil || !strings.Contains(err.Error(), "Clearing, Stopped") {
		t.Errorf("ParseState: %v", err)
	}
}

// Whatever is asked of a machine in whatever order: the state is one of the enabled ones, Abort is always either legal or
// already done, a person can always bring it back to Execute, and a refusal changes nothing.
func TestNoSequenceOfCommandsTrapsAMachine(t *testing.T) {
	optional := []State{
		Clearing, Starting, Stopping, Aborting, Holding, Unholding, Suspending, Unsuspending, Resetting, Completing, Suspended, Held, Complete,
	}
	rapid.Check(t, func(t *rapid.T) {
		disabled := rapid.SliceOfNDistinct(rapid.SampledFrom(optional), 0, len(optional), rapid.ID[State]).Draw(t, "disabled")
		m, err := New(Stopped, disabled...)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			before := m.State()
			switch c := Command(rapid.IntRange(0, 12).Draw(t, "command")); {
			case c == SC:
				_, err = m.Done()
			case c > CmdComplete:
				err = m.SetMode(Mode(rapid.IntRange(0, 8).Draw(t, "mode")))
			default:
				_, err = m.Fire(c)
			}
			if err != nil && m.State() != before {
				t.Fatalf("a refusal (%v) moved the machine from %v to %v", err, before, m.State())
			}
			if slices.Contains(disabled, m.State()) {
				t.Fatalf("in the disabled state %v", m.State())
			}
			if s := m.State(); m.Legal(CmdAbort) != nil && s != Aborting && s != Aborted {
				t.Fatalf("cannot Abort while %v", s)
			}
		}
		restart(t, m)
	})
}

// restart aborts a machine and brings it to Execute as an operator would.
func restart(t *rapid.T, m *Machine) {
	if m.Legal(CmdAbort) == nil {
		_, _ = m.Fire(CmdAbort)
	}
	for _, c := range []Command{SC, CmdClear, SC, CmdReset, SC, CmdStart, SC} {
		if c != SC {
			if _, err := m.Fire(c); err != nil {
				t.Fatal(err)
			}
		} else if m.State().Acting() {
			if _, err := m.Done(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if m.State() != Execute {
		t.Fatalf("ended in %v, want Execute", m.State())
	}
}

func TestAskingAllocatesNothing(t *testing.T) {
	m := at(t, Execute)
	if n := testing.AllocsPerRun(100, func() {
		if m.State() != Execute || m.Legal(CmdStop) != nil {
			t.Fatal("not in Execute")
		}
	}); n != 0 {
		t.Errorf("State and Legal allocate %v times", n)
	}
}

func BenchmarkLegal(b *testing.B) {
	m := at(b, Execute)
	for b.Loop() {
		if m.Legal(CmdStop) != nil {
			b.Fatal("refused")
		}
	}
}
