package nemesis

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"linectl/line"
)

// TestAnyCallOfTheStoreFails lets one call after the other on the files of the record store fail, with each error of the disk. Where
// the supervisor cannot know any more what is recorded, it ends and says so; the next one goes on, and nothing that was acknowledged
// is lost.
func TestAnyCallOfTheStoreFails(t *testing.T) {
	t.Parallel()
	shop := newShop(t)
	shop.lighten(t, "ST040.robot")
	shop.startPlant(t)
	shop.startLine(t) // so that there is a store
	shop.work(t, time.Minute, func(now line.Snapshot) bool { return len(now.Packs) > 0 })
	shop.line.Kill()
	calls := 0
	ended := map[syscall.Errno]int{}
	for _, p := range []struct {
		call string
		most int
	}{{"fsync", 10}, {"pwrite64", 20}, {"ftruncate", 2}} {
		for n := 1; n <= p.most; n++ {
			for _, word := range []syscall.Errno{syscall.EIO, syscall.ENOSPC} {
				calls++
				if shop.failOnce(t, p.call, n, word) {
					ended[word]++
				}
			}
		}
	}
	t.Logf("calls=%d ended by EIO=%d by ENOSPC=%d, the others borne, %v", calls, ended[syscall.EIO], ended[syscall.ENOSPC], shop.finish(t))
	if ended[syscall.EIO] == 0 || ended[syscall.ENOSPC] == 0 {
		t.Error("no error of the disk has ended a supervisor")
	}
}

// failOnce lets the n-th call of a name on the files of the record store fail, and reports whether that has ended the supervisor.
func (s *shop) failOnce(t *testing.T, name string, n int, word syscall.Errno) bool {
	t.Helper()
	store := filepath.Join(s.records, "records.db") // and its log and its shared memory
	var since atomic.Int64
	seen := 0
	s.startTrappedLine(t, []string{name}, func(c call) answer {
		if !strings.HasPrefix(c.target(), store) {
			return answer{}
		}
		if seen++; seen != n {
			return answer{}
		}
		since.Store(time.Now().UnixNano())
		return answer{fails: word}
	})
	s.work(t, time.Minute, func(line.Snapshot) bool {
		at := since.Load()
		return at > 0 && time.Since(time.Unix(0, at)) > time.Second
	})
	if since.Load() == 0 {
		t.Errorf("the %d-th %s never failed: %v; it said: %s", n, name, s.line.Outcome(), s.line.LastWords())
	}
	if !s.line.Gone() { // SQLite bears some: of a checkpoint, or of shared memory
		s.line.Kill()
		return false
	}
	exit, is := errors.AsType[*exec.ExitError](s.line.Outcome())
	if !is || exit.ExitCode() != 1 {
		t.Errorf("after the %d-th %s failed with %s the supervisor ended with %v; it said: %s", n, name, word, s.line.Outcome(), s.line.LastWords())
	}
	return true
}

// TestWritesToSocketsFail lets one write in so many to a device or to the operator fail, as if the other side were gone, which has heard
// nothing and is not. The supervisor goes on with a new connection, and the operator asks again.
func TestWritesToSocketsFail(t *testing.T) {
	t.Parallel()
	const every, enough = 41, 60
	s := newShop(t)
	s.lighten(t, "ST040.robot")
	s.startPlant(t)
	var failed atomic.Int64
	seen := 0
	p := s.startTrappedLine(t, []string{"write"}, func(c call) answer {
		if c.kind() != "write to a socket" {
			return answer{}
		}
		if seen++; seen%every != 0 {
			return answer{}
		}
		return answer{fails: []syscall.Errno{syscall.EPIPE, syscall.ECONNRESET}[failed.Add(1)%2]}
	})
	s.work(t, 3*time.Minute, func(line.Snapshot) bool { return failed.Load() >= enough && s.built >= 1 })
	if s.line.Gone() {
		t.Fatalf("the supervisor has ended: %v; it said: %s", s.line.Outcome(), s.line.LastWords())
	}
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	<-p.over
	t.Logf("of %d writes to sockets %d failed %v", seen, failed.Load(), s.finish(t))
}
