package bench_test

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/examples"
	"linectl/internal/testnet"
	"linectl/line"
	"linectl/plc"
	"linectl/plc/modbus"
	"linectl/plc/tags"
	"linectl/recipes"
	"linectl/simulator"
	"linectl/stations"
	"linectl/supervisor"
	"linectl/traceability"
)

// BenchmarkDoneToNextCommand builds one EV pack with the real loop, the real record store and a welder behind real Modbus TCP,
// and takes for each of its seams the time from the read that showed Done to the write of the next seam's command: judge,
// record result and next intent in one commit, acknowledge, read afresh, execute. It is given as a ratio to what cannot be
// avoided, one bare round trip plus one bare fdatasync, both measured in the same run.
func BenchmarkDoneToNextCommand(b *testing.B) {
	var waits []time.Duration
	for b.Loop() {
		waits = append(waits, buildOnePack(b)...)
	}
	floor := roundTrip(b) + fdatasync(b)
	slices.Sort(waits)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(waits[len(waits)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds()), "µs-p99")
	b.ReportMetric(float64(floor.Microseconds()), "µs-floor")
	b.ReportMetric(float64(waits[len(waits)/2])/float64(floor), "x-floor")
}

// hand carries blocks to the plant without a wire, for the devices that are not measured.
type hand struct {
	plant *simulator.Plant
	id    line.DeviceID
}

func (h hand) Dial(context.Context) (plc.Conn, error) { return h, nil }
func (h hand) Read(context.Context) (tags.Status, error) {
	return h.plant.Status(time.Now(), h.id), nil
}

func (h hand) Write(_ context.Context, c tags.Command) error {
	h.plant.Command(time.Now(), h.id, c)
	return nil
}
func (h hand) Close() error { return nil }

// watch is a wire that notes when a result was first read and when the next command was written.
type watch struct {
	*modbus.Dialer

	mu    sync.Mutex
	token line.Token
	seen  time.Time
	waits []time.Duration
}

type watched struct {
	plc.Conn
	w *watch
}

func (w *watch) Dial(ctx context.Context) (plc.Conn, error) {
	c, err := w.Dialer.Dial(ctx)
	return watched{c, w}, err
}

func (c watched) Read(ctx context.Context) (tags.Status, error) {
	s, err := c.Conn.Read(ctx)
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if err == nil && s.Phase == line.PhaseDone && s.LastCompleted != c.w.token {
		c.w.token, c.w.seen = s.LastCompleted, time.Now()
	}
	return s, err
}

func (c watched) Write(ctx context.Context, cmd tags.Command) error {
	c.w.mu.Lock()
	if cmd.Op == tags.OpExecute && !c.w.seen.IsZero() {
		c.w.waits = append(c.w.waits, time.Since(c.w.seen))
		c.w.seen = time.Time{}
	}
	c.w.mu.Unlock()
	return c.Conn.Write(ctx, cmd)
}

var reference = []struct {
	id   line.StationID
	kind line.Kind
}{
	{"ST010", line.Receive},
	{"ST020", line.Sort},
	{"ST040", line.Stack},
	{"ST060", line.Weld},
	{"ST070", line.Inspect},
	{"ST100", line.Assemble},
	{"ST120", line.LeakTest},
	{"ST130", line.EndOfLine},
	{"ST140", line.PackOut},
	{"ST900", line.Bench},
}

// rig is the reference line in one process: every part but the processes is the real one.
type rig struct {
	config supervisor.Config
	plant  *simulator.Plant
	welder *watch
	pieces map[line.DeviceID]plc.Dialer
}

func newRig(b *testing.B) *rig {
	b.Helper()
	r := &rig{pieces: map[line.DeviceID]plc.Dialer{}}
	r.config = supervisor.Config{Name: "bench", Version: "bench", Simulated: true, Recipes: samples(b), Supplier: map[line.CellID]line.SupplierCell{}}
	plant := simulator.Config{Seed: 8, Speed: 2000}
	for _, s := range reference {
		roles, err := stations.Roles(s.kind)
		if err != nil {
			b.Fatal(err)
		}
		sc := supervisor.StationConfig{ID: s.id, Kind: s.kind, Buffer: 4}
		for _, role := range roles {
			id := line.DeviceID(fmt.Sprintf("%s.%s", s.id, role))
			sc.Devices = append(sc.Devices, supervisor.DeviceConfig{ID: id, Role: role, Simulated: true})
			plant.Devices = append(plant.Devices, simulator.DeviceConfig{ID: id, Station: s.id, Kind: s.kind})
		}
		r.config.Stations = append(r.config.Stations, sc)
	}
	var err error
	if r.plant, err = simulator.New(plant, "", time.Now()); err != nil {
		b.Fatal(err)
	}
	for _, c := range r.plant.Notices() {
		r.config.Supplier[c.Cell] = c
	}
	for _, d := range plant.Devices {
		r.pieces[d.ID] = hand{r.plant, d.ID}
	}
	address := testnet.FreeAddress(b)
	serve(b, r.plant, simulator.Endpoint{Device: "ST060.welder", Protocol: simulator.Modbus, Address: address, Modbus: tags.DefaultModbusMap})
	r.welder = &watch{Dialer: &modbus.Dialer{Address: address, Map: tags.DefaultModbusMap}}
	r.pieces["ST060.welder"] = r.welder
	return r
}

func samples(b *testing.B) []*recipes.Recipe {
	b.Helper()
	files, err := fs.Sub(examples.FS, "reference/recipes")
	if err != nil {
		b.Fatal(err)
	}
	all, err := recipes.Load(files, "*.yaml")
	if err != nil {
		b.Fatal(err)
	}
	return all
}

func serve(b *testing.B, p *simulator.Plant, e simulator.Endpoint) {
	b.Helper()
	faces, err := simulator.Listen(p, []simulator.Endpoint{e}, b.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- faces.Run(ctx) }()
	b.Cleanup(func() { cancel(); <-ended })
}

// devices carries jobs to the edges.
type devices map[line.DeviceID]*plc.Device

func (d devices) Send(j line.Job) { d[j.Device].Send(j) }

// buildOnePack runs the line until one EV pack is released and returns what the welder's wire has noted.
func buildOnePack(b *testing.B) []time.Duration {
	r := newRig(b)
	store, err := traceability.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	fence, err := store.NextFence()
	if err != nil {
		b.Fatal(err)
	}
	l, err := supervisor.New(r.config, fence)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	edges := devices{}
	loop := supervisor.NewLoop(l, store, edges, slog.New(slog.DiscardHandler))
	for id, d := range r.pieces {
		edges[id] = plc.Start(ctx, plc.Config{Device: id, Fence: fence, Dialer: d, Events: func(e line.DeviceEvent) { loop.Tell(ctx, e) }})
	}
	ended := make(chan error, 1)
	go func() { ended <- loop.Run(ctx) }()
	operate(ctx, b, loop, r)
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	for _, e := range edges {
		<-e.Done()
	}
	r.welder.mu.Lock()
	defer r.welder.mu.Unlock()
	return r.welder.waits
}

// operate loads material, orders one pack, starts the line and attends to it until the pack has ended.
func operate(ctx context.Context, b *testing.B, loop *supervisor.Loop, r *rig) {
	b.Helper()
	n := 0
	ask := func(c line.Command) line.Reply {
		n++
		reply, err := loop.Do(ctx, line.Request{ID: fmt.Sprint(n), By: "bench", Account: "local:test", Origin: line.FromLocal, Why: "bench", Command: c})
		if err != nil {
			b.Fatal(err)
		}
		return reply
	}
	for _, rec := range r.config.Recipes {
		for _, m := range rec.Materials {
			for _, s := range reference {
				if s.kind == m.Kind {
					ask(line.LoadMaterial{Station: s.id, Item: m.Item, Lot: "LOT", Quantity: 1e6, Expiry: time.Now().Add(time.Hour)})
				}
			}
		}
	}
	ask(line.AddOrder{Order: "bench", Product: "EV-P1", Quantity: 1})
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		snap := loop.Snapshot()
		for _, s := range snap.Stations {
			if c := map[string]string{"Aborted": "Clear", "Held": "Unhold", "Stopped": "Reset", "Idle": "Start"}[s.State]; c != "" {
				ask(line.Machine{Target: string(s.Station), Command: c})
			}
			for _, rec := range r.config.Recipes {
				for _, m := range rec.Materials {
					if m.Kind == s.Kind && strings.Contains(s.Reason, "needs "+m.Item+":") {
						ask(line.LoadMaterial{Station: s.Station, Item: m.Item, Lot: line.LotID(fmt.Sprintf("S%d", n)), Quantity: m.Quantity, Expiry: time.Now().Add(time.Hour)})
					}
				}
			}
			if s.Kind == line.Bench && s.Pack != "" {
				ask(line.DecideRework{Pack: s.Pack})
			}
		}
		if o := snap.Orders; len(o) > 0 && o[0].Released+o[0].Scrapped+o[0].Quarantined == 1 {
			return
		}
	}
	b.Fatalf("no pack within two minutes: %+v", loop.Snapshot())
}

// roundTrip is the median time of one read of a status block over Modbus TCP on loopback.
func roundTrip(b *testing.B) time.Duration {
	r := newRig(b)
	c, err := r.welder.Dialer.Dial(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return median(1000, func() {
		if _, err := c.Read(context.Background()); err != nil {
			b.Fatal(err)
		}
	})
}

// fdatasync is the median time to append and sync one page, in the directory where the records lay.
func fdatasync(b *testing.B) time.Duration {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	return median(300, func() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	})
}

func median(n int, do func()) time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		began := time.Now()
		do()
		all[i] = time.Since(began)
	}
	slices.Sort(all)
	return all[n/2]
}
