package supervisor

import (
	"slices"
	"time"

	"linectl/line"
	"linectl/recipes"
)

// items lists the consumables that any recipe uses at a kind of station, each once, in the order of the recipes.
func (c Config) items(k line.Kind) []recipes.Material {
	var items []recipes.Material
	for _, r := range c.Recipes {
		for _, m := range r.Materials {
			known := slices.ContainsFunc(items, func(have recipes.Material) bool { return have.Item == m.Item })
			if m.Kind == k && !known {
				items = append(items, m)
			}
		}
	}
	return items
}

// runs returns the recipe by which a station works on its present or its next part, or nil while nothing is ordered.
func (l *Line) runs(s *station) *recipes.Recipe {
	if v := s.Visit(); v != nil && v.Recipe != nil {
		return v.Recipe
	}
	if len(s.infeed) > 0 {
		if p := l.packs[line.PackID(s.infeed[0])]; p != nil {
			return p.recipe
		}
	}
	for _, p := range l.live {
		if !p.disposed() && p.steps[s.cfg.Kind].verdict != line.OK {
			return p.recipe
		}
	}
	for _, o := range l.orders {
		if o.started < o.Quantity {
			return o.recipe
		}
	}
	return nil
}

// uses returns what a recipe takes of an item at a kind of station.
func uses(r *recipes.Recipe, k line.Kind, item string) (recipes.Material, bool) {
	if r == nil {
		return recipes.Material{}, false
	}
	i := slices.IndexFunc(r.Materials, func(m recipes.Material) bool { return m.Kind == k && m.Item == item })
	if i < 0 {
		return recipes.Material{}, false
	}
	return r.Materials[i], true
}

// consumables shows what is loaded at a station and how long it lasts.
func (l *Line) consumables(s *station) []line.ConsumableSnapshot {
	r := l.runs(s)
	list := make([]line.ConsumableSnapshot, 0, len(s.items))
	for _, m := range s.items {
		c := line.ConsumableSnapshot{Item: m.Item, Unit: m.Unit, Serial: m.Level == "serial"}
		if now, takes := uses(r, s.cfg.Kind, m.Item); takes {
			c.PerPack = now.Quantity
		}
		if lot, ok := l.material[materialKey{s.ID, m.Item}]; ok {
			c.Lot, c.Remaining, c.Loaded, c.Expiry = lot.Lot, max(lot.Quantity, 0), lot.full, lot.Expiry
		}
		c.Lasts = lasts(c, s.pace())
		c.Low = l.low(s, c)
		list = append(list, c)
	}
	return list
}

// lasts returns for how long a consumable is enough: for whole packs only, for none is begun that it is not enough for.
func lasts(c line.ConsumableSnapshot, pace time.Duration) time.Duration {
	if c.PerPack <= 0 || pace <= 0 || c.Serial {
		return 0
	}
	packs := int64(c.Remaining/c.PerPack + 1e-9)
	return time.Duration(min(packs, int64(maxLasts/pace))) * pace
}

// maxLasts bounds how long a consumable is said to last: beyond a month nobody asks.
const maxLasts = 31 * 24 * time.Hour

// lowWithin is how long before a consumable runs out the operator is told.
const lowWithin = 30 * time.Minute

// low reports whether a consumable runs out soon. One that is enough for all that is ordered does not.
func (l *Line) low(s *station, c line.ConsumableSnapshot) bool {
	if c.PerPack <= 0 || c.Serial || c.Lasts > lowWithin || s.pace() <= 0 && c.Remaining >= c.PerPack {
		return false
	}
	return float64(l.toCome(s))*c.PerPack > c.Remaining+1e-9
}

// toCome counts the packs of all orders that have yet to be finished at a station.
func (l *Line) toCome(s *station) int {
	n := 0
	for _, o := range l.orders {
		n += o.Quantity - o.started
	}
	for _, p := range l.live {
		if _, on := p.recipe.Step(s.cfg.Kind); on && !p.disposed() && p.steps[s.cfg.Kind].verdict != line.OK {
			n++
		}
	}
	return n
}
