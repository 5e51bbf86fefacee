package stations

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"linectl/recipes"
)

// search looks for the set with the smallest spread of capacity among cells that may all go together. A set that meets the
// spreads of the pack lies in a box: a window of capacity, within it a window of voltage, within that a window of resistance.
type search struct {
	r       *recipes.Recipe
	n       int
	cells   []Candidate // by capacity
	byOCV   []int       // indexes into cells
	byACIR  []int
	place   []int // of a cell in the present voltage order; -1 outside the capacity window
	ocv     []int // cells of the present capacity window by voltage
	box     []int // cells of the present voltage window by resistance
	members []Candidate
	trials  *int // balancings that are left to this call of Match
}

func newSearch(r *recipes.Recipe, cells []Candidate, trials *int) *search {
	n := len(cells)
	s := &search{r: r, n: r.Cells(), cells: cells, byOCV: make([]int, n), byACIR: make([]int, n), place: make([]int, n), trials: trials}
	for i := range cells {
		s.byOCV[i], s.byACIR[i] = i, i
	}
	slices.SortStableFunc(s.byOCV, func(a, b int) int { return cmp.Compare(cells[a].OCV, cells[b].OCV) })
	slices.SortStableFunc(s.byACIR, func(a, b int) int { return cmp.Compare(cells[a].ACIR, cells[b].ACIR) })
	return s
}

// smallest returns the set with the smallest spread of capacity below a bound. For each smallest cell, those with the most
// others in reach first, it asks whether the widest window that is still better gives a set, and only then narrows it.
func (s *search) smallest(below float64) (best chosen, ok bool) {
	for _, from := range s.starts() {
		to := s.reach(from, below)
		if to-from < s.n {
			continue
		}
		groups := s.fit(from, to)
		if groups == nil {
			continue
		}
		for low, high := from+s.n, to; low < high; {
			middle := (low + high) / 2
			if g := s.fit(from, middle); g != nil {
				groups, high = g, middle
			} else {
				low = middle + 1
			}
		}
		spread := spreadOf(groups)
		if spread < below || !ok && math.IsInf(below, 1) {
			best, below, ok = chosen{groups, spread}, spread, true
		}
	}
	return best, ok
}

// reach returns the end of the widest window of capacity that begins with a cell and is narrower than a bound.
func (s *search) reach(from int, below float64) int {
	least := s.cells[from].CapacityAh
	widest := least * (s.r.Matching.CapacitySpread / 100)
	return from + sort.Search(len(s.cells)-from, func(i int) bool {
		spread := s.cells[from+i].CapacityAh - least
		return spread > widest || spread >= below
	})
}

// starts lists the cells that have enough others in reach, those with the most first.
func (s *search) starts() []int {
	size := make([]int, len(s.cells))
	var all []int
	for from := range s.cells {
		if size[from] = s.reach(from, math.Inf(1)) - from; size[from] >= s.n {
			all = append(all, from)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(size[b], size[a]) })
	return all
}

func spreadOf(groups [][]Candidate) float64 {
	return measure(slices.Concat(groups...), capacityOf).spread()
}

// fit finds a set among the cells of a capacity window, or nil. It looks at each window of voltage that holds enough cells and
// is not part of the one before.
func (s *search) fit(from, to int) [][]Candidate {
	s.ocv = s.ocv[:0]
	for _, i := range s.byOCV {
		s.place[i] = -1
		if i >= from && i < to {
			s.place[i] = len(s.ocv)
			s.ocv = append(s.ocv, i)
		}
	}
	end := 0
	for start := 0; start+s.n <= len(s.ocv); start++ {
		before := end
		for end < len(s.ocv) && s.cells[s.ocv[end]].OCV-s.cells[s.ocv[start]].OCV <= s.r.Matching.OCVSpread {
			end++
		}
		if end-start < s.n || end == before {
			continue
		}
		if groups := s.fitResistance(start, end); groups != nil {
			return groups
		}
	}
	return nil
}

// fitResistance finds a set among the cells of a voltage window, or nil.
func (s *search) fitResistance(start, end int) [][]Candidate {
	s.box = s.box[:0]
	for _, i := range s.byACIR {
		if s.place[i] >= start && s.place[i] < end {
			s.box = append(s.box, i)
		}
	}
	limit := s.r.Matching.ACIRSpread
	if limit == 0 {
		limit = math.Inf(1)
	}
	last := 0
	for first := 0; first+s.n <= len(s.box); first++ {
		before := last
		for last < len(s.box) && s.cells[s.box[last]].ACIR-s.cells[s.box[first]].ACIR <= limit {
			last++
		}
		if last-first < s.n || last == before {
			continue
		}
		s.members = s.members[:0]
		for _, i := range s.box[first:last] {
			s.members = append(s.members, s.cells[i])
		}
		if groups := s.group(s.members); groups != nil {
			return groups
		}
	}
	return nil
}

// group divides cells that meet the limits of the pack into its parallel groups, or returns nil. Cells in series only need no
// grouping: those that have waited longest are taken.
func (s *search) group(members []Candidate) [][]Candidate {
	if s.r.Parallel > 1 {
		return formGroups(s.r, members, s.trials)
	}
	set := slices.Clone(members)
	slices.SortFunc(set, byAge)
	groups := make([][]Candidate, s.n)
	for i := range groups {
		groups[i] = set[i : i+1 : i+1]
	}
	return groups
}
