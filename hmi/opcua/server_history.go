package opcua

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

// Bounds of what is read of histories in one request.
const (
	maxHistoryNodes  = 100
	maxHistoryValues = 5000 // of one node in one answer
	maxHistoryTimes  = 1000
	maxHistoryPoints = 16 // continuation points of a session
	pointKept        = 2 * time.Minute
)

// What the status of a history's value says beside good or bad (OPC 10000-11, 6.3.2): info bits of a data value.
const (
	historyInfo         uint32 = 0x400
	historyCalculated          = historyInfo | 1
	historyInterpolated        = historyInfo | 2
	historyPartial             = historyInfo | 4
)

// history answers HistoryRead. The library's own way to it says nothing about who asks, so the requests never come to it
// (docs/adr/0019).
type history struct {
	mu     sync.Mutex
	points map[ua.ByteString]*continued
}

// continued is a reading that has not come to its end.
type continued struct {
	session *server.Session
	node    ua.NodeID
	used    time.Time
	raw     *rawSpan
	part    *processedSpan
	events  *eventSpan
}

// keep makes a continuation point, unless the session has too many.
func (h *history) keep(c *continued, now time.Time) (ua.ByteString, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.points == nil {
		h.points = map[ua.ByteString]*continued{}
	}
	count := 0
	for name, other := range h.points {
		if now.Sub(other.used) > pointKept {
			delete(h.points, name)
		} else if other.session == c.session {
			count++
		}
	}
	if count >= maxHistoryPoints {
		return "", false
	}
	c.used = now
	name := ua.ByteString(rand.Text())
	h.points[name] = c
	return name, true
}

// take returns what a continuation point stands for, once, to the session that has it.
func (h *history) take(name ua.ByteString, session *server.Session, node ua.NodeID, now time.Time) *continued {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.points[name]
	if c == nil || c.session != session || c.node != node {
		return nil
	}
	delete(h.points, name)
	if now.Sub(c.used) > pointKept {
		return nil
	}
	return c
}

// readHistory answers a HistoryRead of a session. It runs in the goroutine of the client's own connection and holds up nobody else.
func (s *Server) readHistory(session *server.Session, r *ua.HistoryReadRequest) (results []ua.HistoryReadResult, status ua.StatusCode) {
	defer s.contain("history", func() { results, status = nil, ua.BadInternalError })
	switch {
	case r.TimestampsToReturn < ua.TimestampsToReturnSource || r.TimestampsToReturn > ua.TimestampsToReturnBoth:
		return nil, ua.BadTimestampsToReturnInvalid
	case len(r.NodesToRead) == 0:
		return nil, ua.BadNothingToDo
	case len(r.NodesToRead) > maxHistoryNodes:
		return nil, ua.BadTooManyOperations
	}
	ctx, cancel := context.WithTimeout(context.Background(), recordTimeout)
	defer cancel()
	results = make([]ua.HistoryReadResult, len(r.NodesToRead))
	for i, n := range r.NodesToRead {
		results[i] = s.readNode(ctx, session, r, i, n)
	}
	return results, ua.Good
}

func (s *Server) readNode(ctx context.Context, session *server.Session, r *ua.HistoryReadRequest, i int, n ua.HistoryReadValueID) ua.HistoryReadResult {
	failed := func(code ua.StatusCode) ua.HistoryReadResult { return ua.HistoryReadResult{StatusCode: code} }
	if len(n.ContinuationPoint) > 0 && r.ReleaseContinuationPoints {
		if s.history.take(n.ContinuationPoint, session, n.NodeID, time.Now()) == nil {
			return failed(ua.BadContinuationPointInvalid)
		}
		return failed(ua.Good)
	}
	if details, ok := r.HistoryReadDetails.(ua.ReadEventDetails); ok {
		return s.readEvents(ctx, session, details, n)
	}
	series, kind, code := s.historyOf(session, n)
	if code != ua.Good {
		return failed(code)
	}
	var c *continued
	if len(n.ContinuationPoint) > 0 {
		if c = s.history.take(n.ContinuationPoint, session, n.NodeID, time.Now()); c == nil {
			return failed(ua.BadContinuationPointInvalid)
		}
	} else if c, code = newReading(r.HistoryReadDetails, i); code != ua.Good {
		return failed(code)
	}
	c.session, c.node = session, n.NodeID
	values, more, err := s.readOn(ctx, series, r.HistoryReadDetails, c)
	if err != nil {
		return failed(s.historyError(ctx, err))
	}
	data := make([]ua.DataValue, len(values))
	for j, v := range values {
		data[j] = dataValue(v, kind, c.part, r.TimestampsToReturn)
	}
	result := ua.HistoryReadResult{StatusCode: ua.Good, HistoryData: ua.HistoryData{DataValues: data}}
	if len(data) == 0 {
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

// historyError says of a failed reading what the client may do.
func (s *Server) historyError(ctx context.Context, err error) ua.StatusCode {
	if ctx.Err() != nil {
		return ua.BadTimeout
	}
	if errors.Is(err, context.Canceled) {
		return ua.BadShutdown
	}
	s.o.Log.Warn("history cannot be read", "err", err)
	return ua.BadHistoryOperationUnsupported
}

// historyOf finds the history of a node, and whether the person may read it: only who has a role that is known.
func (s *Server) historyOf(session *server.Session, n ua.HistoryReadValueID) (Series, Kind, ua.StatusCode) {
	node, ok := s.server.NamespaceManager().FindVariable(n.NodeID)
	switch {
	case !ok:
		return Series{}, 0, ua.BadNodeIDUnknown
	case !server.IsUserPermitted(node.UserRolePermissions(session.UserIdentity()), ua.PermissionTypeReadHistory):
		return Series{}, 0, ua.BadUserAccessDenied
	case n.IndexRange != "":
		return Series{}, 0, ua.BadIndexRangeInvalid
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.historised[n.NodeID]
	if !ok || s.o.History == nil {
		return Series{}, 0, ua.BadHistoryOperationUnsupported
	}
	return *v.History, v.Kind, ua.Good
}

// newReading checks what is asked for.
func newReading(details ua.ExtensionObject, i int) (*continued, ua.StatusCode) {
	switch d := details.(type) {
	case ua.ReadRawModifiedDetails:
		if d.IsReadModified {
			return nil, ua.BadHistoryOperationUnsupported // nothing is ever modified
		}
		start, end, ok := openEnds(d.StartTime, d.EndTime, d.NumValuesPerNode)
		if !ok {
			return nil, ua.BadInvalidTimestampArgument
		}
		return &continued{raw: &rawSpan{start: start, end: end, bounds: d.ReturnBounds}}, ua.Good
	case ua.ReadAtTimeDetails:
		if len(d.ReqTimes) == 0 {
			return nil, ua.BadInvalidTimestampArgument
		}
		if len(d.ReqTimes) > maxHistoryTimes {
			return nil, ua.BadTooManyOperations
		}
		return &continued{}, ua.Good
	case ua.ReadProcessedDetails:
		if i >= len(d.AggregateType) {
			return nil, ua.BadAggregateListMismatch
		}
		kind, ok := aggregates[d.AggregateType[i]]
		if !ok {
			return nil, ua.BadAggregateNotSupported
		}
		if noTime(d.StartTime) || noTime(d.EndTime) || d.StartTime.Equal(d.EndTime) || d.ProcessingInterval < 0 || d.ProcessingInterval > 0 && d.ProcessingInterval < 1 {
			return nil, ua.BadAggregateInvalidInputs
		}
		interval := time.Duration(min(d.ProcessingInterval, 1e12) * float64(time.Millisecond))
		return &continued{part: &processedSpan{start: d.StartTime.UTC(), end: d.EndTime.UTC(), interval: interval, kind: kind}}, ua.Good
	}
	return nil, ua.BadHistoryOperationInvalid
}

var aggregates = map[ua.NodeID]aggregate{
	ua.ObjectIDAggregateFunctionAverage: average, ua.ObjectIDAggregateFunctionMinimum: minimum, ua.ObjectIDAggregateFunctionMaximum: maximum,
	ua.ObjectIDAggregateFunctionCount: counting,
}

// noTime reports whether a time was left out: OPC UA begins in 1601.
func noTime(t time.Time) bool { return t.Year() <= 1601 }

// openEnds returns the span of a reading of which one end may be left out, if the number of values is not (OPC 10000-11, 6.5.3.2).
func openEnds(start, end time.Time, count uint32) (from, to time.Time, ok bool) {
	switch {
	case noTime(start) && noTime(end), (noTime(start) || noTime(end)) && count == 0:
		return start, end, false
	case noTime(start):
		return within(end), firstTime, true
	case noTime(end):
		return within(start), lastTime, true
	}
	return within(start), within(end), true
}

// within brings a time into the span that the records can have.
func within(t time.Time) time.Time {
	switch t = t.UTC().Truncate(time.Microsecond); {
	case t.Before(firstTime):
		return firstTime
	case t.After(lastTime):
		return lastTime
	}
	return t
}

func (s *Server) readOn(ctx context.Context, series Series, details ua.ExtensionObject, c *continued) (values []stored, more bool, err error) {
	h := s.o.History
	switch d := details.(type) {
	case ua.ReadRawModifiedDetails:
		limit := maxHistoryValues
		if n := int(d.NumValuesPerNode); n > 0 && n < limit {
			limit = n
		}
		if c.raw == nil {
			break
		}
		return readRaw(ctx, h, series, c.raw, limit)
	case ua.ReadProcessedDetails:
		if c.part == nil {
			break
		}
		return readProcessed(ctx, h, series, c.part, maxHistoryTimes)
	case ua.ReadAtTimeDetails:
		now := time.Now()
		for _, at := range d.ReqTimes {
			v, err := readAt(ctx, h, series, at.UTC().Truncate(time.Microsecond), now)
			if err != nil {
				return nil, false, err
			}
			values = append(values, v)
		}
		return values, false, nil
	}
	return nil, false, errors.New("a continuation point of another kind of reading")
}

// dataValue writes a value of a history in the type of its variable.
func dataValue(v stored, kind Kind, part *processedSpan, stamps ua.TimestampsToReturn) ua.DataValue {
	d := ua.DataValue{}
	if stamps != ua.TimestampsToReturnServer {
		d.SourceTimestamp = v.at
	}
	if stamps != ua.TimestampsToReturnSource {
		d.ServerTimestamp = v.at // when it was recorded: the supervisor is both
	}
	if part != nil {
		switch part.kind {
		case counting:
			kind = Int32
		case average:
			kind = Double
		case minimum, maximum:
		}
	}
	switch v.quality {
	case rawValue:
	case calculated:
		d.StatusCode = ua.StatusCode(historyCalculated)
	case partly:
		d.StatusCode = ua.StatusCode(historyCalculated | historyPartial)
	case interpolated:
		d.StatusCode = ua.StatusCode(historyInterpolated)
	case extrapolated:
		d.StatusCode = ua.UncertainDataSubNormal | ua.StatusCode(historyInterpolated)
	case missingBound:
		d.StatusCode = ua.BadBoundNotFound
		return d
	case missingValue, missingHistory:
		d.StatusCode = ua.BadNoData
		return d
	}
	switch kind {
	case Int32:
		d.Value = int32(v.value)
	case UInt32:
		d.Value = uint32(max(v.value, 0))
	default:
		d.Value = v.value
	}
	return d
}

// tellHistory says in the address space what of histories is offered.
func (s *Server) tellHistory() {
	m := s.server.NamespaceManager()
	now := time.Now()
	for id, value := range map[ua.NodeID]any{
		ua.VariableIDHistoryServerCapabilitiesAccessHistoryDataCapability:   s.o.History != nil,
		ua.VariableIDHistoryServerCapabilitiesAccessHistoryEventsCapability: s.o.Events != nil,
		ua.VariableIDHistoryServerCapabilitiesMaxReturnDataValues:           uint32(maxHistoryValues),
		ua.VariableIDHistoryServerCapabilitiesMaxReturnEventValues:          uint32(maxPastEvents),
		ua.VariableIDHistoryServerCapabilitiesServerTimestampSupported:      true,
	} {
		if n, ok := m.FindVariable(id); ok {
			n.SetValue(ua.NewDataValue(value, ua.Good, now, 0, now, 0))
		}
	}
}

// recorder stands where the library wants somebody to write histories: the records are written by the supervisor alone.
type recorder struct{ server.HistoryReadWriter }

// WriteValue has nothing to do.
func (recorder) WriteValue(context.Context, ua.NodeID, ua.DataValue) error { return nil }

// answerHistory answers a HistoryRead itself if it comes from an open session over its own channel.
func (s *Server) answerHistory(ch channel, req ua.ServiceRequest, id uint32) (answered bool, err error) {
	r, ok := req.(*ua.HistoryReadRequest)
	if !ok {
		return false, nil
	}
	session, ok := s.server.SessionManager().Get(r.AuthenticationToken)
	if !ok || session.SecureChannelId() == 0 || session.SecureChannelId() != ch.id() {
		return false, nil // the library says why not
	}
	results, status := s.readHistory(session, r)
	return true, ch.write(&ua.HistoryReadResponse{
		ResponseHeader: ua.ResponseHeader{Timestamp: time.Now(), RequestHandle: r.RequestHandle, ServiceResult: status}, Results: results,
	}, id)
}
