package web

import (
	"cmp"
	"math"
	"slices"
	"time"
)

var materialsPage = Page{Name: "materials", Path: "/materials", Title: "Materials", Menu: true, Data: func(v *View) any { return materials(v) }}

// material is a consumable of a station on the list of the line.
type material struct {
	consumable
	Station string
	Key     string
	Load    Button
	runsOut float64 // seconds until it is gone; infinite where nobody knows
}

// materials lists every consumable of the line, first what runs out first.
func materials(v *View) []material {
	list := []material{}
	for _, id := range v.Stations {
		lasts := v.Numbers(id + ".ConsumableLasts")
		for i, c := range consumables(v, id) {
			m := material{
				consumable: c, Station: id, Key: id + "/" + c.Item, runsOut: math.Inf(1),
				Load: v.Ask(id+".LoadMaterial", v.T("Load")).With("Item", c.Item),
			}
			switch {
			case c.Out:
				m.runsOut = 0
			case c.Low && lasts[i] <= 0:
				m.runsOut = 1 // past its day
			case lasts[i] > 0:
				m.runsOut = lasts[i]
			}
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b material) int {
		return cmp.Or(cmp.Compare(a.runsOut, b.runsOut), cmp.Compare(a.Life, b.Life))
	})
	return list
}

// Soon is how long before its end a material is marked, in minutes.
func (v *View) Soon() int { return int(lowBefore / time.Minute) }
