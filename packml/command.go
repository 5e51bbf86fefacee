package packml

import (
	"fmt"
	"strings"
)

// Command is a PackML command under its number in ISA-TR88.00.02 (tag Command.CntrlCmd), 1 to 10.
type Command uint8

// The commands. SC is none: it is the event "state complete", and it has the number that the standard leaves undefined, so
// nobody can send it. It stands here because the table speaks of it.
const (
	SC           Command = iota
	CmdReset             // 1: Stopped or Complete to Idle
	CmdStart             // 2: Idle to Execute
	CmdStop              // 3: a controlled stop
	CmdHold              // 4: wait for an inner cause
	CmdUnhold            // 5
	CmdSuspend           // 6: wait for a neighbour
	CmdUnsuspend         // 7
	CmdAbort             // 8: a fault
	CmdClear             // 9: the fault is corrected
	CmdComplete          // 10: end the run
)

var commandNames = [...]string{
	"SC", "Reset", "Start", "Stop", "Hold", "Unhold", "Suspend", "Unsuspend", "Abort", "Clear", "Complete",
}

// String returns the command's name, or Command(n) for a number that the standard does not know.
func (c Command) String() string {
	if int(c) < len(commandNames) {
		return commandNames[c]
	}
	return fmt.Sprintf("Command(%d)", uint8(c))
}

func (c Command) known() bool { return c > SC && int(c) < len(commandNames) }

// ParseCommand reads a command's name in any case. The error lists the commands.
func ParseCommand(name string) (Command, error) {
	for i, n := range commandNames[1:] {
		if strings.EqualFold(n, name) {
			return Command(i + 1), nil
		}
	}
	return SC, fmt.Errorf("unknown command %q; known are %s", name, strings.Join(commandNames[1:], ", "))
}
