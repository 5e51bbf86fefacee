package opcua

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/awcullen/opcua/ua"
)

func shapeOf(t reflect.Type, body []byte) error {
	s := shape{wire: wire{rest: body}}
	checkerOf(t)(&s)
	return s.err
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := ua.NewBinaryEncoder(&b, ua.NewEncodingContext()).Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// requests are as clients send them, with a bit of everything that the encoding has.
func requests() []any {
	now := time.Unix(1_700_000_000, 0).UTC()
	filter := ua.EventFilter{
		SelectClauses: []ua.SimpleAttributeOperand{{TypeDefinitionID: ua.ObjectTypeIDBaseEventType, BrowsePath: []ua.QualifiedName{{Name: "EventId"}}, AttributeID: 13}},
		WhereClause:   ua.ContentFilter{Elements: []ua.ContentFilterElement{{FilterOperator: ua.FilterOperatorOfType, FilterOperands: []ua.ExtensionObject{ua.LiteralOperand{Value: ua.ObjectTypeIDBaseEventType}}}}},
	}
	return []any{
		&ua.ReadRequest{RequestHeader: ua.RequestHeader{AuthenticationToken: ua.NewNodeIDOpaque(0, "token"), Timestamp: now}, NodesToRead: []ua.ReadValueID{{NodeID: ua.NewNodeIDString(2, "Line.State"), AttributeID: 13}, {NodeID: ua.NewNodeIDNumeric(0, 2258), AttributeID: 13, IndexRange: "1:2"}}},
		&ua.WriteRequest{NodesToWrite: []ua.WriteValue{
			{NodeID: ua.NewNodeIDNumeric(3, 70000), AttributeID: 13, Value: ua.NewDataValue([]int32{1, 2, 3}, ua.Good, now, 1, now, 2)},
			{NodeID: ua.NewNodeIDNumeric(3, 7), AttributeID: 13, Value: ua.NewDataValue([]ua.Variant{"a", 1.5, ua.LocalizedText{Text: "x", Locale: "en"}, ua.QualifiedName{Name: "q"}}, 0, now, 0, now, 0)},
		}},
		&ua.CallRequest{MethodsToCall: []ua.CallMethodRequest{{ObjectID: ua.NewNodeIDString(2, "Line"), MethodID: ua.NewNodeIDString(2, "Line.Reset"), InputArguments: []ua.Variant{"", "why", uint32(7), now, ua.ByteString("abc")}}}},
		&ua.CreateMonitoredItemsRequest{SubscriptionID: 1, ItemsToCreate: []ua.MonitoredItemCreateRequest{{ItemToMonitor: ua.ReadValueID{NodeID: ua.ObjectIDServer, AttributeID: 12}, RequestedParameters: ua.MonitoringParameters{Filter: filter, QueueSize: 9}}}},
		&ua.ActivateSessionRequest{LocaleIDs: []string{"ur", "en"}, UserIdentityToken: ua.UserNameIdentityToken{PolicyID: "UserName_2", UserName: "amna", Password: "secret"}},
		&ua.PublishRequest{SubscriptionAcknowledgements: []ua.SubscriptionAcknowledgement{{SubscriptionID: 1, SequenceNumber: 2}}},
	}
}

func TestWhatClientsSendHasItsShape(t *testing.T) {
	for _, r := range requests() {
		body := encoded(t, r)
		if err := shapeOf(reflect.TypeOf(r).Elem(), body); err != nil {
			t.Errorf("%T: %v", r, err)
		}
		for i := range body { // cut off anywhere it has not
			if shapeOf(reflect.TypeOf(r).Elem(), body[:i]) == nil {
				t.Errorf("%T of %d bytes has its shape with %d of them", r, len(body), i)
				break
			}
		}
	}
}

func TestWhatTakesMemoryOrStackHasNoShape(t *testing.T) {
	variant := reflect.TypeFor[ua.Variant]()
	for name, body := range map[string][]byte{
		"nested Variant":        bytes.Repeat([]byte{0x98, 1, 0, 0, 0}, 17),
		"nested DiagnosticInfo": append([]byte{25}, append(bytes.Repeat([]byte{0x40}, 17), 0)...),
		"2 GiB text":            put(nil, byte(12), 0x7ffffff0),
		"2 GiB list":            put(nil, byte(0x8c), 0x7ffffff0),
		"zero dimension":        put(nil, byte(0xc6), 0, 2, 0, 0x7fffffff),
		"other dimension":       put(nil, byte(0xc6), 1, 5, 2, 2, 2),
		"no type":               {63},
	} {
		if shapeOf(variant, body) == nil {
			t.Errorf("%s has a shape", name)
		}
	}
	if err := shapeOf(variant, append(bytes.Repeat([]byte{0x98, 1, 0, 0, 0}, 15), 0)); err != nil {
		t.Errorf("a nesting of 16: %v", err)
	}
	if err := shapeOf(variant, put(nil, byte(0xc6), 4, 1, 2, 3, 4, 2, 2, 2)); err != nil {
		t.Errorf("an array of 2 × 2: %v", err)
	}
}

// FuzzShape: what has its shape the library decodes, without a panic and without taking much.
func FuzzShape(f *testing.F) {
	for i, r := range requests() {
		f.Add(uint8(i), encoded(f, r)) //nolint:gosec // six
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		list := requests()
		typ := reflect.TypeOf(list[int(which)%len(list)]).Elem()
		if shapeOf(typ, body) != nil {
			return
		}
		_ = ua.NewBinaryDecoder(bytes.NewReader(body), ua.NewEncodingContext()).Decode(reflect.New(typ).Interface())
	})
}
