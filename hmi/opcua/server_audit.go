package opcua

import (
	"crypto/rand"
	"strings"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

// Audit events (OPC 10000-5, 6.4) say what somebody has just tried over OPC UA. They are told to those who may read the audit and
// kept nowhere: the record of what the line was asked is the supervisor's.

// auditEvent makes an event for the auditors.
func (s *Server) auditEvent(kind ua.NodeID, source string, at time.Time, accepted bool, user, message string) event {
	severity := uint16(100)
	if !accepted {
		severity = 300
	}
	return event{condition: ua.NewNodeIDNumeric(0, 0), only: auditors, fields: map[string]ua.Variant{
		"EventId": ua.ByteString(rand.Text()), "EventType": kind, "SourceNode": ua.ObjectIDServer, "SourceName": source, "Time": at, "ReceiveTime": time.Now(),
		"Message": english(message), "Severity": severity, "ActionTimeStamp": at, "Status": accepted, "ServerId": s.o.PKI.URI, "ClientAuditEntryId": "",
		"ClientUserId": user,
	}}
}

// auditCall tells of a method that was called.
func (s *Server) auditCall(session *server.Session, r ua.CallMethodRequest, name string, arguments []Argument, at time.Time, outcome ua.StatusCode) {
	accepted := outcome == ua.Good
	answer := "done"
	if !accepted {
		answer = "refused, " + outcome.Error()
	}
	e := s.auditEvent(ua.ObjectTypeIDAuditUpdateMethodEventType, "Attribute/Call", at, accepted, s.userOf(session), name+": "+answer)
	in := make([]ua.Variant, len(r.InputArguments))
	for i, v := range r.InputArguments {
		if in[i] = v; i < len(arguments) && secret(arguments[i].Name) {
			in[i] = ""
		}
	}
	e.fields["SourceNode"], e.fields["MethodId"], e.fields["InputArguments"], e.fields["StatusCodeId"] = r.ObjectID, r.MethodID, in, outcome
	s.tellAuditors(e)
}

// auditDenied tells of methods that the caller's roles do not allow: the library has answered them without asking us.
func (s *Server) auditDenied(r *ua.CallRequest) {
	session, ok := s.server.SessionManager().Get(r.AuthenticationToken)
	if !ok {
		return
	}
	for _, m := range r.MethodsToCall {
		if n, ok := s.server.NamespaceManager().FindMethod(m.MethodID); ok && !n.UserExecutable(session.UserIdentity()) {
			m.InputArguments = nil // nobody has looked at them
			s.auditCall(session, m, n.BrowseName().Name, nil, time.Now(), ua.BadUserAccessDenied)
		}
	}
}

// secret reports whether an argument's value is nobody's business.
func secret(name string) bool {
	name = strings.ToLower(name)
	return strings.Contains(name, "password") || strings.Contains(name, "token") || strings.Contains(name, "secret")
}

// auditLogin tells of a login. A name that nobody has may be a password in the wrong field: it is not told.
func (s *Server) auditLogin(user, from string, accepted bool) {
	message := "login of " + user + " from " + from
	if !accepted {
		user, message = "", "login refused, from "+from
	}
	e := s.auditEvent(ua.ObjectTypeIDAuditActivateSessionEventType, "Session/ActivateSession", time.Now(), accepted, user, message)
	s.tellAuditors(e)
}

func (s *Server) tellAuditors(e event) {
	if top, ok := s.server.NamespaceManager().FindObject(ua.ObjectIDServer); ok {
		s.deliver([]*server.ObjectNode{top}, e)
	}
}
