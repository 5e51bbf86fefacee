package packml

import (
	"errors"
	"slices"
	"testing"
)

// standard is the transition table of ISA-TR88.00.02-2022, written down by hand: one row a state, one column an event, a dot
// where the event is refused. The code must agree with it, not the other way round.
var standard = map[State][11]State{
	//            SC        Reset      Start     Stop      Hold     Unhold     Suspend     Unsuspend     Abort     Clear     Complete
	Undefined:    {o, o, o, o, o, o, o, o, o, o, o},
	Clearing:     {Stopped, o, o, o, o, o, o, o, Aborting, o, o},
	Stopped:      {o, Resetting, o, o, o, o, o, o, Aborting, o, o},
	Starting:     {Execute, o, o, Stopping, o, o, o, o, Aborting, o, o},
	Idle:         {o, o, Starting, Stopping, o, o, o, o, Aborting, o, o},
	Suspended:    {o, o, o, Stopping, Holding, o, o, Unsuspending, Aborting, o, Completing},
	Execute:      {o, o, o, Stopping, Holding, o, Suspending, o, Aborting, o, Completing},
	Stopping:     {Stopped, o, o, o, o, o, o, o, Aborting, o, o},
	Aborting:     {Aborted, o, o, o, o, o, o, o, o, o, o},
	Aborted:      {o, o, o, o, o, o, o, o, o, Clearing, o},
	Holding:      {Held, o, o, Stopping, o, o, o, o, Aborting, o, o},
	Held:         {o, o, o, Stopping, o, Unholding, o, o, Aborting, o, Completing},
	Unholding:    {Execute, o, o, Stopping, o, o, o, o, Aborting, o, o},
	Suspending:   {Suspended, o, o, Stopping, o, o, o, o, Aborting, o, o},
	Unsuspending: {Execute, o, o, Stopping, o, o, o, o, Aborting, o, o},
	Resetting:    {Idle, o, o, Stopping, o, o, o, o, Aborting, o, o},
	Completing:   {Complete, o, o, Stopping, o, o, o, o, Aborting, o, o},
	Complete:     {o, Resetting, o, Stopping, o, o, o, o, Aborting, o, o},
}

const o = Undefined // refused

// numbers are those of the standard, for states and for commands.
func TestNumbersAndNamesAreTheStandards(t *testing.T) {
	states := map[State]uint8{
		Undefined: 0, Clearing: 1, Stopped: 2, Starting: 3, Idle: 4, Suspended: 5, Execute: 6, Stopping: 7, Aborting: 8,
		Aborted: 9, Holding: 10, Held: 11, Unholding: 12, Suspending: 13, Unsuspending: 14, Resetting: 15, Completing: 16, Complete: 17,
	}
	for s, n := range states {
		if uint8(s) != n {
			t.Errorf("%v has number %d, want %d", s, uint8(s), n)
		}
		if back, err := ParseState(s.String()); err != nil || back != s {
			t.Errorf("ParseState(%q) = %v, %v", s.String(), back, err)
		}
	}
	names := []string{"Reset", "Start", "Stop", "Hold", "Unhold", "Suspend", "Unsuspend", "Abort", "Clear", "Complete"}
	for i, name := range names {
		c, err := ParseCommand(name)
		if err != nil || int(c) != i+1 || c.String() != name {
			t.Errorf("ParseCommand(%q) = %d %v, %v; want number %d", name, uint8(c), c, err, i+1)
		}
	}
	modes := []string{"Invalid", "Production", "Maintenance", "Manual", "Setup", "DryRun", "Simulation", "MasterCheck"}
	for i, name := range modes {
		if got := Mode(i).String(); got != name {
			t.Errorf("mode %d is called %s, want %s", i, got, name)
		}
	}
}

func TestEveryStateAndEventAgreeWithTheStandard(t *testing.T) {
	if len(standard) != 18 {
		t.Fatalf("the expected table has %d states, want 18", len(standard))
	}
	for s, row := range standard {
		for c := SC; c <= CmdComplete; c++ {
			m := at(t, s)
			var got State
			var err error
			if c == SC {
				got, err = m.Done()
			} else {
				legal := m.Legal(c)
				got, err = m.Fire(c)
				if (legal == nil) != (err == nil) {
					t.Errorf("%v in %v: Legal says %v, Fire says %v", c, s, legal, err)
				}
			}
			want := row[c]
			var refused *IllegalError
			switch {
			case want == o && (!errors.As(err, &refused) || refused.State != s || refused.Command != c || m.State() != s || got != s):
				t.Errorf("%v in %v gave %v, %v and state %v; want a refusal that changes nothing", c, s, got, err, m.State())
			case want != o && (err != nil || got != want || m.State() != want):
				t.Errorf("%v in %v gave %v, %v; want %v", c, s, got, err, want)
			}
		}
	}
}

func TestTableListsExactlyTheStandardsEdges(t *testing.T) {
	var want []Edge
	for s := Undefined; s <= Complete; s++ {
		for c := SC; c <= CmdComplete; c++ {
			if to := standard[s][c]; to != o {
				want = append(want, Edge{s, c, to})
			}
		}
	}
	if got := Table(); !slices.Equal(got, want) {
		t.Errorf("Table() = %v\nwant %v", got, want)
	}
}

func TestActingStatesAreThoseWithStateComplete(t *testing.T) {
	for s, row := range standard {
		if s.Acting() != (row[SC] != o) {
			t.Errorf("%v.Acting() = %v", s, s.Acting())
		}
	}
}

// at returns a machine in any state, Undefined included.
func at(t testing.TB, s State, disabled ...State) *Machine {
	t.Helper()
	m, err := New(Aborted, disabled...)
	if err != nil {
		t.Fatal(err)
	}
	m.Restore(s)
	if s == Undefined { // cannot be reached from outside; the table must have no way out of it all the same
		m.fsm.SetState(s.String())
		m.state = s
	}
	return m
}
