package nemesis

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"linectl/line"
)

// TestAnyCallOfTheStoreFails lets one call after the other on the files of the record store fail with an error of the disk. Where the
// supervisor cannot know any more what is recorded, it ends and says so; the next one goes on, and nothing that was acknowledged is
// lost.
func TestAnyCallOfTheStoreFails(t *testing.T) {
	tracer := strace(t)
	t.Parallel()
	shop := newShop(t)
	shop.startPlant(t)
	notes, wal := filepath.Join(shop.dir, "calls"), filepath.Join(shop.records, "records.db")
	shop.startLine(t) // so that there is a store
	shop.work(t, time.Minute, func(now line.Snapshot) bool { return len(now.Packs) > 0 })
	shop.line.Kill()
	var failed, ended, bore int
	for _, p := range []struct {
		call string
		most int
	}{{"fsync", 10}, {"pwrite64", 20}, {"ftruncate", 2}} {
		for n := 1; n <= p.most; n++ {
			word := []string{"EIO", "ENOSPC"}[n%2]
			_ = os.Remove(notes)
			shop.startLine(
				t, tracer, "-f", "-s", "0", "-e", "signal=none", "-o", notes, "-P", wal, "-P", wal+"-wal", "-P", wal+"-journal", "-P", wal+"-shm",
				"-e", "trace="+p.call, "-e", fmt.Sprintf("inject=%s:error=%s:when=%d", p.call, word, n),
			)
			var since time.Time
			shop.work(t, time.Minute, func(line.Snapshot) bool {
				if body, _ := os.ReadFile(notes); since.IsZero() && bytes.Contains(body, []byte("(INJECTED)")) { //nolint:gosec // our own
					since = time.Now()
				}
				return !since.IsZero() && time.Since(since) > time.Second
			})
			if body, _ := os.ReadFile(notes); !shop.line.Gone() || bytes.Contains(body, []byte("(INJECTED)")) { //nolint:gosec // our own
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
