package opcua

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

const dialogSeverity = 400 // a question is no alarm: it waits, and what waits for it has an alarm of its own

func dialogID(prompt string) ID { return Own("Dialog." + prompt) }

// Prompt tells watchers of a question. Each has a condition of its own, so that an answer can never meet another question that has
// come in its place; it goes with the question.
func (s *Server) Prompt(d Dialog) error {
	id := dialogID(d.Prompt)
	if err := s.Declare(Object{Browse: Browse{ID: id, Parent: d.Source, Name: d.Prompt, Help: d.Text}, Type: dialogType}); err != nil {
		return err
	}
	s.mu.Lock()
	e := s.dialogEvent(d)
	declared := s.declared[d.Source] != nil
	if d.Gone {
		delete(s.dialogs, d.Prompt)
	} else {
		s.dialogs[d.Prompt] = d
	}
	s.mu.Unlock()
	if !declared {
		return fmt.Errorf("question %s: its source %s is not declared", d.Prompt, d.Source.Text)
	}
	s.deliver(s.above(d.Source), e)
	if !d.Gone {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	node := s.declared[id].object
	delete(s.declared, id)
	return s.server.NamespaceManager().DeleteNode(node, false)
}

// dialogEvent writes a question as OPC 10000-9 names its fields. Nothing is answered by default: a person has to choose. The
// caller holds the mutex.
func (s *Server) dialogEvent(d Dialog) event {
	options := make([]ua.LocalizedText, len(d.Options))
	for i, o := range d.Options {
		options[i] = english(o)
	}
	state := english("Active")
	if d.Gone {
		state = english("Inactive")
	}
	changed := binary.BigEndian.AppendUint64(nil, uint64(d.At.UnixMicro())) //nolint:gosec // after 1970
	return event{condition: s.id(dialogID(d.Prompt)), fields: map[string]ua.Variant{
		"EventId": ua.ByteString(changed) + ua.ByteString(d.Prompt), "EventType": ua.ObjectTypeIDDialogConditionType, "SourceNode": s.id(d.Source),
		"SourceName": d.Source.Text, "Time": d.At, "ReceiveTime": time.Now(), "Message": english(d.Text), "Severity": uint16(dialogSeverity),
		"LastSeverity": uint16(dialogSeverity), "ConditionName": d.Prompt, "ConditionClassName": english("ProcessConditionClass"),
		"ConditionClassId": ua.ObjectTypeIDProcessConditionClassType, "BranchId": ua.NodeID(ua.NewNodeIDNumeric(0, 0)), "Retain": !d.Gone,
		"Quality": ua.Good, "Comment": english(""), "ClientUserId": "", "EnabledState": english("Enabled"), "EnabledState/Id": true,
		"DialogState": state, "DialogState/Id": !d.Gone, "Prompt": english(d.Text), "ResponseOptionSet": options,
		"DefaultResponse": int32(-1), "OkResponse": int32(-1), "CancelResponse": int32(-1), "LastResponse": int32(d.Answer), //nolint:gosec // an index
		"Input": english(d.Input),
	}}
}

// respond takes a person's answer (OPC 10000-9, 5.6.3). The condition names the question, so an answer meets no other.
func (s *Server) respond(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
	if len(r.InputArguments) != 1 {
		return ua.CallMethodResult{StatusCode: ua.BadArgumentsMissing}
	}
	n, ok := r.InputArguments[0].(int32)
	if !ok {
		return ua.CallMethodResult{StatusCode: ua.BadInvalidArgument}
	}
	s.mu.Lock()
	var d Dialog
	found := false
	for _, one := range s.dialogs {
		if s.id(dialogID(one.Prompt)) == r.ObjectID {
			d, found = one, true
		}
	}
	s.mu.Unlock()
	switch {
	case !found:
		return ua.CallMethodResult{StatusCode: ua.BadDialogNotActive}
	case n < 0 || int(n) >= len(d.Options):
		return ua.CallMethodResult{StatusCode: ua.BadDialogResponseInvalid}
	}
	return s.act(session, AlarmAct{Verb: RespondToDialog, Alarm: d.Prompt, Option: d.Options[n]})
}

// resetLatched releases a latched alarm whose cause is gone (OPC 10000-9, 5.8.5).
func (s *Server) resetLatched(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
	if len(r.InputArguments) != 0 {
		return ua.CallMethodResult{StatusCode: ua.BadTooManyArguments}
	}
	a, found := s.find(func(a Alarm) bool { return s.id(conditionID(a.Alarm)) == r.ObjectID })
	if !found {
		return ua.CallMethodResult{StatusCode: ua.BadNodeIDUnknown}
	}
	return s.act(session, AlarmAct{Verb: ResetLatchedAlarm, Alarm: a.Alarm, Occurrence: a.Occurrence})
}
