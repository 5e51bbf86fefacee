package opcua

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"linectl/line"
)

// StaleAfter is how long the supervisor may be silent before its values are no longer shown as Good. It sends at least every
// half second.
const StaleAfter = 2 * time.Second

// ageEvery is how often the age of the values is published while the supervisor is silent.
const ageEvery = time.Second

// ErrNoSession says that the supervisor does not know a login any more.
var ErrNoSession = errors.New("the login has ended")

// Line is the way to the supervisor.
type Line interface {
	// Snapshots calls see with the line as it is, now and at every change and at least every half second, until ctx ends or
	// the supervisor goes away. The error is never nil.
	Snapshots(ctx context.Context, see func(line.Snapshot) error) error
	// Events calls see with every journal entry from a number on, until ctx ends or the supervisor goes away. None is left out.
	Events(ctx context.Context, from uint64, see func(line.Entry) error) error
	// Ask sends a request in the name of a login's session. ErrNoSession means that it has ended and nothing was done; any
	// other error means that nobody knows whether it was.
	Ask(ctx context.Context, session string, r line.Request) (line.Reply, error)
}

// Gateway carries the line's values into an address space, and what clients ask to the line.
type Gateway struct {
	line  Line
	space Space
	log   *slog.Logger

	mu       sync.Mutex
	heard    time.Time // when the supervisor last said something
	last     *line.Snapshot
	fresh    bool
	known    map[string]Alarm  // by occurrence
	asked    map[string]Dialog // questions that wait
	answered map[string]string // what a client has answered to them
	refused  map[line.StationID]string
	built    map[line.StationID]bool
	board    *board
	views    map[line.StationID]stationView // of what was published last
	names    fieldNames
	parts    map[string]bool // objects below stations that are declared
	read     uint64          // next journal entry to read; 0 before the first snapshot
	results  map[line.StationID]result

	history  HistoryRecords
	measured map[ID]Measured // the last result of each characteristic
}

// NewGateway declares the line's own nodes; stations follow with the first snapshot.
func NewGateway(l Line, space Space, log *slog.Logger) (*Gateway, error) {
	g := &Gateway{
		line: l, space: space, log: log, known: map[string]Alarm{}, asked: map[string]Dialog{}, answered: map[string]string{}, refused: map[line.StationID]string{}, built: map[line.StationID]bool{},
		results: map[line.StationID]result{}, measured: map[ID]Measured{}, parts: map[string]bool{}, views: map[line.StationID]stationView{}, board: newBoard(space), names: fieldNames{nameFields("Line", allLineFields), map[line.StationID][]ID{}},
	}
	if err := space.Declare(append(typeNodes(), lineNodes()...)...); err != nil {
		return nil, err
	}
	if err := space.Declare(append(g.lineMethods(), g.quarantineMethods()...)...); err != nil {
		return nil, err
	}
	nodes := append(standardNodes(), orderNodes()...)
	return g, space.Declare(append(nodes, g.packmlNodes("Line")...)...)
}

// Run follows the supervisor until ctx ends, through all its restarts.
func (g *Gateway) Run(ctx context.Context) {
	var wait sync.WaitGroup
	wait.Go(func() { g.watch(ctx) })
	wait.Go(func() { g.follow(ctx) })
	g.mu.Lock()
	history := g.history
	g.mu.Unlock()
	if history != nil {
		wait.Go(func() { g.recall(ctx) })
	}
	defer wait.Wait()
	pause := 100 * time.Millisecond
	for ctx.Err() == nil {
		began := time.Now()
		err := g.line.Snapshots(ctx, func(s line.Snapshot) error { return g.see(s, time.Now()) })
		if ctx.Err() != nil {
			return
		}
		g.lost(time.Now(), err)
		if time.Since(began) > 10*time.Second {
			pause = 100 * time.Millisecond
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, 2*time.Second)
	}
}

// watch calls values old when the supervisor falls silent without going away.
func (g *Gateway) watch(ctx context.Context) {
	tick := time.NewTicker(ageEvery / 4)
	defer tick.Stop()
	var said time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			g.mu.Lock()
			silent := now.Sub(g.heard)
			if g.fresh && silent > StaleAfter {
				g.stale(now)
				g.log.Warn("supervisor is silent", "for", silent)
			}
			if now.Sub(said) >= ageEvery {
				g.connection(now)
				said = now
			}
			g.mu.Unlock()
		}
	}
}

// lost calls all values old at once: the socket has gone.
func (g *Gateway) lost(now time.Time, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.fresh {
		g.log.Warn("supervisor has gone", "err", err)
		g.stale(now)
	}
	g.connection(now)
}

// see shows a snapshot. A supervisor that has just started says nothing of its line yet: that is no line without packs.
func (g *Gateway) see(s line.Snapshot, now time.Time) error {
	if s.At.IsZero() {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.build(&s); err != nil {
		return err
	}
	if !g.fresh {
		g.log.Info("supervisor is there", "line", s.Line, "fence", s.Fence, "seq", s.Seq)
	}
	g.last, g.heard, g.fresh = &s, now, true
	if g.read == 0 {
		g.read = s.Seq + 1
	}
	g.publish(Good)
	g.connection(now)
	if err := g.raise(&s, now); err != nil {
		return err
	}
	return g.prompt(&s, now)
}

// build declares stations, and parts of them, that have not been seen before. The caller holds the mutex.
func (g *Gateway) build(s *line.Snapshot) error {
	for i := range s.Stations {
		t := &s.Stations[i]
		if !g.built[t.Station] {
			if err := g.space.Declare(g.stationNodes(t)...); err != nil {
				return err
			}
			g.built[t.Station] = true
			g.names.stations[t.Station] = nameFields(string(t.Station), stationFields)
		}
		parts := slices.Concat(g.consumableNodes(t), g.masterNodes(t), g.toolNodes(t))
		if len(parts) == 0 {
			continue
		}
		if err := g.space.Declare(parts...); err != nil {
			return err
		}
	}
	return nil
}

// stale publishes the last values anew as what they are. The caller holds the mutex.
func (g *Gateway) stale(time.Time) {
	g.fresh = false
	if g.last != nil {
		g.publish(Last)
	}
}

// connection publishes what the gateway itself knows, which is always true. The caller holds the mutex.
func (g *Gateway) connection(now time.Time) {
	age := 0.0
	if !g.heard.IsZero() {
		age = now.Sub(g.heard).Seconds()
	}
	age = max(age, 0)
	values := []Value{{Own("Line.Connected"), g.fresh, Good, now}, {Own("Line.HeartbeatAge"), age, Good, now}}
	for station := range g.built {
		values = append(values, Value{Own(string(station) + ".HeartbeatAge"), age, Good, now})
	}
	g.space.Publish(values...)
}
