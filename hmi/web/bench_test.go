package web_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/hmi/opcua"
	"linectl/hmi/web"
	"linectl/internal/testnet"
	"linectl/line"
	own "linectl/plc/opcua"
)

var at = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// plant is a supervisor as small as a gateway needs one.
type plant struct {
	mu    sync.Mutex
	now   line.Snapshot
	away  bool
	mute  bool
	cut   chan struct{}
	asked []line.Request
	reply func(line.Request) (line.Reply, error)
}

func newPlant() *plant {
	return &plant{cut: make(chan struct{}), now: line.Snapshot{
		Line: "acme/lahore/packs/L1", Simulated: true, Good: 3, NOK: 1, FirstPass: 2, Seq: 77,
		Stations: []line.StationSnapshot{
			{Station: "ST060", Kind: line.Weld, Title: "Welding", State: "Held", Reason: "ST060.welder holds by itself", NextAction: "remove the cause, then Unhold", Part: "EV-P1-000001", Pack: "EV-P1-000001", Done: 22, Of: 96, Tool: "glass", ToolAction: "clean", ToolUse: 30, ToolLimit: 40, Devices: []line.DeviceSnapshot{{Device: "ST060.robot", Up: true, Simulated: true, State: "Held"}, {Device: "ST060.welder", Reason: "not connected yet", State: "Undefined"}}},
			{Station: "ST070", Commands: []line.CommandSnapshot{{Command: "Start", WhyNot: "it runs already"}, {Command: "Stop", Possible: true}}, Kind: line.Inspect, Title: "Inspection", State: "Suspended", Reason: "starved by ST060"},
		},
		Packs:  []line.PackSnapshot{{Pack: "EV-P1-000001", Product: "EV-P1"}},
		Orders: []line.OrderSnapshot{{Order: "4711", Product: "EV-P1", Revision: "3", Quantity: 5, Started: 4, Released: 3}},
		Alarms: []line.AlarmSnapshot{held(1)},
	}}
}

func held(occurrence int) line.AlarmSnapshot {
	return line.AlarmSnapshot{
		Alarm: "ST060/held", Station: "ST060", Occurrence: occurrence, Severity: 700, Text: "station holds", Cause: "the electrode sticks",
		Consequence: "the line stops", Action: "open the gun, clear the tip", Active: true, Confirmed: true, Since: at, Changed: at,
	}
}

// Snapshots plays the line as it is.
func (p *plant) Snapshots(ctx context.Context, see func(line.Snapshot) error) error {
	for {
		p.mu.Lock()
		s, away, mute, cut := p.now, p.away, p.mute, p.cut
		p.mu.Unlock()
		if away {
			return errors.New("the socket is away")
		}
		if !mute {
			s.At = time.Now().UTC()
			if err := see(s); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-cut:
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Events plays a journal in which nothing happens.
func (p *plant) Events(ctx context.Context, _ uint64, _ func(line.Entry) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// Ask takes a request.
func (p *plant) Ask(_ context.Context, _ string, r line.Request) (line.Reply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, r)
	if p.reply != nil {
		return p.reply(r)
	}
	return line.Reply{Accepted: true, Text: "ready"}, nil
}

func (p *plant) change(how func(*plant)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how(p)
	close(p.cut)
	p.cut = make(chan struct{})
}

func (p *plant) requests() []line.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]line.Request(nil), p.asked...)
}

// Authenticate knows amna, an operator, vera, who may only look, qasim of quality, and tariq, who leads the team.
func (p *plant) Authenticate(_ context.Context, user, password, _ string) (opcua.Login, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	roles := map[string][]line.Role{"amna": {line.Operator}, "vera": {line.Viewer}, "qasim": {line.Quality}, "tariq": {line.TeamLeader}}[user]
	switch {
	case p.away:
		return opcua.Login{}, opcua.ErrAway
	case roles == nil || password != user+"-password":
		return opcua.Login{}, errors.New("nobody")
	}
	return opcua.Login{User: user, Roles: roles, Session: "session of " + user}, nil
}

// bench is a plant, its gateway, and the HMI, over real sockets.
type bench struct {
	plant   *plant
	shelf   *shelf
	dir     string
	address string
	hmi     *httptest.Server
	stop    func() // of the gateway
}

var identity = sync.OnceValues(func() (own.Identity, error) { return own.CreateIdentity("urn:test:hmi", "hmi", time.Now()) })

func newBench(t testing.TB) *bench {
	t.Helper()
	id, err := identity()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{plant: newPlant(), shelf: newShelf(), dir: t.TempDir(), address: testnet.FreeAddress(t)}
	b.open(t)
	server, err := web.NewServer(web.Options{
		Log: slog.New(slog.DiscardHandler),
		Gate: &web.Gate{URL: "opc.tcp://" + b.address, URI: id.URI, Certificate: id.Certificate, Key: id.Key, Pinned: func() ([]byte, error) {
			pemBytes, err := os.ReadFile(filepath.Join(b.dir, "pki", "gateway.crt"))
			if err != nil {
				return nil, err
			}
			block, _ := pem.Decode(pemBytes)
			_, err = x509.ParseCertificate(block.Bytes)
			return block.Bytes, err
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.hmi = httptest.NewServer(server.Handler())
	t.Cleanup(server.Close)
	t.Cleanup(b.hmi.Close)
	t.Cleanup(b.hmi.CloseClientConnections)
	return b
}

// open starts the gateway, with the certificates of a former one if there was one.
func (b *bench) open(t testing.TB) {
	t.Helper()
	pki, err := opcua.OpenPKI(filepath.Join(b.dir, "pki"), "urn:test:gateway", []string{"localhost", "127.0.0.1"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(b.dir, "hmi.der")
	if err := os.WriteFile(file, id.Certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := pki.Trust(file); err != nil {
		t.Fatal(err)
	}
	catalogue, err := opcua.LoadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	var g *opcua.Gateway
	server, err := opcua.NewServer(opcua.Options{
		Address: b.address, PKI: pki, Logins: b.plant, Known: line.Roles, Name: "L1", Version: "test", Translate: catalogue.Translate, Log: quiet,
		OnAlarm: func(ctx context.Context, by opcua.Caller, a opcua.AlarmAct) (opcua.Status, string) {
			return g.OnAlarm(ctx, by, a)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if g, err = opcua.NewGateway(b.plant, server, quiet); err != nil {
		t.Fatal(err)
	}
	if err := g.DeclareRecords(opcua.Records{Parts: b.shelf, Reports: b.shelf, Waveforms: b.shelf}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	fed, served := make(chan struct{}), make(chan error, 1)
	go func() { g.Run(ctx); close(fed) }()
	go func() { served <- server.Serve(ctx) }()
	if err := server.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.stop = sync.OnceFunc(func() {
		cancel()
		<-fed
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(b.stop)
}

// eventually waits until something is as it should be.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

// browser is a person's browser, without a screen.
type browser struct {
	t testing.TB
	*http.Client
	base string
}

func (b *bench) browser(t testing.TB) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, b.hmi.URL}
}

// logIn logs a person in, with the name as in the password, and fails the test if that does not work.
func (b *bench) logIn(t testing.TB, user string) *browser {
	t.Helper()
	w := b.browser(t)
	status, body := w.form("/login", url.Values{"user": {user}, "password": {user + "-password"}, "lang": {"en"}})
	if status != http.StatusSeeOther {
		t.Fatalf("login of %s: %d %s", user, status, body)
	}
	return w
}

func (w *browser) do(r *http.Request) (int, string) {
	w.t.Helper()
	res, err := w.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func (w *browser) request(method, path, body, kind string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.base+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

func (w *browser) get(path string) (int, string) {
	w.t.Helper()
	return w.do(w.request(http.MethodGet, path, "", ""))
}

func (w *browser) form(path string, v url.Values) (int, string) {
	w.t.Helper()
	return w.do(w.request(http.MethodPost, path, v.Encode(), "application/x-www-form-urlencoded"))
}

// text is a page as a person reads it.
func (w *browser) text(path string) string {
	w.t.Helper()
	_, body := w.get(path)
	return plain(body)
}

var tag = regexp.MustCompile(`<[^>]*>`)

func plain(body string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tag.ReplaceAllString(body, " "))), " ")
}

func (w *browser) shows(path string, all ...string) func() bool {
	return func() bool {
		text := w.text(path)
		for _, one := range all {
			if !strings.Contains(text, one) {
				return false
			}
		}
		return true
	}
}

// call gives a command as the page's script does.
func (w *browser) call(method, why string, args map[string]string) web.Answer {
	w.t.Helper()
	body, err := json.Marshal(map[string]any{"method": method, "args": args, "why": why, "id": fmt.Sprint(time.Now().UnixNano())})
	if err != nil {
		w.t.Fatal(err)
	}
	r := w.request(http.MethodPost, "/call", string(body), "application/json")
	r.Header.Set("X-Linectl", "1")
	status, text := w.do(r)
	var a web.Answer
	if status != http.StatusOK || json.Unmarshal([]byte(text), &a) != nil {
		w.t.Fatalf("%s: %d %s", method, status, text)
	}
	return a
}
