package opcua

import (
	"slices"
	"time"

	"github.com/awcullen/opcua/server"
	"github.com/awcullen/opcua/ua"
)

// What a session may have. The library bounds the sessions and subscriptions of the whole server only.
const (
	maxUnused        = 20 // sessions that nobody has logged in with
	maxOfUser        = 16 // sessions of a person, as the supervisor keeps them
	maxSubsOfSession = 5
	maxItems         = 1000 // of a session
	maxQueue         = 100  // of an item's values; events have the library's 1,024
	maxPath          = 16   // names in a browse path
	maxMethods       = 100  // in a call
	longestSession   = 10 * 60 * 1000.
	withoutSession   = 50 // requests of a connection that has none
	refreshBurst     = 3  // ConditionRefresh of a connection at once, then one a second
)

// inspect looks at a request that the library has decoded and has not acted on. It may change what the client asks for; another
// answer than Good refuses it.
func (s *Server) inspect(c *guarded, req ua.ServiceRequest) ua.StatusCode {
	if !c.mayAsk() {
		return ua.BadTooManyOperations
	}
	switch r := req.(type) {
	case *ua.CreateSessionRequest:
		r.EndpointURL = c.host() // the library hands it to who asks for the login, and uses it for nothing else
		r.RequestedSessionTimeout = min(r.RequestedSessionTimeout, longestSession)
		s.roomForSession()
	case *ua.ActivateSessionRequest:
		if session, ok := s.server.SessionManager().Get(r.AuthenticationToken); ok && sourceOf(session) != c.host() {
			return ua.BadSessionIDInvalid
		}
	case *ua.CloseSessionRequest:
		r.DeleteSubscriptions = true // nobody could take them over
	case *ua.TranslateBrowsePathsToNodeIDsRequest:
		if slices.ContainsFunc(r.BrowsePaths, func(p ua.BrowsePath) bool { return len(p.RelativePath.Elements) > maxPath }) {
			return ua.BadTooManyOperations
		}
	case *ua.CallRequest:
		return c.mayCall(r)
	default:
		if session, ok := s.server.SessionManager().Get(req.Header().AuthenticationToken); ok {
			return s.inspectSubscription(session, req)
		}
	}
	return ua.Good
}

// mayAsk bounds what a client without a session asks.
func (c *guarded) mayAsk() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session {
		return true
	}
	c.asked++
	return c.asked <= withoutSession
}

// mayCall bounds the methods of a call, and how often all alarms are asked for: a refresh tells each of them anew.
func (c *guarded) mayCall(r *ua.CallRequest) ua.StatusCode {
	if len(r.MethodsToCall) > maxMethods {
		return ua.BadTooManyOperations
	}
	for _, m := range r.MethodsToCall {
		if m.MethodID != ua.MethodIDConditionTypeConditionRefresh && m.MethodID != ua.MethodIDConditionTypeConditionRefresh2 {
			continue
		}
		if !c.refreshes.take(time.Now(), refreshBurst, 1) {
			return ua.BadRefreshInProgress
		}
	}
	return ua.Good
}

// inspectSubscription bounds what a session subscribes to. The library does not ask whose a subscription is, so a session could
// delete another's; a foreign one is treated like one that is not there.
func (s *Server) inspectSubscription(session *server.Session, req ua.ServiceRequest) ua.StatusCode {
	subs := s.server.SubscriptionManager()
	mine := func(id uint32) bool {
		sub, ok := subs.Get(id)
		return ok && sessionOf(sub) == session
	}
	only := func(id uint32) ua.StatusCode {
		if mine(id) {
			return ua.Good
		}
		return ua.BadSubscriptionIDInvalid
	}
	hide := func(ids []uint32) {
		for i, id := range ids {
			if !mine(id) {
				ids[i] = 0 // no subscription has it
			}
		}
	}
	switch r := req.(type) {
	case *ua.PublishRequest:
		for i := range r.SubscriptionAcknowledgements {
			if a := &r.SubscriptionAcknowledgements[i]; !mine(a.SubscriptionID) {
				a.SubscriptionID = 0
			}
		}
	case *ua.CreateSubscriptionRequest:
		if len(subs.GetBySession(session)) >= maxSubsOfSession {
			return ua.BadTooManySubscriptions
		}
	case *ua.CreateMonitoredItemsRequest:
		return s.inspectItems(session, r, only(r.SubscriptionID))
	case *ua.ModifyMonitoredItemsRequest:
		for i := range r.ItemsToModify {
			boundQueue(&r.ItemsToModify[i].RequestedParameters)
			s.inspectFilter(&r.ItemsToModify[i].RequestedParameters)
		}
		return only(r.SubscriptionID)
	case *ua.SetMonitoringModeRequest:
		return only(r.SubscriptionID)
	case *ua.SetTriggeringRequest:
		return only(r.SubscriptionID)
	case *ua.DeleteMonitoredItemsRequest:
		return only(r.SubscriptionID)
	case *ua.ModifySubscriptionRequest:
		return only(r.SubscriptionID)
	case *ua.RepublishRequest:
		return only(r.SubscriptionID)
	case *ua.SetPublishingModeRequest:
		hide(r.SubscriptionIDs)
	case *ua.DeleteSubscriptionsRequest:
		hide(r.SubscriptionIDs)
	}
	return ua.Good
}

func (s *Server) inspectItems(session *server.Session, r *ua.CreateMonitoredItemsRequest, mine ua.StatusCode) ua.StatusCode {
	if mine != ua.Good {
		return mine
	}
	count := len(r.ItemsToCreate)
	for _, sub := range s.server.SubscriptionManager().GetBySession(session) {
		count += len(sub.Items())
	}
	if count > maxItems {
		return ua.BadTooManyMonitoredItems
	}
	for i := range r.ItemsToCreate {
		boundQueue(&r.ItemsToCreate[i].RequestedParameters)
		s.inspectFilter(&r.ItemsToCreate[i].RequestedParameters)
	}
	return ua.Good
}

func boundQueue(p *ua.MonitoringParameters) {
	if _, events := p.Filter.(ua.EventFilter); !events {
		p.QueueSize = min(p.QueueSize, maxQueue)
	}
}

// note sees what has become of a request.
func (s *Server) note(c *guarded, ch channel, req ua.ServiceRequest) {
	switch r := req.(type) {
	case *ua.ActivateSessionRequest:
		session, ok := s.server.SessionManager().Get(r.AuthenticationToken)
		ok = ok && session.SecureChannelId() == ch.id()
		c.hasSession(ok)
		if ok {
			s.boundUser(session)
		}
	case *ua.CallRequest:
		s.auditDenied(r)
	case *ua.CloseSessionRequest:
		c.hasSession(false)
	}
}
