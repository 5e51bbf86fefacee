package nemesis

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linectl/internal/process"
	"linectl/line"
)

// few are the kill points of a plain go test; make test makes more.
const few = 60

const (
	lines = 3   // build at the same time: one waits where two cores have two to serve; needs -test.parallel 3
	once  = 150 // points of one line: every start reads the whole journal, so a line that has died often takes long to start
)

// early are the calls that a supervisor of the lightened line makes until it has started, has found its devices and is set to work.
// A pack takes about twenty times as many.
const early = 450

// point is a call at which the supervisor dies: the n-th of these names since its start, or since the packs have gone on for a while
// since then. It may hang before.
type point struct {
	calls []string
	after float64 // how much of a pack
	n     int64
	hangs time.Duration
}

// hang is how long a call hangs before a death: others see what does not wait for it.
const hang = 5 * time.Millisecond

// rare are the calls after which something is for good, of which there are few between the others.
var rare = []string{"fsync", "fdatasync", "ftruncate", "unlinkat", "renameat", "linkat"}

// points are the places of a sweep. Of seven, five go through the early calls, one after the other and again from the first, when
// the pack is at another place; one through the rare ones; and one is late. The late ones of a line let the supervisor build a
// third of a pack between them, the others build the rest, and then comes a call that is another for each.
func points(many int) []point {
	const of, stride, within = 7, 187, 300
	list := make([]point, many)
	step := max(1, early*of/(many*(of-2)))
	part := 1.0 / 3 / float64(max(1, min(many, once)/of))
	for i := range list {
		switch round, k := i/of, i%of; k {
		case of - 1:
			list[i] = point{everyCall, part, int64(round*stride%within + 1), hang}
		case of - 2:
			list[i] = point{rare, 0, int64(round%40 + 1), 0}
		default:
			list[i] = point{everyCall, 0, int64((round*(of-2)+k)*step%early + 1), hang * time.Duration(round%2)}
		}
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
	tenth    [10]int        // how much of the pack was built, in tenths
	most     int64          // calls of a supervisor before the one that was its last
	recovery []time.Duration
	used     time.Duration // of a processor, by all supervisors and plants
	found    checked
}

// count adds what a process that is gone has used.
func (s *sweep) count(p *process.Process) {
	s.used += p.Command.ProcessState.UserTime() + p.Command.ProcessState.SystemTime()
}

// TestKilledAtEveryCall kills the supervisor of a line that builds packs at one system call after the other: every write to a file
// or socket, every sync, every new length or name of a file, on any thread, in each case before the kernel does it. It is started again each time and goes
// on from the same records. Nothing that was acknowledged may be lost, nothing may be done twice, and the stations are in a defined
// state soon. LINECTL_POINTS says how many points there are.
func TestKilledAtEveryCall(t *testing.T) {
	many := number(t, "LINECTL_POINTS", few)
	t.Setenv("GOGC", "400") // a start is over before its memory is worth collecting
	began, all := time.Now(), points(many)
	s := &sweep{at: map[string]int{}}
	next := make(chan []point)
	go func() {
		defer close(next)
		for part := range slices.Chunk(all, once) {
			next <- part
		}
	}()
	t.Run("lines", func(t *testing.T) {
		for range lines {
			t.Run("core", func(t *testing.T) {
				t.Parallel()
				for part := range next {
					t.Run("line", func(t *testing.T) { s.live(t, part) })
				}
			})
		}
	})
	if t.Failed() {
		return
	}
	if len(s.recovery) == 0 {
		t.Fatal("no start lasted until the stations were defined")
	}
	slices.Sort(s.recovery)
	share := func(p int) time.Duration { return s.recovery[(len(s.recovery)-1)*p/100].Round(time.Millisecond) }
	var where bytes.Buffer
	for _, kind := range slices.Sorted(maps.Keys(s.at)) {
		fmt.Fprintf(&where, " %s=%d", kind, s.at[kind])
	}
	t.Logf("points=%d died=%d missed=%d (%s) by tenths of the pack=%v longest life=%d calls %v defined after a kill n=%d p50=%v p99=%v in %v, %v of a processor each",
		many, s.died, s.missed, bytes.TrimSpace(where.Bytes()), s.tenth, s.most, s.found, len(s.recovery), share(50), share(99), time.Since(began).Round(time.Second), (s.used / time.Duration(many)).Round(time.Millisecond))
	if s.died < many*97/100 {
		t.Errorf("of %d points only %d were reached", many, s.died)
	}
	if s.at["write to a socket"] == 0 || s.at["pwrite64"] == 0 || s.at["fsync"] == 0 {
		t.Error("a kind of call is missing")
	}
	if len(s.recovery) < many/3 {
		t.Errorf("of %d starts only %d lasted until the stations were defined", many, len(s.recovery))
	}
	if least := slices.Min(s.tenth[:]); many >= 10*once && least < many/100 {
		t.Errorf("a tenth of the pack has seen only %d deaths", least)
	}
	if share(99) > 5*time.Second {
		t.Errorf("the stations were defined only after %v", share(99))
	}
}

// live lets a new line die at these points, one after the other, and then finish its work.
func (s *sweep) live(t *testing.T, part []point) {
	t.Helper()
	shop := newShop(t)
	shop.lighten(t, "ST070.vision")
	shop.startPlant(t)
	shop.forgetNotices(t, "LFP-280-L201001")
	for _, at := range part {
		shop.dieAt(t, at, s)
	}
	c := shop.finish(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(shop.plant)
	s.count(shop.line)
	s.found.add(c)
}

// patience is how long a point may let wait for itself, once the packs have gone on as far as it wants.
const patience = 10 * time.Second

// dieAt lets the supervisor work until it dies at the point, and makes sure that it did.
func (s *shop) dieAt(t *testing.T, at point, sum *sweep) {
	t.Helper()
	var (
		began, since = time.Now(), time.Now()
		kind         string
		calls        int64
		first        = -1.0 // how much was built when it was first seen
		near         atomic.Bool
	)
	near.Store(at.after == 0)
	kill := killAt(at.n, at.hangs, func(k string) { kind = k })
	p := s.startTrappedLine(t, at.calls, func(c call) answer {
		if calls++; near.Load() {
			return kill(c)
		}
		return answer{}
	})
	definedAt := s.work(t, 2*time.Minute, func(line.Snapshot) bool {
		if first < 0 {
			first = s.built
		}
		if !near.Load() && s.built >= first+at.after {
			since = time.Now()
			near.Store(true)
		}
		return near.Load() && time.Since(since) > patience
	})
	missed := !p.Gone()
	if missed {
		p.Kill()
	} else if err := p.diedOfIt(); err != nil {
		t.Fatalf("%+v: %v", at, err)
	}
	sum.mu.Lock()
	defer sum.mu.Unlock()
	switch {
	case !definedAt.IsZero():
		sum.recovery = append(sum.recovery, definedAt.Sub(began))
	case missed: // who was killed before had no time to become defined
		sum.recovery = append(sum.recovery, time.Since(began))
	}
	sum.count(p.Process)
	if missed {
		sum.missed++
		return
	}
	sum.died++
	sum.at[kind]++
	sum.most = max(sum.most, calls)
	sum.tenth[min(9, int(math.Mod(s.built, 1)*10))]++
}
