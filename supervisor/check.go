package supervisor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
	"linectl/stations"
)

// materialKey is one consumable at one station.
type materialKey struct {
	station line.StationID
	item    string
}

// stock is the lot that is loaded: its quantity is what is left of it.
type stock struct {
	line.MaterialLoaded
	full float64 // when it was loaded
}

// routeCheck decides whether a pack may be worked on at a station. It returns why not, and what to do, in the operator's words; an
// empty text lets the part in.
func (l *Line) routeCheck(now time.Time, s *station, p *pack) string {
	if p == nil {
		return "" // a cell: judged by its own gates
	}
	if p.disposed() || s.cfg.Kind == line.Bench {
		return ""
	}
	if h, ok := l.holds[string(s.ID)]; ok {
		return fmt.Sprintf("%s is held by %s: %s", s.ID, h.By, h.Reason)
	}
	return errorText(errors.Join(l.held(p), l.prerequisites(now, s, p), l.materials(now, s, p), l.evidence(s, p)))
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}

// held refuses a pack that a person keeps back, by itself or by one of its lots.
func (l *Line) held(p *pack) error {
	if h, ok := l.holds[string(p.id)]; ok {
		return fmt.Errorf("%s is held by %s: %s", p.id, h.By, h.Reason)
	}
	for _, c := range p.set {
		if h, ok := l.holds[string(c.Lot)]; ok {
			return fmt.Errorf("%s holds cells of lot %s, held by %s: %s", p.id, c.Lot, h.By, h.Reason)
		}
	}
	for subject, h := range l.holds {
		if p.lots[line.LotID(subject)] {
			return fmt.Errorf("lot %s went into %s and is held by %s: %s", subject, p.id, h.By, h.Reason)
		}
	}
	return nil
}

// prerequisites asks for every earlier step for the present build state, within its time.
func (l *Line) prerequisites(now time.Time, s *station, p *pack) error {
	step, ok := p.recipe.Step(s.cfg.Kind)
	if !ok {
		return fmt.Errorf("%s is not on the route of %s", s.cfg.Kind, p.recipe.Product)
	}
	if v := p.recipe.Cell.Validity; s.cfg.Kind == line.Stack && v > 0 && now.Sub(p.readings) > v {
		return fmt.Errorf("the cells of %s were measured %s ago, allowed are %s: scrap it, and new cells are matched", p.id, now.Sub(p.readings).Round(time.Minute), v)
	}
	for _, need := range step.Needs {
		if need.Kind == line.Receive || need.Kind == line.Sort {
			continue // concerns cells: they are in the set only if it was met
		}
		have := p.steps[need.Kind]
		inspectsIt := s.cfg.Kind == line.Inspect && need.Kind == line.Weld && have.next == line.ToInspect
		switch {
		case have.verdict != line.OK && !inspectsIt:
			return fmt.Errorf("%s may not begin at %s: step %s is not OK for its present build", p.id, s.ID, need.Kind)
		case need.Within > 0 && now.Sub(have.at) > need.Within && p.where != s.cfg.Kind: // a rework comes when it comes
			return fmt.Errorf("%s may not begin at %s: %s was %s ago, allowed are %s", p.id, s.ID, need.Kind, now.Sub(have.at).Round(time.Minute), need.Within)
		}
	}
	return nil
}

// materials asks for every consumable of the step: loaded, enough, in date, not on hold.
func (l *Line) materials(now time.Time, s *station, p *pack) error {
	var missing []error
	for _, m := range p.recipe.Materials {
		if m.Kind == s.cfg.Kind {
			missing = append(missing, l.lacksMaterial(now, s, m))
		}
	}
	return errors.Join(missing...)
}

// scanSerial ends the text that asks for a part by serial.
const scanSerial = "scan its serial"

// lacksMaterial says why the consumable at a station is not enough for the next pack, or nil.
func (l *Line) lacksMaterial(now time.Time, s *station, m recipes.Material) error {
	lot, ok := l.material[materialKey{s.ID, m.Item}]
	switch {
	case m.Level == "serial" && (!ok || lot.Quantity < m.Quantity):
		return fmt.Errorf("%s needs %s: %s", s.ID, m.Item, scanSerial)
	case !ok:
		return fmt.Errorf("%s needs %s: scan a lot in", s.ID, m.Item)
	case !now.Before(lot.Expiry):
		return fmt.Errorf("lot %s of %s expired %s: fetch a new one", lot.Lot, m.Item, lot.Expiry.Format("2 Jan 15:04 MST"))
	case lot.Quantity < m.Quantity:
		return fmt.Errorf("lot %s of %s is used up: fetch a new one", lot.Lot, m.Item)
	case l.holds[string(lot.Lot)].Subject != "":
		return fmt.Errorf("lot %s of %s is held: %s", lot.Lot, m.Item, l.holds[string(lot.Lot)].Reason)
	}
	return nil
}

// evidence lets a pack in to pack-out only if everything before is proven by raw results.
func (l *Line) evidence(s *station, p *pack) error {
	if s.cfg.Kind != line.PackOut {
		return nil
	}
	if _, lacks := p.missing(line.PackOut); lacks != "" {
		return fmt.Errorf("%s may not be packed out: %s", p.id, lacks)
	}
	return nil
}

func (l *Line) consume(at line.StationID, u line.MaterialUse) {
	key := materialKey{at, u.Item}
	if lot, ok := l.material[key]; ok && lot.Lot == u.Lot {
		lot.Quantity -= u.Quantity
		l.material[key] = lot
	}
}

// toolWorn holds an empty station whose tool is at its limit, or would pass it in the middle of the next part.
func (l *Line) toolWorn(now time.Time, s *station, v *stations.Visit) bool {
	if v.Recipe == nil {
		return false
	}
	why := worn(s, v.Recipe, v.Only != nil)
	return why != "" && s.Command(now, packml.CmdHold, why) == nil
}

// worn says that the tool of a station does not last for the next part by a recipe, or nothing. What a part takes is not known of a
// rework, and not asked of a part in work.
func worn(s *station, r *recipes.Recipe, unknown bool) string {
	t := r.Process(s.cfg.Kind).Tool
	if t == nil || t.Limit <= 0 {
		return ""
	}
	use, needs := s.ToolUse(t.Name), 0.0
	if t.Unit == "1" && use > 0 && !unknown { // counted in hits: what the next part takes is known
		needs = float64(r.Weld.Joints)
	}
	if use < t.Limit && use+needs <= t.Limit {
		return ""
	}
	return fmt.Sprintf("tool limit reached: %s at %s of %s, %s it", t.Name, line.Format(use, t.Unit), line.Format(t.Limit, t.Unit), t.Action)
}
