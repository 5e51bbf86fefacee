package campaign

import (
	"maps"
	"slices"
)

// Shrink leaves out of a plan what is not needed for it to fail, one thing after the other, and returns the smallest that it found.
func Shrink(p Plan, fails func(Plan) bool) Plan {
	for shrunk := true; shrunk; {
		shrunk = false
		for i := range p.Faults {
			q := p
			q.Faults = slices.Delete(slices.Clone(p.Faults), i, i+1)
			if fails(q) {
				p, shrunk = q, true
				break
			}
		}
		for i := range p.Kills {
			q := p
			q.Kills = slices.Delete(slices.Clone(p.Kills), i, i+1)
			if !shrunk && fails(q) {
				p, shrunk = q, true
				break
			}
		}
		for _, id := range slices.Sorted(maps.Keys(p.Classes)) {
			q := p
			q.Classes = maps.Clone(p.Classes)
			delete(q.Classes, id)
			if !shrunk && fails(q) {
				p, shrunk = q, true
				break
			}
		}
		for i := range p.Orders {
			q := p
			q.Orders = slices.Delete(slices.Clone(p.Orders), i, i+1)
			if !shrunk && len(q.Orders) > 0 && fails(q) {
				p, shrunk = q, true
				break
			}
		}
	}
	return p
}
