package opcua_test

import (
	"testing"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
)

const typeSpace = "urn:test:types"

func typed(n uint32) opcua.ID { return opcua.ID{Space: typeSpace, Number: n} }

func standard(n uint32) opcua.ID { return opcua.ID{Space: opcua.StandardSpace, Number: n} }

// typeNodes are a type of each class, and an instance of each.
func typeNodes() []opcua.Node {
	browse := func(n uint32, above opcua.ID, name string) opcua.Browse {
		return opcua.Browse{ID: typed(n), Parent: above, Name: name}
	}
	return []opcua.Node{
		opcua.Type{Browse: browse(1, standard(id.BaseObjectType), "PumpType"), Class: opcua.ObjectType, Abstract: true},
		opcua.Type{Browse: browse(2, standard(id.BaseDataVariableType), "FlowType"), Class: opcua.VariableType},
		opcua.Type{Browse: browse(3, standard(id.Enumeration), "ColourEnum"), Class: opcua.DataType, Names: []string{"Red", "Green"}},
		opcua.Type{Browse: browse(4, standard(id.Structure), "PartDataType"), Class: opcua.DataType, Structure: &opcua.Structure{Encoding: 40, Fields: []opcua.Member{
			{Name: "Number", Kind: opcua.Int32, Filled: true}, {Name: "Note", Kind: opcua.String},
		}}},
		opcua.Type{Browse: browse(5, standard(id.Structure), "WholeDataType"), Class: opcua.DataType, Structure: &opcua.Structure{Encoding: 50, Optional: true, Fields: []opcua.Member{
			{Name: "Name", Kind: opcua.String, Filled: true},
			{Name: "Never", Kind: opcua.Double, Optional: true},
			{Name: "Parts", Kind: opcua.Structured, Data: typed(4), Array: true, Optional: true, Filled: true},
		}}},
		opcua.Object{Browse: browse(10, opcua.ID{}, "Pump"), Type: typed(1), Links: []opcua.Link{{Type: standard(id.HasCondition), To: standard(id.Server)}}},
		opcua.Variable{Browse: browse(11, typed(10), "Flow"), Type: typed(2), Kind: opcua.Int32, Data: typed(3), Fixed: int32(1)},
		opcua.Variable{Browse: browse(12, typed(10), "Whole"), Kind: opcua.Structured, Data: typed(5)},
		opcua.Variable{Browse: browse(13, typed(10), "Wholes"), Kind: opcua.Structured, Data: typed(5), Array: true},
		opcua.Variable{Browse: browse(14, typed(10), "States"), Kind: opcua.Reference, Array: true, Fixed: []opcua.ID{typed(10), typed(11)}},
	}
}

// TestAnySpaceHasTypes is the part of the contract of opcua.Space that is about types: instances name theirs, structures can be
// read by whoever reads their definition, and what is fixed is Good from the start.
func TestAnySpaceHasTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	if err := b.server.Declare(typeNodes()...); err != nil {
		t.Fatal(err)
	}
	whole := opcua.Record{"pump", []opcua.Record{{int32(7)}, {int32(8)}}}
	b.server.Publish(
		opcua.Value{ID: typed(12), Value: whole, Quality: opcua.Good, At: at},
		opcua.Value{ID: typed(13), Value: []opcua.Record{whole, whole}, Quality: opcua.Good, At: at},
	)
	b.serve(t)
	c := b.mustDial(t, login{})
	index, err := c.FindNamespace(t.Context(), typeSpace)
	if err != nil {
		t.Fatal(err)
	}
	node := func(n uint32) *ua.NodeID { return ua.NewNumericNodeID(index, n) }
	ua.RegisterExtensionObject(node(50), new(wholeBody)) // for the whole process; nothing else is of that type
	t.Run("instances", func(t *testing.T) {
		for n, want := range map[uint32]uint32{10: 1, 11: 2} {
			if got := targets(t, c, node(n), id.HasTypeDefinition, ua.BrowseDirectionForward); len(got) != 1 || got[0].IntID() != want || got[0].Namespace() != index {
				t.Errorf("the type of %d is %v", n, got)
			}
		}
		if got := targets(t, c, node(1), id.HasSubtype, ua.BrowseDirectionInverse); len(got) != 1 || got[0].IntID() != id.BaseObjectType {
			t.Errorf("the type refines %v", got)
		}
		if got := targets(t, c, node(10), id.HasCondition, ua.BrowseDirectionForward); len(got) != 1 || got[0].IntID() != id.Server {
			t.Errorf("the link leads to %v", got)
		}
		if v := attribute(t, c, node(1), ua.AttributeIDIsAbstract).Value.Value(); v != true {
			t.Errorf("the abstract type says %v", v)
		}
	})
	t.Run("fixed values", func(t *testing.T) {
		if v := attribute(t, c, node(11), ua.AttributeIDValue); v.Status != ua.StatusOK || v.Value.Value() != int32(1) {
			t.Errorf("%v (%v)", v.Value, v.Status)
		}
		if v := attribute(t, c, node(11), ua.AttributeIDDataType).Value.NodeID(); v.IntID() != 3 {
			t.Errorf("its DataType is %v", v)
		}
		if v := attribute(t, c, node(14), ua.AttributeIDValue).Value.Value().([]*ua.NodeID); len(v) != 2 || v[1].IntID() != 11 {
			t.Errorf("the references are %v", v)
		}
	})
	t.Run("definitions", func(t *testing.T) {
		d := attribute(t, c, node(5), ua.AttributeIDDataTypeDefinition).Value.Value().(*ua.ExtensionObject).Value.(*ua.StructureDefinition)
		if d.DefaultEncodingID.IntID() != 50 || d.StructureType != ua.StructureTypeStructureWithOptionalFields || len(d.Fields) != 3 {
			t.Fatalf("%+v", d)
		}
		if f := d.Fields[2]; f.Name != "Parts" || f.ValueRank != 1 || !f.IsOptional || f.DataType.IntID() != 4 {
			t.Errorf("%+v", f)
		}
		e := attribute(t, c, node(3), ua.AttributeIDDataTypeDefinition).Value.Value().(*ua.ExtensionObject).Value.(*ua.EnumDefinition)
		if len(e.Fields) != 2 || e.Fields[1].Name != "Green" || e.Fields[1].Value != 1 {
			t.Errorf("%+v", e)
		}
	})
	t.Run("structures", func(t *testing.T) {
		// mask with the second optional field only, "pump", two parts: a number, and an empty text
		want := []byte{2, 0, 0, 0, 4, 0, 0, 0, 'p', 'u', 'm', 'p', 2, 0, 0, 0, 7, 0, 0, 0, 255, 255, 255, 255, 8, 0, 0, 0, 255, 255, 255, 255}
		one := bodies(t, c, node(12))
		if got := one[0]; string(got) != string(want) {
			t.Errorf("the structure is % x", got)
		}
		if many := bodies(t, c, node(13)); len(many) != 2 || string(many[1]) != string(want) {
			t.Errorf("the list is % x", many)
		}
	})
	t.Run("a record that is none", func(t *testing.T) {
		for name, wrong := range map[string]opcua.Record{"short": {"pump"}, "long": {"pump", []opcua.Record{}, 3}, "of another kind": {7, []opcua.Record{}}} {
			b.server.Publish(opcua.Value{ID: typed(12), Value: wrong, Quality: opcua.Good, At: at})
			if got := bodies(t, c, node(12)); len(got[0]) != 32 {
				t.Errorf("one that is %s was shown: % x", name, got)
			}
		}
	})
}

// targets follows the references of one type from a node.
func targets(t *testing.T, c *gopcua.Client, from *ua.NodeID, reference uint32, way ua.BrowseDirection) []*ua.NodeID {
	t.Helper()
	res, err := c.Browse(t.Context(), &ua.BrowseRequest{View: &ua.ViewDescription{ViewID: ua.NewTwoByteNodeID(0)}, NodesToBrowse: []*ua.BrowseDescription{{
		NodeID: from, BrowseDirection: way, ReferenceTypeID: ua.NewNumericNodeID(0, reference), ResultMask: uint32(ua.BrowseResultMaskAll),
	}}})
	if err != nil {
		t.Fatal(err)
	}
	var ids []*ua.NodeID
	for _, r := range res.Results[0].References {
		ids = append(ids, r.NodeID.NodeID)
	}
	return ids
}

// wholeBody takes a structure's bytes as they are.
type wholeBody struct{ bytes []byte }

func (w *wholeBody) Decode(b []byte) (int, error) {
	w.bytes = append([]byte(nil), b...)
	return len(b), nil
}
func (w *wholeBody) Encode() ([]byte, error) { return w.bytes, nil }

// bodies reads the bodies of the structures that a value is.
func bodies(t *testing.T, c *gopcua.Client, n *ua.NodeID) [][]byte {
	t.Helper()
	v := attribute(t, c, n, ua.AttributeIDValue)
	if v.Status != ua.StatusOK {
		t.Fatalf("%v is %v", n, v.Status)
	}
	objects, ok := v.Value.Value().([]*ua.ExtensionObject)
	if !ok {
		objects = []*ua.ExtensionObject{v.Value.Value().(*ua.ExtensionObject)}
	}
	all := make([][]byte, len(objects))
	for i, o := range objects {
		body, ok := o.Value.(*wholeBody)
		if !ok {
			t.Fatalf("%v is %T", n, o.Value)
		}
		all[i] = body.bytes
	}
	return all
}
