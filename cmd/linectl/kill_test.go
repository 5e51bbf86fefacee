package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
)

// kills returns how often to kill, from the environment or a few: the whole campaign takes minutes.
func kills(t *testing.T, name string, few int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKilledAtAnyMoment kills the supervisor and the plant with signal 9 while packs are built over real sockets. Whatever
// the moment, no joint is welded twice, the journal verifies, and every pack ends with a disposition that the ground truth
// agrees with. LINECTL_KILLS and LINECTL_PLANT_KILLS make it longer; LINECTL_SEED repeats a run's moments.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	supervisor, plant := kills(t, "LINECTL_KILLS", 4), kills(t, "LINECTL_PLANT_KILLS", 1)
	seed := uint64(kills(t, "LINECTL_SEED", int(time.Now().UnixNano()&0xffff)))
	t.Logf("moments from LINECTL_SEED=%d", seed)
	chance := rand.New(rand.NewPCG(seed, 9))
	dir, err := os.MkdirTemp("", "lk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			_ = os.RemoveAll(dir)
		}
	})
	orders := []line.AddOrder{{Product: "ESS-P2", Quantity: 2 + (supervisor+plant)/6}} // they last until the last kill
	d := &demo{out: io.Discard, dir: dir, speed: 100, seed: 1, began: time.Now(), config: filepath.Join(dir, demoConfig), truth: filepath.Join(dir, demoPlant, "truth.jsonl")}
	if err := layDemo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := d.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.stop() }) // stopped already unless the test failed
	files, err := loadLine(d.config)
	if err != nil {
		t.Fatal(err)
	}
	op := newOperator(orders, files.recipes)
	var lastSeq uint64
	victims := append(repeat("line", supervisor), repeat("plant", plant)...)
	chance.Shuffle(len(victims), func(i, j int) { victims[i], victims[j] = victims[j], victims[i] })
	for _, victim := range victims {
		build(t, d, op, time.Duration(100+chance.IntN(1500))*time.Millisecond)
		lastSeq = max(lastSeq, d.last.Seq)
		if err := kill(t.Context(), d, victim); err != nil {
			t.Fatal(err)
		}
		if d.last.Seq < lastSeq {
			t.Fatalf("the journal had %d entries before the kill and %d after it", lastSeq, d.last.Seq)
		}
		for _, s := range d.last.Stations {
			if victim == "line" && s.State != "Stopped" && s.State != "Aborted" && s.State != "Aborting" {
				t.Errorf("%s came back in %s", s.Station, s.State)
			}
		}
	}
	build(t, d, op, 0)
	if err := d.stop(); err != nil {
		t.Fatal(err)
	}
	c, err := compareTruth(t.Context(), filepath.Join(dir, demoRecords), d.truth)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.differ) > 0 {
		t.Errorf("in %s:\n%s", dir, strings.Join(c.differ, "\n"))
	}
	report, err := verifyRecords(t.Context(), filepath.Join(dir, demoRecords))
	if err != nil || len(report.OpenIntents) > 0 {
		t.Errorf("in %s: %v; open: %+v", dir, err, report.OpenIntents)
	}
	t.Logf("%d cells, %d joints agree; packs: %+v", c.cells, c.joints, d.last.Orders)
}

// TestDemoFailsWhenAProcessDies holds that the demo never ends well with a dead plant, and shows what is known of its end.
func TestDemoFailsWhenAProcessDies(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "ld")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	d := &demo{out: io.Discard, dir: dir, speed: 60, seed: 1, stall: time.Minute, began: time.Now(), config: filepath.Join(dir, demoConfig)}
	if err := layDemo(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := d.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.plant.Command.Process.Kill(); err != nil {
		t.Fatalf("%v; it said: %s", err, d.plant.LastWords())
	}
	if err := d.operate(t.Context(), newOperator([]line.AddOrder{{Product: "ESS-P2", Quantity: 1}}, nil), 1); err == nil || !strings.Contains(err.Error(), "a process has died") {
		t.Errorf("the demo went on: %v", err)
	}
	if err := d.stop(); err == nil || !strings.Contains(err.Error(), "virtual plant ended with signal: killed; it said: virtual plant of") {
		t.Errorf("how the plant ended: %v", err)
	}
}

// TestSameSeedSameLine builds the same pack twice at different speeds. What happened to each cell and pack, in which order, and what
// every instrument showed must be the same: nothing in the plant may depend on when it happens. What two devices of a station do at
// the same time has no order (ADR 15).
func TestSameSeedSameLine(t *testing.T) {
	t.Parallel()
	type happened struct {
		what           simulator.What
		part           string
		task           line.Task
		index, attempt int
	}
	values := [2]map[happened]map[string]float64{}
	order := [2]map[string][]happened{}
	var runs sync.WaitGroup
	for i, speed := range []float64{150, 400} {
		runs.Go(func() {
			dir, err := os.MkdirTemp("", "lt")
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { _ = os.RemoveAll(dir) })
			d := &demo{out: io.Discard, order: "ess=1", dir: dir, speed: speed, seed: 1, stall: time.Minute}
			if err := d.run(t.Context()); err != nil {
				t.Error(err)
				return
			}
			events, err := simulator.ReadTruth(d.truth)
			if err != nil {
				t.Error(err)
				return
			}
			values[i], order[i] = map[happened]map[string]float64{}, map[string][]happened{}
			for _, e := range events {
				h := happened{what: e.What, part: e.Part, task: e.Task, index: e.Index, attempt: e.Attempt}
				values[i][h] = e.Values
				if part := cmp.Or(e.Body, e.Part); part != "" {
					order[i][part] = append(order[i][part], h)
				}
			}
		})
	}
	runs.Wait()
	if len(values[0]) < 100 {
		t.Fatalf("only %d things happened", len(values[0]))
	}
	if len(order[0]) < 10 || len(order[0]) != len(order[1]) {
		t.Errorf("it happened to %d and to %d cells and packs", len(order[0]), len(order[1]))
	}
	if !reflect.DeepEqual(values[0], values[1]) {
		t.Error("the instruments showed other values at another speed")
	}
	for part := range order[0] {
		a, b := order[0][part], order[1][part]
		for i := range max(len(a), len(b)) {
			if i >= len(a) || i >= len(b) || a[i] != b[i] {
				t.Errorf("other things happened to %s at another speed, from the %d. on: %+v, and %+v", part, i+1, a[i:min(i+3, len(a))], b[i:min(i+3, len(b))])
				break
			}
		}
	}
}

// build lets the operator work for a while, or until everything is built when the time is zero.
func build(t testing.TB, d *demo, op *operator, span time.Duration) {
	t.Helper()
	began, moved, far := time.Now(), time.Now(), -1.0
	for span == 0 || time.Since(began) < span {
		s, err := d.client.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d.last = s; op.done(s) {
			return
		}
		if now := howFar(s); now != far {
			moved, far = time.Now(), now
		}
		if time.Since(moved) > 40*time.Second {
			t.Fatalf("the line stands still in %s:\n%s", d.dir, statusText(s))
		}
		for _, r := range op.decide(time.Now(), s) {
			if _, err := d.client.Do(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// kill ends a process with signal 9 and starts it again.
func kill(ctx context.Context, d *demo, victim string) error {
	c := d.line
	if victim == "plant" {
		c = d.plant
	}
	if err := c.Command.Process.Kill(); err != nil {
		return fmt.Errorf("kill the %s: %w", victim, err)
	}
	<-c.Ended
	if victim == "plant" {
		return d.startPlant(ctx)
	}
	return d.startLine(ctx)
}

func repeat(word string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = word
	}
	return list
}
