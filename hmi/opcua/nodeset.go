package opcua

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"

	"linectl/line"
)

// WriteNodeSet writes our own namespace for a line as a NodeSet2 file (OPC 10000-6, annex F), for clients that are programmed
// without a connection. Methods and alarms are in it as nodes; values are not.
func WriteNodeSet(w io.Writer, s line.Snapshot) error {
	list := &nodeList{}
	g, err := NewGateway(nil, list, nil)
	if err != nil {
		return err
	}
	for i := range s.Stations {
		if err := list.Declare(g.stationNodes(&s.Stations[i])...); err != nil {
			return err
		}
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

func (l *nodeList) Declare(nodes ...Node) error { l.nodes = append(l.nodes, nodes...); return nil }
func (l *nodeList) Publish(...Value)            {}
func (l *nodeList) Raise(Alarm) error           { return nil }

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
		Model   struct {
			URI string `xml:"ModelUri,attr"`
		} `xml:"Model"`
	}
	xmlNode struct {
		XMLName       xml.Name
		NodeID        string         `xml:"NodeId,attr"`
		BrowseName    string         `xml:"BrowseName,attr"`
		DataType      string         `xml:"DataType,attr,omitempty"`
		ValueRank     string         `xml:"ValueRank,attr,omitempty"`
		EventNotifier string         `xml:"EventNotifier,attr,omitempty"`
		DisplayName   string         `xml:"DisplayName"`
		Description   string         `xml:"Description,omitempty"`
		References    []xmlReference `xml:"References>Reference"`
	}
	xmlReference struct {
		Type   string `xml:"ReferenceType,attr"`
		Inward string `xml:"IsForward,attr,omitempty"`
		Target string `xml:",chardata"`
	}
)

var xmlKinds = map[Kind]string{
	Bool: "i=1", Int32: "i=6", UInt32: "i=7", Double: "i=11", Text: "i=21", String: "i=12", Moment: "i=294", Reference: "i=17",
}

func (l *nodeList) nodeSet() xmlSet {
	spaces := []string{LineSpace}
	index := func(space string) int {
		if space == StandardSpace {
			return 0
		}
		at := slices.Index(spaces, space)
		if at < 0 {
			spaces = append(spaces, space)
			at = len(spaces) - 1
		}
		return at + 1
	}
	id := func(n ID) string {
		switch {
		case n == ID{}:
			return "i=85"
		case n.Text == "":
			return fmt.Sprintf("ns=%d;i=%d", index(n.Space), n.Number)
		}
		return fmt.Sprintf("ns=%d;s=%s", index(n.Space), n.Text)
	}
	set := xmlSet{Schema: "http://opcfoundation.org/UA/2011/03/UANodeSet.xsd"}
	var model xmlModel
	model.Model.URI = LineSpace
	set.Models = append(set.Models, model)
	for _, n := range l.nodes {
		b := browse(n)
		space := b.Space
		if space == "" {
			space = b.ID.Space
		}
		x := xmlNode{NodeID: id(b.ID), BrowseName: fmt.Sprintf("%d:%s", index(space), b.Name), DisplayName: b.Name, Description: b.Help}
		reference, kind := "i=47", "i=58"
		switch n := n.(type) {
		case Object:
			x.XMLName.Local = "UAObject"
			if n.Folder {
				reference, kind = "i=35", "i=61"
			}
			if n.Events {
				x.EventNotifier = "1"
			}
		case Variable:
			x.XMLName.Local, x.DataType, kind = "UAVariable", xmlKinds[n.Kind], "i=63"
			if n.Array {
				x.ValueRank = "1"
			}
			if n.Property {
				reference, kind = "i=46", "i=68"
			} else if n.Unit != nil {
				kind = "i=2368"
			}
		case Method:
			x.XMLName.Local, kind = "UAMethod", ""
		}
		x.References = append(x.References, xmlReference{reference, "false", id(b.Parent)})
		if kind != "" {
			x.References = append(x.References, xmlReference{"i=40", "", kind})
		}
		set.Nodes = append(set.Nodes, x)
	}
	set.Namespaces = spaces
	return set
}
