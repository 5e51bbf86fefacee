package strangers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/awcullen/opcua/client"
	aua "github.com/awcullen/opcua/ua"
	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	hmi "linectl/hmi/opcua"
	"linectl/uaguard"
)

// The fields of an alarm that a screen needs, by their paths.
var alarmFields = [][]string{{"ConditionName"}, {"ActiveState", "Id"}, {"AckedState", "Id"}, {"Retain"}, {"EventType"}, {"BranchId"}}

const (
	publishEvery = 100 // ms
	itemQueue    = 20
	silent       = 5 * time.Second // without a keep-alive; then the connection is thrown away
)

// gopcuaSession watches with gopcua until something fails.
func gopcuaSession(ctx context.Context, s *shop, w *watchers, names []string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c, err := s.gopcua(ctx, "gopcua", ua.SecurityPolicyURIBasic256Sha256, ua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.Background()) }()
	space, err := c.FindNamespace(ctx, hmi.LineSpace)
	if err != nil {
		return err
	}
	w.in("gopcua")
	notes := make(chan *gopcua.PublishNotificationData, 1000)
	sub, err := uaguard.Subscribe(ctx, c, &gopcua.SubscriptionParameters{Interval: publishEvery * time.Millisecond, MaxKeepAliveCount: 10}, notes)
	if err != nil {
		return err
	}
	var items []*ua.MonitoredItemCreateRequest
	for i, name := range names {
		item := gopcua.NewMonitoredItemCreateRequestWithDefaults(ua.NewStringNodeID(space, name), ua.AttributeIDValue, uint32(i))
		item.RequestedParameters.SamplingInterval, item.RequestedParameters.QueueSize = publishEvery, itemQueue
		items = append(items, item)
	}
	items = append(items, gopcuaAlarms(uint32(len(names))))
	if _, err := sub.Monitor(ctx, ua.TimestampsToReturnBoth, items...); err != nil {
		return err
	}
	res, err := c.Call(ctx, &ua.CallMethodRequest{
		ObjectID: ua.NewNumericNodeID(0, id.ConditionType), MethodID: ua.NewNumericNodeID(0, id.ConditionType_ConditionRefresh),
		InputArguments: []*ua.Variant{ua.MustVariant(sub.SubscriptionID)},
	})
	if err != nil || res.StatusCode != ua.StatusOK {
		return fmt.Errorf("refresh: %w", errors.Join(err, res.StatusCode))
	}
	heard := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
			if c.State() != gopcua.Connected {
				return errors.New("the connection has gone")
			}
			if time.Since(heard) < silent {
				continue
			}
			if _, err := c.Node(ua.NewNumericNodeID(0, id.Server_ServerStatus_State)).Value(ctx); err != nil {
				return err
			}
		case note := <-notes:
			heard = time.Now()
			if note.Error != nil {
				return note.Error
			}
			gopcuaNote(w, names, note.Value)
		}
	}
}

// gopcua opens a session as the operator.
func (s *shop) gopcua(ctx context.Context, user, policy string, mode ua.MessageSecurityMode) (*gopcua.Client, error) {
	endpoints, err := gopcua.GetEndpoints(ctx, "opc.tcp://"+s.address, gopcua.RequestTimeout(3*time.Second))
	if err != nil {
		return nil, err
	}
	e, err := gopcua.SelectEndpoint(endpoints, policy, mode)
	if err != nil {
		return nil, err
	}
	c, err := gopcua.NewClient("opc.tcp://"+s.address, gopcua.Certificate(s.known.Certificate), gopcua.PrivateKey(s.known.Key),
		gopcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName), gopcua.AuthUsername(user, s.passwords[user]), gopcua.AutoReconnect(false),
		gopcua.ApplicationURI(s.known.URI), gopcua.RequestTimeout(10*time.Second))
	if err != nil {
		return nil, err
	}
	return c, c.Connect(ctx)
}

func gopcuaAlarms(handle uint32) *ua.MonitoredItemCreateRequest {
	var selects []*ua.SimpleAttributeOperand
	for _, path := range alarmFields {
		o := &ua.SimpleAttributeOperand{TypeDefinitionID: ua.NewNumericNodeID(0, id.BaseEventType), AttributeID: ua.AttributeIDValue}
		for _, n := range path {
			o.BrowsePath = append(o.BrowsePath, &ua.QualifiedName{Name: n})
		}
		selects = append(selects, o)
	}
	return &ua.MonitoredItemCreateRequest{
		ItemToMonitor:  &ua.ReadValueID{NodeID: ua.NewNumericNodeID(0, id.Server), AttributeID: ua.AttributeIDEventNotifier, DataEncoding: &ua.QualifiedName{}},
		MonitoringMode: ua.MonitoringModeReporting,
		RequestedParameters: &ua.MonitoringParameters{ClientHandle: handle, QueueSize: 1000, Filter: &ua.ExtensionObject{
			EncodingMask: ua.ExtensionObjectBinary, TypeID: &ua.ExpandedNodeID{NodeID: ua.NewNumericNodeID(0, id.EventFilter_Encoding_DefaultBinary)},
			Value: ua.EventFilter{SelectClauses: selects, WhereClause: &ua.ContentFilter{}},
		}},
	}
}

func gopcuaNote(w *watchers, names []string, note any) {
	switch n := note.(type) {
	case *ua.DataChangeNotification:
		for _, item := range n.MonitoredItems {
			v := shown{client: "gopcua", name: names[item.ClientHandle], good: item.Value.Status>>30 == 0, source: item.Value.SourceTimestamp, came: time.Now()}
			if item.Value.Value != nil {
				v.value = plain(item.Value.Value.Value())
				if text, ok := item.Value.Value.Value().(*ua.LocalizedText); ok {
					v.value = text.Text
				}
			}
			w.show(v)
		}
	case *ua.EventNotificationList:
		for _, e := range n.Events {
			f := make([]any, len(e.EventFields))
			for i, v := range e.EventFields {
				f[i] = v.Value()
			}
			kind, _ := f[4].(*ua.NodeID)
			if branch, _ := f[5].(*ua.NodeID); branch == nil || branch.StringID() == "" {
				w.event("gopcua", f, kind != nil && kind.Namespace() == 0 && kind.IntID() == id.RefreshEndEventType)
			}
		}
	}
}

// event takes the fields of an alarm, or of a question that the line asks: a condition without an active state.
func (w *watchers) event(client string, f []any, end bool) {
	if end {
		w.refreshed(client)
		return
	}
	name, ok := f[0].(string)
	if !ok || name == "" {
		return
	}
	var a alarmed
	var alarm bool
	if a.Active, alarm = f[1].(bool); !alarm {
		name = question(name)
	}
	a.Acknowledged, _ = f[2].(bool)
	retain, _ := f[3].(bool)
	w.alarm(client, name, a, retain)
}

// awcullenSession watches with awcullen's client until something fails.
func awcullenSession(ctx context.Context, s *shop, w *watchers, names []string) error {
	c, err := s.awcullen(ctx, "awcullen", aua.SecurityPolicyURIBasic256Sha256, aua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		return err
	}
	defer func() { _ = c.Abort(context.Background()) }()
	space, err := awcullenSpace(ctx, c)
	if err != nil {
		return err
	}
	w.in("awcullen")
	sub, err := c.CreateSubscription(ctx, &aua.CreateSubscriptionRequest{
		RequestedPublishingInterval: publishEvery, RequestedMaxKeepAliveCount: 10, RequestedLifetimeCount: 600, PublishingEnabled: true,
	})
	if err != nil {
		return err
	}
	q := &aua.CreateMonitoredItemsRequest{SubscriptionID: sub.SubscriptionID, TimestampsToReturn: aua.TimestampsToReturnBoth}
	for i, name := range names {
		q.ItemsToCreate = append(q.ItemsToCreate, aua.MonitoredItemCreateRequest{
			ItemToMonitor: aua.ReadValueID{NodeID: aua.NewNodeIDString(space, name), AttributeID: aua.AttributeIDValue}, MonitoringMode: aua.MonitoringModeReporting,
			RequestedParameters: aua.MonitoringParameters{ClientHandle: uint32(i), SamplingInterval: publishEvery, QueueSize: itemQueue, DiscardOldest: true},
		})
	}
	q.ItemsToCreate = append(q.ItemsToCreate, awcullenAlarms(uint32(len(names))))
	if _, err := c.CreateMonitoredItems(ctx, q); err != nil {
		return err
	}
	res, err := c.Call(ctx, &aua.CallRequest{MethodsToCall: []aua.CallMethodRequest{{
		ObjectID: aua.ObjectTypeIDConditionType, MethodID: aua.MethodIDConditionTypeConditionRefresh, InputArguments: []aua.Variant{sub.SubscriptionID},
	}}})
	if err != nil {
		return err
	}
	if code := res.Results[0].StatusCode; code != aua.Good {
		return fmt.Errorf("refresh: %w", code)
	}
	var seen []aua.SubscriptionAcknowledgement
	for {
		r, err := c.Publish(ctx, &aua.PublishRequest{RequestHeader: aua.RequestHeader{TimeoutHint: uint32(silent.Milliseconds())}, SubscriptionAcknowledgements: seen})
		if err != nil {
			return err
		}
		seen = nil
		if len(r.NotificationMessage.NotificationData) > 0 {
			seen = []aua.SubscriptionAcknowledgement{{SubscriptionID: r.SubscriptionID, SequenceNumber: r.NotificationMessage.SequenceNumber}}
		}
		for _, n := range r.NotificationMessage.NotificationData {
			if err := awcullenNote(w, names, n); err != nil {
				return err
			}
		}
	}
}

func (s *shop) awcullen(ctx context.Context, user, policy string, mode aua.MessageSecurityMode) (*client.Client, error) {
	return client.Dial(ctx, "opc.tcp://"+s.address, client.WithSecurityPolicyURI(policy, mode), client.WithUserNameIdentity(user, s.passwords[user]),
		client.WithClientCertificate(s.known.Certificate, s.known.Key), client.WithInsecureSkipVerify(), client.WithApplicationName("hmi"),
		client.WithTimeoutHint(10000))
}

func awcullenSpace(ctx context.Context, c *client.Client) (uint16, error) {
	r, err := c.Read(ctx, &aua.ReadRequest{NodesToRead: []aua.ReadValueID{{NodeID: aua.VariableIDServerNamespaceArray, AttributeID: aua.AttributeIDValue}}})
	if err != nil {
		return 0, err
	}
	list, _ := r.Results[0].Value.([]string)
	for i, uri := range list {
		if uri == hmi.LineSpace {
			return uint16(i), nil
		}
	}
	return 0, fmt.Errorf("no namespace %s in %v", hmi.LineSpace, list)
}

func awcullenAlarms(handle uint32) aua.MonitoredItemCreateRequest {
	var selects []aua.SimpleAttributeOperand
	for _, path := range alarmFields {
		o := aua.SimpleAttributeOperand{TypeDefinitionID: aua.ObjectTypeIDBaseEventType, AttributeID: aua.AttributeIDValue}
		for _, n := range path {
			o.BrowsePath = append(o.BrowsePath, aua.NewQualifiedName(0, n))
		}
		selects = append(selects, o)
	}
	return aua.MonitoredItemCreateRequest{
		ItemToMonitor: aua.ReadValueID{NodeID: aua.ObjectIDServer, AttributeID: aua.AttributeIDEventNotifier}, MonitoringMode: aua.MonitoringModeReporting,
		RequestedParameters: aua.MonitoringParameters{ClientHandle: handle, QueueSize: 1000, Filter: aua.EventFilter{SelectClauses: selects}},
	}
}

func awcullenNote(w *watchers, names []string, note any) error {
	switch n := note.(type) {
	case aua.DataChangeNotification:
		for _, item := range n.MonitoredItems {
			v := shown{client: "awcullen", name: names[item.ClientHandle], good: item.Value.StatusCode.IsGood(), source: item.Value.SourceTimestamp, came: time.Now()}
			v.value = plain(item.Value.Value)
			if text, ok := item.Value.Value.(aua.LocalizedText); ok {
				v.value = text.Text
			}
			w.show(v)
		}
	case aua.EventNotificationList:
		for _, e := range n.Events {
			f := make([]any, len(e.EventFields))
			for i, v := range e.EventFields {
				f[i] = v
			}
			if _, branch := f[5].(aua.NodeIDString); !branch {
				w.event("awcullen", f, f[4] == any(aua.ObjectTypeIDRefreshEndEventType))
			}
		}
	case aua.StatusChangeNotification:
		return n.Status
	}
	return nil
}
