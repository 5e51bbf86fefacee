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

// TestAnyCallOfTheStoreFails lets one call after the other on the files of the record store fail with an error of the disk. Where the
// supervisor cannot know any more what is recorded, it ends and says so; the next one goes on, and nothing that was acknowledged is
// lost.
func TestAnyCallOfTheStoreFails(t *testing.T) {
	t.Parallel()
	shop := newShop(t)
	shop.startPlant(t)
	store := filepath.Join(shop.records, "records.db") // and its log and its shared memory
	shop.startLine(t)                                  // so that there is a store
	shop.work(t, time.Minute, func(now line.Snapshot) bool { return len(now.Packs) > 0 })
	shop.line.Kill()
	var failed, ended, bore int
	for _, p := range []struct {
		call string
		most int
	}{{"fsync", 10}, {"pwrite64", 20}, {"ftruncate", 2}} {
		for n := 1; n <= p.most; n++ {
			word := []syscall.Errno{syscall.EIO, syscall.ENOSPC}[n%2]
			seen := 0
			var since atomic.Int64
			shop.startTrappedLine(t, []string{p.call}, func(c call) answer {
				if !strings.HasPrefix(c.target(), store) {
					return answer{}
				}
				if seen++; seen != n {
					return answer{}
				}
				since.Store(time.Now().UnixNano())
				return answer{fails: word}
			})
			shop.work(t, time.Minute, func(line.Snapshot) bool {
				at := since.Load()
				return at > 0 && time.Since(time.Unix(0, at)) > time.Second
			})
			if since.Load() > 0 {
				failed++
			} else {
				t.Errorf("the %d-th %s never failed: %v; it said: %s", n, p.call, shop.line.Outcome(), shop.line.LastWords())
			}
			if !shop.line.Gone() { // SQLite bears some: of a checkpoint, or of shared memory
				bore++
				shop.line.Kill()
				continue
			}
			exit, is := errors.AsType[*exec.ExitError](shop.line.Outcome())
			if !is || exit.ExitCode() != 1 {
				t.Errorf("after the %d-th %s failed with %s the supervisor ended with %v; it said: %s", n, p.call, word, shop.line.Outcome(), shop.line.LastWords())
			}
			ended++
		}
	}
	t.Logf("calls=%d ended=%d borne=%d %v", failed, ended, bore, shop.finish(t))
	if ended == 0 {
		t.Error("no error of the disk has ended a supervisor")
	}
}
