package opcua

import "strings"

// The numbers below are facts of the published NodeSets: PackML 1.01 of 2020-10-08 (OPC 30050), Machinery 1.04.1 of 2026-01-01
// (OPC 40001-1), Machinery/Result 1.01.0 of 2025-07-01 (OPC 40001-101), ISA95-JOBCONTROL_V2 2.0.0 of 2024-01-31 (OPC 10031-4), DI
// 1.5 (OPC 10000-100). Only the types that our instances are of are declared, and of them only what a client needs to
// recognise the instances: a client that wants every node of a specification has its NodeSet.

// Numbers of the standard's own namespace (OPC 10000-6, annex A).
var (
	folderType         = ID{Space: StandardSpace, Number: 61}
	baseObjectType     = ID{Space: StandardSpace, Number: 58}
	baseVariableType   = ID{Space: StandardSpace, Number: 63}
	structureType      = ID{Space: StandardSpace, Number: 22}
	enumerationType    = ID{Space: StandardSpace, Number: 29}
	stateType          = ID{Space: StandardSpace, Number: 2307}
	transitionType     = ID{Space: StandardSpace, Number: 2310}
	finiteMachineType  = ID{Space: StandardSpace, Number: 2771}
	finiteVariableType = ID{Space: StandardSpace, Number: 2760}
	analogUnitType     = ID{Space: StandardSpace, Number: 17497}
	alarmType          = ID{Space: StandardSpace, Number: 2915}
	dialogType         = ID{Space: StandardSpace, Number: 2830}
	metricsType        = ID{Space: StandardSpace, Number: 17279}
	rateType           = ID{Space: StandardSpace, Number: 17277}
	fromState          = ID{Space: StandardSpace, Number: 51}
	toState            = ID{Space: StandardSpace, Number: 52}
)

func packmlID(n uint32) ID    { return ID{Space: packmlSpace, Number: n} }
func machineryID(n uint32) ID { return ID{Space: machinerySpace, Number: n} }
func resultID(n uint32) ID    { return ID{Space: resultSpace, Number: n} }
func jobID(n uint32) ID       { return ID{Space: jobSpace, Number: n} }
func diID(n uint32) ID        { return ID{Space: diSpace, Number: n} }

// objectType declares an ObjectType.
func objectType(id, above ID, name string) Node {
	return Type{Browse: Browse{ID: id, Parent: above, Name: name}, Class: ObjectType}
}

// machine is a type of state machines: its states, with the number that the specification gives each.
type machine struct {
	id          ID
	name        string
	states      []state
	transitions []transition // where the type asks for a list of them
}

type state struct {
	name             string
	id, number, prop uint32 // prop is the node of its StateNumber
}

// transition is named FromToTo, after its states.
type transition struct {
	name string
	id   uint32
}

var packmlMachines = []machine{
	{packmlID(3), "PackMLBaseStateMachineType", []state{
		{"Aborted", 62, 9, 169}, {"Aborting", 61, 8, 168}, {"Cleared", 71, 19, 178},
	}, []transition{{"AbortedToCleared", 65}, {"AbortingToAborted", 66}, {"ClearedToAborting", 67}}},
	{packmlID(2), "PackMLMachineStateMachineType", []state{
		{"Clearing", 55, 1, 157}, {"Stopped", 53, 2, 155}, {"Stopping", 54, 7, 156}, {"Running", 75, 18, 171},
	}, []transition{{"StoppingToStopped", 57}, {"ClearingToStopped", 58}, {"StoppedToRunning", 59}, {"RunningToStopping", 60}}},
	{packmlID(1), "PackMLExecuteStateMachineType", []state{
		{"Resetting", 27, 15, 127},
		{"Idle", 28, 4, 128},
		{"Starting", 29, 3, 129},
		{"Suspending", 30, 13, 130},
		{"Suspended", 31, 5, 131},
		{"Unsuspending", 32, 14, 132},
		{"Holding", 33, 10, 133},
		{"Held", 34, 11, 134},
		{"Unholding", 35, 12, 135},
		{"Execute", 36, 6, 136},
		{"Completing", 37, 16, 137},
		{"Complete", 38, 17, 138},
	}, []transition{
		{"ResettingToIdle", 39},
		{"IdleToStarting", 40},
		{"StartingToExecute", 41},
		{"ExecuteToSuspending", 42},
		{"SuspendingToSuspended", 43},
		{"UnsuspendingToExecute", 44},
		{"ExecuteToHolding", 45},
		{"HoldingToHeld", 46},
		{"HeldToUnholding", 47},
		{"UnholdingToExecute", 48},
		{"ExecuteToCompleting", 49},
		{"CompletingToComplete", 50},
		{"CompleteToResetting", 51},
		{"SuspendedToUnsuspending", 52},
		{"StartingToHolding", 99},
		{"UnsuspendingToHolding", 100},
		{"SuspendedToHolding", 101},
		{"SuspendingToHolding", 102},
		{"UnholdingToHolding", 103},
	}},
}

var itemStateMachine = machine{machineryID(1002), "MachineryItemState_StateMachineType", []state{
	{"NotAvailable", 5005, 0, 6039}, {"OutOfService", 5004, 1, 6038}, {"NotExecuting", 5007, 2, 6041}, {"Executing", 5006, 3, 6040},
}, nil}

var operationModeMachine = machine{machineryID(1008), "MachineryOperationModeStateMachineType", []state{
	{"None", 5024, 0, 6059}, {"Maintenance", 5025, 1, 6060}, {"Setup", 5027, 2, 6062}, {"Processing", 5026, 3, 6061},
}, nil}

var jobOrderMachine = machine{jobID(1002), "ISA95JobOrderReceiverObjectType", []state{
	{"NotAllowedToStart", 5035, 1, 6071},
	{"AllowedToStart", 5036, 2, 6072},
	{"Running", 5037, 3, 6073},
	{"Interrupted", 5038, 4, 6074},
	{"Ended", 5039, 5, 6075},
	{"Aborted", 5040, 6, 6076},
}, nil}

// nodes declare the type with its states and transitions, which CurrentState/Id and the lists of available ones name.
func (m machine) nodes() []Node {
	nodes := []Node{objectType(m.id, finiteMachineType, m.name)}
	at := func(n uint32) ID { return ID{Space: m.id.Space, Number: n} }
	ids := map[string]ID{}
	for _, s := range m.states {
		ids[s.name] = at(s.id)
		nodes = append(nodes,
			Object{Browse: Browse{ID: at(s.id), Parent: m.id, Name: s.name}, Type: stateType},
			Variable{Browse: Browse{ID: at(s.prop), Parent: at(s.id), Space: StandardSpace, Name: "StateNumber"}, Kind: UInt32, Property: true, Fixed: s.number},
		)
	}
	for _, t := range m.transitions {
		from, to, _ := strings.Cut(t.name, "To")
		nodes = append(nodes, Object{
			Browse: Browse{ID: at(t.id), Parent: m.id, Name: t.name}, Type: transitionType, Links: []Link{{fromState, ids[from]}, {toState, ids[to]}},
		})
	}
	return nodes
}

// stateID is the published node of a state; the zero ID if the machine is in none.
func (m machine) stateID(name string) ID {
	for _, s := range m.states {
		if s.name == name {
			return ID{Space: m.id.Space, Number: s.id}
		}
	}
	return ID{Space: StandardSpace} // the null NodeId
}

// instance is a machine of this type: its state in words, as node and as number, and what is available where the type asks for it.
func (m machine) instance(id, parent ID, space, name string, addIn bool) []Node {
	current := Own(id.Text + ".CurrentState")
	nodes := []Node{
		Object{Browse: Browse{ID: id, Parent: parent, Space: space, Name: name}, Type: m.id, AddIn: addIn},
		Variable{Browse: Browse{ID: current, Parent: id, Space: StandardSpace, Name: "CurrentState"}, Type: finiteVariableType, Kind: Text},
		Variable{Browse: Browse{ID: Own(current.Text + ".Id"), Parent: current, Space: StandardSpace, Name: "Id"}, Kind: Reference, Property: true},
		Variable{Browse: Browse{ID: Own(current.Text + ".Number"), Parent: current, Space: StandardSpace, Name: "Number"}, Kind: UInt32, Property: true},
	}
	if m.transitions == nil {
		return nodes
	}
	list := func(name string, ids []ID) Node {
		return Variable{Browse: Browse{ID: Own(id.Text + "." + name), Parent: id, Space: StandardSpace, Name: name}, Kind: Reference, Array: true, Fixed: ids}
	}
	at := func(n uint32) ID { return ID{Space: m.id.Space, Number: n} }
	return append(nodes,
		list("AvailableStates", column(m.states, func(s state) ID { return at(s.id) })),
		list("AvailableTransitions", column(m.transitions, func(t transition) ID { return at(t.id) })))
}

// typeNodes are all types that instances of ours have.
func typeNodes() []Node {
	nodes := []Node{
		objectType(diID(1005), folderType, "FunctionalGroupType"),
		Type{Browse: Browse{ID: diID(468), Parent: analogUnitType, Name: "LifetimeVariableType"}, Class: VariableType},
		objectType(machineryID(1004), diID(1005), "MachineryItemIdentificationType"),
		objectType(machineryID(1012), machineryID(1004), "MachineIdentificationType"),
		objectType(machineryID(1009), diID(1005), "MachineryOperationCounterType"),
		objectType(machineryID(1015), folderType, "MachineryLifetimeCounterType"),
		objectType(packmlID(6), baseObjectType, "PackMLBaseObjectType"),
		objectType(packmlID(5), baseObjectType, "PackMLAdminObjectType"),
		objectType(packmlID(4), baseObjectType, "PackMLStatusObjectType"),
		objectType(jobID(1003), baseObjectType, "ISA95JobResponseProviderObjectType"),
		objectType(resultID(1004), baseObjectType, "ResultManagementType"),
		Type{Browse: Browse{ID: resultID(2001), Parent: baseVariableType, Name: "ResultType"}, Class: VariableType},
	}
	for _, m := range packmlMachines {
		nodes = append(nodes, m.nodes()...)
	}
	for _, m := range []machine{itemStateMachine, operationModeMachine, jobOrderMachine} {
		nodes = append(nodes, m.nodes()...)
	}
	return append(nodes, dataTypes()...)
}
