package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/uaguard"
)

// Times are how long single requests took.
type Times struct {
	N   int           `json:"n"`
	P50 time.Duration `json:"p50"`
	P99 time.Duration `json:"p99"`
}

func times(all []time.Duration) Times {
	if len(all) == 0 {
		return Times{}
	}
	slices.Sort(all)
	return Times{N: len(all), P50: all[len(all)/2], P99: all[min(len(all)-1, len(all)*99/100)]}
}

// Reads is what one client got that asks again as soon as it is answered.
type Reads struct {
	Values  int           `json:"values"`
	Took    time.Duration `json:"took"`
	Request Times         `json:"request"`
}

// Rate reads batch values at a time, going round the names, for so long. A value that is not Good is an error.
func (c *Client) Rate(ctx context.Context, names []string, batch int, long time.Duration) (Reads, error) {
	var all []time.Duration
	part := make([]string, batch)
	at, r, began := 0, Reads{}, time.Now()
	for time.Since(began) < long {
		for i := range part {
			part[i] = names[at%len(names)]
			at++
		}
		asked := time.Now()
		res, err := c.read(ctx, part)
		if err != nil {
			return r, err
		}
		all = append(all, time.Since(asked))
		for i, v := range res.Results {
			if v.Status != ua.StatusOK {
				return r, fmt.Errorf("read: %s is %w", part[i], v.Status)
			}
		}
		r.Values += batch
	}
	r.Took, r.Request = time.Since(began), times(all)
	return r, nil
}

// Calls calls a method that takes two texts, one call after the other with a pause between them, for so long. A call that is not
// answered Good is an error.
func (c *Client) Calls(ctx context.Context, object, method string, pause, long time.Duration) (Times, error) {
	var all []time.Duration
	for began := time.Now(); time.Since(began) < long; {
		asked := time.Now()
		res, err := c.Call(ctx, &ua.CallMethodRequest{
			ObjectID: c.Node(object), MethodID: c.Node(method), InputArguments: []*ua.Variant{ua.MustVariant(""), ua.MustVariant("bench")},
		})
		if err != nil {
			return Times{}, fmt.Errorf("call of %s: %w", method, err)
		}
		if res.StatusCode != ua.StatusOK {
			return Times{}, fmt.Errorf("call of %s: %w", method, res.StatusCode)
		}
		all = append(all, time.Since(asked))
		select {
		case <-ctx.Done():
			return Times{}, ctx.Err()
		case <-time.After(pause):
		}
	}
	return times(all), nil
}

// Watch says who watches what.
type Watch struct {
	Clients  int
	Items    int           // of each client
	Users    []string      // who the clients are, in turn; a server may bound the sessions of one person
	Names    []string      // what is watched, in turn
	Interval time.Duration // of publishing
	Sampling time.Duration
	Queue    uint32 // of each item
}

// Watching is a crowd of clients that watch.
type Watching struct {
	clients  []*Client
	from, to atomic.Int64 // the window of source times that count, Unix ns
	mu       sync.Mutex
	last     time.Time // source time of what came last
	count    int
	late     []time.Duration
	failed   error
}

// Delivered is what came of the changes of a window of time.
type Delivered struct {
	Values int       `json:"values"`
	Late   Times     `json:"late"` // from the source's time to the client
	From   time.Time `json:"from"` // the window: source times from here
	To     time.Time `json:"to"`   // to before this
}

// Watch opens the clients, and when all have come in a subscription for each: a server that is already at its end with those who
// watch would let nobody in any more. Call Close at the end.
func (s Server) Watch(ctx context.Context, w Watch) (*Watching, error) {
	all := &Watching{}
	for i := range w.Clients {
		s.User = w.Users[i%len(w.Users)]
		c, err := s.Dial(ctx)
		if err != nil {
			all.Close()
			return nil, err
		}
		all.clients = append(all.clients, c)
	}
	for i, c := range all.clients {
		if err := all.subscribe(ctx, c, w, i*w.Items); err != nil {
			all.Close()
			return nil, fmt.Errorf("watch: %w", err)
		}
	}
	return all, nil
}

// subscribe lets one client watch its items, from the at-th name on.
func (w *Watching) subscribe(ctx context.Context, c *Client, what Watch, at int) error {
	notes := make(chan *opcua.PublishNotificationData, 64)
	sub, err := uaguard.Subscribe(ctx, c.Client, &opcua.SubscriptionParameters{Interval: what.Interval}, notes)
	if err != nil {
		return err
	}
	go w.listen(ctx, notes)
	var items []*ua.MonitoredItemCreateRequest
	for i := range what.Items {
		item := opcua.NewMonitoredItemCreateRequestWithDefaults(c.Node(what.Names[(at+i)%len(what.Names)]), ua.AttributeIDValue, uint32(i))
		item.RequestedParameters.SamplingInterval = float64(what.Sampling.Milliseconds())
		item.RequestedParameters.QueueSize = what.Queue
		items = append(items, item)
	}
	for part := range slices.Chunk(items, 250) {
		res, err := sub.Monitor(ctx, ua.TimestampsToReturnBoth, part...)
		if err != nil {
			return err
		}
		for _, r := range res.Results {
			if r.StatusCode != ua.StatusOK {
				return r.StatusCode
			}
		}
	}
	return nil
}

func (w *Watching) listen(ctx context.Context, notes <-chan *opcua.PublishNotificationData) {
	for {
		select {
		case <-ctx.Done():
			return
		case note := <-notes:
			w.take(note, time.Now())
		}
	}
}

func (w *Watching) take(note *opcua.PublishNotificationData, now time.Time) {
	change, ok := note.Value.(*ua.DataChangeNotification)
	w.mu.Lock()
	defer w.mu.Unlock()
	if note.Error != nil && w.failed == nil {
		w.failed = note.Error
	}
	if !ok {
		return
	}
	from, to := w.from.Load(), w.to.Load()
	for _, item := range change.MonitoredItems {
		at := item.Value.SourceTimestamp
		w.last = at
		if n := at.UnixNano(); n >= from && n < to && item.Value.Status == ua.StatusOK {
			w.count++
			if w.count%16 == 0 {
				w.late = append(w.late, now.Sub(at))
			}
		}
	}
}

// Window counts what is delivered of the changes that the source makes from now on for so long, and waits a little longer for the
// last of them. The source should change at every step; the window begins half a step after a change, so that it holds a whole
// number of them. How many the source did make in it only the source knows. A subscription that failed is an error.
func (w *Watching) Window(ctx context.Context, step, long time.Duration) (Delivered, error) {
	w.mu.Lock()
	if w.last.IsZero() {
		w.mu.Unlock()
		return Delivered{}, errors.New("subscription: nothing came at all")
	}
	began := w.last.Add(step / 2)
	for began.Before(time.Now()) {
		began = began.Add(step)
	}
	w.count, w.late = 0, nil
	w.from.Store(began.UnixNano())
	w.to.Store(began.Add(long).UnixNano())
	w.mu.Unlock()
	select {
	case <-ctx.Done():
		return Delivered{}, ctx.Err()
	case <-time.After(time.Until(began.Add(long + afterwards))):
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed != nil {
		return Delivered{}, fmt.Errorf("subscription: %w", w.failed)
	}
	return Delivered{Values: w.count, Late: times(w.late), From: began, To: began.Add(long)}, nil
}

// afterwards is how long the last changes of a window are waited for.
const afterwards = time.Second

// Close ends the sessions, all at once.
func (w *Watching) Close() {
	var wait sync.WaitGroup
	for _, c := range w.clients {
		wait.Go(c.Close)
	}
	wait.Wait()
}
