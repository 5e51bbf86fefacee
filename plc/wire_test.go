package plc_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/internal/testnet"
	"linectl/line"
	"linectl/plc"
	"linectl/plc/modbus"
	"linectl/plc/tags"
	"linectl/simulator"
)

// scanner is a virtual scanner behind a Modbus face, its handshake running, and what it tells.
type scanner struct {
	*plc.Device
	layout tags.ModbusMap
	addr   string
	events chan line.DeviceEvent
	status line.DeviceStatus
	hangUp func() // ends this supervisor's side
}

// startScanner brings a scanner up and drives it into Execute. It plays the plant 10,000 times faster, so that an act takes
// next to nothing and the wire is what is measured.
func startScanner(t testing.TB, order tags.WordOrder) *scanner {
	t.Helper()
	s := newScanner(t, order)
	servePlant(t, s, "", 10000)
	s.connect(t, 1)
	s.powerUp(t)
	return s
}

func newScanner(t testing.TB, order tags.WordOrder) *scanner {
	t.Helper()
	s := &scanner{layout: tags.DefaultModbusMap, addr: testnet.FreeAddress(t), events: make(chan line.DeviceEvent, 1000)}
	s.layout.Order = order
	return s
}

// connect starts a supervisor's side of the handshake.
func (s *scanner) connect(t testing.TB, fence uint16) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	events := s.events
	d := plc.Start(ctx, plc.Config{
		Device: "ST010.scanner", Fence: fence, Dialer: &modbus.Dialer{Address: s.addr, Map: s.layout}, Options: plc.Options{Class: s.layout.Class},
		Events: func(e line.DeviceEvent) { events <- e },
	})
	s.Device = d
	s.hangUp = func() {
		cancel()
		<-d.Done()
	}
	t.Cleanup(s.hangUp)
	s.status = await(t, s, func(line.DeviceStatus) bool { return true })
}

// powerUp drives the device into Execute.
func (s *scanner) powerUp(t testing.TB) {
	t.Helper()
	for _, step := range []struct{ command, state uint16 }{{1, 4}, {2, 6}} {
		s.Send(line.Job{Op: line.MachineCommand, Device: "ST010.scanner", Machine: step.command})
		await(t, s, func(s line.DeviceStatus) bool { return s.Machine == step.state })
	}
}

// servePlant starts the plant, or starts it again on what it left in the directory. Stopping it is a power failure of the
// device: nothing is finished first.
func servePlant(t testing.TB, s *scanner, dir string, speed float64) (powerOff func()) {
	t.Helper()
	world, err := simulator.New(simulator.Config{
		Seed: 1, Speed: speed, CellsPerLane: 40, Devices: []simulator.DeviceConfig{{ID: "ST010.scanner", Station: "ST010", Kind: line.Receive, Class: s.layout.Class}},
	}, dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	faces, err := simulator.Listen(world, []simulator.Endpoint{{
		Device: "ST010.scanner", Protocol: simulator.Modbus, Address: s.addr, Modbus: s.layout,
	}}, "", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- faces.Run(ctx) }()
	var once sync.Once
	powerOff = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
			_ = world.Close()
		})
	}
	t.Cleanup(powerOff)
	return powerOff
}

// scan orders the cell in the nest to be read; the same act may be ordered any number of times.
func (s *scanner) scan(token line.Token) {
	s.Send(line.Job{Op: line.Execute, Device: "ST010.scanner", Token: token, Act: line.Intent{
		Token: token, Task: line.TaskScanCell, RetainID: s.status.RetainID, Params: []line.Quantity{{Name: "lane", Value: 1}},
	}})
}

func await[E line.DeviceEvent](t testing.TB, s *scanner, ok func(E) bool) (e E) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case got := <-s.events:
			switch got := got.(type) {
			case line.DeviceLost:
				if got.Configuration { // a busy machine may be slow; that heals
					t.Fatalf("lost: %s", got.Reason)
				}
			case line.ActRejected:
				t.Fatalf("refused: %s", got.Reason)
			}
			if e, is := got.(E); is && ok(e) {
				return e
			}
		case <-deadline:
			t.Fatalf("no %T came", e)
		}
	}
}

func TestActsOverModbusInEveryWordOrder(t *testing.T) {
	for _, order := range tags.WordOrders {
		t.Run(string(order), func(t *testing.T) {
			s := startScanner(t, order)
			for n := uint64(1); n <= 3; n++ {
				token := line.NewToken(1, n)
				s.scan(token)
				done := await(t, s, func(line.ActFinished) bool { return true })
				if done.Token != token || done.Outcome != line.OutcomeOK || done.Part == "" || done.EffectCount != uint32(n) {
					t.Fatalf("act %d: %+v", n, done)
				}
				s.Send(line.Job{Op: line.Acknowledge, Device: "ST010.scanner", Token: token})
			}
		})
	}
}

// TestADeviceLosesPowerInAnAct takes the power away from a device in the middle of an act, and gives it back.
func TestADeviceLosesPowerInAnAct(t *testing.T) {
	s := newScanner(t, tags.CDAB)
	dir := t.TempDir()
	powerOff := servePlant(t, s, dir, 1)
	s.connect(t, 1)
	s.powerUp(t)
	token := line.NewToken(1, 1)
	s.scan(token)
	await(t, s, func(st line.DeviceStatus) bool { return st.InFlight == token })
	powerOff()
	servePlant(t, s, dir, 1)
	unknown := await(t, s, func(line.ActUnknown) bool { return true })
	if unknown.Token != token || unknown.Evidence.Phase != line.PhaseInterrupted || unknown.Evidence.InFlight != token ||
		unknown.Evidence.BootEpoch != s.status.BootEpoch+1 || unknown.Evidence.RetainID != s.status.RetainID || unknown.Evidence.ReconnectAge <= 0 {
		t.Fatalf("got %+v, at first the device was %+v", unknown, s.status)
	}
	s.Send(line.Job{Op: line.Void, Device: "ST010.scanner", Token: token}) // it is on record
	await(t, s, func(st line.DeviceStatus) bool { return st.Phase == line.PhaseIdle && st.Floor == token })
}

// TestASupervisorDiesInAnAct starts another supervisor while the act of the first one runs; the first one finds itself shut out.
func TestASupervisorDiesInAnAct(t *testing.T) {
	s := newScanner(t, tags.ABCD)
	servePlant(t, s, "", 1)
	s.connect(t, 1)
	s.powerUp(t)
	token := line.NewToken(1, 1)
	s.scan(token)
	await(t, s, func(st line.DeviceStatus) bool { return st.InFlight == token })
	old := s.events
	s.events = make(chan line.DeviceEvent, 1000)
	s.connect(t, 2)
	s.Send(line.Job{Op: line.Reconcile, Device: "ST010.scanner", Token: token, Act: line.Intent{Token: token, RetainID: s.status.RetainID}})
	if done := await(t, s, func(line.ActFinished) bool { return true }); done.Token != token || done.EffectCount != 1 {
		t.Fatalf("the second supervisor read %+v", done)
	}
	for {
		select {
		case e := <-old:
			if lost, ok := e.(line.DeviceLost); ok {
				if !lost.Configuration || !strings.Contains(lost.Reason, "taken over") {
					t.Fatalf("the first supervisor says %+v", lost)
				}
				return
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the first supervisor does not know that it is shut out")
		}
	}
}

// BenchmarkDoneToNextCommand measures from the moment at which a result is told to the moment at which the next act's block
// has been answered: acknowledge, read, execute, over Modbus on loopback. Compare it with BenchmarkRoundTrip, and add the
// commit that the record makes in between (BenchmarkFsync): that is what cannot be avoided.
func BenchmarkDoneToNextCommand(b *testing.B) {
	s := startScanner(b, tags.ABCD)
	var waited time.Duration
	n := uint64(0)
	for b.Loop() {
		n++
		token := line.NewToken(1, n)
		began := time.Now()
		s.scan(token)
		await(b, s, func(st line.DeviceStatus) bool { return st.Floor == token })
		waited += time.Since(began)
		await(b, s, func(e line.ActFinished) bool { return e.Token == token })
		s.Send(line.Job{Op: line.Acknowledge, Device: "ST010.scanner", Token: token})
	}
	b.ReportMetric(float64(waited.Microseconds())/float64(n), "µs-to-accepted")
}

// BenchmarkRoundTrip is one bare read of a status block over the same wire.
func BenchmarkRoundTrip(b *testing.B) {
	s := startScanner(b, tags.ABCD)
	d := &modbus.Dialer{Address: s.addr, Map: s.layout}
	c, err := d.Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	for b.Loop() {
		if _, err := c.Read(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFsync is one bare append and sync of a record's size, in the directory of temporary files.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "record"))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4096)
	for b.Loop() {
		if _, err := f.Write(block); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdleTick is what an idle device costs the virtual clock.
func BenchmarkIdleTick(b *testing.B) {
	h := plc.New("ST060.welder", 1, plc.Options{})
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	h.Step(now, plc.Tick{})
	h.Step(now, plc.Connected{})
	var status plc.Input = plc.StatusRead{Status: tags.Status{RetainID: 1, BootEpoch: 1, FenceHighest: 1}}
	h.Step(now, status)
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Millisecond)
		if out := h.Step(now, plc.Tick{}); out.Read {
			h.Step(now, status)
		}
	}
}
