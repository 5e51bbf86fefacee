package recipes

import (
	"slices"
	"strconv"
	"strings"

	"linectl/line"
)

// technologies of welding, as written in a recipe.
var technologies = map[string]line.Task{
	"laser": line.TaskWeldLaser, "resistance": line.TaskWeldResistance, "ultrasonic": line.TaskWeldUltrasonic,
}

// tasksOf lists the tasks whose parameters and values a station's section may name. The weld task follows the technology and
// each end-of-line step has a section of its own.
var tasksOf = map[line.Kind][]line.Task{
	line.Receive:  {line.TaskScanCell},
	line.Sort:     {line.TaskMeasureCell},
	line.Stack:    {line.TaskStackCell, line.TaskCompress},
	line.Weld:     {line.TaskPosition},
	line.Inspect:  {line.TaskJointResistance, line.TaskVision},
	line.Assemble: {line.TaskPlaceModule, line.TaskFasten, line.TaskConnectBMS, line.TaskFlashBMS},
	line.LeakTest: {line.TaskLeakTest},
	line.PackOut:  {line.TaskAdjustSOC, line.TaskLabel},
}

// decidedByStation are parameters that follow from the part and the line, not from the product.
var decidedByStation = []string{"destination", "bin", "lane", "orientation", "service", "count"}

func (r *Recipe) stations(s *section) {
	for _, k := range line.Kinds[:9] {
		_, routed := r.Step(k)
		routed = routed || len(r.Route) == 0 // that there is no route was reported already
		if !s.has(string(k)) {
			s.ask(string(k))
			if routed && len(r.Route) > 0 {
				s.wrong(string(k), "is missing although the route has this step; say what is set and asked there")
			}
			continue
		}
		p := s.section(string(k))
		if routed {
			r.processes[k] = r.process(k, p)
		} else {
			s.wrong(string(k), "is no step of the route; add it to the route or remove it here")
			p.skip()
		}
		p.done()
	}
	s.done()
}

// process reads one station's section: what all kinds have, and what its kind has besides.
func (r *Recipe) process(k line.Kind, s *section) Process {
	tasks := tasksOf[k]
	switch k {
	case line.Weld:
		tasks = append(slices.Clone(tasks), r.weld(s))
	case line.Inspect:
		r.Inspect = Inspect{PerAct: s.count("per_act", 1, line.TaskJointResistance.Spec().Repeat)}
		if v, ok := s.numberOr("relative_max"); ok {
			if r.Inspect.RelativeMax = v; v <= 1 {
				s.wrong("relative_max", "no pack has all joints below %g times their median; give more than 1, for example 1.3", v)
			}
		}
	case line.Assemble:
		r.Assemble = Assemble{Screws: s.count("screws", 0, 1000)}
	case line.EndOfLine:
		r.endOfLine(s)
	case line.Receive, line.Sort, line.Stack, line.LeakTest, line.PackOut, line.Bench:
	}
	var p Process
	switch {
	case k == line.EndOfLine:
	case slices.Contains(tasks, line.TaskNone): // the technology was reported already
		s.skip()
	default:
		p.Parameters = s.parameters(tasks)
		p.Limits = s.limits(k, tasks)
		s.complete(tasks, p)
	}
	p.Master = s.master()
	p.Sampling = s.sampling()
	if t, ok := s.optional("tool"); ok {
		p.Tool = t.tool()
	}
	return p
}

// numberOr is a number that may be missing.
func (s *section) numberOr(key string) (float64, bool) {
	if !s.has(key) {
		s.ask(key)
		return 0, false
	}
	return s.number(key)
}

func (r *Recipe) weld(s *section) line.Task {
	technology := s.oneOf("technology", "laser", "resistance", "ultrasonic")
	r.Weld = Weld{
		Task:         technologies[technology],
		Joints:       s.count("joints", 1, 65_535),
		PerPosition:  s.count("joints_per_position", 1, 65_535),
		HoldAfterNOK: s.count("hold_after_nok", 1, 100),
		MaxNOK:       s.count("max_nok", 1, 65_535),
	}
	if r.Weld.PerPosition > 0 && r.Weld.Joints%r.Weld.PerPosition != 0 {
		s.wrong("joints_per_position", "%d joints cannot be divided into positions of %d; give a divisor", r.Weld.Joints, r.Weld.PerPosition)
	}
	s.waveform(&r.Weld)
	return r.Weld.Task
}

// params and values are the fields of the tasks that a recipe may name.
func params(tasks []line.Task) []line.Field {
	var all []line.Field
	for _, t := range tasks {
		for _, f := range t.Spec().Params {
			if !slices.Contains(decidedByStation, f.Name) {
				all = append(all, f)
			}
		}
	}
	return all
}

func values(tasks []line.Task) []line.Field {
	var all []line.Field
	for _, t := range tasks {
		all = append(all, t.Spec().Values...)
	}
	return all
}

func find(fields []line.Field, name string) (line.Field, bool) {
	i := slices.IndexFunc(fields, func(f line.Field) bool { return f.Name == name })
	if i < 0 {
		return line.Field{}, false
	}
	return fields[i], true
}

func names(fields []line.Field) string {
	var all []string
	for _, f := range fields {
		if !slices.Contains(all, f.Name) {
			all = append(all, f.Name)
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func (s *section) parameters(tasks []line.Task) []Parameter {
	known := params(tasks)
	list, ok := s.optional("parameters")
	if !ok {
		return nil
	}
	var all []Parameter
	for _, name := range list.order {
		field, ok := find(known, name)
		if !ok {
			list.ask(name)
			list.wrong(name, "is no parameter of this step; its parameters are %s", names(known))
			continue
		}
		all = append(all, list.section(name).parameter(field))
	}
	return all
}

// parameter reads one set value and holds it against the equipment's hard limits.
func (s *section) parameter(field line.Field) Parameter {
	p := Parameter{Quantity: line.Quantity{Name: field.Name, Unit: field.Unit}}
	value, ok1 := s.number("value")
	least, ok2 := s.number("min")
	most, ok3 := s.number("max")
	symbol := s.text("unit", "the unit of value, min and max")
	p.Class = s.oneOf("class", "critical", "major", "minor")
	s.done()
	if symbol == "" {
		return p
	}
	u, ok := s.unit("unit", symbol, field.Unit)
	if !ok || !ok1 || !ok2 || !ok3 {
		return p
	}
	switch {
	case least > most:
		s.wrong("min", "the equipment's minimum %g is above its maximum %g %s; exchange them", least, most, symbol)
	case value < least:
		s.wrong("value", "%g %s is below the equipment's minimum of %g %s; give %g to %g", value, symbol, least, symbol, least, most)
	case value > most:
		s.wrong("value", "%g %s is above the equipment's maximum of %g %s; give %g to %g", value, symbol, most, symbol, least, most)
	}
	p.Value, p.Min, p.Max = toBase(value, u), toBase(least, u), toBase(most, u)
	return p
}

// complete reports tasks that are given half of their parameters: the device would take the missing ones for "not given". A
// stack without compression gives none of them.
func (s *section) complete(tasks []line.Task, p Process) {
	for _, t := range tasks {
		var missing []string
		wanted := params([]line.Task{t})
		for _, f := range wanted {
			if !slices.ContainsFunc(p.Parameters, func(have Parameter) bool { return have.Name == f.Name }) {
				missing = append(missing, f.Name)
			}
		}
		if len(missing) > 0 && (t != line.TaskCompress || len(missing) < len(wanted)) {
			s.wrong("parameters", "the task %q also needs %s; give each its value", t, strings.Join(missing, ", "))
		}
		if must, ok := judged[t]; ok && len(s.keys) > 0 {
			if _, ok := p.Limit(must); !ok {
				s.wrong("limits", "nothing judges %s; give it a limit, for no part may pass unjudged", must)
			}
		}
	}
}

// judged names the measurement of a task without which its verdict would mean nothing.
var judged = map[line.Task]string{
	line.TaskMeasureCell: "ocv", line.TaskStackCell: "polarity", line.TaskWeldLaser: "depth", line.TaskWeldResistance: "energy",
	line.TaskWeldUltrasonic: "deformation", line.TaskJointResistance: "jointResistance", line.TaskFasten: "torque",
	line.TaskFlashBMS: "firmwareRead", line.TaskLeakTest: "leakRate", line.TaskAdjustSOC: "shippingSOC", line.TaskLabel: "labelGrade",
}

func (s *section) master() *MasterCheck {
	m, ok := s.optional("master_check")
	if !ok {
		return nil
	}
	check := &MasterCheck{Interval: m.span("interval")}
	refs := m.section("references")
	known := line.TaskMaster.Spec().Values
	for _, name := range refs.order {
		field, ok := find(known, name)
		if !ok {
			refs.ask(name)
			refs.wrong(name, "is no reference; references are %s", names(known))
			continue
		}
		ref := refs.section(name)
		check.References = append(check.References, ref.bounds(field))
		ref.done()
	}
	if !refs.absent && len(refs.order) == 0 {
		m.wrong("references", "is empty; a check against nothing passes always")
	}
	m.done()
	return check
}

func (s *section) sampling() []Sampling {
	var all []Sampling
	for _, item := range s.sections("sampling") {
		all = append(all, Sampling{What: item.text("what", "what is taken"), Every: item.count("every", 1, 100_000)})
		item.done()
	}
	return all
}

func (s *section) tool() *Tool {
	t := &Tool{Name: s.text("name", "the wearing part"), Unit: s.oneOf("unit", "1", "%"), Action: s.oneOf("action", "clean", "dress", "replace")}
	t.Warn, _ = s.number("warn")
	t.Limit, _ = s.number("limit")
	if s.has("warn") && s.has("limit") && (t.Warn <= 0 || t.Warn >= t.Limit) {
		s.wrong("warn", "want a use above zero and below the limit of "+strconv.FormatFloat(t.Limit, 'g', -1, 64)+", found %g", t.Warn)
	}
	s.done()
	return t
}
