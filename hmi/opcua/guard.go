package opcua

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// How many connections there may be. The operator's own client comes before a stranger: a source that has opened a channel
// with a certificate that is trusted keeps places, and whoever has a session is never made to give way.
const (
	maxConnections = 200
	keptForKnown   = 50
	maxOfSource    = 100
	burst          = 200 // new connections of a source at once
	perSecond      = 20  // and after that
	maxSources     = 4096
	forgetAfter    = 10 * time.Minute
	refusalsLogged = 20 // a minute
)

// source is where a connection comes from: an IPv4 address or an IPv6 network of one host.
type source netip.Prefix

func sourceFrom(a net.Addr) source {
	ap, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return source{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return source{}
	}
	return source(p)
}

// guard stands before the library: it takes the connections, bounds their number, and looks at what strangers send.
//
// It does not know users: who may do what is decided behind it.
type guard struct {
	log   *slog.Logger
	frame framer // as each connection's begins

	mu      sync.Mutex
	open    map[*guarded]struct{}
	sources map[source]*visits
	logged  bucket
}

// visits is what is known of a source.
type visits struct {
	open  int
	known bool
	new   bucket
	last  time.Time
}

// bucket gives out so many at once, and then so many a second.
type bucket struct {
	left float64
	at   time.Time
}

func (b *bucket) take(now time.Time, most, rate float64) bool {
	if b.at.IsZero() {
		b.left = most
	} else {
		b.left = min(most, b.left+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

func newGuard(log *slog.Logger, frame framer) *guard {
	return &guard{log: log, frame: frame, open: map[*guarded]struct{}{}, sources: map[source]*visits{}}
}

// serve takes connections until the listener is closed, and returns when the last one has ended.
func (g *guard) serve(l net.Listener, attend func(*guarded)) {
	var wait sync.WaitGroup
	defer wait.Wait()
	defer g.closeAll()
	for {
		conn, err := l.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil: // too many open files: others will end
			g.log.Warn("connection not taken", "err", err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		c, ok := g.admit(conn, time.Now())
		if !ok {
			_ = conn.Close()
			continue
		}
		wait.Go(func() {
			defer g.gone(c)
			attend(c)
		})
	}
}

// admit makes room for a connection if it may have some.
func (g *guard) admit(conn net.Conn, now time.Time) (*guarded, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := sourceFrom(conn.RemoteAddr())
	v := g.visitsOf(from, now)
	if !v.new.take(now, burst, perSecond) {
		return nil, false
	}
	most := maxConnections
	if !v.known {
		most -= keptForKnown
	}
	if v.open >= maxOfSource && !g.makeRoom(func(c *guarded) bool { return c.from == from }) {
		return nil, false
	}
	if len(g.open) >= most && !g.makeRoom(func(*guarded) bool { return true }) {
		return nil, false
	}
	c := &guarded{Conn: conn, guard: g, from: from, visits: v, began: now, since: now, lastSeen: now, in: bufio.NewReaderSize(conn, readAhead), frame: g.frame}
	g.open[c] = struct{}{}
	v.open++
	return c, true
}

// visitsOf keeps a bounded number of sources. Those that it has no place for share one.
func (g *guard) visitsOf(from source, now time.Time) *visits {
	if v := g.sources[from]; v != nil {
		v.last = now
		return v
	}
	if len(g.sources) >= maxSources {
		for s, v := range g.sources {
			if v.open == 0 && now.Sub(v.last) > forgetAfter {
				delete(g.sources, s)
			}
		}
	}
	if len(g.sources) >= maxSources {
		from = source{}
		if v := g.sources[from]; v != nil {
			return v
		}
	}
	v := &visits{last: now}
	g.sources[from] = v
	return v
}

// makeRoom cuts the connection without a session that has been silent for longest. The caller holds the mutex.
func (g *guard) makeRoom(among func(*guarded) bool) bool {
	var oldest *guarded
	var since time.Time
	for c := range g.open {
		at, without := c.idle()
		if without && among(c) && (oldest == nil || at.Before(since)) {
			oldest, since = c, at
		}
	}
	if oldest == nil {
		return false
	}
	g.forget(oldest)
	_ = oldest.Close()
	return true
}

// forget gives a connection's places back, once. The caller holds the mutex.
func (g *guard) forget(c *guarded) {
	if _, ok := g.open[c]; !ok {
		return
	}
	delete(g.open, c)
	c.visits.open--
}

func (g *guard) gone(c *guarded) {
	_ = c.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forget(c)
}

func (g *guard) closeAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c := range g.open {
		_ = c.Close()
	}
}

// channelOpened notes that a client of that source has proven a certificate that is trusted.
func (g *guard) channelOpened(c *guarded) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.visits.known = true
}

// refused says why a connection was cut, but not as often as a flood would have it.
func (g *guard) refused(c *guarded, why error) {
	g.mu.Lock()
	say := g.logged.take(time.Now(), refusalsLogged, refusalsLogged/60.)
	g.mu.Unlock()
	if say {
		g.log.Warn("connection cut", "from", c.host(), "err", why)
	}
}

// host is the address of the client without its port: a source of logins.
func (c *guarded) host() string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return fmt.Sprint(c.RemoteAddr())
	}
	return host
}
