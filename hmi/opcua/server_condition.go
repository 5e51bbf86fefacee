package opcua

import (
	"context"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"

	"linectl/line"
)

// offerConditions answers the methods of the standard that conditions have.
func (s *Server) offerConditions() {
	m := s.server.NamespaceManager()
	offer := func(id ua.NodeID, answer func(*server.Session, ua.CallMethodRequest) ua.CallMethodResult) {
		if n, ok := m.FindMethod(id); ok {
			n.SetCallMethodHandler(func(session *server.Session, r ua.CallMethodRequest) (result ua.CallMethodResult) {
				defer s.contain("alarm method", func() { result = ua.CallMethodResult{StatusCode: ua.BadInternalError} })
				at := time.Now()
				result = answer(session, r)
				if name := n.BrowseName().Name; !strings.HasPrefix(name, "ConditionRefresh") {
					s.auditCall(session, r, name, nil, at, result.StatusCode)
				}
				return result
			})
		}
	}
	s.addShelving()
	offer(ua.MethodIDConditionTypeConditionRefresh, s.refresh)
	offer(ua.MethodIDConditionTypeConditionRefresh2, s.refresh)
	for id, verb := range map[ua.NodeID]AlarmVerb{
		ua.MethodIDConditionTypeDisable: DisableAlarm, ua.MethodIDConditionTypeEnable: EnableAlarm,
		ua.MethodIDAlarmConditionTypeRemoveFromService: DisableAlarm, ua.MethodIDAlarmConditionTypePlaceInService: EnableAlarm,
	} {
		offer(id, func(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
			return s.enable(session, r, verb)
		})
	}
	offer(ua.MethodIDDialogConditionTypeRespond, s.respond)
	offer(ua.MethodIDAlarmConditionTypeReset, s.resetLatched)
	for id, verb := range map[ua.NodeID]AlarmVerb{
		ua.MethodIDAcknowledgeableConditionTypeAcknowledge: AcknowledgeAlarm, ua.MethodIDAcknowledgeableConditionTypeConfirm: ConfirmAlarm,
		ua.MethodIDConditionTypeAddComment: AddCommentToAlarm,
	} {
		offer(id, func(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
			return s.onEvent(session, r, verb)
		})
	}
	for id, verb := range map[ua.NodeID]AlarmVerb{
		ua.MethodIDShelvedStateMachineTypeTimedShelve: TimedShelveAlarm, ua.MethodIDShelvedStateMachineTypeOneShotShelve: OneShotShelveAlarm,
		ua.MethodIDShelvedStateMachineTypeUnshelve: UnshelveAlarm, ua.MethodIDAlarmConditionTypeShelvingStateTimedShelve: TimedShelveAlarm,
		ua.MethodIDAlarmConditionTypeShelvingStateOneShotShelve: OneShotShelveAlarm, ua.MethodIDAlarmConditionTypeShelvingStateUnshelve: UnshelveAlarm,
		timedShelve2: TimedShelveAlarm, oneShotShelve2: OneShotShelveAlarm, unshelve2: UnshelveAlarm,
		timedShelve2OfState: TimedShelveAlarm, oneShotShelve2OfState: OneShotShelveAlarm, unshelve2OfState: UnshelveAlarm,
	} {
		offer(id, func(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
			return s.shelve(session, r, verb)
		})
	}
}

// The methods of edition 1.05 that take a comment; the library's node set is older. Their numbers are those of the standard.
var (
	timedShelve2, unshelve2, oneShotShelve2                      ua.NodeID = ua.NewNodeIDNumeric(0, 24756), ua.NewNodeIDNumeric(0, 24758), ua.NewNodeIDNumeric(0, 24760)
	timedShelve2OfState, unshelve2OfState, oneShotShelve2OfState ua.NodeID = ua.NewNodeIDNumeric(0, 24738), ua.NewNodeIDNumeric(0, 24740), ua.NewNodeIDNumeric(0, 24742)
)

func withComment(method ua.NodeID) bool {
	return slices.Contains([]ua.NodeID{timedShelve2, unshelve2, oneShotShelve2, timedShelve2OfState, unshelve2OfState, oneShotShelve2OfState}, method)
}

// addShelving adds those methods to the types.
func (s *Server) addShelving() {
	for of, methods := range map[ua.NodeID]map[ua.NodeID]string{
		ua.ObjectTypeIDShelvedStateMachineType:     {timedShelve2: "TimedShelve2", unshelve2: "Unshelve2", oneShotShelve2: "OneShotShelve2"},
		ua.ObjectIDAlarmConditionTypeShelvingState: {timedShelve2OfState: "TimedShelve2", unshelve2OfState: "Unshelve2", oneShotShelve2OfState: "OneShotShelve2"},
	} {
		for id, name := range methods {
			reference := ua.Reference{ReferenceTypeID: ua.ReferenceTypeIDHasComponent, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: of}}
			n := server.NewMethodNode(s.server, id, ua.NewQualifiedName(0, name), ua.LocalizedText{Text: name}, english("Shelves or unshelves an alarm, with a reason."),
				nil, []ua.Reference{reference}, true)
			if err := s.server.NamespaceManager().AddNode(n); err != nil {
				s.o.Log.Error("method of the standard", "name", name, "err", err)
			}
		}
	}
}

// refresh tells one subscription, or one of its watchers, of every alarm that there is (OPC 10000-9, 5.5.7 and 5.5.8).
func (s *Server) refresh(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
	numbers := make([]uint32, len(r.InputArguments))
	for i, a := range r.InputArguments {
		n, ok := a.(uint32)
		if !ok {
			return ua.CallMethodResult{StatusCode: ua.BadInvalidArgument}
		}
		numbers[i] = n
	}
	if len(numbers) == 0 {
		return ua.CallMethodResult{StatusCode: ua.BadArgumentsMissing}
	}
	sub, found := s.server.SubscriptionManager().Get(numbers[0])
	if !found || sessionOf(sub) != session {
		return ua.CallMethodResult{StatusCode: ua.BadSubscriptionIDInvalid}
	}
	s.mu.Lock()
	events := []event{refreshEvent(ua.ObjectTypeIDRefreshStartEventType)}
	for _, name := range slices.Sorted(maps.Keys(s.alarms)) {
		events = append(events, s.event(s.alarms[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(s.dialogs)) {
		events = append(events, s.dialogEvent(s.dialogs[name]))
	}
	s.mu.Unlock()
	events = append(events, refreshEvent(ua.ObjectTypeIDRefreshEndEventType))
	told := false
	for _, item := range sub.Items() {
		watcher, ok := item.(*server.EventMonitoredItem)
		if !ok || len(numbers) > 1 && item.ID() != numbers[1] {
			continue
		}
		told = true
		for _, e := range events {
			s.tell(watcher, e)
		}
	}
	if len(numbers) > 1 && !told {
		return ua.CallMethodResult{StatusCode: ua.BadMonitoredItemIDInvalid}
	}
	return ua.CallMethodResult{StatusCode: ua.Good}
}

func refreshEvent(kind ua.NodeID) event {
	now := time.Now()
	return event{condition: ua.NewNodeIDNumeric(0, 0), fields: map[string]ua.Variant{
		"EventId": ua.ByteString(binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))), "EventType": kind, //nolint:gosec // after 1970
		"SourceNode": ua.ObjectIDServer, "SourceName": "Server", "Time": now, "ReceiveTime": now,
		"Message": english("refresh"), "Severity": uint16(1), "Retain": false,
	}}
}

// onEvent takes what a person says about one event: the event's name and a comment (OPC 10000-9, 5.5.6, 5.7.3, 5.7.4).
func (s *Server) onEvent(session *server.Session, r ua.CallMethodRequest, verb AlarmVerb) ua.CallMethodResult {
	if len(r.InputArguments) != 2 {
		return ua.CallMethodResult{StatusCode: ua.BadArgumentsMissing}
	}
	id, ok1 := r.InputArguments[0].(ua.ByteString)
	comment, ok2 := r.InputArguments[1].(ua.LocalizedText)
	if !ok1 || !ok2 || !printable(comment.Text) {
		return ua.CallMethodResult{StatusCode: ua.BadInvalidArgument}
	}
	a, found := s.find(func(a Alarm) bool { return eventID(a) == id && s.id(conditionID(a.Alarm)) == r.ObjectID })
	switch {
	case !found:
		return ua.CallMethodResult{StatusCode: ua.BadEventIDUnknown}
	case verb == AcknowledgeAlarm && a.Acknowledged:
		return ua.CallMethodResult{StatusCode: ua.BadConditionBranchAlreadyAcked}
	case verb == ConfirmAlarm && a.Confirmed:
		return ua.CallMethodResult{StatusCode: ua.BadConditionBranchAlreadyConfirmed}
	}
	return s.act(session, AlarmAct{Verb: verb, Alarm: a.Alarm, Occurrence: a.Occurrence, Comment: comment.Text})
}

// shelve takes a person's shelving of an alarm (OPC 10000-9, 5.8.17). The younger methods end with a comment, the reason.
func (s *Server) shelve(session *server.Session, r ua.CallMethodRequest, verb AlarmVerb) ua.CallMethodResult {
	act := AlarmAct{Verb: verb}
	want := 0
	if verb == TimedShelveAlarm {
		want++
	}
	if withComment(r.MethodID) {
		want++
	}
	switch n := len(r.InputArguments); {
	case n < want:
		return ua.CallMethodResult{StatusCode: ua.BadArgumentsMissing}
	case n > want:
		return ua.CallMethodResult{StatusCode: ua.BadTooManyArguments}
	}
	if withComment(r.MethodID) {
		comment, ok := r.InputArguments[want-1].(ua.LocalizedText)
		if !ok || !printable(comment.Text) {
			return ua.CallMethodResult{StatusCode: ua.BadInvalidArgument}
		}
		act.Comment = comment.Text
	}
	if verb == TimedShelveAlarm {
		ms, ok := r.InputArguments[0].(float64)
		if !ok || math.IsNaN(ms) || ms <= 0 || ms > 1e9 {
			return ua.CallMethodResult{StatusCode: ua.BadShelvingTimeOutOfRange}
		}
		act.For = time.Duration(ms * float64(time.Millisecond))
	}
	a, found := s.find(func(a Alarm) bool {
		return s.id(shelvingID(a.Alarm)) == r.ObjectID || s.id(conditionID(a.Alarm)) == r.ObjectID
	})
	if !found {
		return ua.CallMethodResult{StatusCode: ua.BadNodeIDUnknown}
	}
	switch {
	case verb == UnshelveAlarm && !a.Shelved:
		return ua.CallMethodResult{StatusCode: ua.BadConditionNotShelved}
	case verb == TimedShelveAlarm && act.For > line.MaxShelved:
		return ua.CallMethodResult{StatusCode: ua.BadShelvingTimeOutOfRange}
	}
	act.Alarm = a.Alarm
	return s.act(session, act)
}

// enable takes an alarm out of service, or puts it back (OPC 10000-9, 5.5.4, 5.5.5, 5.8.8, 5.8.9).
func (s *Server) enable(session *server.Session, r ua.CallMethodRequest, verb AlarmVerb) ua.CallMethodResult {
	if len(r.InputArguments) > 0 {
		return ua.CallMethodResult{StatusCode: ua.BadTooManyArguments}
	}
	a, found := s.find(func(a Alarm) bool { return s.id(conditionID(a.Alarm)) == r.ObjectID })
	switch {
	case !found:
		return ua.CallMethodResult{StatusCode: ua.BadNodeIDUnknown}
	case verb == DisableAlarm && a.OutOfService:
		return ua.CallMethodResult{StatusCode: ua.BadConditionAlreadyDisabled}
	case verb == EnableAlarm && !a.OutOfService:
		return ua.CallMethodResult{StatusCode: ua.BadConditionAlreadyEnabled}
	}
	return s.act(session, AlarmAct{Verb: verb, Alarm: a.Alarm})
}

func (s *Server) find(is func(Alarm) bool) (Alarm, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.alarms {
		if is(a) {
			return a, true
		}
	}
	return Alarm{}, false
}

// act asks for what a person does about an alarm.
func (s *Server) act(session *server.Session, act AlarmAct) ua.CallMethodResult {
	if s.o.OnAlarm == nil {
		return ua.CallMethodResult{StatusCode: ua.BadNotImplemented}
	}
	return ua.CallMethodResult{StatusCode: s.admit(session, func(ctx context.Context, by Caller) Status {
		outcome, why := s.o.OnAlarm(ctx, by, act)
		if outcome != Done {
			s.o.Log.Info("alarm method refused", "alarm", act.Alarm, "user", by.User, "why", why)
		}
		return outcome
	})}
}
