package supervisor

import (
	"hash/fnv"
	"slices"
	"time"

	"linectl/line"
	"linectl/recipes"
	"linectl/stations"
)

// cellStore is what the line knows of cells that are in no pack yet: those on the way, and the pool of good ones.
//
// Cells of one item are numbered in the order in which they were asked for, and enter the pool in that order whatever the
// order in which they were judged. So the sets that are built depend on the cells alone and not on who was faster.
type cellStore struct {
	seen    map[uint64]struct{} // every code ever received, by its hash: a code may come only once
	strange map[uint64]struct{} // codes never received that were read at the tester all the same, by their hash
	lost    map[uint64]struct{} // codes whose cell nobody knows the place of, by their hash
	live    map[line.CellID]*cell
	streams map[string]*stream
	counts  line.CellCounts
}

// cell is a received cell that is in no set.
type cell struct {
	item  string
	index int         // its number in the stream of its item; 0 when it was found lying in a nest
	end   *conclusion // its judgement; nil until it is graded
}

// stream is the sequence of the cells of one item.
type stream struct {
	asked     int                 // cells asked for
	concluded int                 // of which this many, counted from the first, are judged without a gap
	waiting   map[int]*conclusion // judged, but with a gap before them
	pool      []pooled
	goal      int  // cells to be asked for, counted from the first
	news      bool // the pool has grown, or the sequence went on, since a set was last tried
}

type conclusion struct {
	candidate stations.Candidate
	graded    time.Time
	good      bool
}

// pooled is a good cell in its lane.
type pooled struct {
	stations.Candidate
	graded time.Time
}

func newCellStore() cellStore {
	return cellStore{
		seen: map[uint64]struct{}{}, strange: map[uint64]struct{}{}, lost: map[uint64]struct{}{}, live: map[line.CellID]*cell{}, streams: map[string]*stream{},
		counts: line.CellCounts{Bins: map[int]int{}},
	}
}

func (c *cellStore) stream(item string) *stream {
	s := c.streams[item]
	if s == nil {
		s = &stream{waiting: map[int]*conclusion{}}
		c.streams[item] = s
	}
	return s
}

// ask counts a cell that is about to be scanned and returns its number in the stream.
func (c *cellStore) ask(item string) int {
	s := c.stream(item)
	s.asked++
	return s.asked
}

func codeHash(code line.CellID) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(code))
	return h.Sum64()
}

// known reports whether the code was received before.
func (c *cellStore) known(code line.CellID) bool {
	_, ok := c.seen[codeHash(code)]
	return ok
}

// open reports whether a cell with this code was received as good and is still to be graded.
func (c *cellStore) open(code line.CellID) bool {
	known := c.live[code]
	return known != nil && known.end == nil
}

// stranger reports whether a cell that nobody had received was read as this one.
func (c *cellStore) stranger(code line.CellID) bool {
	_, ok := c.strange[codeHash(code)]
	return ok
}

// elsewhere reports whether the cell of this code has a place on record: on its way, in a lane, a bin or a pack. What is read under
// it where nobody has sent it is another cell, of which nobody knows which; one of which nobody knows the place may be found anywhere.
func (c *cellStore) elsewhere(code line.CellID) bool {
	_, lost := c.lost[codeHash(code)]
	return !lost && (c.known(code) || c.stranger(code))
}

// found follows a cell that came to a station under its name.
func (c *cellStore) found(code line.CellID) { delete(c.lost, codeHash(code)) }

// met follows a cell that came to be measured, and reports whether it is a stranger: one that nobody had received under its code, or
// that is on record elsewhere. Then there are two of that code or one of them was read wrong, and nobody knows which: none of
// them is good for anything, neither one that lies in a lane nor one that is still to come.
func (c *cellStore) met(code line.CellID) (stranger bool) {
	if c.open(code) {
		return false
	}
	if !c.known(code) {
		c.strange[codeHash(code)] = struct{}{}
	}
	for item, s := range c.streams {
		if _, was := c.take(item, code); was {
			s.news = true // another is to be asked for in its place
		}
		for _, end := range s.waiting {
			if end.good && end.candidate.Cell == code {
				*end = conclusion{}
			}
		}
	}
	return true
}

// pooled reports whether a good cell with this code lies in its lane and belongs to no set.
func (c *cellStore) pooled(code line.CellID) bool {
	for _, s := range c.streams {
		if slices.ContainsFunc(s.pool, func(p pooled) bool { return p.Cell == code }) {
			return true
		}
		for _, end := range s.waiting {
			if end.good && end.candidate.Cell == code {
				return true
			}
		}
	}
	return false
}

func (c *cellStore) received(index int, f line.CellReceived) {
	c.counts.Received++
	c.found(f.Cell)
	if f.Cell != "" { // also one that is rejected now: it may not come back as if nothing had been
		c.seen[codeHash(f.Cell)] = struct{}{}
	}
	if f.Verdict != line.OK {
		c.reject(f.Bin)
		c.conclude(f.Item, index, &conclusion{})
		return
	}
	c.live[f.Cell] = &cell{item: f.Item, index: index}
}

// graded keeps a cell's judgement. A good one enters the pool when it lies in its lane.
func (c *cellStore) graded(at time.Time, f line.CellGraded) {
	known := c.live[f.Cell]
	if known == nil || known.end != nil {
		return
	}
	known.end = &conclusion{graded: at, good: f.Verdict == line.OK}
	if !known.end.good {
		c.reject(f.Bin)
		return
	}
	known.end.candidate = stations.Candidate{Cell: f.Cell, Lot: f.Lot, Lane: f.Lane, CapacityAh: f.CapacityAh, Order: known.index}
	for _, m := range f.Measurements {
		switch {
		case m.Value == nil:
		case m.Name == "ocv":
			known.end.candidate.OCV = *m.Value
		case m.Name == "acir":
			known.end.candidate.ACIR = *m.Value
		}
	}
}

// moved follows a cell that left a station. One that went on to be measured stays open; every other move concludes it. In
// quarantine it is good for nothing, whatever it was graded.
func (c *cellStore) moved(code line.CellID, item string, index int, to line.StationID) {
	if to == line.Quarantine && code != "" {
		c.lost[codeHash(code)] = struct{}{}
	}
	known := c.live[code]
	if known == nil {
		if to == line.Quarantine { // unread, or not of the stream
			c.conclude(item, index, &conclusion{})
		}
		return
	}
	switch {
	case to == line.Quarantine:
		c.counts.Rejected++
		known.end = &conclusion{}
	case known.end == nil:
		return
	}
	delete(c.live, code)
	c.conclude(known.item, known.index, known.end)
}

func (c *cellStore) reject(bin int) {
	c.counts.Rejected++
	c.counts.Bins[bin]++
}

func (c *cellStore) conclude(item string, index int, end *conclusion) {
	s := c.stream(item)
	if index <= s.concluded {
		return // found in a nest: not of the stream
	}
	s.waiting[index] = end
	for end := s.waiting[s.concluded+1]; end != nil; end = s.waiting[s.concluded+1] {
		s.concluded++
		delete(s.waiting, s.concluded)
		s.news = true
		if end.good {
			s.pool = append(s.pool, pooled{end.candidate, end.graded})
			c.counts.Pool++
		}
	}
}

// take removes a cell from the pool: it belongs to a set now. It is false for a cell that is not there.
func (c *cellStore) take(item string, code line.CellID) (pooled, bool) {
	s := c.stream(item)
	for i, p := range s.pool {
		if p.Cell == code {
			s.pool = append(s.pool[:i:i], s.pool[i+1:]...)
			c.counts.Pool--
			return p, true
		}
	}
	return pooled{}, false
}

// giveBack returns the cells of a set that will not be built.
func (c *cellStore) giveBack(item string, cells []pooled) {
	s := c.stream(item)
	s.pool = append(s.pool, cells...)
	slices.SortStableFunc(s.pool, func(a, b pooled) int { return a.Order - b.Order })
	c.counts.Pool += len(cells)
	s.news = true
}

// candidates returns the cells of the pool that may be built into a pack: those whose readings are still valid and inside the
// gates of its recipe, and whose lot nobody holds.
func (s *stream) candidates(now time.Time, r *recipes.Recipe, held func(line.LotID) bool) []stations.Candidate {
	gate := func(name string, value float64) bool {
		l, asked := r.Process(line.Sort).Limit(name)
		return !asked || l.Judge(value) == line.OK
	}
	list := make([]stations.Candidate, 0, len(s.pool))
	for _, p := range s.pool {
		expired := r.Cell.Validity > 0 && now.Sub(p.graded) > r.Cell.Validity
		if !expired && !held(p.Lot) && gate("ocv", p.OCV) && gate("acir", p.ACIR) {
			list = append(list, p.Candidate)
		}
	}
	return list
}
