package nemesis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/checker"
	"linectl/checker/recordstore"
	"linectl/control"
	"linectl/examples"
	"linectl/internal/process"
	"linectl/internal/testbuild"
	"linectl/line"
)

// program is linectl, built once for all tests of this package.
var program string

func TestMain(m *testing.M) { os.Exit(testbuild.Main(m, &program)) }

// shop is the reference line in a directory of its own, its processes, and whoever works there.
type shop struct {
	dir, config, records, truth string
	program                     string // linectl, or one with a mistake in it
	plant, line                 *process.Process
	client                      *control.Client
	op                          *operator
	built                       float64 // packs, as last seen, and the part of one that is being built
	deaths                      []checker.Death
	shared                      bool        // a gateway has the records open as well
	cuts                        []time.Time // when this test has killed the plant
}

var loopbackAddress = regexp.MustCompile(`address: 127\.0\.0\.1:[0-9]+`)

// newShop lays the reference line out, with ports that are free. Its records may lie elsewhere. Nothing runs yet.
func newShop(t *testing.T) *shop {
	t.Helper()
	dir, err := os.MkdirTemp("", "nm") // short: a socket's path goes below it
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{program: program, dir: dir, config: filepath.Join(dir, "line.yaml"), records: filepath.Join(dir, "records"), truth: filepath.Join(dir, "plant", "truth.jsonl")}
	t.Cleanup(func() {
		for _, p := range []*process.Process{s.line, s.plant} {
			if p != nil {
				p.Kill()
			}
		}
		if t.Failed() {
			t.Logf("what is left of it lies in %s", dir)
			return
		}
		_ = os.RemoveAll(dir)
	})
	reference, err := fs.Sub(examples.FS, "reference")
	if err == nil {
		err = os.CopyFS(dir, reference)
	}
	if err != nil {
		t.Fatal(err)
	}
	var held []net.Listener // until all are found, so that none is given twice
	s.readdress(t, func(string) string {
		l, err := process.HoldPort(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, l)
		return process.Loopback(l)
	})
	for _, l := range held {
		_ = l.Close() // it has served
	}
	s.op = newOperator(t, "ESS-P2")
	return s
}

// secured is what line.yaml says of a device that speaks OPC UA.
var secured = regexp.MustCompile(`protocol: opcua(\n\s+address: \S+)\n\s+face: \w+\n\s+username: \w+\n\s+password_file: secrets/(\S+)\n\s+certificate: \S+`)

// lighten makes a start of the line cheap, for there will be many: it has the recipe that is built and no other, and of the devices
// that speak OPC UA only those that are named still do. The others speak Modbus; a dozen RSA signatures less each.
func (s *shop) lighten(t *testing.T, opcua ...string) {
	t.Helper()
	recipes, err := filepath.Glob(filepath.Join(s.dir, "recipes", "*.yaml"))
	for _, path := range recipes {
		if filepath.Base(path) != s.op.recipe.Product+".yaml" {
			err = errors.Join(err, os.Remove(path))
		}
	}
	body, e := os.ReadFile(s.config)
	left := 0
	body = secured.ReplaceAllFunc(body, func(old []byte) []byte {
		m := secured.FindSubmatch(old)
		if slices.Contains(opcua, string(m[2])) {
			left++
			return old
		}
		return append([]byte("protocol: modbus"), m[1]...)
	})
	if err = errors.Join(err, e, os.WriteFile(s.config, body, 0o600)); err != nil || left != len(opcua) {
		t.Fatalf("%d devices speak OPC UA: %v", left, err)
	}
}

// forgetNotices removes the shipping notices of all lots but the one that is built with. A start reads and holds all there are.
func (s *shop) forgetNotices(t *testing.T, but string) {
	t.Helper()
	notices, err := filepath.Glob(filepath.Join(filepath.Dir(s.truth), "asn", "*.csv"))
	left := 0
	for _, path := range notices {
		if filepath.Base(path) == but+".csv" {
			left++
			continue
		}
		err = errors.Join(err, os.Remove(path))
	}
	if err != nil || left == 0 {
		t.Fatalf("%d shipping notices of lot %s are left: %v", left, but, err)
	}
}

// readdress gives the devices in line.yaml other addresses.
func (s *shop) readdress(t *testing.T, other func(string) string) {
	t.Helper()
	body, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	body = loopbackAddress.ReplaceAllFunc(body, func(old []byte) []byte {
		return []byte("address: " + other(strings.TrimPrefix(string(old), "address: ")))
	})
	if err := os.WriteFile(s.config, body, 0o600); err != nil {
		t.Fatal(err)
	}
}

// startPlant starts the virtual plant and waits until every device answers.
func (s *shop) startPlant(t *testing.T) {
	t.Helper()
	ready := filepath.Join(s.dir, "plant.ready")
	_ = os.Remove(ready)
	s.plant = s.start(t, "plant", append(s.simulate(), "--ready", ready)...)
	if err := s.plant.Await(t.Context(), time.Minute, func(context.Context) error { _, err := os.Stat(ready); return err }); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) simulate() []string {
	return []string{program, "simulate", "--config", s.config, "--data", filepath.Join(s.dir, "plant"), "--speed", "1000", "--seed", "1"}
}

func (s *shop) run() []string {
	return []string{s.program, "run", "--config", s.config, "--data", s.records, "--no-gateway"}
}

// startLine starts the supervisor and does not wait.
func (s *shop) startLine(t *testing.T) {
	t.Helper()
	s.dead(t)
	s.line = s.start(t, "run", s.run()...)
	s.begun(t)
}

// startTrappedPlant starts the virtual plant, and what becomes of its calls is decided here. It may die on the way and is not waited
// for.
func (s *shop) startTrappedPlant(t *testing.T, calls []string, decide decision) *trapped {
	t.Helper()
	p := startTrapped(t, "plant", filepath.Join(s.dir, "plant.log"), calls, decide, s.simulate()...)
	s.plant = p.Process
	return p
}

// startTrappedLine starts the supervisor, and what becomes of its calls is decided here.
func (s *shop) startTrappedLine(t *testing.T, calls []string, decide decision) *trapped {
	t.Helper()
	s.dead(t)
	p := startTrapped(t, "run", filepath.Join(s.dir, "run.log"), calls, decide, s.run()...)
	s.line = p.Process
	s.begun(t)
	return p
}

// begun is what follows from the start of a supervisor.
func (s *shop) begun(t *testing.T) {
	t.Helper()
	if s.client == nil {
		s.client = control.Dial(filepath.Join(s.records, "control", "linectl.sock"))
		t.Cleanup(s.client.Close)
	}
	s.op.shift()
}

func (s *shop) start(t *testing.T, name string, args ...string) *process.Process {
	t.Helper()
	p, err := process.Start(name, filepath.Join(s.dir, name+".log"), exec.CommandContext(context.Background(), args[0], args[1:]...)) //nolint:gosec // our own
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// settle notes which stations rest in a state in which one rests after a start, and reports whether each has by now: whoever did is set
// to work again before all the others have.
func settle(settled map[line.StationID]bool, now line.Snapshot) bool {
	for _, st := range now.Stations {
		settled[st.Station] = settled[st.Station] || st.State == "Stopped" || st.State == "Aborted"
	}
	return len(now.Stations) > 0 && !slices.Contains(slices.Collect(maps.Values(settled)), false)
}

// built is how many packs have gone, and how much of those on the line is done.
func built(now line.Snapshot) float64 {
	sum := -float64(len(now.Packs))
	for _, o := range now.Orders {
		sum += float64(o.Started)
	}
	for _, p := range now.Packs {
		sum += p.Progress
	}
	return sum
}

// look returns the line as it is, or an error while it does not answer.
func (s *shop) look(ctx context.Context) (line.Snapshot, error) {
	now, err := s.client.Snapshot(ctx)
	if err == nil && len(now.Stations) == 0 {
		err = errors.New("the line has not begun")
	}
	return now, err
}

// work lets the operator work until enough says so or the supervisor ends. It reports when the stations were first seen defined.
func (s *shop) work(t *testing.T, most time.Duration, enough func(line.Snapshot) bool) (definedAt time.Time) {
	t.Helper()
	var last line.Snapshot
	settled := map[line.StationID]bool{}
	for end := time.Now().Add(most); !s.line.Gone(); time.Sleep(25 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not after %v: %s", most, picture(last))
		}
		now, err := s.look(t.Context())
		if err != nil {
			continue
		}
		if now.Seq < s.op.seq {
			t.Fatalf("LOST: entry %d was seen on record, and now there are %d", s.op.seq, now.Seq)
		}
		s.op.seq, s.built, last = now.Seq, built(now), now
		s.listed(now)
		if settle(settled, now) && definedAt.IsZero() {
			definedAt = time.Now()
		}
		if enough(now) {
			return definedAt
		}
		s.op.attend(t.Context(), s.client, now)
	}
	return definedAt
}

// finish builds what was ordered, by a supervisor that nobody disturbs, brings everything to an orderly end and holds the records
// against what happened and what the operator was told.
func (s *shop) finish(t *testing.T) checked {
	t.Helper()
	if s.plant.Gone() {
		s.startPlant(t)
	}
	s.startLine(t)
	s.op.last = true
	s.work(t, 3*time.Minute, s.op.done)
	if err := errors.Join(s.line.Stop(30*time.Second), s.plant.Stop(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	return s.check(t)
}

// checked is what the checker says of a run.
type checked struct{ packs, entries, events, requests, lost, double, violations int }

// add adds what was found in another run.
func (c *checked) add(o checked) {
	c.packs, c.entries, c.events, c.requests = c.packs+o.packs, c.entries+o.entries, c.events+o.events, c.requests+o.requests
	c.lost, c.double, c.violations = c.lost+o.lost, c.double+o.double, c.violations+o.violations
}

func (c checked) String() string {
	return fmt.Sprintf("packs=%d entries=%d events=%d requests=%d lost=%d double=%d violations=%d", c.packs, c.entries, c.events, c.requests, c.lost, c.double, c.violations)
}

// check holds records against the truth; what it finds fails the test.
func (s *shop) check(t *testing.T) checked {
	t.Helper()
	e, all := s.judge(t, true)
	c := checked{packs: s.op.orders, entries: len(e.Journal), events: len(e.Truth), requests: len(e.Asked), violations: len(all)}
	for _, v := range all {
		switch v.Invariant {
		case "I1":
			c.double++
		case "I11":
			c.lost++
		}
	}
	if uint64(len(e.Journal)) < s.op.seq {
		c.lost++
		t.Errorf("LOST: entry %d was seen on record, and there are %d", s.op.seq, len(e.Journal))
	}
	if len(all) > 0 {
		t.Errorf("%s", checker.Report(all, 30))
	}
	if c.events == 0 || c.entries == 0 || c.requests == 0 {
		t.Errorf("nothing was checked: %v", c)
	}
	return c
}

// judge reads the evidence and what the checker says of it.
func (s *shop) judge(t *testing.T, ended bool) (checker.Evidence, []checker.Violation) {
	t.Helper()
	truth, err := os.Open(s.truth)
	if err != nil {
		t.Fatal(err)
	}
	defer truth.Close()
	e := checker.Evidence{Ended: ended, Asked: s.op.history(), Deaths: s.seen()}
	if e.Truth, err = checker.ReadTruth(truth); err == nil {
		e.Journal, err = recordstore.Journal(t.Context(), s.records)
	}
	if err != nil {
		t.Fatal(err)
	}
	stations := map[string]bool{}
	for _, k := range e.Journal {
		stations[k.Station] = true
	}
	for _, at := range s.cuts { // the plant cannot write down that it died, and what each device was doing then is of unknown outcome
		for station := range stations {
			e.Truth = append(e.Truth, checker.Happening{At: at, What: "fault", Text: "plc-reboot " + station})
		}
	}
	all, err := checker.Check(e)
	if err != nil {
		t.Fatal(err)
	}
	return e, all
}

func picture(s line.Snapshot) string {
	body, err := json.MarshalIndent(map[string]any{"stations": s.Stations, "packs": s.Packs, "prompts": s.Prompts, "orders": s.Orders}, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(body)
}
