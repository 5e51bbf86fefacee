package plc_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

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
}

// startScanner brings a scanner up and drives it into Execute. It plays the plant 10,000 times faster, so that an act takes
// next to nothing and the wire is what is measured.
func startScanner(t testing.TB, order tags.WordOrder) *scanner {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &scanner{layout: tags.DefaultModbusMap, addr: l.Addr().String(), events: make(chan line.DeviceEvent, 1000)}
	s.layout.Order = order
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	world, err := simulator.New(simulator.Config{
		Seed: 1, Speed: 10000, CellsPerLane: 40, Devices: []simulator.DeviceConfig{{ID: "ST010.scanner", Station: "ST010", Kind: line.Receive}},
	}, "", time.Now())
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
	s.Device = plc.Start(ctx, plc.Config{
		Device: "ST010.scanner", Fence: 1, Dialer: &modbus.Dialer{Address: s.addr, Map: s.layout},
		Events: func(e line.DeviceEvent) { s.events <- e },
	})
	t.Cleanup(func() {
		cancel()
		<-s.Done()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	s.status = await(t, s, func(line.DeviceStatus) bool { return true })
	for _, step := range []struct{ command, state uint16 }{{1, 4}, {2, 6}} {
		s.Send(line.Job{Op: line.MachineCommand, Device: "ST010.scanner", Machine: step.command})
		await(t, s, func(s line.DeviceStatus) bool { return s.Machine == step.state })
	}
	return s
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
				t.Fatalf("lost: %s", got.Reason)
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
