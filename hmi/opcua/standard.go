package opcua

import (
	"context"
	"maps"
	"slices"

	"linectl/line"
	"linectl/packml"
)

// The namespaces of the companion specifications whose names we use.
const (
	diSpace        = "http://opcfoundation.org/UA/DI/"                  // OPC 10000-100
	machinerySpace = "http://opcfoundation.org/UA/Machinery/"           // OPC 40001-1
	packmlSpace    = "http://opcfoundation.org/UA/PackML/"              // OPC 30050
	jobSpace       = "http://opcfoundation.org/UA/ISA95-JOBCONTROL_V2/" // OPC 10031-4
)

func standardNodes() []Node {
	machines := ID{Space: machinerySpace, Number: 1001}
	objects := ID{Space: packmlSpace, Number: 72}
	return append(machineryNodes(machines),
		Object{Browse: Browse{ID: objects, Name: "PackMLObjects", Help: "Entry point of OPC 30050."}, Folder: true},
	)
}

// machineryNodes identify the line after OPC 40001-1.
func machineryNodes(machines ID) []Node {
	at := func(name string) ID { return Own("Machine" + name) }
	text := func(parent ID, space, name string, kind Kind, help string) Node {
		return Variable{Browse: Browse{ID: Own(parent.Text + "." + name), Parent: parent, Space: space, Name: name, Help: help}, Kind: kind, Property: true}
	}
	nodes := []Node{
		Object{Browse: Browse{ID: machines, Name: "Machines", Help: "Entry point of OPC 40001-1."}, Folder: true},
		Object{Browse: Browse{ID: at(""), Parent: machines, Name: "Machine", Help: "The line as a machine."}},
		Object{Browse: Browse{ID: at(".Identification"), Parent: at(""), Space: diSpace, Name: "Identification"}, AddIn: true},
		text(at(".Identification"), diSpace, "Manufacturer", Text, "Who supplies this software; the line's builder is not known to it."),
		text(at(".Identification"), diSpace, "ProductInstanceUri", String, "Unique in the world."),
		text(at(".Identification"), diSpace, "SerialNumber", String, "The line's name serves as one."),
		text(at(".Identification"), diSpace, "Model", Text, ""),
		text(at(".Identification"), machinerySpace, "Location", String, "Enterprise, site, area."),
		Object{Browse: Browse{ID: at(".BuildingBlocks"), Parent: at(""), Space: machinerySpace, Name: "MachineryBuildingBlocks"}, Folder: true},
	}
	for _, name := range []string{"MachineryItemState", "MachineryOperationMode"} {
		block := at("." + name)
		nodes = append(nodes,
			Object{Browse: Browse{ID: block, Parent: at(".BuildingBlocks"), Space: machinerySpace, Name: name}, AddIn: true},
			Variable{Browse: Browse{ID: Own(block.Text + ".CurrentState"), Parent: block, Space: StandardSpace, Name: "CurrentState"}, Kind: Text},
			Variable{Browse: Browse{ID: Own(block.Text + ".CurrentState.Number"), Parent: Own(block.Text + ".CurrentState"), Space: StandardSpace, Name: "Number"}, Kind: UInt32, Property: true},
		)
	}
	return nodes
}

func machineryValues(s *line.Snapshot, q Quality) []Value {
	v := func(name string, value any) Value { return Value{Own("Machine." + name), value, q, s.At} }
	operation, m := operationMode(packml.Mode(mode(lineMode(s)))) //nolint:gosec // 0 to 7
	state, n := itemState(packml.State(number(leading(s).State))) //nolint:gosec // 0 to 17
	return []Value{
		v("Identification.Manufacturer", "linectl"), v("Identification.ProductInstanceUri", "urn:linectl:"+s.Line), v("Identification.SerialNumber", s.Line),
		v("Identification.Model", "battery pack assembly line"), v("Identification.Location", s.Line),
		v("MachineryItemState.CurrentState", state), v("MachineryItemState.CurrentState.Number", n),
		v("MachineryOperationMode.CurrentState", operation), v("MachineryOperationMode.CurrentState.Number", m),
	}
}

// itemState maps PackML to MachineryItemState: 1 OutOfService, 2 NotExecuting, 3 Executing (0 NotAvailable).
func itemState(s packml.State) (string, uint32) {
	switch s {
	case packml.Undefined:
		return "NotAvailable", 0
	case packml.Aborting, packml.Aborted, packml.Clearing:
		return "OutOfService", 1
	case packml.Idle, packml.Complete, packml.Stopped, packml.Suspended, packml.Held:
		return "NotExecuting", 2
	case packml.Execute, packml.Starting, packml.Completing, packml.Unholding, packml.Unsuspending, packml.Holding, packml.Suspending,
		packml.Resetting, packml.Stopping:
	}
	return "Executing", 3
}

// operationMode maps unit modes to MachineryOperationMode: 0 None, 1 Maintenance, 2 Setup, 3 Processing.
func operationMode(m packml.Mode) (string, uint32) {
	switch m {
	case packml.Production, packml.Simulation, packml.DryRun:
		return "Processing", 3
	case packml.Setup, packml.MasterCheck:
		return "Setup", 2
	case packml.Maintenance, packml.Manual:
		return "Maintenance", 1
	}
	return "None", 0
}

// level is one of the three nested state machines of OPC 30050.
type level struct {
	name     string
	commands map[string]packml.Command // by the name of the method
}

var levels = []level{
	{"BaseStateMachine", map[string]packml.Command{"Abort": packml.CmdAbort, "Clear": packml.CmdClear}},
	{"MachineState", map[string]packml.Command{"Stop": packml.CmdStop, "Reset": packml.CmdReset}},
	{"ExecuteState", map[string]packml.Command{
		"Reset": packml.CmdReset, "Start": packml.CmdStart, "ToComplete": packml.CmdComplete, "Hold": packml.CmdHold, "Unhold": packml.CmdUnhold,
	}},
}

// packmlNodes show a station, or the line, after OPC 30050.
func (g *Gateway) packmlNodes(of string) []Node {
	root := Own(of + ".PackML")
	status := Own(of + ".PackML.Status")
	nodes := []Node{
		Object{Browse: Browse{ID: root, Parent: ID{Space: packmlSpace, Number: 72}, Name: of, Help: "After OPC 30050."}},
		Object{Browse: Browse{ID: status, Parent: root, Space: packmlSpace, Name: "Status"}, Folder: true},
		Object{Browse: Browse{ID: Own(of + ".PackML.Admin"), Parent: root, Space: packmlSpace, Name: "Admin"}, Folder: true},
		statusVariable(of, "UnitModeCurrent", Int32),
		Variable{Browse: Browse{ID: Own(status.Text + ".StateCurrent"), Parent: status, Name: "StateCurrent", Help: "Ours: OPC 30050 has the state in its machines only."}, Kind: Int32},
		statusVariable(of, "EquipmentBlocked", Bool), statusVariable(of, "EquipmentStarved", Bool),
	}
	parent, target := root, of
	if of == "Line" {
		target = "line"
	}
	for _, l := range levels {
		machine := Own(of + ".PackML." + l.name)
		current := Own(machine.Text + ".CurrentState")
		nodes = append(nodes,
			Object{Browse: Browse{ID: machine, Parent: parent, Space: packmlSpace, Name: l.name}},
			Variable{Browse: Browse{ID: current, Parent: machine, Space: StandardSpace, Name: "CurrentState"}, Kind: Text},
			Variable{Browse: Browse{ID: Own(current.Text + ".Id"), Parent: current, Space: StandardSpace, Name: "Id"}, Kind: Reference, Property: true},
			Variable{Browse: Browse{ID: Own(current.Text + ".Number"), Parent: current, Space: StandardSpace, Name: "Number"}, Kind: UInt32, Property: true},
		)
		for _, name := range slices.Sorted(maps.Keys(l.commands)) {
			nodes = append(nodes, g.packmlMethod(machine, of, target, name, l.commands[name]))
		}
		parent = machine
	}
	return nodes
}

func statusVariable(of, name string, kind Kind) Node {
	status := Own(of + ".PackML.Status")
	return Variable{Browse: Browse{ID: Own(status.Text + "." + name), Parent: status, Space: packmlSpace, Name: name}, Kind: kind}
}

// packmlMethod is a method of the standard: without outputs, so its refusal stands in the station's LastRefusal.
func (g *Gateway) packmlMethod(machine ID, of, target, name string, c packml.Command) Node {
	return Method{
		Browse: Browse{ID: Own(machine.Text + "." + name), Parent: machine, Space: packmlSpace, Name: name, Help: "PackML command " + c.String() + "."},
		Roles:  who(line.MayOperate),
		Call: func(ctx context.Context, by Caller, _ []any) ([]any, Status) {
			reply, status := g.ask(ctx, by, "", "", line.Machine{Target: target, Command: c.String()})
			if status == Refused {
				g.refuse(line.StationID(of), reply.Text)
				status = InvalidState
			}
			return nil, status
		},
	}
}

// refuse keeps the reason of a refusal where the caller can read it.
func (g *Gateway) refuse(station line.StationID, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refused[station] = why
	if g.fresh {
		g.publish(Good)
	}
}

// packmlValues nests a state: the deepest machine that is active has it, those above it are in the state that holds it, and
// those below it are in none.
func packmlValues(of string, s *line.Snapshot, t *line.StationSnapshot, q Quality) []Value {
	v := func(name string, value any) Value { return Value{Own(of + ".PackML." + name), value, q, s.At} }
	values := []Value{
		v("Status.UnitModeCurrent", mode(t.Mode)), v("Status.StateCurrent", number(t.State)),
		v("Status.EquipmentBlocked", begins(t, "blocked")), v("Status.EquipmentStarved", begins(t, "starved")),
	}
	for i, state := range nested(packml.State(number(t.State))) { //nolint:gosec // 0 to 17
		name := levels[i].name + ".CurrentState"
		values = append(values, v(name, state.name), v(name+".Id", Own("PackMLState."+state.name)), v(name+".Number", state.number))
	}
	return values
}

type nestedState struct {
	name   string
	number uint32
}

// nested returns the states of the three machines (OPC 30050 adds 18 Running and 19 Cleared).
func nested(s packml.State) [3]nestedState {
	own := nestedState{s.String(), uint32(s)}
	none := nestedState{"", 0}
	switch s {
	case packml.Undefined:
		return [3]nestedState{none, none, none}
	case packml.Aborting, packml.Aborted:
		return [3]nestedState{own, none, none}
	case packml.Clearing, packml.Stopping, packml.Stopped:
		return [3]nestedState{{"Cleared", 19}, own, none}
	case packml.Idle, packml.Starting, packml.Execute, packml.Holding, packml.Held, packml.Unholding, packml.Suspending, packml.Suspended,
		packml.Unsuspending, packml.Resetting, packml.Completing, packml.Complete:
	}
	return [3]nestedState{{"Cleared", 19}, {"Running", 18}, own}
}
