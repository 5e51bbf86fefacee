package opcua_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"linectl/internal/testnet"
	"linectl/line"
	"linectl/plc"
	"linectl/plc/opcua"
	"linectl/plc/tags"
	"linectl/simulator"
)

const (
	user     = "linectl"
	password = "correct horse"
)

// plant is one device of the virtual plant behind an OPC UA face.
type plant struct {
	address, pki string
	fingerprint  string
	identity     opcua.Identity
	stop         func()
}

// serve starts a virtual scanner that trusts a new supervisor.
func serve(t testing.TB, layout tags.OPCUAMap) *plant {
	t.Helper()
	dir := t.TempDir()
	p := &plant{address: testnet.FreeAddress(t), pki: filepath.Join(dir, "pki")}
	var certificate string
	var err error
	if p.identity, certificate, err = opcua.LoadOrCreateIdentity(filepath.Join(dir, "own"), "urn:test:linectl", "linectl test", time.Now()); err != nil {
		t.Fatal(err)
	}
	world, err := simulator.New(simulator.Config{
		Seed: 1, Speed: 100, CellsPerLane: 40, Devices: []simulator.DeviceConfig{{ID: "ST010.scanner", Station: "ST010", Kind: line.Receive, Class: layout.Class}},
	}, filepath.Join(dir, "plant"), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := simulator.Certificate(p.pki); err != nil {
		t.Fatal(err)
	}
	if err := simulator.Trust(p.pki, certificate); err != nil {
		t.Fatal(err)
	}
	faces, err := simulator.Listen(world, []simulator.Endpoint{{
		Device: "ST010.scanner", Protocol: simulator.OPCUA, Address: p.address, OPCUA: layout, Username: user, Password: password,
	}}, p.pki, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- faces.Run(ctx) }()
	p.stop = cancel
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = world.Close()
	})
	content, err := os.ReadFile(filepath.Join(p.pki, simulator.CertificateFile))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(content)
	p.fingerprint = opcua.Fingerprint(block.Bytes)
	return p
}

func layout(face tags.Face) tags.OPCUAMap {
	return tags.OPCUAMap{Namespace: tags.DefaultNamespace, Object: "ST010.scanner", Face: face, Order: tags.ABCD}
}

func (p *plant) dialer(m tags.OPCUAMap) *opcua.Dialer {
	return &opcua.Dialer{Address: p.address, Map: m, Identity: p.identity, User: user, Password: password, Fingerprint: p.fingerprint}
}

// TestAnActOverBothFaces drives the handshake over a real wire: power up, scan a cell, acknowledge.
func TestAnActOverBothFaces(t *testing.T) {
	for _, face := range []tags.Face{tags.FaceMethod, tags.FaceBlocks} {
		t.Run(string(face), func(t *testing.T) {
			p := serve(t, layout(face))
			events := make(chan line.DeviceEvent, 1000)
			ctx, cancel := context.WithCancel(t.Context())
			d := plc.Start(ctx, plc.Config{
				Device: "ST010.scanner", Fence: 3, Dialer: p.dialer(layout(face)), Events: func(e line.DeviceEvent) { events <- e },
			})
			defer func() { cancel(); <-d.Done() }()
			status := await(t, events, func(s line.DeviceStatus) bool { return true })
			for _, step := range []struct{ command, state uint16 }{{1, 4}, {2, 6}} {
				d.Send(line.Job{Op: line.MachineCommand, Device: status.Device, Machine: step.command})
				await(t, events, func(s line.DeviceStatus) bool { return s.Machine == step.state })
			}
			token := line.NewToken(3, 1)
			d.Send(line.Job{Op: line.Execute, Device: status.Device, Token: token, Act: line.Intent{
				Token: token, Task: line.TaskScanCell, RetainID: status.RetainID, Params: []line.Quantity{{Name: "lane", Value: 1}},
			}})
			done := await(t, events, func(f line.ActFinished) bool { return true })
			if done.Token != token || done.Outcome != line.OutcomeOK || done.Part == "" || done.EffectCount != 1 {
				t.Fatalf("got %+v", done)
			}
			d.Send(line.Job{Op: line.Acknowledge, Device: status.Device, Token: token})
			await(t, events, func(s line.DeviceStatus) bool { return s.Phase == line.PhaseIdle && s.Floor == token })
		})
	}
}

func await[E line.DeviceEvent](t testing.TB, events <-chan line.DeviceEvent, ok func(E) bool) E {
	t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-events:
			if lost, is := e.(line.DeviceLost); is && lost.Configuration { // a busy machine may be slow; that heals
				t.Fatalf("lost: %s", lost.Reason)
			}
			if e, is := e.(E); is && ok(e) {
				return e
			}
		case <-deadline:
			var want E
			t.Fatalf("no %T came", want)
		}
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	p := serve(t, layout(tags.FaceMethod))
	stranger, err := opcua.CreateIdentity("urn:test:stranger", "stranger", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*opcua.Dialer)
		want   []string
	}{
		"another namespace": {
			func(d *opcua.Dialer) { d.Map.Namespace = "urn:elsewhere" }, []string{`"urn:elsewhere" is not among`, tags.DefaultNamespace},
		},
		"another object": {
			func(d *opcua.Dialer) { d.Map.Object = "ST011.scanner" },
			[]string{"26 nodes do not fit", "ST011.scanner.Status.Floor is missing", "ST011.scanner.Execute is no method"},
		},
		"the other face": {
			func(d *opcua.Dialer) { d.Map.Face = tags.FaceBlocks }, []string{"ST010.scanner.CommandBlock", "correct object, namespace or face"},
		},
		"no such face":        {func(d *opcua.Dialer) { d.Map.Face = "wheel" }, []string{`unknown face "wheel"`}},
		"wrong password":      {func(d *opcua.Dialer) { d.Password = "wrong" }, []string{"log in as linectl", "check user, password"}},
		"no user":             {func(d *opcua.Dialer) { d.User = "" }, []string{"no user name"}},
		"another device":      {func(d *opcua.Dialer) { d.Fingerprint = strings.Repeat("00", 32) }, []string{p.fingerprint, "was replaced"}},
		"an untrusted client": {func(d *opcua.Dialer) { d.Identity = stranger }, []string{"let it trust the supervisor's certificate"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := p.dialer(layout(tags.FaceMethod))
			tt.change(d)
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			c, err := d.Dial(ctx)
			if err == nil {
				_ = c.Close()
				t.Fatal("it connected")
			}
			if class := plc.Classify(err); class != plc.Configuration && name != "an untrusted client" { // it only hangs up
				t.Errorf("not said as an error of configuration: %v", err)
			}
			for _, want := range append(tt.want, p.address) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "wrong\"") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// TestADialMayEndAtAnyMoment gives up on a device at one moment of a dial after the other, also as it answers to the opening of a channel:
// the library then reads on for nobody, and this process must outlive that.
func TestADialMayEndAtAnyMoment(t *testing.T) {
	p := serve(t, layout(tags.FaceMethod))
	d := p.dialer(layout(tags.FaceMethod))
	began := time.Now()
	c, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	whole, most := time.Since(began), 80
	ended := 0
	for n := range most {
		ctx, cancel := context.WithTimeout(t.Context(), whole*time.Duration(n+1)/time.Duration(most))
		c, err := d.Dial(ctx)
		cancel()
		switch {
		case err == nil:
			_ = c.Close()
		case !errors.Is(err, context.DeadlineExceeded):
			t.Errorf("moment %d of %d: %v", n+1, most, err)
		default:
			ended++
		}
	}
	if ended < most/4 {
		t.Errorf("only %d of %d dials ended before their time", ended, most)
	}
}

func TestADeadDeviceIsUnknownNotConfiguration(t *testing.T) {
	p := serve(t, layout(tags.FaceBlocks))
	d := p.dialer(layout(tags.FaceBlocks))
	c, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := c.Read(ctx); err == nil || plc.Classify(err) != plc.Unknown {
		t.Fatalf("read over a closed session: %v", err)
	}
	d.Address = testnet.FreeAddress(t)
	if _, err := d.Dial(t.Context()); err == nil || plc.Classify(err) != plc.Unknown {
		t.Fatalf("nobody listens: %v", err)
	}
}

func TestTheIdentityIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	now := time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)
	made, path, err := opcua.LoadOrCreateIdentity(dir, "urn:plant:line1:linectl", "linectl line1", now)
	if err != nil {
		t.Fatal(err)
	}
	again, _, err := opcua.LoadOrCreateIdentity(dir, "urn:ignored", "ignored", now)
	if err != nil || again.URI != made.URI || !again.Key.Equal(made.Key) || opcua.Fingerprint(again.Certificate) != opcua.Fingerprint(made.Certificate) {
		t.Fatalf("the second start has another identity: %v, %v", again.URI, err)
	}
	certificate, err := x509.ParseCertificate(made.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature); err != nil || certificate.URIs[0].String() != made.URI || certificate.NotAfter.Year() != 2036 {
		t.Errorf("certificate: %v, %v, until %v", err, certificate.URIs, certificate.NotAfter)
	}
	key := filepath.Join(dir, "supervisor.key")
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key: %v, %v", info.Mode(), err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, _, err := opcua.LoadOrCreateIdentity(dir, "urn:x", "x", now); err == nil || !strings.Contains(err.Error(), key) {
		t.Errorf("a key without its certificate was overwritten: %v", err)
	}
}

// BenchmarkRead is one status over an encrypted session: 31 nodes in one request, or one block.
func BenchmarkRead(b *testing.B) {
	for _, face := range []tags.Face{tags.FaceMethod, tags.FaceBlocks} {
		b.Run(string(face), func(b *testing.B) {
			p := serve(b, layout(face))
			c, err := p.dialer(layout(face)).Dial(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			for b.Loop() {
				if _, err := c.Read(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestConnectionsLeaveNothingBehind(t *testing.T) {
	p := serve(t, layout(tags.FaceMethod))
	d := p.dialer(layout(tags.FaceMethod))
	wrong := p.dialer(layout(tags.FaceMethod))
	wrong.Password = "wrong"
	once := func() {
		c, err := d.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
		if _, err := wrong.Dial(t.Context()); err == nil {
			t.Fatal("the wrong password was taken")
		}
	}
	once()
	settled := func() int {
		least := runtime.NumGoroutine()
		for range 20 {
			time.Sleep(20 * time.Millisecond)
			least = min(least, runtime.NumGoroutine())
		}
		return least
	}
	before := settled()
	for range 20 {
		once()
	}
	if after := settled(); after > before+5 {
		t.Errorf("%d goroutines before twenty connections, %d after", before, after)
	}
}
