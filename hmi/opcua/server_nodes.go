package opcua

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

// shown is a declared node.
type shown struct {
	node     Node
	variable *server.VariableNode
	object   *server.ObjectNode
	texts    atomic.Pointer[Value] // of a variable with texts
}

// Declare adds nodes to the address space.
func (s *Server) Declare(nodes ...Node) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range nodes {
		b := browse(n)
		if s.declared[b.ID] != nil {
			continue
		}
		sh := &shown{node: n}
		var err error
		switch n := n.(type) {
		case Object:
			sh.object, err = s.object(n)
		case Variable:
			err = s.variable(n, sh)
		case Method:
			err = s.method(n)
		case Type:
			err = s.kind(n)
		}
		if err != nil {
			return fmt.Errorf("declare %v: %w", b.ID, err)
		}
		s.declared[b.ID] = sh
	}
	return nil
}

func browse(n Node) Browse {
	switch n := n.(type) {
	case Object:
		return n.Browse
	case Variable:
		return n.Browse
	case Method:
		return n.Browse
	case Type:
		return n.Browse
	}
	return Browse{}
}

// id returns the library's name of a node. The caller holds the mutex.
func (s *Server) id(id ID) ua.NodeID {
	switch {
	case id == ID{}:
		return ua.ObjectIDObjectsFolder
	case id.Text != "":
		return ua.NewNodeIDString(s.namespace(id.Space), id.Text)
	}
	return ua.NewNodeIDNumeric(s.namespace(id.Space), id.Number)
}

func (s *Server) namespace(uri string) uint16 {
	index, ok := s.namespaces[uri]
	if !ok {
		index = s.server.NamespaceManager().Add(uri)
		s.namespaces[uri] = index
	}
	return index
}

func (s *Server) browseName(b Browse) ua.QualifiedName {
	space := b.Space
	if space == "" {
		space = b.ID.Space
	}
	if space == StandardSpace {
		return ua.NewQualifiedName(0, b.Name)
	}
	return ua.NewQualifiedName(s.namespace(space), b.Name)
}

func (s *Server) parent(b Browse, reference ua.NodeID) ua.Reference {
	return ua.Reference{ReferenceTypeID: reference, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: s.id(b.Parent)}}
}

func isA(id ua.NodeID) ua.Reference {
	return ua.Reference{ReferenceTypeID: ua.ReferenceTypeIDHasTypeDefinition, TargetID: ua.ExpandedNodeID{NodeID: id}}
}

func english(text string) ua.LocalizedText { return ua.LocalizedText{Text: text, Locale: "en"} }

func (s *Server) object(o Object) (*server.ObjectNode, error) {
	kind, reference, notifier := ua.ObjectTypeIDBaseObjectType, ua.ReferenceTypeIDHasComponent, byte(0)
	if o.Folder {
		kind = ua.ObjectTypeIDFolderType
	}
	if o.Parent == (ID{}) || o.Folder {
		reference = ua.ReferenceTypeIDOrganizes
	}
	if o.AddIn {
		reference = ua.ReferenceTypeIDHasAddIn
	}
	if o.Type != (ID{}) {
		kind = s.id(o.Type)
	}
	references := []ua.Reference{s.parent(o.Browse, reference), isA(kind)}
	for _, l := range o.Links {
		references = append(references, ua.Reference{ReferenceTypeID: s.id(l.Type), TargetID: ua.ExpandedNodeID{NodeID: s.id(l.To)}})
	}
	if o.Events {
		notifier = ua.EventNotifierSubscribeToEvents
		if s.o.Events != nil {
			notifier |= ua.EventNotifierHistoryRead
		}
		above := ua.ObjectIDServer
		if p := s.declared[o.Parent]; p != nil && p.object != nil && p.object.EventNotifier() != 0 {
			above = p.object.NodeID()
		}
		references = append(references, ua.Reference{ReferenceTypeID: ua.ReferenceTypeIDHasNotifier, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: above}})
	}
	n := server.NewObjectNode(s.server, s.id(o.ID), s.browseName(o.Browse), english(o.Name), english(o.Help), nil, references, notifier)
	return n, s.server.NamespaceManager().AddNode(n)
}

var kinds = map[Kind]ua.NodeID{
	Bool: ua.DataTypeIDBoolean, Int32: ua.DataTypeIDInt32, UInt32: ua.DataTypeIDUInt32, Double: ua.DataTypeIDDouble,
	Text: ua.DataTypeIDLocalizedText, String: ua.DataTypeIDString, Moment: ua.DataTypeIDUtcTime, Reference: ua.DataTypeIDNodeID,
	Float: ua.DataTypeIDFloat, UInt16: ua.DataTypeIDUInt16, Duration: ua.DataTypeIDDuration, Structured: ua.DataTypeIDStructure,
	Measure: ua.DataTypeIDEUInformation, Path: ua.DataTypeIDRelativePath, Anything: ua.DataTypeIDBaseDataType,
	Int16: ua.DataTypeIDInt16, Int64: ua.DataTypeIDInt64, Strings: ua.DataTypeIDString, Doubles: ua.DataTypeIDDouble,
}

// data returns the DataType of a value.
func (s *Server) data(k Kind, data ID) ua.NodeID {
	if data != (ID{}) {
		return s.id(data)
	}
	return kinds[k]
}

// minSampling is the shortest interval at which a client may have a value sampled, in ms. The line speaks ten times a second: who
// wants every value samples twice as often.
const minSampling = 50

func (s *Server) variable(v Variable, sh *shown) error {
	rank, dimensions := ua.ValueRankScalar, []uint32(nil)
	if v.Array {
		rank, dimensions = ua.ValueRankOneDimension, []uint32{0}
	}
	kind, reference := ua.VariableTypeIDBaseDataVariableType, ua.ReferenceTypeIDHasComponent
	switch {
	case v.Property:
		kind, reference = ua.VariableTypeIDPropertyType, ua.ReferenceTypeIDHasProperty
	case v.Unit != nil:
		kind = ua.VariableTypeIDAnalogItemType
	}
	if v.Type != (ID{}) {
		kind = s.id(v.Type)
	}
	access := ua.AccessLevelsCurrentRead
	if v.History != nil && s.o.History != nil {
		access |= ua.AccessLevelsHistoryRead
		s.historised[s.id(v.ID)] = v
	}
	now := time.Now()
	first := ua.NewDataValue(nil, ua.BadWaitingForInitialData, now, 0, now, 0)
	if v.Fixed != nil {
		value, err := s.value(v, v.Fixed)
		if err != nil {
			return err
		}
		first = ua.NewDataValue(value, ua.Good, now, 0, now, 0)
	}
	n := server.NewVariableNode(s.server, s.id(v.ID), s.browseName(v.Browse), english(v.Name), english(v.Help), nil,
		[]ua.Reference{s.parent(v.Browse, reference), isA(kind)},
		first, s.data(v.Kind, v.Data), rank, dimensions, access, minSampling, v.History != nil && s.o.History != nil, recorder{})
	if v.Kind == Text && v.Fixed == nil {
		n.SetReadValueHandler(func(session *server.Session, r ua.ReadValueID) ua.DataValue { return s.text(session, r, sh) })
	}
	sh.variable = n
	m := s.server.NamespaceManager()
	if err := m.AddNode(n); err != nil || v.Unit == nil {
		return err
	}
	if err := s.property(v, "EngineeringUnits", measure(*v.Unit), ua.DataTypeIDEUInformation); err != nil || v.Range == nil {
		return err
	}
	return s.property(v, "EURange", ua.Range{Low: v.Range.Low, High: v.Range.High}, ua.DataTypeIDRange)
}

func measure(u Unit) ua.EUInformation {
	unit := ua.EUInformation{
		NamespaceURI: "http://www.opcfoundation.org/UA/units/un/cefact", UnitID: unitID(u.UNECE), DisplayName: english(u.Symbol), Description: english(u.Symbol),
	}
	if u.UNECE == "" {
		unit.NamespaceURI = LineSpace
	}
	return unit
}

// unitID makes the number of a unit from its code of UNECE Recommendation 20 (OPC 10000-8, 5.6.3.4).
func unitID(code string) int32 {
	if code == "" {
		return -1
	}
	n := int32(0)
	for _, c := range []byte(code) {
		n = n<<8 | int32(c)
	}
	return n
}

// property adds a fixed property of the standard's own namespace.
func (s *Server) property(of Variable, name string, value any, kind ua.NodeID) error {
	now := time.Now()
	return s.server.NamespaceManager().AddNode(server.NewVariableNode(s.server, s.id(ID{Space: of.ID.Space, Text: of.ID.Text + "." + name}),
		ua.NewQualifiedName(0, name), ua.LocalizedText{Text: name}, ua.LocalizedText{}, nil,
		[]ua.Reference{
			{ReferenceTypeID: ua.ReferenceTypeIDHasProperty, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: s.id(of.ID)}},
			isA(ua.VariableTypeIDPropertyType),
		}, ua.NewDataValue(value, ua.Good, now, 0, now, 0), kind, ua.ValueRankScalar, nil, ua.AccessLevelsCurrentRead, 0, false, nil))
}

// Publish sets values.
func (s *Server) Publish(values ...Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range values {
		sh := s.declared[v.ID]
		if sh == nil || sh.variable == nil {
			s.o.Log.Error("a value of no declared variable", "node", v.ID.Text)
			continue
		}
		declared := sh.node.(Variable)
		if declared.Kind == Text {
			sh.texts.Store(&v)
			continue
		}
		value, err := s.value(declared, v.Value)
		if err != nil {
			s.o.Log.Error("a value that cannot be shown", "node", v.ID.Text, "err", err)
			continue
		}
		sh.variable.SetValue(ua.NewDataValue(value, code(v.Quality), v.At, 0, time.Now(), 0))
	}
}

func code(q Quality) ua.StatusCode {
	switch q {
	case Good:
		return ua.Good
	case Last:
		return ua.UncertainLastUsableValue
	case Waiting:
	}
	return ua.BadWaitingForInitialData
}

// text serves a variable with texts in the session's language.
func (s *Server) text(session *server.Session, r ua.ReadValueID, sh *shown) (value ua.DataValue) {
	now := time.Now()
	defer s.contain("read", func() { value = ua.NewDataValue(nil, ua.BadInternalError, now, 0, now, 0) })
	v := sh.texts.Load()
	switch {
	case v == nil || v.Quality == Waiting:
		return ua.NewDataValue(nil, ua.BadWaitingForInitialData, now, 0, now, 0)
	case r.IndexRange != "":
		return ua.NewDataValue(nil, ua.BadIndexRangeInvalid, v.At, 0, now, 0)
	}
	locale := s.locale(session)
	if list, ok := v.Value.([]string); ok {
		texts := make([]ua.LocalizedText, len(list))
		for i, t := range list {
			texts[i] = s.localized(t, locale)
		}
		return ua.NewDataValue(texts, code(v.Quality), v.At, 0, now, 0)
	}
	t, _ := v.Value.(string)
	return ua.NewDataValue(s.localized(t, locale), code(v.Quality), v.At, 0, now, 0)
}

func (s *Server) localized(text, locale string) ua.LocalizedText {
	if s.o.Translate != nil {
		if other, ok := s.o.Translate(text, locale); ok {
			return ua.LocalizedText{Text: other, Locale: locale}
		}
	}
	return english(text)
}

// locale returns the first language that the session asked for: "en", "ur", "zh". The library keeps it in a field that it
// shows nobody; it is read once, at the session's first text, so a session keeps the language that it began with.
func (s *Server) locale(session *server.Session) string {
	if session == nil {
		return "en"
	}
	if known, ok := s.locales.Load(session); ok {
		return known.(string)
	}
	locale := "en"
	if f := reflect.ValueOf(session).Elem().FieldByName("localeIds"); f.IsValid() && f.Kind() == reflect.Slice && f.Len() > 0 {
		locale = language(f.Index(0).String())
	}
	s.forget()
	s.locales.Store(session, locale)
	return locale
}

// forget drops the languages of sessions that are gone, once there are many.
func (s *Server) forget() {
	count := 0
	s.locales.Range(func(any, any) bool { count++; return true })
	if count > 4*maxSessions {
		s.locales.Clear()
	}
}
