package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"linectl/internal/process"
	"linectl/line"
	"linectl/plc/opcua"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"linectl": func() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// TestScripts runs what the README tells people to type, and what happens when they type it wrong.
func TestScripts(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       os.Getenv("UPDATE_SCRIPTS") != "",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"freeports": func(ts *testscript.TestScript, _ bool, args []string) { // so that tests can run beside a line
				ts.Check(freePorts(t.Context(), ts.MkAbs(args[0])))
			},
			"post": func(ts *testscript.TestScript, _ bool, args []string) { // what anybody may send who can open the control socket
				answer, err := post(ts.MkAbs(args[0]), args[1], args[2])
				ts.Check(err)
				_, err = ts.Stdout().Write(answer)
				ts.Check(err)
			},
			"certificate": func(ts *testscript.TestScript, _ bool, args []string) { // one that ends so many days from now
				days, err := strconv.Atoi(args[1])
				ts.Check(err)
				id, err := opcua.CreateIdentity("urn:linectl:test", "test", time.Now().AddDate(-10, 0, days).Add(time.Hour))
				ts.Check(err)
				ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o700))
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), id.Certificate, 0o600))
			},
		},
		Setup: func(e *testscript.Env) error {
			e.Setenv("REFERENCE", root+"/../../examples/reference")
			e.Setenv("NO_COLOR", "1")
			return os.CopyFS(e.WorkDir+"/ref", os.DirFS(root+"/../../examples/reference"))
		},
	})
}

// post sends a body to a control socket, by hand.
func post(socket, path, body string) ([]byte, error) {
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	r, err := c.Post("http://linectl"+path, "application/json", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

func TestExitCodes(t *testing.T) {
	story := func(name, text string) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	const short = "name: No order\nshows: a line at rest\nmust: build nothing\nlasts: 1s\nends: open\norders:\n  - {product: ESS-P2}\nevents:\n  - do: Stop line\nexpect:\n"
	good := story("good.yaml", short+"  - never: {pack: any, becomes: released}\n")
	wrong := story("wrong.yaml", short+"  - {pack: any, becomes: released}\n")
	unread := story("unread.yaml", short+"  - {packet: any}\n")
	for _, tt := range []struct {
		args []string
		want int
	}{
		{[]string{"version"}, exitDone},
		{[]string{"nonsense"}, exitUsage},
		{[]string{"status", "--nonsense"}, exitUsage},
		{[]string{"status", "too", "many"}, exitUsage},
		{[]string{"check"}, exitUsage},
		{[]string{"check", "--offline", "--config", "nowhere.yaml"}, exitFailed},
		{[]string{"status", "--socket", "nowhere.sock"}, exitFailed},
		{[]string{"scenario", "run", good}, exitDone},
		{[]string{"scenario", "run", good, wrong}, exitFailed},
		{[]string{"scenario", "run", good, unread}, exitUsage},
		{[]string{"scenario", "run", "nowhere.yaml"}, exitUsage},
		{[]string{"scenario", "run"}, exitUsage},
	} {
		var out, errs bytes.Buffer
		if got := run(t.Context(), tt.args, &out, &errs); got != tt.want {
			t.Errorf("linectl %q exits %d, want %d; it says %s%s", tt.args, got, tt.want, &out, &errs)
		}
	}
}

// TestSignals holds that the first SIGTERM ends a supervisor in order, and that it does not wait for anything after a second.
func TestSignals(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "ls")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &demo{out: io.Discard, dir: dir, speed: 60, seed: 1, config: filepath.Join(dir, demoConfig)}
	if err := layDemo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := d.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.plant.Stop(10 * time.Second) })
	t.Run("the first stops in order", func(t *testing.T) {
		if err := d.line.Stop(10 * time.Second); err != nil {
			t.Error(err)
		}
		if s := d.line.LastWords(); !strings.Contains(s, "line stopped") {
			t.Errorf("it said: %s", s)
		}
	})
	t.Run("the second at once", func(t *testing.T) {
		if err := d.startLine(t.Context()); err != nil {
			t.Fatal(err)
		}
		idle := func(context.Context) error {
			snap, err := d.client.Snapshot(t.Context())
			if err != nil {
				return err
			}
			_, err = d.client.Do(t.Context(), line.Request{By: "test", Command: line.Machine{Target: "line", Command: "Reset"}})
			if err == nil && slices.ContainsFunc(snap.Stations, func(st line.StationSnapshot) bool { return st.State != "Idle" }) {
				err = errors.New("not every station is Idle")
			}
			return err
		}
		if err := d.line.Await(t.Context(), 10*time.Second, idle); err != nil {
			t.Fatal(err)
		}
		signalTo(t, d.plant, syscall.SIGSTOP) // frozen, it lets no station come to rest for a while
		defer signalTo(t, d.plant, syscall.SIGCONT)
		signalTo(t, d.line, syscall.SIGTERM)
		time.Sleep(50 * time.Millisecond)
		if d.line.Gone() {
			t.Fatal("it ended without its stations")
		}
		signalTo(t, d.line, syscall.SIGTERM)
		began := time.Now()
		<-d.line.Ended
		if took := time.Since(began); took > 300*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		if code := d.line.Command.ProcessState.ExitCode(); code != exitFailed {
			t.Errorf("it ended with %d, want %d", code, exitFailed)
		}
	})
}

func signalTo(t *testing.T, c *process.Process, s syscall.Signal) {
	t.Helper()
	if err := c.Command.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
