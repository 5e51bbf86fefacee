package nemesis

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/checker"
	hmi "linectl/hmi/opcua"
	"linectl/internal/process"
	"linectl/line"
	"linectl/plc/opcua"
)

const (
	leader     = "leader"
	leaderWord = "blue kettle on 7 wheels"
	lifes      = 8 // of the supervisor, and of the gateway
)

// leaderAsks is a team leader at an HMI: a client of the gateway, which orders packs, loads material and acknowledges alarms. What
// nobody has answered it asks again, by the same number, when it has a session again.
type leaderAsks struct {
	address  string
	identity opcua.Identity
	client   *gopcua.Client
	space    uint16
	sessions int
	open     *request // without an answer yet
	history  []checker.Ask
	orders   int
	again    int // how often it had to ask again
}

type request struct {
	method string
	id     string
	in     []any
}

// step asks for one thing, or again for that which is open.
func (l *leaderAsks) step(ctx context.Context, s *shop, now line.Snapshot) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	if l.client == nil && l.connect(ctx) != nil {
		return
	}
	if l.open == nil {
		l.open = l.wish(s, now)
		l.history = append(l.history, checker.Ask{Request: "opcua/" + leader + "/" + l.open.id, By: leader, Told: "nothing"})
	} else {
		l.again++
	}
	object := l.open.method[:len(l.open.method)-len(filepath.Ext(l.open.method))]
	q := &ua.CallMethodRequest{ObjectID: ua.NewStringNodeID(l.space, object), MethodID: ua.NewStringNodeID(l.space, l.open.method)}
	for _, v := range append(l.open.in, l.open.id, "nemesis") {
		q.InputArguments = append(q.InputArguments, ua.MustVariant(v))
	}
	result, err := l.client.Call(ctx, q)
	switch told := &l.history[len(l.history)-1].Told; {
	case err == nil && result.StatusCode == ua.StatusOK:
		*told, l.open = "done", nil
	case err == nil && result.StatusCode&0xC0000000 == 0x40000000:
		*told, l.open = "refused", nil
	default:
		l.close()
	}
}

// wish says what the leader wants next.
func (l *leaderAsks) wish(s *shop, now line.Snapshot) *request {
	r := &request{id: fmt.Sprint(len(l.history) + 1)}
	if len(l.history)%20 == 0 && l.orders < 3 && !s.op.last {
		l.orders++
		s.op.orders++ // somebody has to wait for it
		r.method, r.in = "Line.AddOrder", []any{fmt.Sprintf("leader-%d", l.orders), s.op.recipe.Product, uint32(1)}
		return r
	}
	for _, a := range now.Alarms {
		if !a.Acknowledged && len(l.history)%2 == 0 {
			r.method, r.in = "Line.AcknowledgeAlarm", []any{a.Alarm}
			return r
		}
	}
	m := s.op.material(now)[len(l.history)%2].(line.LoadMaterial)
	r.method, r.in = string(m.Station)+".LoadMaterial", []any{m.Item, string(m.Lot), m.Quantity, m.Expiry}
	return r
}

func (l *leaderAsks) connect(ctx context.Context) error {
	endpoints, err := gopcua.GetEndpoints(ctx, "opc.tcp://"+l.address)
	if err != nil {
		return err
	}
	e, err := gopcua.SelectEndpoint(endpoints, "Basic256Sha256", ua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		return err
	}
	c, err := gopcua.NewClient("opc.tcp://"+l.address, gopcua.Certificate(l.identity.Certificate), gopcua.PrivateKey(l.identity.Key),
		gopcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName), gopcua.AuthUsername(leader, leaderWord), gopcua.AutoReconnect(false),
		gopcua.ApplicationURI(l.identity.URI), gopcua.RequestTimeout(3*time.Second))
	if err != nil {
		return err
	}
	l.client = c
	if err = c.Connect(ctx); err == nil {
		l.space, err = c.FindNamespace(ctx, hmi.LineSpace)
	}
	if err != nil {
		l.close()
		return err
	}
	l.sessions++
	return nil
}

func (l *leaderAsks) close() {
	if l.client != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = l.client.Close(ctx) // the other side may be gone
	}
	l.client = nil
}

// leader makes a team leader with an account and a trusted certificate.
func (s *shop) leader(t *testing.T) *leaderAsks {
	t.Helper()
	identity, err := opcua.CreateIdentity("urn:test:leader", leader, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(s.dir, "leader.der")
	if err := os.WriteFile(file, identity.Certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), program, "cert", "trust", file, "--data", s.records).CombinedOutput(); err != nil { //nolint:gosec // our own
		t.Fatalf("%v: %s", err, out)
	}
	s.startLine(t)
	s.work(t, time.Minute, func(line.Snapshot) bool { return true })
	reply, err := s.client.AddUser(t.Context(), "", "test", "nemesis", line.AddUser{User: leader, Roles: []line.Role{line.Operator, line.TeamLeader}}, leaderWord)
	if err != nil || !reply.Accepted {
		t.Fatalf("no account: %v %s", err, reply.Text)
	}
	port, err := process.HoldPort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer port.Close()
	l := &leaderAsks{address: process.Loopback(port), identity: identity}
	t.Cleanup(l.close)
	return l
}

// startGateway starts the gateway, which dies at its n-th write.
func (s *shop) startGateway(t *testing.T, address string, n int64) *trapped {
	t.Helper()
	s.shared = true
	p := startTrapped(t, "gateway", filepath.Join(s.dir, "gateway.log"), []string{"write"}, killAt(n, hang, func(string) {}),
		program, "gateway", "--config", s.config, "--data", s.records, "--socket", filepath.Join(s.records, "control", "linectl.sock"), "--listen", address)
	t.Cleanup(p.Kill)
	return p
}

// TestWhatClientsAreToldHolds lets a team leader ask for things over OPC UA while now the gateway dies at one of its writes and now the
// supervisor at one of its calls. What the leader was told is done, is done once, and what was refused is not.
func TestWhatClientsAreToldHolds(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.lighten(t, "ST040.robot")
	s.startPlant(t)
	l := s.leader(t)
	s.line.Kill()
	const never = 1 << 40
	gateways, supervisors := 0, 0
	gateway := s.startGateway(t, l.address, 300)
	begin := func(n int64) *trapped { return s.startTrappedLine(t, everyCall, killAt(n, hang, func(string) {})) }
	work := func(p *trapped, enough func() bool) {
		s.work(t, 2*time.Minute, func(now line.Snapshot) bool {
			if gateway.Gone() {
				if err := gateway.diedOfIt(); err != nil {
					t.Fatal(err)
				}
				if gateways++; gateways < lifes {
					gateway = s.startGateway(t, l.address, 300+int64(gateways)*37)
				} else {
					gateway = s.startGateway(t, l.address, never)
				}
			}
			l.step(t.Context(), s, now)
			return enough()
		})
		if !p.Gone() {
			return
		}
		if err := p.diedOfIt(); err != nil {
			t.Fatal(err)
		}
		supervisors++
	}
	for n := range int64(lifes) {
		work(begin(4000+n*577), func() bool { return false })
	}
	s.op.last = true
	p := begin(never)
	work(p, func() bool { return gateways >= lifes && l.open == nil && s.op.orders > l.orders })
	if p.Gone() {
		t.Fatalf("the supervisor has ended: %v; it said: %s", p.Outcome(), p.LastWords())
	}
	gateway.Kill()
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	s.op.others = l.history
	done := 0
	for _, a := range l.history {
		if a.Told == "done" {
			done++
		}
	}
	t.Logf("gateways killed=%d supervisors killed=%d sessions=%d asked=%d done=%d again=%d orders=%d %v", gateways, supervisors, l.sessions, len(l.history), done, l.again, l.orders, s.finish(t))
	if gateways < lifes || supervisors < lifes || done < 20 || l.again == 0 || l.orders == 0 {
		t.Error("hardly anything was asked")
	}
}
