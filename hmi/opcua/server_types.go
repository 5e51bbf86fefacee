package opcua

import (
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

// kind adds a type to the address space.
func (s *Server) kind(t Type) error {
	id, name, title, help := s.id(t.ID), s.browseName(t.Browse), english(t.Name), english(t.Help)
	above := []ua.Reference{s.parent(t.Browse, ua.ReferenceTypeIDHasSubtype)}
	var n server.Node
	switch t.Class {
	case ObjectType:
		n = server.NewObjectTypeNode(s.server, id, name, title, help, nil, above, t.Abstract)
	case VariableType:
		n = server.NewVariableTypeNode(s.server, id, name, title, help, nil, above, ua.DataValue{}, ua.DataTypeIDBaseDataType, ua.ValueRankAny, nil, t.Abstract)
	case DataType:
		return s.dataType(t, above)
	}
	return s.server.NamespaceManager().AddNode(n)
}

// dataType adds a DataType with its definition, and where it is structured the node that names its binary encoding.
func (s *Server) dataType(t Type, above []ua.Reference) error {
	m := s.server.NamespaceManager()
	var definition any
	switch {
	case t.Names != nil:
		definition = enumeration(t.Names)
	case t.Structure != nil:
		if _, err := layoutOf(t); err != nil {
			return err
		}
		definition = s.definition(t)
	}
	if err := m.AddNode(server.NewDataTypeNode(s.server, s.id(t.ID), s.browseName(t.Browse), english(t.Name), english(t.Help), nil, above, t.Abstract, definition)); err != nil {
		return err
	}
	if t.Names != nil {
		return s.enumNames(t)
	}
	if t.Structure == nil {
		return nil
	}
	return m.AddNode(server.NewObjectNode(s.server, s.id(ID{Space: t.ID.Space, Number: t.Structure.Encoding}), ua.NewQualifiedName(0, "Default Binary"),
		ua.LocalizedText{Text: "Default Binary"}, ua.LocalizedText{}, nil, []ua.Reference{
			{ReferenceTypeID: ua.ReferenceTypeIDHasEncoding, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: s.id(t.ID)}},
			isA(ua.ObjectTypeIDDataTypeEncodingType),
		}, 0))
}

func enumeration(names []string) ua.EnumDefinition {
	d := ua.EnumDefinition{Fields: make([]ua.EnumField, len(names))}
	for i, name := range names {
		d.Fields[i] = ua.EnumField{Value: int64(i), Name: name, DisplayName: english(name)}
	}
	return d
}

// enumNames adds the property by which older clients read an enumeration.
func (s *Server) enumNames(t Type) error {
	texts := make([]ua.LocalizedText, len(t.Names))
	for i, name := range t.Names {
		texts[i] = english(name)
	}
	now := time.Now()
	return s.server.NamespaceManager().AddNode(server.NewVariableNode(s.server, s.id(Own(t.Name+".EnumStrings")), ua.NewQualifiedName(0, "EnumStrings"),
		ua.LocalizedText{Text: "EnumStrings"}, ua.LocalizedText{}, nil, []ua.Reference{
			{ReferenceTypeID: ua.ReferenceTypeIDHasProperty, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: s.id(t.ID)}},
			isA(ua.VariableTypeIDPropertyType),
		}, ua.NewDataValue(texts, ua.Good, now, 0, now, 0), ua.DataTypeIDLocalizedText, ua.ValueRankOneDimension, []uint32{0}, ua.AccessLevelsCurrentRead, 0, false, nil))
}

// definition describes a structure to clients. The caller holds the mutex.
func (s *Server) definition(t Type) ua.StructureDefinition {
	d := ua.StructureDefinition{DefaultEncodingID: s.id(ID{Space: t.ID.Space, Number: t.Structure.Encoding}), BaseDataType: s.id(t.Parent)}
	if t.Structure.Optional {
		d.StructureType = ua.StructureTypeStructureWithOptionalFields
	}
	for _, m := range t.Structure.Fields {
		rank := ua.ValueRankScalar
		if m.Array {
			rank = ua.ValueRankOneDimension
		}
		d.Fields = append(d.Fields, ua.StructureField{Name: m.Name, DataType: s.data(m.Kind, m.Data), ValueRank: rank, IsOptional: m.Optional})
	}
	return d
}

// layout is a structure as the library writes it: a Go struct whose fields are those that are sent, in their order. A structure
// with optional fields begins with a mask of those that are there.
type layout struct {
	of     Type
	goType reflect.Type
	mask   uint32
	sent   []Member
}

// layouts are those of the process, as the library's own register is: a layout is the same for every server.
var layouts = struct {
	sync.Mutex
	of map[ID]*layout
}{of: map[ID]*layout{}}

// layoutOf makes the layout of a structured type, once. The types of its fields come before it.
func layoutOf(t Type) (*layout, error) {
	layouts.Lock()
	defer layouts.Unlock()
	if l := layouts.of[t.ID]; l != nil {
		return l, nil
	}
	l := &layout{of: t}
	var fields []reflect.StructField
	add := func(name string, kind reflect.Type) {
		fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", len(fields)), Type: kind, Tag: reflect.StructTag(t.Name + "." + name)})
	}
	if t.Structure.Optional {
		add("EncodingMask", reflect.TypeFor[uint32]())
	}
	bit := uint32(1)
	for _, m := range t.Structure.Fields {
		if m.Optional {
			if m.Filled {
				l.mask |= bit
			}
			bit <<= 1
			if !m.Filled {
				continue
			}
		}
		kind, ok := goKinds[m.Kind]
		if m.Kind == Structured {
			part := layouts.of[m.Data]
			if ok = part != nil; ok {
				kind = part.goType
			}
		}
		if !ok {
			return nil, fmt.Errorf("%s.%s: no way to write it", t.Name, m.Name)
		}
		if m.Array {
			kind = reflect.SliceOf(kind)
		}
		add(m.Name, kind)
		l.sent = append(l.sent, m)
	}
	l.goType = reflect.StructOf(fields)
	ua.RegisterBinaryEncodingID(l.goType, ua.ExpandedNodeID{NamespaceURI: t.ID.Space, NodeID: ua.NewNodeIDNumeric(0, t.Structure.Encoding)})
	layouts.of[t.ID] = l
	return l, nil
}

var goKinds = map[Kind]reflect.Type{
	Bool: reflect.TypeFor[bool](), Int32: reflect.TypeFor[int32](), UInt32: reflect.TypeFor[uint32](), UInt16: reflect.TypeFor[uint16](),
	Double: reflect.TypeFor[float64](), Duration: reflect.TypeFor[float64](), Float: reflect.TypeFor[float32](), String: reflect.TypeFor[string](),
	Text: reflect.TypeFor[ua.LocalizedText](), Moment: reflect.TypeFor[time.Time](), Measure: reflect.TypeFor[ua.EUInformation](),
	Path: reflect.TypeFor[ua.RelativePath](), Anything: reflect.TypeFor[ua.Variant](), Reference: reflect.TypeFor[ua.NodeID](),
}

// fill writes a Record into the layout of its type.
func (s *Server) fill(data ID, r Record) (reflect.Value, error) {
	layouts.Lock()
	l := layouts.of[data]
	layouts.Unlock()
	if l == nil {
		return reflect.Value{}, fmt.Errorf("no structure %v is declared", data)
	}
	out := reflect.New(l.goType).Elem()
	at := 0
	if l.of.Structure.Optional {
		out.Field(0).SetUint(uint64(l.mask))
		at++
	}
	next := 0
	for i, m := range l.sent {
		if !m.Filled {
			continue
		}
		if next >= len(r) {
			return reflect.Value{}, fmt.Errorf("%s has no value for %s", l.of.Name, m.Name)
		}
		if err := s.member(out.Field(at+i), m, r[next]); err != nil {
			return reflect.Value{}, fmt.Errorf("%s.%s: %w", l.of.Name, m.Name, err)
		}
		next++
	}
	if next < len(r) {
		return reflect.Value{}, fmt.Errorf("%s has %d values for %d fields", l.of.Name, len(r), next)
	}
	return out, nil
}

func (s *Server) member(to reflect.Value, m Member, v any) error {
	if m.Kind == Structured {
		records, ok := v.([]Record)
		if !m.Array {
			one, is := v.(Record)
			records, ok = []Record{one}, is
		}
		if !ok {
			return fmt.Errorf("%T is no record", v)
		}
		for _, r := range records {
			part, err := s.fill(m.Data, r)
			if err != nil {
				return err
			}
			if !m.Array {
				to.Set(part)
				return nil
			}
			to.Set(reflect.Append(to, part))
		}
		return nil
	}
	switch x := v.(type) {
	case nil:
		return nil
	case Unit:
		v = measure(x)
	case ID:
		v = s.id(x)
	case string:
		if m.Kind == Text {
			v = english(x)
		}
	}
	if value := reflect.ValueOf(v); value.Type().AssignableTo(to.Type()) {
		to.Set(value)
		return nil
	}
	return fmt.Errorf("%T is not of its kind", v)
}

// value makes what the library sends of a value. The caller holds the mutex.
func (s *Server) value(v Variable, value any) (any, error) {
	switch x := value.(type) {
	case ID:
		return s.id(x), nil
	case []ID:
		ids := make([]ua.NodeID, len(x))
		for i, id := range x {
			ids[i] = s.id(id)
		}
		return ids, nil
	case Record:
		one, err := s.fill(v.Data, x)
		if err != nil {
			return nil, err
		}
		return one.Interface(), nil
	case []Record:
		all := make([]ua.ExtensionObject, len(x))
		for i, r := range x {
			one, err := s.fill(v.Data, r)
			if err != nil {
				return nil, err
			}
			all[i] = one.Interface()
		}
		return all, nil
	case string:
		if v.Kind == Text {
			return english(x), nil
		}
	case []string:
		if v.Kind == Text {
			texts := make([]ua.LocalizedText, len(x))
			for i, t := range x {
				texts[i] = english(t)
			}
			return texts, nil
		}
	}
	return value, nil
}
