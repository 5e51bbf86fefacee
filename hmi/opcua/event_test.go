package opcua_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
	"linectl/line"
)

// where makes an element of a where clause.
func where(op ua.FilterOperator, operands ...any) *ua.ContentFilterElement {
	e := &ua.ContentFilterElement{FilterOperator: op}
	put := func(kind uint32, v any) {
		e.FilterOperands = append(e.FilterOperands, &ua.ExtensionObject{
			EncodingMask: ua.ExtensionObjectBinary, TypeID: &ua.ExpandedNodeID{NodeID: ua.NewNumericNodeID(0, kind)}, Value: v,
		})
	}
	for _, o := range operands {
		switch o := o.(type) {
		case *ua.ElementOperand:
			put(id.ElementOperand_Encoding_DefaultBinary, o)
		case *ua.SimpleAttributeOperand:
			put(id.SimpleAttributeOperand_Encoding_DefaultBinary, o)
		default:
			put(id.LiteralOperand_Encoding_DefaultBinary, &ua.LiteralOperand{Value: ua.MustVariant(o)})
		}
	}
	return e
}

func attr(name string) *ua.SimpleAttributeOperand { return selected([]string{name})[0] }

func ref(index uint32) *ua.ElementOperand { return &ua.ElementOperand{Index: index} }

func held(station string, severity, occurrence int) opcua.Alarm {
	return opcua.Alarm{Source: opcua.Own("Thing"), AlarmSnapshot: line.AlarmSnapshot{
		Alarm: station + "/held", Station: line.StationID(station), Occurrence: occurrence, Severity: severity, Text: "held", Changed: at, Active: true,
	}}
}

// thing serves one object whose events can be watched.
func thing(t testing.TB) *bench {
	t.Helper()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	if err := b.server.Declare(opcua.Object{Browse: opcua.Browse{ID: opcua.Own("Thing"), Name: "Thing"}, Events: true}); err != nil {
		t.Fatal(err)
	}
	b.serve(t)
	return b
}

func (b *bench) raise(t testing.TB, a opcua.Alarm) {
	t.Helper()
	if err := b.server.Raise(a); err != nil {
		t.Fatal(err)
	}
}

// TestAnySpaceFiltersEvents is the contract of event filters: each watcher gets what its where clause asks for and nothing else.
func TestAnySpaceFiltersEvents(t *testing.T) {
	t.Parallel()
	b := thing(t)
	c := b.mustDial(t, login{})
	server := ua.NewNumericNodeID(0, id.Server)
	fields := []string{"SourceName", "Severity", "ConditionName"}
	for _, f := range []struct {
		what   string
		clause []*ua.ContentFilterElement
		want   string
	}{
		{"everything", nil, "[700 900]"},
		{"severity", []*ua.ContentFilterElement{where(ua.FilterOperatorGreaterThanOrEqual, attr("Severity"), uint16(800))}, "[900]"},
		{"not like", []*ua.ContentFilterElement{where(ua.FilterOperatorNot, ref(1)), where(ua.FilterOperatorLike, attr("ConditionName"), "ST07%")}, "[700]"},
		{"in a list and of a type", []*ua.ContentFilterElement{
			where(ua.FilterOperatorAnd, ref(1), ref(2)), where(ua.FilterOperatorInList, attr("ConditionName"), "ST060/held", "x"),
			where(ua.FilterOperatorOfType, ua.NewNumericNodeID(0, id.ConditionType)),
		}, "[700]"},
		{"between or null", []*ua.ContentFilterElement{
			where(ua.FilterOperatorOr, ref(1), ref(2)), where(ua.FilterOperatorBetween, attr("Severity"), int32(850), int32(950)),
			where(ua.FilterOperatorIsNull, attr("Severity")),
		}, "[900]"},
		{"another type", []*ua.ContentFilterElement{where(ua.FilterOperatorOfType, ua.NewNumericNodeID(0, id.AuditEventType))}, "[]"},
	} {
		t.Run(f.what, func(t *testing.T) {
			events := watchWhere(t, c, node(t, c, "Thing"), fields, f.clause...).events
			all := watchWhere(t, c, server, fields).events
			b.raise(t, held("ST060", 700, 1))
			b.raise(t, held("ST070", 900, 1))
			for range 2 {
				next(t, all)
			}
			got := []any{}
			for quiet := false; !quiet; { // the other subscription had both: this one has what it will get
				select {
				case e := <-events:
					got = append(got, e[1].Value())
				case <-time.After(300 * time.Millisecond):
					quiet = true
				}
			}
			if fmt.Sprint(got) != f.want {
				t.Errorf("severities %v, want %s", got, f.want)
			}
		})
	}
}

// TestMalformedFiltersEndNothing sends what ends the library's own evaluation, also by changing a good filter while events come.
func TestMalformedFiltersEndNothing(t *testing.T) {
	t.Parallel()
	b := thing(t)
	c := b.mustDial(t, login{})
	many := make([]*ua.ContentFilterElement, 10_000)
	for i := range many {
		many[i] = where(ua.FilterOperatorNot, ref(uint32(i+1)))
	}
	malformed := map[string][]*ua.ContentFilterElement{
		"no operands": {where(ua.FilterOperatorEquals)}, "self": {where(ua.FilterOperatorEquals, ref(0), ref(0))},
		"a loop": {where(ua.FilterOperatorNot, ref(1)), where(ua.FilterOperatorNot, ref(0))}, "10,000 elements": many, "deep": many[:300],
		"in view": {where(ua.FilterOperatorInView, ua.NewNumericNodeID(0, id.Server))},
	}
	fields := []string{"SourceName", "Severity"}
	watching := watchWhere(t, c, node(t, c, "Thing"), fields)
	good := watching.events
	for what, clause := range malformed {
		res, err := watching.sub.Monitor(t.Context(), ua.TimestampsToReturnBoth, eventItem(node(t, c, "Thing"), fields, clause...))
		if err != nil || res.Results[0].StatusCode != ua.StatusBadFilterNotAllowed {
			t.Errorf("%s: %v %v", what, err, res.Results[0].StatusCode)
		}
	}
	b.raise(t, held("ST060", 700, 1))
	next(t, good)
	var raising sync.WaitGroup
	stop := make(chan struct{})
	raising.Go(func() {
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				if err := b.server.Raise(held("ST060", 700, n)); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	go func() {
		for range good { // emptied until the client goes
		}
	}()
	for range 100 {
		lists := []*ua.ContentFilterElement{where(ua.FilterOperatorEquals, []string{"a"}, []string{"a"})} // panics in the library
		for _, clause := range [][]*ua.ContentFilterElement{malformed["self"], malformed["no operands"], lists, nil} {
			_, err := watching.sub.ModifyMonitoredItems(t.Context(), ua.TimestampsToReturnBoth, &ua.MonitoredItemModifyRequest{
				MonitoredItemID: watching.item, RequestedParameters: &ua.MonitoringParameters{ClientHandle: 1, QueueSize: 100, Filter: eventFilter(fields, clause...)},
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	close(stop)
	raising.Wait()
	if v := read(t, b.mustDial(t, login{}), "Thing"); v == nil {
		t.Error("the server is gone")
	}
}

// TestAuditorsAreToldWhoTriesWhat watches as an auditor and as an operator while somebody calls, is refused and logs in.
func TestAuditorsAreToldWhoTriesWhat(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	part := func(name string) opcua.Browse {
		return opcua.Browse{ID: opcua.Own("Thing." + name), Parent: opcua.Own("Thing"), Name: name}
	}
	answer := func(_ context.Context, _ opcua.Caller, a []any) ([]any, opcua.Status) {
		if a[0] == "no" {
			return nil, opcua.InvalidState
		}
		return nil, opcua.Done
	}
	in := []opcua.Argument{{Name: "What", Kind: opcua.String}, {Name: "NewPassword", Kind: opcua.String}}
	if err := b.server.Declare(
		opcua.Object{Browse: opcua.Browse{ID: opcua.Own("Thing"), Name: "Thing"}, Events: true},
		opcua.Method{Browse: part("Quality"), Roles: []line.Role{line.Quality}, In: in, Call: answer},
		opcua.Method{Browse: part("Do"), Roles: line.Roles, In: in, Call: answer}, opcua.Method{Browse: part("Look"), Roles: line.Roles, In: in, Call: answer, Reads: true},
	); err != nil {
		t.Fatal(err)
	}
	b.serve(t)
	fields := []string{"EventType", "SourceName", "Status", "ClientUserId", "MethodId", "InputArguments", "ServerId", "ActionTimeStamp", "Message"}
	server := ua.NewNumericNodeID(0, id.Server)
	operator, auditor := b.mustDial(t, login{}), b.mustDial(t, login{user: "quentin", password: "quentin-password"})
	blind, seen := watchWhere(t, operator, server, fields).events, watchWhere(t, auditor, server, fields, where(ua.FilterOperatorOfType, ua.NewNumericNodeID(0, id.AuditEventType))).events
	begun := time.Now()
	call(t, operator, "Thing", "Thing.Look", "no", "")
	call(t, operator, "Thing", "Thing.Do", "yes", "blue kettle")
	call(t, operator, "Thing", "Thing.Do", "no", "blue kettle")
	for _, accepted := range []bool{true, false} {
		e := next(t, seen)
		if e[0].NodeID().IntID() != id.AuditUpdateMethodEventType || e[1].Value() != "Attribute/Call" || e[2].Value() != accepted || e[3].Value() != "amna" {
			t.Errorf("the call came as %v %v %v %v", e[0].Value(), e[1].Value(), e[2].Value(), e[3].Value())
		}
		if e[4].NodeID().StringID() != "Thing.Do" || e[6].Value() != "urn:test:gateway" || e[7].Time().Before(begun) {
			t.Errorf("the call came with %v %v %v", e[4].Value(), e[6].Value(), e[7].Value())
		}
		if args := e[5].Value().([]*ua.Variant); len(args) != 2 || args[0].Value() == "" || args[1].Value() != "" {
			t.Errorf("the arguments came as %v", args)
		}
	}
	call(t, operator, "Thing", "Thing.Quality", "no", "blue kettle")
	if e := next(t, seen); e[2].Value() != false || e[3].Value() != "amna" || e[4].NodeID().StringID() != "Thing.Quality" {
		t.Errorf("a call beyond the role came as %v %v %v", e[2].Value(), e[3].Value(), e[4].Value())
	}
	if _, err := b.dial(t, login{user: "blue kettle", password: "amna"}); err == nil {
		t.Fatal("a password in the field of the name is taken")
	}
	if e := next(t, seen); e[0].NodeID().IntID() != id.AuditActivateSessionEventType || e[2].Value() != false || strings.Contains(fmt.Sprint(e[3].Value(), e[8].Value().(*ua.LocalizedText).Text), "kettle") {
		t.Errorf("a refused login came as %v %v %v", e[0].Value(), e[3].Value(), e[8].Value())
	}
	b.mustDial(t, login{user: "vera", password: "vera-password"})
	if e := next(t, seen); e[0].NodeID().IntID() != id.AuditActivateSessionEventType || e[2].Value() != true || e[3].Value() != "vera" {
		t.Errorf("a login came as %v %v", e[0].Value(), e[3].Value())
	}
	b.raise(t, held("ST060", 700, 1))
	if e := next(t, blind); e[0].NodeID().IntID() != id.AlarmConditionType {
		t.Errorf("the operator was told of %v", e[0].Value())
	}
}
