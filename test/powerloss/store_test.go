package powerloss_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/line"
	"linectl/test/powerloss"
	"linectl/traceability"
)

// childDirectory tells the test binary that it is the process whose power will be cut.
const childDirectory = "LINECTL_POWERLOSS"

// batches are how often the store commits while it is watched: enough for its log to be brought into the database twice.
const batches = 500

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirectory); dir != "" {
		if err := write(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// write appends records and says of each batch that it is recorded.
func write(dir string) error {
	s, err := traceability.Open(dir)
	if err != nil {
		return err
	}
	at := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	for i := range batches {
		records := make([]line.Record, 1+i%4)
		for j := range records {
			records[j] = line.Record{At: at.Add(time.Duration(i) * time.Second), Fact: line.CommandApplied{
				Request: fmt.Sprintf("r%d-%d", i, j), By: "amna", Why: strings.Repeat("because ", 20), Command: "Reset ST060", Accepted: true, Reply: "ST060 is Resetting",
			}}
		}
		if i%10 == 0 { // a weld, whose waveform is there before the record that names it
			hash, err := s.KeepWaveform(waveform(i))
			if err != nil {
				return err
			}
			records[0] = line.Record{At: records[0].At, Station: "ST060", Pack: "EV-P1-000001", Fact: line.ActDone{
				Token: line.NewToken(1, uint64(i+1)), Device: "ST060.welder", Task: line.TaskWeldLaser, Part: "EV-P1-000001", Index: i + 1, Attempt: 1,
				Outcome: line.OutcomeOK, Verdict: line.OK, Waveform: hash,
			}}
		}
		last, err := s.Append(records)
		if err != nil {
			return err
		}
		if _, err := os.Stdout.Write(fmt.Appendf(nil, "%d\n", last)); err != nil {
			return err
		}
	}
	return s.Close()
}

// waveform is longer than a sector, and differs by its number.
func waveform(n int) []byte {
	w := line.Waveform{Interval: time.Millisecond, Channels: []line.Channel{{Name: "power", Unit: "W", Samples: make([]float32, 2000)}}}
	for i := range w.Channels[0].Samples {
		w.Channels[0].Samples[i] = float32(n*2000 + i)
	}
	b, err := w.Encode(nil)
	if err != nil {
		panic(err) // it is within the bounds
	}
	return b
}

// watch is a store at work, noted once for all tests: what it did, in which directory, and what it left there.
var watch struct {
	once   sync.Once
	dir    string
	events []powerloss.Event
	whole  []line.Entry
}

// watched lets the child work under strace.
func watched(t *testing.T, strace string) (dir string, events []powerloss.Event) {
	t.Helper()
	dir = t.TempDir()
	notes := filepath.Join(t.TempDir(), "calls")
	child := exec.CommandContext(t.Context(), strace, "-f", "-y", "-xx", "-s", "1000000", "-o", notes, //nolint:gosec // this test itself
		"-e", "trace=openat,mkdir,mkdirat,link,linkat,write,pwrite64,writev,pwritev,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2", os.Args[0])
	child.Env = append(os.Environ(), childDirectory+"="+dir)
	if out, err := child.Output(); err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			t.Fatalf("%v: %s", err, exit.Stderr)
		}
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Open(notes) //nolint:gosec // our own
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if events, err = powerloss.Read(f); err != nil {
		t.Fatal(err)
	}
	return dir, events
}

// entries reads the whole journal of a store, and checks it.
func entries(t *testing.T, dir string) ([]line.Entry, error) {
	t.Helper()
	s, err := traceability.Open(dir)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var all []line.Entry
	if err := s.Replay(1, func(e line.Entry) error { all = append(all, e); return nil }); err != nil {
		return nil, err
	}
	report, err := s.Reader().Verify(t.Context())
	if err == nil && len(report.Problems) > 0 {
		err = fmt.Errorf("it does not verify: %+v", report.Problems[0])
	}
	return all, err
}

// cuts takes the power away at many moments and counts the cuts after which something is lost that was acknowledged.
func cuts(t *testing.T, n int, deaf string) (lost int) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("skipped: strace is not installed; scripts/setup.sh installs it")
	}
	watch.once.Do(func() {
		watch.dir, watch.events = watched(t, strace)
		var err error
		if watch.whole, err = entries(t, watch.dir); err != nil {
			t.Fatal(err)
		}
	})
	dir, events, whole := watch.dir, watch.events, watch.whole
	if whole == nil {
		t.Fatal("no store could be watched; the test before says why")
	}
	chance := rand.New(rand.NewPCG(11, uint64(n)))
	kinds := map[powerloss.Kind]int{}
	for _, e := range events {
		kinds[e.Kind]++
	}
	t.Logf("%d calls: %d writes, %d syncs, %d acknowledgements", len(events), kinds[powerloss.Write], kinds[powerloss.Sync], kinds[powerloss.Acknowledge])
	if kinds[powerloss.Acknowledge] != batches || kinds[powerloss.Sync] < batches {
		t.Fatal("this is not what a store does that syncs every commit")
	}
	moments := make([]bool, len(events))
	for range n {
		moments[chance.IntN(len(events))] = true
	}
	disk := &powerloss.Disk{Deaf: deaf}
	acknowledged := uint64(0)
	for i, e := range events {
		disk.Do(e)
		if e.Kind == powerloss.Acknowledge {
			acknowledged = e.Number
		}
		if !moments[i] {
			continue
		}
		sector := []int64{512, 4096}[chance.IntN(2)]
		after := t.TempDir()
		if err := disk.Cut(dir, after, sector, chance); err != nil {
			t.Fatal(err)
		}
		left, err := entries(t, after)
		if err == nil {
			err = same(left, whole, acknowledged)
		}
		if err != nil {
			if lost++; deaf == "" {
				t.Errorf("power cut after call %d, sectors of %d bytes, %d acknowledged: %v", i, sector, acknowledged, err)
			}
		}
	}
	return lost
}

// same reports what is missing of the acknowledged, or is there and was never written.
func same(left, whole []line.Entry, acknowledged uint64) error {
	if uint64(len(left)) < acknowledged {
		return fmt.Errorf("only %d entries are left", len(left))
	}
	for i, e := range left {
		if i >= len(whole) || e.Seq != whole[i].Seq || !reflect.DeepEqual(e.Fact, whole[i].Fact) {
			return fmt.Errorf("entry %d is not what was written", e.Seq)
		}
	}
	return nil
}

// TestNothingAcknowledgedIsLostWithThePower is the store as it is.
func TestNothingAcknowledgedIsLostWithThePower(t *testing.T) {
	cuts(t, 400, "")
}

// TestADiskThatDoesNotSyncLoses is the proof that the test above can fail: without the sync of the log, which is what SQLite does
// with synchronous=NORMAL, acknowledged entries are lost.
func TestADiskThatDoesNotSyncLoses(t *testing.T) {
	if lost := cuts(t, 100, "-wal"); lost == 0 {
		t.Error("nothing was lost by a log that was never synced")
	}
}

// TestAWaveformThatIsNotSyncedIsMissing is the same proof for the files of waveforms: if they or their directories are not synced
// before the record that names them, a cut leaves records that name what is not there.
func TestAWaveformThatIsNotSyncedIsMissing(t *testing.T) {
	if lost := cuts(t, 100, "/waveforms"); lost == 0 {
		t.Error("nothing was missing of waveforms that were never synced")
	}
}
