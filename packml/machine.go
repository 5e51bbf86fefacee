// Package packml is the state engine of a station: the states, commands and unit modes of PackML (ISA-TR88.00.02-2022) and
// the table of what leads where.
//
// It says what is legal and where it leads, and nothing more: it has no callbacks, does no I/O, reads no clock and knows no
// station. What must be done on entering a state is for the caller to decide, after Fire or Done has answered. looplab/fsm
// holds the table; only this package may import it.
package packml

import (
	"context"
	"fmt"
	"slices"

	"github.com/looplab/fsm"
)

// Machine is one PackML state machine. It is not safe for use by several goroutines at once.
type Machine struct {
	fsm   *fsm.FSM
	state State // what the library's current state is called, kept so that asking for it costs nothing
	mode  Mode
	lacks []State // disabled
}

// New returns a machine in the given state and in mode Production, without the disabled states. Acting states may be disabled,
// they are then passed over, and so may be Suspended, Held and Complete, whose commands are then refused. The states
// that every machine must have (Stopped, Idle, Execute, Aborted) may not; neither may a machine begin as Undefined or in a
// disabled state.
func New(initial State, disabled ...State) (*Machine, error) {
	for _, s := range disabled {
		switch {
		case !s.known():
			return nil, fmt.Errorf("cannot disable %v: no such state", s)
		case s == Stopped || s == Idle || s == Execute || s == Aborted:
			return nil, fmt.Errorf("cannot disable %v: every PackML machine must have it", s)
		}
	}
	if !initial.known() || slices.Contains(disabled, initial) {
		return nil, fmt.Errorf("cannot begin in state %v: begin in Aborted or Stopped", initial)
	}
	return &Machine{
		fsm:   fsm.NewFSM(initial.String(), events(disabled), nil),
		state: initial,
		mode:  Production,
		lacks: slices.Clone(disabled),
	}, nil
}

// State returns the present state.
func (m *Machine) State() State { return m.state }

// Mode returns the present unit mode.
func (m *Machine) Mode() Mode { return m.mode }

// Legal returns nil if the command may be given now, or an *IllegalError that tells the operator what to do.
func (m *Machine) Legal(c Command) error {
	if c.known() && m.fsm.Can(c.String()) && !m.mode.lacks(c) {
		return nil
	}
	return &IllegalError{State: m.state, Command: c, Mode: m.mode, disabled: m.lacks}
}

// Fire gives a command and returns the new state. A refused command (*IllegalError) changes nothing and returns the old one.
func (m *Machine) Fire(c Command) (State, error) {
	if err := m.Legal(c); err != nil {
		return m.state, err
	}
	return m.move(c), nil
}

// Done tells that the present acting state is complete (SC) and returns the next one. In any other state it is refused with an
// *IllegalError whose Command is SC.
func (m *Machine) Done() (State, error) {
	if !m.fsm.Can(SC.String()) {
		return m.state, &IllegalError{State: m.state, Command: SC, Mode: m.mode}
	}
	return m.move(SC), nil
}

// move takes an edge that is known to be there. The context is never the caller's: one that is cancelled during Event leaves
// the library's machine refusing everything, Abort too (looplab/fsm#115).
func (m *Machine) move(c Command) State {
	if err := m.fsm.Event(context.Background(), c.String()); err != nil {
		panic(fmt.Sprintf("packml: %v in %v was legal and failed: %v", c, m.state, err))
	}
	s, err := ParseState(m.fsm.Current())
	if err != nil {
		panic("packml: " + err.Error())
	}
	m.state = s
	return s
}

// SetMode changes the unit mode. It is refused with a *ModeError outside Stopped, Idle and Aborted, and for a number that is no
// mode. Setting the present mode again is always allowed.
func (m *Machine) SetMode(mode Mode) error {
	if !mode.known() {
		return &ModeError{m.state, mode}
	}
	if mode != m.mode && m.state != Stopped && m.state != Idle && m.state != Aborted {
		return &ModeError{m.state, mode}
	}
	m.mode = mode
	return nil
}

// Restore puts the machine into a state that a journal recorded, without asking the table: what was recorded has happened. The
// mode stays. A number that is no state, or Undefined, restores as Aborted, where a person must look.
func (m *Machine) Restore(s State) {
	if !s.known() {
		s = Aborted
	}
	m.fsm.SetState(s.String())
	m.state = s
}

// RestoreMode puts the machine into a mode that a journal recorded. A number that is no mode restores as Maintenance, in which no
// order runs.
func (m *Machine) RestoreMode(mode Mode) {
	if !mode.known() {
		mode = Maintenance
	}
	m.mode = mode
}
