package stations

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"linectl/line"
	"linectl/recipes"
)

// Candidate is a graded cell that may go into a set: in a lane, its reading still valid, reserved by nobody. All values must be
// finite numbers; a cell without them is never chosen.
type Candidate struct {
	Cell       line.CellID
	Lot        line.LotID
	Lane       int
	CapacityAh float64 // the supplier's value
	OCV        float64 // V
	ACIR       float64 // Ω
	Order      int     // position in the stream of graded cells; among equals the longest waiting is taken
}

// maxLotChoices bounds how many combinations of lots are tried, largest first.
const maxLotChoices = 64

// Match chooses the cells of one pack from the pool and gives each its slot, or says that no set can be made yet. The same pool in
// any order gives the same set. No recipe limit is ever exceeded.
//
// The strategy "window" takes the set with the smallest spread of capacity. For cells in series only, it finds a set whenever
// there is one, when the spread is held against the smallest cell of the set instead of the mean, which is the stricter of the
// two. For cells in parallel the forming of groups is a heuristic and may miss a set that the next cells make possible. The
// strategy "bins" takes all cells from one fixed bin, the fullest that can give a set.
func Match(r *recipes.Recipe, pool []Candidate) (line.SetReserved, bool) {
	if len(pool) < r.Cells() {
		return line.SetReserved{}, false
	}
	usable := usableCells(r, pool)
	var best chosen
	var from int // good cells that the choice was made from
	trials := maxTrials
	for _, bin := range bins(r, usable) {
		for _, cells := range lotChoices(bin, r.Cells(), r.Cell.MaxLots) {
			if c, ok := newSearch(r, cells, &trials).smallest(best.width()); ok {
				best, from = c, len(cells)
			}
		}
		if best.groups != nil && r.Matching.Strategy == "bins" {
			break
		}
	}
	if best.groups == nil {
		return line.SetReserved{}, false
	}
	return reservation(r, best.groups, from), true
}

// chosen is a set that meets every limit, group by group.
type chosen struct {
	groups [][]Candidate
	spread float64 // Ah
}

func (c chosen) width() float64 {
	if c.groups == nil {
		return math.Inf(1)
	}
	return c.spread
}

// usableCells drops what can be in no set and orders the rest by capacity, so that the order of the pool does not matter.
func usableCells(r *recipes.Recipe, pool []Candidate) []Candidate {
	cells := make([]Candidate, 0, len(pool))
	for _, c := range pool {
		sum := c.CapacityAh + c.OCV + c.ACIR
		if math.IsNaN(sum) || math.IsInf(sum, 0) || c.CapacityAh <= 0 || r.Parallel == 1 && c.CapacityAh < r.Matching.MinCapacity {
			continue
		}
		cells = append(cells, c)
	}
	slices.SortFunc(cells, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.CapacityAh, b.CapacityAh), byAge(a, b))
	})
	seen := make(map[line.CellID]bool, len(cells))
	return slices.DeleteFunc(cells, func(c Candidate) bool {
		twice := seen[c.Cell]
		seen[c.Cell] = true
		return twice
	})
}

func byAge(a, b Candidate) int {
	return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Cell, b.Cell))
}

// bins divides the cells by the strategy: one bin for all, or a fixed bin for each step of capacity, voltage and resistance, the
// fullest first.
func bins(r *recipes.Recipe, cells []Candidate) [][]Candidate {
	m := r.Matching
	if m.Strategy != "bins" {
		return [][]Candidate{cells}
	}
	type key [3]float64
	byKey := map[key][]Candidate{}
	for _, c := range cells {
		k := key{math.Floor(c.CapacityAh / m.CapacityBin), math.Floor(c.OCV / m.OCVBin), math.Floor(c.ACIR / m.ACIRBin)}
		byKey[k] = append(byKey[k], c)
	}
	keys := make([]key, 0, len(byKey))
	for k, bin := range byKey {
		if len(bin) >= r.Cells() {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(len(byKey[b]), len(byKey[a])), slices.Compare(a[:], b[:]))
	})
	all := make([][]Candidate, len(keys))
	for i, k := range keys {
		all[i] = byKey[k]
	}
	return all
}

// lotChoices returns the cells of every combination of as many lots as a pack may have, if they are enough for a set.
func lotChoices(cells []Candidate, n, maxLots int) [][]Candidate {
	count := map[line.LotID]int{}
	for _, c := range cells {
		count[c.Lot]++
	}
	lots := make([]line.LotID, 0, len(count))
	for lot := range count {
		lots = append(lots, lot)
	}
	if maxLots <= 0 || len(lots) <= maxLots {
		if len(cells) < n {
			return nil
		}
		return [][]Candidate{cells}
	}
	slices.SortFunc(lots, func(a, b line.LotID) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	var choices [][]Candidate
	var pick func(from int, taken []line.LotID, sum int)
	pick = func(from int, taken []line.LotID, sum int) {
		if len(taken) == maxLots {
			if sum >= n {
				choices = append(choices, slices.DeleteFunc(slices.Clone(cells), func(c Candidate) bool { return !slices.Contains(taken, c.Lot) }))
			}
			return
		}
		for i := from; i < len(lots) && len(choices) < maxLotChoices; i++ {
			if sum+(maxLots-len(taken))*count[lots[i]] < n {
				return // the lots that follow are smaller still
			}
			pick(i+1, append(slices.Clone(taken), lots[i]), sum+count[lots[i]])
		}
	}
	pick(0, nil, 0)
	return choices
}

// reservation puts the groups into their slots and explains the choice.
func reservation(r *recipes.Recipe, groups [][]Candidate, from int) line.SetReserved {
	for _, g := range groups {
		slices.SortFunc(g, byAge)
	}
	slices.SortFunc(groups, func(a, b []Candidate) int { return byAge(a[0], b[0]) })
	set := line.SetReserved{Strategy: r.Matching.Strategy}
	var lots []string
	for _, g := range groups {
		for _, c := range g {
			slot := len(set.Slots) + 1
			set.Slots = append(set.Slots, line.SlotCell{
				Slot: slot, Group: r.GroupOf(slot), Module: r.ModuleOf(slot), Cell: c.Cell, Lot: c.Lot, Lane: c.Lane,
			})
			if !slices.Contains(lots, string(c.Lot)) {
				lots = append(lots, string(c.Lot))
			}
		}
	}
	slices.Sort(lots)
	var tightest share
	for _, s := range shares(r.Matching, groups) {
		set.Spread = append(set.Spread, s.reached)
		if s.used() > tightest.used() {
			tightest = s
		}
	}
	set.Spread = append(set.Spread, line.Quantity{Name: "lots", Value: float64(len(lots)), Unit: "1"})
	set.Bound = tightest.reached.Name
	how := "smallest capacity window"
	if r.Matching.Strategy == "bins" {
		how = "one fixed bin"
	}
	set.Reason = fmt.Sprintf("%d of %d good cells of lot %s: %s, %s of %s; %s bound the choice, %s of %s",
		r.Cells(), from, strings.Join(lots, " and "), how,
		line.Format(set.Spread[0].Value, "%"), line.Format(r.Matching.CapacitySpread, "%"),
		tightest.words, line.Format(tightest.reached.Value, tightest.reached.Unit), line.Format(tightest.limit, tightest.reached.Unit))
	return set
}

// share is how much of a limit a set uses.
type share struct {
	reached line.Quantity
	limit   float64
	words   string
	least   bool // the limit is a least value
}

// used is 1 when the limit is reached.
func (s share) used() float64 {
	switch {
	case s.limit == 0:
		return 0
	case s.least:
		return s.limit / s.reached.Value
	}
	return s.reached.Value / s.limit
}

// shares measures a set against every limit that the recipe names, the spread of capacity first.
func shares(m recipes.Matching, groups [][]Candidate) []share {
	all := slices.Concat(groups...)
	capacity, ocv, acir := measure(all, capacityOf), measure(all, ocvOf), measure(all, acirOf)
	out := []share{
		{line.Quantity{Name: "capacitySpread", Value: capacity.percent(), Unit: "%"}, m.CapacitySpread, "capacity", false},
		{line.Quantity{Name: "ocvSpread", Value: ocv.spread(), Unit: "V"}, m.OCVSpread, "open-circuit voltage", false},
		{line.Quantity{Name: "acirSpread", Value: acir.spread(), Unit: "Ω"}, m.ACIRSpread, "resistance", false},
	}
	var ocvGroup, acirGroup float64
	var sums stretch
	for _, g := range groups {
		ocvGroup = max(ocvGroup, measure(g, ocvOf).spread())
		acirGroup = max(acirGroup, measure(g, acirOf).percent())
		sums.add(measure(g, capacityOf).sum)
	}
	if len(groups[0]) > 1 {
		out = append(out,
			share{line.Quantity{Name: "groupOCVSpread", Value: ocvGroup, Unit: "V"}, m.OCVSpreadGroup, "open-circuit voltage in a group", false},
			share{line.Quantity{Name: "groupACIRSpread", Value: acirGroup, Unit: "%"}, m.ACIRSpreadGroup, "resistance in a group", false},
			share{line.Quantity{Name: "groupCapacitySpread", Value: sums.percent(), Unit: "%"}, m.CapacitySpreadGroup, "capacity between groups", false})
	}
	return append(out, share{line.Quantity{Name: "weakestGroup", Value: sums.least, Unit: "Ah"}, m.MinCapacity, "capacity of the weakest group", true})
}

func capacityOf(c Candidate) float64 { return c.CapacityAh }
func ocvOf(c Candidate) float64      { return c.OCV }
func acirOf(c Candidate) float64     { return c.ACIR }

// stretch is the least, the most and the sum of some values.
type stretch struct {
	least, most, sum float64
	n                int
}

func (s *stretch) add(v float64) {
	if s.n == 0 || v < s.least {
		s.least = v
	}
	if s.n == 0 || v > s.most {
		s.most = v
	}
	s.sum += v
	s.n++
}

func (s stretch) spread() float64 { return s.most - s.least }

// percent is the spread in percent of the mean.
func (s stretch) percent() float64 { return 100 * s.spread() / (s.sum / float64(s.n)) }

func measure(cells []Candidate, value func(Candidate) float64) stretch {
	var s stretch
	for _, c := range cells {
		s.add(value(c))
	}
	return s
}
