package opcua

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

func (s *Server) method(m Method) error {
	object := s.id(m.Parent)
	n := server.NewMethodNode(s.server, s.id(m.ID), s.browseName(m.Browse), english(m.Name), english(m.Help),
		append(permissions(s.o.Known, ua.PermissionTypeBrowse), permissions(m.Roles, ua.PermissionTypeCall)...),
		[]ua.Reference{s.parent(m.Browse, ua.ReferenceTypeIDHasComponent)}, true)
	n.SetCallMethodHandler(func(session *server.Session, r ua.CallMethodRequest) ua.CallMethodResult {
		if r.ObjectID != object {
			return ua.CallMethodResult{StatusCode: ua.BadMethodInvalid} // the library does not ask
		}
		at := time.Now()
		result := s.call(session, m, r.InputArguments)
		if !m.Reads {
			s.auditCall(session, r, m.ID.Text, m.In, at, result.StatusCode)
		}
		return result
	})
	if err := s.server.NamespaceManager().AddNode(n); err != nil {
		return err
	}
	if err := s.arguments(m, "InputArguments", m.In); err != nil {
		return err
	}
	return s.arguments(m, "OutputArguments", m.Out)
}

func (s *Server) arguments(m Method, name string, list []Argument) error {
	if len(list) == 0 {
		return nil
	}
	described := make([]ua.ExtensionObject, len(list))
	for i, a := range list {
		described[i] = ua.Argument{Name: a.Name, DataType: kinds[a.Kind], ValueRank: a.Kind.rank(), Description: english(a.Help)}
	}
	now := time.Now()
	return s.server.NamespaceManager().AddNode(server.NewVariableNode(s.server, s.id(ID{Space: m.ID.Space, Text: m.ID.Text + "." + name}),
		ua.NewQualifiedName(0, name), ua.LocalizedText{Text: name}, ua.LocalizedText{}, nil,
		[]ua.Reference{
			{ReferenceTypeID: ua.ReferenceTypeIDHasProperty, IsInverse: true, TargetID: ua.ExpandedNodeID{NodeID: s.id(m.ID)}},
			isA(ua.VariableTypeIDPropertyType),
		}, ua.NewDataValue(described, ua.Good, now, 0, now, 0), ua.DataTypeIDArgument, ua.ValueRankOneDimension,
		[]uint32{uint32(len(described))}, ua.AccessLevelsCurrentRead, 0, false, nil)) //nolint:gosec // a handful
}

// call runs a method for a session: bounded in number and time, and never with a panic.
func (s *Server) call(session *server.Session, m Method, args []ua.Variant) (result ua.CallMethodResult) {
	defer s.contain("method "+m.ID.Text, func() { result = ua.CallMethodResult{StatusCode: ua.BadInternalError} })
	in, wrong := inputs(m.In, args)
	if wrong != nil {
		return *wrong
	}
	var out []any
	var locale string
	result.StatusCode = s.admit(session, func(ctx context.Context, by Caller) (outcome Status) {
		locale = by.Locale
		out, outcome = m.Call(ctx, by, in)
		return outcome
	})
	if result.StatusCode.IsBad() { // OPC 10000-4, 5.11.2: then there are no outputs
		return result
	}
	for i, v := range out {
		if text, ok := v.(string); ok && i < len(m.Out) && m.Out[i].Kind == Text {
			v = s.localized(text, locale)
		}
		result.OutputArguments = append(result.OutputArguments, v)
	}
	return result
}

// admit finds out who calls, takes a place among the calls that wait, and does it. When the supervisor no longer knows the
// login, which it forgets at a restart, the person is logged in anew, once.
func (s *Server) admit(session *server.Session, do func(context.Context, Caller) Status) ua.StatusCode {
	who, ok := credentialOf(session.UserIdentity())
	if !ok {
		return ua.BadUserAccessDenied
	}
	select {
	case s.calls <- struct{}{}:
		defer func() { <-s.calls }()
	default:
		return ua.BadTooManyOperations
	}
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	login := s.logins.known(who)
	if login.User == "" {
		return ua.BadUserAccessDenied
	}
	outcome := do(ctx, Caller{Login: login, Locale: s.locale(session)})
	if outcome == NoSession {
		login, err := s.logins.begin(ctx, who, sourceOf(session))
		if errors.Is(err, ErrAway) {
			return ua.BadResourceUnavailable // nothing was done, and nobody was refused
		}
		if err != nil {
			return ua.BadUserAccessDenied
		}
		outcome = do(ctx, Caller{Login: login, Locale: s.locale(session)})
	}
	return callCode(outcome)
}

func inputs(want []Argument, args []ua.Variant) ([]any, *ua.CallMethodResult) {
	switch {
	case len(args) < len(want):
		return nil, &ua.CallMethodResult{StatusCode: ua.BadArgumentsMissing}
	case len(args) > len(want):
		return nil, &ua.CallMethodResult{StatusCode: ua.BadTooManyArguments}
	}
	in := make([]any, len(args))
	wrong := make([]ua.StatusCode, len(args))
	bad := false
	for i, a := range args {
		if in[i] = a; !fits(want[i].Kind, a) {
			wrong[i], bad = ua.BadTypeMismatch, true
		}
	}
	if bad {
		return nil, &ua.CallMethodResult{StatusCode: ua.BadInvalidArgument, InputArgumentResults: wrong}
	}
	return in, nil
}

func fits(k Kind, v any) (ok bool) {
	switch k {
	case Bool:
		_, ok = v.(bool)
	case Int32:
		_, ok = v.(int32)
	case UInt32:
		_, ok = v.(uint32)
	case Double:
		_, ok = v.(float64)
	case String:
		var text string
		text, ok = v.(string)
		ok = ok && printable(text)
	case Moment:
		_, ok = v.(time.Time)
	case Text, Reference, Float, UInt16, Duration, Structured, Measure, Path, Anything, Int16, Int64, Strings, Doubles: // no method of ours takes one
	}
	return ok
}

// maxText is how long a text of a caller may be, in bytes.
const maxText = 512

// printable reports whether a text may go into the journal and on screens. The supervisor would refuse it too, without an answer
// that says so.
func printable(text string) bool {
	return len(text) <= maxText && !strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f || r == 0xfffd })
}

// uncertain is the plain status of that severity: neither a failure of the call nor a success.
const uncertain ua.StatusCode = 0x40000000

func callCode(s Status) ua.StatusCode {
	switch s {
	case Done:
		return ua.Good
	case Refused:
		return uncertain
	case InvalidState:
		return ua.BadInvalidState
	case Denied, NoSession:
		return ua.BadUserAccessDenied
	case Unanswered:
		return ua.BadRequestTimeout
	case Invalid:
		return ua.BadInvalidArgument
	case Busy:
		return ua.BadTooManyOperations
	}
	panic(fmt.Sprintf("call status %d", s))
}
