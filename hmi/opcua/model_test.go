package opcua_test

import (
	"slices"
	"testing"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/internal/testnet"
)

// walk visits every node of our own namespaces below the Objects folder, once.
func walk(t *testing.T, c *gopcua.Client, visit func(*ua.ReferenceDescription)) {
	t.Helper()
	seen := map[string]bool{}
	next := []*ua.NodeID{ua.NewNumericNodeID(0, id.ObjectsFolder)}
	for len(next) > 0 {
		n := min(len(next), 100)
		browse := make([]*ua.BrowseDescription, n)
		for i, of := range next[:n] {
			browse[i] = &ua.BrowseDescription{
				NodeID: of, BrowseDirection: ua.BrowseDirectionForward, ReferenceTypeID: ua.NewNumericNodeID(0, id.HierarchicalReferences),
				IncludeSubtypes: true, ResultMask: uint32(ua.BrowseResultMaskAll),
			}
		}
		next = next[n:]
		res, err := c.Browse(t.Context(), &ua.BrowseRequest{View: &ua.ViewDescription{ViewID: ua.NewTwoByteNodeID(0)}, NodesToBrowse: browse, RequestedMaxReferencesPerNode: 0})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range res.Results {
			if len(r.ContinuationPoint) > 0 {
				t.Fatal("a node has more parts than one answer carries")
			}
			for _, ref := range r.References {
				if key := ref.NodeID.NodeID.String(); ref.NodeID.NodeID.Namespace() > 0 && !seen[key] {
					seen[key] = true
					visit(ref)
					next = append(next, ref.NodeID.NodeID)
				}
			}
		}
	}
}

// TestEveryAnalogValueHasAUnit walks the address space as a client sees it: a number that is measured says in what, and between
// which bounds it normally lies.
func TestEveryAnalogValueHasAUnit(t *testing.T) {
	t.Parallel()
	b := open(t, newPlant(), t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST070.State"))
	analog := 0
	walk(t, c, func(ref *ua.ReferenceDescription) {
		if ref.NodeClass != ua.NodeClassVariable {
			return
		}
		kind := attribute(t, c, ref.NodeID.NodeID, ua.AttributeIDDataType).Value.NodeID()
		if kind.IntID() != id.Double && kind.IntID() != id.Float && kind.IntID() != id.Duration && kind.IntID() != id.Number || kind.Namespace() != 0 {
			return
		}
		analog++
		for _, property := range []string{"EngineeringUnits", "EURange"} {
			p := ua.NewStringNodeID(ref.NodeID.NodeID.Namespace(), ref.NodeID.NodeID.StringID()+"."+property)
			if v := attribute(t, c, p, ua.AttributeIDValue); v.Status != ua.StatusOK {
				t.Errorf("%s has no %s: %v", ref.NodeID.NodeID, property, v.Status)
			}
		}
	})
	if analog < 30 {
		t.Errorf("only %d analog values were found", analog)
	}
}

// A consumable that no recipe uses any more is told of no longer: what was said of it last must not stand there as Good.
func TestWhatIsToldNoMoreIsNotGood(t *testing.T) {
	t.Parallel()
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the consumable is shown", good(t, c, "ST060.gap-filler.Remaining"))
	p.change(func(p *plant) {
		stations := slices.Clone(p.now.Stations)
		stations[0].Consumables = nil
		p.now.Stations = stations
	})
	eventually(t, "it is not Good", func() bool {
		v := read(t, c, "ST060.gap-filler.Remaining")
		return v.Status == ua.StatusUncertainLastUsableValue && v.Value.Value() == 30.0
	})
	if v := read(t, c, "ST060.ConsumableItems"); v.Status != ua.StatusOK || len(v.Value.Value().([]string)) != 0 {
		t.Errorf("the list is %v (%v)", v.Value, v.Status)
	}
	if v := read(t, c, "ST060.ReasonText"); v.Status != ua.StatusOK {
		t.Errorf("what is told still is %v", v.Status)
	}
}
