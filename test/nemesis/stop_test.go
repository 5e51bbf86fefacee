package nemesis

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"linectl/control"
	"linectl/internal/process"
	"linectl/line"
)

func signal(t *testing.T, p *process.Process, s syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(p.Command.Process.Pid, s); err != nil {
		t.Fatal(err)
	}
}

// working lets the line get well into a pack.
func (s *shop) working(t *testing.T) {
	t.Helper()
	s.work(t, time.Minute, func(now line.Snapshot) bool { return len(now.Packs) > 0 && now.Packs[len(now.Packs)-1].Progress > 0.2 })
	if s.line.Gone() {
		t.Fatalf("the supervisor has ended: %v", s.line.LastWords())
	}
}

// TestStoppedAndContinued lets now the supervisor and now the plant stand still for longer than any of the other's patience.
func TestStoppedAndContinued(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.startPlant(t)
	s.startLine(t)
	for _, who := range []*process.Process{s.line, s.plant, s.line, s.plant} {
		s.working(t)
		signal(t, who, syscall.SIGSTOP)
		time.Sleep(4 * time.Second) // the fault itself
		signal(t, who, syscall.SIGCONT)
	}
	s.working(t)
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	t.Logf("stops=4 %v", s.finish(t))
}

// TestASleeperWakes stops a supervisor in the middle of its work. Nobody else gets at its records meanwhile; but somebody starts the
// line from a copy of them. When the sleeper wakes, no device obeys it any more.
func TestASleeperWakes(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.startPlant(t)
	s.startLine(t)
	s.working(t)
	sleeper := s.line
	t.Cleanup(sleeper.Kill)
	signal(t, sleeper, syscall.SIGSTOP)
	out, err := exec.CommandContext(t.Context(), program, "run", "--config", s.config, "--data", s.records, "--no-gateway").CombinedOutput() //nolint:gosec // our own
	if err == nil || !strings.Contains(string(out), "is in use by process") {
		t.Errorf("a second supervisor in the same directory: %v: %s", err, out)
	}
	theirs := s.records
	s.records = filepath.Join(s.dir, "copy")
	for _, name := range []string{"records.db", "records.db-wal"} {
		body, err := os.ReadFile(filepath.Join(theirs, name)) //nolint:gosec // our own
		if err == nil {
			err = os.MkdirAll(s.records, 0o700)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(s.records, name), body, 0o600) //nolint:gosec // our own
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if waveforms := filepath.Join(theirs, "waveforms"); exists(waveforms) {
		if err := os.CopyFS(filepath.Join(s.records, "waveforms"), os.DirFS(waveforms)); err != nil {
			t.Fatal(err)
		}
	}
	s.client.Close()
	s.client = nil
	s.startLine(t)
	s.work(t, time.Minute, func(now line.Snapshot) bool { return now.Fence > 1 && now.Cells.Received > 20 })
	signal(t, sleeper, syscall.SIGCONT)
	old := control.Dial(filepath.Join(theirs, "control", "linectl.sock"))
	defer old.Close()
	awake := time.Now()
	var zombie line.Snapshot
	s.work(t, time.Minute, func(line.Snapshot) bool { // the sleeper's own operator wants it to go on
		if now, err := old.Snapshot(t.Context()); err == nil {
			zombie = now
			for _, st := range now.Stations {
				if c := next[st.State]; c != "" {
					_, _ = old.Do(t.Context(), line.Request{By: "other", Why: "test", Command: line.Machine{Target: string(st.Station), Command: c}}) // it may refuse
				}
			}
		}
		return time.Since(awake) > 8*time.Second
	})
	if zombie.Fence == 0 {
		t.Error("the sleeper never woke")
	}
	sleeper.Kill()
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	t.Logf("fence of the sleeper=%d %v", zombie.Fence, s.finish(t))
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// TestTheDiskIsFull puts the records on a small disk that logs fill up. When it is full the supervisor ends and says so; with room the
// line goes on. When it is nearly full, the pack in work is finished, the next is not begun before there is room, and the line says so.
func TestTheDiskIsFull(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	disk := filepath.Join(s.dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("skipped: a small disk cannot be mounted here: %v; TestAnyCallOfTheStoreFails lets calls fail with ENOSPC", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	s.records = filepath.Join(disk, "records")
	logs := filepath.Join(disk, "logs")
	s.startPlant(t)
	s.startLine(t)
	s.working(t)
	fill(t, logs, 0)
	s.work(t, 2*time.Minute, func(line.Snapshot) bool { return false })
	if words := s.line.LastWords(); !strings.Contains(words, "cannot go on") || !strings.Contains(words, "full") {
		t.Errorf("on a full disk it said: %s", words)
	}
	if err := os.Remove(logs); err != nil {
		t.Fatal(err)
	}

	s.startLine(t)
	s.working(t)
	fill(t, logs, 5e6) // of 6.7 MB that are kept for the packs in work
	s.work(t, 2*time.Minute, func(now line.Snapshot) bool { return len(now.Packs) == 0 && waits(now) && low(now) })
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		now, err := s.look(t.Context())
		if err != nil || len(now.Packs) > 0 || !waits(now) || !low(now) {
			t.Fatalf("on a disk that is nearly full: %v, it says so: %v: %s; it said: %s", err, low(now), picture(now), s.line.LastWords())
		}
	}
	if err := os.Remove(logs); err != nil {
		t.Fatal(err)
	}
	s.work(t, time.Minute, func(now line.Snapshot) bool { return len(now.Packs) > 0 && !low(now) })
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	t.Logf("full disks=1 nearly full ones=1 %v", s.finish(t))
}

// fill writes a file that leaves so many bytes of its disk.
func fill(t *testing.T, path string, left float64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var piece [4096]byte
	for {
		var disk syscall.Statfs_t
		if err := syscall.Statfs(path, &disk); err != nil {
			t.Fatal(err)
		}
		if float64(disk.Bavail)*float64(disk.Bsize) <= left {
			return
		}
		if _, err := f.Write(piece[:]); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// waits reports whether packs are ordered that are not begun.
func waits(now line.Snapshot) bool {
	return slices.ContainsFunc(now.Orders, func(o line.OrderSnapshot) bool { return o.Started < o.Quantity })
}

// low reports whether the line says that the disk of its records is nearly full.
func low(now line.Snapshot) bool {
	return slices.ContainsFunc(now.Alarms, func(a line.AlarmSnapshot) bool { return a.Alarm == "line/disk-low" && a.Active })
}

// TestDevicesBoot lets devices boot in the middle of their work, some with an empty memory, and kills the whole plant at its writes.
func TestDevicesBoot(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.startPlant(t)
	s.startLine(t)
	boots := 0
	for _, fault := range []string{"plc-reboot ST060.welder", "plc-reboot-forgets ST060.welder", "plc-reboot ST040.robot", "plc-reboot-forgets ST100.plc", "plc-reboot-forgets ST020.tester"} {
		s.working(t)
		args := append([]string{"fault", "inject", "--plant", filepath.Join(s.dir, "plant")}, strings.Fields(fault)...)
		if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil { //nolint:gosec // our own
			t.Fatalf("%s: %v: %s", fault, err, out)
		}
		boots++
	}
	died := 0
	for n := int64(800); n <= 3200; n += 800 { // where it has started
		s.plant.Kill()
		s.cuts = append(s.cuts, time.Now())
		p := s.startTrappedPlant(t, []string{"write"}, killAt(n, 0, func(string) {}))
		s.work(t, time.Minute, func(line.Snapshot) bool { return p.Gone() })
		if err := p.diedOfIt(); err != nil {
			t.Errorf("the plant did not die at its write %d: %v", n, err)
			continue
		}
		died++
		s.cuts = append(s.cuts, time.Now())
	}
	s.startPlant(t)
	s.working(t)
	if err := s.line.Stop(30 * time.Second); err != nil {
		t.Fatal(err)
	}
	t.Logf("boots=%d plants killed=%d %v", boots, died, s.finish(t))
}
