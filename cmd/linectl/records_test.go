package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/control"
	"linectl/internal/process"
	"linectl/internal/testnet"
	"linectl/line"
	"linectl/plc/opcua"
)

// newRecordBench builds one pack on the demo line, then runs supervisor and gateway over its records.
func newRecordBench(t *testing.T) *hmiBench {
	t.Helper()
	dir, err := os.MkdirTemp("", "hmi")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	var log strings.Builder
	if code := run(t.Context(), []string{"demo", "--data", dir, "--order", "ess=1", "--speed", "400"}, &log, &log); code != exitDone {
		t.Fatalf("demo exits %d: %s", code, log.String())
	}
	b := &hmiBench{dir: dir, data: filepath.Join(dir, demoRecords), address: testnet.FreeAddress(t)}
	if b.identity, err = opcua.CreateIdentity("urn:test:hmi", "hmi", time.Now()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "hmi.der")
	if err := os.WriteFile(file, b.identity.Certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"cert", "trust", file, "--data", b.data}, os.Stderr, os.Stderr); code != exitDone {
		t.Fatalf("cert trust exits %d", code)
	}
	b.start(t, "--no-gateway")
	b.accounts(t)
	return b
}

// add makes an account.
func (b *hmiBench) add(t *testing.T, name string, role line.Role) {
	t.Helper()
	admin := control.Dial(defaultSocket(b.data))
	defer admin.Close()
	reply, err := admin.AddUser(t.Context(), "", "test", "test", line.AddUser{User: name, Roles: []line.Role{role}}, benchPassword)
	if err != nil || !reply.Accepted {
		t.Fatalf("add a user: %+v %v", reply, err)
	}
}

// gateway runs the gateway over the bench's records.
func (b *hmiBench) gateway(t *testing.T) *process.Process {
	t.Helper()
	g, err := startChild("gateway", filepath.Join(b.dir, "gateway.log"), "gateway", "--config", filepath.Join(b.dir, demoConfig), "--data", b.data, "--listen", b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop(10 * time.Second) })
	return g
}

// ask calls a method of the line that reads the records, and reads on until it has all.
func (b *hmiBench) ask(t *testing.T, c *gopcua.Client, method string, args ...any) (ua.StatusCode, string, string) {
	t.Helper()
	var whole strings.Builder
	for pieces := 1; ; pieces++ {
		in := make([]*ua.Variant, len(args))
		for i, a := range args {
			in[i] = ua.MustVariant(a)
		}
		res, err := c.Call(t.Context(), &ua.CallMethodRequest{ObjectID: b.node(t, c, "Line"), MethodID: b.node(t, c, "Line."+method), InputArguments: in})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.OutputArguments) < 3 {
			return res.StatusCode, "", ""
		}
		whole.WriteString(res.OutputArguments[0].Value().(string))
		next := res.OutputArguments[1].Value().(uint32)
		if next == 0 || method != "ReadPart" {
			return res.StatusCode, whole.String(), res.OutputArguments[2].Value().(*ua.LocalizedText).Text
		}
		args[len(args)-1] = next
	}
}

// checkWaveform reads the waveform of joint 7 by the name that the dossier gives it, and compares it with what trace says.
func (b *hmiBench) checkWaveform(t *testing.T, c *gopcua.Client, dossier string) {
	t.Helper()
	var d struct {
		Joints []struct{ Welds []struct{ Waveform string } }
	}
	if err := json.Unmarshal([]byte(dossier), &d); err != nil || len(d.Joints) != 32 {
		t.Fatalf("%d joints, %v", len(d.Joints), err)
	}
	hash := d.Joints[6].Welds[0].Waveform
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{
		ObjectID: b.node(t, c, "Line"), MethodID: b.node(t, c, "Line.ReadWaveform"), InputArguments: []*ua.Variant{ua.MustVariant(hash)},
	})
	if err != nil || res.StatusCode != ua.StatusOK {
		t.Fatalf("%+v, %v", res, err)
	}
	var out strings.Builder
	if code := run(t.Context(), []string{"trace", "waveform", hash, "--data", b.data, "--json"}, &out, os.Stderr); code != exitDone {
		t.Fatal("trace waveform")
	}
	var want struct {
		Channels []struct {
			Name    string
			Samples []float64
		}
		OutsidePercent float64 `json:"outside_percent"`
	}
	if err := json.Unmarshal([]byte(out.String()), &want); err != nil || len(want.Channels) != 4 {
		t.Fatalf("%d channels, %v", len(want.Channels), err)
	}
	names, samples, low := res.OutputArguments[0].Value().([]string), res.OutputArguments[3].Value().([]float64), res.OutputArguments[4].Value().([]float64)
	n := len(want.Channels[0].Samples)
	if len(samples) != 4*n || len(low) != 4*n || names[1] != want.Channels[1].Name || res.OutputArguments[6].Value() != want.OutsidePercent {
		t.Errorf("%q, %d samples, %d of the band, outside %v; trace says %d channels of %d samples, outside %g", names, len(samples), len(low),
			res.OutputArguments[6].Value(), len(want.Channels), n, want.OutsidePercent)
	}
	if plume := samples[n+100]; float32(plume) != float32(want.Channels[1].Samples[100]) || math.Abs(low[n+100]-0.74) > 1e-9 {
		t.Errorf("plume at 100 ms is %g in a band from %g; trace says %g", plume, low[n+100], want.Channels[1].Samples[100])
	}
}

// TestAnybodyReadsTheRecordsOverOPCUA is the way of the quality engineer's question: over the wire into the record store and
// back, and the same as linectl trace answers.
func TestAnybodyReadsTheRecordsOverOPCUA(t *testing.T) {
	b := newRecordBench(t)
	b.add(t, "quentin", line.Quality)
	b.gateway(t)
	c := b.await(t)

	status, text, why := b.ask(t, c, "ReadPart", "SIM-ESSP2-000001", uint32(0))
	if status != ua.StatusOK || why != "" {
		t.Fatalf("ReadPart: %v %s", status, why)
	}
	var out strings.Builder
	if code := run(t.Context(), []string{"trace", "pack", "ESS-P2-000001", "--data", b.data, "--json"}, &out, os.Stderr); code != exitDone {
		t.Fatal("trace pack")
	}
	if same(t, text) != strings.Replace(same(t, out.String()), `"found":"pack"`, `"found":"serial of pack ESS-P2-000001"`, 1) {
		t.Error("ReadPart and linectl trace pack differ")
	}
	b.checkWaveform(t, c, text)
	status, text, _ = b.ask(t, c, "FindParts", "ess-p2-0000", uint32(10), uint32(0))
	if status != ua.StatusOK || !strings.Contains(text, `"pack":"ESS-P2-000001"`) || !strings.Contains(text, `"found":"pack"`) {
		t.Errorf("FindParts: %v %s", status, text)
	}
	status, text, _ = b.ask(t, c, "ReadOrders", uint32(0), uint32(0))
	if status != ua.StatusOK || !strings.Contains(text, `"released":1`) {
		t.Errorf("ReadOrders: %v %s", status, text)
	}
	status, text, _ = b.ask(t, c, "ReadShift", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	var shift struct {
		Released int
		Losses   []struct{ Station string }
	}
	if err := json.Unmarshal([]byte(text), &shift); err != nil || status != ua.StatusOK || shift.Released != 1 || len(shift.Losses) == 0 {
		t.Errorf("ReadShift: %v %v %s", status, err, text)
	}
	if status, _, why := b.ask(t, c, "ReadPart", "NOSUCH", uint32(0)); status != ua.StatusUncertain || !strings.Contains(why, `"NOSUCH"`) {
		t.Errorf("ReadPart of nothing: %v %q", status, why)
	}
	if status, _, why := b.ask(t, c, "ReadShift", time.Now().Add(-time.Hour*24*40), time.Now()); status != ua.StatusUncertain || !strings.Contains(why, "32 days") {
		t.Errorf("ReadShift of 40 days: %v %q", status, why)
	}
	hour := []any{time.Now().Add(-time.Hour), time.Now(), uint32(500), uint32(0)}
	if status, text, _ := b.ask(t, c, "ReadAudit", hour...); status != ua.StatusBadUserAccessDenied || text != "" {
		t.Errorf("an operator reads the audit: %v %s", status, text)
	}
	q, err := b.dialAs(t, "quentin")
	if err != nil {
		t.Fatal(err)
	}
	if status, text, _ := b.ask(t, q, "ReadAudit", hour...); status != ua.StatusOK || !strings.Contains(text, "add user quentin") || strings.Contains(text, benchPassword) {
		t.Errorf("quality reads the audit: %v %s", status, text)
	}
}

// same writes JSON in one way.
func same(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestNoRecordsIsSaidInWords asks a data directory that has none, and a text of many pieces is whole again.
func TestNoRecordsIsSaidInWords(t *testing.T) {
	s := &storeRecords{dir: t.TempDir()}
	if _, _, err := s.FindParts(context.Background(), "", 0, 1); err == nil || !strings.Contains(err.Error(), "no records in") {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(fmt.Errorf("close what was never open: %w", err))
	}
}
