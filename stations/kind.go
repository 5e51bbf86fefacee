// Package stations decides what a station does to the part in it: the nine kinds of the reference line and the bench, all on
// one generic machine. Everything here is pure: time is an argument, results are inputs, and what is decided goes out as
// records and jobs.
//
// It does not know the line around a station (who comes next, who is blocked), talks to no device and stores nothing.
package stations

import (
	"fmt"
	"time"

	"linectl/line"
	"linectl/recipes"
)

// Kind is what sets one station apart from another: the plan of a visit.
type Kind interface {
	// Act returns the i-th act of the visit, from 0, and false after the last. Acts before i are done and judged. It must
	// give the same answer for the same visit: a restarted line asks again.
	Act(v *Visit, i int) (Act, bool)
}

// Closer is a kind that judges the visit as a whole once its acts are done, for example one joint against the others.
type Closer interface {
	Close(v *Visit)
}

// Layout says which device of a kind does what is no act of the plan.
type Layout struct {
	Carrier Role // releases the part
	Master  Role // measures the reference part; empty where there is none
	Tool    Role // has the wearing tool; empty where there is none
}

var kinds = map[line.Kind]struct {
	Kind
	Layout
	roles []Role
}{
	line.Receive:   {receive{}, Layout{Carrier: Scanner}, []Role{Scanner}},
	line.Sort:      {sorting{}, Layout{Carrier: Robot, Master: Tester}, []Role{Tester, Robot}},
	line.Stack:     {stack{}, Layout{Carrier: Robot}, []Role{Robot}},
	line.Weld:      {weld{}, Layout{Carrier: Robot, Tool: Welder}, []Role{Robot, Welder}},
	line.Inspect:   {inspect{}, Layout{Carrier: Vision, Master: Meter}, []Role{Meter, Vision}},
	line.Assemble:  {assemble{}, Layout{Carrier: Robot}, []Role{Robot, PLC}},
	line.LeakTest:  {leakTest{}, Layout{Carrier: Tester, Master: Tester}, []Role{Tester}},
	line.EndOfLine: {endOfLine{}, Layout{Carrier: Tester, Master: Tester}, []Role{Tester}},
	line.PackOut:   {packOut{}, Layout{Carrier: Printer}, []Role{Printer}},
	line.Bench:     {bench{}, Layout{Carrier: Terminal}, []Role{Terminal}},
}

// Roles returns the roles that a kind's devices must fill. The error names the kinds there are.
func Roles(k line.Kind) ([]Role, error) {
	kind, ok := kinds[k]
	if !ok {
		return nil, fmt.Errorf("unknown kind of station %q; known are %v", k, line.Kinds)
	}
	return kind.roles, nil
}

// Plan returns all acts of a whole visit in which every act succeeds. It is what a release must find evidence of.
func Plan(k line.Kind, v Visit) []Act {
	v.Only, v.stopped = nil, false
	var acts []Act
	for {
		a, ok := kinds[k].Act(&v, len(acts))
		if !ok {
			return acts
		}
		acts = append(acts, a)
	}
}

// act makes an act of a kind with the parameters and limits that the recipe has for its task.
func act(r *recipes.Recipe, k line.Kind, role Role, t line.Task, part string, index int) Act {
	params, limits := r.Needs(k, t)
	return Act{Role: role, Task: t, Part: part, Index: index, Params: params, Limits: limits, Within: within}
}

// within is how long any act may take before the operator is told: the longest act of the reference line with ample reserve.
const within = 10 * time.Minute

func quantity(name string, value float64, unit string) line.Quantity {
	return line.Quantity{Name: name, Value: value, Unit: unit}
}
