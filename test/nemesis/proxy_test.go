package nemesis

import (
	"context"
	"net"
	"sync"
	"time"

	"linectl/internal/process"
)

// how a wire is disturbed at one byte.
type how int

const (
	reset    how = iota // the connection is reset after that many bytes
	split               // the rest comes later
	halfOpen            // nothing goes through any more, and nobody says so; at last it is closed
	hows
)

// cut is one disturbance: in a request or in its reply, after how many of its bytes.
type cut struct {
	how   how
	reply bool
	at    int
}

// book hands out the cuts of one protocol: each in turn, offset by offset of the longest request and the longest reply so far.
type book struct {
	mu      sync.Mutex
	longest [2]int // request, reply
	next    [hows]int
	turn    int
	total   int // cuts that there shall be
	rest    int // of them, those that are still to be made
	done    [hows]int
	offsets map[cut]bool // resets that were made, by their place
}

// take returns the next cut, if there is one.
func (b *book) take() (c cut, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.longest[0] + b.longest[1]
	if b.rest <= 0 || all == 0 {
		return c, false
	}
	c.how = []how{reset, reset, split, reset, reset, halfOpen}[b.turn%6]
	b.turn++
	n := b.next[c.how] % all
	b.next[c.how] += max(1, all*3/(2*b.total)) + int(c.how)*6 // of the others not every place
	if c.at = n; n >= b.longest[0] {
		c.reply, c.at = true, n-b.longest[0]
	}
	return c, true
}

func (b *book) made(c cut) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest--
	b.done[c.how]++
	if c.how == reset {
		b.offsets[c] = true
	}
}

func (b *book) left() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rest
}

func (b *book) saw(reply, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.longest[reply] = max(b.longest[reply], n)
}

// wire is the way to one device, through this test.
type wire struct {
	listener net.Listener
	to       string
	book     *book

	mu      sync.Mutex
	armed   *cut
	tries   int
	healthy time.Time // since when nothing was disturbed
}

// rest is how long a wire works between two cuts.
const rest = 150 * time.Millisecond

func newWire(ctx context.Context, to string, b *book) (*wire, error) {
	l, err := process.HoldPort(ctx)
	if err != nil {
		return nil, err
	}
	w := &wire{listener: l, to: to, book: b}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go w.carry(ctx, c.(*net.TCPConn))
		}
	}()
	return w, nil
}

// setup is how many exchanges make a session; they are disturbed too, but their length is not that of the others.
const setup = 20

// link is one connection through a wire. One exchange after the other goes over it.
type link struct {
	w                *wire
	client, server   *net.TCPConn
	mu               sync.Mutex
	seen             [2]int // bytes of this exchange in each direction
	cut              *cut   // of this exchange
	answered, silent bool
	count            int // exchanges
}

func (w *wire) carry(ctx context.Context, client *net.TCPConn) {
	var d net.Dialer
	server, err := d.DialContext(ctx, "tcp", w.to)
	if err != nil {
		_ = client.SetLinger(0)
		_ = client.Close()
		return
	}
	l := &link{w: w, client: client, server: server.(*net.TCPConn)}
	w.mu.Lock()
	w.healthy = time.Now()
	w.mu.Unlock()
	go l.pump(1, l.server, l.client)
	l.pump(0, l.client, l.server)
}

// pump carries bytes one way. What it reads is disturbed where a cut says so.
func (l *link) pump(way int, from, to *net.TCPConn) {
	defer func() { _, _ = from.Close(), to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		before, then := l.next(way, n)
		if _, err := to.Write(buffer[:before]); err != nil {
			return
		}
		switch {
		case then == nil:
			continue
		case then.how == reset:
			_, _ = from.SetLinger(0), to.SetLinger(0)
			return
		case then.how == halfOpen:
			time.Sleep(2 * time.Second) // the fault itself
			return
		}
		time.Sleep(20 * time.Millisecond) // the fault itself
		if _, err := to.Write(buffer[before:n]); err != nil {
			return
		}
	}
}

// next says how many of n bytes go through at once, and what happens then.
func (l *link) next(way, n int) (before int, then *cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.silent {
		return 0, &cut{how: halfOpen}
	}
	if way == 0 && (l.answered || l.seen == [2]int{}) { // a new exchange begins
		l.seen, l.answered, l.cut = [2]int{}, false, l.w.arm()
		l.count++
	}
	if way == 1 {
		l.answered = true
	}
	at := l.seen[way]
	l.seen[way] += n
	if l.count > setup {
		l.w.book.saw(way, l.seen[way])
	}
	c := l.cut
	if c == nil || c.reply != (way == 1) || c.at >= l.seen[way] {
		return n, nil
	}
	l.cut = nil
	l.silent = c.how == halfOpen
	l.w.struck(*c)
	return c.at - at, c
}

// settled reports whether the wire has worked for a while.
func (w *wire) settled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Since(w.healthy) >= rest
}

// arm returns the cut for a new exchange: that which the last was too short for, or the next one in the book.
func (w *wire) arm() *cut {
	if !w.settled() {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.armed != nil && w.tries < 40 {
		w.tries++
		return w.armed
	}
	w.armed, w.tries = nil, 0
	if c, ok := w.book.take(); ok {
		w.armed = &c
	}
	return w.armed
}

func (w *wire) struck(c cut) {
	w.mu.Lock()
	w.armed, w.healthy = nil, time.Now()
	w.mu.Unlock()
	w.book.made(c)
}
