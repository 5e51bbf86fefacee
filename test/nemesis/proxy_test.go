package nemesis

import (
	"context"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
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

// book hands out the cuts of one protocol. A split costs nothing and is made at every byte of the longest request and the longest reply so
// far. A reset costs a connection, and of half open ones there are few: where there are more places than cuts, every so manieth is
// taken, from another first one in each run.
type book struct {
	mu      sync.Mutex
	longest [2]int // request, reply
	lengths [2]map[int]int
	budget  [hows]int // how many there may be; 0 is no bound
	first   int
	turn    int
	made    map[cut]bool
	greeted int // resets while a session was made
	over    bool
}

func newBook(total int) *book {
	return &book{budget: [hows]int{reset: total * 5 / 6, halfOpen: total / 6}, first: rand.IntN(1 << 20), made: map[cut]bool{}} //nolint:gosec // a place
}

// step is how far apart the places of one kind are: a power of two, so that those that were made stay among them when a longer message
// comes.
func (b *book) step(h how) int {
	step := 1
	for b.budget[h] > 0 && (b.longest[0]+b.longest[1])/step > b.budget[h] {
		step *= 2
	}
	return step
}

// last returns the last place for a kind of cut among n bytes of a message, of which there were at before, if one is left.
func (b *book) last(h how, way, at, n int) (c cut, ok bool) {
	step := b.step(h)
	for i := at + n - 1; i >= at; i-- {
		if c = (cut{h, way == 1, i}); (i+b.first)%step == 0 && !b.made[c] {
			return c, true
		}
	}
	return c, false
}

// take returns the next cut for n bytes of a message, if there is one.
func (b *book) take(way, at, n int, kinds ...how) *cut {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return nil
	}
	for _, h := range kinds {
		if c, ok := b.last(h, way, at, n); ok {
			b.made[c] = true
			b.turn++
			return &c
		}
	}
	return nil
}

// hard are the kinds of cut that cost a connection, the one whose turn it is first.
func (b *book) hard() []how {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.turn%6 == 5 {
		return []how{halfOpen, reset}
	}
	return []how{reset, halfOpen}
}

// done is how many cuts of a kind were made.
func (b *book) done(h how) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for c := range b.made {
		if c.how == h {
			n++
		}
	}
	return n
}

// left is how many places of the kind are left.
func (b *book) left(h how) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for way, bytes := range b.longest {
		for i := range bytes {
			if (i+b.first)%b.step(h) == 0 && !b.made[cut{h, way == 1, i}] {
				n++
			}
		}
	}
	return n
}

// full reports whether all that there shall be was made.
func (b *book) full() bool {
	if b.done(reset) > 0 && b.left(reset)+b.left(split)+b.left(halfOpen) == 0 {
		b.close()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.over
}

// close ends the cuts; what is longer later does not count.
func (b *book) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
}

// greet notes a reset while a session was made.
func (b *book) greet() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.greeted++
}

// often is how often a length must have been reached to count: two messages that come at once are no long one.
const often = 20

func (b *book) saw(way, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over || n <= b.longest[way] {
		return
	}
	if b.lengths[way] == nil {
		b.lengths[way] = map[int]int{}
	}
	b.lengths[way][n]++
	times := 0
	for _, l := range slices.Backward(slices.Sorted(maps.Keys(b.lengths[way]))) {
		if times += b.lengths[way][l]; times >= often {
			b.longest[way] = max(b.longest[way], l)
			return
		}
	}
}

// wire is the way to one device, through this test.
type wire struct {
	listener net.Listener
	to       string
	book     *book

	mu      sync.Mutex
	healthy time.Time // since when nothing was disturbed
}

// rest is how long a wire works between two cuts.
const rest = 100 * time.Millisecond

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

// setup is how many exchanges make a session. Their length is not that of the others; of some sessions one exchange is reset.
const setup = 20

// link is one connection through a wire. One exchange after the other goes over it.
type link struct {
	w                *wire
	client, server   *net.TCPConn
	greeting         int // exchange that is reset
	mu               sync.Mutex
	seen             [2]int // bytes of this exchange in each direction
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
	l := &link{w: w, client: client, server: server.(*net.TCPConn), greeting: 1 + rand.IntN(10*setup)} //nolint:gosec // a place
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
		time.Sleep(5 * time.Millisecond) // the fault itself
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
		l.seen, l.answered = [2]int{}, false
		l.count++
	}
	if way == 1 {
		l.answered = true
	}
	at := l.seen[way]
	l.seen[way] += n
	switch {
	case l.count > setup:
		l.w.book.saw(way, l.seen[way])
		then = l.w.disturb(way, at, n)
	case l.count == l.greeting && n > 0:
		l.w.book.greet()
		then = &cut{reset, way == 1, at + rand.IntN(n)} //nolint:gosec // a place
	}
	if then == nil {
		return n, nil
	}
	l.silent = then.how == halfOpen
	return then.at - at, then
}

// disturb returns the cut for some bytes of a message: one that costs a connection when the wire has worked for a while.
func (w *wire) disturb(way, at, n int) *cut {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.healthy) >= rest {
		if c := w.book.take(way, at, n, w.book.hard()...); c != nil {
			w.healthy = time.Now()
			return c
		}
	}
	return w.book.take(way, at, n, split)
}
