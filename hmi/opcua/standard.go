package opcua

import (
	"context"
	"maps"
	"slices"
	"time"

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

// machineryNodes show the line after OPC 40001-1: who it is, its state and mode, what it has made and what of its tools is left.
func machineryNodes(machines ID) []Node {
	at := func(name string) ID { return Own("Machine" + name) }
	text := func(parent ID, space, name string, kind Kind, help string) Node {
		return Variable{Browse: Browse{ID: Own(parent.Text + "." + name), Parent: parent, Space: space, Name: name, Help: help}, Kind: kind, Property: true}
	}
	blocks := at(".BuildingBlocks")
	nodes := []Node{
		Object{Browse: Browse{ID: machines, Name: "Machines", Help: "Entry point of OPC 40001-1."}, Folder: true},
		Object{Browse: Browse{ID: at(""), Parent: machines, Name: "Machine", Help: "The line as a machine."}},
		Object{Browse: Browse{ID: at(".Identification"), Parent: at(""), Space: diSpace, Name: "Identification"}, Type: machineryID(1012), AddIn: true},
		text(at(".Identification"), diSpace, "Manufacturer", Text, "Who supplies this software; the line's builder is not known to it."),
		text(at(".Identification"), diSpace, "ProductInstanceUri", String, "Unique in the world."),
		text(at(".Identification"), diSpace, "SerialNumber", String, "The line's name serves as one."),
		text(at(".Identification"), diSpace, "Model", Text, ""),
		text(at(".Identification"), machinerySpace, "Location", String, "Enterprise, site, area."),
		Object{Browse: Browse{ID: blocks, Parent: at(""), Space: machinerySpace, Name: "MachineryBuildingBlocks"}, Folder: true},
		Object{Browse: Browse{ID: at(".OperationCounters"), Parent: blocks, Space: diSpace, Name: "OperationCounters"}, Type: machineryID(1009), AddIn: true},
		text(at(".OperationCounters"), diSpace, "OperationCycleCounter", UInt32, "Packs that ended, good and not, since the journal began."),
		Object{Browse: Browse{ID: at(".LifetimeCounters"), Parent: blocks, Space: machinerySpace, Name: "LifetimeCounters", Help: "The wearing tools that were in use since the gateway began."}, Type: machineryID(1015), AddIn: true},
	}
	nodes = append(nodes, itemStateMachine.instance(at(".MachineryItemState"), blocks, machinerySpace, "MachineryItemState", true)...)
	return append(nodes, operationModeMachine.instance(at(".MachineryOperationMode"), blocks, machinerySpace, "MachineryOperationMode", true)...)
}

func machineryValues(s *line.Snapshot, q Quality) []Value {
	v := func(name string, value any) Value { return Value{Own("Machine." + name), value, q, s.At} }
	operation, m := operationMode(packml.Mode(mode(lineMode(s)))) //nolint:gosec // 0 to 7
	state, n := itemState(packml.State(number(leading(s).State))) //nolint:gosec // 0 to 17
	return []Value{
		v("Identification.Manufacturer", "linectl"), v("Identification.ProductInstanceUri", "urn:linectl:"+s.Line), v("Identification.SerialNumber", s.Line),
		v("Identification.Model", "battery pack assembly line"), v("Identification.Location", s.Line),
		v("OperationCounters.OperationCycleCounter", count(s.Good+s.NOK)),
		v("MachineryItemState.CurrentState", state), v("MachineryItemState.CurrentState.Number", n),
		v("MachineryItemState.CurrentState.Id", itemStateMachine.stateID(state)),
		v("MachineryOperationMode.CurrentState", operation), v("MachineryOperationMode.CurrentState.Number", m),
		v("MachineryOperationMode.CurrentState.Id", operationModeMachine.stateID(operation)),
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

// perMinute is the unit of a speed: UNECE C94, reciprocal minute.
var perMinute = &Unit{"1/min", "C94"}

// packmlNodes show a station, or the line, after OPC 30050.
func (g *Gateway) packmlNodes(of string) []Node {
	root, status, admin := Own(of+".PackML"), Own(of+".PackML.Status"), Own(of+".PackML.Admin")
	part := func(below ID, name string, v Variable) Node {
		v.Browse = Browse{ID: Own(below.Text + "." + name), Parent: below, Space: packmlSpace, Name: name, Help: v.Help}
		return v
	}
	speed := func(help string) Variable {
		return Variable{Browse: Browse{Help: help}, Kind: Float, Unit: perMinute, Range: &Range{0, 60}}
	}
	counts := Variable{Kind: Structured, Data: packmlID(14), Array: true}
	nodes := []Node{
		Object{Browse: Browse{ID: root, Parent: ID{Space: packmlSpace, Number: 72}, Name: of, Help: "After OPC 30050."}, Type: packmlID(6)},
		Object{Browse: Browse{ID: status, Parent: root, Space: packmlSpace, Name: "Status"}, Type: packmlID(4)},
		Object{Browse: Browse{ID: admin, Parent: root, Space: packmlSpace, Name: "Admin"}, Type: packmlID(5)},
		part(status, "UnitModeCurrent", Variable{Kind: Int32, Data: unitModes}),
		part(status, "UnitSupportedModes", Variable{Kind: Reference, Property: true, Fixed: unitModes}),
		part(status, "MachSpeed", speed("Parts a minute as planned; 0 if nothing is planned.")),
		part(status, "CurMachSpeed", speed("Parts a minute by the last cycle; 0 before the first.")),
		part(status, "EquipmentBlocked", Variable{Kind: Bool}), part(status, "EquipmentStarved", Variable{Kind: Bool}),
		Variable{Browse: Browse{ID: Own(status.Text + ".StateCurrent"), Parent: status, Name: "StateCurrent", Help: "Ours: OPC 30050 has the state in its machines only."}, Kind: Int32},
		part(admin, "ProdProcessedCount", counts), part(admin, "ProdDefectiveCount", counts),
		part(admin, "StopReason", Variable{Kind: Structured, Data: packmlID(15), Browse: Browse{Help: "The first cause of the present stop."}}),
		g.setUnitMode(root, of),
	}
	parent := root
	for i, l := range levels {
		machine := Own(of + ".PackML." + l.name)
		nodes = append(nodes, packmlMachines[i].instance(machine, parent, packmlSpace, l.name, false)...)
		for _, name := range slices.Sorted(maps.Keys(l.commands)) {
			nodes = append(nodes, g.packmlMethod(machine, of, name, l.commands[name]))
		}
		parent = machine
	}
	return nodes
}

// target is what a command to an object of ours is for.
func target(of string) string {
	if of == "Line" {
		return "line"
	}
	return of
}

// setUnitMode is the method of OPC 30050 for it.
func (g *Gateway) setUnitMode(root ID, of string) Node {
	return Method{
		Browse: Browse{ID: Own(root.Text + ".SetUnitMode"), Parent: root, Space: packmlSpace, Name: "SetUnitMode", Help: "Asks for a unit mode, which is taken in Stopped, Idle and Aborted only."},
		Roles:  who(line.MayChangeMode), In: []Argument{{"RequestedMode", Int32, "1 Production, 2 Maintenance, 3 Manual, 4 Setup."}},
		Call: func(ctx context.Context, by Caller, a []any) ([]any, Status) {
			n := a[0].(int32)
			if n < int32(packml.Production) || n > int32(packml.MasterCheck) {
				return nil, Invalid
			}
			return nil, g.plainly(ctx, by, of, line.SetMode{Target: target(of), Mode: packml.Mode(n).String()})
		},
	}
}

// plainly asks by a method of the standard, which has no outputs: its refusal stands in LastRefusal.
func (g *Gateway) plainly(ctx context.Context, by Caller, of string, c line.Command) Status {
	reply, status := g.ask(ctx, by, "", "", c)
	if status == Refused {
		g.refuse(line.StationID(of), reply.Text)
		status = InvalidState
	}
	return status
}

// packmlMethod is a PackML command by its method of OPC 30050.
func (g *Gateway) packmlMethod(machine ID, of, name string, c packml.Command) Node {
	return Method{
		Browse: Browse{ID: Own(machine.Text + "." + name), Parent: machine, Space: packmlSpace, Name: name, Help: "PackML command " + c.String() + "."},
		Roles:  who(line.MayOperate),
		Call: func(ctx context.Context, by Caller, _ []any) ([]any, Status) {
			return nil, g.plainly(ctx, by, of, line.Machine{Target: target(of), Command: c.String()})
		},
	}
}

// refuse keeps the reason of a refusal where the caller can read it.
func (g *Gateway) refuse(station line.StationID, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.built[station] {
		station = "Line"
	}
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
		v("Status.MachSpeed", rate(t.Takt)), v("Status.CurMachSpeed", rate(t.Cycle)),
		v("Admin.ProdProcessedCount", made("processed", t.Processed)), v("Admin.ProdDefectiveCount", made("defective", t.Defective)),
		v("Admin.StopReason", stopReason(t)), v("Status.EquipmentBlocked", begins(t, "blocked")), v("Status.EquipmentStarved", begins(t, "starved")),
	}
	for i, state := range nested(packml.State(number(t.State))) { //nolint:gosec // 0 to 17
		name := levels[i].name + ".CurrentState"
		values = append(values, v(name, state.name), v(name+".Id", packmlMachines[i].stateID(state.name)), v(name+".Number", state.number))
	}
	return values
}

// rate is how many parts a minute a time for one of them makes.
func rate(each time.Duration) float32 {
	if each <= 0 {
		return 0
	}
	return float32(time.Minute.Seconds() / each.Seconds())
}

// made is a count of OPC 30050, of the primary stream.
func made(name string, n int) []Record {
	return []Record{{int32(0), name, *pieces, int32(n), int32(n)}} //nolint:gosec // counts of one line
}

// stopReason is the first cause of the present stop; without one its Trigger is false.
func stopReason(t *line.StationSnapshot) Record {
	if t.StopReason == "" {
		return Record{int32(0), int32(0), "", int32(0), time.Time{}, time.Time{}, false}
	}
	return Record{int32(1), number(t.State), t.StopReason, int32(0), t.Since, time.Time{}, true}
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
