package control_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linectl/accounts"
	"linectl/control"
	"linectl/line"
)

const password = "blue kettle on 7 wheels"

// staffed is a bench whose line has accounts.
type staffed struct {
	*bench
	list []line.Account
}

func (s *staffed) Do(ctx context.Context, r line.Request) (line.Reply, error) {
	s.mu.Lock()
	if c, ok := r.Command.(line.AddUser); ok {
		s.list = append(s.list, line.Account{User: c.User, Roles: c.Roles, Passwords: 1})
	}
	s.mu.Unlock()
	return s.bench.Do(ctx, r)
}

func (s *staffed) Snapshot() line.Snapshot {
	snap := s.bench.Snapshot()
	s.mu.Lock()
	defer s.mu.Unlock()
	snap.At = time.Unix(1, 0)
	snap.Accounts = append([]line.Account(nil), s.list...)
	return snap
}

// staff opens a socket with an Admin sana and an Operator amna.
func staff(t *testing.T) (*staffed, *control.Client, string) {
	t.Helper()
	b := &staffed{bench: newBench()}
	dir := shortDir(t)
	keeper, err := accounts.Open(filepath.Join(dir, accounts.FileName), b, true)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "run", "s.sock")
	l, err := control.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- (&control.Server{Line: b, Journal: b, Log: slog.New(slog.DiscardHandler), Keeper: keeper}).Serve(ctx, l)
	}()
	c := control.Dial(path)
	t.Cleanup(func() {
		c.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if r, err := c.SetUp(t.Context(), keeper.SetUpToken(), "sana", password); err != nil || !r.Accepted {
		t.Fatal(r, err)
	}
	if r, err := c.AddUser(t.Context(), "", "", "", line.AddUser{User: "amna", Roles: []line.Role{line.Operator}}, password); err != nil || !r.Accepted {
		t.Fatal(r, err)
	}
	return b, c, path
}

func (s *staffed) lastAsked() line.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

// What goes with a session is its user's, whatever it says; what goes with a session that has ended is nobody's.
func TestARequestIsItsSessions(t *testing.T) {
	b, c, _ := staff(t)
	s, err := c.LogIn(t.Context(), "amna", password, "panel 1")
	if err != nil || s.User != "amna" || len(s.Roles) != 1 || s.Roles[0] != line.Operator || s.Expires.IsZero() {
		t.Fatalf("%+v, %v", s, err)
	}
	if q := b.lastAsked(); q.Account != "amna" || q.Origin != line.FromSession || q.Command != (line.LogIn{Source: "panel 1"}) {
		t.Errorf("the log-in is recorded as %+v", q)
	}
	reset := line.Request{ID: "1", By: "the boss", Account: "sana", Origin: line.FromItself, Proof: line.ByCertificate, Command: line.Machine{Target: "line", Command: "Reset"}}
	if _, err := c.DoAs(t.Context(), s.Token, reset); err != nil {
		t.Fatal(err)
	}
	if q := b.lastAsked(); q.By != "amna" || q.Account != "amna" || q.Origin != line.FromSession || q.Proof != line.ByPassword {
		t.Errorf("the line was asked by %+v", q)
	}
	if again, err := c.Session(t.Context(), s.Token); err != nil || again.User != "amna" {
		t.Errorf("%+v, %v", again, err)
	}
	if err := c.LogOut(t.Context(), s.Token); err != nil {
		t.Fatal(err)
	}
	before := len(b.asked)
	_, err1 := c.DoAs(t.Context(), s.Token, reset)
	_, err2 := c.Session(t.Context(), s.Token)
	_, err3 := c.Users(t.Context(), s.Token)
	_, err4 := c.AddUser(t.Context(), s.Token, "", "", line.AddUser{User: "omar", Roles: []line.Role{line.Admin}}, password)
	_, err5 := c.DoAs(t.Context(), "", reset)
	for i, err := range []error{err1, err2, err3, err4, err5} {
		if !errors.Is(err, control.ErrNoSession) {
			t.Errorf("call %d with an ended session: %v", i+1, err)
		}
	}
	if len(b.asked) != before {
		t.Errorf("an ended session asked the line: %+v", b.lastAsked())
	}
}

// Whoever opens the socket may say any name; the line is told that it was only said.
func TestANameThatIsTypedIsNoProof(t *testing.T) {
	b, c, _ := staff(t)
	look := line.Request{ID: "1", By: "amna", Account: "amna", Origin: line.FromSession, Proof: line.ByPassword, Command: line.InspectQuarantine{Pack: "p", Saw: line.SeenDone}}
	if _, err := c.Do(t.Context(), look); err != nil {
		t.Fatal(err)
	}
	if q := b.lastAsked(); q.By != "amna" || q.Origin != line.FromLocal || q.Proof != "" || !strings.HasPrefix(q.Account, "local:") {
		t.Errorf("the line was asked by %+v", q)
	}
}

func TestLogInsThatFail(t *testing.T) {
	b, c, path := staff(t)
	for _, user := range []string{"amna", "omar"} {
		if _, err := c.LogIn(t.Context(), user, "wrong password", "panel 1"); !errors.Is(err, control.ErrLogIn) {
			t.Errorf("%s: %v", user, err)
		}
		want := map[string]string{"amna": "amna", "omar": "somebody unknown"}[user]
		if q := b.lastAsked(); q.Command != (line.NoteFailedLogIns{User: want, Source: "panel 1", Count: 1}) || q.Origin != line.FromItself {
			t.Errorf("noted as %+v", q)
		}
	}
	if _, err := c.SetUp(t.Context(), "x", "omar", password); !errors.Is(err, accounts.ErrSetUp) {
		t.Error(err)
	}
	raw := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer raw.CloseIdleConnections()
	for _, tt := range []struct {
		name, url, header, body string
		want                    int
	}{
		{"wrong password", "/v1/login", "", `{"user":"amna","password":"x","source":"panel 2"}`, 401},
		{"unknown field", "/v1/login", "", `{"user":"amna","pass":"x"}`, 400},
		{"another scheme", "/v1/requests", "Basic YW1uYTp4", `{"command":{"kind":"machine","target":"line","command":"Reset"}}`, 401},
		{"no token", "/v1/requests", "Bearer ", `{"command":{"kind":"machine","target":"line","command":"Reset"}}`, 401},
		{"a token that is none", "/v1/requests", "Bearer x", `{"command":{"kind":"machine","target":"line","command":"Reset"}}`, 401},
		{"an account past the keeper", "/v1/requests", "", `{"command":{"kind":"user-add","user":"omar","roles":["Admin"]}}`, 400},
		{"a proof of one's own", "/v1/requests", "", `{"account":"sana","proof":"password","command":{"kind":"inspect","pack":"p","saw":"done"}}`, 400},
		{"an origin of one's own", "/v1/requests", "", `{"origin":"session","account":"sana","command":{"kind":"hold"}}`, 400},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://linectl"+tt.url, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			if tt.header != "" {
				r.Header.Set("Authorization", tt.header)
			}
			res, err := raw.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if body, _ := io.ReadAll(res.Body); res.StatusCode != tt.want {
				t.Errorf("status %d, want %d: %s", res.StatusCode, tt.want, body)
			}
		})
	}
}

// Who works here is for Admin and the owner of the computer; no face sees it in a snapshot.
func TestAccountsAreNotForEverybody(t *testing.T) {
	_, c, _ := staff(t)
	for user, may := range map[string]bool{"sana": true, "amna": false} {
		s, err := c.LogIn(t.Context(), user, password, "panel 1")
		if err != nil {
			t.Fatal(err)
		}
		list, err := c.Users(t.Context(), s.Token)
		if may != (err == nil) || may != (len(list) == 2) {
			t.Errorf("%s sees %v, %v", user, list, err)
		}
	}
	if list, err := c.Users(t.Context(), ""); err != nil || len(list) != 2 {
		t.Error(list, err)
	}
	if s, err := c.Snapshot(t.Context()); err != nil || s.Accounts != nil {
		t.Errorf("a snapshot shows %v, %v", s.Accounts, err)
	}
}
