package packml

import (
	"fmt"
	"strings"
)

// Mode is a unit mode (tag Status.UnitModeCurrent). The standard defines 1 to 3; 4 and above are ours.
type Mode uint8

// The modes.
const (
	Production  Mode = iota + 1 // builds packs that count
	Maintenance                 // no order runs: the Suspend and Complete loops are absent
	Manual                      // as Maintenance, single acts by hand
	Setup                       // change of product or tooling
	DryRun                      // moves without parts
	Simulation                  // against the virtual plant
	MasterCheck                 // measures a master part
)

var modeNames = [...]string{"Invalid", "Production", "Maintenance", "Manual", "Setup", "DryRun", "Simulation", "MasterCheck"}

// String returns the mode's name, or Mode(n) for a number that is no mode.
func (m Mode) String() string {
	if int(m) < len(modeNames) {
		return modeNames[m]
	}
	return fmt.Sprintf("Mode(%d)", uint8(m))
}

func (m Mode) known() bool { return m >= Production && m <= MasterCheck }

// lacks reports whether the command opens a loop that the mode does not have.
func (m Mode) lacks(c Command) bool {
	return (m == Maintenance || m == Manual) && (c == CmdSuspend || c == CmdComplete)
}

// ParseMode reads a mode's name in any case. The error lists the modes.
func ParseMode(name string) (Mode, error) {
	for m := Production; m.known(); m++ {
		if strings.EqualFold(modeNames[m], name) {
			return m, nil
		}
	}
	return 0, fmt.Errorf("unknown mode %q; known are %s", name, strings.Join(modeNames[1:], ", "))
}
