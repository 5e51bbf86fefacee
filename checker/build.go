package checker

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Numbers of the tasks that a pack is built by.
const (
	taskPosition   = 40
	taskResistance = 50
	taskModule     = 60
	taskScrew      = 61
	taskBMS        = 62
	taskFlash      = 63
	taskLeak       = 70
	taskCharge     = 90
	taskLabel      = 91
	taskTest       = 100 // and the number of the step
)

// weldTasks are the tasks by the technology that a recipe names.
var weldTasks = map[string]int{"laser": 41, "resistance": 42, "ultrasonic": 43}

// stepTasks are the first and the last task of each step that a rework may make void.
var stepTasks = map[string][2]int{
	"weld": {taskPosition, 43}, "inspect": {taskResistance, 51}, "assemble": {taskModule, taskFlash}, "leaktest": {taskLeak, taskLeak},
	"endofline": {taskTest + 1, taskTest + 17}, "packout": {taskCharge, taskLabel},
}

// plan is what a recipe's own text asks to be done to a pack.
type plan struct {
	steps                  []string
	slots, modules, joints int
	screws                 int
	weld                   int           // its task
	tests                  map[int]int   // by step of the end-of-line test: every n-th pack
	validity               time.Duration // of a cell's reading, until the cell is stacked; 0 = for ever
}

var (
	testStep  = regexp.MustCompile(`(?m)^      - (?:\{step: (\d+)|step: (\d+))`)
	testPart  = regexp.MustCompile(`(?ms)^  endofline:\n    steps:\n(.*?)(?:^    \S|^  \S|\z)`)
	everyWord = regexp.MustCompile(`every: (\d+)`)
)

// planned reads a recipe's text.
func planned(source string) plan {
	number := func(pattern string) int {
		if m := regexp.MustCompile(`(?m)^` + pattern + `: (\d+)`).FindStringSubmatch(source); m != nil {
			n, _ := strconv.Atoi(m[1])
			return n
		}
		return 0
	}
	p := plan{
		steps: route(source), slots: number("series") * number("parallel"), modules: number("modules"),
		joints: number("    joints"), screws: number("    screws"), tests: map[int]int{},
	}
	if m := regexp.MustCompile(`(?m)^    technology: (\w+)`).FindStringSubmatch(source); m != nil {
		p.weld = weldTasks[m[1]]
	}
	if m := regexp.MustCompile(`(?m)^  validity: (\S+)`).FindStringSubmatch(source); m != nil {
		if days, in := strings.CutSuffix(m[1], "d"); in {
			n, _ := strconv.Atoi(days)
			p.validity = time.Duration(n) * 24 * time.Hour
		} else {
			p.validity, _ = time.ParseDuration(m[1])
		}
	}
	part := testPart.FindStringSubmatch(source)
	if part == nil {
		return p
	}
	found := testStep.FindAllStringSubmatchIndex(part[1], -1)
	for i, at := range found {
		text := part[1][at[0]:]
		if i+1 < len(found) {
			text = part[1][at[0]:found[i+1][0]]
		}
		m := testStep.FindStringSubmatch(text)
		step, _ := strconv.Atoi(m[1] + m[2])
		if strings.Contains(text, "not_required:") {
			continue
		}
		p.tests[step] = 1
		if m := everyWord.FindStringSubmatch(text); m != nil {
			p.tests[step], _ = strconv.Atoi(m[1])
		}
	}
	return p
}

// acts lists what must have an OK result for the n-th pack of its order.
func (p plan) acts(n int) []actRef {
	var all []actRef
	each := func(task, count int) {
		for i := range count {
			all = append(all, actRef{task, i + 1})
		}
	}
	for _, step := range p.steps {
		switch step {
		case "stack":
			each(taskStack, p.slots)
		case "weld":
			each(p.weld, p.joints)
		case "assemble":
			each(taskModule, p.modules)
			each(taskScrew, p.screws)
			all = append(all, actRef{taskBMS, 0}, actRef{taskFlash, 0})
		case "leaktest":
			all = append(all, actRef{taskLeak, 0})
		case "endofline":
			for step := 1; step <= 17; step++ {
				if every := p.tests[step]; every == 1 || every > 1 && n%every == 1 {
					all = append(all, actRef{taskTest + step, step})
				}
			}
		case "packout":
			all = append(all, actRef{taskCharge, 0}, actRef{taskLabel, 0})
		}
	}
	return all
}

// shipped is a pack that left as good, with all that is on record of it until its release.
type shipped struct {
	pack     string
	released *known
	plan     plan
	last     map[actRef]*known // its results
	accepted map[actRef]bool   // those that two people have taken as done
	measured map[int]uint64    // joint → entry in which its resistance was measured last and found good
	void     map[string]uint64 // step → entry of the last rework that made it void
	welded   uint64            // entry of the last weld on it
}

// builtAsPlanned recomputes each release from the results of single acts: everything that the recipe's text asks for has an OK result,
// what was made void by a rework was done again after it, and every joint was measured after the last weld. Statuses and verdicts of
// steps have no say.
func builtAsPlanned(r *run, bad func(string, string, ...any)) {
	started, disposed := r.packs(), r.disposed()
	all := map[string]*shipped{}
	for _, h := range r.happened("exit") {
		d, s := disposed[h.Part], started[h.Part]
		if h.To != good || d == nil || s == nil {
			continue // told already
		}
		all[h.Part] = newShipped(d, r.plans[s.fact.Hash])
	}
	for i := range r.entries {
		if s := all[r.entries[i].Entry.Pack]; s != nil && r.entries[i].Seq < s.released.Seq {
			s.follow(&r.entries[i])
		}
	}
	for _, pack := range slices.Sorted(maps.Keys(all)) {
		s := all[pack]
		s.judge(started[pack].Number, func(format string, args ...any) { bad(s.released.where(), format, args...) })
	}
}

func newShipped(end *known, p plan) *shipped {
	return &shipped{end.Entry.Pack, end, p, map[actRef]*known{}, map[actRef]bool{}, map[int]uint64{}, map[string]uint64{}, 0}
}

func (s *shipped) follow(k *known) {
	switch k.Kind {
	case "act-done":
		ref := actRef{k.Task, k.fact.Index}
		s.last[ref] = k
		delete(s.accepted, ref)
		if k.Task == s.plan.weld {
			s.welded = k.Seq
		}
		if k.Task != taskResistance {
			return
		}
		for _, m := range k.Measurements {
			if m.Value != nil && (m.LSL == nil || *m.Value >= *m.LSL) && (m.USL == nil || *m.Value <= *m.USL) {
				s.measured[m.Index] = k.Seq
			} else {
				delete(s.measured, m.Index)
			}
		}
	case "rework-decided":
		for _, step := range k.Invalidates {
			if step != k.Step { // of the step that is reworked, the acts that are ordered
				s.void[step] = k.Seq
			}
		}
		for _, a := range k.reworked() {
			delete(s.last, a)
		}
	case "quarantine-decided":
		if k.Decision == "accept" {
			s.accepted[actRef{k.Task, k.fact.Index}] = true
		}
	}
}

func (s *shipped) judge(number int, bad func(string, ...any)) {
	s.proven(number, bad)
	named := texts(s.released.Evidence)
	for _, step := range s.plan.steps {
		if !slices.Contains(named, step) {
			bad("it is released and step %s is not among its evidence", step)
		}
	}
}

// proven asks for a good result of everything that the recipe's text asks for.
func (s *shipped) proven(number int, bad func(string, ...any)) {
	for _, ref := range s.plan.acts(number) {
		k := s.last[ref]
		switch {
		case s.accepted[ref]:
		case k == nil:
			bad("it is released and %s has no result", act(ref.Task, ref.Index))
		case k.Verdict != "OK":
			bad("it is released and %s is %s, in entry %d", act(ref.Task, ref.Index), k.Verdict, k.Seq)
		default:
			for step, of := range stepTasks {
				if ref.Task >= of[0] && ref.Task <= of[1] && step != "weld" && k.Seq < s.void[step] {
					bad("it is released and %s was not done again after entry %d had made %s void", act(ref.Task, ref.Index), s.void[step], step)
				}
			}
		}
	}
	for joint := 1; joint <= s.plan.joints && slices.Contains(s.plan.steps, "inspect"); joint++ {
		if s.measured[joint] <= s.welded {
			bad("it is released and joint %d was not measured and found good after the last weld, in entry %d", joint, s.welded)
		}
	}
}

// heldBack asks for no hold on what is released: not on the pack, nor on a lot that went into it.
func heldBack(r *run, bad func(string, string, ...any)) {
	held := map[string]*known{}
	of := map[string]map[string]bool{}
	for i := range r.entries {
		k := &r.entries[i]
		if of[k.Entry.Pack] == nil {
			of[k.Entry.Pack] = map[string]bool{k.Entry.Pack: true}
		}
		switch k.Kind {
		case "hold-set":
			held[k.Subject] = k
		case "hold-released":
			delete(held, k.Subject)
		case "set-reserved":
			for _, s := range k.Slots {
				of[k.Entry.Pack][s.Lot] = true
			}
		case "step-done":
			for _, u := range k.Used {
				of[k.Entry.Pack][u.Lot] = true
			}
		case "pack-disposed":
			for subject, h := range held {
				if k.Disposition == "released" && of[k.Entry.Pack][subject] {
					bad(k.where(), "it is released and %s is held since entry %d", subject, h.Seq)
				}
			}
		}
	}
}
