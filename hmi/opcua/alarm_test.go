package opcua_test

import (
	"context"
	"strings"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/internal/testnet"
	"linectl/line"
	"linectl/uaguard"
)

var eventFields = []string{"EventId", "ConditionName", "ActiveState/Id", "AckedState/Id", "Retain", "Severity", "Message", "EventType"}

// watch subscribes to the alarms below an object and returns what comes, by the fields above and the condition.
func watch(t testing.TB, c *gopcua.Client, object *ua.NodeID) (uint32, <-chan []*ua.Variant) {
	t.Helper()
	w := watchWhere(t, c, object, eventFields)
	return w.sub.SubscriptionID, w.events
}

type watcher struct {
	sub    *gopcua.Subscription
	item   uint32
	events <-chan []*ua.Variant
}

// watchWhere subscribes to some fields of those events that a clause lets through. The last field is the condition.
func watchWhere(t testing.TB, c *gopcua.Client, object *ua.NodeID, fields []string, where ...*ua.ContentFilterElement) watcher {
	t.Helper()
	notes := make(chan *gopcua.PublishNotificationData, 100)
	sub, err := uaguard.Subscribe(t.Context(), c, &gopcua.SubscriptionParameters{Interval: 50 * time.Millisecond}, notes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sub.Cancel(context.Background()) }) // a session may have a few only
	res, err := sub.Monitor(t.Context(), ua.TimestampsToReturnBoth, eventItem(object, fields, where...))
	if err != nil || res.Results[0].StatusCode != ua.StatusOK {
		t.Fatalf("watch alarms: %v %v", err, res)
	}
	events := make(chan []*ua.Variant, 100)
	go func() {
		for note := range notes {
			if list, ok := note.Value.(*ua.EventNotificationList); ok {
				for _, e := range list.Events {
					events <- e.EventFields
				}
			}
		}
	}()
	return watcher{sub, res.Results[0].MonitoredItemID, events}
}

func eventItem(object *ua.NodeID, fields []string, where ...*ua.ContentFilterElement) *ua.MonitoredItemCreateRequest {
	return &ua.MonitoredItemCreateRequest{
		ItemToMonitor:       &ua.ReadValueID{NodeID: object, AttributeID: ua.AttributeIDEventNotifier, DataEncoding: &ua.QualifiedName{}},
		MonitoringMode:      ua.MonitoringModeReporting,
		RequestedParameters: &ua.MonitoringParameters{ClientHandle: 1, QueueSize: 100, Filter: eventFilter(fields, where...)},
	}
}

func eventFilter(fields []string, where ...*ua.ContentFilterElement) *ua.ExtensionObject {
	return &ua.ExtensionObject{
		EncodingMask: ua.ExtensionObjectBinary, TypeID: &ua.ExpandedNodeID{NodeID: ua.NewNumericNodeID(0, id.EventFilter_Encoding_DefaultBinary)},
		Value: ua.EventFilter{SelectClauses: selected(fields), WhereClause: &ua.ContentFilter{Elements: where}},
	}
}

func selected(fields []string) []*ua.SimpleAttributeOperand {
	var selects []*ua.SimpleAttributeOperand
	for _, f := range fields {
		o := &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), AttributeID: ua.AttributeIDValue}
		for n := range strings.SplitSeq(f, "/") {
			o.BrowsePath = append(o.BrowsePath, &ua.QualifiedName{Name: n})
		}
		selects = append(selects, o)
	}
	return append(selects, &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.ConditionType), AttributeID: ua.AttributeIDNodeID})
}

func next(t testing.TB, events <-chan []*ua.Variant) []*ua.Variant {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(5 * time.Second):
		t.Fatal("no event came")
		return nil
	}
}

func TestAnOperatorSeesToAlarms(t *testing.T) {
	t.Parallel()
	p := newPlant()
	p.now.Prompts = nil
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	sub, events := watch(t, c, ua.NewNumericNodeID(0, id.Server))
	refresh := &ua.CallMethodRequest{
		ObjectID: ua.NewNumericNodeID(0, id.ConditionType), MethodID: ua.NewNumericNodeID(0, id.ConditionType_ConditionRefresh),
		InputArguments: []*ua.Variant{ua.MustVariant(sub)},
	}
	if res, err := c.Call(t.Context(), refresh); err != nil || res.StatusCode != ua.StatusOK {
		t.Fatalf("refresh: %v %v", res, err)
	}
	if e := next(t, events); e[7].NodeID().IntID() != id.RefreshStartEventType {
		t.Errorf("a refresh began with %v", e[7].Value())
	}
	e := next(t, events)
	if e[1].Value() != "ST060/held" || e[2].Value() != true || e[3].Value() != false || e[4].Value() != true || e[5].Value() != uint16(700) {
		t.Errorf("the alarm came as %v %v %v %v %v", e[1].Value(), e[2].Value(), e[3].Value(), e[4].Value(), e[5].Value())
	}
	if end := next(t, events); end[7].NodeID().IntID() != id.RefreshEndEventType {
		t.Errorf("a refresh ended with %v", end[7].Value())
	}
	acknowledge := func(c *gopcua.Client, event any) ua.StatusCode {
		res, err := c.Call(t.Context(), &ua.CallMethodRequest{
			ObjectID: e[8].NodeID(), MethodID: ua.NewNumericNodeID(0, id.AcknowledgeableConditionType_Acknowledge),
			InputArguments: []*ua.Variant{ua.MustVariant(event), ua.MustVariant(ua.NewLocalizedText("seen"))},
		})
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	if s := acknowledge(c, []byte("no such event")); s != ua.StatusBadEventIDUnknown {
		t.Errorf("an unknown event: %v", s)
	}
	if s := acknowledge(c, e[0].Value()); s != ua.StatusOK {
		t.Fatalf("acknowledge: %v", s)
	}
	asked := p.requests()
	if last := asked[len(asked)-1]; last.Command != (line.AcknowledgeAlarm{Alarm: "ST060/held", Occurrence: 1}) || last.Why != "seen" || last.By != "amna" {
		t.Errorf("the line was asked %+v", last)
	}
	p.change(func(p *plant) {
		changed := p.now.Alarms[0]
		changed.Acknowledged, changed.Changed = true, at.Add(time.Second)
		p.now.Alarms = []line.AlarmSnapshot{changed}
	})
	if e := next(t, events); e[3].Value() != true || e[4].Value() != true {
		t.Errorf("acknowledged it came as %v, retained %v", e[3].Value(), e[4].Value())
	}
	p.change(func(p *plant) { p.now.Alarms = nil })
	if e := next(t, events); e[2].Value() != false || e[4].Value() != false {
		t.Errorf("when it is over it came as active %v, retained %v", e[2].Value(), e[4].Value())
	}
}

// TestEveryFieldOfAnAlarmIsThere selects what OPC 10000-5 and 10000-9 call mandatory for an alarm and its supertypes.
func TestEveryFieldOfAnAlarmIsThere(t *testing.T) {
	t.Parallel()
	b := thing(t)
	c := b.mustDial(t, login{})
	fields := strings.Fields(`EventId EventType SourceNode SourceName Time ReceiveTime Message Severity
		ConditionClassId ConditionClassName ConditionName BranchId Retain EnabledState EnabledState/Id Quality Quality/SourceTimestamp
		LastSeverity LastSeverity/SourceTimestamp Comment Comment/SourceTimestamp ClientUserId AckedState AckedState/Id
		ActiveState ActiveState/Id InputNode SuppressedOrShelved ShelvingState/CurrentState ShelvingState/CurrentState/Id`)
	events := watchWhere(t, c, node(t, c, "Thing"), fields).events
	b.raise(t, held("ST060", 700, 1))
	e := next(t, events)
	for i, f := range fields {
		if e[i] == nil || e[i].Value() == nil {
			t.Errorf("%s is empty", f)
		}
	}
	if e[len(fields)].NodeID().StringID() != "Alarm.ST060/held" {
		t.Errorf("the condition is %v", e[len(fields)].Value())
	}
}

// TestShelvingByTheStandard shelves with a reason, is refused with one, and may not do what its role does not allow.
func TestShelvingByTheStandard(t *testing.T) {
	t.Parallel()
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	method := func(object string, method uint32, args ...any) ua.StatusCode {
		t.Helper()
		in := make([]*ua.Variant, len(args))
		for i, a := range args {
			in[i] = ua.MustVariant(a)
		}
		res, err := c.Call(t.Context(), &ua.CallMethodRequest{ObjectID: node(t, c, object), MethodID: ua.NewNumericNodeID(0, method), InputArguments: in})
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode
	}
	last := func() line.Request { asked := p.requests(); return asked[len(asked)-1] }
	const condition, shelving = "Alarm.ST060/held", "Alarm.ST060/held.ShelvingState"
	hour := float64(time.Hour / time.Millisecond)
	if s := method(shelving, id.ShelvedStateMachineType_TimedShelve2, hour, ua.NewLocalizedText("sensor on order")); s != ua.StatusOK {
		t.Errorf("TimedShelve2: %v", s)
	} else if r := last(); r.Command != (line.ShelveAlarm{Alarm: "ST060/held", For: time.Hour}) || r.Why != "sensor on order" {
		t.Errorf("the line was asked %+v", r)
	}
	if s := method(shelving, id.ShelvedStateMachineType_OneShotShelve2, ua.NewLocalizedText("until it is gone")); s != ua.StatusOK {
		t.Errorf("OneShotShelve2: %v", s)
	} else if r := last(); !r.Command.(line.ShelveAlarm).OneShot || r.Why != "until it is gone" {
		t.Errorf("the line was asked %+v", r)
	}
	for _, wrong := range []struct {
		what string
		got  ua.StatusCode
		want ua.StatusCode
	}{
		{"nine hours", method(shelving, id.ShelvedStateMachineType_TimedShelve, 9*hour), ua.StatusBadShelvingTimeOutOfRange},
		{"no time", method(shelving, id.ShelvedStateMachineType_TimedShelve2, hour), ua.StatusBadArgumentsMissing},
		{"what is not shelved", method(shelving, id.ShelvedStateMachineType_Unshelve2, ua.NewLocalizedText("back")), ua.StatusBadConditionNotShelved},
		{"what is in service", method(condition, id.ConditionType_Enable), ua.StatusBadConditionAlreadyEnabled},
		{"an operator retires it", method(condition, id.ConditionType_Disable), ua.StatusBadUserAccessDenied},
	} {
		if wrong.got != wrong.want {
			t.Errorf("%s: %v, want %v", wrong.what, wrong.got, wrong.want)
		}
	}
	p.change(func(p *plant) {
		p.answer = func(line.Request) (line.Reply, error) {
			return line.Reply{Text: "an alarm of severity 900 is not shelved"}, nil
		}
		shelved := p.now.Alarms[0]
		shelved.Shelved, shelved.Changed = true, at.Add(time.Second)
		p.now.Alarms = []line.AlarmSnapshot{shelved}
	})
	eventually(t, "the refusal is shown", func() bool {
		if s := method(shelving, id.ShelvedStateMachineType_Unshelve); s != ua.StatusBadInvalidState {
			return false
		}
		v := read(t, c, "ST060.LastRefusal").Value
		return v != nil && v.Value() != nil && strings.Contains(v.Value().(*ua.LocalizedText).Text, "severity 900")
	})
}
