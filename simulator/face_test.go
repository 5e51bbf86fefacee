package simulator_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/goburrow/modbus"
	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/internal/testnet"
	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
	"linectl/simulator"
)

const password = "correct horse"

// serve opens one endpoint on a plant of its own and lets its time run.
func serve(t *testing.T, e simulator.Endpoint) (pki, address string) {
	t.Helper()
	_, pki, address = servePlant(t, e)
	return pki, address
}

func servePlant(t *testing.T, e simulator.Endpoint) (faces *simulator.Faces, pki, address string) {
	t.Helper()
	dir := t.TempDir()
	pki = filepath.Join(dir, "pki")
	e.Address = testnet.FreeAddress(t)
	e.Username, e.Password = "linectl", password
	plant, err := simulator.New(simulator.Config{Seed: 1, Speed: 100, Devices: reference(), CellsPerLane: 40}, dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	faces, err = simulator.Listen(plant, []simulator.Endpoint{e}, pki, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- faces.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		_ = plant.Close()
	})
	return faces, pki, e.Address
}

// wire is what both protocols can do.
type wire interface {
	read(t *testing.T) tags.Status
	write(t *testing.T, c tags.Command)
}

// tell drives one act over the wire, from power-up to the acknowledged result.
func tell(t *testing.T, w wire, j job) tags.Status {
	t.Helper()
	s := w.read(t)
	until := func(what string, ok func(tags.Status) bool) tags.Status {
		t.Helper()
		for range 2000 {
			if s := w.read(t); ok(s) {
				return s
			}
			time.Sleep(time.Millisecond)
		}
		t.Fatalf("never %s: %+v", what, w.read(t))
		return s
	}
	for _, step := range []struct {
		c  packml.Command
		to packml.State
	}{{packml.CmdReset, packml.Idle}, {packml.CmdStart, packml.Execute}} {
		w.write(t, tags.Command{Op: tags.OpMachine, Task: uint16(step.c), Fence: 1, BootEpoch: s.BootEpoch})
		until(step.to.String(), func(s tags.Status) bool { return s.Machine == uint16(step.to) })
	}
	c := j.command(line.NewToken(1, 1))
	c.Fence, c.BootEpoch = 1, s.BootEpoch
	w.write(t, c)
	w.write(t, c) // a late duplicate
	done := until("done", func(s tags.Status) bool { return s.LastCompleted == c.Token })
	if done.EffectCount != 1 {
		t.Errorf("%d effects of one token written twice", done.EffectCount)
	}
	w.write(t, tags.Command{Op: tags.OpAcknowledge, Token: c.Token, Fence: 1, BootEpoch: s.BootEpoch})
	until("idle", func(s tags.Status) bool { return s.Phase == line.PhaseIdle })
	return done
}

type modbusWire struct {
	modbus.Client
	layout tags.ModbusMap
}

func (m modbusWire) read(t *testing.T) tags.Status {
	t.Helper()
	b, err := m.ReadHoldingRegisters(m.layout.StatusBase, tags.StatusRegisters)
	if err != nil {
		t.Fatal(err)
	}
	s, err := tags.DecodeStatus(words(b), m.layout.Order)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (m modbusWire) write(t *testing.T, c tags.Command) {
	t.Helper()
	block := c.Encode(m.layout.Order)
	if _, err := m.WriteMultipleRegisters(m.layout.CommandBase, tags.CommandRegisters, octets(block[:])); err != nil {
		t.Fatal(err)
	}
}

func words(b []byte) []uint16 {
	w := make([]uint16, len(b)/2)
	for i := range w {
		w[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return w
}

func octets(w []uint16) (b []byte) {
	for _, v := range w {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func dialModbus(t *testing.T, address string, layout tags.ModbusMap) modbusWire {
	t.Helper()
	h := modbus.NewTCPClientHandler(address)
	h.SlaveId, h.Timeout = layout.Unit, 2*time.Second
	if err := h.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return modbusWire{modbus.NewClient(h), layout}
}

func TestModbusFaceDoesAnActOnce(t *testing.T) {
	for _, order := range []tags.WordOrder{tags.ABCD, tags.CDAB} {
		t.Run(string(order), func(t *testing.T) {
			layout := tags.ModbusMap{Unit: 3, CommandBase: 100, StatusBase: 2000, Order: order}
			_, address := serve(t, simulator.Endpoint{Device: "ST010.scanner", Protocol: simulator.Modbus, Modbus: layout})
			done := tell(t, dialModbus(t, address, layout), job{task: line.TaskScanCell, params: []float64{1}})
			if len(done.Part) != 24 {
				t.Errorf("the scanner read %q", done.Part)
			}
		})
	}
}

func TestModbusFaceRefusesWhatIsNoBlock(t *testing.T) {
	layout := tags.DefaultModbusMap
	_, address := serve(t, simulator.Endpoint{Device: "ST010.scanner", Protocol: simulator.Modbus, Modbus: layout})
	c := dialModbus(t, address, layout)
	block := tags.Command{Op: tags.OpQuery}.Encode(layout.Order)
	for _, tt := range []struct {
		name string
		do   func() error
		want byte
	}{
		{"write one register", func() error { _, err := c.WriteSingleRegister(layout.CommandBase, 1); return err }, 3},
		{"write 64 registers", func() error {
			_, err := c.WriteMultipleRegisters(layout.CommandBase, 64, octets(block[:64]))
			return err
		}, 3},
		{"write elsewhere", func() error {
			_, err := c.WriteMultipleRegisters(layout.CommandBase+1, 65, octets(block[:]))
			return err
		}, 2},
		{"read half a status", func() error { _, err := c.ReadHoldingRegisters(layout.StatusBase, 50); return err }, 3},
		{"read coils", func() error { _, err := c.ReadCoils(0, 1); return err }, 1},
	} {
		var got byte
		if err, ok := tt.do().(*modbus.ModbusError); ok { //nolint:errorlint // the client returns it bare
			got = err.ExceptionCode
		}
		if got != tt.want {
			t.Errorf("%s: exception %d, want %d", tt.name, got, tt.want)
		}
	}
	block[20]++ // a bit fell over on the way
	if _, err := c.WriteMultipleRegisters(layout.CommandBase, 65, octets(block[:])); err != nil {
		t.Fatal(err)
	}
	if s := c.read(t); s.RejectReason != line.RejectBlock {
		t.Errorf("damaged block: reason %d", s.RejectReason)
	}
}

// opcuaWire speaks both faces.
type opcuaWire struct {
	*opcua.Client
	namespace uint16
	tags.OPCUAMap
}

func (o opcuaWire) id(name string) *ua.NodeID { return ua.NewStringNodeID(o.namespace, o.Object+name) }

func (o opcuaWire) read(t *testing.T) tags.Status {
	t.Helper()
	names := []string{".StatusBlock"}
	if o.Face == tags.FaceMethod {
		names = nil
		for _, f := range tags.StatusFields {
			names = append(names, ".Status."+f)
		}
	}
	request := &ua.ReadRequest{TimestampsToReturn: ua.TimestampsToReturnNeither}
	for _, n := range names {
		request.NodesToRead = append(request.NodesToRead, &ua.ReadValueID{NodeID: o.id(n), AttributeID: ua.AttributeIDValue})
	}
	response, err := o.Read(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	value := func(field string) any {
		i := max(0, slices.Index(tags.StatusFields, field))
		if len(response.Results) == 1 {
			i = 0
		}
		if r := response.Results[i]; r.Status != ua.StatusOK {
			t.Fatalf("%s: %v", field, r.Status)
		}
		return response.Results[i].Value.Value()
	}
	if o.Face == tags.FaceBlocks {
		s, err := tags.DecodeStatus(words(value("").([]byte)), o.Order)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if value("Magic") != tags.Magic {
		t.Fatalf("magic %v", value("Magic"))
	}
	return tags.Status{
		Heartbeat: value("Heartbeat").(uint16), BootEpoch: value("BootEpoch").(uint32), Floor: line.Token(value("Floor").(uint64)),
		InFlight: line.Token(value("InFlight").(uint64)), Phase: line.Phase(value("Phase").(uint16)),
		LastCompleted: line.Token(value("LastCompleted").(uint64)), Part: value("PartId").(string),
		EffectCount: value("EffectCount").(uint32), Machine: value("PackMLState").(uint16), Values: [24]float32(value("Values").([]float32)),
		RejectReason: line.RejectReason(value("RejectReason").(uint16)), Sensors: value("Sensors").(uint32),
	}
}

func (o opcuaWire) write(t *testing.T, c tags.Command) {
	t.Helper()
	if o.Face == tags.FaceBlocks {
		block := c.Encode(o.Order)
		r, err := o.Write(t.Context(), &ua.WriteRequest{NodesToWrite: []*ua.WriteValue{{
			NodeID: o.id(".CommandBlock"), AttributeID: ua.AttributeIDValue,
			Value: &ua.DataValue{EncodingMask: ua.DataValueValue, Value: ua.MustVariant(octets(block[:]))},
		}}})
		if err != nil || r.Results[0] != ua.StatusOK {
			t.Fatal(err, r)
		}
		return
	}
	var in []*ua.Variant
	for _, v := range []any{
		uint64(c.Token), c.Fence, c.BootEpoch, uint16(c.Op), c.Task, c.Flags, c.Part, c.Index, c.RecipeHash[:], c.Params[:],
	} {
		in = append(in, ua.MustVariant(v))
	}
	r, err := o.Call(t.Context(), &ua.CallMethodRequest{ObjectID: o.id(""), MethodID: o.id(".Execute"), InputArguments: in})
	if err != nil || r.StatusCode != ua.StatusOK {
		t.Fatal(err, r)
	}
}

// clientCertificate makes a supervisor's certificate.
func clientCertificate(t *testing.T) (der []byte, key *rsa.PrivateKey, file string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	uri, _ := url.Parse("urn:linectl:test")
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "test supervisor"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, URIs: []*url.URL{uri},
	}
	der, err = x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "client.crt")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return der, key, file
}

func dialOPCUA(t *testing.T, address string, der []byte, key *rsa.PrivateKey, secret string) (*opcua.Client, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	endpoints, err := opcua.GetEndpoints(ctx, "opc.tcp://"+address)
	if err != nil {
		return nil, fmt.Errorf("endpoints: %w", err)
	}
	for _, e := range endpoints {
		if e.SecurityMode == ua.MessageSecurityModeNone {
			t.Error("the face offers an unprotected way in")
		}
	}
	e, err := opcua.SelectEndpoint(endpoints, "Basic256Sha256", ua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		return nil, err
	}
	c, err := opcua.NewClient("opc.tcp://"+address, opcua.AutoReconnect(false), opcua.Certificate(der), opcua.PrivateKey(key),
		opcua.AuthUsername("linectl", secret), opcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName), opcua.ApplicationURI("urn:linectl:test"))
	if err != nil {
		return nil, err
	}
	if err := c.Connect(ctx); err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c, nil
}

func TestOPCUAFacesDoAnActOnce(t *testing.T) {
	for _, face := range []tags.Face{tags.FaceMethod, tags.FaceBlocks} {
		t.Run(string(face), func(t *testing.T) {
			layout := tags.OPCUAMap{Namespace: tags.DefaultNamespace, Object: "Scanner", Face: face, Order: tags.ABCD}
			pki, address := serve(t, simulator.Endpoint{Device: "ST010.scanner", Protocol: simulator.OPCUA, OPCUA: layout})
			der, key, file := clientCertificate(t)
			if _, err := dialOPCUA(t, address, der, key, password); err == nil {
				t.Fatal("a client that nobody trusts was let in")
			}
			if err := simulator.Trust(pki, file); err != nil {
				t.Fatal(err)
			}
			if _, err := dialOPCUA(t, address, der, key, "wrong"); err == nil {
				t.Fatal("a wrong password was let in")
			}
			c, err := dialOPCUA(t, address, der, key, password)
			if err != nil {
				t.Fatal(err)
			}
			namespace, err := c.FindNamespace(t.Context(), tags.DefaultNamespace)
			if err != nil {
				t.Fatal(err)
			}
			done := tell(t, opcuaWire{c, namespace, layout}, job{task: line.TaskScanCell, params: []float64{1}})
			if len(done.Part) != 24 || value(done, line.TaskScanCell, "scanAttempts") != 1 || !math.IsNaN(float64(done.Values[5])) {
				t.Errorf("the scanner read %q, values %v", done.Part, done.Values)
			}
		})
	}
}
