package opcua

import (
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
)

// stationFields are the values of each station.
var stationFields = []field[*line.StationSnapshot]{
	{name: "Kind", kind: String, help: "What the station is for.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return string(t.Kind) }},
	{name: "Title", kind: Text, help: "The station's title.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Title }},
	{name: "State", kind: Text, help: "The station's PackML state.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.State }},
	{name: "StateCurrent", kind: Int32, help: "State as its number in ISA-TR88.00.02, 0 to 17.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return number(t.State) }},
	{name: "StateSince", kind: Moment, help: "When the station came into this state.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return moment(t.Since) }},
	{name: "UnitMode", kind: Text, help: "The station's unit mode.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Mode }},
	{name: "UnitModeCurrent", kind: Int32, help: "UnitMode as its number: 1 Production, 2 Maintenance, 3 Manual, 4 Setup.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return mode(t.Mode) }},
	{name: "ReasonText", kind: Text, help: "Why the station is as it is.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Reason }},
	{name: "NextAction", kind: Text, help: "What to do next.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.NextAction }},
	{name: "StopReason", kind: Text, help: "What stopped the station first; empty while it works or waits.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.StopReason }},
	{name: "Commands", kind: String, array: true, help: "The PackML commands that people give; the other lists of Command… have a place for each.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return column(t.Commands, commandName) }},
	{name: "CommandPossible", kind: Bool, array: true, help: "Whether the command would be taken now, by whoever may give it.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return column(t.Commands, commandPossible) }},
	{name: "CommandWhyNot", kind: Text, array: true, help: "Why it would not be, and what to do first.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return column(t.Commands, commandWhyNot) }},
	{name: "PartId", kind: String, help: "What lies in the nest.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Part }},
	{name: "PackId", kind: String, help: "The pack that the part belongs to.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return string(t.Pack) }},
	{name: "Product", kind: String, help: "The product of that pack.", value: func(s *line.Snapshot, t *line.StationSnapshot) any { return product(s, t.Pack) }},
	{name: "Act", kind: String, help: "What is being done: laser weld 12.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Act }},
	{name: "StepDone", kind: UInt32, help: "Acts done of this visit.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return count(t.Done) }},
	{name: "StepOf", kind: UInt32, help: "Acts planned for this visit, 0 if unknown.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return count(t.Of) }},
	{name: "CycleTime", kind: Double, unit: seconds, span: hour, help: "Cycle of the last part finished here.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Cycle.Seconds() }},
	{name: "TaktTime", kind: Double, unit: seconds, span: hour, help: "Planned for a part, 0 if nothing is planned.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Takt.Seconds() }},
	{name: "Processed", kind: UInt32, help: "Parts finished here since the journal began, good and not.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return count(t.Processed) }},
	{name: "Defective", kind: UInt32, help: "Those of Processed that are not OK.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return count(t.Defective) }},
	{name: "Waiting", kind: UInt32, help: "Parts that wait before the station.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return count(t.Waiting) }},
	{name: "EquipmentBlocked", kind: Bool, help: "Waits for room behind it.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return begins(t, "blocked") }},
	{name: "EquipmentStarved", kind: Bool, help: "Waits for parts from before it.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return begins(t, "starved") }},
	{name: "PermissiveTexts", kind: Text, array: true, help: "What is needed to start, as it is now.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any {
		return column(t.Permissives, func(p line.PermissiveSnapshot) string { return p.Text })
	}},
	{name: "PermissiveStates", kind: Bool, array: true, help: "Whether each of PermissiveTexts is given.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any {
		return column(t.Permissives, func(p line.PermissiveSnapshot) bool { return p.Given })
	}},
	{name: "DevicesUp", kind: UInt32, help: "Devices that answer.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return up(t) }},
	{name: "Devices", kind: String, array: true, help: "The station's devices.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return devices(t) }},
	{name: "Simulated", kind: Bool, help: "True when any device of the station is virtual.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return simulated(t) }},
	{name: "Tool", kind: String, help: "The wearing tool that the part in work uses.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Tool }},
	{name: "ToolAction", kind: String, help: "The tool's service: clean, dress or replace.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.ToolAction }},
	{name: "ToolUse", kind: Double, unit: pieces, span: amount, help: "Use of the tool since its last service.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.ToolUse }},
	{name: "ToolLimit", kind: Double, unit: pieces, span: amount, help: "Use at which the tool must be serviced, 0 if it has none.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.ToolLimit }},
	{name: "ToolLife", kind: Double, unit: percent, span: whole, help: "Use of the tool that is left; 100 where no tool is in use.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return toolLife(t) }},
	{name: "AlarmsActive", kind: UInt32, help: "Active alarms of the station.", value: func(s *line.Snapshot, t *line.StationSnapshot) any { return alarms(s, t.Station, 1, 1000) }},
	{name: "SafetyKnown", kind: Bool, help: "A device tells what the safety PLC says. Nothing here is safety-rated, and nothing is written.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return t.Safety.Known }},
	{name: "EmergencyStop", kind: Bool, help: "An emergency stop stands, as the safety PLC tells it.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return safety(t, t.Safety.EmergencyStop) }},
	{name: "ProtectiveStop", kind: Bool, help: "A protective stop stands, as the safety PLC tells it.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return safety(t, t.Safety.ProtectiveStop) }},
	{name: "GuardOpen", kind: Bool, help: "A guard is open, as the safety PLC tells it.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return safety(t, t.Safety.GuardOpen) }},
	{name: "Automatic", kind: Bool, help: "Every device is in automatic with external start.", value: func(_ *line.Snapshot, t *line.StationSnapshot) any { return safety(t, t.Safety.Automatic) }},
	{name: "ConsumableItems", kind: String, array: true, help: "The consumables here; the other lists of Consumable… have a place for each.", value: consumable(func(c line.ConsumableSnapshot) string { return c.Item })},
	{name: "ConsumableLots", kind: String, array: true, help: "The lot that is loaded, empty if none is.", value: consumable(func(c line.ConsumableSnapshot) string { return string(c.Lot) })},
	{name: "ConsumableRemaining", kind: Double, array: true, unit: mixed, span: amount, help: "What remains of it, in its own unit.", value: consumable(func(c line.ConsumableSnapshot) float64 { return c.Remaining })},
	{name: "ConsumableUnits", kind: String, array: true, help: "The unit of each.", value: consumable(func(c line.ConsumableSnapshot) string { return c.Unit })},
	{name: "ConsumableLife", kind: Double, array: true, unit: percent, span: whole, help: "What remains of what was loaded.", value: consumable(life)},
	{name: "ConsumableLasts", kind: Double, array: true, unit: seconds, span: day, help: "How long it lasts at the present pace; 0 if that is not known, or nothing is left.", value: consumable(func(c line.ConsumableSnapshot) float64 { return c.Lasts.Seconds() })},
	{name: "ConsumableExpiry", kind: Moment, array: true, help: "Until when each may be used.", value: consumable(func(c line.ConsumableSnapshot) time.Time { return c.Expiry })},
}

func commandName(c line.CommandSnapshot) string   { return c.Command }
func commandPossible(c line.CommandSnapshot) bool { return c.Possible }
func commandWhyNot(c line.CommandSnapshot) string { return c.WhyNot }

// productOf returns product and order of a pack; nothing for a part that is none.
func productOf(s *line.Snapshot, p string) (product, job string) {
	if p == "" {
		return "", ""
	}
	for _, one := range s.Packs {
		if string(one.Pack) == p {
			return one.Product, string(one.Order)
		}
	}
	return "", ""
}

func product(s *line.Snapshot, p line.PackID) string {
	name, _ := productOf(s, string(p))
	return name
}

func begins(t *line.StationSnapshot, word string) bool {
	return strings.HasPrefix(t.Reason, word) && packml.State(number(t.State)) == packml.Suspended //nolint:gosec // 0 to 17
}

func up(t *line.StationSnapshot) uint32 {
	n := uint32(0)
	for _, d := range t.Devices {
		if d.Up {
			n++
		}
	}
	return n
}

func devices(t *line.StationSnapshot) []string {
	names := make([]string, len(t.Devices))
	for i, d := range t.Devices {
		names[i] = string(d.Device)
	}
	return names
}

func simulated(t *line.StationSnapshot) bool {
	return slices.ContainsFunc(t.Devices, func(d line.DeviceSnapshot) bool { return d.Simulated })
}

func toolLife(t *line.StationSnapshot) float64 {
	if t.ToolLimit <= 0 {
		return 100
	}
	return min(max(100*(1-t.ToolUse/t.ToolLimit), 0), 100)
}

// column makes one list out of one part of each.
func column[T, V any](all []T, part func(T) V) []V {
	values := make([]V, len(all))
	for i, one := range all {
		values[i] = part(one)
	}
	return values
}

func consumable[V any](part func(line.ConsumableSnapshot) V) func(*line.Snapshot, *line.StationSnapshot) any {
	return func(_ *line.Snapshot, t *line.StationSnapshot) any { return column(t.Consumables, part) }
}

// life returns the percentage of a consumable that is left of what was loaded.
func life(c line.ConsumableSnapshot) float64 {
	if c.Loaded <= 0 {
		return 0
	}
	return min(max(100*c.Remaining/c.Loaded, 0), 100)
}

// safety returns what the safety PLC says, or nothing while no device tells it: false would be an answer.
func safety(t *line.StationSnapshot, on bool) any {
	if !t.Safety.Known {
		return nil
	}
	return on
}

func moment(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at
}

// mode returns the number of a unit mode, 0 for a word that is none.
func mode(name string) int32 {
	for m := packml.Production; m <= packml.MasterCheck; m++ {
		if m.String() == name {
			return int32(m)
		}
	}
	return 0
}

// lineMode returns the unit mode that all stations are in.
func lineMode(s *line.Snapshot) string {
	for _, t := range s.Stations {
		if t.Mode != s.Stations[0].Mode {
			return "mixed"
		}
	}
	if len(s.Stations) == 0 {
		return ""
	}
	return s.Stations[0].Mode
}

func list(names []string) []string {
	if names == nil {
		return []string{}
	}
	return names
}
