package packml

import (
	"fmt"
	"slices"
	"strings"
)

// IllegalError is the refusal of a command, or of state complete (SC), in a state. Nothing has changed. Its text is for the
// operator: what is not possible, and what to do.
type IllegalError struct {
	State   State
	Command Command
	Mode    Mode

	disabled []State
}

// Error says for example "cannot Start while Stopped; Reset first".
func (e *IllegalError) Error() string {
	return fmt.Sprintf("cannot %v while %v; %s", e.Command, e.State, e.advice())
}

func (e *IllegalError) advice() string {
	s, c := e.State, e.Command
	if c == SC && s.Acting() {
		return "only Done completes a state"
	}
	if c == SC {
		return "only an acting state completes"
	}
	if !c.known() {
		return "no such command"
	}
	goal := commandGoal(c)
	switch {
	case s == Undefined:
		return "wait until its state is known"
	case slices.Contains(e.disabled, goal):
		return "it has no state " + goal.String()
	case e.Mode.lacks(c):
		return fmt.Sprintf("mode %v has no %v, change the mode in Stopped, Idle or Aborted", e.Mode, c)
	case settle(s) == goal:
		return "that is done or under way already"
	case s.Acting() && takes(settle(s), c):
		return "wait for " + settle(s).String()
	}
	if step, ok := firstStep(s, c); ok {
		return step
	}
	var in []string
	for w := Clearing; w.known(); w++ {
		if takes(w, c) {
			in = append(in, w.String())
		}
	}
	if len(in) > 3 {
		return "it stops or stands still already"
	}
	return fmt.Sprintf("%v is for %s", c, strings.Join(in, " and "))
}

// commandGoal returns the state in which a command's way ends.
func commandGoal(c Command) State {
	for _, r := range rules {
		if r.command == c {
			return settle(r.to)
		}
	}
	return Undefined
}

func takes(s State, c Command) bool {
	_, ok := target(s, c)
	return ok
}

// firstStep finds the shortest way from a state to one that takes the command, by the commands that lead forward, and words
// its first step. There is none for a command that only answers another one, as Unhold answers Hold: nobody should Hold a
// station in order to Unhold it.
func firstStep(from State, c Command) (string, bool) {
	switch c {
	case CmdStop, CmdAbort, CmdClear, CmdUnhold, CmdUnsuspend, SC:
		return "", false
	case CmdReset, CmdStart, CmdHold, CmdSuspend, CmdComplete:
	}
	type way struct {
		at   State
		step string
	}
	seen := map[State]bool{from: true}
	for queue := []way{{at: from}}; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		if takes(w.at, c) {
			return w.step, true
		}
		if w.at == commandGoal(c) { // where the command would lead, by another one: Held goes on by Unhold, not by Start
			return strings.Replace(w.step, " first", " instead", 1), true
		}
		for _, by := range []Command{SC, CmdUnhold, CmdUnsuspend, CmdClear, CmdReset, CmdStart} {
			to, ok := target(w.at, by)
			if !ok || seen[to] {
				continue
			}
			seen[to] = true
			step := w.step
			if step == "" && by == SC {
				step = "wait for " + to.String()
			} else if step == "" {
				step = by.String() + " first"
			}
			queue = append(queue, way{to, step})
		}
	}
	return "", false
}

// ModeError is the refusal of a change of the unit mode. Nothing has changed.
type ModeError struct {
	State State
	Mode  Mode // the mode asked for
}

// Error says for example "cannot change to mode Manual while Execute; Stop first".
func (e *ModeError) Error() string {
	if !e.Mode.known() {
		return fmt.Sprintf("cannot change to %v: no such mode", e.Mode)
	}
	return fmt.Sprintf("cannot change to mode %v while %v; modes change in Stopped, Idle or Aborted", e.Mode, e.State)
}
