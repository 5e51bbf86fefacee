package plc_test

import (
	"context"
	"encoding/pem"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linectl/internal/testnet"
	"linectl/line"
	"linectl/packml"
	"linectl/plc"
	"linectl/plc/modbus"
	"linectl/plc/opcua"
	"linectl/plc/tags"
	"linectl/simulator"
)

// weldingCell is a virtual plant with a pack in the nest of its welding cell and the welder behind a real face.
type weldingCell struct {
	*scanner // the welder, its handshake and what it tells
	plant    *simulator.Plant
}

const weldedPack = "EV-P1-000001"

// serveWelder makes the plant and opens the welder's face.
func serveWelder(t testing.TB, e simulator.Endpoint, pki string) *weldingCell {
	t.Helper()
	plant, err := simulator.New(simulator.Config{Seed: 1, Speed: 1000, Devices: []simulator.DeviceConfig{
		{ID: "ST040.robot", Station: "ST040", Kind: line.Stack},
		{ID: "ST060.robot", Station: "ST060", Kind: line.Weld},
		{ID: "ST060.welder", Station: "ST060", Kind: line.Weld},
	}}, "", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	c := &weldingCell{scanner: &scanner{addr: e.Address, events: make(chan line.DeviceEvent, 1000)}, plant: plant}
	c.order(t, "ST040.robot", tags.Command{Op: tags.OpMachine, Task: uint16(packml.CmdReset)}, func(s tags.Status) bool { return s.Machine == uint16(packml.Idle) })
	c.order(t, "ST040.robot", tags.Command{Op: tags.OpMachine, Task: uint16(packml.CmdStart)}, func(s tags.Status) bool { return s.Machine == uint16(packml.Execute) })
	for n, act := range []struct {
		task  line.Task
		param float32
	}{{line.TaskBindCarrier, float32(math.NaN())}, {line.TaskRelease, 60}} {
		token := line.NewToken(1, uint64(n+1))
		cmd := tags.Command{Op: tags.OpExecute, Token: token, Task: uint16(act.task), Part: weldedPack}
		for i := range cmd.Params {
			cmd.Params[i] = float32(math.NaN())
		}
		cmd.Params[0] = act.param
		c.order(t, "ST040.robot", cmd, func(s tags.Status) bool { return s.LastCompleted == token })
		c.order(t, "ST040.robot", tags.Command{Op: tags.OpAcknowledge, Token: token}, func(s tags.Status) bool { return s.Phase == line.PhaseIdle })
	}
	faces, err := simulator.Listen(plant, []simulator.Endpoint{e}, pki, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- faces.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return c
}

// order gives a device of the plant a command without a wire, and waits for what comes of it.
func (c *weldingCell) order(t testing.TB, id line.DeviceID, cmd tags.Command, until func(tags.Status) bool) {
	t.Helper()
	cmd.Fence, cmd.BootEpoch = 1, 1
	if reason := c.plant.Command(time.Now(), id, cmd); reason != 0 {
		t.Fatalf("%s refuses %+v: %s", id, cmd, reason)
	}
	for end := time.Now().Add(10 * time.Second); !until(c.plant.Status(time.Now(), id)); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s does not finish %+v", id, cmd)
		}
	}
}

// dial starts the handshake with the welder and brings it to Execute.
func (c *weldingCell) dial(t testing.TB, d plc.Dialer) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.Device = plc.Start(ctx, plc.Config{Device: "ST060.welder", Fence: 1, Dialer: d, Events: func(e line.DeviceEvent) { c.events <- e }})
	t.Cleanup(func() {
		cancel()
		<-c.Done()
	})
	c.status = await(t, c.scanner, func(s line.DeviceStatus) bool { return s.Part == weldedPack })
	for _, step := range []struct{ command, state uint16 }{{1, 4}, {2, 6}} {
		c.Send(line.Job{Op: line.MachineCommand, Device: "ST060.welder", Machine: step.command})
		await(t, c.scanner, func(s line.DeviceStatus) bool { return s.Machine == step.state })
	}
}

// weld makes one seam over the wire and returns what is told of it.
func (c *weldingCell) weld(t testing.TB, joint int) line.ActFinished {
	t.Helper()
	token := line.NewToken(1, uint64(100+joint))
	params := []line.Quantity{{Name: "power", Value: 2800}, {Name: "speed", Value: 0.12}, {Name: "seamLength", Value: 45e-3}}
	c.Send(line.Job{Op: line.Execute, Device: "ST060.welder", Token: token, Act: line.Intent{
		Token: token, Task: line.TaskWeldLaser, Part: weldedPack, Index: joint, RetainID: c.status.RetainID, Params: params,
	}})
	done := await(t, c.scanner, func(f line.ActFinished) bool { return f.Token == token })
	if done.Outcome != line.OutcomeOK || done.Part != weldedPack {
		t.Fatalf("joint %d: %+v", joint, done)
	}
	return done
}

// whole fails unless the waveform that was told is, to the byte, the one that the welder has.
func (c *weldingCell) whole(t testing.TB, done line.ActFinished) {
	t.Helper()
	truth, err := tags.DecodeWaveform(c.plant.Waveform(time.Now(), "ST060.welder"), done.Token)
	if err != nil {
		t.Fatal(err)
	}
	if done.Waveform == nil || done.Waveform.Hash != truth.Hash || string(done.Waveform.Bytes) != string(truth.Bytes) {
		t.Errorf("told was %v (%q), the welder has %s", done.Waveform, done.NoWaveform, truth.Hash)
	}
	c.Send(line.Job{Op: line.Acknowledge, Device: "ST060.welder", Token: done.Token})
}

func TestWaveformsOverModbus(t *testing.T) {
	for _, order := range []tags.WordOrder{tags.ABCD, tags.DCBA} {
		t.Run(string(order), func(t *testing.T) {
			layout := tags.DefaultModbusMap
			layout.Order, layout.WaveformBase = order, 30000
			address := testnet.FreeAddress(t)
			c := serveWelder(t, simulator.Endpoint{Device: "ST060.welder", Protocol: simulator.Modbus, Address: address, Modbus: layout}, "")
			c.dial(t, &modbus.Dialer{Address: address, Map: layout})
			for joint := 1; joint <= 3; joint++ {
				c.whole(t, c.weld(t, joint))
			}
		})
	}
}

// The tag map promises an area that the device does not have: the result is told all the same, and the device works on.
func TestAnAreaThatIsNotThereCostsOnlyTheWaveform(t *testing.T) {
	layout := tags.DefaultModbusMap
	address := testnet.FreeAddress(t)
	c := serveWelder(t, simulator.Endpoint{Device: "ST060.welder", Protocol: simulator.Modbus, Address: address, Modbus: layout}, "")
	layout.WaveformBase = 2000
	c.dial(t, &modbus.Dialer{Address: address, Map: layout})
	for joint := 1; joint <= 2; joint++ {
		done := c.weld(t, joint)
		if done.Waveform != nil || !strings.Contains(done.NoWaveform, "read waveform at register 2000") || !strings.Contains(done.NoWaveform, "waveform_base") {
			t.Errorf("told was %v, %q", done.Waveform, done.NoWaveform)
		}
		c.Send(line.Job{Op: line.Acknowledge, Device: "ST060.welder", Token: done.Token})
	}
}

func TestWaveformsOverOPCUA(t *testing.T) {
	for _, face := range []tags.Face{tags.FaceMethod, tags.FaceBlocks} {
		t.Run(string(face), func(t *testing.T) {
			dir := t.TempDir()
			pki, address := filepath.Join(dir, "pki"), testnet.FreeAddress(t)
			identity, certificate, err := opcua.LoadOrCreateIdentity(filepath.Join(dir, "own"), "urn:test:linectl", "linectl test", time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if err := simulator.Certificate(pki); err != nil {
				t.Fatal(err)
			}
			if err := simulator.Trust(pki, certificate); err != nil {
				t.Fatal(err)
			}
			layout := tags.OPCUAMap{Namespace: tags.DefaultNamespace, Object: "ST060.welder", Face: face, Order: tags.ABCD, Waveform: true}
			c := serveWelder(t, simulator.Endpoint{
				Device: "ST060.welder", Protocol: simulator.OPCUA, Address: address, OPCUA: layout, Username: "linectl", Password: "correct horse",
			}, pki)
			file, err := os.ReadFile(filepath.Join(pki, simulator.CertificateFile))
			if err != nil {
				t.Fatal(err)
			}
			block, _ := pem.Decode(file)
			c.dial(t, &opcua.Dialer{
				Address: address, Map: layout, Identity: identity, User: "linectl", Password: "correct horse", Fingerprint: opcua.Fingerprint(block.Bytes),
			})
			for joint := 1; joint <= 3; joint++ {
				c.whole(t, c.weld(t, joint))
			}
		})
	}
}

// BenchmarkWaveform reads the waveform of one seam (6.1 KB, 25 pieces) over Modbus on loopback. Compare it with
// BenchmarkRoundTrip.
func BenchmarkWaveform(b *testing.B) {
	layout := tags.DefaultModbusMap
	layout.WaveformBase = 2000
	address := testnet.FreeAddress(b)
	c := serveWelder(b, simulator.Endpoint{Device: "ST060.welder", Protocol: simulator.Modbus, Address: address, Modbus: layout}, "")
	c.dial(b, &modbus.Dialer{Address: address, Map: layout})
	token := c.weld(b, 1).Token
	d := &modbus.Dialer{Address: address, Map: layout}
	conn, err := d.Dial(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for b.Loop() {
		var area []byte
		for size := 1 << 20; len(area) < size; {
			most := 0
			if area != nil {
				most = size - len(area)
			}
			piece, err := conn.(plc.WaveformConn).Piece(b.Context(), len(area), most)
			if err != nil {
				b.Fatal(err)
			}
			if area = append(area, piece...); size == 1<<20 {
				if size, err = tags.WaveformSize(area, token); err != nil {
					b.Fatal(err)
				}
			}
		}
		if _, err := tags.DecodeWaveform(area, token); err != nil {
			b.Fatal(err)
		}
	}
}
