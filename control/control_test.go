package control_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/control"
	"linectl/line"
)

// bench is a line and a journal in memory, as small as the socket needs them.
type bench struct {
	mu      sync.Mutex
	asked   []line.Request
	entries []line.Entry
	changed chan struct{}
	stuck   bool
}

func newBench() *bench { return &bench{changed: make(chan struct{})} }

func (b *bench) Do(ctx context.Context, r line.Request) (line.Reply, error) {
	b.mu.Lock()
	b.asked = append(b.asked, r)
	stuck := b.stuck
	b.mu.Unlock()
	if stuck {
		<-ctx.Done()
		return line.Reply{}, ctx.Err()
	}
	if m, ok := r.Command.(line.Machine); ok && m.Command == "Start" {
		return line.Reply{Request: r.ID, Text: "cannot Start while Stopped; Reset first"}, nil
	}
	return line.Reply{Request: r.ID, Accepted: true, Text: "done"}, nil
}

func (b *bench) Snapshot() line.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return line.Snapshot{Line: "L1", Seq: uint64(len(b.entries)), Cells: line.CellCounts{Bins: map[int]int{3: 2}}}
}

func (b *bench) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

func (b *bench) Entries(_ context.Context, from uint64, limit int) ([]line.Entry, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var page []line.Entry
	for _, e := range b.entries {
		if e.Seq >= from && len(page) < limit {
			page = append(page, e)
		}
	}
	return page, nil
}

// grow appends n entries to the journal and publishes a snapshot.
func (b *bench) grow(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for range n {
		seq := uint64(len(b.entries) + 1)
		b.entries = append(b.entries, line.Entry{Seq: seq, Record: line.Record{
			At: time.UnixMicro(int64(seq)).UTC(), Station: "ST060", Pack: "EV-P1-000001",
			Fact: line.ActDone{Token: line.NewToken(3, seq), Device: "ST060.welder", Task: line.TaskWeldLaser, Index: int(seq), Verdict: line.OK},
		}})
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// serve opens a socket for the bench and returns its path, its client and an orderly stop.
func serve(t *testing.T, b *bench) (string, *control.Client, func() error) {
	t.Helper()
	path := filepath.Join(shortDir(t), "run", "s.sock")
	l, err := control.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	s := &control.Server{Line: b, Journal: b, Log: slog.New(slog.DiscardHandler)}
	go func() { ended <- s.Serve(ctx, l) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	c := control.Dial(path)
	t.Cleanup(func() {
		c.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return path, c, stop
}

// shortDir is a temporary directory whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ctl")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestSocketIsForItsOwnerOnly(t *testing.T) {
	path, _, _ := serve(t, newBench())
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %04o, want %04o", name, got, want)
		}
	}
}

func TestRequestGoesInAndReplyComesBack(t *testing.T) {
	b := newBench()
	_, c, _ := serve(t, b)
	asked := line.Request{ID: "r1", By: "Amna", Why: "shift start", Command: line.Machine{Target: "ST060", Command: "Reset"}}
	reply, err := c.Do(t.Context(), asked)
	if err != nil || !reply.Accepted || reply.Request != "r1" {
		t.Fatalf("reply %+v, error %v", reply, err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	asked.Account, asked.Origin = "local:"+me.Username, line.FromLocal // as the kernel says, not the asker
	if b.asked[0] != asked {
		t.Errorf("the line was asked %+v, not %+v", b.asked[0], asked)
	}
	reply, err = c.Do(t.Context(), line.Request{ID: "r2", Command: line.Machine{Target: "ST060", Command: "Start"}})
	if err != nil || reply.Accepted || reply.Text != "cannot Start while Stopped; Reset first" {
		t.Errorf("a refusal came as %+v, error %v", reply, err)
	}
}

func TestHTTPStatusTellsWhatCameOfIt(t *testing.T) {
	path, _, _ := serve(t, newBench())
	raw := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	defer raw.CloseIdleConnections()
	for _, tt := range []struct {
		name, method, url, body string
		want                    int
		says                    string
	}{
		{"accepted", "POST", "/v1/requests", `{"by":"A","command":{"kind":"machine","target":"line","command":"Reset"}}`, 200, `"accepted":true`},
		{"refused", "POST", "/v1/requests", `{"command":{"kind":"machine","target":"line","command":"Start"}}`, 409, `Reset first`},
		{"unknown field", "POST", "/v1/requests", `{"command":{"kind":"machine","targt":"line"}}`, 400, `unknown field \"targt\"`},
		{"unknown outer field", "POST", "/v1/requests", `{"user":"A","command":{"kind":"hold"}}`, 400, `unknown field \"user\"`},
		{"unknown kind", "POST", "/v1/requests", `{"command":{"kind":"explode"}}`, 400, `known are acknowledge, comment, confirm, disable, hold`},
		{"no kind", "POST", "/v1/requests", `{"command":{}}`, 400, `no \"kind\"`},
		{"no command", "POST", "/v1/requests", `{}`, 400, `\"command\" must be an object`},
		{"no JSON", "POST", "/v1/requests", `reset please`, 400, `invalid character`},
		{"two values", "POST", "/v1/requests", `{"command":{"kind":"hold"}}{}`, 400, `more than one value`},
		{"control character", "POST", "/v1/requests", `{"by":"A\u0007","command":{"kind":"hold"}}`, 400, `no screen can show`},
		{"too long", "POST", "/v1/requests", `{"why":"` + strings.Repeat("x", control.MaxRequest) + `"}`, 400, `too large`},
		{"bad from", "GET", "/v1/events?from=-1", "", 400, `no sequence number`},
		{"from zero", "GET", "/v1/events?from=0", "", 400, `the first entry is 1`},
		{"wrong method", "DELETE", "/v1/snapshot", "", 405, ``},
		{"snapshot", "GET", "/v1/snapshot", "", 200, `"line":"L1"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://linectl"+tt.url, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			res, err := raw.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body := new(strings.Builder)
			if err := res.Write(body); err != nil {
				t.Fatal(err)
			}
			if res.StatusCode != tt.want || !strings.Contains(body.String(), tt.says) {
				t.Errorf("status %d, want %d with %s; got %s", res.StatusCode, tt.want, tt.says, body)
			}
		})
	}
}

var errSeen = errors.New("seen enough")

func TestEventsLoseNothingAndResume(t *testing.T) {
	b := newBench()
	_, c, _ := serve(t, b)
	b.grow(600) // more than two pages
	seen := make(chan uint64, 2000)
	go func() {
		for n := range 10 {
			time.Sleep(2 * time.Millisecond)
			b.grow(n + 1)
		}
	}()
	for next := uint64(1); next <= 655; { // the reader goes away every hundred entries and comes back
		stop := min(next+99, 655)
		err := c.Events(t.Context(), next, func(e line.Entry) error {
			done, ok := e.Fact.(line.ActDone)
			if !ok || done.Token != line.NewToken(3, e.Seq) || e.Station != "ST060" || e.At != time.UnixMicro(int64(e.Seq)).UTC() {
				t.Errorf("entry %d came as %+v", e.Seq, e)
			}
			seen <- e.Seq
			if e.Seq == stop {
				return errSeen
			}
			return nil
		})
		if !errors.Is(err, errSeen) {
			t.Fatal(err)
		}
		next = stop + 1
	}
	close(seen)
	want := uint64(1)
	for seq := range seen {
		if seq != want {
			t.Fatalf("entry %d came where %d was due", seq, want)
		}
		want++
	}
	if want != 656 {
		t.Errorf("%d entries came, want 655", want-1)
	}
}

func TestSnapshotsLatestWins(t *testing.T) {
	b := newBench()
	_, c, _ := serve(t, b)
	go func() {
		for range 300 {
			b.grow(1)
			time.Sleep(time.Millisecond)
		}
	}()
	var last uint64
	var count int
	err := c.Snapshots(t.Context(), func(s line.Snapshot) error {
		if s.Seq < last {
			t.Errorf("snapshot %d came after %d", s.Seq, last)
		}
		last, count = s.Seq, count+1
		if s.Seq == 300 {
			return errSeen
		}
		return nil
	})
	if !errors.Is(err, errSeen) {
		t.Fatal(err)
	}
	if count > 50 {
		t.Errorf("%d snapshots came for 300 changes in about 0.3 s: none was dropped", count)
	}
}

func TestStopCutsStreams(t *testing.T) {
	_, c, stop := serve(t, newBench())
	first := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() {
		ended <- c.Snapshots(context.WithoutCancel(t.Context()), func(line.Snapshot) error { first <- struct{}{}; return nil })
	}()
	<-first
	began := time.Now()
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil || time.Since(began) > time.Second {
		t.Errorf("stream ended with %v after %v", err, time.Since(began))
	}
	if _, err := c.Snapshot(t.Context()); !errors.Is(err, control.ErrNotRunning) {
		t.Errorf("asking a stopped supervisor: %v", err)
	}
}

func TestListen(t *testing.T) {
	t.Run("left by a dead supervisor", func(t *testing.T) {
		path := filepath.Join(shortDir(t), "s.sock")
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		l.SetUnlinkOnClose(false)
		_ = l.Close()
		again, err := control.Listen(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		_ = again.Close()
	})
	t.Run("another answers", func(t *testing.T) {
		path, _, _ := serve(t, newBench())
		if _, err := control.Listen(t.Context(), path); err == nil || !strings.Contains(err.Error(), "another supervisor answers") {
			t.Error(err)
		}
	})
	t.Run("no socket", func(t *testing.T) {
		path := filepath.Join(shortDir(t), "notes.txt")
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := control.Listen(t.Context(), path); err == nil || !strings.Contains(err.Error(), "is no socket") {
			t.Error(err)
		}
		if kept, _ := os.ReadFile(path); string(kept) != "mine" {
			t.Error("the file was touched")
		}
	})
	t.Run("open to others", func(t *testing.T) {
		dir := shortDir(t)
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the point of the test
			t.Fatal(err)
		}
		if _, err := control.Listen(t.Context(), filepath.Join(dir, "s.sock")); err == nil || !strings.Contains(err.Error(), "chmod 700") {
			t.Error(err)
		}
	})
	t.Run("path too long", func(t *testing.T) {
		if _, err := control.Listen(t.Context(), filepath.Join(shortDir(t), strings.Repeat("x", 100))); err == nil || !strings.Contains(err.Error(), "choose a shorter one") {
			t.Error(err)
		}
	})
}
