package supervisor

import (
	"linectl/line"
	"linectl/recipes"
	"linectl/stations"
)

// station is a station in its place in the line.
type station struct {
	*stations.Machine
	cfg     StationConfig
	devices []*stations.Device
	before  *station // nil at the beginning of the route
	after   *station // nil at its end
	infeed  []string // parts that were sent here and have not arrived, first come first
	index   int      // receive: number in its stream of the cell that is being scanned
	starved string   // what its neighbours' lack is called when it waits for a part
	blocked string   // what a neighbour says that cannot send it a part
	stuck   string   // why the part in the nest may not be worked on, or the next one not taken
}

// room reports whether another part may be sent to the station.
func (s *station) room() bool {
	return s.cfg.Kind == line.Bench || len(s.infeed) < max(s.cfg.Buffer, 1)
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
