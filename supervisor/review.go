package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"linectl/line"
	"linectl/packml"
	"linectl/stations"
)

// review holds a record against what the line itself makes of the journal before it. It returns what does not agree, or ""; and
// whether there was anything to be decided: what devices told and people asked for is an input, of which the journal alone cannot
// say whether it was so. It changes nothing; ask before Apply.
func (l *Line) review(r line.Record) (doubt string, decided bool) {
	switch f := r.Fact.(type) {
	case line.LineStarted:
		return l.reviewStart(f), true
	case line.RecipePinned:
		if sum := sha256.Sum256([]byte(f.Source)); hex.EncodeToString(sum[:]) != f.Hash {
			return "the pinned text has another hash than it says", true
		}
		return "", true
	case line.OrderAdded:
		if l.recipes[f.Hash] == nil {
			return fmt.Sprintf("no recipe with the hash %.12s is pinned", f.Hash), true
		}
		return "", true
	case line.PackStarted:
		return l.reviewPackStarted(r.Pack, f), true
	case line.SetReserved:
		return l.reviewSet(r, f), true
	case line.ReworkDecided:
		return l.reviewRework(r.Pack, f), true
	case line.PackDisposed:
		return l.reviewDisposed(r.Pack, f), true
	case line.QuarantineProposed, line.QuarantineRefused, line.QuarantineDecided:
		return l.reviewQuarantine(r), true
	case line.AlarmRaised:
		if l.alarms.Active(f.Alarm) {
			return f.Alarm + " is raised and stands already", true
		}
		return "", true
	case line.AlarmCleared:
		if !l.alarms.Active(f.Alarm) {
			return f.Alarm + " is cleared and does not stand", true
		}
		return "", true
	default:
		return l.reviewAtStation(r)
	}
}

func (l *Line) reviewAtStation(r line.Record) (doubt string, decided bool) {
	s := l.byID[r.Station]
	switch r.Fact.(type) {
	case line.StateChanged, line.Intent, line.ActDone, line.ActRefused, line.ActQuarantined, line.CellReceived, line.CellGraded,
		line.PartArrived, line.StepDone, line.PartMoved, line.MasterChecked:
	default:
		return "", false
	}
	if s == nil {
		return fmt.Sprintf("the configuration has no station %q: is it the line.yaml of these records?", r.Station), true
	}
	switch f := r.Fact.(type) {
	case line.Intent:
		if want := line.NewToken(l.openedFence(), l.sequence+1); f.Token != want {
			return fmt.Sprintf("%s has the token %s, and the next one is %s", f.Name, f.Token, want), true
		}
	case line.CellReceived:
		return l.reviewCell(s, r, f), true
	case line.CellGraded:
		return l.reviewCell(s, r, f), true
	case line.PartArrived:
		return l.reviewArrival(s, r, f), true
	case line.StepDone:
		return l.reviewStep(s, r, f), true
	case line.PartMoved:
		return l.reviewMove(s, r, f), true
	default: // the machine's own
	}
	return s.Review(r), true
}

func (l *Line) openedFence() uint16 {
	if l.opened == nil {
		return 0
	}
	return l.opened.Fence
}

func (l *Line) reviewStart(f line.LineStarted) string {
	switch {
	case l.opened != nil && f.Fence <= l.opened.Fence:
		return fmt.Sprintf("incarnation %d begins after incarnation %d", f.Fence, l.opened.Fence)
	case l.opened != nil && f.Simulated != l.opened.Simulated:
		return "simulated records and real parts stand in one journal"
	}
	return ""
}

// reviewPackStarted asks for the next pack of the first order that is not complete.
func (l *Line) reviewPackStarted(id line.PackID, f line.PackStarted) string {
	if w := l.wanted(); w != nil {
		return fmt.Sprintf("%s is begun while %s has no cells yet", id, w.id)
	}
	want, next, ok := l.nextPack()
	switch {
	case !ok:
		return fmt.Sprintf("%s is begun and every order is complete", id)
	case id != want || f != next:
		return fmt.Sprintf("%s, number %d of order %s, is begun; next is %s, number %d of order %s", id, f.Number, f.Order, want, next.Number, next.Order)
	}
	return ""
}

// reviewSet matches the cells once more, from the pool as it was.
func (l *Line) reviewSet(r line.Record, f line.SetReserved) string {
	p := l.packs[r.Pack]
	if p == nil {
		return fmt.Sprintf("cells are reserved for %s, which is not in process", r.Pack)
	}
	set, ok := stations.Match(p.recipe, l.pool(r.At, p))
	if !ok || !reflect.DeepEqual(set, f) {
		return fmt.Sprintf("the cells of %s are not those that match best of the pool as it was", r.Pack)
	}
	return ""
}

func (l *Line) reviewRework(id line.PackID, f line.ReworkDecided) string {
	p := l.packs[id]
	if p == nil {
		return fmt.Sprintf("%s is to be reworked and is not in process", id)
	}
	want, err := l.reworkOf(p)
	if err != nil {
		return err.Error()
	}
	if f.Step != want.Step || f.Build != want.Build || !slices.Equal(f.Acts, want.Acts) || !slices.Equal(f.Indexes, want.Indexes) ||
		!slices.Equal(f.Invalidates, want.Invalidates) {
		return fmt.Sprintf("the rework of %s at %s is not the one that its recipe orders", id, f.Step)
	}
	return ""
}

// reviewDisposed is of a disposition that does not follow from a step: a person's. No person releases a pack here.
func (l *Line) reviewDisposed(id line.PackID, f line.PackDisposed) string {
	switch p := l.packs[id]; {
	case p == nil:
		return fmt.Sprintf("%s gets a disposition and is not in process", id)
	case f.Disposition == line.Released || f.Serial != "":
		return fmt.Sprintf("%s is released without a pack-out that ended OK", id)
	case p.disposed():
		return fmt.Sprintf("%s is %s already", id, p.state)
	}
	return ""
}

// reviewQuarantine asks for two different people, an inspection before, and a decision that the evidence allows.
func (l *Line) reviewQuarantine(r line.Record) string {
	p, err := l.inQuarantine(r.Pack)
	if err != nil {
		return err.Error()
	}
	var decision line.Decision
	first := p.quarantine.proposed
	switch f := r.Fact.(type) {
	case line.QuarantineProposed:
		if first != nil {
			return fmt.Sprintf("%s of %s is proposed while %s is proposed already", f.Decision, p.id, first.Decision)
		}
		decision = f.Decision
	case line.QuarantineRefused:
		if first == nil || first.Decision != f.Decision {
			return fmt.Sprintf("nobody has proposed to %s %s", f.Decision, p.id)
		}
		return ""
	case line.QuarantineDecided:
		switch {
		case first == nil || first.Decision != f.Decision || first.By != f.ProposedBy:
			return fmt.Sprintf("%s has not proposed to %s %s", f.ProposedBy, f.Decision, p.id)
		case strings.EqualFold(strings.TrimSpace(f.By), strings.TrimSpace(f.ProposedBy)):
			return fmt.Sprintf("%s has proposed and confirmed it; that takes two people", f.By)
		}
		decision = f.Decision
	default: // a person's word on what was seen
	}
	if p.quarantine.inspected == nil {
		return fmt.Sprintf("%s of %s, which nobody has inspected", decision, p.id)
	}
	if _, err := l.choice(p, decision); err != nil {
		return err.Error()
	}
	return ""
}

// decided returns what the word of the second person brings with it, or nil. Ask before Apply.
func (l *Line) decided(r line.Record) *line.Record {
	f, is := r.Fact.(line.QuarantineDecided)
	p, err := l.inQuarantine(r.Pack)
	if !is || err != nil {
		return nil
	}
	rework, err := l.choice(p, f.Decision)
	if err != nil {
		return nil // contradicted already
	}
	both := f.ProposedBy + " and " + f.By
	if f.Decision == line.DecisionScrap {
		r.Fact = line.PackDisposed{Disposition: line.Scrapped, Reason: fmt.Sprintf("scrapped by %s: %s", both, f.Why)}
		return &r
	}
	rework.By, rework.Why = both, f.Why
	r.Station, r.Fact = l.ofKind(line.Bench).ID, rework
	return &r
}

// reviewCell judges a cell again. The supplier's data are those in the record of its receipt.
func (l *Line) reviewCell(s *station, r line.Record, f line.Fact) string {
	v := s.Visit()
	if v == nil {
		return "a cell is judged and none is there"
	}
	if v.Done() == 0 && !v.Found {
		return fmt.Sprintf("cell %s is judged before anything was done", v.Part)
	}
	var want line.Fact
	if s.cfg.Kind == line.Receive {
		want = l.receive(r.At, v)
	} else {
		want = l.grade(v)
	}
	if !sameText(f, want) {
		return fmt.Sprintf("cell %s is judged otherwise than again: recorded %s, now %s", v.Part, cellWords(f), cellWords(want))
	}
	return ""
}

func cellWords(f line.Fact) string {
	switch f := f.(type) {
	case line.CellReceived:
		return fmt.Sprintf("%s %q", f.Verdict, f.Reason)
	case line.CellGraded:
		return fmt.Sprintf("%s %q, lane %d", f.Verdict, f.Reason, f.Lane)
	default:
		return line.FactName(f)
	}
}

// reviewArrival asks whether the part was expected, the station free and everything there that it needs.
func (l *Line) reviewArrival(s *station, r line.Record, f line.PartArrived) string {
	p := l.packs[r.Pack]
	switch {
	case s.Visit() != nil:
		return fmt.Sprintf("%s comes to %s while %s is there", f.Part, s.ID, s.Visit().Part)
	case s.State() != packml.Execute:
		return fmt.Sprintf("%s comes to %s while it is %s", f.Part, s.ID, s.State())
	case r.Pack != "" && p == nil:
		return fmt.Sprintf("%s comes to %s and is not in process", r.Pack, s.ID)
	case r.Pack == "" && f.Part != "" && !slices.Contains(s.infeed, f.Part) && l.cells.elsewhere(line.CellID(f.Part)):
		return fmt.Sprintf("%s comes to %s and is on record elsewhere: what was read so has no name", f.Part, s.ID)
	case r.Pack == "":
		return ""
	case s.cfg.Kind == line.Stack && !slices.Contains(l.sets, p.id), s.cfg.Kind != line.Stack && !slices.Contains(s.infeed, f.Part):
		return fmt.Sprintf("%s comes to %s, which did not expect it", f.Part, s.ID)
	case p.disposed():
		return ""
	case s.MasterDue(r.At, p.recipe):
		return fmt.Sprintf("%s is let in at %s without a valid check against the reference part", f.Part, s.ID)
	}
	return l.routeCheck(r.At, s, p)
}

// reviewStep closes the visit once more.
func (l *Line) reviewStep(s *station, r line.Record, f line.StepDone) string {
	v, p := s.Visit(), l.packs[r.Pack]
	switch {
	case v == nil || p == nil || v.Pack != r.Pack:
		return fmt.Sprintf("step %s of %s is closed, which is not there", f.Step, r.Pack)
	case s.Open() != nil:
		return fmt.Sprintf("step %s of %s is closed while %s is open", f.Step, r.Pack, s.Act())
	case s.Closed() && !v.Pass:
		return fmt.Sprintf("step %s of %s is closed twice", f.Step, r.Pack)
	}
	want := l.step(s, p, v, s.Closing())
	if !sameText(f, want) {
		return fmt.Sprintf("step %s of %s is %s %q, and closed again it is %s %q", f.Step, r.Pack, f.Verdict, f.Text, want.Verdict, want.Text)
	}
	return ""
}

// reviewMove asks for the place that the disposition, the route or the judgement of the cell says.
func (l *Line) reviewMove(s *station, r line.Record, f line.PartMoved) string {
	p, v := l.packs[r.Pack], s.Visit()
	want := line.Quarantine // of a part that was expected and is written off
	switch {
	case r.Pack != "" && p == nil:
		return fmt.Sprintf("%s moves and is not in process", r.Pack)
	case v == nil || v.Name() != f.Part:
		if cell, _, _ := s.Unfound(); !slices.Contains(s.infeed, f.Part) && string(cell) != f.Part {
			return fmt.Sprintf("%s leaves %s and was not there", f.Part, s.ID)
		}
	case p != nil && !s.Closed():
		return fmt.Sprintf("%s leaves %s before its step is closed", f.Part, s.ID)
	case p != nil:
		want = l.destination(s, p)
	default:
		want = l.cellGoes(s, v)
	}
	if f.To != want {
		return fmt.Sprintf("%s goes from %s to %s, and should go to %s", f.Part, s.ID, f.To, want)
	}
	return ""
}

// sameText compares facts as the journal keeps them: an empty list there is no list.
func sameText(a, b line.Fact) bool {
	return strings.ReplaceAll(factText(a), "[]", "null") == strings.ReplaceAll(factText(b), "[]", "null")
}
