package packml

import (
	"fmt"
	"strings"
)

// State is a PackML state under its number in ISA-TR88.00.02 (tag Status.StateCurrent), 0 to 17. Other specifications number
// the same names otherwise, so a bare integer from a third party is mapped by its driver before it becomes a State.
type State uint8

// The states. An acting state ends by itself with state complete (SC); a wait state is left by a command only. Execute is both:
// it lasts until a command ends it.
const (
	Undefined    State = iota // not known yet; takes no command
	Clearing                  // acting: removes what the fault left behind
	Stopped                   // wait: powered and still
	Starting                  // acting: brings the station into motion
	Idle                      // wait: ready, waits for Start
	Suspended                 // wait: starved or blocked, goes on without an operator
	Execute                   // works
	Stopping                  // acting: comes to a controlled stop
	Aborting                  // acting: comes to a stop as fast as it may after a fault
	Aborted                   // wait: stays until someone has corrected the cause and clears
	Holding                   // acting: leads to Held
	Held                      // wait: an inner cause (material low, minor service), an operator lets it go on
	Unholding                 // acting: leads back to Execute
	Suspending                // acting: leads to Suspended
	Unsuspending              // acting: leads back to Execute
	Resetting                 // acting: makes ready, without hazardous motion
	Completing                // acting: ends the run
	Complete                  // wait: the run has ended
)

var stateNames = [...]string{
	"Undefined", "Clearing", "Stopped", "Starting", "Idle", "Suspended", "Execute", "Stopping", "Aborting", "Aborted",
	"Holding", "Held", "Unholding", "Suspending", "Unsuspending", "Resetting", "Completing", "Complete",
}

// String returns the state's name in the spelling of the standard, or State(n) for a number that it does not know.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Acting reports whether the state ends by itself with state complete. Execute does not: it ends by a command.
func (s State) Acting() bool {
	switch s {
	case Clearing, Starting, Stopping, Aborting, Holding, Unholding, Suspending, Unsuspending, Resetting, Completing:
		return true
	case Undefined, Stopped, Idle, Suspended, Execute, Aborted, Held, Complete:
	}
	return false
}

func (s State) known() bool { return s > Undefined && int(s) < len(stateNames) }

// ParseState reads a state's name in any case. The error lists the names.
func ParseState(name string) (State, error) {
	for i, n := range stateNames {
		if strings.EqualFold(n, name) {
			return State(i), nil
		}
	}
	return Undefined, fmt.Errorf("unknown PackML state %q; known are %s", name, strings.Join(stateNames[:], ", "))
}
