package opcua

import (
	"slices"

	"linectl/line"
	"linectl/packml"
)

// field is one value that the line or a station shows, under "Line.<Name>" or "ST060.<Name>".
type field[T any] struct {
	name, help string
	kind       Kind
	array      bool
	unit       *Unit
	span       *Range
	value      func(*line.Snapshot, T) any
}

var (
	seconds   = &Unit{"s", "SEC"}
	percent   = &Unit{"%", "P1"}
	pieces    = &Unit{"1", "C62"}
	gigabytes = &Unit{"GB", "E34"}
	mixed     = &Unit{"see ConsumableUnits", ""} // of a list whose places have each their own
)

var (
	day    = &Range{0, 86400} // seconds
	hour   = &Range{0, 3600}
	whole  = &Range{0, 100} // percent
	amount = &Range{0, 1e6}
)

func count(n int) uint32 { return uint32(max(n, 0)) } //nolint:gosec // counts of one line

// lineFields are the values of the whole line beside those of its shift. Those of the connection itself are set apart from them.
var lineFields = []field[struct{}]{
	{name: "Name", kind: String, help: "The line's name: enterprise/site/area/line.", value: func(s *line.Snapshot, _ struct{}) any { return s.Line }},
	{name: "Simulated", kind: Bool, help: "True when any device is virtual.", value: func(s *line.Snapshot, _ struct{}) any { return s.Simulated }},
	{name: "State", kind: Text, help: "The state of the line: that of the station which keeps it from running.", value: func(s *line.Snapshot, _ struct{}) any { return leading(s).State }},
	{name: "StateCurrent", kind: Int32, help: "State as its number in ISA-TR88.00.02, 0 to 17.", value: func(s *line.Snapshot, _ struct{}) any { return number(leading(s).State) }},
	{name: "StateStation", kind: String, help: "The station that State is of.", value: func(s *line.Snapshot, _ struct{}) any { return string(leading(s).Station) }},
	{name: "ReasonText", kind: Text, help: "Why that station is as it is.", value: func(s *line.Snapshot, _ struct{}) any { return leading(s).Reason }},
	{name: "NextAction", kind: Text, help: "What to do next at that station.", value: func(s *line.Snapshot, _ struct{}) any { return leading(s).NextAction }},
	{name: "UnitMode", kind: Text, help: "The unit mode of the stations, or mixed where they differ.", value: func(s *line.Snapshot, _ struct{}) any { return lineMode(s) }},
	{name: "UnitModeCurrent", kind: Int32, help: "UnitMode as its number: 1 Production, 2 Maintenance, 3 Manual, 4 Setup, 0 where they differ.", value: func(s *line.Snapshot, _ struct{}) any { return mode(lineMode(s)) }},
	{name: "Commands", kind: String, array: true, help: "The PackML commands that people give to the line; the other lists of Command… have a place for each.", value: func(s *line.Snapshot, _ struct{}) any { return column(s.Commands, commandName) }},
	{name: "CommandPossible", kind: Bool, array: true, help: "Whether at least one station would follow now.", value: func(s *line.Snapshot, _ struct{}) any { return column(s.Commands, commandPossible) }},
	{name: "CommandWhyNot", kind: Text, array: true, help: "Why none would, and what to do first.", value: func(s *line.Snapshot, _ struct{}) any { return column(s.Commands, commandWhyNot) }},
	{name: "Recipes", kind: String, array: true, help: "The recipe set: product and revision of what may be ordered.", value: func(s *line.Snapshot, _ struct{}) any { return list(s.Recipes) }},
	{name: "Order", kind: String, help: "The order in work.", value: func(s *line.Snapshot, _ struct{}) any { return string(order(s).Order) }},
	{name: "Product", kind: String, help: "The product of the order in work.", value: func(s *line.Snapshot, _ struct{}) any { return order(s).Product }},
	{name: "Revision", kind: String, help: "The recipe revision of the order in work.", value: func(s *line.Snapshot, _ struct{}) any { return order(s).Revision }},
	{name: "OrderQuantity", kind: UInt32, help: "Packs that the order in work asks for.", value: func(s *line.Snapshot, _ struct{}) any { return count(order(s).Quantity) }},
	{name: "OrderReleased", kind: UInt32, help: "Packs of the order in work that were released.", value: func(s *line.Snapshot, _ struct{}) any { return count(order(s).Released) }},
	{name: "OrderStarted", kind: UInt32, help: "Packs of the order in work that were begun.", value: func(s *line.Snapshot, _ struct{}) any { return count(order(s).Started) }},
	{name: "Good", kind: UInt32, help: "Packs released since the journal began.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Good) }},
	{name: "NOK", kind: UInt32, help: "Packs scrapped or quarantined since the journal began.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.NOK) }},
	{name: "FirstPass", kind: UInt32, help: "Packs released without a retest or rework.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.FirstPass) }},
	{name: "FirstPassYield", kind: Double, unit: percent, span: whole, help: "FirstPass of all packs that ended.", value: func(s *line.Snapshot, _ struct{}) any { return share(s.FirstPass, s.Good+s.NOK) }},
	{name: "CellsReceived", kind: UInt32, help: "Cells scanned in.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Cells.Received) }},
	{name: "CellsRejected", kind: UInt32, help: "Cells put into reject bins.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Cells.Rejected) }},
	{name: "CellsPool", kind: UInt32, help: "Cells accepted and not yet in a set.", value: func(s *line.Snapshot, _ struct{}) any { return count(s.Cells.Pool) }},
	{name: "AlarmsUrgent", kind: UInt32, help: "Active alarms of severity 801 to 1000.", value: func(s *line.Snapshot, _ struct{}) any { return alarms(s, "", 801, 1000) }},
	{name: "AlarmsHigh", kind: UInt32, help: "Active alarms of severity 601 to 800.", value: func(s *line.Snapshot, _ struct{}) any { return alarms(s, "", 601, 800) }},
	{name: "AlarmsMedium", kind: UInt32, help: "Active alarms of severity 401 to 600.", value: func(s *line.Snapshot, _ struct{}) any { return alarms(s, "", 401, 600) }},
	{name: "AlarmsLow", kind: UInt32, help: "Active alarms of severity 1 to 400.", value: func(s *line.Snapshot, _ struct{}) any { return alarms(s, "", 1, 400) }},
	{name: "AlarmsUnacknowledged", kind: UInt32, help: "Alarms that nobody has acknowledged yet.", value: func(s *line.Snapshot, _ struct{}) any { return unacknowledged(s) }},
	{name: "JournalSeq", kind: Double, unit: pieces, span: &Range{0, 1e12}, help: "Last journal entry that these values include.", value: func(s *line.Snapshot, _ struct{}) any { return float64(s.Seq) }},
}

func number(state string) int32 {
	s, err := packml.ParseState(state)
	if err != nil {
		return int32(packml.Undefined)
	}
	return int32(s)
}

// gravity orders states by how much they keep the line from running, the worst first.
var gravity = []packml.State{
	packml.Aborting, packml.Aborted, packml.Clearing, packml.Holding, packml.Held, packml.Unholding, packml.Stopping, packml.Stopped,
	packml.Resetting, packml.Idle, packml.Starting, packml.Completing, packml.Complete, packml.Execute, packml.Unsuspending,
	packml.Suspending, packml.Suspended,
}

// leading returns the station that keeps the line from running, or one that runs.
func leading(s *line.Snapshot) line.StationSnapshot {
	var lead line.StationSnapshot
	least := len(gravity)
	for _, t := range s.Stations {
		if at := slices.Index(gravity, packml.State(number(t.State))); at >= 0 && at < least { //nolint:gosec // 0 to 17
			lead, least = t, at
		}
	}
	return lead
}

// order returns the first order that is not finished.
func order(s *line.Snapshot) line.OrderSnapshot {
	for _, o := range s.Orders {
		if o.Released+o.Scrapped+o.Quarantined < o.Quantity {
			return o
		}
	}
	return line.OrderSnapshot{}
}

func share(part, whole int) float64 {
	if whole <= 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

func alarms(s *line.Snapshot, station line.StationID, low, high int) uint32 {
	n := uint32(0)
	for _, a := range s.Alarms {
		if a.Active && !a.Branch && a.Severity >= low && a.Severity <= high && (station == "" || a.Station == station) {
			n++
		}
	}
	return n
}

func unacknowledged(s *line.Snapshot) uint32 {
	n := uint32(0)
	for _, a := range s.Alarms {
		if !a.Acknowledged {
			n++
		}
	}
	return n
}
