package virtual_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/examples"
	"linectl/line"
	"linectl/recipes"
	"linectl/simulator"
	"linectl/supervisor"
	"linectl/virtual"
)

var morning = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// rig is the reference line in virtual time, with an operator who does what a person at the line would do.
type rig struct {
	*virtual.World
	t      testing.TB
	seed   uint64
	memory *virtual.Memory
	config supervisor.Config
	fence  uint16
	asked  int
	dir    string
	plantC simulator.Config
	truth  []simulator.Event // what physically happened
}

// newRig builds the line. The plant keeps its memory in dir, or nowhere when dir is empty.
func newRig(t testing.TB, seed uint64, dir string) *rig {
	t.Helper()
	return newClassedRig(t, seed, dir, nil)
}

// newClassedRig builds the line with devices of the classes named, all others of class A.
func newClassedRig(t testing.TB, seed uint64, dir string, classes map[line.DeviceID]line.DeviceClass) *rig {
	t.Helper()
	r := &rig{t: t, seed: seed, memory: &virtual.Memory{}, fence: 1, dir: dir}
	samples, err := recipes.Load(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r.config = supervisor.Config{Name: "pilot", Version: "test", Simulated: true, Recipes: samples, Supplier: map[line.CellID]line.SupplierCell{}}
	r.plantC = simulator.Config{Seed: seed, Speed: 60, Witness: func(e simulator.Event) { r.truth = append(r.truth, e) }}
	virtual.Equip(&r.config, &r.plantC, classes)
	plant := r.plant(morning)
	for _, c := range plant.Notices() {
		r.config.Supplier[c.Cell] = c
	}
	l, err := supervisor.New(r.config, r.fence)
	if err != nil {
		t.Fatal(err)
	}
	r.World = virtual.New(morning, l, r.fence, plant, r.memory)
	return r
}

func (r *rig) plant(now time.Time) *simulator.Plant {
	p, err := simulator.New(r.plantC, r.dir, now)
	if err != nil {
		r.t.Fatal(err)
	}
	return p
}

// ask asks the line for something as the operator, and expects it to be done.
func (r *rig) ask(c line.Command) {
	r.t.Helper()
	if reply := r.try(c); !reply.Accepted {
		r.t.Fatalf("%+v refused: %s", c, reply.Text)
	}
}

func (r *rig) try(c line.Command) line.Reply {
	r.asked++
	return r.Ask(line.Request{ID: fmt.Sprintf("%d-%d", r.fence, r.asked), By: "operator", Account: "local:test", Origin: line.FromLocal, Why: "test", Command: c})
}

// setUp loads material, orders packs and starts the line.
func (r *rig) setUp(orders ...line.AddOrder) {
	r.t.Helper()
	r.loadMaterial()
	for _, o := range orders {
		r.ask(o)
	}
	r.start()
}

func (r *rig) loadMaterial() {
	r.t.Helper()
	for _, rec := range r.config.Recipes {
		for _, m := range rec.Materials {
			if m.Level == "lot" {
				for _, s := range virtual.Reference() {
					if s.Kind == m.Kind {
						r.ask(line.LoadMaterial{Station: s.ID, Item: m.Item, Lot: line.LotID("L-" + m.Item), Quantity: 1e6, Expiry: r.Now.Add(1000 * time.Hour)})
					}
				}
			}
		}
	}
}

// start brings every station to Execute, from wherever it is.
func (r *rig) start() {
	r.t.Helper()
	ok, err := r.Run(30*time.Second, func(w *virtual.World) bool {
		for _, c := range []string{"Clear", "Unhold", "Reset", "Start"} {
			r.try(line.Machine{Target: "line", Command: c})
		}
		for _, s := range w.Line.Snapshot(w.Now).Stations {
			if !slices.Contains([]string{"Execute", "Suspended", "Suspending", "Unsuspending"}, s.State) {
				return false
			}
		}
		return true
	})
	if err != nil || !ok {
		r.t.Fatalf("line does not start: %v\n%s", err, r.picture())
	}
}

// answer answers the questions of the line as a person would who looks at nothing else: a rework where one is possible, a new serial
// for each part, the tool serviced. What lies at a bench that does not run, and what is missing, waits.
func (r *rig) answer(snap line.Snapshot) {
	for _, q := range snap.Prompts {
		a := line.AnswerPrompt{Prompt: q.Prompt, Option: q.Options[0]}
		switch {
		case strings.Contains(q.Prompt, "/serial/"):
			a.Input = fmt.Sprintf("S%d-%d", r.fence, r.asked)
		case strings.Contains(q.Prompt, "/missing/"), strings.Contains(q.Prompt, "/decide/") && snap.Stations[len(snap.Stations)-1].State != "Execute":
			continue
		}
		r.try(a)
	}
}

// attend does what an operator does while the line runs, once.
func (r *rig) attend(snap line.Snapshot) {
	r.answer(snap)
	for _, s := range snap.Stations {
		switch s.State {
		case "Aborted", "Stopped", "Idle":
			r.try(line.Machine{Target: string(s.Station), Command: map[string]string{"Aborted": "Clear", "Stopped": "Reset", "Idle": "Start"}[s.State]})
		case "Held":
			r.try(line.Machine{Target: string(s.Station), Command: "Unhold"})
		}
	}
}

// attended is a condition that holds once every ordered pack has left the line; meanwhile the operator attends to it.
func (r *rig) attended() func(*virtual.World) bool {
	next := r.Now
	return func(w *virtual.World) bool {
		if w.Now.Before(next) {
			return false
		}
		next = w.Now.Add(time.Second)
		snap := w.Line.Snapshot(w.Now)
		r.attend(snap)
		for _, o := range snap.Orders {
			if o.Released+o.Scrapped+o.Quarantined < o.Quantity {
				return false
			}
		}
		return len(snap.Packs) == 0
	}
}

// finish runs until every ordered pack has left the line.
func (r *rig) finish(span time.Duration) line.Snapshot {
	r.t.Helper()
	if ok, err := r.Run(span, r.attended()); err != nil || !ok {
		r.t.Fatalf("packs are not finished after %s: %v\n%s", span, err, r.picture())
	}
	return r.Line.Snapshot(r.Now)
}

// picture says where everything stands, for the reader of a failed test.
func (r *rig) picture() string {
	snap := r.Line.Snapshot(r.Now)
	out := fmt.Sprintf("%s seed %d, %d records, cells %+v\n", r.Now.Format(time.TimeOnly), r.seed, len(r.memory.Records), snap.Cells)
	for _, s := range snap.Stations {
		out += fmt.Sprintf("%s %-9s %-12s %s | %s %d/%d waiting %d\n", s.Station, s.Kind, s.State, s.Reason, s.Part, s.Done, s.Of, s.Waiting)
		for _, d := range s.Devices {
			out += fmt.Sprintf("      %s up=%v %s phase %d open %s %s\n", d.Device, d.Up, d.State, d.Phase, d.Open, d.Reason)
		}
	}
	for _, p := range snap.Packs {
		out += fmt.Sprintf("%+v\n", p)
	}
	for _, a := range snap.Alarms {
		out += fmt.Sprintf("%s %s active=%v\n", a.Alarm, a.Text, a.Active)
	}
	for _, rec := range r.memory.Records[max(0, len(r.memory.Records)-12):] {
		out += fmt.Sprintf("  %s %s %s %s %+v\n", rec.At.Format("15:04:05.000"), rec.Station, rec.Pack, line.FactName(rec.Fact), rec.Fact)
	}
	return out
}

func TestOnePackOfEachProduct(t *testing.T) {
	r := newRig(t, 1, "")
	r.setUp(
		line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 1},
		line.AddOrder{Order: "drone", Product: "DRN-P3", Quantity: 1},
		line.AddOrder{Order: "ev", Product: "EV-P1", Quantity: 1},
	)
	begun := r.Now
	snap := r.finish(10 * time.Minute)
	t.Logf("took %s of plant time; %d good, %d first pass; cells %+v", r.Now.Sub(begun), snap.Good, snap.FirstPass, snap.Cells)
}
