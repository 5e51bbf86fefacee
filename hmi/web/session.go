package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"sync"
	"time"
)

// Bounds of the sessions of browsers.
const (
	maxSessions   = 64 // the gateway takes 100, and the line's own HMI is not the only client
	maxOfUser     = 8
	maxStreams    = 5                   // pages that one session watches at a time
	sessionEnds   = 12 * time.Hour      // after login
	watcherEnds   = 30 * 24 * time.Hour // of one that may only look: a screen on a wall
	unseenEnds    = 30 * time.Minute    // without a request and without an open page
	commandsSleep = 15 * time.Minute    // without a touch of the screen; then a command asks for the password
	maxWrong      = 5                   // wrong passwords in a row, then the session ends
)

// session is one browser that is logged in.
type session struct {
	user  string
	began time.Time
	link  *link
	end   context.CancelFunc
	over  <-chan struct{}

	leaves leaves

	mu      sync.Mutex
	lang    string
	secret  [32]byte // of the password, to compare
	seen    time.Time
	touched time.Time // by a person
	streams map[int]context.CancelFunc
	next    int // number of the next stream
	wrong   int
}

// sessions are all that there are, by their token.
type sessions struct {
	mu   sync.Mutex
	all  map[string]*session
	join sync.WaitGroup
}

// cookieName is __Host- where the connection is encrypted. Browsers take a Secure cookie over plain HTTP from some loopback
// addresses and not from others, so there it is one without; nothing on the wire can read it, for there is no wire.
func cookieName(secure bool) string {
	if secure {
		return "__Host-linectl"
	}
	return "linectl-hmi"
}

func setCookie(w http.ResponseWriter, secure bool, token string) {
	c := &http.Cookie{Name: cookieName(secure), Value: token, Path: "/", Secure: secure, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// open adds the session of a connection, with a new token.
func (s *sessions) open(p person, l *link, c *connection, now time.Time) string {
	return s.add(p.user, p.password, p.lang, l, func(ctx context.Context) { l.run(ctx, c) }, now)
}

// add adds a session. The one of the same person, or of all, that was not used for longest makes room.
func (s *sessions) add(user, password, lang string, l *link, run func(context.Context), now time.Time) string {
	ctx, end := context.WithCancel(context.Background())
	one := &session{user: user, began: now, link: l, end: end, over: ctx.Done(), lang: lang, secret: sha256.Sum256([]byte(password)), seen: now, touched: now}
	token := rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*session{}
	}
	s.makeRoom(func(o *session) bool { return o.user == user }, maxOfUser)
	s.makeRoom(func(*session) bool { return true }, maxSessions)
	s.all[token] = one
	s.join.Go(func() { run(ctx) })
	return token
}

// makeRoom ends the session that was seen longest ago of those that are meant, if there are as many as there may be.
func (s *sessions) makeRoom(meant func(*session) bool, most int) {
	oldest, count := "", 0
	for token, o := range s.all {
		if !meant(o) {
			continue
		}
		count++
		if oldest == "" || o.lastSeen().Before(s.all[oldest].lastSeen()) {
			oldest = token
		}
	}
	if count >= most {
		s.drop(oldest)
	}
}

func (s *sessions) drop(token string) {
	if one := s.all[token]; one != nil {
		one.end()
		delete(s.all, token)
	}
}

// close ends a session.
func (s *sessions) close(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(token)
}

// of returns the session of a request, and notes that it was seen.
func (s *sessions) of(r *http.Request, secure bool, now time.Time) (*session, string) {
	c, err := r.Cookie(cookieName(secure))
	if err != nil {
		return nil, ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.all[c.Value]
	if one == nil || one.ended(now) {
		s.drop(c.Value)
		return nil, ""
	}
	one.mu.Lock()
	one.seen = now
	one.mu.Unlock()
	return one, c.Value
}

// sweep ends the sessions whose time is over.
func (s *sessions) sweep(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for token, one := range s.all {
		if one.ended(now) {
			s.drop(token)
		}
	}
}

// closeAll ends every session and waits for their links.
func (s *sessions) closeAll() {
	s.mu.Lock()
	for token := range s.all {
		s.drop(token)
	}
	s.mu.Unlock()
	s.join.Wait()
}

func (o *session) lastSeen() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.seen
}

// ended reports whether the session is over: refused by the gateway, too old, or unseen for too long.
func (o *session) ended(now time.Time) bool {
	var refused, may bool
	o.link.see(func(m *Model) { refused, may = m.Link == Refused, m.MayAnything() })
	o.mu.Lock()
	defer o.mu.Unlock()
	long := sessionEnds
	if !may {
		long = watcherEnds
	}
	return refused || now.Sub(o.began) > long || len(o.streams) == 0 && now.Sub(o.seen) > unseenEnds
}

// touch notes that a person is there.
func (o *session) touch(now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now.Sub(o.touched) <= commandsSleep {
		o.touched = now
	}
}

// asleep reports whether commands ask for the password first.
func (o *session) asleep(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return now.Sub(o.touched) > commandsSleep
}

// wake takes the password again. The second result says that it was wrong too often.
func (o *session) wake(password string, now time.Time) (right, enough bool) {
	given := sha256.Sum256([]byte(password))
	o.mu.Lock()
	defer o.mu.Unlock()
	if subtle.ConstantTimeCompare(given[:], o.secret[:]) == 1 {
		o.touched, o.wrong = now, 0
		return true, false
	}
	o.wrong++
	return false, o.wrong >= maxWrong
}

func (o *session) language() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.lang
}

func (o *session) speak(lang string) {
	o.mu.Lock()
	o.lang = lang
	o.mu.Unlock()
	o.link.speak(lang)
}

// stream takes a place for a page that watches, and returns how to give it up. The one that has watched longest makes room.
func (o *session) stream(end context.CancelFunc) (leave func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.streams == nil {
		o.streams = map[int]context.CancelFunc{}
	}
	if len(o.streams) >= maxStreams {
		oldest := o.next
		for n := range o.streams {
			oldest = min(oldest, n)
		}
		o.streams[oldest]()
		delete(o.streams, oldest)
	}
	number := o.next
	o.next++
	o.streams[number] = end
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.streams, number)
		o.seen = time.Now()
	}
}
