package web

import (
	"time"

	"linectl/packml"
)

var stationPage = Page{Name: "station", Path: "/station/{id}", Title: "Station", Data: func(v *View) any {
	if !v.HasStation(v.Arg) && len(v.Stations) > 0 {
		return nil
	}
	return station(v)
}}

// stationView is what a station's page shows.
type stationView struct {
	tile
	Commands    []Button
	Diagram     diagram
	Permissives []permissive
	Given       int // of them
	Missing     int
	Consumables []consumable
	Safety      []permissive // what stands against working, as the safety PLC tells it
	Devices     []string
	Alarms      []Alarm // the gravest
	More        int     // alarms of the station beside them
	Modes       []Button
	Master      *master
	Service     *Button
	Load        *Button
	WriteOff    *Button // of a part that is expected here; nil while none is
	Before      string  // the neighbours, to step to
	After       string
	Takt        int // the last cycle in percent of the takt, 0 if one is not known
}

// permissive is one thing that must be given.
type permissive struct {
	Text  Words
	Given bool
}

// consumable is one material at a station.
type consumable struct {
	Item, Lot, Unit string
	Remaining       string
	Life            int // percent
	Lasts           string
	Expiry          string
	Low             bool // lasts less than half an hour, or is past its day
	Out             bool
}

// headAlarms is how many alarms stand at the head of a station's page.
const headAlarms = 2

// lowBefore is how long before its end a material is called low.
const lowBefore = 30 * time.Minute

// master is the check of a station against its reference part.
type master struct {
	Due     bool
	Result  Shown
	Until   string
	Steps   []Words
	Suspect []string
	Check   Button
}

func station(v *View) *stationView {
	id := v.Arg
	s := &stationView{
		tile: newTile(v, id), Commands: v.Commands(id), Devices: v.Names(id + ".Devices"), Consumables: consumables(v, id), Safety: safety(v, id),
		Modes: modes(v, id), Master: masterOf(v, id),
	}
	s.Diagram = newDiagram(v, v.State(id), s.Commands)
	given := v.Bools(id + ".PermissiveStates")
	for i, text := range v.Texts(id + ".PermissiveTexts") {
		one := permissive{text, i < len(given) && given[i]}
		s.Permissives = append(s.Permissives, one)
		s.Given += order(one.Given)
	}
	s.Missing = len(s.Permissives) - s.Given
	for _, a := range v.Standing() {
		switch {
		case a.Source != id:
		case len(s.Alarms) < headAlarms:
			s.Alarms = append(s.Alarms, a)
		default:
			s.More++
		}
	}
	if action := v.Name(id + ".ToolAction"); action != "" && v.Name(id+".Tool") != "" {
		b := v.Ask(id+".ServiceTool", v.T("Tool done: {}", v.T(action))).With("Action", action).
			Asking(v.T("Was the tool {} at {} serviced: {}? Its use is counted from 0 again.", v.Name(id+".Tool"), id, v.T(action)), true)
		s.Service = &b
	}
	if len(s.Consumables) > 0 {
		b := v.Ask(id+".LoadMaterial", v.T("Load"))
		s.Load = &b
	}
	if v.Whole(id+".Waiting") > 0 {
		b := v.Ask(id+".WriteOff", v.T("Write it off"))
		s.WriteOff = &b
	}
	if takt := v.Number(id + ".TaktTime"); takt > 0 {
		s.Takt = v.Percent(v.Number(id+".CycleTime"), takt)
	}
	s.Before, s.After = neighbours(v.Stations, id)
	return s
}

func neighbours(all []string, id string) (before, after string) {
	for i, other := range all {
		if other != id {
			continue
		}
		if i > 0 {
			before = all[i-1]
		}
		if i+1 < len(all) {
			after = all[i+1]
		}
	}
	return before, after
}

func consumables(v *View, id string) []consumable {
	lots, units, expiry := v.Names(id+".ConsumableLots"), v.Names(id+".ConsumableUnits"), v.Moments(id+".ConsumableExpiry")
	remaining, life, lasts := v.Numbers(id+".ConsumableRemaining"), v.Numbers(id+".ConsumableLife"), v.Numbers(id+".ConsumableLasts")
	var list []consumable
	for i, item := range v.Names(id + ".ConsumableItems") {
		if i >= len(lots) || i >= len(units) || i >= len(expiry) || i >= len(remaining) || i >= len(life) || i >= len(lasts) {
			break // the lists are heard one after the other
		}
		unit := units[i]
		if unit == "1" {
			unit = "" // pieces
		}
		c := consumable{Item: item, Lot: lots[i], Unit: unit, Remaining: number(remaining[i]), Life: int(life[i]), Out: lots[i] == "" || remaining[i] <= 0}
		if span := time.Duration(lasts[i] * float64(time.Second)); span > 0 && !c.Out {
			c.Lasts, c.Low = v.Span(span), span < lowBefore
		}
		if until := expiry[i]; until.Year() > 1970 && !c.Out {
			c.Expiry = until.Add(-time.Second).Local().Format(time.DateOnly)
			c.Low = c.Low || until.Before(v.Now)
		}
		list = append(list, c)
	}
	return list
}

// safety mirrors what the safety PLC tells. It is shown and never written.
func safety(v *View, id string) []permissive {
	if !v.Bool(id + ".SafetyKnown") {
		return nil
	}
	say := func(node string, wanted bool, good, bad string) permissive {
		if v.Bool(id+node) == wanted {
			return permissive{Words{Text: v.T(good)}, true}
		}
		return permissive{Words{Text: v.T(bad)}, false}
	}
	return []permissive{
		say(".EmergencyStop", false, "no emergency stop", "emergency stop"),
		say(".ProtectiveStop", false, "no protective stop", "protective stop"),
		say(".GuardOpen", false, "guards closed", "guard open"),
		say(".Automatic", true, "in automatic", "not in automatic"),
	}
}

// modes are the buttons for the unit modes that a person may set.
func modes(v *View, id string) []Button {
	if _, there := v.Methods[id+".SetUnitMode"]; !there {
		return nil
	}
	now := v.ModeOf(id)
	var list []Button
	for _, m := range []packml.Mode{packml.Production, packml.Maintenance, packml.Manual, packml.Setup} {
		b := v.Ask(id+".SetUnitMode", v.T(m.String())).With("Mode", m.String()).
			Asking(v.T("Set the mode of {} to {}?", id, v.T(m.String())), true)
		b.Pressed = m.String() == now
		if b.Why == "" && b.Pressed {
			b.Why = v.T("it is in this mode")
		}
		if state := v.State(id); b.Why == "" && state != packml.Stopped && state != packml.Idle && state != packml.Aborted {
			b.Why = v.T("only in Stopped, Idle or Aborted")
		}
		list = append(list, b)
	}
	return list
}

// masterOf returns the master check of a station, or nothing where no reference part is measured.
func masterOf(v *View, id string) *master {
	of := id + ".MasterCheck"
	if !v.Has(of + ".Due") {
		return nil
	}
	m := &master{
		Due: v.Bool(of + ".Due"), Result: v.Show(of + ".Result"), Until: v.Clock(v.Moment(of + ".ValidUntil")), Steps: v.Texts(of + ".Steps"),
		Suspect: v.Names(of + ".Suspect"),
	}
	m.Check = v.Ask(id+".CheckMaster", v.T("Check the master now")).
		Asking(v.T("Measure the reference part of {} now? Put it into the nest first.", id), false)
	return m
}
