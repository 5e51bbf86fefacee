package process_test

import (
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linectl/internal/process"
)

func shell(t *testing.T, script string) *process.Process {
	t.Helper()
	p, err := process.Start("shell", filepath.Join(t.TempDir(), "shell.log"), exec.Command("sh", "-c", script))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestAProgramEndsAsItIsAsked(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, script, says string }{
		{"well", `trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done`, ""},
		{"with a failure", `trap 'echo the disk is full; exit 3' TERM; echo ready; while :; do sleep 0.01; done`, "exit status 3; it said: ready\n  the disk is full"},
		{"not at all", `trap '' TERM; echo ready; while :; do sleep 0.01; done`, "did not stop within"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := shell(t, tt.script)
			err := p.Await(t.Context(), 10*time.Second, func(context.Context) error {
				if p.LastWords() != "ready" {
					return errors.New("not yet")
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Stop(300 * time.Millisecond); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			if !p.Gone() {
				t.Error("it is still there")
			}
		})
	}
}

func TestWhoEndsBeforeItIsReadySaysWhy(t *testing.T) {
	t.Parallel()
	p := shell(t, "echo no such file >&2; exit 2")
	err := p.Await(t.Context(), 10*time.Second, func(context.Context) error { return errors.New("not yet") })
	if err == nil || !strings.Contains(err.Error(), "ended before it was ready: exit status 2; it said: no such file") {
		t.Errorf("got %v", err)
	}
	if _, err := process.Start("nothing", filepath.Join(t.TempDir(), "log"), exec.Command("/does/not/exist")); err == nil {
		t.Error("a program that is not there is said to run")
	}
}

// TestAKillTakesAllThatItStarted kills a shell that has started another program, which then lets go of the pipe that it holds.
func TestAKillTakesAllThatItStarted(t *testing.T) {
	t.Parallel()
	p := shell(t, "sleep 1000 & echo $!; wait")
	var child string
	if err := p.Await(t.Context(), 10*time.Second, func(context.Context) error {
		if child = p.LastWords(); child == "" {
			return errors.New("not yet")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	p.Kill()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		state, err := exec.Command("ps", "-o", "stat=", "-p", child).Output() //nolint:gosec // a number that the shell has printed
		if err != nil || strings.HasPrefix(string(state), "Z") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("process %s still runs", child)
		}
	}
}

// TestPortsAreBelowThoseOfOutgoingConnections holds many at once: each is another, and none is one that the system gives away.
func TestPortsAreBelowThoseOfOutgoingConnections(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 50 {
		l, err := process.HoldPort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		address := process.Loopback(l)
		if seen[address] || address < "127.0.0.1:20000" || address > "127.0.0.1:31999" {
			t.Errorf("%s, after %d others", address, len(seen))
		}
		seen[address] = true
	}
}

// TestAPortDoesNotComeAgainSoon lets two ask at the same time, who give back what they get at once: nobody gets what another had, for
// it may be about to listen there.
func TestAPortDoesNotComeAgainSoon(t *testing.T) {
	t.Parallel()
	given := make(chan string)
	for range 2 {
		go func() {
			for range 500 {
				address, err := process.FreePort(t.Context())
				if err != nil {
					address = err.Error()
				}
				given <- address
			}
		}()
	}
	seen := map[string]bool{}
	for range 2 * 500 {
		address := <-given
		if seen[address] {
			t.Errorf("%s again, after %d others", address, len(seen))
		}
		seen[address] = true
	}
}
