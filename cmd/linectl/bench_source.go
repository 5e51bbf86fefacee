package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"linectl/control"
	"linectl/line"
	"linectl/stations"
)

// benchEvery is how often the values of the measured line change.
const benchEvery = 100 * time.Millisecond

// benchMoving are the fields of a station that change at every step of a benchSource.
var benchMoving = []string{"StepDone", "Act", "ReasonText", "Waiting", "ToolUse", "ToolLife"}

// benchSource speaks the protocol of the control socket as far as a gateway asks it: a line of so many stations that all work, and
// change ten times a second. It accepts every command at once and does nothing: what is measured is the gateway.
type benchSource struct {
	name     string
	stations int
	password string
	steps    atomic.Uint64

	mu        sync.Mutex
	published []time.Time // source times of the steps that went out
}

// between returns how many steps went out with a source time from one time to before another.
func (b *benchSource) between(from, to time.Time) (n int, _ error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, at := range b.published {
		if !at.Before(from) && at.Before(to) {
			n++
		}
	}
	return n, nil
}

// serve answers on a socket until ctx ends.
func (b *benchSource) serve(ctx context.Context, path string) error {
	l, err := control.Listen(ctx, path)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/snapshot", func(w http.ResponseWriter, _ *http.Request) { b.answer(w, b.snapshot(time.Now())) })
	mux.HandleFunc("GET /v1/snapshots", b.snapshots)
	mux.HandleFunc("GET /v1/events", func(w http.ResponseWriter, r *http.Request) {
		if http.NewResponseController(w).Flush() == nil {
			<-r.Context().Done() // its journal does not grow
		}
	})
	mux.HandleFunc("POST /v1/login", b.logIn)
	mux.HandleFunc("POST /v1/requests", func(w http.ResponseWriter, _ *http.Request) {
		b.answer(w, line.Reply{Accepted: true, Text: "done"})
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 2 * time.Second, BaseContext: func(net.Listener) context.Context { return ctx }}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	go func() { _ = server.Serve(l) }() // until Close; a client sees it go
	return nil
}

func (b *benchSource) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the gateway has gone: its child's end is seen
}

func (b *benchSource) logIn(w http.ResponseWriter, r *http.Request) {
	var in struct{ User, Password string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || !slices.Contains(benchUsers, in.User) || in.Password != b.password {
		w.WriteHeader(http.StatusUnauthorized)
		b.answer(w, map[string]string{"error": control.ErrLogIn.Error()})
		return
	}
	b.answer(w, map[string]any{"token": "bench", "user": in.User, "roles": []line.Role{line.TeamLeader}, "expires": time.Now().Add(time.Hour)})
}

// snapshots sends a changed line at every step. On a machine too busy for that a step is left out, and counts as not published.
func (b *benchSource) snapshots(w http.ResponseWriter, r *http.Request) {
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	tick := time.NewTicker(benchEvery)
	defer tick.Stop()
	for {
		b.steps.Add(1)
		now := time.Now()
		if out.Encode(b.snapshot(now)) != nil || flush.Flush() != nil {
			return
		}
		b.mu.Lock()
		b.published = append(b.published, now.Truncate(100*time.Nanosecond)) // as OPC UA tells a time
		b.mu.Unlock()
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// snapshot is the line at its present step: every station welds, measures or tests its part, act by act.
func (b *benchSource) snapshot(now time.Time) line.Snapshot {
	n := int(b.steps.Load() & 0xffffffff) //nolint:gosec // ten a second
	s := line.Snapshot{
		At: now.UTC(), Line: b.name, Simulated: true, Fence: 1, Seq: uint64(n), Good: n / 960, FirstPass: n / 1000, //nolint:gosec // counts up
		Orders: []line.OrderSnapshot{{Order: "4711", Product: "EV-P1", Revision: "1", Quantity: 1000, Started: b.stations, Released: n / 960}},
		Cells:  line.CellCounts{Received: n, Pool: n % 50},
	}
	for i := range b.stations {
		kind := benchKinds[i%len(benchKinds)]
		id := line.StationID(fmt.Sprintf("ST%03d", i+1))
		pack := line.PackID(fmt.Sprintf("EV-P1-%06d", n/96+i))
		act := fmt.Sprintf("act %d", n%96)
		t := line.StationSnapshot{
			Station: id, Kind: kind, Title: "Station of kind " + string(kind), State: "Execute", Mode: "Production",
			Reason: fmt.Sprintf("%s of %s", act, pack), Part: string(pack), Pack: pack, Act: act, Done: n % 96, Of: 96, Waiting: n % 4,
			Tool: "glass", ToolAction: "clean", ToolUse: float64(n % 1000), ToolLimit: 1000, Processed: n / 96,
		}
		roles, _ := stations.Roles(kind) // of a known kind
		for _, role := range roles {
			t.Devices = append(t.Devices, line.DeviceSnapshot{Device: line.DeviceID(string(id) + "." + string(role)), Up: true, Simulated: true, State: "Execute"})
		}
		s.Stations = append(s.Stations, t)
		s.Packs = append(s.Packs, line.PackSnapshot{Pack: pack, Order: "4711", Product: "EV-P1", At: id, Progress: float64(n%96) / 96})
	}
	return s
}

// benchKinds are the kinds of the measured line's stations, in turn.
var benchKinds = []line.Kind{line.Receive, line.Sort, line.Stack, line.Weld, line.Inspect, line.Assemble, line.LeakTest, line.EndOfLine, line.PackOut}
