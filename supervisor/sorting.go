package supervisor

import (
	"fmt"
	"time"

	"linectl/line"
	"linectl/stations"
)

// planPack starts the next pack of the first order that is not complete, as soon as the pack before it has its cells.
func (l *Line) planPack(now time.Time) bool {
	if w := l.wanted(); w != nil {
		return l.buildSet(now, w)
	}
	id, next, ok := l.nextPack()
	if ok = ok && l.closed() == ""; ok {
		l.Record(line.Record{At: now, Pack: id, Fact: next})
		l.cells.stream(l.packs[id].recipe.Cell.Item).news = true
	}
	return ok
}

// nextPack returns the next pack of the first order that is not complete, or false when all are.
func (l *Line) nextPack() (id line.PackID, next line.PackStarted, ok bool) {
	for _, o := range l.orders {
		if o.started < o.Quantity {
			return line.PackID(fmt.Sprintf("%s-%06d", o.Product, l.numbers[o.Product]+1)), line.PackStarted{
				Order: o.Order, Number: o.started + 1, Product: o.Product, Revision: o.Revision, Hash: o.Hash,
			}, true
		}
	}
	return "", next, false
}

// buildSet tries to build the pack's set from the pool, once for every cell that came to it. A set is reserved whole.
func (l *Line) buildSet(now time.Time, p *pack) bool {
	s := l.cells.stream(p.recipe.Cell.Item)
	if !s.news {
		return false
	}
	s.news = false
	pool := l.pool(now, p)
	if len(pool) >= p.recipe.Cells() {
		if set, ok := stations.Match(p.recipe, pool); ok {
			l.Record(line.Record{At: now, Station: l.ofKind(line.Sort).ID, Pack: p.id, Fact: set})
			return true
		}
	}
	l.raiseGoal(p, s, len(pool))
	return false
}

// pool returns the cells that may be built into the pack now.
func (l *Line) pool(now time.Time, p *pack) []stations.Candidate {
	return l.cells.stream(p.recipe.Cell.Item).candidates(now, p.recipe, func(lot line.LotID) bool { return l.holds[string(lot)].Subject != "" })
}

// goal returns how many cells of the pack's item are to be asked for, counted from the first ever.
func (l *Line) goal(p *pack) int {
	s := l.cells.stream(p.recipe.Cell.Item)
	if s.goal == 0 {
		l.raiseGoal(p, s, len(s.pool))
	}
	return s.goal
}

// raiseGoal asks for as many cells as are missing if all of them are good; and for a few more at a time once there are enough
// that do not match.
func (l *Line) raiseGoal(p *pack, s *stream, usable int) {
	if missing := p.recipe.Cells() - usable; missing > 0 {
		s.goal = max(s.goal, s.concluded+missing)
	} else if s.concluded >= s.goal {
		s.goal = s.concluded + max(1, p.recipe.Cells()/8)
	}
}

// judgeCell records the judgement that stands between the two acts of a cell: accepted or not, graded into which bin.
func (l *Line) judgeCell(now time.Time, s *station) bool {
	v := s.Visit()
	if s.Open() != nil || v.Verdict == line.Unknown && len(v.Results) == 0 {
		return false
	}
	switch s.cfg.Kind {
	case line.Receive:
		if v.Received != nil || v.Done() == 0 && !v.Found {
			return false
		}
		l.Record(line.Record{At: now, Station: s.ID, Fact: l.receive(now, v)})
		return true
	case line.Sort:
		if v.Graded != nil || v.Done() == 0 {
			return false
		}
		l.Record(line.Record{At: now, Station: s.ID, Fact: l.grade(v)})
		return true
	default:
		return false
	}
}

// waitsForQuality keeps a scanned cell whose lot is held where it is: it is neither accepted nor rejected until the hold is lifted.
func (l *Line) waitsForQuality(s *station) bool {
	v := s.Visit()
	if s.cfg.Kind != line.Receive || v.Received != nil || s.Open() != nil || v.Done() == 0 && !v.Found {
		return false
	}
	s.stuck = ""
	lot := l.cfg.Supplier[scanned(v)].Lot
	if h, held := l.holds[string(lot)]; held {
		s.stuck = fmt.Sprintf("lot %s of the cell in the nest is held by %s: %s", lot, h.By, h.Reason)
	}
	return s.stuck != ""
}

// scanned returns the code that was read of the cell in the nest.
func scanned(v *stations.Visit) line.CellID {
	if v.Found || len(v.Results) == 0 {
		return line.CellID(v.Part)
	}
	return line.CellID(v.Results[0].Part)
}

// receive judges a scanned cell.
func (l *Line) receive(now time.Time, v *stations.Visit) line.CellReceived {
	code, grade, scan := scanned(v), 0.0, line.ActDone{Verdict: line.OK}
	other := v.Nameless
	if !v.Found {
		scan, other = v.Results[0], l.cells.elsewhere(code)
		for _, m := range scan.Measurements {
			if m.Name == "codeGrade" && m.Value != nil {
				grade = *m.Value
			}
		}
	}
	supplier, listed := l.cfg.Supplier[code]
	return stations.ReceiveCell(v.Recipe, stations.Receipt{
		Cell: code, Scan: scan.Verdict, Why: scan.Text, Grade: grade, Supplier: supplier, Listed: listed, Seen: l.cells.known(code),
		Found: v.Found, Other: other, Stranger: l.cells.stranger(code), Now: now,
	})
}

// grade judges a measured cell. One whose code nobody has received, or is another cell's, goes to the retest bin: what was asked of a
// cell at receipt was not asked of it.
func (l *Line) grade(v *stations.Visit) line.CellGraded {
	code := line.CellID(v.Part)
	if v.Nameless {
		return line.CellGraded{
			ReadAs: code, Item: v.Recipe.Cell.Item, Attempt: 1, Measurements: v.Results[0].Measurements, Verdict: line.NOK, Bin: stations.BinRetest,
			Reason: fmt.Sprintf("it was read as %s, which is on record elsewhere: nobody knows which cell it is", code),
		}
	}
	if v.Stranger || !l.cells.open(code) {
		return line.CellGraded{
			Cell: code, Item: v.Recipe.Cell.Item, Attempt: 1, Measurements: v.Results[0].Measurements, Verdict: line.NOK, Bin: stations.BinRetest,
			Reason: fmt.Sprintf("no cell was received as %s: its code was read otherwise there, or here", code),
		}
	}
	supplier := l.cfg.Supplier[code]
	supplier.Cell = code
	return stations.GradeCell(v.Recipe, supplier, v.Results[0])
}

// cellGoes says where a cell is after its visit.
func (l *Line) cellGoes(s *station, v *stations.Visit) line.StationID {
	place := func(bin, lane int) line.StationID {
		switch {
		case bin > 0:
			return line.StationID(fmt.Sprintf("NG%d", bin))
		case lane > 0:
			return line.StationID(fmt.Sprintf("LANE%d", lane))
		}
		return s.after.ID
	}
	placed := len(v.Results) > 0 && v.Results[len(v.Results)-1].Task == line.TaskPlaceCell && v.Results[len(v.Results)-1].Verdict == line.OK
	switch {
	case !placed:
		return line.Quarantine
	case v.Graded != nil:
		return place(v.Graded.Bin, v.Graded.Lane)
	case v.Received != nil:
		return place(v.Received.Bin, 0)
	}
	return line.Quarantine
}
