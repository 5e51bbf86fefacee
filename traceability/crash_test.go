package traceability

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"linectl/line"
)

// childDirectory tells the test binary that it is the supervisor that will be killed.
const childDirectory = "LINECTL_TEST_RECORDS"

// visitorDirectory tells the test binary that it is another program which opens the database for a look.
const visitorDirectory = "LINECTL_TEST_VISIT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDirectory); dir != "" {
		appendUntilKilled(dir)
	}
	if dir := os.Getenv(visitorDirectory); dir != "" {
		os.Exit(lookInto(dir))
	}
	if dir := os.Getenv(upgradeDirectory); dir != "" {
		fmt.Println(upgradeUntilKilled(dir, os.Getenv(upgradeDies)))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// appendUntilKilled writes batches of 1 to 8 records and tells the parent of each that is acknowledged.
func appendUntilKilled(dir string) {
	s, err := Open(dir)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fence, err := s.NextFence()
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	joint := 0
	records := []line.Record{{At: benchAt, Fact: line.LineStarted{Fence: fence}}}
	for {
		last, err := s.Append(records)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(last)
		records = weldRecords(joint%8+1, &joint)
	}
}

// Story: the supervisor is killed twenty times in the middle of its work. What it said was recorded is there, nothing has a
// gap, the tables follow from the journal, and the fence has risen each time.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	chance := rand.New(rand.NewPCG(5, 6))
	acknowledged := uint64(0)
	for kill := 1; kill <= 20; kill++ {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), childDirectory+"="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		wait := time.Duration(5+chance.IntN(40)) * time.Millisecond
		for first := true; lines.Scan(); first = false {
			if acknowledged, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
				t.Fatalf("kill %d: the child said %q", kill, lines.Text())
			}
			if first {
				time.AfterFunc(wait, func() { _ = child.Process.Kill() })
			}
		}
		var exit *exec.ExitError
		if err := child.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("kill %d: the child ended with %v", kill, err)
		}
		r, err := OpenReader(dir) // As a person does who wants to know what happened before anybody starts the line again.
		if err != nil {
			t.Fatal(err)
		}
		got := uint64(0)
		if err := r.Replay(t.Context(), 1, func(e line.Entry) error { got = e.Seq; return nil }); err != nil || got < acknowledged {
			t.Fatalf("kill %d: %d entries, %d were acknowledged (%v)", kill, got, acknowledged, err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := openStore(t, dir)
	report, err := s.Reader().Verify(t.Context())
	if err != nil || len(report.Problems) != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if fence, err := s.NextFence(); fence != 21 || err != nil {
		t.Errorf("fence %d, %v; want 21", fence, err)
	}
	sameAfterRebuild(t, s)
	t.Logf("%d entries after 20 kills", report.Entries)
}

// Story: the power went while the log was being written. Whatever is left of its end, the store opens with a beginning of
// the journal that is whole.
func TestTornEndIsCutOff(t *testing.T) {
	h := newHistory()
	h.pack(1, 0)
	dir := t.TempDir()
	s := openStore(t, dir)
	if _, err := s.NextFence(); err != nil {
		t.Fatal(err)
	}
	for _, r := range h.records[:60] {
		if _, err := s.Append([]line.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	database, err1 := os.ReadFile(filepath.Join(dir, fileName))
	wal, err2 := os.ReadFile(filepath.Join(dir, fileName+"-wal"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(7, 8))
	shortest := 60
	for n := range 20 {
		torn := append([]byte(nil), wal[:len(wal)-chance.IntN(len(wal)/4)]...)
		if n%2 == 1 {
			for i := range min(600, len(torn)) { // Also garbage where the end was.
				torn[len(torn)-1-i] = byte(chance.Int())
			}
		}
		dir := t.TempDir()
		if err := errors.Join(os.WriteFile(filepath.Join(dir, fileName), database, 0o600), os.WriteFile(filepath.Join(dir, fileName+"-wal"), torn, 0o600)); err != nil {
			t.Fatal(err)
		}
		s := openStore(t, dir)
		entries := len(replay(t, s))
		if shortest = min(shortest, entries); entries == 0 {
			t.Fatal("nothing is left")
		}
		if report, err := s.Reader().Verify(t.Context()); err != nil || len(report.Problems) != 0 {
			t.Fatalf("%d entries: %+v, %v", entries, report.Problems, err)
		}
		if last, err := s.Append(h.records[entries : entries+1]); err != nil || last != uint64(entries+1) {
			t.Fatalf("the next entry is %d, %v", last, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if shortest == 60 {
		t.Error("no end was torn")
	}
}

// Story: the disk is full. The store says so, stays dead, and after a restart with room it goes on where it was.
func TestFullDiskKillsTheStore(t *testing.T) {
	dir := t.TempDir()
	s := openStore(t, dir)
	joint := 0
	if _, err := s.Append(weldRecords(10, &joint)); err != nil {
		t.Fatal(err)
	}
	if err := s.do(func(w *writer) error { w.fold.number("PRAGMA max_page_count = 100"); return w.fold.err }); err != nil {
		t.Fatal(err)
	}
	var last uint64
	var err error
	for range 1000 {
		n := uint64(0)
		if n, err = s.Append(weldRecords(10, &joint)); err != nil {
			break
		}
		last = n
	}
	if err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Fatalf("got %v", err)
	}
	if _, again := s.Append(weldRecords(1, &joint)); again == nil || again.Error() != err.Error() {
		t.Errorf("a dead store said %v", again)
	}
	if _, again := s.NextFence(); again == nil {
		t.Error("a dead store gave a fence")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openStore(t, dir)
	if got := uint64(len(replay(t, s))); got != last {
		t.Errorf("%d entries, want %d", got, last)
	}
}

// SQLite's shared lock on a database file: readers and writers alike hold a byte of this range as long as they have it open.
const (
	sharedFirst = 0x40000002
	sharedSize  = 510
)

// lookInto does what SQLite does when a program closes the database: it tries to be the only one left, and if it is, it takes
// the log away. It returns 0 if somebody else was seen to have the database open.
func lookInto(dir string) int {
	f, err := os.OpenFile(filepath.Join(dir, fileName), os.O_RDWR, 0)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	lock := syscall.Flock_t{Type: syscall.F_WRLCK, Whence: 0, Start: sharedFirst, Len: sharedSize}
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &lock); err == nil {
		fmt.Println("nobody else seems to have the database open: its log would be removed now")
		return 1
	}
	return 0
}

// Story: somebody looks into the records of a running line with a program of his own. SQLite's last closer removes the log; a
// lock that the supervisor had lost would make the visitor believe that it is the last, and every later record would go into
// a file that has no name any more.
func TestVisitorDoesNotTakeTheLogAway(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	joint := 0
	for range 3 {
		if _, err := s.Append(weldRecords(4, &joint)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Entries(t.Context(), 1, 10); err != nil {
			t.Fatal(err)
		}
		visitor := exec.CommandContext(t.Context(), os.Args[0])
		visitor.Env = append(os.Environ(), visitorDirectory+"="+dir)
		if out, err := visitor.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
}
