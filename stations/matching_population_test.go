package stations_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"linectl/line"
	"linectl/recipes"
	"linectl/stations"
)

// population draws cells as the reference process describes them: normal capacity, lognormal resistance, a state of charge that
// the voltage follows, an offset for each lot of 400 cells. Cells outside the gates never reach the pool.
type population struct {
	rng            *rand.Rand
	recipe         *recipes.Recipe
	capacity, acir float64
	offset         float64
	drawn          int
}

func newPopulation(r *recipes.Recipe, seed uint64) *population {
	p := &population{rng: rand.New(rand.NewPCG(seed, 1)), recipe: r, capacity: 105.8, acir: 0.198e-3}
	switch r.Product {
	case "ESS-P2":
		p.capacity, p.acir = 283, 0.18e-3
	case "DRN-P3":
		p.capacity, p.acir = 4.22, 12e-3
	}
	return p
}

// next draws one cell and reports whether it is within the gates.
func (p *population) next() (stations.Candidate, bool) {
	if p.drawn%400 == 0 {
		p.offset = p.capacity * 0.004 * (2*p.rng.Float64() - 1)
	}
	p.drawn++
	soc := 30 + 0.5*p.rng.NormFloat64()
	ocv := 3.283 + 0.0011*max(soc-30, 0) - 0.0043*max(30-soc, 0)
	if p.recipe.Chemistry == "NMC" {
		ocv = 3.600 + 0.004*max(soc-30, 0) - 0.008*max(30-soc, 0)
	}
	c := stations.Candidate{
		Cell: line.CellID(fmt.Sprintf("C%05d", p.drawn)), Lot: line.LotID(fmt.Sprintf("L%d", (p.drawn-1)/400)), Order: p.drawn,
		CapacityAh: p.capacity*(1+0.00567*p.rng.NormFloat64()*scatter(p.recipe)) + p.offset,
		OCV:        ocv + 0.00005*p.rng.NormFloat64(),
		ACIR:       p.acir * math.Exp(0.04*p.rng.NormFloat64()) * (1 + 0.003*p.rng.NormFloat64()),
	}
	v, _ := p.recipe.Process(line.Sort).Limit("ocv")
	o, _ := p.recipe.Process(line.Sort).Limit("acir")
	return c, v.Judge(c.OCV) == line.OK && o.Judge(c.ACIR) == line.OK && p.rng.Float64() > 0.005
}

// scatter makes the storage cell 1.4 Ah of 283 Ah and the round cell 0.024 Ah of 4.22 Ah.
func scatter(r *recipes.Recipe) float64 {
	if r.Product == "ESS-P2" {
		return 0.0049 / 0.00567
	}
	return 1
}

// cellsUntilSet draws cells until the first set, as the sorting station does, and returns how many it took.
func cellsUntilSet(tb testing.TB, r *recipes.Recipe, p *population, pool []stations.Candidate) (int, line.SetReserved, []stations.Candidate) {
	tb.Helper()
	for n := 1; n <= 20*r.Cells(); n++ {
		c, good := p.next()
		if !good {
			continue
		}
		pool = append(pool, c)
		if set, ok := stations.Match(r, pool); ok {
			return n, set, pool
		}
	}
	tb.Fatalf("%s: no set out of %d cells", r.Product, 20*r.Cells())
	return 0, line.SetReserved{}, nil
}

// TestFirstSetComesSoon keeps the number of cells that a pack costs. A demo that has to grade twice as many takes twice as long.
func TestFirstSetComesSoon(t *testing.T) {
	for product, bound := range map[string]float64{"EV-P1": 1.9, "ESS-P2": 1.6, "DRN-P3": 1.9} {
		t.Run(product, func(t *testing.T) {
			r := sample(t, product)
			total, most := 0, 0
			const seeds = 20
			var set line.SetReserved
			for seed := range uint64(seeds) {
				n, s, _ := cellsUntilSet(t, r, newPopulation(r, seed), nil)
				total, most, set = total+n, max(most, n), s
			}
			mean := float64(total) / seeds
			t.Logf("%s: %.1f cells graded for the first set of %d, at most %d; last: %s", product, mean, r.Cells(), most, set.Reason)
			if mean > bound*float64(r.Cells()) {
				t.Errorf("%.1f cells, want at most %.1f times %d", mean, bound, r.Cells())
			}
		})
	}
}

// TestOrphansDoNotStarveTheLine builds pack after pack. What matches nothing stays in the pool, and must neither use up the bounded
// search nor make a call slow. The traction pack is the dear one: a lot of 400 cells holds two windows of 1 % and then ends.
func TestOrphansDoNotStarveTheLine(t *testing.T) {
	for product, bound := range map[string]float64{"EV-P1": 2, "ESS-P2": 1.25, "DRN-P3": 1.25} {
		t.Run(product, func(t *testing.T) {
			r := sample(t, product)
			p := newPopulation(r, 7)
			const packs = 12
			var pool []stations.Candidate
			graded, most := 0, 0
			for range packs {
				n, set, after := cellsUntilSet(t, r, p, pool)
				graded, most = graded+n, max(most, n)
				pool = slices.DeleteFunc(after, func(c stations.Candidate) bool {
					return slices.ContainsFunc(set.Slots, func(s line.SlotCell) bool { return s.Cell == c.Cell })
				})
			}
			t.Logf("%s: %d cells graded for %d packs of %d, at most %d for one; %d cells are left over", product, graded, packs, r.Cells(), most, len(pool))
			if got := float64(graded) / float64(packs*r.Cells()); got > bound {
				t.Errorf("%.2f cells graded for each built in, want at most %.2f", got, bound)
			}
		})
	}
}

// BenchmarkMatch measures one call in the two states of the pool that matter: one cell short of a set, which is the case after
// nearly every graded cell, and full because nobody fetched sets.
func BenchmarkMatch(b *testing.B) {
	for _, product := range []string{"EV-P1", "ESS-P2", "DRN-P3"} {
		r := sample(b, product)
		p := newPopulation(r, 1)
		_, _, pool := cellsUntilSet(b, r, p, nil)
		short := pool[:len(pool)-1]
		b.Run(product+"/short", func(b *testing.B) {
			for b.Loop() {
				if _, ok := stations.Match(r, short); ok {
					b.Fatal("a set was found")
				}
			}
		})
		for len(pool) < 400 {
			if c, good := p.next(); good {
				pool = append(pool, c)
			}
		}
		b.Run(product+"/full", func(b *testing.B) {
			for b.Loop() {
				if _, ok := stations.Match(r, pool); !ok {
					b.Fatal("no set was found")
				}
			}
		})
	}
}
