package browser

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/control"
	"linectl/internal/process"
	"linectl/line"
	"linectl/simulator"
)

// site is one line with its plant, as a user starts it: three commands in a fresh directory. The supervisor starts the gateway and
// the HMI beside itself.
type site struct {
	dir     string
	plant   *process.Process
	line    *process.Process
	hmi     string // host and port
	gateway string
	client  *control.Client
	asked   int
}

// start runs the program, which says what it says in a file of the directory.
func start(name, dir string, args ...string) (*process.Process, error) {
	return process.Start(name, filepath.Join(dir, name+".log"), exec.CommandContext(context.Background(), program, args...))
}

var (
	sitesMu sync.Mutex
	sites   []*site
)

// stopLines ends every process that was started here. What they wrote is kept when a test has failed.
func stopLines(keep bool) {
	for _, s := range sites {
		s.client.Close()
		_ = s.line.Stop(20 * time.Second)
		_ = s.plant.Stop(20 * time.Second)
		if !keep {
			_ = os.RemoveAll(s.dir)
		}
	}
}

// until waits for a condition and fails the test when it does not come.
func until(t *testing.T, most time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !ok() {
		if time.Since(began) > most {
			t.Fatalf("not within %s: %s", most, what)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(began)
}

var address = regexp.MustCompile(`127\.0\.0\.1:[0-9]+`)

// ports hands out addresses on which nobody listens, each once.
type ports struct{ held []net.Listener }

func (p *ports) next(t *testing.T) string {
	t.Helper()
	l, err := process.HoldPort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.held = append(p.held, l)
	return process.Loopback(l)
}

func (p *ports) free() {
	for _, l := range p.held {
		_ = l.Close()
	}
}

// newSite lays out the reference line, starts it with its plant and makes the accounts.
func newSite(t *testing.T, speed float64, change func(yaml string) string) *site {
	t.Helper()
	needed(t)
	dir, err := os.MkdirTemp("", "ls")
	if err != nil {
		t.Fatal(err)
	}
	var p ports
	s := &site{dir: dir, hmi: p.next(t), gateway: p.next(t)}
	if err := os.CopyFS(dir, os.DirFS("../../examples/reference")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "line.yaml")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	yaml := address.ReplaceAllStringFunc(string(body), func(string) string { return p.next(t) })
	if change != nil {
		yaml = change(yaml)
	}
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	p.free()
	s.startPlant(t, speed)
	s.startLine(t)
	sitesMu.Lock()
	sites = append(sites, s)
	sitesMu.Unlock()
	s.people(t)
	return s
}

func (s *site) startPlant(t *testing.T, speed float64) {
	t.Helper()
	ready := filepath.Join(s.dir, "ready")
	_ = os.Remove(ready)
	var err error
	s.plant, err = start("plant", s.dir, "simulate", "--config", filepath.Join(s.dir, "line.yaml"), "--speed", fmt.Sprint(speed), "--ready", ready, "--seed", "3")
	if err != nil {
		t.Fatal(err)
	}
	until(t, time.Minute, "the plant answers; see "+s.plant.Log, func() bool { _, err := os.Stat(ready); return err == nil })
}

func (s *site) records() string { return filepath.Join(s.dir, "records") }

func (s *site) startLine(t *testing.T) {
	t.Helper()
	var err error
	s.line, err = start("run", s.dir, "run", "--config", filepath.Join(s.dir, "line.yaml"), "--data", s.records(),
		"--gateway-listen", s.gateway, "--hmi-listen", s.hmi)
	if err != nil {
		t.Fatal(err)
	}
	s.client = control.Dial(filepath.Join(s.records(), "control", "linectl.sock"))
	until(t, time.Minute, "the line answers; see "+s.line.Log, func() bool {
		snap, err := s.client.Snapshot(context.Background())
		return err == nil && !snap.At.IsZero()
	})
	for _, a := range []string{s.gateway, s.hmi} {
		until(t, time.Minute, a+" answers; see "+s.line.Log, func() bool {
			c, err := net.DialTimeout("tcp", a, time.Second)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		})
	}
}

const password = "blue kettle on 7 wheels"

// people makes an account for each person of the stories.
func (s *site) people(t *testing.T) {
	t.Helper()
	var token string
	until(t, 10*time.Second, "a set-up token", func() bool {
		said, _ := os.ReadFile(s.line.Log)
		m := regexp.MustCompile(`(?m)^\s*([A-Z0-9-]{16,})\s*$`).FindSubmatch(said)
		if m != nil {
			token = string(m[1])
		}
		return m != nil
	})
	s.linectl(t, token+"\n"+password+"\n", "setup", "omar", "--data", s.records())
	for name, role := range map[string]line.Role{"amna": line.Operator, "bilal": line.TeamLeader, "sana": line.Quality, "viktor": line.Viewer} {
		s.linectl(t, password+"\n", "user", "add", name, string(role), "--data", s.records())
	}
}

// linectl runs a command as a person at a terminal does.
func (s *site) linectl(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	c := exec.Command(program, args...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("linectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// fault lets a fault into the plant, and returns what ends it.
func (s *site) fault(t *testing.T, text string) (mend func()) {
	t.Helper()
	said := s.linectl(t, "", append([]string{"fault", "inject", "--config", filepath.Join(s.dir, "line.yaml")}, strings.Fields(text)...)...)
	id, _, _ := strings.Cut(said, " ")
	return sync.OnceFunc(func() {
		_ = exec.Command(program, "fault", "clear", "--config", filepath.Join(s.dir, "line.yaml"), id).Run() // it may be over
	})
}

func (s *site) snapshot(t *testing.T) line.Snapshot {
	t.Helper()
	var snap line.Snapshot
	var err error
	for range 50 {
		if snap, err = s.client.Snapshot(t.Context()); err == nil {
			return snap
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal(err)
	return snap
}

func (s *site) station(t *testing.T, id line.StationID) line.StationSnapshot {
	t.Helper()
	for _, st := range s.snapshot(t).Stations {
		if st.Station == id {
			return st
		}
	}
	t.Fatalf("no station %s", id)
	return line.StationSnapshot{}
}

// ask asks the line for what is not the story's own matter.
func (s *site) ask(c line.Command) (line.Reply, error) {
	s.asked++
	return s.client.Do(context.Background(), line.Request{ID: "story-" + strconv.FormatInt(time.Now().UnixNano(), 36), By: "story", Why: "the story", Command: c})
}

func (s *site) must(t *testing.T, c line.Command) {
	t.Helper()
	reply, err := s.ask(c)
	if err == nil && !reply.Accepted {
		err = errors.New(reply.Text)
	}
	if err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
}

// truth is what physically happened.
func (s *site) truth(t *testing.T) []simulator.Event {
	t.Helper()
	events, err := simulator.ReadTruth(filepath.Join(s.dir, "plant", "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return events
}
