package web

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/uaguard"
)

// Times of a link.
const (
	publishEvery = 100 * time.Millisecond
	silentFor    = 6 * time.Second // after this the connection is thrown away, whatever it says of itself
	lookAgain    = time.Second     // for stations that came after us
	lookAround   = time.Minute     // for parts of a station that were not in use before: a tool, a material
	firstPause   = 300 * time.Millisecond
	longPause    = 5 * time.Second
)

// link is one person's OPC UA session with the gateway, held up until the person logs out. It feeds a model. A connection that
// breaks or falls silent is thrown away, and a new one is made: the library's own way to recover one may end in a silence that
// calls itself connected.
type link struct {
	gate *Gate
	log  *slog.Logger

	mu       sync.RWMutex
	who      person
	model    *Model
	client   *opcua.Client // nil while there is none
	methods  map[string]*method
	watchers map[chan struct{}]bool
	again    chan struct{} // asks for a new connection
}

func newLink(g *Gate, p person, log *slog.Logger) *link {
	return &link{gate: g, log: log, who: p, model: NewModel(time.Now()), watchers: map[chan struct{}]bool{}, again: make(chan struct{}, 1)}
}

// see shows the model as it is. The caller must keep nothing of it.
func (l *link) see(look func(*Model)) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	look(l.model)
}

// watch returns a channel that has something in it whenever the model has changed since it was last empty.
func (l *link) watch() (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watchers[c] = true
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers, c)
	}
}

// change changes the model and tells whoever watches.
func (l *link) change(how func(*Model, time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	how(l.model, time.Now())
	for c := range l.watchers {
		select {
		case c <- struct{}{}:
		default: // it has not looked yet, and will see this too
		}
	}
}

// speak changes the language: the session is opened anew with it.
func (l *link) speak(lang string) {
	l.mu.Lock()
	l.who.lang = lang
	l.mu.Unlock()
	select {
	case l.again <- struct{}{}:
	default:
	}
}

// connection is one connection while it lasts.
type connection struct {
	*opcua.Client
	lost  chan struct{}
	once  sync.Once
	notes chan *opcua.PublishNotificationData
	names map[uint32]string // what each watched value is called, by its handle; of the drain alone
	ready chan map[uint32]string
}

func (c *connection) lose() { c.once.Do(func() { close(c.lost) }) }

// connect opens a connection once.
func (l *link) connect(ctx context.Context) (*connection, error) {
	l.mu.RLock()
	who := l.who
	l.mu.RUnlock()
	c := &connection{lost: make(chan struct{}), notes: make(chan *opcua.PublishNotificationData, 256), names: map[uint32]string{}, ready: make(chan map[uint32]string)}
	client, err := l.gate.dial(ctx, who, func(s opcua.ConnState) {
		if s == opcua.Closed || s == opcua.Disconnected {
			c.lose()
		}
	})
	if err != nil {
		return nil, err
	}
	c.Client = client
	return c, nil
}

// run holds the link up until ctx ends or the login is not taken any more. It begins with a connection that is open.
func (l *link) run(ctx context.Context, c *connection) {
	pause := firstPause
	for {
		began := time.Now()
		err := l.serve(ctx, c)
		if ctx.Err() != nil {
			return
		}
		l.log.Info("connection to the gateway ended", "user", l.who.user, "err", err)
		if time.Since(began) > time.Minute {
			pause = firstPause
		}
		for c = nil; c == nil; {
			var err error
			if c, err = l.connect(ctx); err == nil {
				break
			}
			if ctx.Err() != nil {
				return
			}
			if errors.Is(err, errLogin) {
				l.change(func(m *Model, now time.Time) { m.SetLink(Refused, err.Error(), now) })
				return
			}
			l.change(func(m *Model, now time.Time) { m.SetLink(Dialling, plain(err), now) })
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // so that not all come at once
			}
			pause = min(2*pause, longPause)
		}
	}
}

// plain returns the part of an error that is for people.
func plain(err error) string {
	for _, known := range []error{errLogin, errNotYet, errTrust, errOther, errFull, errNoAnswer} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return errNoAnswer.Error()
}

// serve watches everything over one connection, until it is lost, falls silent, or ctx ends.
func (l *link) serve(ctx context.Context, c *connection) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	var drained sync.WaitGroup
	drained.Go(func() { l.drain(ctx, c) })
	defer drained.Wait()
	defer cancel()
	defer hangUp(c.Client)
	defer l.change(func(m *Model, now time.Time) {
		l.client = nil
		m.SetLink(Dialling, "the connection to the gateway is lost", now)
	})
	sub, err := l.subscribe(ctx, c)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	if err := l.look(ctx, c, sub, known); err != nil {
		return err
	}
	if err := l.watchAlarms(ctx, c, sub); err != nil {
		return err
	}
	l.change(func(m *Model, now time.Time) { l.client = c.Client; m.Heard = now; m.SetLink(Up, "", now) })
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	connected, looked := true, time.Now().Add(5*time.Second-lookAround) // once more soon: we may have come in the middle of their making
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-c.lost:
			return errors.New("it was lost")
		case <-l.again:
			return errors.New("another language is wanted")
		case now := <-tick.C:
			var silent, came bool
			l.see(func(m *Model) {
				silent = now.Sub(m.Heard) > silentFor
				came = len(m.Stations) == 0 || !connected && m.Bool("Line.Connected") || now.Sub(looked) > lookAround
				connected = m.Bool("Line.Connected")
			})
			if silent {
				return errors.New("nothing is heard over it")
			}
			if came {
				looked = now
				if err := l.look(ctx, c, sub, known); err != nil {
					return err
				}
			}
		}
	}
}

func (l *link) subscribe(ctx context.Context, c *connection) (*opcua.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return uaguard.Subscribe(ctx, c.Client, &opcua.SubscriptionParameters{Interval: publishEvery, MaxKeepAliveCount: 10, LifetimeCount: 100}, c.notes)
}

// look browses the gateway and watches what it did not watch yet.
func (l *link) look(ctx context.Context, c *connection, sub *opcua.Subscription, known map[string]bool) error {
	ctx, cancel := context.WithTimeout(ctx, 5*requestTimeout)
	defer cancel()
	f, err := browse(ctx, c.Client)
	if err != nil {
		return err
	}
	there := map[string]bool{}
	names := map[uint32]string{}
	var items []*ua.MonitoredItemCreateRequest
	for _, n := range append(f.variables, ua.NewNumericNodeID(0, id.Server_ServerStatus_CurrentTime)) {
		name := n.StringID()
		there[name] = true
		if known[name] {
			continue
		}
		known[name] = true
		handle := uint32(len(known)) //nolint:gosec // at most maxNodes
		names[handle] = name
		items = append(items, &ua.MonitoredItemCreateRequest{
			ItemToMonitor:  &ua.ReadValueID{NodeID: n, AttributeID: ua.AttributeIDValue, DataEncoding: &ua.QualifiedName{}},
			MonitoringMode: ua.MonitoringModeReporting,
			RequestedParameters: &ua.MonitoringParameters{
				ClientHandle: handle, DiscardOldest: true, QueueSize: 1, SamplingInterval: float64(publishEvery / time.Millisecond),
			},
		})
	}
	l.change(func(m *Model, _ time.Time) {
		m.Stations = f.stations
		for name := range f.methods {
			there[name] = true
			m.Methods[name] = f.methods[name].Method
		}
		m.Forget(func(node string) bool { return there[node] })
		l.methods = f.methods
	})
	l.log.Debug("watching the gateway", "user", l.who.user, "values", len(known), "new", len(items))
	select {
	case c.ready <- names:
	case <-ctx.Done():
		return ctx.Err()
	}
	for from := 0; from < len(items); from += readAtOnce {
		if _, err := sub.Monitor(ctx, ua.TimestampsToReturnSource, items[from:min(from+readAtOnce, len(items))]...); err != nil {
			return err
		}
	}
	return nil
}

// drain takes notifications as fast as they come: one that waits would hold up the connection's keep-alives.
func (l *link) drain(ctx context.Context, c *connection) {
	for {
		select {
		case <-ctx.Done():
			return
		case names := <-c.ready:
			maps.Copy(c.names, names)
		case note := <-c.notes:
			switch v := note.Value.(type) {
			case *ua.DataChangeNotification:
				l.change(func(m *Model, now time.Time) { l.hear(m, c.names, v, now) })
			case *ua.EventNotificationList:
				l.change(func(m *Model, now time.Time) { raise(m, v, now) })
			case *ua.StatusChangeNotification:
				c.lose() // the gateway has dropped the subscription
			}
		}
	}
}

func (l *link) hear(m *Model, names map[uint32]string, v *ua.DataChangeNotification, now time.Time) {
	for _, item := range v.MonitoredItems {
		if item == nil || item.Value == nil {
			continue
		}
		m.Heard = now
		if name := names[item.ClientHandle]; name != "" {
			m.Hear(name, datum(item.Value), now)
		}
	}
}

// datum takes a value out of its wrapping.
func datum(v *ua.DataValue) Datum {
	d := Datum{Quality: Old, At: v.SourceTimestamp}
	if v.Status == ua.StatusOK {
		d.Quality = Good
	}
	if v.Status == ua.StatusBadWaitingForInitialData {
		return Datum{Quality: None, At: v.SourceTimestamp}
	}
	if v.Value == nil {
		return d
	}
	switch value := v.Value.Value().(type) {
	case *ua.LocalizedText:
		d.Value = words(value)
	case []*ua.LocalizedText:
		list := make([]Words, len(value))
		for i, t := range value {
			list[i] = words(t)
		}
		d.Value = list
	case bool, int32, uint32, float64, string, time.Time, []bool, []int32, []uint32, []float64, []string, []time.Time:
		d.Value = value
	}
	return d
}

func words(t *ua.LocalizedText) Words {
	if t == nil {
		return Words{}
	}
	return Words{t.Text, t.Locale}
}
