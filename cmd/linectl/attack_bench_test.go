package main

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/control"
	"linectl/line"
	"linectl/plc/opcua"
)

// besieged is a running line with its gateway, an operator who works, and an attacker who has stolen a trusted certificate and
// the password of one who may only look.
type besieged struct {
	*hmiBench
	operator    *gopcua.Client
	certificate []byte // of the gateway
	eve         opcua.Identity

	mu   sync.Mutex
	last line.Snapshot
	seen time.Time
	gap  time.Duration // the longest between two snapshots
	peak int           // resident memory of the gateway, kB
}

func besiege(t *testing.T) *besieged {
	t.Helper()
	b := &besieged{hmiBench: newHMIBench(t)}
	var err error
	if b.eve, err = opcua.CreateIdentity("urn:test:eve", "eve", time.Now()); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.dir, "eve.der")
	if err := os.WriteFile(file, b.eve.Certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	if code := run(t.Context(), []string{"cert", "trust", file, "--data", b.data}, os.Stderr, os.Stderr); code != exitDone {
		t.Fatalf("cert trust exits %d", code)
	}
	b.start(t, "--gateway-listen", b.address)
	b.accounts(t)
	b.do(t, func(ctx context.Context, c *control.Client) (line.Reply, error) {
		return c.AddUser(ctx, "", "test", "test", line.AddUser{User: "eve", Roles: []line.Role{line.Operator}}, benchPassword)
	})
	b.produce(t)
	b.operator = b.await(t)
	body, err := os.ReadFile(filepath.Join(b.data, "gateway", "gateway.crt"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(body)
	b.certificate = block.Bytes
	go b.watch(t.Context())
	go b.weigh(t.Context(), t)
	eventually(t, "snapshots come", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return !b.seen.IsZero() })
	return b
}

// produce starts the line, when every device is there.
func (b *besieged) produce(t *testing.T) {
	t.Helper()
	c := control.Dial(defaultSocket(b.data))
	defer c.Close()
	for _, command := range []line.Command{line.Machine{Target: "line", Command: "Reset"}, line.AddOrder{Order: "4711", Product: "ESS-P2", Quantity: 500}, line.Machine{Target: "line", Command: "Start"}} {
		eventually(t, fmt.Sprintf("the line takes %+v", command), func() bool {
			reply, err := c.Do(t.Context(), line.Request{By: "test", Why: "test", Command: command})
			return err == nil && reply.Accepted
		})
	}
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func (b *besieged) do(t *testing.T, what func(context.Context, *control.Client) (line.Reply, error)) {
	t.Helper()
	c := control.Dial(defaultSocket(b.data))
	defer c.Close()
	if reply, err := what(t.Context(), c); err != nil || !reply.Accepted {
		t.Fatalf("%+v %v", reply, err)
	}
}

// watch follows the supervisor: a loop that misses a scan is late with its snapshot, and a device that it forgets stops its
// station by its own watchdog.
func (b *besieged) watch(ctx context.Context) {
	c := control.Dial(defaultSocket(b.data))
	defer c.Close()
	_ = c.Snapshots(ctx, func(s line.Snapshot) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		now := time.Now()
		if !b.seen.IsZero() {
			b.gap = max(b.gap, now.Sub(b.seen))
		}
		b.last, b.seen = s, now
		return nil
	})
}

// weigh samples the memory of whatever process is the gateway.
func (b *besieged) weigh(ctx context.Context, t *testing.T) {
	for ctx.Err() == nil {
		for _, pid := range childrenOf(t, b.run.Command.Process.Pid) {
			if kb := resident(pid); kb > 0 {
				b.mu.Lock()
				b.peak = max(b.peak, kb)
				b.mu.Unlock()
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func resident(pid int) int {
	body, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	for l := range strings.Lines(string(body)) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == "VmRSS:" {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}

func (b *besieged) gateway(t *testing.T) int {
	t.Helper()
	if c := childrenOf(t, b.run.Command.Process.Pid); len(c) == 1 {
		return c[0]
	}
	return 0
}

// report is what became of one attack.
type report struct {
	name, outcome, seen string
	answer              time.Duration // until the operator's client was answered again
	peak                int           // MB
}

// suffer makes an attack, and holds that the line did not notice and that the operator is answered within five seconds.
func (b *besieged) suffer(t *testing.T, name string, attack func(*testing.T) string) report {
	moveOn()
	before := b.gateway(t)
	b.mu.Lock()
	b.gap, b.peak = 0, 0
	up := devicesUp(b.last)
	b.mu.Unlock()
	r := report{name: name, outcome: "survived"}
	r.seen = attack(t)
	began := time.Now()
	for {
		err := b.work(t)
		if err == nil {
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the operator is not answered: %v; %s", err, b.run.LastWords())
		}
		time.Sleep(20 * time.Millisecond)
	}
	if r.answer = time.Since(began).Round(time.Millisecond); r.answer > 5*time.Second {
		t.Errorf("the operator is answered after %v", r.answer)
	}
	after := b.gateway(t)
	if after != before {
		r.outcome = "process restarted"
	} else if strings.HasPrefix(r.seen, "cut") {
		r.outcome = "connection cut"
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if gap := max(b.gap, time.Since(b.seen)); gap > 2*time.Second {
		t.Errorf("the supervisor was silent for %v", gap)
	}
	if now := devicesUp(b.last); now < up {
		t.Errorf("of %d devices that answered %d still do", up, now)
	}
	r.peak = max(b.peak, resident(after)) / 1024
	return r
}

func devicesUp(s line.Snapshot) (n int) {
	for i := range s.Stations {
		for _, d := range s.Stations[i].Devices {
			if d.Up {
				n++
			}
		}
	}
	return n
}

// work is what the operator's screen does: it reads, and dials anew when the connection is gone.
func (b *besieged) work(t *testing.T) error {
	v, err := b.readOnce(t)
	if err == nil && v.Status != ua.StatusOK {
		err = v.Status
	}
	if err == nil {
		return nil
	}
	if c, dialErr := b.dial(t); dialErr == nil {
		b.operator = c
	} else {
		err = errors.Join(err, dialErr)
	}
	return err
}

func (b *besieged) readOnce(t *testing.T) (*ua.DataValue, error) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	index, err := b.operator.FindNamespace(ctx, "urn:linectl:line")
	if err != nil {
		return nil, err
	}
	res, err := b.operator.Read(ctx, &ua.ReadRequest{NodesToRead: []*ua.ReadValueID{{NodeID: ua.NewStringNodeID(index, "ST060.State")}}, TimestampsToReturn: ua.TimestampsToReturnBoth})
	if err != nil {
		return nil, err
	}
	return res.Results[0], nil
}

// rogue opens a channel with the stolen certificate.
func (b *besieged) rogue(t *testing.T) *rogue {
	t.Helper()
	var err error
	for range 100 { // a gateway that has just fallen comes again
		var r *rogue
		if r, err = openRogue(b.address, b.certificate, b.eve.Certificate, b.eve.Key); err == nil {
			t.Cleanup(func() { _ = r.Close() })
			return r
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the attacker gets no channel: %v", err)
	return nil
}

// login logs the attacker in.
func (b *besieged) login(t *testing.T) *gopcua.Client {
	t.Helper()
	var err error
	for range 100 {
		var c *gopcua.Client
		if c, err = attackerClient(b.address, b.eve, "eve", benchPassword); err == nil {
			if err = c.Connect(t.Context()); err == nil {
				t.Cleanup(func() {
					ctx, cancel := context.WithTimeout(context.Background(), time.Second)
					defer cancel()
					_ = c.Close(ctx)
				})
				return c
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the attacker does not get in: %v", err)
	return nil
}
