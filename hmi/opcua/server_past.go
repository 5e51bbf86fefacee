package opcua

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"

	"linectl/line"
)

// maxPastEvents is how many events one answer has.
const maxPastEvents = 1000

// PastEvent is a step of an alarm's life, or a request of a person, as it stands in the records.
type PastEvent struct {
	Seq   uint64
	At    time.Time
	Alarm *line.AlarmSnapshot // as it was after the step; nil of a request
	Step  string              // what happened to the alarm: raised, cleared, acknowledged …
	Audit *PastRequest        // nil of an alarm
}

// PastRequest is what a person asked for.
type PastRequest struct {
	Station  line.StationID
	User     string // who was proven to ask
	Request  string
	Command  string // in words
	Reply    string
	Why      string
	Accepted bool
}

// EventRecords reads events from the records.
type EventRecords interface {
	// AlarmSteps returns what happened to the alarms of a station, or of all where it is empty, between two times, both included,
	// backwards where from is after to: without the first skip, and limit at most.
	AlarmSteps(ctx context.Context, station line.StationID, from, to time.Time, skip, limit int) ([]PastEvent, error)
	// Requests returns what people asked for, in the same way.
	Requests(ctx context.Context, from, to time.Time, skip, limit int) ([]PastEvent, error)
}

// eventSpan is a reading of events, and where it stands: first the alarms, then, for those who may see them, the requests.
type eventSpan struct {
	start, end time.Time
	station    line.StationID
	audit      bool
	requests   bool // the alarms have been read
	skip       int
}

// readEvents answers a reading of the event history of the Server, the line or a station (OPC 10000-11, 6.5.2). The where clause
// is that of live events.
func (s *Server) readEvents(ctx context.Context, session *server.Session, d ua.ReadEventDetails, n ua.HistoryReadValueID) ua.HistoryReadResult {
	failed := func(code ua.StatusCode) ua.HistoryReadResult { return ua.HistoryReadResult{StatusCode: code} }
	where, err := compileFilter(d.Filter.WhereClause)
	if err != nil {
		return failed(ua.BadEventFilterInvalid)
	}
	if len(d.Filter.SelectClauses) == 0 {
		return failed(ua.BadEventFilterInvalid)
	}
	span, code := s.eventsOf(session, n.NodeID)
	if code != ua.Good {
		return failed(code)
	}
	c := &continued{events: span}
	if len(n.ContinuationPoint) > 0 {
		if c = s.history.take(n.ContinuationPoint, session, n.NodeID, time.Now()); c == nil || c.events == nil {
			return failed(ua.BadContinuationPointInvalid)
		}
	} else {
		start, end, ok := openEnds(d.StartTime, d.EndTime, d.NumValuesPerNode)
		if !ok {
			return failed(ua.BadInvalidTimestampArgument)
		}
		c.events.start, c.events.end = start, end
	}
	limit := maxPastEvents
	if n := int(d.NumValuesPerNode); n > 0 && n < limit {
		limit = n
	}
	c.session, c.node = session, n.NodeID
	found, more, err := s.eventsOn(ctx, c.events, where, d.Filter.SelectClauses, s.locale(session), limit)
	if err != nil {
		return failed(s.historyError(ctx, err))
	}
	result := ua.HistoryReadResult{StatusCode: ua.Good, HistoryData: ua.HistoryEvent{Events: found}}
	if len(found) == 0 && !more {
		result.StatusCode = ua.GoodNoData
	}
	if more {
		point, ok := s.history.keep(c, time.Now())
		if !ok {
			return failed(ua.BadNoContinuationPoints)
		}
		result.ContinuationPoint = point
	}
	return result
}

// eventsOf says whose events an object's history has, and whether the person may read it.
func (s *Server) eventsOf(session *server.Session, id ua.NodeID) (*eventSpan, ua.StatusCode) {
	object, ok := s.server.NamespaceManager().FindObject(id)
	switch {
	case !ok:
		return nil, ua.BadNodeIDUnknown
	case !server.IsUserPermitted(object.UserRolePermissions(session.UserIdentity()), ua.PermissionTypeReadHistory):
		return nil, ua.BadUserAccessDenied
	case s.o.Events == nil || object.EventNotifier() == 0:
		return nil, ua.BadHistoryOperationUnsupported
	}
	if id == ua.ObjectIDServer {
		return &eventSpan{audit: s.hasRole(session, auditors)}, ua.Good
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id == s.id(Own("Line")) {
		return &eventSpan{}, ua.Good
	}
	name, _ := id.(ua.NodeIDString)
	return &eventSpan{station: line.StationID(name.ID)}, ua.Good
}

// eventsOn reads on until it has enough events that pass the clause.
func (s *Server) eventsOn(ctx context.Context, span *eventSpan, where filter, clauses []ua.SimpleAttributeOperand, locale string, limit int) (found []ua.HistoryEventFieldList, more bool, err error) {
	isA := s.server.NamespaceManager().IsSubtype
	for {
		var page []PastEvent
		if span.requests {
			page, err = s.o.Events.Requests(ctx, span.start, rawSpan{start: span.start, end: span.end}.last(), span.skip, maxPastEvents)
		} else {
			page, err = s.o.Events.AlarmSteps(ctx, span.station, span.start, rawSpan{start: span.start, end: span.end}.last(), span.skip, maxPastEvents)
		}
		if err != nil {
			return nil, false, err
		}
		for i, p := range page {
			if len(found) == limit {
				span.skip += i
				return found, true, nil
			}
			e := s.past(p)
			if where.match(e, isA) {
				found = append(found, ua.HistoryEventFieldList{EventFields: s.selected(e, clauses, locale)})
			}
		}
		span.skip += len(page)
		if len(page) < maxPastEvents {
			if span.requests || !span.audit {
				return found, false, nil
			}
			span.requests, span.skip = true, 0
		}
	}
}

// past writes an event of the records as a live one would have been.
func (s *Server) past(p PastEvent) event {
	if p.Audit != nil {
		return s.pastRequest(p)
	}
	source := Own("Line")
	s.mu.Lock()
	if id := Own(string(p.Alarm.Station)); s.declared[id] != nil {
		source = id
	}
	e := s.event(Alarm{AlarmSnapshot: *p.Alarm, Source: source})
	s.mu.Unlock()
	e.fields["EventId"], e.fields["Time"], e.fields["ReceiveTime"] = pastID(p), p.At, p.At
	if p.Step != "raised" {
		e.fields["Message"] = english(p.Alarm.Text + " (" + p.Step + ")")
	}
	return e
}

func pastID(p PastEvent) ua.ByteString {
	return ua.ByteString(binary.BigEndian.AppendUint64([]byte("journal "), p.Seq))
}

func (s *Server) pastRequest(p PastEvent) event {
	e := s.auditEvent(ua.ObjectTypeIDAuditUpdateMethodEventType, "Attribute/Call", p.At, p.Audit.Accepted, p.Audit.User, p.Audit.Command+": "+p.Audit.Reply)
	e.fields["EventId"], e.fields["ReceiveTime"], e.fields["ClientAuditEntryId"] = pastID(p), p.At, p.Audit.Request
	return e
}
