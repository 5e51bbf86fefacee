package main

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/control"
	hmi "linectl/hmi/opcua"
	"linectl/internal/process"
	"linectl/internal/testnet"
	"linectl/line"
	"linectl/plc/opcua"
)

// hmiBench is a real supervisor with its virtual plant, a real gateway, and an operator's client.
type hmiBench struct {
	dir, data, address string
	run                *process.Process
	identity           opcua.Identity
}

const benchPassword = "blue kettle on 7 wheels"

func newHMIBench(t *testing.T) *hmiBench {
	t.Helper()
	dir, err := os.MkdirTemp("", "hmi") // short: a socket's path goes below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := layDemo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	d := &demo{out: io.Discard, dir: dir, speed: 60, seed: 1, config: filepath.Join(dir, demoConfig)}
	if err := d.startPlant(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.plant.Stop(10 * time.Second) })
	b := &hmiBench{dir: dir, data: filepath.Join(dir, demoRecords)}
	b.address = testnet.FreeAddress(t)
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
	return b
}

// start runs the supervisor, with a gateway beside it or not.
func (b *hmiBench) start(t *testing.T, args ...string) {
	t.Helper()
	var err error
	b.run, err = startChild("supervisor", filepath.Join(b.dir, "run.log"),
		append([]string{"run", "--config", filepath.Join(b.dir, demoConfig), "--data", b.data}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.run.Stop(10 * time.Second) })
	client := control.Dial(defaultSocket(b.data))
	defer client.Close()
	if err := b.run.Await(t.Context(), 30*time.Second, func(ctx context.Context) error { _, err := client.Snapshot(ctx); return err }); err != nil {
		t.Fatal(err)
	}
}

// accounts makes an operator, as the owner of this computer.
func (b *hmiBench) accounts(t *testing.T) {
	t.Helper()
	client := control.Dial(defaultSocket(b.data))
	defer client.Close()
	reply, err := client.AddUser(t.Context(), "", "test", "test", line.AddUser{User: "amna", Roles: []line.Role{line.Operator}}, benchPassword)
	if err != nil || !reply.Accepted {
		t.Fatalf("add a user: %+v %v", reply, err)
	}
}

func (b *hmiBench) dial(t *testing.T) (*gopcua.Client, error) {
	t.Helper()
	return b.dialAs(t, "amna")
}

func (b *hmiBench) dialAs(t *testing.T, user string) (*gopcua.Client, error) {
	t.Helper()
	c, err := newClient(b.address, b.identity, user, benchPassword)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c, nil
}

// newClient makes a client of the gateway that is not connected yet.
func newClient(address string, id opcua.Identity, user, password string, more ...gopcua.Option) (*gopcua.Client, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	endpoints, err := gopcua.GetEndpoints(ctx, "opc.tcp://"+address, append(more, gopcua.RequestTimeout(5*time.Second))...)
	if err != nil {
		return nil, err
	}
	e, err := gopcua.SelectEndpoint(endpoints, ua.SecurityPolicyURIBasic256Sha256, ua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		return nil, err
	}
	return gopcua.NewClient("opc.tcp://"+address, append(more, gopcua.Certificate(id.Certificate), gopcua.PrivateKey(id.Key),
		gopcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName), gopcua.AuthUsername(user, password), gopcua.AutoReconnect(false),
		gopcua.ApplicationURI(id.URI), gopcua.RequestTimeout(10*time.Second))...)
}

// await dials until the gateway is there, and shows a station.
func (b *hmiBench) await(t *testing.T) *gopcua.Client {
	t.Helper()
	var last error
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		c, err := b.dial(t)
		if err != nil {
			last = err
			continue
		}
		for time.Now().Before(end) {
			if v, err := b.read(t, c, "ST060.State"); err != nil {
				last = err
				break
			} else if v.Status == ua.StatusOK {
				return c
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
	t.Fatalf("no gateway: %v; %s", last, b.run.LastWords())
	return nil
}

func (b *hmiBench) node(t *testing.T, c *gopcua.Client, name string) *ua.NodeID {
	t.Helper()
	index, err := c.FindNamespace(t.Context(), hmi.LineSpace)
	if err != nil {
		t.Fatal(err)
	}
	return ua.NewStringNodeID(index, name)
}

func (b *hmiBench) read(t *testing.T, c *gopcua.Client, name string) (*ua.DataValue, error) {
	t.Helper()
	res, err := c.Read(t.Context(), &ua.ReadRequest{NodesToRead: []*ua.ReadValueID{{NodeID: b.node(t, c, name)}}, TimestampsToReturn: ua.TimestampsToReturnBoth})
	if err != nil {
		return nil, err
	}
	return res.Results[0], nil
}

func (b *hmiBench) call(t *testing.T, c *gopcua.Client, object, method string) (ua.StatusCode, string) {
	t.Helper()
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{
		ObjectID: b.node(t, c, object), MethodID: b.node(t, c, method), InputArguments: []*ua.Variant{ua.MustVariant(""), ua.MustVariant("test")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.OutputArguments) < 2 {
		return res.StatusCode, ""
	}
	return res.StatusCode, res.OutputArguments[1].Value().(*ua.LocalizedText).Text
}

// TestAnOperatorRunsTheLineOverOPCUA is the way from a client's call to the journal and back, and over a supervisor's restart.
func TestAnOperatorRunsTheLineOverOPCUA(t *testing.T) {
	b := newHMIBench(t)
	b.start(t, "--no-gateway")
	b.accounts(t)
	g, err := startChild("gateway", filepath.Join(b.dir, "gateway.log"), "gateway", "--config", filepath.Join(b.dir, demoConfig), "--data", b.data, "--listen", b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Stop(10 * time.Second) })
	c := b.await(t)
	if status, text := b.call(t, c, "ST060", "ST060.Start"); status != ua.StatusUncertain || !strings.Contains(text, "Reset") {
		t.Errorf("Start while Stopped: %v %q", status, text)
	}
	if err := b.run.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		v, err := b.read(t, c, "ST060.State")
		if err != nil {
			t.Fatal(err)
		}
		if v.Status == ua.StatusUncertainLastUsableValue {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("without a supervisor the state is %v", v.Status)
		}
	}
	if status, _ := b.call(t, c, "ST060", "ST060.Stop"); status != ua.StatusBadRequestTimeout && status != ua.StatusBadResourceUnavailable {
		t.Errorf("a command to nobody: %v", status)
	}
	b.start(t, "--no-gateway")
	status, text := b.call(t, c, "ST060", "ST060.Start")
	for end := time.Now().Add(30 * time.Second); status == ua.StatusBadResourceUnavailable && time.Now().Before(end); {
		status, text = b.call(t, c, "ST060", "ST060.Start") // it is not known yet who asks
	}
	if status != ua.StatusUncertain || text == "" {
		t.Errorf("after the restart, without a new login by hand: %v %q", status, text)
	}
	var commands []line.CommandApplied
	client := control.Dial(defaultSocket(b.data))
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_ = client.Events(ctx, 1, func(e line.Entry) error {
		if f, ok := e.Fact.(line.CommandApplied); ok && f.By == "amna" && strings.HasPrefix(f.Command, "Start") {
			commands = append(commands, f)
		}
		return nil
	})
	if len(commands) != 2 || commands[0].Accepted || commands[0].Why != "test" || !strings.HasPrefix(commands[0].Request, "opcua/amna/") {
		t.Errorf("the journal has %+v", commands)
	}
}

// TestRunKeepsItsGateway kills the gateway: the line does not notice, and the gateway comes back.
func TestRunKeepsItsGateway(t *testing.T) {
	b := newHMIBench(t)
	b.start(t, "--gateway-listen", b.address, "--no-hmi")
	b.accounts(t)
	b.await(t)
	first := childrenOf(t, b.run.Command.Process.Pid)
	if len(first) != 1 {
		t.Fatalf("the supervisor has the children %v", first)
	}
	p, err := os.FindProcess(first[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if now := childrenOf(t, b.run.Command.Process.Pid); len(now) == 1 && now[0] != first[0] {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("no gateway came again: %s", b.run.LastWords())
		}
	}
	b.await(t)
	began := time.Now()
	if err := b.run.Stop(20 * time.Second); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %v", took)
	}
	if _, err := b.dial(t); err == nil {
		t.Error("the gateway outlived its supervisor")
	}
}

// TestAHugeGreetingEndsNothingButTheGateway sends the greeting for which the server library takes memory before anyone has
// logged in: a text of 2 GiB is announced. The line goes on, and an operator gets in again.
func TestAHugeGreetingEndsNothingButTheGateway(t *testing.T) {
	b := newHMIBench(t)
	b.start(t, "--gateway-listen", b.address, "--no-hmi")
	b.accounts(t)
	b.await(t)
	hello := []byte("HELF")
	for _, n := range []uint32{32 + 8, 0, 65535, 65535, 0, 0, 0x7ffffff0} { // size, version, buffers, bounds, length of the text
		hello = binary.LittleEndian.AppendUint32(hello, n)
	}
	for range 20 {
		conn, err := net.Dial("tcp", b.address)
		if err != nil {
			break // it has fallen already
		}
		defer func() { _ = conn.Close() }()
		if _, err := conn.Write(append(hello, "opc.tcp:"...)); err != nil {
			break
		}
	}
	time.Sleep(500 * time.Millisecond)
	client := control.Dial(defaultSocket(b.data))
	defer client.Close()
	snapshot, err := client.Snapshot(t.Context())
	if err != nil || time.Since(snapshot.At) > 2*time.Second {
		t.Errorf("the line shows itself as of %v, error %v", snapshot.At, err)
	}
	began := time.Now()
	b.await(t)
	t.Logf("an operator is in again after %v", time.Since(began).Round(time.Millisecond))
}

// childrenOf lists the processes that a process has started.
func childrenOf(t *testing.T, pid int) []int {
	t.Helper()
	tasks, err := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var children []int
	for _, name := range tasks {
		body, err := os.ReadFile(name) //nolint:gosec // of the kernel
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			continue // the thread has just ended
		}
		for f := range strings.FieldsSeq(string(body)) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			children = append(children, n)
		}
	}
	return children
}
