package supervisor

import (
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/recipes"
	"linectl/stations"
)

// station is a station in its place in the line.
type station struct {
	*stations.Machine
	cfg      StationConfig
	devices  []*stations.Device
	items    []recipes.Material    // consumables that any recipe uses here
	after    *station              // nil at its end
	infeed   []string              // parts that were sent here and have not arrived, first come first
	index    int                   // receive: number in its stream of the cell that is being scanned
	starved  string                // what its neighbours' lack is called when it waits for a part
	blocked  string                // what a neighbour says that cannot send it a part
	lots     []line.MaterialLoaded // in force since the part arrived
	unsure   time.Time             // since when the scanners of the nest do not agree; zero while they do
	empty    time.Time             // since when a part that was sent here has not come; zero while none is missing
	doubled  time.Time             // since when a cell is read in the nest that is on record elsewhere; zero while none is
	figures  figures               // what it has done so far
	counted  time.Time             // when its warnings are to be looked through again
	warned   []line.AlarmRaised    // they
	wants    *pack                 // the pack of which stuck speaks, if it speaks of one that wants to come in
	wantedAt time.Time             // since when
	stuck    string                // why the part in the nest may not be worked on, or the next one not taken
}

// room reports whether another part may be sent to the station.
func (s *station) room() bool {
	return s.cfg.Kind == line.Bench || len(s.infeed) < max(s.cfg.Buffer, 1)
}

// Times after which the operator is told that a nest is not as it should be.
const (
	scannersAgree = 5 * time.Second
	partComes     = 2 * time.Minute
	scanWithin    = 2 * time.Minute // to be asked for a serial is no alarm, to wait for it so long is
)

// look notes since when the nest is not as it should be.
func (s *station) look(now time.Time, nest string, sure bool) {
	since := func(t *time.Time, wrong bool) {
		switch {
		case !wrong:
			*t = time.Time{}
		case t.IsZero():
			*t = now
		}
	}
	since(&s.unsure, !sure)
	since(&s.empty, nest == "" && len(s.infeed) > 0)
}

// note notes since when a pack is not let in. A restart lets it ask anew.
func (s *station) note(now time.Time, before *pack) {
	if s.wants != before {
		s.wantedAt = now
	}
}

// onlyScan reports whether all that a pack waits for is that the serials of its parts are scanned.
func (s *station) onlyScan() bool {
	return !slices.ContainsFunc(strings.Split(s.stuck, "; "), func(why string) bool { return !strings.HasSuffix(why, scanSerial) })
}

// missesPart reports whether a part that was sent here is long overdue.
func (s *station) missesPart(now time.Time) bool {
	return len(s.infeed) > 0 && !s.empty.IsZero() && now.Sub(s.empty) > partComes
}

// used lists the consumables that went into a pack here: every lot that was in force at any time of the visit. The quantity
// stands with the last lot of an item; of a lot that was changed meanwhile, and in a rework, how much it was is not known.
func (s *station) used(p *pack, v *stations.Visit) []line.MaterialUse {
	var used []line.MaterialUse
	for _, m := range p.recipe.Materials {
		if m.Kind != s.cfg.Kind {
			continue
		}
		last := -1
		for _, lot := range s.lots {
			if lot.Item == m.Item {
				last = len(used)
				used = append(used, line.MaterialUse{Item: m.Item, Lot: lot.Lot})
			}
		}
		if last >= 0 && v.Only == nil {
			used[last].Quantity = m.Quantity
		}
	}
	return used
}

// next returns the station where a pack goes after this one: the first of the route, from here, whose step is not OK.
func (l *Line) next(s *station, p *pack) *station {
	for n := s.after; n != nil; n = n.after {
		if n.cfg.Kind != line.Bench && p.steps[n.cfg.Kind].verdict != line.OK {
			if _, on := p.recipe.Step(n.cfg.Kind); on {
				return n
			}
		}
	}
	return nil
}

// ofKind returns the first station of a kind, or nil.
func (l *Line) ofKind(k line.Kind) *station {
	for _, s := range l.stations {
		if s.cfg.Kind == k {
			return s
		}
	}
	return nil
}

// wanted returns the pack that cells are being sorted for: the oldest without a set, or nil.
func (l *Line) wanted() *pack {
	for _, p := range l.live {
		if p.set == nil && !p.disposed() {
			return p
		}
	}
	return nil
}

// recipeOf returns the recipe by which a cell is judged: that of the oldest pack which needs cells of its item, or, for a
// cell that nobody needs or knows, of the pack that cells are being sorted for.
func (l *Line) recipeOf(code line.CellID) *recipes.Recipe {
	item := ""
	if c := l.cells.live[code]; c != nil {
		item = c.item
	}
	fits := func(r *recipes.Recipe) bool { return item == "" || r.Cell.Item == item }
	if p := l.wanted(); p != nil && fits(p.recipe) {
		return p.recipe
	}
	for _, p := range l.live {
		if fits(p.recipe) {
			return p.recipe
		}
	}
	var first *recipes.Recipe
	for _, r := range l.recipes {
		if fits(r) && (first == nil || r.Hash < first.Hash) {
			first = r
		}
	}
	return first
}
