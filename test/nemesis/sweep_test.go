package nemesis

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"linectl/line"
)

// few are the kill points of a plain go test; make test makes 3,000.
const few = 60

// lines build at the same time, one on each core.
const lines = 2

// point is a system call at which the supervisor dies: the n-th of its kind on any of its threads.
type point struct {
	call string
	n    int
}

// points are the places of a sweep: of each kind of call every ordinal in turn, up to where a supervisor has started, has been set
// to work by its operator and is in the middle of it. A longer sweep begins again, and finds the pack at another place.
func points(many int) []point {
	most := []point{{"write", 260}, {"pwrite64", 160}, {"write", 260}, {"fsync", 40}, {"pwrite64", 160}}
	at := map[string]int{}
	list := make([]point, many)
	for i := range list {
		p := most[i%len(most)]
		if i%100 == 99 {
			p = point{"ftruncate", 3}
		}
		list[i] = point{p.call, at[p.call]%p.n + 1}
		at[p.call]++
	}
	return list
}

// number reads how many there shall be from the environment.
func number(t *testing.T, name string, few int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s: %q is no number of things to do", name, text)
	}
	return n
}

// sweep is what came of the points.
type sweep struct {
	mu       sync.Mutex
	died     int
	missed   int            // the call was not reached before the patience ended
	at       map[string]int // what the last call was to
	recovery []time.Duration
}

func strace(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("skipped: strace is not installed; scripts/setup.sh installs it")
	}
	return path
}

// TestKilledAtEveryCall kills the supervisor of a line that builds packs at one system call after the other: every write to a file
// or socket, every sync, every new length of a file, in each case before the kernel does it. It is started again each time and goes
// on from the same records. Nothing that was acknowledged may be lost, nothing may be done twice, and the stations are in a defined
// state soon. LINECTL_POINTS says how many points there are.
func TestKilledAtEveryCall(t *testing.T) {
	tracer := strace(t)
	many := number(t, "LINECTL_POINTS", few)
	began, all := time.Now(), points(many)
	s := &sweep{at: map[string]int{}}
	var sum checked
	t.Run("lines", func(t *testing.T) {
		for i := range lines {
			t.Run(fmt.Sprint(i+1), func(t *testing.T) {
				t.Parallel()
				shop := newShop(t)
				shop.startPlant(t)
				for n := i; n < len(all); n += lines {
					shop.dieAt(t, tracer, all[n], s)
				}
				c := shop.finish(t)
				s.mu.Lock()
				defer s.mu.Unlock()
				sum.packs, sum.entries, sum.events, sum.requests = sum.packs+c.packs, sum.entries+c.entries, sum.events+c.events, sum.requests+c.requests
				sum.lost, sum.double, sum.violations = sum.lost+c.lost, sum.double+c.double, sum.violations+c.violations
			})
		}
	})
	if t.Failed() {
		return
	}
	slices.Sort(s.recovery)
	share := func(p int) time.Duration { return s.recovery[(len(s.recovery)-1)*p/100].Round(time.Millisecond) }
	var where bytes.Buffer
	for _, kind := range slices.Sorted(maps.Keys(s.at)) {
		fmt.Fprintf(&where, " %s=%d", kind, s.at[kind])
	}
	t.Logf("points=%d died=%d missed=%d (%s) %v defined after a kill p50=%v p99=%v in %v",
		many, s.died, s.missed, bytes.TrimSpace(where.Bytes()), sum, share(50), share(99), time.Since(began).Round(time.Second))
	if s.died < many*97/100 {
		t.Errorf("of %d points only %d were reached", many, s.died)
	}
	if s.at["write to a socket"] == 0 || s.at["pwrite64"] == 0 || s.at["fsync"] == 0 {
		t.Error("a kind of call is missing")
	}
	if share(99) > 5*time.Second {
		t.Errorf("the stations were defined only after %v", share(99))
	}
}

// patience is how long a point may let wait for itself.
const patience = 10 * time.Second

// dieAt lets the supervisor work until it dies at the point, and makes sure that it did.
func (s *shop) dieAt(t *testing.T, tracer string, p point, sum *sweep) {
	t.Helper()
	began, notes := time.Now(), filepath.Join(s.dir, "calls")
	s.startLine(t, tracer, "-f", "-y", "-s", "0", "-e", "signal=KILL", "-o", notes, "-e", "trace="+p.call, "-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", p.call, p.n))
	definedAt := s.work(t, patience+time.Minute, func(line.Snapshot) bool { return time.Since(began) > patience })
	sum.mu.Lock()
	defer sum.mu.Unlock()
	if !definedAt.IsZero() {
		sum.recovery = append(sum.recovery, definedAt.Sub(began))
	}
	if !s.line.Gone() {
		sum.missed++
		s.line.Kill()
		return
	}
	exit, ok := errors.AsType[*exec.ExitError](s.line.Outcome())
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("%+v: the supervisor did not die of a signal: %v; it said: %s", p, s.line.Outcome(), s.line.LastWords())
	}
	kind, err := lastCall(notes, p.call)
	if err != nil {
		t.Fatalf("%+v: %v", p, err)
	}
	sum.died++
	sum.at[kind]++
}

var (
	killed = regexp.MustCompile(`(?m)^\d+\s+\+\+\+ killed by SIGKILL \+\+\+$`)
	called = regexp.MustCompile(`(?m)^\d+\s+(?:<\.\.\. )?(\w+)[ (](?:\d+<([^>]*)>)?`)
)

// lastCall reads in strace's notes what the process died of.
func lastCall(notes, call string) (string, error) {
	body, err := os.ReadFile(notes) //nolint:gosec // our own
	if err != nil {
		return "", err
	}
	end := killed.FindIndex(body)
	if end == nil {
		return "", errors.New("strace has not seen it die")
	}
	all := called.FindAllSubmatch(body[:end[0]], -1)
	if len(all) == 0 {
		return "", errors.New("it died before any call")
	}
	last := all[len(all)-1]
	if call != "write" {
		return call, nil
	}
	switch path := string(last[2]); {
	case bytes.HasPrefix(last[2], []byte("socket:")), bytes.HasPrefix(last[2], []byte("TCP")), bytes.HasPrefix(last[2], []byte("UNIX")):
		return "write to a socket", nil
	case filepath.IsAbs(path):
		return "write to a file", nil
	}
	return "write to itself", nil
}
