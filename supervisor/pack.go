package supervisor

import (
	"slices"
	"time"

	"linectl/line"
	"linectl/recipes"
	"linectl/stations"
)

// order is one production order.
type order struct {
	line.OrderAdded
	recipe                                   *recipes.Recipe
	started, released, scrapped, quarantined int
}

// pack is one pack build in process.
type pack struct {
	id         line.PackID
	order      *order
	number     int
	recipe     *recipes.Recipe
	state      line.PackState
	at         line.StationID
	build      int
	set        []line.SlotCell
	steps      map[line.Kind]step
	good       map[line.ActRef]line.Verdict // raw results: the latest verdict of every act
	blame      line.Kind                    // step that was NOK
	nok        []int                        // its indexes
	only       []line.ActRef                // what a decided rework makes again
	where      line.Kind                    // step where the rework is done
	reworked   map[line.ActRef]int          // how often each act was reworked
	reserved   []pooled                     // the set's cells as they were in the pool
	readings   time.Time                    // the oldest reading of the set's cells
	lots       map[line.LotID]bool          // consumables that went into it
	serial     string
	counted    bool // it was disposed of as not good, and counts as that once
	repeated   bool // something was repeated or reworked: not first pass
	text       string
	doubt      *doubt      // the act of unknown outcome that stopped its present visit
	accepted   []string    // acts that count as done on the word of two people, with their names
	quarantine *quarantine // since it was disposed of as quarantined
	done       int         // acts done
	planned    int         // acts of the whole route
}

// step is a step that counts for the pack's present build state.
type step struct {
	verdict line.Verdict
	at      time.Time
	next    line.Disposition
}

func (p *pack) disposed() bool {
	return p.state == line.Released || p.state == line.Scrapped || p.state == line.Quarantined
}

// visit makes the visit of the pack at a kind of station.
func (p *pack) visit(k line.Kind) stations.Visit {
	v := stations.Visit{
		Part: string(p.id), Pack: p.id, Number: p.number, Build: p.build, Recipe: p.recipe, Set: p.set, Serial: p.serial,
	}
	if p.where == k {
		v.Only = p.only
	}
	return v
}

// route lists the kinds of station that a pack visits, in order, with its required steps.
func (p *pack) route() []recipes.Step {
	var steps []recipes.Step
	for _, s := range p.recipe.Route {
		if s.Kind != line.Receive && s.Kind != line.Sort {
			steps = append(steps, s)
		}
	}
	return steps
}

// plan returns every act of a step that the pack needs to be released.
func (p *pack) plan(k line.Kind) []stations.Act { return stations.Plan(k, p.visit(k)) }

// lacks names the first act of a step that has no OK result, or "".
func (p *pack) lacks(k line.Kind) string {
	for _, a := range p.plan(k) {
		if p.good[a.Ref()] != line.OK {
			return a.Name() + " has no OK result"
		}
	}
	return ""
}

// missing says which evidence the pack lacks, recomputed from the raw results: the first step that is not OK for the present
// build state, or has an act without an OK result. The steps named in but are not asked for.
func (p *pack) missing(but ...line.Kind) (evidence []string, lacks string) {
	for _, s := range p.route() {
		if !s.Required || slices.Contains(but, s.Kind) {
			continue
		}
		if p.steps[s.Kind].verdict != line.OK {
			return evidence, "step " + string(s.Kind) + " is not OK"
		}
		if lacks := p.lacks(s.Kind); lacks != "" {
			return evidence, lacks
		}
		evidence = append(evidence, string(s.Kind))
	}
	return evidence, ""
}

// noResult reports whether an act says nothing about the pack in the nest.
func noResult(t line.Task) bool {
	return t == line.TaskRelease || t == line.TaskMaster || t == line.TaskServiceTip
}

// applyDone keeps the raw verdict of an act.
func (p *pack) applyDone(f line.ActDone) {
	if noResult(f.Task) {
		return
	}
	p.good[line.ActRef{Task: f.Task, Index: f.Index}] = f.Verdict
	p.done++
}

// applyStep closes a step.
func (p *pack) applyStep(at time.Time, f line.StepDone) {
	if f.Step == line.Bench {
		return
	}
	p.steps[f.Step] = step{verdict: f.Verdict, at: at, next: f.Next}
	for _, u := range f.Used {
		p.lots[u.Lot] = true
	}
	p.text = f.Text
	if !f.Clean {
		p.repeated = true
	}
	if p.where == f.Step {
		p.only, p.where = nil, ""
		p.state = line.InProcess
	}
	switch {
	case f.Verdict == line.OK && p.blame == f.Step:
		p.blame, p.nok = "", nil
	case f.Verdict == line.NOK:
		if f.Step != line.Inspect || p.blame != line.Weld {
			p.blame, p.nok = f.Step, nil
		}
		if f.Step == line.Inspect {
			p.blame = line.Weld // what is inspected here was made there
		}
		for _, i := range f.NOK {
			p.nok = appendNew(p.nok, i)
		}
	}
}

func appendNew(list []int, i int) []int {
	if slices.Contains(list, i) {
		return list
	}
	return append(list, i)
}

// applyRework opens a new build state. What the rework invalidates no longer counts.
func (p *pack) applyRework(f line.ReworkDecided) {
	p.build, p.state, p.where, p.only, p.repeated = f.Build, line.InRework, f.Step, f.Acts, true
	delete(p.steps, f.Step)
	for _, a := range f.Acts {
		if _, made := p.good[a]; made || p.doubts(a) { // what is made for the first time is no rework
			p.reworked[a]++
		}
		delete(p.good, a)
	}
	for _, k := range f.Invalidates {
		for _, a := range p.plan(k) {
			if k != f.Step {
				delete(p.good, a.Ref())
			}
		}
		delete(p.steps, k)
	}
	p.blame, p.nok, p.doubt = "", nil, nil
}

// toRework lists the acts that a rework of a step must make: those without an OK result, and those that leave a mark at an index
// which is blamed. Positions of the weld head are not among them: every joint of a rework has its own.
func (p *pack) toRework(k line.Kind) []line.ActRef {
	var acts []line.ActRef
	for _, a := range p.plan(k) {
		blamed := !a.Task.Spec().Repeatable && slices.Contains(p.nok, a.Index)
		if a.Task != line.TaskPosition && (blamed || p.good[a.Ref()] != line.OK) {
			acts = append(acts, a.Ref())
		}
	}
	return acts
}

// rework returns what the recipe allows to be mended of the pack's present fault.
func (p *pack) rework() (recipes.Rework, bool) {
	for _, r := range p.recipe.Rework {
		if r.Step == p.blame {
			return r, true
		}
	}
	return recipes.Rework{}, false
}
