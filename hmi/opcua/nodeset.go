package opcua

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"linectl/line"
)

// WriteNodeSet writes the address space of a line as a NodeSet2 file (OPC 10000-6, annex F), for clients that are programmed
// without a connection. Methods with their arguments, units and fixed values are in it; what changes is not, nor are alarms,
// which come and go. Types of companion specifications are in it as far as we declare them: the file can be read without theirs.
func WriteNodeSet(w io.Writer, s line.Snapshot) error {
	list := &nodeList{}
	g, err := NewGateway(nil, list, nil)
	if err != nil {
		return err
	}
	g.mu.Lock()
	err = g.build(&s)
	g.mu.Unlock()
	if err != nil {
		return err
	}
	set := list.nodeSet()
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(set); err != nil {
		return fmt.Errorf("node set: %w", err)
	}
	_, err = io.WriteString(w, "\n")
	return err
}

// nodeList is a Space that only keeps what is declared.
type nodeList struct{ nodes []Node }

func (l *nodeList) Declare(nodes ...Node) error   { l.nodes = append(l.nodes, nodes...); return nil }
func (l *nodeList) Publish(...Value)              {}
func (l *nodeList) Raise(Alarm) error             { return nil }
func (l *nodeList) Prompt(Dialog) error           { return nil }
func (l *nodeList) EndSessions(string, time.Time) {}

// The parts of a NodeSet2 file.
type (
	xmlSet struct {
		XMLName    xml.Name `xml:"UANodeSet"`
		Schema     string   `xml:"xmlns,attr"`
		Namespaces []string `xml:"NamespaceUris>Uri"`
		Models     []xmlModel
		Nodes      []any
	}
	xmlModel struct {
		XMLName xml.Name `xml:"Models"`
		Model   []xmlModelName
	}
	xmlModelName struct {
		URI  string `xml:"ModelUri,attr"`
		Date string `xml:"PublicationDate,attr"`
	}
	xmlNode struct {
		XMLName       xml.Name
		NodeID        string         `xml:"NodeId,attr"`
		BrowseName    string         `xml:"BrowseName,attr"`
		Abstract      string         `xml:"IsAbstract,attr,omitempty"`
		DataType      string         `xml:"DataType,attr,omitempty"`
		ValueRank     string         `xml:"ValueRank,attr,omitempty"`
		Dimensions    string         `xml:"ArrayDimensions,attr,omitempty"`
		EventNotifier string         `xml:"EventNotifier,attr,omitempty"`
		DisplayName   string         `xml:"DisplayName"`
		Description   string         `xml:"Description,omitempty"`
		References    []xmlReference `xml:"References>Reference"`
		Definition    *xmlDefinition
		Value         *xmlValue
	}
	xmlReference struct {
		Type   string `xml:"ReferenceType,attr"`
		Inward string `xml:"IsForward,attr,omitempty"`
		Target string `xml:",chardata"`
	}
	xmlDefinition struct {
		Name   string `xml:"Name,attr"`
		Fields []xmlField
	}
	xmlField struct {
		XMLName   xml.Name `xml:"Field"`
		Name      string   `xml:"Name,attr"`
		DataType  string   `xml:"DataType,attr,omitempty"`
		ValueRank string   `xml:"ValueRank,attr,omitempty"`
		Optional  string   `xml:"IsOptional,attr,omitempty"`
		Value     string   `xml:"Value,attr,omitempty"`
	}
	xmlValue struct {
		Body string `xml:",innerxml"`
	}
)

var xmlKinds = map[Kind]string{
	Bool: "i=1", Int32: "i=6", UInt32: "i=7", Double: "i=11", Text: "i=21", String: "i=12", Moment: "i=294", Reference: "i=17",
	Float: "i=10", UInt16: "i=5", Duration: "i=290", Structured: "i=22", Measure: "i=887", Path: "i=540", Anything: "i=24", Int16: "i=4", Int64: "i=8",
	Strings: "i=12", Doubles: "i=11",
}

// naming gives every namespace its index in the file.
type naming struct{ spaces []string }

func (n *naming) index(space string) int {
	if space == StandardSpace {
		return 0
	}
	at := slices.Index(n.spaces, space)
	if at < 0 {
		n.spaces = append(n.spaces, space)
		at = len(n.spaces) - 1
	}
	return at + 1
}

func (n *naming) id(id ID) string {
	switch {
	case id == ID{}:
		return "i=85"
	case id.Text != "":
		return fmt.Sprintf("ns=%d;s=%s", n.index(id.Space), id.Text)
	case id.Space == StandardSpace:
		return fmt.Sprintf("i=%d", id.Number)
	}
	return fmt.Sprintf("ns=%d;i=%d", n.index(id.Space), id.Number)
}

func (n *naming) data(k Kind, data ID) string {
	if data != (ID{}) {
		return n.id(data)
	}
	return xmlKinds[k]
}

func (l *nodeList) nodeSet() xmlSet {
	n := &naming{spaces: []string{LineSpace}}
	set := xmlSet{Schema: "http://opcfoundation.org/UA/2011/03/UANodeSet.xsd"}
	written := map[ID]bool{}
	for _, node := range l.nodes {
		id := browse(node).ID
		if written[id] {
			continue // declared again, as it may be: it stays as it is
		}
		written[id] = true
		for _, x := range n.nodes(node) {
			set.Nodes = append(set.Nodes, x)
		}
	}
	set.Namespaces = n.spaces
	var model xmlModel
	for _, space := range n.spaces {
		model.Model = append(model.Model, xmlModelName{space, time.Unix(0, 0).UTC().Format(time.RFC3339)})
	}
	set.Models = append(set.Models, model)
	return set
}

// nodes writes a node, and the nodes that belong to it: units, arguments, encodings.
func (n *naming) nodes(node Node) []xmlNode {
	b := browse(node)
	space := b.Space
	if space == "" {
		space = b.ID.Space
	}
	x := xmlNode{NodeID: n.id(b.ID), BrowseName: fmt.Sprintf("%d:%s", n.index(space), b.Name), DisplayName: b.Name, Description: b.Help}
	hang := func(reference, kind string) {
		x.References = append(x.References, xmlReference{reference, "false", n.id(b.Parent)})
		if kind != "" {
			x.References = append(x.References, xmlReference{"i=40", "", kind})
		}
	}
	var more []xmlNode
	switch node := node.(type) {
	case Object:
		n.object(&x, node, hang)
	case Variable:
		more = n.variable(&x, node, hang)
	case Method:
		x.XMLName.Local = "UAMethod"
		hang("i=47", "")
		more = append(more, n.arguments(node, "InputArguments", node.In)...)
		more = append(more, n.arguments(node, "OutputArguments", node.Out)...)
	case Type:
		more = n.kind(&x, node, hang)
	}
	return append([]xmlNode{x}, more...)
}

func (n *naming) object(x *xmlNode, o Object, hang func(reference, kind string)) {
	x.XMLName.Local = "UAObject"
	reference, kind := "i=47", "i=58"
	if o.Folder {
		kind = "i=61"
	}
	if o.Type != (ID{}) {
		kind = n.id(o.Type)
	}
	switch {
	case o.AddIn:
		reference = "i=17604"
	case o.Folder || o.Parent == (ID{}):
		reference = "i=35"
	}
	if o.Events {
		x.EventNotifier = "1"
	}
	hang(reference, kind)
	for _, l := range o.Links {
		x.References = append(x.References, xmlReference{n.id(l.Type), "", n.id(l.To)})
	}
}

func (n *naming) variable(x *xmlNode, v Variable, hang func(reference, kind string)) []xmlNode {
	x.XMLName.Local, x.DataType = "UAVariable", n.data(v.Kind, v.Data)
	reference, kind := "i=47", "i=63"
	if v.Array {
		x.ValueRank, x.Dimensions = "1", "0"
	}
	switch {
	case v.Property:
		reference, kind = "i=46", "i=68"
	case v.Unit != nil:
		kind = "i=2368"
	}
	if v.Type != (ID{}) {
		kind = n.id(v.Type)
	}
	hang(reference, kind)
	x.Value = n.value(v)
	if v.Unit == nil {
		return nil
	}
	nodes := []xmlNode{n.property(v.ID, "EngineeringUnits", "i=887", unitXML(*v.Unit))}
	if v.Range != nil {
		nodes = append(nodes, n.property(v.ID, "EURange", "i=884", structXML("i=885", "Range",
			element("Low", strconv.FormatFloat(v.Range.Low, 'g', -1, 64))+element("High", strconv.FormatFloat(v.Range.High, 'g', -1, 64)))))
	}
	return nodes
}

func (n *naming) kind(x *xmlNode, t Type, hang func(reference, kind string)) []xmlNode {
	if t.Abstract {
		x.Abstract = "true"
	}
	hang("i=45", "")
	switch t.Class {
	case ObjectType:
		x.XMLName.Local = "UAObjectType"
		return nil
	case VariableType:
		x.XMLName.Local, x.DataType, x.ValueRank = "UAVariableType", "i=24", "-2"
		return nil
	case DataType:
	}
	x.XMLName.Local, x.Definition = "UADataType", &xmlDefinition{Name: x.BrowseName}
	for i, name := range t.Names {
		x.Definition.Fields = append(x.Definition.Fields, xmlField{Name: name, Value: strconv.Itoa(i)})
	}
	if t.Structure == nil {
		return nil
	}
	for _, m := range t.Structure.Fields {
		f := xmlField{Name: m.Name, DataType: n.data(m.Kind, m.Data)}
		if m.Array {
			f.ValueRank = "1"
		}
		if m.Optional {
			f.Optional = "true"
		}
		x.Definition.Fields = append(x.Definition.Fields, f)
	}
	encoding := xmlNode{
		XMLName: xml.Name{Local: "UAObject"}, NodeID: n.id(ID{Space: t.ID.Space, Number: t.Structure.Encoding}), BrowseName: "Default Binary", DisplayName: "Default Binary",
		References: []xmlReference{{"i=38", "false", n.id(t.ID)}, {"i=40", "", "i=76"}},
	}
	return []xmlNode{encoding}
}
