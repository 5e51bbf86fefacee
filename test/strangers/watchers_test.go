package strangers

import (
	"bufio"
	"context"
	"encoding/json"
	"maps"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shown is a value that a client was shown.
type shown struct {
	client, name, value string
	good                bool
	source, came        time.Time
}

// alarmed is an alarm as a client was told of it.
type alarmed struct {
	Active, Acknowledged bool
}

// question is the name of a question among the alarms, which may be called the same.
func question(name string) string { return "question " + name }

// screen is what one client has in front of it.
type screen struct {
	connected int // how often it has come in
	goodSince map[string]time.Time
	alarms    map[string]alarmed // of this connection, and the questions that the line asks
	refreshed bool               // a ConditionRefresh has ended in this connection
	good      int                // values ever
	errors    []string           // the last of what went wrong; a restart makes some
}

// watchers are all clients of a test.
type watchers struct {
	mu      sync.Mutex
	screens map[string]*screen
	values  []shown // that were Good
}

func newWatchers(names ...string) *watchers {
	w := &watchers{screens: map[string]*screen{}}
	for _, n := range names {
		w.screens[n] = &screen{goodSince: map[string]time.Time{}, alarms: map[string]alarmed{}}
	}
	return w
}

// in says that a client has come in, anew.
func (w *watchers) in(client string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.screens[client]
	s.connected++
	s.alarms, s.refreshed, s.goodSince = map[string]alarmed{}, false, map[string]time.Time{}
}

// out says that a client was cut off: nothing on its screen is to be believed.
func (w *watchers) out(client string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.screens[client]
	s.alarms, s.refreshed, s.goodSince = map[string]alarmed{}, false, map[string]time.Time{}
	if err != nil {
		s.errors = append(s.errors[max(0, len(s.errors)-3):], err.Error())
	}
}

func (w *watchers) show(v shown) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.screens[v.client]
	if !v.good {
		delete(s.goodSince, v.name)
		return
	}
	s.good++
	s.goodSince[v.name] = v.came
	w.values = append(w.values, v)
}

func (w *watchers) alarm(client, name string, a alarmed, retain bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if s := w.screens[client]; retain {
		s.alarms[name] = a
	} else {
		delete(s.alarms, name)
	}
}

func (w *watchers) refreshed(client string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.screens[client].refreshed = true
}

// well reports what a client still lacks to see the line as it is: connections, so many Good values, and exactly these alarms.
func (w *watchers) well(connected map[string]int, values int, alarms map[string]alarmed) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for name, s := range w.screens {
		switch {
		case s.connected <= connected[name]:
			return lacks{name, "a connection", s.errors}
		case len(s.goodSince) < values:
			return lacks{name, "values that are Good: " + plain(len(s.goodSince)) + " of " + plain(values), s.errors}
		case !s.refreshed:
			return lacks{name, "the end of a refresh", s.errors}
		}
		if !maps.Equal(s.alarms, alarms) {
			return lacks{name, "the alarms " + plain(alarms) + ": it has " + plain(s.alarms), s.errors}
		}
	}
	return nil
}

type lacks struct {
	client, what string
	errors       []string
}

func (l lacks) Error() string {
	return l.client + " lacks " + l.what + ", last errors " + plain(l.errors)
}

func (w *watchers) connections() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := map[string]int{}
	for name, s := range w.screens {
		n[name] = s.connected
	}
	return n
}

// again lets a client come back until the test ends, as an HMI does.
func again(ctx context.Context, w *watchers, client string, session func(context.Context) error) {
	for ctx.Err() == nil {
		err := session(ctx)
		w.out(client, err)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// watchWithNode starts node-opcua, which comes back by its own means.
func watchWithNode(t testing.TB, s *shop, w *watchers, names []string) {
	t.Helper()
	setting, err := json.Marshal(map[string]any{
		"endpoint": "opc.tcp://" + s.address, "user": "operator", "password": s.passwords["operator"], "policy": "Basic256Sha256", "mode": "SignAndEncrypt",
		"certificate": s.known.certificate, "key": s.known.private, "uri": s.known.URI, "trust": filepath.Join(s.dir, "node"), "names": names,
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), nodeProgram(t), "watch.cjs")
	cmd.Dir = interop
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	started, ended := make(chan error, 1), make(chan struct{})
	go func() { // the kernel watches the thread that has started it
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	_, _ = in.Write(setting)
	_ = in.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 8<<20)
		for lines.Scan() {
			var m struct {
				Kind, Name, Value, Error string
				Good, Acked              bool
				Retain, Branch           bool
				Active                   *bool // a question has no active state
				Source                   int64 // Unix ms
			}
			if json.Unmarshal(lines.Bytes(), &m) != nil {
				continue // a word of node-opcua's own
			}
			switch m.Kind {
			case "in":
				w.in("node-opcua")
			case "out":
				w.out("node-opcua", nil)
			case "value":
				w.show(shown{"node-opcua", m.Name, m.Value, m.Good, time.UnixMilli(m.Source), time.Now()})
			case "alarm":
				switch {
				case m.Branch:
				case m.Active == nil:
					w.alarm("node-opcua", question(m.Name), alarmed{}, m.Retain)
				default:
					w.alarm("node-opcua", m.Name, alarmed{*m.Active, m.Acked}, m.Retain)
				}
			case "refreshed":
				w.refreshed("node-opcua")
			}
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-done; <-ended })
}
