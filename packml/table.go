package packml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/looplab/fsm"
)

// Edge is one line of the transition table: in From, the command (or SC) leads to To.
type Edge struct {
	From    State
	Command Command
	To      State
}

// rule is a command, the states that take it, and the state that it leads to.
type rule struct {
	command Command
	from    []State
	to      State
}

// rules is the table of ISA-TR88.00.02-2022 with its default masks. Complete from Held and Suspended, and Hold from Suspended,
// are of 2022; Execute has no state complete of its own since then.
var rules = []rule{
	{CmdReset, []State{Stopped, Complete}, Resetting},
	{SC, []State{Resetting}, Idle},
	{CmdStart, []State{Idle}, Starting},
	{SC, []State{Starting, Unholding, Unsuspending}, Execute},

	{CmdHold, []State{Execute, Suspended}, Holding},
	{SC, []State{Holding}, Held},
	{CmdUnhold, []State{Held}, Unholding},

	{CmdSuspend, []State{Execute}, Suspending},
	{SC, []State{Suspending}, Suspended},
	{CmdUnsuspend, []State{Suspended}, Unsuspending},

	{CmdComplete, []State{Execute, Held, Suspended}, Completing},
	{SC, []State{Completing}, Complete},

	{CmdStop, []State{
		Starting, Idle, Suspended, Execute, Holding, Held, Unholding, Suspending, Unsuspending, Resetting, Completing, Complete,
	}, Stopping},
	{CmdAbort, []State{
		Clearing, Stopped, Starting, Idle, Suspended, Execute, Stopping, Holding, Held, Unholding, Suspending, Unsuspending,
		Resetting, Completing, Complete,
	}, Aborting},
	{SC, []State{Aborting}, Aborted},
	{CmdClear, []State{Aborted}, Clearing},
	{SC, []State{Clearing, Stopping}, Stopped},
}

// Table returns the whole transition table, ordered by state and then by command, SC first. It has no disabled states.
func Table() []Edge {
	var edges []Edge
	for _, r := range rules {
		for _, s := range r.from {
			edges = append(edges, Edge{s, r.command, r.to})
		}
	}
	slices.SortFunc(edges, func(a, b Edge) int {
		if a.From != b.From {
			return int(a.From) - int(b.From)
		}
		return int(a.Command) - int(b.Command)
	})
	return edges
}

// target returns where a command (or SC) leads to from a state, if the table has it.
func target(s State, c Command) (State, bool) {
	for _, r := range rules {
		if r.command == c && slices.Contains(r.from, s) {
			return r.to, true
		}
	}
	return Undefined, false
}

// settle follows state complete from an acting state to the wait state, or Execute, that it leads to.
func settle(s State) State {
	for s.Acting() {
		s, _ = target(s, SC)
	}
	return s
}

// events turns the rules into a table for the library. An edge into a disabled acting state goes on to the state that it
// settles in; an edge whose command settles in a disabled wait state is left out. Edges out of disabled states stay, so that a
// machine restored into one can leave it.
func events(disabled []State) fsm.Events {
	var table fsm.Events
	for _, r := range rules {
		if slices.Contains(disabled, settle(r.to)) {
			continue
		}
		to := r.to
		if slices.Contains(disabled, to) {
			to = settle(to)
		}
		names := make([]string, len(r.from))
		for i, s := range r.from {
			names[i] = s.String()
		}
		table = append(table, fsm.EventDesc{Name: r.command.String(), Src: names, Dst: to.String()})
	}
	return table
}

// Diagram returns the table as a Mermaid state diagram. Stop and Abort are drawn as notes: as arrows they would hide the rest.
func Diagram() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n    [*] --> Aborted\n")
	taken := map[Command][]State{}
	for _, e := range Table() {
		if e.Command == CmdStop || e.Command == CmdAbort {
			taken[e.Command] = append(taken[e.Command], e.From)
			continue
		}
		fmt.Fprintf(&b, "    %s --> %s: %s\n", e.From, e.To, e.Command)
	}
	for _, c := range []Command{CmdStop, CmdAbort} {
		var not []string
		for s := Clearing; s.known(); s++ {
			if !slices.Contains(taken[c], s) {
				not = append(not, s.String())
			}
		}
		to, _ := target(taken[c][0], c)
		fmt.Fprintf(&b, "    note right of %s: %s leads here from every state but %s\n", to, c, strings.Join(not, ", "))
	}
	return b.String()
}
