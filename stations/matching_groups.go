package stations

import (
	"cmp"
	"math"
	"slices"

	"linectl/recipes"
)

// Bounds of the heuristic that forms parallel groups.
const (
	maxCuts   = 5  // ways to cut the cells into strips of voltage
	maxMoves  = 30 // exchanges of cells between groups, to balance their capacity
	maxTrials = 6  // balancings of one call of Match: a full pool has more boxes than a graded cell has time
)

// formGroups divides cells into parallel groups, or returns nil. Cells of one group must be alike in voltage and resistance, so
// the cells are cut into strips of voltage, each strip is laid out by resistance, and neighbours make a group. Groups must be
// alike in capacity, so cells are then exchanged, between groups and with the cells left over, until the limits hold.
// Each balancing costs one of the trials.
func formGroups(r *recipes.Recipe, cells []Candidate, trials *int) [][]Candidate {
	if *trials == 0 || !strongEnough(r, cells) {
		return nil
	}
	byOCV := slices.Clone(cells)
	slices.SortFunc(byOCV, func(a, b Candidate) int { return cmp.Or(cmp.Compare(a.OCV, b.OCV), byAge(a, b)) })
	for _, cut := range cuts(byOCV, r.Matching.OCVSpreadGroup) {
		groups, spare := neighbours(r, byOCV, cut)
		if len(groups) < r.Series {
			continue
		}
		if *trials == 0 {
			return nil
		}
		*trials--
		groups, left := mostAlike(groups, r.Series)
		b := balance{r: r, groups: groups, spare: append(spare, left...)}
		if b.run() {
			return b.groups
		}
	}
	return nil
}

// strongEnough reports whether the strongest cells would do for the weakest group.
func strongEnough(r *recipes.Recipe, cells []Candidate) bool {
	capacities := make([]float64, len(cells))
	for i, c := range cells {
		capacities[i] = c.CapacityAh
	}
	slices.Sort(capacities)
	var sum float64
	for _, c := range capacities[len(capacities)-r.Cells():] {
		sum += c
	}
	return sum >= r.Matching.MinCapacity*float64(r.Series)
}

// cuts lists where the first strip of voltage may end: as far as a group may reach, and evenly spaced places before it, as long
// as that costs no further strip.
func cuts(byOCV []Candidate, limit float64) []float64 {
	least, most := byOCV[0].OCV, byOCV[len(byOCV)-1].OCV
	if limit == 0 || most-least <= limit {
		return []float64{most}
	}
	strips := math.Ceil((most - least) / limit)
	slack := strips*limit - (most - least) // by so much the first strip may be shorter
	all := make([]float64, maxCuts)
	for i := range all {
		all[i] = least + limit - slack*float64(i)/float64(maxCuts-1)
	}
	return all
}

// neighbours makes as many groups as it can from strips of voltage. Taking the first run that fits, in the order of resistance,
// gives the most groups of a strip.
func neighbours(r *recipes.Recipe, byOCV []Candidate, cut float64) (groups [][]Candidate, spare []Candidate) {
	limit := r.Matching.OCVSpreadGroup
	for from := 0; from < len(byOCV); {
		to := from
		for to < len(byOCV) && (limit == 0 || byOCV[to].OCV-byOCV[from].OCV <= limit) && (from > 0 || byOCV[to].OCV <= cut || to == from) {
			to++
		}
		strip := slices.Clone(byOCV[from:to])
		slices.SortFunc(strip, func(a, b Candidate) int { return cmp.Or(cmp.Compare(a.ACIR, b.ACIR), byAge(a, b)) })
		for i := 0; i < len(strip); {
			if i+r.Parallel <= len(strip) && alike(r, strip[i:i+r.Parallel]) {
				groups = append(groups, slices.Clone(strip[i:i+r.Parallel]))
				i += r.Parallel
				continue
			}
			spare = append(spare, strip[i])
			i++
		}
		from = to
	}
	return groups, spare
}

// alike reports whether cells may be in one parallel group.
func alike(r *recipes.Recipe, g []Candidate) bool {
	m := r.Matching
	if m.OCVSpreadGroup > 0 && measure(g, ocvOf).spread() > m.OCVSpreadGroup {
		return false
	}
	return m.ACIRSpreadGroup == 0 || measure(g, acirOf).percent() <= m.ACIRSpreadGroup
}

// mostAlike keeps the n groups whose capacities lie closest together; of the others the cells are left over.
func mostAlike(groups [][]Candidate, n int) (kept [][]Candidate, left []Candidate) {
	sum := func(g []Candidate) float64 { return measure(g, capacityOf).sum }
	slices.SortStableFunc(groups, func(a, b []Candidate) int { return cmp.Compare(sum(a), sum(b)) })
	best := len(groups) - n
	for i := best - 1; i >= 0; i-- {
		if sum(groups[i+n-1])-sum(groups[i]) < sum(groups[best+n-1])-sum(groups[best]) {
			best = i
		}
	}
	for i, g := range groups {
		if i < best || i >= best+n {
			left = append(left, g...)
		}
	}
	return slices.Clone(groups[best : best+n]), left
}

// balance exchanges cells until the capacities of the groups meet the limits.
type balance struct {
	r      *recipes.Recipe
	groups [][]Candidate
	spare  []Candidate

	sums    []float64 // capacity of each group
	order   []int     // groups by capacity
	total   float64
	missing float64 // what the weak groups miss, together
}

// move is one exchange: cell i of group a for cell j of group b, or for spare cell j when b is -1.
type move struct{ a, i, b, j int }

// run reports whether the limits could be met.
func (b *balance) run() bool {
	for range maxMoves {
		b.weigh()
		lack := b.lack(b.sums[b.order[0]], b.sums[b.order[len(b.order)-1]], b.total, b.missing)
		if lack == 0 {
			return true
		}
		best, ok := b.bestMove(lack)
		if !ok {
			return false
		}
		b.exchange(best)
	}
	return false
}

func (b *balance) weigh() {
	b.sums, b.order, b.total, b.missing = b.sums[:0], b.order[:0], 0, 0
	for i, g := range b.groups {
		sum := measure(g, capacityOf).sum
		b.sums, b.order = append(b.sums, sum), append(b.order, i)
		b.total += sum
		b.missing += b.miss(sum)
	}
	slices.SortStableFunc(b.order, func(i, j int) int { return cmp.Compare(b.sums[i], b.sums[j]) })
}

// miss says how much a group is too weak, as a part of what is asked.
func (b *balance) miss(sum float64) float64 {
	return max(0, b.r.Matching.MinCapacity-sum) / max(b.r.Matching.MinCapacity, 1)
}

// lack says by how much the capacities miss the limits, as a part of the mean; 0 when they meet them.
func (b *balance) lack(least, most, total, missing float64) float64 {
	if m := b.r.Matching.CapacitySpreadGroup; m > 0 {
		missing += max(0, (most-least)/(total/float64(len(b.groups)))-m/100)
	}
	return missing
}

// bestMove tries every exchange of a cell of the weakest and of the strongest group.
func (b *balance) bestMove(lack float64) (best move, ok bool) {
	for _, a := range []int{b.order[0], b.order[len(b.order)-1]} {
		for other := -1; other < len(b.groups); other++ {
			if other == a {
				continue
			}
			least, most := b.others(a, other)
			for i := range b.groups[a] {
				for j := range b.side(other) {
					m := move{a, i, other, j}
					if after := b.lackAfter(m, least, most); after < lack && b.allowed(m) {
						best, lack, ok = m, after, true
					}
				}
			}
		}
	}
	return best, ok
}

// others returns the least and most capacity of the groups that a move leaves alone.
func (b *balance) others(a, other int) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for i, sum := range b.sums {
		if i != a && i != other {
			least, most = min(least, sum), max(most, sum)
		}
	}
	return least, most
}

func (b *balance) side(group int) []Candidate {
	if group < 0 {
		return b.spare
	}
	return b.groups[group]
}

// lackAfter is lack as it would be after a move.
func (b *balance) lackAfter(m move, least, most float64) float64 {
	gain := b.side(m.b)[m.j].CapacityAh - b.groups[m.a][m.i].CapacityAh
	sum := b.sums[m.a] + gain
	total, missing := b.total+gain, b.missing-b.miss(b.sums[m.a])+b.miss(sum)
	least, most = min(least, sum), max(most, sum)
	if m.b >= 0 {
		sum = b.sums[m.b] - gain
		total, missing = total-gain, missing-b.miss(b.sums[m.b])+b.miss(sum)
		least, most = min(least, sum), max(most, sum)
	}
	return b.lack(least, most, total, max(0, missing))
}

func (b *balance) exchange(m move) {
	x, y := &b.groups[m.a][m.i], &b.side(m.b)[m.j]
	*x, *y = *y, *x
}

// allowed reports whether the cells of both groups would still be alike.
func (b *balance) allowed(m move) bool {
	b.exchange(m)
	ok := alike(b.r, b.groups[m.a]) && (m.b < 0 || alike(b.r, b.groups[m.b]))
	b.exchange(m)
	return ok
}
