package opcua

import "linectl/line"

// holdFields are what people keep from going on.
var holdFields = []field[struct{}]{
	{name: "HoldSubjects", kind: String, array: true, help: "Packs, lots and stations that a person keeps from going on; the other lists of Hold… have a place for each.", value: holdOf(func(h line.HoldSet) string { return h.Subject })},
	{name: "HoldReasons", kind: Text, array: true, help: "Why each is held.", value: holdOf(func(h line.HoldSet) string { return h.Reason })},
	{name: "HoldBy", kind: String, array: true, help: "Who holds each.", value: holdOf(func(h line.HoldSet) string { return h.By })},
}

func holdOf[V any](part func(line.HoldSet) V) func(*line.Snapshot, struct{}) any {
	return func(s *line.Snapshot, _ struct{}) any { return column(s.Holds, part) }
}
