package web

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// lineSpace is the namespace of the gateway's own nodes, whose identifiers are texts (docs/opcua.md).
const lineSpace = "urn:linectl:line"

// Bounds of browsing.
const (
	browseAtOnce = 50
	readAtOnce   = 200
	maxDepth     = 5
	maxNodes     = 20000
)

// found is what browsing has found: the parts of the object Line.
type found struct {
	variables []*ua.NodeID
	methods   map[string]*method
	stations  []string
	seen      map[string]bool // a node hangs from its object by more than one reference
}

// method is a method with what is needed to call it.
type method struct {
	Method
	id, object *ua.NodeID
}

// place is an object that is browsed.
type place struct {
	id   *ua.NodeID
	name string
}

// browse walks the object Line and everything below it that is in our namespace.
func browse(ctx context.Context, c *opcua.Client) (*found, error) {
	space, err := c.FindNamespace(ctx, lineSpace)
	if err != nil {
		return nil, fmt.Errorf("%w: it does not know the namespace %s", errNoAnswer, lineSpace)
	}
	f := &found{methods: map[string]*method{}, seen: map[string]bool{}}
	level := []place{{ua.NewNumericNodeID(0, id.ObjectsFolder), ""}}
	for depth := 0; len(level) > 0 && depth < maxDepth; depth++ {
		parts, err := children(ctx, c, level, id.HierarchicalReferences, ua.NodeClassObject|ua.NodeClassVariable|ua.NodeClassMethod)
		if err != nil {
			return nil, err
		}
		level = f.take(level, parts, space)
		if len(f.variables)+len(f.methods) > maxNodes {
			return nil, errors.New("the gateway has too many nodes")
		}
	}
	slices.Sort(f.stations)
	return f, f.describe(ctx, c)
}

// idle are the parts of stations that no page shows.
var idle = []string{
	".Measured", ".Consumables", ".LastRefusal", ".AlarmsActive", ".ToolUse", ".ToolLimit", ".PackId", ".Kind", ".LastResult.IsSimulated", ".LastResult.JobId",
	".LastResult.ProductId", ".LastResult.ResultId", ".LastResult.StepId",
}

// unwatched reports whether no page shows what a node says: conditions come as events, the standard's own models and the objects of
// the consumables say again what the lists of a station say, and orders and what was measured are asked of the records. A session
// may watch 1,000 values, and a line of fourteen stations has more.
func unwatched(name string) bool {
	return strings.HasPrefix(name, "Alarm.") || strings.HasPrefix(name, "Job") || strings.Contains(name, ".PackML") ||
		slices.ContainsFunc(idle, func(part string) bool { return strings.HasSuffix(name, part) })
}

// take sorts what was found below objects and returns the objects to look into next.
func (f *found) take(of []place, parts [][]*ua.ReferenceDescription, space uint16) (next []place) {
	for i, list := range parts {
		for _, r := range list {
			n := r.NodeID.NodeID
			name := n.StringID()
			if n.Namespace() != space || name == "" || unwatched(name) {
				continue
			}
			if f.seen[name] {
				continue
			}
			f.seen[name] = true
			parent := of[i].name
			switch r.NodeClass { //nolint:exhaustive // others were not asked for
			case ua.NodeClassObject:
				if parent == "" && name != "Line" {
					f.seen[name] = false // it may hang below the line too
					continue
				}
				next = append(next, place{n, name})
			case ua.NodeClassVariable:
				f.variables = append(f.variables, n)
				if station, ok := strings.CutSuffix(name, ".StateCurrent"); ok && station != "Line" && station == parent {
					f.stations = append(f.stations, station)
				}
			case ua.NodeClassMethod:
				f.methods[name] = &method{Method: Method{Object: parent}, id: n, object: of[i].id}
			}
		}
	}
	return next
}

// children browses objects, a batch at a time.
func children(ctx context.Context, c *opcua.Client, of []place, reference uint32, classes ua.NodeClass) ([][]*ua.ReferenceDescription, error) {
	var all [][]*ua.ReferenceDescription
	for batch := range slices.Chunk(of, browseAtOnce) {
		request := &ua.BrowseRequest{View: &ua.ViewDescription{ViewID: ua.NewTwoByteNodeID(0)}}
		for _, p := range batch {
			request.NodesToBrowse = append(request.NodesToBrowse, &ua.BrowseDescription{
				NodeID: p.id, BrowseDirection: ua.BrowseDirectionForward, ReferenceTypeID: ua.NewNumericNodeID(0, reference),
				IncludeSubtypes: true, NodeClassMask: uint32(classes), ResultMask: uint32(ua.BrowseResultMaskAll),
			})
		}
		response, err := c.Browse(ctx, request)
		if err != nil || len(response.Results) != len(batch) {
			return nil, fmt.Errorf("browse the gateway: %w", errors.Join(err, errNoAnswer))
		}
		for _, result := range response.Results {
			list, err := rest(ctx, c, result)
			if err != nil {
				return nil, err
			}
			all = append(all, list)
		}
	}
	return all, nil
}

// rest follows the continuation points of one answer.
func rest(ctx context.Context, c *opcua.Client, result *ua.BrowseResult) ([]*ua.ReferenceDescription, error) {
	list := result.References
	for len(result.ContinuationPoint) > 0 && len(list) < maxNodes {
		response, err := c.BrowseNext(ctx, &ua.BrowseNextRequest{ContinuationPoints: [][]byte{result.ContinuationPoint}})
		if err != nil || len(response.Results) != 1 {
			return nil, fmt.Errorf("browse the gateway: %w", errors.Join(err, errNoAnswer))
		}
		result = response.Results[0]
		list = append(list, result.References...)
	}
	return list, nil
}

// describe reads what the methods want and whether this person may call them.
func (f *found) describe(ctx context.Context, c *opcua.Client) error {
	var places []place
	for name, m := range f.methods {
		places = append(places, place{m.id, name})
	}
	properties, err := children(ctx, c, places, id.HasProperty, ua.NodeClassVariable)
	if err != nil {
		return err
	}
	var nodes []*ua.ReadValueID
	var set []func(*ua.DataValue)
	for i, p := range places {
		m := f.methods[p.name]
		nodes = append(nodes, &ua.ReadValueID{NodeID: m.id, AttributeID: ua.AttributeIDUserExecutable})
		set = append(set, func(v *ua.DataValue) {
			if v.Status == ua.StatusOK && v.Value != nil {
				m.May, _ = v.Value.Value().(bool)
			}
		})
		for _, r := range properties[i] {
			if r.BrowseName.Name == "InputArguments" {
				nodes = append(nodes, &ua.ReadValueID{NodeID: r.NodeID.NodeID, AttributeID: ua.AttributeIDValue})
				set = append(set, func(v *ua.DataValue) { m.In = arguments(v) })
			}
		}
	}
	for from := 0; from < len(nodes); from += readAtOnce {
		to := min(from+readAtOnce, len(nodes))
		response, err := c.Read(ctx, &ua.ReadRequest{NodesToRead: nodes[from:to], TimestampsToReturn: ua.TimestampsToReturnNeither})
		if err != nil || len(response.Results) != to-from {
			return fmt.Errorf("read the gateway's methods: %w", errors.Join(err, errNoAnswer))
		}
		for i, v := range response.Results {
			set[from+i](v)
		}
	}
	return nil
}

// argumentKinds are the types of input that we can make from what a person types.
var argumentKinds = map[uint32]string{
	id.String: "String", id.Boolean: "Boolean", id.Int32: "Int32", id.UInt32: "UInt32", id.Double: "Double", id.DateTime: "DateTime", id.UtcTime: "DateTime",
}

func arguments(v *ua.DataValue) []Argument {
	if v.Value == nil {
		return nil
	}
	list, _ := v.Value.Value().([]*ua.ExtensionObject)
	var in []Argument
	for _, o := range list {
		if a, ok := o.Value.(*ua.Argument); ok {
			one := Argument{Name: a.Name, Kind: argumentKinds[a.DataType.IntID()]}
			if a.Description != nil {
				one.Help = a.Description.Text
			}
			in = append(in, one)
		}
	}
	return in
}
