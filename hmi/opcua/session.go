package opcua

import (
	"context"
	"time"

	"github.com/awcullen/opcua/server"
)

const tidyEvery = 2 * time.Second

// roomForSession drops the oldest sessions that nobody has logged in with: whoever makes sessions and does not log in takes
// places from their like, and from nobody who works.
func (s *Server) roomForSession() {
	for {
		var unused []*server.Session
		all := sessions(s.server)
		for _, session := range all {
			if session.SecureChannelId() == 0 {
				unused = append(unused, session)
			}
		}
		if len(unused) == 0 || len(unused) < maxUnused && len(all) < maxSessions {
			return
		}
		s.end(oldest(unused))
	}
}

// boundUser ends the session that a person has not used for longest, when there are too many of that person's.
func (s *Server) boundUser(now *server.Session) {
	var theirs []*server.Session
	user := s.userOf(now)
	for _, session := range sessions(s.server) {
		if session != now && s.userOf(session) == user && session.SecureChannelId() != 0 {
			theirs = append(theirs, session)
		}
	}
	if len(theirs) >= maxOfUser {
		s.end(oldest(theirs))
	}
}

func oldest(list []*server.Session) *server.Session {
	first := list[0]
	for _, session := range list[1:] {
		if session.LastAccess().Before(first.LastAccess()) {
			first = session
		}
	}
	return first
}

// userOf is the name of a session's person, or empty.
func (s *Server) userOf(session *server.Session) string {
	if who, ok := credentialOf(session.UserIdentity()); ok {
		return s.logins.known(who).User
	}
	return ""
}

// EndSessions ends the sessions of a person, and forgets who they were: their account has changed at that time, and a session may
// show and do only what the account may now. Their clients are told that the session is not valid, and log in anew if they may.
func (s *Server) EndSessions(user string, changed time.Time) {
	ended := 0
	for _, session := range sessions(s.server) {
		if who, ok := credentialOf(session.UserIdentity()); ok && s.logins.knownBefore(who, user, changed) {
			s.end(session)
			ended++
		}
	}
	s.logins.drop(user, changed)
	if ended > 0 {
		s.o.Log.Info("sessions ended, the account has changed", "user", user, "sessions", ended)
	}
}

// end ends a session with its subscriptions.
func (s *Server) end(session *server.Session) {
	defer s.contain("end of a session", func() {})
	for _, sub := range s.server.SubscriptionManager().GetBySession(session) {
		s.endSubscription(sub)
	}
	s.server.SessionManager().Delete(session)
}

func (s *Server) endSubscription(sub *server.Subscription) {
	defer s.contain("end of a subscription", func() {}) // it may end in this very moment by itself
	s.server.SubscriptionManager().Delete(sub)
	sub.Delete()
}

// tidy ends the subscriptions of sessions that have ended by themselves: no other session can take them over.
func (s *Server) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		there := map[*server.Session]bool{}
		for _, session := range sessions(s.server) {
			there[session] = true
		}
		for sub, session := range subscriptions(s.server) {
			if session != nil && !there[session] {
				s.endSubscription(sub)
			}
		}
	}
}
