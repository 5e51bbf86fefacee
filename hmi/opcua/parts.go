package opcua

import (
	"time"

	"linectl/line"
)

// units are the units that recipes use, with their codes of UNECE Recommendation 20.
var units = map[string]string{
	"pcs": "C62", "1": "C62", "g": "GRM", "kg": "KGM", "mg": "MGM", "ml": "MLT", "l": "LTR", "cm3": "CMQ", "mm": "MMT", "m": "MTR", "m2": "MTK", "s": "SEC", "%": "P1",
}

func unitOf(symbol string) *Unit { return &Unit{symbol, units[symbol]} }

// analog makes an analog value below an object of ours.
func analog(of, name, help string, unit *Unit, span *Range) Node {
	return Variable{Browse: Browse{ID: Own(of + "." + name), Parent: Own(of), Name: name, Help: help}, Kind: Double, Unit: unit, Range: span}
}

// plain makes any other value below an object of ours.
func plain(of, name, help string, kind Kind, array bool) Node {
	return Variable{Browse: Browse{ID: Own(of + "." + name), Parent: Own(of), Name: name, Help: help}, Kind: kind, Array: array}
}

// consumableNodes are one object for each consumable of a station that has none yet, with the unit of that consumable. The lists
// of the station say the same for HMIs that want no objects. The caller holds the mutex.
func (g *Gateway) consumableNodes(t *line.StationSnapshot) []Node {
	var nodes []Node
	for _, c := range t.Consumables {
		of := string(t.Station) + "." + c.Item
		if g.parts[of] {
			continue
		}
		g.parts[of] = true
		span := &Range{0, max(c.Loaded, 1)}
		if c.Loaded <= 0 {
			span = amount
		}
		unit := unitOf(c.Unit)
		nodes = append(nodes,
			Object{Browse: Browse{ID: Own(string(t.Station) + ".Consumables"), Parent: Own(string(t.Station)), Name: "Consumables", Help: "One object for each consumable."}, Folder: true},
			Object{Browse: Browse{ID: Own(of), Parent: Own(string(t.Station) + ".Consumables"), Name: c.Item}},
			plain(of, "Lot", "The lot that is loaded, empty if none is.", String, false),
			Variable{
				Browse: Browse{ID: Own(of + ".Remaining"), Parent: Own(of), Name: "Remaining", Help: "What remains of it."}, Kind: Double, Unit: unit, Range: span,
				History: &Series{SeriesRemaining, t.Station, c.Item},
			},
			analog(of, "Loaded", "What there was when it was loaded.", unit, amount),
			analog(of, "PerPack", "What a pack of the product that runs takes, 0 if it takes none.", unit, amount),
			analog(of, "Life", "What remains of what was loaded.", percent, whole),
			analog(of, "Lasts", "How long it lasts at the present pace; 0 if that is not known, or nothing is left.", seconds, day),
			plain(of, "Expiry", "Until when the lot may be used.", Moment, false),
			plain(of, "Serial", "A part of which one is scanned for each pack.", Bool, false),
		)
	}
	return nodes
}

func consumableValues(t *line.StationSnapshot, q Quality, at time.Time) []Value {
	values := make([]Value, 0, 8*len(t.Consumables))
	for _, c := range t.Consumables {
		of := string(t.Station) + "." + c.Item
		v := func(name string, value any) Value { return Value{Own(of + "." + name), value, q, at} }
		values = append(values, v("Lot", string(c.Lot)), v("Remaining", c.Remaining), v("Loaded", c.Loaded), v("PerPack", c.PerPack), v("Life", life(c)),
			v("Lasts", c.Lasts.Seconds()), v("Expiry", moment(c.Expiry)), v("Serial", c.Serial))
	}
	return values
}

// masterNodes are the check against the reference part, where one is measured. The caller holds the mutex.
func (g *Gateway) masterNodes(t *line.StationSnapshot) []Node {
	of := string(t.Station) + ".MasterCheck"
	if t.Master == nil || g.parts[of] {
		return nil
	}
	g.parts[of] = true
	return []Node{
		Object{Browse: Browse{ID: Own(of), Parent: Own(string(t.Station)), Name: "MasterCheck", Help: "The check of the station's measuring against its reference part."}},
		plain(of, "Due", "No part is taken before the check has passed.", Bool, false),
		plain(of, "Result", "Of the last check; empty if there was none.", Text, false),
		plain(of, "CheckedAt", "When the last check was.", Moment, false),
		plain(of, "ValidUntil", "Until when it is good for.", Moment, false),
		plain(of, "LastGood", "When the last good check was.", Moment, false),
		plain(of, "Steps", "What the person does, in order.", Text, true),
		plain(of, "Suspect", "After a failed check: parts measured since the last good one.", String, true),
	}
}

func masterValues(t *line.StationSnapshot, q Quality, at time.Time) []Value {
	m := t.Master
	if m == nil {
		return nil
	}
	v := func(name string, value any) Value {
		return Value{Own(string(t.Station) + ".MasterCheck." + name), value, q, at}
	}
	return []Value{
		v("Due", m.Due), v("Result", string(m.Verdict)), v("CheckedAt", moment(m.At)), v("ValidUntil", moment(m.ValidUntil)),
		v("LastGood", moment(m.LastGood)), v("Steps", list(m.Steps)), v("Suspect", list(m.Suspect)),
	}
}

// toolNodes are the lifetime of a wearing tool (OPC 40001-1, 11), once it has been in use. The caller holds the mutex.
func (g *Gateway) toolNodes(t *line.StationSnapshot) []Node {
	of := toolID(t)
	if t.Tool == "" || g.parts[of.Text] {
		return nil
	}
	g.parts[of.Text] = true
	limit := func(name string) Node {
		return Variable{
			Browse: Browse{ID: Own(of.Text + "." + name), Parent: of, Space: diSpace, Name: name}, Kind: Double, Property: true, Unit: pieces, Range: amount,
		}
	}
	return []Node{
		Variable{
			Browse: Browse{ID: of, Parent: Own("Machine.LifetimeCounters"), Name: string(t.Station) + "." + t.Tool, Help: "Use of the tool since its last service."},
			Type:   diID(468), Kind: Double, Unit: pieces, Range: amount,
		},
		limit("StartValue"), limit("LimitValue"),
	}
}

func toolID(t *line.StationSnapshot) ID {
	return Own("Machine.LifetimeCounters." + string(t.Station) + "." + t.Tool)
}

func toolValues(t *line.StationSnapshot, q Quality, at time.Time) []Value {
	if t.Tool == "" {
		return nil
	}
	of := toolID(t)
	return []Value{{of, t.ToolUse, q, at}, {Own(of.Text + ".StartValue"), 0.0, q, at}, {Own(of.Text + ".LimitValue"), t.ToolLimit, q, at}}
}
