package accounts

import (
	"crypto/sha256"
	"errors"
	"time"

	"linectl/line"
)

// The bounds of sessions.
const (
	idleFor        = 30 * time.Minute // without a request it ends
	longestSession = 12 * time.Hour   // a shift; then one logs in again whatever one did
	maxSessions    = 256
	maxPerUser     = 16
)

// ErrNoSession says that a token opens no session: never did, timed out, logged out, or its account is disabled.
var ErrNoSession = errors.New("this session has ended; log in again")

// Session is what somebody gets who has logged in. The roles are those of the moment; what a command may do is decided by the
// roles of its own moment.
type Session struct {
	Token   string      `json:"token"` // opens the session; give it to nobody
	User    string      `json:"user"`
	Roles   []line.Role `json:"roles"`
	Expires time.Time   `json:"expires"` // unless it is used before
	Proof   line.Proof  `json:"proof"`   // how the person has logged in
}

type open struct {
	user       string
	proof      line.Proof
	from, used time.Time
}

func (o open) expires() time.Time {
	idle, end := o.used.Add(idleFor), o.from.Add(longestSession)
	if end.Before(idle) {
		return end
	}
	return idle
}

// sessions are those that are open, by the hash of their token: who reads the memory of this process finds no token. It is a
// pure value: time and tokens are arguments.
type sessions struct {
	open map[[sha256.Size]byte]open
}

// begin opens a session. Where there are too many, of this user or of all, the one that was not used for longest ends.
func (s *sessions) begin(now time.Time, token, user string, proof line.Proof) time.Time {
	if s.open == nil {
		s.open = map[[sha256.Size]byte]open{}
	}
	s.sweep(now)
	s.makeRoom(maxPerUser, func(o open) bool { return o.user == user })
	s.makeRoom(maxSessions, func(open) bool { return true })
	o := open{user: user, proof: proof, from: now, used: now}
	s.open[sha256.Sum256([]byte(token))] = o
	return o.expires()
}

func (s *sessions) sweep(now time.Time) {
	for key, o := range s.open {
		if !now.Before(o.expires()) {
			delete(s.open, key)
		}
	}
}

func (s *sessions) makeRoom(most int, among func(open) bool) {
	for {
		count := 0
		var oldest [sha256.Size]byte
		var least time.Time
		for key, o := range s.open {
			if !among(o) {
				continue
			}
			if count == 0 || o.used.Before(least) {
				oldest, least = key, o.used
			}
			count++
		}
		if count < most {
			return
		}
		delete(s.open, oldest)
	}
}

// use finds a session and prolongs it.
func (s *sessions) use(now time.Time, token string) (o open, ok bool) {
	key := sha256.Sum256([]byte(token))
	o, ok = s.open[key]
	if !ok || !now.Before(o.expires()) {
		delete(s.open, key)
		return open{}, false
	}
	o.used = now
	s.open[key] = o
	return o, true
}

func (s *sessions) end(token string) { delete(s.open, sha256.Sum256([]byte(token))) }

// endAll ends every session of a user.
func (s *sessions) endAll(user string) {
	for key, o := range s.open {
		if o.user == user {
			delete(s.open, key)
		}
	}
}
