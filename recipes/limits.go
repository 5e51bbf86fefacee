package recipes

import (
	"slices"
	"strconv"
	"strings"

	"linectl/line"
)

// maxRetest is the largest number of repetitions that a limit may allow: more would be looking until it fits.
const maxRetest = 2

func (s *section) limits(k line.Kind, tasks []line.Task) []line.Limit {
	known := values(tasks)
	list, ok := s.optional("limits")
	if !ok {
		return nil
	}
	var all []line.Limit
	for _, name := range list.order {
		field, ok := find(known, name)
		if !ok {
			list.ask(name)
			list.wrong(name, "is not measured in this step; it measures %s", names(known))
			continue
		}
		l := list.section(name)
		limit := l.limit(k, field)
		if limit.Retest > 0 && !repeatable(tasks, name) {
			l.wrong("retest", "the act leaves a mark that stays and is never repeated by itself; give 0")
		}
		all = append(all, limit)
	}
	return all
}

// repeatable reports whether the task that measures a value may be asked for again.
func repeatable(tasks []line.Task, value string) bool {
	for _, t := range tasks {
		if _, ok := find(t.Spec().Values, value); ok {
			return t.Spec().Repeatable
		}
	}
	return false
}

// dispositions that make sense at a kind of station: only cells have reject bins, only joints have an inspection after them.
func dispositions(k line.Kind) []string {
	switch k {
	case line.Receive, line.Sort:
		return words([]line.Disposition{line.ToReject, line.HoldLine})
	case line.Weld:
		return words([]line.Disposition{line.ToInspect, line.Continue, line.ToRework, line.ToScrap, line.HoldLine})
	case line.Stack, line.Inspect, line.Assemble, line.LeakTest, line.EndOfLine, line.PackOut, line.Bench:
	}
	return words([]line.Disposition{line.Continue, line.ToRework, line.ToScrap, line.HoldLine})
}

func (s *section) limit(k line.Kind, field line.Field) line.Limit {
	l := s.bounds(field)
	l.Code = s.text("nok_code", "the code of a reject, for example 060-W-010")
	s.matches("nok_code", l.Code, codePattern, "three digits of the station, a class letter of EWMLFSITCX and three digits, for example 060-W-010")
	l.Retest = s.countOr("retest", 0, maxRetest, 0)
	l.Disposition = line.Disposition(s.oneOf("disposition", dispositions(k)...))
	s.done()
	return l
}

// bounds reads lsl, target, usl and unit and orders them.
func (s *section) bounds(field line.Field) line.Limit {
	l := line.Limit{Name: field.Name, Unit: field.Unit}
	lsl, hasLSL := s.numberOr("lsl")
	target, hasTarget := s.numberOr("target")
	usl, hasUSL := s.numberOr("usl")
	symbol := s.text("unit", "the unit of lsl, target and usl")
	if symbol == "" {
		return l
	}
	u, ok := s.unit("unit", symbol, field.Unit)
	if !ok {
		return l
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) + " " + symbol }
	switch {
	case !s.has("lsl") && !s.has("usl"):
		s.wrong("lsl", "neither lsl nor usl is given; a limit without bounds judges nothing")
	case hasLSL && hasUSL && lsl > usl:
		s.wrong("lsl", "the lower limit %s is above the upper limit %s; exchange them", number(lsl), number(usl))
	case hasTarget && (hasLSL && target < lsl || hasUSL && target > usl):
		s.wrong("target", "%s lies outside the limits; aim between them", number(target))
	}
	base := func(v float64, given bool) *float64 {
		if !given {
			return nil
		}
		v = toBase(v, u)
		return &v
	}
	l.LSL, l.Target, l.USL = base(lsl, hasLSL), base(target, hasTarget), base(usl, hasUSL)
	return l
}

// endOfLine reads the seventeen steps. All stand in the recipe, in order; one that a product does not need says why.
func (r *Recipe) endOfLine(s *section) {
	steps := s.sections("steps")
	ordered := true
	for i, item := range steps {
		n := item.count("step", 1, line.EOLSteps)
		if n != 0 && n != i+1 && ordered { // only the first: after it all stand in the wrong place
			ordered = false
			item.wrong("step", "step %d stands in place %d; list the steps from 1 to %d in order, each once", n, i+1, line.EOLSteps)
		}
		step := EOLStep{Step: n, Every: item.countOr("every", 1, 100_000, 1)}
		step.NotRequired = item.textOr("not_required", "the reason why this product does not need the step", "")
		if n != 0 {
			item.endOfLineStep(&step)
		}
		r.EOL = append(r.EOL, step)
		item.done()
	}
	if !s.absent && len(steps) != line.EOLSteps {
		s.wrong("steps", "want all %d steps, found %d; a step that is not needed says so with not_required", line.EOLSteps, len(steps))
	}
}

func (s *section) endOfLineStep(step *EOLStep) {
	tasks := []line.Task{line.EOLStep(step.Step)}
	given := s.parameters(tasks)
	step.Limits = s.limits(line.EndOfLine, tasks)
	for _, p := range given {
		step.Parameters = append(step.Parameters, p.Quantity)
	}
	if step.NotRequired != "" {
		if len(given)+len(step.Limits) > 0 {
			s.wrong("not_required", "the step is not required and yet has parameters or limits; remove one or the other")
		}
		return
	}
	s.complete(tasks, Process{Parameters: given})
	if !slices.ContainsFunc(step.Limits, func(l line.Limit) bool { return l.Name != "testTemperature" }) {
		s.wrong("limits", "nothing judges this step; give a limit of %s, or say why it is not required", strings.Replace(names(values(tasks)), ", testTemperature", "", 1))
	}
}
