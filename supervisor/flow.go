package supervisor

import (
	"fmt"
	"slices"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/stations"
)

// flow lets everything move that can, once. Downstream goes first, so that room is made before it is asked for. It reports
// whether anything changed.
func (l *Line) flow(now time.Time) bool {
	moved := l.planPack(now)
	for _, s := range slices.Backward(l.stations) {
		if s.Settle(now) || s.Watch(now) || l.serve(now, s) {
			moved = true
		}
	}
	return moved
}

// serve takes one station one step further.
func (l *Line) serve(now time.Time, s *station) bool {
	switch {
	case s.Visit() == nil:
		wanted := s.wants
		moved := l.admit(now, s)
		s.note(now, wanted)
		return moved
	case s.Closed():
		return l.unload(now, s)
	case l.waitsForQuality(s):
		return false
	case l.judgeCell(now, s):
		return true
	case s.Finished():
		return l.finish(now, s)
	}
	s.Rest(now, "")
	return s.Advance(now)
}

// admit begins the next visit of an empty station, or says what it waits for.
func (l *Line) admit(now time.Time, s *station) bool {
	st := s.State()
	switch {
	case s.Open() != nil: // a check or a service: no part's
		return s.Advance(now)
	case st != packml.Execute && st != packml.Suspended:
		return false
	}
	s.stuck, s.wants = "", nil
	nest, sure := s.Nest()
	s.look(now, nest, sure)
	if !sure {
		return false
	}
	if done, busy := l.makeMaster(now, s); busy {
		return done
	}
	v, p, waits := l.nextPart(now, s, nest)
	works := p == nil || !p.disposed() // what only passes through needs nothing
	if waits == "" && works {
		if s.stuck = l.routeCheck(now, s, p); s.stuck != "" {
			s.wants, waits = p, s.stuck // it waits for a person: material, Quality, or a hand that takes the part out
		}
	}
	if s.Rest(now, waits) {
		return true
	}
	if waits != "" || st != packml.Execute {
		return false
	}
	if works {
		if s.Service(now) || l.toolWorn(now, s, v) {
			return true
		}
		if v.Recipe != nil && s.MasterDue(now, v.Recipe) {
			return s.CheckMaster(now, *v.Recipe.Process(s.cfg.Kind).Master)
		}
	}
	s.Begin(now, *v)
	return true
}

// nextPart returns the visit that can begin, or what the station waits for in words.
func (l *Line) nextPart(now time.Time, s *station, nest string) (v *stations.Visit, p *pack, waits string) {
	switch s.cfg.Kind {
	case line.Receive:
		return l.nextCell(s, nest)
	case line.Stack:
		return l.nextSet(now, s, nest)
	default:
		return l.arrived(now, s, nest)
	}
}

// nextSet takes the oldest set that may be stacked.
func (l *Line) nextSet(now time.Time, s *station, nest string) (v *stations.Visit, p *pack, waits string) {
	if nest != "" {
		s.stuck = fmt.Sprintf("carrier in the nest carries %s and should be empty", nest)
		return nil, nil, s.stuck
	}
	for _, id := range l.sets {
		why := l.routeCheck(now, s, l.packs[id])
		if why == "" {
			s.stuck, s.wants = "", nil
			return new(l.packs[id].visit(s.cfg.Kind)), l.packs[id], ""
		}
		if s.stuck == "" {
			s.stuck, s.wants = why, l.packs[id]
		}
	}
	if s.stuck != "" {
		return nil, nil, s.stuck
	}
	return nil, nil, "starved: no set of cells is complete yet"
}

// nextCell decides whether another cell is to be scanned.
func (l *Line) nextCell(s *station, nest string) (v *stations.Visit, p *pack, waits string) {
	w := l.wanted()
	_, _, more := l.nextPack()
	switch {
	case w == nil && more && l.closed() != "":
		return nil, nil, l.closed()
	case w == nil:
		return nil, nil, "no order needs cells"
	case nest == "" && l.cells.stream(w.recipe.Cell.Item).asked >= l.goal(w):
		return nil, nil, "starved: enough cells are on their way"
	case nest == "" && len(l.sets) >= max(l.ofKind(line.Stack).cfg.Buffer, 1):
		return nil, nil, l.ofKind(line.Stack).blocked
	case s.after != nil && !s.after.room():
		return nil, nil, s.after.blocked
	}
	return &stations.Visit{Part: nest, Recipe: w.recipe, Found: nest != "", Nameless: l.cells.elsewhere(line.CellID(nest))}, nil, ""
}

// arrived looks whether the part in the nest is one that was sent here.
func (l *Line) arrived(now time.Time, s *station, nest string) (v *stations.Visit, p *pack, waits string) {
	if nest == "" {
		s.doubled = time.Time{}
		return nil, nil, s.starved
	}
	expected := slices.Contains(s.infeed, nest)
	if s.cfg.Kind == line.Sort && !expected && l.lets(nest) {
		return nil, nil, s.starved // it is here already, and the station before it has not yet said that it let it go
	}
	if s.cfg.Kind == line.Sort {
		if s.stuck = l.elsewhere(now, s, line.CellID(nest)); s.stuck != "" {
			return nil, nil, s.stuck
		}
		code := line.CellID(nest)
		return &stations.Visit{Part: nest, Recipe: l.recipeOf(code), Nameless: !expected && l.cells.elsewhere(code)}, nil, ""
	}
	p = l.packs[line.PackID(nest)]
	if p == nil || !expected {
		s.stuck = fmt.Sprintf("%s lies in the nest and does not belong here; take it out and find out where it comes from", nest)
		return nil, nil, s.stuck
	}
	return new(p.visit(s.cfg.Kind)), p, ""
}

// elsewhere says what speaks against taking in a cell that is on record as lying somewhere else, or returns "". A scanner that is
// wiped may read it right. If it reads the same after a while the record is wrong, and the cell in the lane is given up with this one;
// but not one that a pack is to get: that is for a person to decide.
func (l *Line) elsewhere(now time.Time, s *station, code line.CellID) string {
	place, waits := "", false
	for _, p := range l.live {
		if slices.ContainsFunc(p.set, func(c line.SlotCell) bool { return c.Cell == code }) {
			place, waits = fmt.Sprintf("in the set of %s", p.id), !p.disposed() && (p.at == "" || p.at == l.ofKind(line.Stack).ID)
		}
	}
	if place == "" && l.cells.pooled(code) {
		place = "in its lane"
	}
	if place == "" {
		s.doubled = time.Time{}
		return ""
	}
	if s.doubled.IsZero() {
		s.doubled = now
	}
	if !waits && now.Sub(s.doubled) > partComes {
		return "" // until it is let in: a station that was suspended meanwhile has to come back first
	}
	return fmt.Sprintf("%s is read in the nest and is on record %s; clean the scanners, or take the cell out", code, place)
}

// lets reports whether a station is at a cell, by the record: it may be letting it go, and has not said so.
func (l *Line) lets(cell string) bool {
	return slices.ContainsFunc(l.stations, func(s *station) bool {
		v := s.Visit()
		return v != nil && v.Pack == "" && v.Part == cell
	})
}

// finish records the step of a visit whose acts are done, and what follows from it for the part.
func (l *Line) finish(now time.Time, s *station) bool {
	v := s.Visit()
	if v.Pack == "" {
		l.Record(line.Record{At: now, Station: s.ID, Fact: line.PartMoved{Part: v.Name(), To: l.cellGoes(s, v)}})
		return true
	}
	p := l.packs[v.Pack]
	if s.cfg.Kind == line.Bench && p.state == line.InProcess && !p.disposed() {
		return false // nobody has decided yet
	}
	if s.stuck = ""; s.cfg.Kind == line.PackOut && v.Verdict != line.Unknown {
		if s.stuck = errorText(l.held(p)); s.stuck != "" {
			return false // it is not released, and does not leave, until the hold is lifted
		}
	}
	done := l.step(s, p, v, s.Close())
	l.Record(line.Record{At: now, Station: s.ID, Pack: p.id, Fact: done})
	if end, ends := l.ending(s, p, done); ends {
		l.Record(line.Record{At: now, Station: s.ID, Pack: p.id, Fact: end})
	}
	return true
}

// step completes what the station says of a closed visit by what only the line knows.
func (l *Line) step(s *station, p *pack, v *stations.Visit, done line.StepDone) line.StepDone {
	if lacks := p.lacks(s.cfg.Kind); done.Verdict == line.OK && s.cfg.Kind != line.Bench && lacks != "" {
		done.Verdict, done.Next, done.Text = line.NOK, line.ToRework, lacks // a rework that did not reach what was not OK
	}
	done.Used = s.used(p, v)
	return done
}

// ending returns the end of a pack's way where the step leaves no other: unknown, scrap, or complete.
func (l *Line) ending(s *station, p *pack, done line.StepDone) (end line.PackDisposed, ends bool) {
	if p.disposed() {
		return end, false
	}
	end = line.PackDisposed{FirstPass: false, Reason: done.Text}
	switch {
	case done.Verdict == line.Unknown:
		end.Disposition = line.Quarantined
	case done.Verdict == line.NOK && done.Next == line.ToScrap:
		end.Disposition = line.Scrapped
	case s.cfg.Kind == line.PackOut && done.Verdict == line.OK:
		evidence, lacks := p.missing()
		if lacks != "" {
			end.Disposition, end.Reason = line.Quarantined, "not released: "+lacks
			break
		}
		end = line.PackDisposed{Disposition: line.Released, Serial: p.serial, FirstPass: !p.repeated, Reason: "every required step is OK", Evidence: append(evidence, p.accepted...)}
	default:
		return end, false
	}
	return end, true
}

// unload sends the part on when there is room for it.
func (l *Line) unload(now time.Time, s *station) bool {
	p := l.packs[s.Visit().Pack]
	if done := s.Released(); done != nil {
		return l.moved(now, s, p, *done)
	}
	if s.Open() != nil {
		return s.Advance(now)
	}
	to := l.destination(s, p)
	if p.disposed() && s.Empty() { // a person has taken it out, or it never came to be
		l.Record(line.Record{At: now, Station: s.ID, Pack: p.id, Fact: line.PartMoved{Part: string(p.id), To: to}})
		return true
	}
	if s.stuck = ""; to == line.Shipped {
		if s.stuck = errorText(l.held(p)); s.stuck != "" {
			return false
		}
	}
	if next := l.byID[to]; next != nil && !next.room() {
		return s.Rest(now, next.blocked)
	}
	return s.Rest(now, "") || s.Unload(now, to)
}

// moved concludes a move. If the device cannot say whether it let the part go, the scanners can, unless they read what was never sent
// here: then they read the part wrong, or somebody has put another one there.
func (l *Line) moved(now time.Time, s *station, p *pack, done line.ActDone) bool {
	if done.Verdict != line.OK {
		nest, sure := s.Nest()
		switch {
		case !sure, nest == "" && !s.Empty():
			return false
		case nest == string(p.id):
			s.Retry()
			return true
		case nest != "" && !slices.Contains(s.infeed, nest):
			s.stuck = fmt.Sprintf("%s is read in the nest and was not sent here, so nobody knows whether %s has left; look into the nest and clean the scanners", nest, p.id)
			return false
		}
	}
	s.stuck = ""
	l.Record(line.Record{At: now, Station: s.ID, Pack: p.id, Fact: line.PartMoved{Part: string(p.id), To: l.destination(s, p)}})
	return true
}

// destination says where a pack goes from a station.
func (l *Line) destination(s *station, p *pack) line.StationID {
	last := p.steps[s.cfg.Kind]
	switch {
	case p.state == line.Released:
		return line.Shipped
	case p.disposed():
		return line.Quarantine
	case s.cfg.Kind == line.Bench:
		return l.ofKind(p.where).ID
	case last.verdict == line.NOK && last.next == line.ToInspect:
		// the next inspection measures what is doubtful before anybody decides
	case p.blame != "" && (last.verdict == line.NOK || s.cfg.Kind == line.Inspect):
		return l.ofKind(line.Bench).ID
	}
	if n := l.next(s, p); n != nil {
		return n.ID
	}
	return l.ofKind(line.Bench).ID
}
