package opcua

import (
	"context"
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

// offerConditions answers the methods of the standard that conditions have.
func (s *Server) offerConditions() {
	m := s.server.NamespaceManager()
	offer := func(id ua.NodeID, answer func(*server.Session, ua.CallMethodRequest) ua.CallMethodResult) {
		if n, ok := m.FindMethod(id); ok {
			n.SetCallMethodHandler(func(session *server.Session, r ua.CallMethodRequest) (result ua.CallMethodResult) {
				defer s.contain("alarm method", func() { result = ua.CallMethodResult{StatusCode: ua.BadInternalError} })
				return answer(session, r)
			})
		}
	}
	offer(ua.MethodIDConditionTypeConditionRefresh, s.refresh)
	offer(ua.MethodIDConditionTypeConditionRefresh2, s.refresh)
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
	} {
		offer(id, func(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
			return s.shelve(session, r, verb)
		})
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

// shelve takes a person's shelving of an alarm (OPC 10000-9, 5.8.17). The standard has no place for the reason here.
func (s *Server) shelve(session *server.Session, r ua.CallMethodRequest, verb AlarmVerb) ua.CallMethodResult {
	act := AlarmAct{Verb: verb}
	if verb == TimedShelveAlarm {
		if len(r.InputArguments) != 1 {
			return ua.CallMethodResult{StatusCode: ua.BadArgumentsMissing}
		}
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
	act.Alarm = a.Alarm
	return s.act(session, act)
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
