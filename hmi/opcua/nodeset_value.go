package opcua

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// typesSchema is the namespace of values in a NodeSet2 file (OPC 10000-6, 5.3).
const typesSchema = "http://opcfoundation.org/UA/2008/02/Types.xsd"

func element(name, text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a builder takes everything
	return "<" + name + ">" + b.String() + "</" + name + ">"
}

// structXML is a structure of the standard: the node of its XML encoding, its name and its fields.
func structXML(encoding, name, fields string) string {
	return `<ExtensionObject xmlns="` + typesSchema + `"><TypeId>` + element("Identifier", encoding) + "</TypeId><Body><" + name + ">" + fields +
		"</" + name + "></Body></ExtensionObject>"
}

func localizedXML(name, text string) string {
	return "<" + name + ">" + element("Locale", "en") + element("Text", text) + "</" + name + ">"
}

func unitXML(u Unit) string {
	m := measure(u)
	return structXML("i=888", "EUInformation", element("NamespaceUri", m.NamespaceURI)+element("UnitId", fmt.Sprint(m.UnitID))+
		localizedXML("DisplayName", u.Symbol)+localizedXML("Description", u.Symbol))
}

// property is a property of the standard's own namespace, with its value.
func (n *naming) property(of ID, name, data, value string) xmlNode {
	return xmlNode{
		XMLName: xml.Name{Local: "UAVariable"}, NodeID: n.id(ID{Space: of.Space, Text: of.Text + "." + name}), BrowseName: name, DataType: data, DisplayName: name,
		References: []xmlReference{{"i=46", "false", n.id(of)}, {"i=40", "", "i=68"}}, Value: &xmlValue{value},
	}
}

// arguments describe the inputs or outputs of a method.
func (n *naming) arguments(m Method, name string, list []Argument) []xmlNode {
	if len(list) == 0 {
		return nil
	}
	var body strings.Builder
	for _, a := range list {
		body.WriteString(structXML("i=297", "Argument", element("Name", a.Name)+"<DataType>"+element("Identifier", xmlKinds[a.Kind])+"</DataType>"+
			element("ValueRank", fmt.Sprint(a.Kind.rank()))+"<ArrayDimensions/>"+localizedXML("Description", a.Help)))
	}
	x := n.property(m.ID, name, "i=296", `<ListOfExtensionObject xmlns="`+typesSchema+`">`+body.String()+"</ListOfExtensionObject>")
	x.ValueRank, x.Dimensions = "1", fmt.Sprint(len(list))
	return []xmlNode{x}
}

// value writes a fixed value; what changes has none in the file.
func (n *naming) value(v Variable) *xmlValue {
	wrap := func(name, inner string) *xmlValue {
		return &xmlValue{"<" + name + ` xmlns="` + typesSchema + `">` + inner + "</" + name + ">"}
	}
	switch x := v.Fixed.(type) {
	case uint32:
		return wrap("UInt32", fmt.Sprint(x))
	case uint16:
		return wrap("UInt16", fmt.Sprint(x))
	case ID:
		return wrap("NodeId", element("Identifier", n.id(x)))
	case []ID:
		var inner strings.Builder
		for _, id := range x {
			inner.WriteString("<NodeId>" + element("Identifier", n.id(id)) + "</NodeId>")
		}
		return wrap("ListOfNodeId", inner.String())
	}
	return nil
}
