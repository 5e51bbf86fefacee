package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
)

// alarmFields are what is asked of each event, in the order of their positions below. The node of the condition comes behind them.
var alarmFields = []string{
	"EventId", "EventType", "ConditionName", "BranchId", "SourceName", "Time", "Severity", "Message", "Retain", "ActiveState/Id", "AckedState/Id",
	"ConfirmedState/Id", "LatchedState/Id", "SuppressedState/Id", "OutOfServiceState/Id", "ShelvingState/CurrentState/Id", "ShelvingState/UnshelveTime",
	"Comment", "ClientUserId", "Cause", "Consequence", "Action", "Group",
}

// watchAlarms subscribes to the events of the gateway and asks for every alarm that there is.
func (l *link) watchAlarms(ctx context.Context, c *connection, sub *opcua.Subscription) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	var selects []*ua.SimpleAttributeOperand
	for _, f := range alarmFields {
		o := &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), AttributeID: ua.AttributeIDValue}
		for n := range strings.SplitSeq(f, "/") {
			o.BrowsePath = append(o.BrowsePath, &ua.QualifiedName{Name: n})
		}
		selects = append(selects, o)
	}
	selects = append(selects, &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.ConditionType), AttributeID: ua.AttributeIDNodeID})
	res, err := sub.Monitor(ctx, ua.TimestampsToReturnSource, &ua.MonitoredItemCreateRequest{
		ItemToMonitor:  &ua.ReadValueID{NodeID: ua.NewNumericNodeID(0, id.Server), AttributeID: ua.AttributeIDEventNotifier, DataEncoding: &ua.QualifiedName{}},
		MonitoringMode: ua.MonitoringModeReporting,
		RequestedParameters: &ua.MonitoringParameters{ClientHandle: 0, QueueSize: 2000, DiscardOldest: true, Filter: &ua.ExtensionObject{
			EncodingMask: ua.ExtensionObjectBinary, TypeID: &ua.ExpandedNodeID{NodeID: ua.NewNumericNodeID(0, id.EventFilter_Encoding_DefaultBinary)},
			Value: ua.EventFilter{SelectClauses: selects, WhereClause: &ua.ContentFilter{}},
		}},
	})
	if err != nil || len(res.Results) != 1 || res.Results[0].StatusCode != ua.StatusOK {
		return fmt.Errorf("watch the alarms: %w", err)
	}
	return refresh(ctx, c.Client, sub.SubscriptionID)
}

// refresh asks for every alarm that there is (OPC 10000-9, 5.5.7).
func refresh(ctx context.Context, c *opcua.Client, sub uint32) error {
	res, err := c.Call(ctx, &ua.CallMethodRequest{
		ObjectID: ua.NewNumericNodeID(0, id.ConditionType), MethodID: ua.NewNumericNodeID(0, id.ConditionType_ConditionRefresh),
		InputArguments: []*ua.Variant{ua.MustVariant(sub)},
	})
	if err != nil || res.StatusCode != ua.StatusOK {
		return fmt.Errorf("ask for the alarms: %w", err)
	}
	return nil
}

// raise takes events into the model.
func raise(m *Model, list *ua.EventNotificationList, now time.Time) {
	for _, e := range list.Events {
		if e == nil || len(e.EventFields) != len(alarmFields)+1 {
			continue
		}
		f := fields(e.EventFields)
		switch kind, _ := f["EventType"].(*ua.NodeID); {
		case kind == nil:
		case kind.IntID() == id.RefreshStartEventType:
			m.BeginRefresh(now)
		case kind.IntID() == id.RefreshEndEventType:
			m.EndRefresh(now)
		case f.text("ConditionName") != "" && f["ActiveState/Id"] != nil: // a question that waits is a condition too, but no alarm
			a := f.alarm(now)
			if node := e.EventFields[len(alarmFields)]; node != nil && node.NodeID() != nil {
				a.Condition = node.NodeID().String()
			}
			m.Raise(a, now)
		}
	}
}

// event is one event by the names of its fields.
type event map[string]any

func fields(list []*ua.Variant) event {
	e := event{}
	for i, v := range list[:len(alarmFields)] {
		if v != nil {
			e[alarmFields[i]] = v.Value()
		}
	}
	return e
}

func (e event) text(name string) string {
	switch v := e[name].(type) {
	case string:
		return v
	case *ua.LocalizedText:
		return v.Text
	}
	return ""
}

func (e event) words(name string) Words {
	t, _ := e[name].(*ua.LocalizedText)
	return words(t)
}

func (e event) is(name string) bool {
	b, _ := e[name].(bool)
	return b
}

func (e event) alarm(now time.Time) Alarm {
	a := Alarm{
		Name: e.text("ConditionName"), Source: e.text("SourceName"), Text: e.words("Message"), Cause: e.words("Cause"),
		Effect: e.words("Consequence"), Action: e.words("Action"), Comment: e.words("Comment"), CommentBy: e.text("ClientUserId"),
		Active: e.is("ActiveState/Id"), Acked: e.is("AckedState/Id"), Confirmed: e.is("ConfirmedState/Id"), Latched: e.is("LatchedState/Id"),
		Retain: e.is("Retain"), Group: e.text("Group"),
	}
	if raw, ok := e["EventId"].([]byte); ok {
		a.EventID = hex.EncodeToString(raw)
	}
	if b, ok := e["BranchId"].(*ua.NodeID); ok && b != nil {
		a.Branch = b.StringID()
	}
	if s, ok := e["Severity"].(uint16); ok {
		a.Severity = int(s)
	}
	a.At, _ = e["Time"].(time.Time)
	if state, ok := e["ShelvingState/CurrentState/Id"].(*ua.NodeID); ok && state != nil {
		a.Shelved = state.IntID() != id.ShelvedStateMachineType_Unshelved
	}
	if ms, ok := e["ShelvingState/UnshelveTime"].(float64); ok && a.Shelved {
		a.Until = now.Add(time.Duration(ms * float64(time.Millisecond)))
	}
	switch {
	case e.is("OutOfServiceState/Id"):
		a.Hidden = "out of service"
	case e.is("SuppressedState/Id"):
		a.Hidden = "suppressed"
	}
	return a
}
