package resources_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"linectl/checker"
	"linectl/control"
	"linectl/internal/process"
	"linectl/internal/testbuild"
	"linectl/test/resources"
)

// program is linectl, built once.
var program string

func TestMain(m *testing.M) { os.Exit(testbuild.Main(m, &program)) }

// packsWanted says how many packs are built; LINECTL_PACKS builds more.
func packsWanted(t *testing.T) int {
	t.Helper()
	text := os.Getenv("LINECTL_PACKS")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 3 {
		t.Fatalf("LINECTL_PACKS=%q: want a number from 3 on", text)
	}
	return n
}

// TestARunStaysWithinItsBounds lets the demonstration's supervisor build packs with the plant a thousand times faster than a real one,
// looks at it four times a second, and lets the checker judge what it took.
func TestARunStaysWithinItsBounds(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process takes is told by Linux under /proc; this is", runtime.GOOS)
	}
	if testing.Short() {
		t.Skip("it takes a minute")
	}
	dir, err := os.MkdirTemp("", "rs") // short: a socket's path goes below it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = os.RemoveAll(dir)
		}
	})
	demo, err := process.Start("demo", filepath.Join(dir, "demo.log"), exec.CommandContext(context.Background(), program, //nolint:gosec // our own
		"demo", "--speed", "1000", "--order", fmt.Sprintf("ess=%d", packsWanted(t)), "--data", filepath.Join(dir, "line"), "--stall", "5m"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(demo.Kill)
	samples := watch(t, demo, filepath.Join(dir, "line", "records"), filepath.Join(dir, "samples.jsonl"))
	all, err := checker.Check(checker.Evidence{Samples: samples})
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) < 30 || samples[len(samples)-1].Packs == 0 {
		t.Fatalf("%d samples say nothing; see %s", len(samples), dir)
	}
	first, last := samples[len(samples)/3], samples[len(samples)-1]
	t.Logf("%d samples; %d and then %d packs, memory %d and %d MiB, threads %d and %d, files %d and %d, log %d and %d KiB, store %d and %d KiB", len(samples),
		first.Packs, last.Packs, first.Resident>>20, last.Resident>>20, first.Threads, last.Threads, first.Files, last.Files, first.Log>>10, last.Log>>10, first.Journal>>10, last.Journal>>10)
	if len(all) > 0 {
		t.Errorf("%s%s has the samples", checker.Report(all, 10), dir)
	}
}

// watch looks at the supervisor of a demonstration until it has built everything, and keeps what it saw in a file.
func watch(t *testing.T, demo *process.Process, records, file string) []checker.Sample {
	t.Helper()
	out, err := os.Create(file) //nolint:gosec // of this test
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	client := control.Dial(filepath.Join(records, "control", "linectl.sock"))
	defer client.Close()
	write := json.NewEncoder(out)
	var s checker.Sample
	pid := 0
	for tick := time.NewTicker(250 * time.Millisecond); ; {
		select {
		case <-demo.Ended:
			return reread(t, file)
		case <-t.Context().Done():
			return nil
		case <-tick.C:
		}
		if pid == 0 {
			if pid, err = resources.Child(demo.Command.Process.Pid, "run"); err != nil {
				pid = 0 // it has not come so far
				continue
			}
		}
		now, err := client.Snapshot(t.Context())
		if err != nil || now.Good+now.NOK < s.Packs {
			continue // it does not listen yet, or not any more
		}
		packs, cells := now.Good+now.NOK, now.Cells.Received
		if s, err = resources.Read(pid, records); err != nil {
			continue // it has just ended
		}
		s.Packs, s.Cells = packs, cells
		if err := write.Encode(s); err != nil {
			t.Fatal(err)
		}
	}
}

func reread(t *testing.T, file string) []checker.Sample {
	t.Helper()
	in, err := os.Open(file) //nolint:gosec // of this test
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	samples, err := checker.ReadSamples(in)
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

// TestReadSeesWhatIsTaken holds the sampler against this very process.
func TestReadSeesWhatIsTaken(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("what a process takes is told by Linux under /proc; this is", runtime.GOOS)
	}
	dir := t.TempDir()
	before, err := resources.Read(os.Getpid(), dir)
	if err != nil || before.Resident == 0 || before.Threads == 0 || before.Files == 0 || before.Log != 0 {
		t.Fatalf("%+v, %v", before, err)
	}
	log, err := os.Create(filepath.Join(dir, "records.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.Write(make([]byte, 12345)); err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 64<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	after, err := resources.Read(os.Getpid(), dir)
	if err != nil || after.Log != 12345 || after.Files != before.Files+1 || after.Resident < before.Resident+32<<20 {
		t.Errorf("%+v, then %+v, %v", before, after, err)
	}
	runtime.KeepAlive(block)
	if _, err := resources.Child(os.Getpid(), "nothing-like-it"); err == nil {
		t.Error("a child is found that there is not")
	}
}
