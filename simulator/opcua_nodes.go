package simulator

import (
	"encoding/binary"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"

	"linectl/plc/tags"
)

// addNodes builds the device's part of the address space. Any number of nodes may stand beside these on a real device.
func (o *opcuaFace) addNodes() {
	m := o.server.NamespaceManager()
	o.namespace = m.Add(o.OPCUA.Namespace)
	object := o.node(m, ua.ObjectIDObjectsFolder, ua.ReferenceTypeIDOrganizes, o.OPCUA.Object)
	if !o.OPCUA.Class.Tokens() {
		o.addPlain(m, object)
		return
	}
	if o.OPCUA.Face == tags.FaceBlocks {
		o.addBlocks(m, object)
		o.addWaveform(m, object)
		return
	}
	o.addMethod(m, object)
	status := o.node(m, object, ua.ReferenceTypeIDHasComponent, o.OPCUA.Object+".Status")
	for _, field := range tags.StatusFields {
		v := o.variable(status, o.OPCUA.Object+".Status."+field, fieldType(field), field == "Values", ua.AccessLevelsCurrentRead)
		v.SetReadValueHandler(func(session *server.Session, _ ua.ReadValueID) ua.DataValue {
			if field == "Magic" && o.faces.heard(o.Device) != nil {
				return ua.NewDataValue(nil, ua.BadNoCommunication, time.Now(), 0, time.Now(), 0)
			}
			now := time.Now()
			return ua.NewDataValue(fieldValue(field, o.status(session, field, now)), ua.Good, now, 0, now, 0)
		})
		mustAdd(m, v)
	}
	o.addWaveform(m, status)
}

// addWaveform offers the waveform area, if the map says so.
func (o *opcuaFace) addWaveform(m *server.NamespaceManager, parent ua.NodeID) {
	if !o.OPCUA.Waveform {
		return
	}
	v := o.variable(parent, o.OPCUA.Object+o.OPCUA.WaveformNode(), ua.DataTypeIDByteString, false, ua.AccessLevelsCurrentRead)
	v.SetReadValueHandler(func(*server.Session, ua.ReadValueID) ua.DataValue {
		now := time.Now()
		return ua.NewDataValue(ua.ByteString(o.faces.waveform(o.Device)), ua.Good, now, 0, now, 0)
	})
	mustAdd(m, v)
}

// addBlocks offers the two blocks as ByteStrings, registers high byte first. Writing a block is answered Good whatever the
// device thinks of it: that stands in the status.
func (o *opcuaFace) addBlocks(m *server.NamespaceManager, object ua.NodeID) {
	status := o.variable(object, o.OPCUA.Object+".StatusBlock", ua.DataTypeIDByteString, false, ua.AccessLevelsCurrentRead)
	status.SetReadValueHandler(func(*server.Session, ua.ReadValueID) ua.DataValue {
		if o.faces.heard(o.Device) != nil {
			return ua.NewDataValue(nil, ua.BadNoCommunication, time.Now(), 0, time.Now(), 0)
		}
		now := time.Now()
		o.head += 2 // touched by the one worker alone
		block := o.faces.status(o.Device).Encode(o.head, o.faces.plant.Order(o.Device, o.OPCUA.Order))
		o.faces.tear(o.Device, block[:])
		data := make([]byte, 0, 2*len(block))
		for _, w := range block {
			data = binary.BigEndian.AppendUint16(data, w)
		}
		return ua.NewDataValue(ua.ByteString(data), ua.Good, now, 0, now, 0)
	})
	command := o.variable(object, o.OPCUA.Object+".CommandBlock", ua.DataTypeIDByteString, false, ua.AccessLevelsCurrentWrite)
	command.SetWriteValueHandler(func(_ *server.Session, w ua.WriteValue) (ua.DataValue, ua.StatusCode) {
		data, ok := w.Value.Value.(ua.ByteString)
		if !ok || len(data) != 2*tags.CommandRegisters || w.IndexRange != "" {
			return w.Value, ua.BadOutOfRange
		}
		words := make([]uint16, tags.CommandRegisters)
		for i := range words {
			words[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
		}
		if o.faces.heard(o.Device) != nil {
			return w.Value, ua.BadNoCommunication
		}
		o.faces.block(o.Device, words, o.faces.plant.Order(o.Device, o.OPCUA.Order))
		if o.faces.heard(o.Device) != nil {
			return w.Value, ua.BadNoCommunication
		}
		return w.Value, ua.Good
	})
	mustAdd(m, status)
	mustAdd(m, command)
}

// addMethod offers Execute with its arguments described.
func (o *opcuaFace) addMethod(m *server.NamespaceManager, object ua.NodeID) {
	name := o.OPCUA.Object + ".Execute"
	method := server.NewMethodNode(o.server, o.id(name), o.browse(name), ua.LocalizedText{Text: "Execute"},
		ua.LocalizedText{Text: "Takes a command. A good answer proves only that the device answered: read the status.", Locale: "en"}, nil,
		[]ua.Reference{{ReferenceTypeID: ua.ReferenceTypeIDHasComponent, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: object}}}, true)
	method.SetCallMethodHandler(func(_ *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
		if r.ObjectID != object {
			return ua.CallMethodResult{StatusCode: ua.BadMethodInvalid} // the library does not ask
		}
		return o.execute(r.InputArguments)
	})
	mustAdd(m, method)
	in := make([]ua.ExtensionObject, 0, len(tags.ExecuteArguments))
	for _, a := range tags.ExecuteArguments {
		in = append(in, argument(a))
	}
	o.arguments(m, method.NodeID(), "InputArguments", name, in)
	o.arguments(m, method.NodeID(), "OutputArguments", name, []ua.ExtensionObject{argument("reason")})
}

func (o *opcuaFace) arguments(m *server.NamespaceManager, method ua.NodeID, browse, name string, arguments []ua.ExtensionObject) {
	now := time.Now()
	mustAdd(m, server.NewVariableNode(o.server, o.id(name+"."+browse), ua.NewQualifiedName(0, browse), ua.LocalizedText{Text: browse},
		ua.LocalizedText{}, nil,
		[]ua.Reference{{ReferenceTypeID: ua.ReferenceTypeIDHasProperty, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: method}}},
		ua.NewDataValue(arguments, ua.Good, now, 0, now, 0), ua.DataTypeIDArgument, ua.ValueRankOneDimension,
		[]uint32{uint32(len(arguments))}, ua.AccessLevelsCurrentRead, 0, false, nil))
}

// argument describes an argument of Execute by its name.
func argument(name string) ua.Argument {
	a := ua.Argument{Name: name, DataType: ua.DataTypeIDUInt16, ValueRank: ua.ValueRankScalar}
	switch name {
	case "token":
		a.DataType = ua.DataTypeIDUInt64
	case "bootEpoch":
		a.DataType = ua.DataTypeIDUInt32
	case "partId":
		a.DataType = ua.DataTypeIDString
	case "recipeHash":
		a.DataType = ua.DataTypeIDByteString
	case "params":
		a.DataType, a.ValueRank, a.ArrayDimensions = ua.DataTypeIDFloat, ua.ValueRankOneDimension, []uint32{16}
	}
	return a
}

// fieldType is the type of a status field, as tags.StatusFields tells it.
func fieldType(field string) ua.NodeID {
	switch fieldValue(field, tags.Status{}).(type) {
	case uint64:
		return ua.DataTypeIDUInt64
	case uint32:
		return ua.DataTypeIDUInt32
	case string:
		return ua.DataTypeIDString
	case []float32:
		return ua.DataTypeIDFloat
	}
	return ua.DataTypeIDUInt16
}

func fieldValue(field string, s tags.Status) ua.Variant { return fields[field](&s) }

// fields is where each status field stands in the block.
var fields = map[string]func(*tags.Status) ua.Variant{
	"Magic":         func(*tags.Status) ua.Variant { return tags.Magic },
	"Heartbeat":     func(s *tags.Status) ua.Variant { return s.Heartbeat },
	"RetainId":      func(s *tags.Status) ua.Variant { return s.RetainID },
	"BootEpoch":     func(s *tags.Status) ua.Variant { return s.BootEpoch },
	"FenceHighest":  func(s *tags.Status) ua.Variant { return s.FenceHighest },
	"Floor":         func(s *tags.Status) ua.Variant { return uint64(s.Floor) },
	"InFlight":      func(s *tags.Status) ua.Variant { return uint64(s.InFlight) },
	"Phase":         func(s *tags.Status) ua.Variant { return uint16(s.Phase) },
	"LastCompleted": func(s *tags.Status) ua.Variant { return uint64(s.LastCompleted) },
	"Outcome":       func(s *tags.Status) ua.Variant { return uint16(s.Outcome) },
	"Reason":        func(s *tags.Status) ua.Variant { return s.Reason },
	"PartId":        func(s *tags.Status) ua.Variant { return s.Part },
	"IndexEcho":     func(s *tags.Status) ua.Variant { return s.Index },
	"Values":        func(s *tags.Status) ua.Variant { return s.Values[:] },
	"EffectCount":   func(s *tags.Status) ua.Variant { return s.EffectCount },
	"IndexState":    func(s *tags.Status) ua.Variant { return s.IndexState },
	"RejectedToken": func(s *tags.Status) ua.Variant { return uint64(s.Rejected) },
	"RejectReason":  func(s *tags.Status) ua.Variant { return uint16(s.RejectReason) },
	"PackMLState":   func(s *tags.Status) ua.Variant { return s.Machine },
	"UnitMode":      func(s *tags.Status) ua.Variant { return s.Mode },
	"Permissives":   func(s *tags.Status) ua.Variant { return s.Permissives },
	"Safety":        func(s *tags.Status) ua.Variant { return s.Safety },
	"Alarms":        func(s *tags.Status) ua.Variant { return s.Alarms },
	"FirstOutAlarm": func(s *tags.Status) ua.Variant { return s.FirstOut },
	"Sensors":       func(s *tags.Status) ua.Variant { return s.Sensors },
}

func (o *opcuaFace) id(name string) ua.NodeID { return ua.NewNodeIDString(o.namespace, name) }

func (o *opcuaFace) browse(name string) ua.QualifiedName {
	return ua.NewQualifiedName(o.namespace, name)
}

// node adds an object.
func (o *opcuaFace) node(m *server.NamespaceManager, parent, reference ua.NodeID, name string) ua.NodeID {
	mustAdd(m, server.NewObjectNode(o.server, o.id(name), o.browse(name), ua.LocalizedText{Text: name}, ua.LocalizedText{}, nil, []ua.Reference{
		{ReferenceTypeID: reference, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: parent}},
		{ReferenceTypeID: ua.ReferenceTypeIDHasTypeDefinition, TargetID: ua.ExpandedNodeID{NodeID: ua.ObjectTypeIDBaseObjectType}},
	}, 0))
	return o.id(name)
}

func (o *opcuaFace) variable(parent ua.NodeID, name string, dataType ua.NodeID, array bool, access byte) *server.VariableNode {
	rank, dimensions := ua.ValueRankScalar, []uint32(nil)
	if array {
		rank, dimensions = ua.ValueRankOneDimension, []uint32{24}
	}
	return server.NewVariableNode(o.server, o.id(name), o.browse(name), ua.LocalizedText{Text: name}, ua.LocalizedText{}, nil, []ua.Reference{
		{ReferenceTypeID: ua.ReferenceTypeIDHasComponent, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: parent}},
		{ReferenceTypeID: ua.ReferenceTypeIDHasTypeDefinition, TargetID: ua.ExpandedNodeID{NodeID: ua.VariableTypeIDBaseDataVariableType}},
	}, ua.DataValue{}, dataType, rank, dimensions, access, 0, false, nil)
}

// mustAdd adds a node to a space that has no other of its name: anything else is a programming error.
func mustAdd(m *server.NamespaceManager, n server.Node) {
	if err := m.AddNode(n); err != nil {
		panic("simulator: " + err.Error())
	}
}
