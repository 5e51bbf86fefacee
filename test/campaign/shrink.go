package campaign

import (
	"maps"
	"slices"
)

// Shrink leaves out of a plan what is not needed for it to fail, one thing after the other, until nothing more can be left out. A plan
// that does not fail when it is tried again is returned whole, and again is false: then nobody knows what of it is needed.
func Shrink(p Plan, fails func(Plan) bool) (smallest Plan, again bool) {
	if !fails(p) {
		return p, false
	}
	for shrunk := true; shrunk; {
		shrunk = false
		for _, without := range []func(Plan, int) (Plan, bool){withoutFault, withoutKill, withoutClass, withoutOrder} {
			i := 0
			for q, there := without(p, i); there; q, there = without(p, i) {
				if fails(q) {
					p, shrunk = q, true
				} else {
					i++
				}
			}
		}
	}
	return p, true
}

// Each leaves out the i-th thing of a kind, from 0, and reports whether there is one.

func withoutFault(p Plan, i int) (Plan, bool) {
	there := i < len(p.Faults)
	if there {
		p.Faults = slices.Delete(slices.Clone(p.Faults), i, i+1)
	}
	return p, there
}

func withoutKill(p Plan, i int) (Plan, bool) {
	there := i < len(p.Kills)
	if there {
		p.Kills = slices.Delete(slices.Clone(p.Kills), i, i+1)
	}
	return p, there
}

func withoutClass(p Plan, i int) (Plan, bool) {
	there := i < len(p.Classes)
	if there {
		p.Classes = maps.Clone(p.Classes)
		delete(p.Classes, slices.Sorted(maps.Keys(p.Classes))[i])
	}
	return p, there
}

// withoutOrder leaves one order: a line without any has nothing to do.
func withoutOrder(p Plan, i int) (Plan, bool) {
	there := i < len(p.Orders) && len(p.Orders) > 1
	if there {
		p.Orders = slices.Delete(slices.Clone(p.Orders), i, i+1)
	}
	return p, there
}
