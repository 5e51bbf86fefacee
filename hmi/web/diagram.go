package web

import (
	"fmt"
	"slices"
	"strings"

	"linectl/packml"
)

// diagram is the state machine of PackML as it is drawn: where a station is, and where a person can lead it from there.
type diagram struct {
	Label  string // for whoever cannot see it
	States []drawnState
	Edges  []drawnEdge
}

type drawnState struct {
	X, Y  int
	Name  string
	Now   bool
	Look  string
	Reach bool   // a command leads there now
	By    string // that command; empty if the station goes there by itself
}

type drawnEdge struct {
	Path string
	Open bool // the station goes there by itself now, or by a command that can be given
}

// Size of a state and of the grid, in the units of the drawing.
const (
	stateWidth, stateHeight = 130, 34
	gridX, gridY            = 156, 64
)

// places are where the states are drawn, by column and row: the way of a part in the middle, Held above it, Suspended below.
var places = map[packml.State][2]int{
	packml.Unholding: {1, 0}, packml.Held: {2, 0}, packml.Holding: {3, 0},
	packml.Idle: {0, 1}, packml.Starting: {1, 1}, packml.Execute: {2, 1}, packml.Completing: {3, 1}, packml.Complete: {4, 1},
	packml.Unsuspending: {1, 2}, packml.Suspended: {2, 2}, packml.Suspending: {3, 2},
	packml.Resetting: {0, 3}, packml.Stopped: {1, 3}, packml.Stopping: {2, 3},
	packml.Clearing: {1, 4}, packml.Aborted: {2, 4}, packml.Aborting: {3, 4},
}

// newDiagram draws the table with the station's state and what its buttons can do. Stop and Abort lead from almost everywhere and are
// drawn from where the station is.
func newDiagram(v *View, now packml.State, buttons []Button) diagram {
	able := map[string]bool{}
	var names []string
	for i, b := range buttons {
		if b.Why == "" {
			able[packmlCommands[i]] = true
			names = append(names, b.Label)
		}
	}
	d := diagram{Label: v.T("State diagram: now {}; possible: {}", v.T(now.String()), strings.Join(names, ", "))}
	reach := map[packml.State]string{}
	for _, e := range packml.Table() {
		leave := e.From == now
		far := e.Command == packml.CmdStop || e.Command == packml.CmdAbort || e.Command == packml.CmdComplete && e.From != packml.Execute ||
			e.Command == packml.CmdHold && e.From != packml.Execute || e.Command == packml.CmdReset && e.From == packml.Complete
		if far && !leave {
			continue
		}
		edge := drawnEdge{Open: leave && (e.Command == packml.SC || able[e.Command.String()])}
		if far && !edge.Open {
			continue
		}
		if edge.Open {
			reach[e.To] = ""
			if e.Command != packml.SC {
				reach[e.To] = v.T(e.Command.String())
			}
		}
		edge.Path = way(places[e.From], places[e.To])
		d.Edges = append(d.Edges, edge)
	}
	slices.SortStableFunc(d.Edges, func(a, b drawnEdge) int { return order(a.Open) - order(b.Open) }) // the open ones on top
	for s := packml.Clearing; s <= packml.Complete; s++ {
		at := places[s]
		by, there := reach[s]
		d.States = append(d.States, drawnState{X: at[0] * gridX, Y: at[1] * gridY, Name: v.T(s.String()), Now: s == now, Look: look(s), Reach: there, By: by})
	}
	return d
}

// way is the path from one state's edge to another's.
func way(from, to [2]int) string {
	ax, ay := from[0]*gridX+stateWidth/2, from[1]*gridY+stateHeight/2
	bx, by := to[0]*gridX+stateWidth/2, to[1]*gridY+stateHeight/2
	if from[1] == to[1] {
		half := stateWidth / 2
		if to[0] < from[0] {
			half = -half
		}
		ax, bx = ax+half, bx-half
	} else {
		half := stateHeight / 2
		if to[1] < from[1] {
			half = -half
		}
		ay, by = ay+half, by-half
	}
	return fmt.Sprintf("M%d %dL%d %d", ax, ay, bx, by)
}
