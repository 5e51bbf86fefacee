package supervisor

import (
	"hash/fnv"
	"time"

	"linectl/line"
	"linectl/stations"
)

// cellStore is what the line knows of cells that are in no pack yet: those on the way, and the pool of good ones.
//
// Cells of one item are numbered in the order in which they were asked for, and enter the pool in that order whatever the
// order in which they were judged. So the sets that are built depend on the cells alone and not on who was faster.
type cellStore struct {
	seen    map[uint64]struct{} // every code ever received, by its hash: a code may come only once
	live    map[line.CellID]*cell
	streams map[string]*stream
	counts  line.CellCounts
}

// cell is a received cell that is in no set.
type cell struct {
	item     string
	index    int // its number in the stream of its item; 0 when it was found lying in a nest
	supplier line.SupplierCell
	judged   bool
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
		seen: map[uint64]struct{}{}, live: map[line.CellID]*cell{}, streams: map[string]*stream{},
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

func (c *cellStore) received(index int, f line.CellReceived) {
	c.counts.Received++
	if f.Verdict != line.OK {
		c.reject(f.Bin)
		c.conclude(f.Item, index, &conclusion{})
		return
	}
	c.seen[codeHash(f.Cell)] = struct{}{}
	c.live[f.Cell] = &cell{item: f.Item, index: index, supplier: f.Supplier}
}

func (c *cellStore) graded(at time.Time, f line.CellGraded) {
	known := c.live[f.Cell]
	if known == nil || known.judged {
		return
	}
	known.judged = true
	end := &conclusion{graded: at, good: f.Verdict == line.OK}
	if end.good {
		end.candidate = stations.Candidate{Cell: f.Cell, Lot: f.Lot, Lane: f.Lane, CapacityAh: f.CapacityAh, Order: known.index}
		for _, m := range f.Measurements {
			switch {
			case m.Value == nil:
			case m.Name == "ocv":
				end.candidate.OCV = *m.Value
			case m.Name == "acir":
				end.candidate.ACIR = *m.Value
			}
		}
	} else {
		c.reject(f.Bin)
		delete(c.live, f.Cell)
	}
	c.conclude(known.item, known.index, end)
}

// moved follows a cell that left a station. One that left without having been judged is lost to the line.
func (c *cellStore) moved(code line.CellID, index int, to line.StationID) {
	if to != line.Quarantine {
		return
	}
	known := c.live[code]
	if known == nil {
		c.concludeAll(index)
		return
	}
	if !known.judged {
		c.conclude(known.item, known.index, &conclusion{})
	} else {
		c.take(known.item, code)
	}
	delete(c.live, code)
	c.counts.Rejected++
}

// concludeAll concludes an unread cell whose item only its number can tell.
func (c *cellStore) concludeAll(index int) {
	for item, s := range c.streams {
		if index > s.concluded && index == s.asked && s.waiting[index] == nil {
			c.conclude(item, index, &conclusion{})
		}
	}
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

// take removes a cell from the pool: it belongs to a set now, or to nobody.
func (c *cellStore) take(item string, code line.CellID) {
	s := c.stream(item)
	for i, p := range s.pool {
		if p.Cell == code {
			s.pool = append(s.pool[:i], s.pool[i+1:]...)
			c.counts.Pool--
			break
		}
	}
	delete(c.live, code)
}

// candidates returns the cells of the pool whose readings are still valid.
func (s *stream) candidates(now time.Time, validity time.Duration) []stations.Candidate {
	list := make([]stations.Candidate, 0, len(s.pool))
	for _, p := range s.pool {
		if validity == 0 || now.Sub(p.graded) <= validity {
			list = append(list, p.Candidate)
		}
	}
	return list
}
