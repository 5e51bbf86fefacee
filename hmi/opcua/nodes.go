package opcua

import (
	"slices"
	"time"

	"linectl/line"
)

// allLineFields are all fields of the line, in the order in which they are published.
var allLineFields = slices.Concat(lineFields, shiftFields, holdFields, quarantineFields)

// lineNodes are the nodes that are there whatever the line looks like.
func lineNodes() []Node {
	nodes := []Node{
		Object{Browse: Browse{ID: Own("Line"), Name: "Line", Help: "The line as a whole; its stations are parts of it."}, Events: true},
		Variable{
			Browse: Browse{ID: Own("Line.Connected"), Parent: Own("Line"), Name: "Connected", Help: "False while the supervisor is away: no other value is Good then."}, Kind: Bool,
		},
		Variable{
			Browse: Browse{ID: Own("Line.HeartbeatAge"), Parent: Own("Line"), Name: "HeartbeatAge", Help: "Time since the supervisor last said something."},
			Kind:   Double, Unit: seconds, Range: &Range{0, 60},
		},
	}
	for _, f := range allLineFields {
		nodes = append(nodes, variable("Line", f))
	}
	return append(append(nodes, refusal("Line")), metricNodes()...)
}

func variable[T any](of string, f field[T]) Variable {
	return Variable{
		Browse: Browse{ID: Own(of + "." + f.name), Parent: Own(of), Name: f.name, Help: f.help},
		Kind:   f.kind, Array: f.array, Unit: f.unit, Range: f.span, History: seriesOf(of, f.name),
	}
}

// stationNodes are the nodes of one station and its devices.
func (g *Gateway) stationNodes(t *line.StationSnapshot) []Node {
	name := string(t.Station)
	nodes := []Node{Object{Browse: Browse{ID: Own(name), Parent: Own("Line"), Name: name, Help: t.Title}, Events: true}}
	for _, f := range stationFields {
		nodes = append(nodes, variable(name, f))
	}
	nodes = append(nodes, refusal(name), Variable{
		Browse: Browse{ID: Own(name + ".HeartbeatAge"), Parent: Own(name), Name: "HeartbeatAge", Help: "Time since the supervisor last said something. A device whose heartbeat stands still for a second is not Up."},
		Kind:   Double, Unit: seconds, Range: &Range{0, 60},
	})
	for _, d := range t.Devices {
		id := string(d.Device)
		part := func(field string, kind Kind, help string) Node {
			return Variable{Browse: Browse{ID: Own(id + "." + field), Parent: Own(id), Name: field, Help: help}, Kind: kind}
		}
		nodes = append(nodes,
			Object{Browse: Browse{ID: Own(id), Parent: Own(name), Name: id}},
			part("Up", Bool, "The device answers."), part("ReasonText", Text, "Why it does not answer."),
			part("State", Text, "The device's own PackML state, as last read."), part("Simulated", Bool, "The device is virtual."),
		)
	}
	nodes = append(nodes, resultNodes(name)...)
	nodes = append(nodes, g.stationMethods(name)...)
	return append(nodes, g.packmlNodes(name)...)
}

// refusal is where the reason of a refused call stands whose method has no outputs.
func refusal(of string) Node {
	return Variable{
		Browse: Browse{ID: Own(of + ".LastRefusal"), Parent: Own(of), Name: "LastRefusal", Help: "Why the last refused command of a client was refused."}, Kind: Text,
	}
}

func deviceValues(t *line.StationSnapshot, q Quality, at time.Time) []Value {
	values := make([]Value, 0, 4*len(t.Devices))
	for _, d := range t.Devices {
		id := string(d.Device)
		values = append(values, Value{Own(id + ".Up"), d.Up, q, at}, Value{Own(id + ".ReasonText"), d.Reason, q, at},
			Value{Own(id + ".State"), d.State, q, at}, Value{Own(id + ".Simulated"), d.Simulated, q, at})
	}
	return values
}
