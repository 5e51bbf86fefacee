package recipes

import (
	"slices"
	"strings"

	"linectl/line"
)

// mandatory steps stand in every route. What a product does not need, for example a leak test of an open cabinet, is left out.
var mandatory = []line.Kind{line.Receive, line.Sort, line.Stack, line.Weld, line.Inspect, line.EndOfLine, line.PackOut}

func (r *Recipe) route(root *section) {
	steps := root.sections("route")
	for _, s := range steps {
		step := Step{Kind: line.Kind(s.oneOf("step", words(line.Kinds[:9])...)), Required: s.flagOr("required", true)}
		if _, twice := r.Step(step.Kind); twice {
			s.wrong("step", "%s stands in the route already; a pack goes through a step once, and again only by rework", step.Kind)
		}
		for _, n := range s.sections("needs") {
			step.Needs = append(step.Needs, r.need(n, step))
		}
		if n := len(r.Route); n > 0 && slices.Index(line.Kinds, step.Kind) < slices.Index(line.Kinds, r.Route[n-1].Kind) {
			s.wrong("step", "%s cannot come after %s; the order of the line is %s", step.Kind, r.Route[n-1].Kind, strings.Join(words(line.Kinds[:9]), ", "))
		}
		r.Route = append(r.Route, step)
		s.done()
	}
	if len(steps) == 0 {
		root.wrong("route", "is missing; list the steps from receive to packout")
		return
	}
	for _, k := range mandatory {
		if step, ok := r.Step(k); !ok {
			root.wrong("route", "has no step %s; every pack needs it", k)
		} else if !step.Required {
			root.wrong("route", "step %s cannot be optional; every pack needs it", k)
		}
	}
}

// need reads one prerequisite. It must be a step that comes earlier, or no pack would ever pass.
func (r *Recipe) need(s *section, of Step) Need {
	n := Need{Kind: line.Kind(s.text("step", "the step that must be OK before")), Within: s.spanOr("within")}
	switch _, earlier := r.Step(n.Kind); {
	case s.absent, n.Kind == "", earlier:
	case !slices.Contains(line.Kinds[:9], n.Kind):
		s.wrong("step", "%q is no step; steps are %s", n.Kind, strings.Join(words(line.Kinds[:9]), ", "))
	default:
		s.wrong("step", "%s does not come before %s in the route; a step can only need an earlier one", n.Kind, of.Kind)
	}
	s.done()
	return n
}
