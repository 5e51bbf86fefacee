package simulator_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"linectl/examples"
	"linectl/line"
	"linectl/plc/tags"
	"linectl/recipes"
	"linectl/simulator"
)

// sampleRecipes are the recipes of the reference line by product.
func sampleRecipes(t testing.TB) map[string]*recipes.Recipe {
	t.Helper()
	all, err := recipes.Load(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	byProduct := map[string]*recipes.Recipe{}
	for _, r := range all {
		byProduct[r.Product] = r
	}
	return byProduct
}

// tally counts verdicts of measurements by their name.
type tally map[string]*struct{ ok, nok, unknown int }

func (c tally) judge(r *recipes.Recipe, k line.Kind, task line.Task, values [24]float32, count int) {
	limits := r.Process(k).Limits
	if k == line.EndOfLine {
		limits = r.EOL[task-line.EOLStep1].Limits
	}
	spec := task.Spec()
	for _, l := range limits {
		n := len(spec.Values)
		if spec.Repeat > 0 {
			n = count
		}
		for i := range n {
			if field := spec.Values[min(i, len(spec.Values)-1)]; field.Name == l.Name {
				key := fmt.Sprintf("%s %s %s", r.Product, task, l.Name)
				if c[key] == nil {
					c[key] = &struct{ ok, nok, unknown int }{}
				}
				switch l.Judge(float64(values[i])) {
				case line.OK:
					c[key].ok++
				case line.NOK:
					c[key].nok++
				default:
					c[key].unknown++
				}
			}
		}
	}
}

// blocks is what a command's parameters are for a task by the recipe.
func blocks(t testing.TB, r *recipes.Recipe, k line.Kind, task line.Task) []float64 {
	t.Helper()
	q, _ := r.Needs(k, task)
	if k == line.EndOfLine {
		q = r.EOL[task-line.EOLStep1].Parameters
	}
	b, err := task.Spec().Block(q)
	if err != nil {
		t.Fatal(err)
	}
	params := make([]float64, len(b))
	for i, v := range b {
		params[i] = float64(v)
	}
	return params
}

// TestAGoodPlantMeetsTheRecipes builds packs of every product without defects, with the recipes' own parameters, and judges
// every value by the recipes' limits.
func TestAGoodPlantMeetsTheRecipes(t *testing.T) {
	all := sampleRecipes(t)
	for _, p := range samples() {
		t.Run(p.Name, func(t *testing.T) {
			r, c := all[p.Name], tally{}
			s := newSupervisor(t, simulator.Config{Seed: 7, Speed: 1000, Defects: &simulator.Defects{}}, "")
			for n := range 4 {
				s.build(t, r, c, fmt.Sprintf("%s-%06d", p.Name, n+1))
			}
			for key, n := range c {
				if n.unknown > 0 || float64(n.nok) > 0.002*float64(n.ok) {
					t.Errorf("%s: %d OK, %d NOK, %d not measured", key, n.ok, n.nok, n.unknown)
				}
			}
			if len(c) < 35 {
				t.Errorf("only %d characteristics were judged", len(c))
			}
		})
	}
}

// build makes one pack by its recipe, with cells as they come.
func (s *supervisor) build(t testing.TB, r *recipes.Recipe, c tally, pack string) {
	t.Helper()
	act := func(id line.DeviceID, k line.Kind, task line.Task, index, count int) {
		params := blocks(t, r, k, task)
		if count > 0 {
			params[0] = float64(count)
		}
		st := s.do(job{device: id, task: task, part: pack, index: index, params: params})
		c.judge(r, k, task, st.Values, count)
	}
	cells := make([]string, 0, r.Cells())
	for range r.Cells() {
		cells = append(cells, s.cell(r.Cell.Lane))
	}
	s.do(job{device: "ST040.robot", task: line.TaskBindCarrier, part: pack})
	for i, cell := range cells {
		st := s.do(job{device: "ST040.robot", task: line.TaskStackCell, part: cell, index: i + 1, params: []float64{1, 0}})
		c.judge(r, line.Stack, line.TaskStackCell, st.Values, 0)
	}
	for m := range r.Modules {
		if _, ok := r.Process(line.Stack).Limit("compressionForce"); ok {
			act("ST040.robot", line.Stack, line.TaskCompress, m+1, 0)
		}
	}
	s.release("ST040.robot", pack, 60)
	s.awaits("ST060.robot")
	for n := 1; n <= r.Weld.Joints; n++ {
		if n%r.Weld.PerPosition == 1 {
			act("ST060.robot", line.Weld, line.TaskPosition, n, 0)
		}
		act("ST060.welder", line.Weld, r.Weld.Task, n, 0)
	}
	s.do(job{device: "ST060.welder", task: line.TaskServiceTip, params: []float64{2}})
	s.release("ST060.robot", pack, 70)
	s.awaits("ST070.meter")
	for n := 1; n <= r.Weld.Joints; n += r.Inspect.PerAct {
		count := min(r.Inspect.PerAct, r.Weld.Joints-n+1)
		act("ST070.meter", line.Inspect, line.TaskJointResistance, n, count)
		act("ST070.vision", line.Inspect, line.TaskVision, n, count)
	}
	s.release("ST070.vision", pack, 100)
	s.awaits("ST100.robot")
	for m := range r.Modules {
		act("ST100.robot", line.Assemble, line.TaskPlaceModule, m+1, 0)
	}
	for n := range r.Assemble.Screws {
		act("ST100.plc", line.Assemble, line.TaskFasten, n+1, 0)
	}
	act("ST100.plc", line.Assemble, line.TaskConnectBMS, 0, 0)
	act("ST100.plc", line.Assemble, line.TaskFlashBMS, 0, 0)
	s.release("ST100.robot", pack, 130)
	s.awaits("ST130.tester")
	for _, step := range r.EOL {
		if step.NotRequired == "" {
			act("ST130.tester", line.EndOfLine, line.EOLStep(step.Step), step.Step, 0)
		}
	}
	s.release("ST130.tester", pack, 140)
	s.awaits("ST140.printer")
	act("ST140.printer", line.PackOut, line.TaskAdjustSOC, 0, 0)
	s.release("ST140.printer", pack, 999)
}

// TestTheCellPopulationIsPlausible compares the population with the numbers of the cells' data sheets, and the share of cells
// that any gate would reject with the usual two to three per cent.
func TestTheCellPopulationIsPlausible(t *testing.T) {
	all := sampleRecipes(t)
	for _, p := range samples() {
		t.Run(p.Name, func(t *testing.T) {
			r := all[p.Name]
			var capacity, acir, ocv stats
			made := map[line.CellID]simulator.Event{}
			s := newSupervisor(t, simulator.Config{Seed: 3, Speed: 1000, Witness: func(e simulator.Event) {
				if e.What == simulator.Made {
					made[e.Cell] = e
					capacity.add(e.Values["capacity"])
					acir.add(e.Values["acir"])
					ocv.add(e.Values["ocv"])
				}
			}}, "")
			listed := map[line.CellID]bool{}
			for _, c := range s.plant.Notices() {
				listed[c.Cell] = true
			}
			const n = 1500
			rejected := 0
			seen := map[string]bool{}
			for range n {
				scan := s.do(job{device: "ST010.scanner", task: line.TaskScanCell, params: []float64{float64(r.Cell.Lane)}})
				bad := scan.Part == "" || seen[scan.Part] || !listed[line.CellID(scan.Part)] || value(scan, line.TaskScanCell, "codeGrade") < 2
				seen[scan.Part] = true
				s.do(job{device: "ST010.scanner", task: line.TaskPlaceCell, part: scan.Part, params: []float64{0, 0}})
				s.awaits("ST020.tester")
				c := tally{}
				c.judge(r, line.Sort, line.TaskMeasureCell, s.do(job{device: "ST020.tester", task: line.TaskMeasureCell, part: scan.Part}).Values, 0)
				for _, k := range c {
					bad = bad || k.nok+k.unknown > 0
				}
				s.do(job{device: "ST020.robot", task: line.TaskPlaceCell, part: scan.Part, params: []float64{0, 1}})
				if bad {
					rejected++
				}
			}
			t.Logf("capacity %s Ah, resistance %s Ω, voltage %s V, rejected %.1f %%", capacity, acir, ocv, 100*float64(rejected)/n)
			if math.Abs(capacity.mean()/p.Ah-1) > 0.005 || math.Abs(acir.mean()/p.ACIR-1) > 0.02 {
				t.Errorf("mean capacity %g Ah, want %g; mean resistance %g Ω, want %g", capacity.mean(), p.Ah, acir.mean(), p.ACIR)
			}
			if share := float64(rejected) / n; share < 0.012 || share > 0.045 {
				t.Errorf("%.1f %% of the cells would be rejected", 100*share)
			}
		})
	}
}

// stats are mean and deviation of what was added.
type stats struct{ n, sum, squares float64 }

func (s *stats) add(v float64)     { s.n, s.sum, s.squares = s.n+1, s.sum+v, s.squares+v*v }
func (s stats) mean() float64      { return s.sum / s.n }
func (s stats) deviation() float64 { return math.Sqrt(s.squares/s.n - s.mean()*s.mean()) }
func (s stats) String() string     { return fmt.Sprintf("%.5g ± %.2g", s.mean(), s.deviation()) }

// TestDefectsComeAtTheirRate welds many joints and counts those that signal and resistance both show as bad.
func TestDefectsComeAtTheirRate(t *testing.T) {
	r := sampleRecipes(t)["ESS-P2"]
	var bad, silent, total int
	s := newSupervisor(t, simulator.Config{Seed: 5, Speed: 1000, CellsPerLane: 10_000, Defects: &simulator.Defects{Joint: 0.02}}, "")
	for n := range 60 {
		pack := fmt.Sprintf("ESS-P2-%06d", n+1)
		s.do(job{device: "ST040.robot", task: line.TaskBindCarrier, part: pack})
		s.release("ST040.robot", pack, 60)
		s.awaits("ST060.robot")
		nok := map[int]bool{}
		for j := 1; j <= r.Weld.Joints; j++ {
			c := tally{}
			c.judge(r, line.Weld, line.TaskWeldLaser, s.do(job{device: "ST060.welder", task: line.TaskWeldLaser, part: pack, index: j, params: seam}).Values, 0)
			for _, k := range c {
				nok[j] = nok[j] || k.nok > 0
			}
		}
		s.release("ST060.robot", pack, 70)
		s.awaits("ST070.meter")
		limit, _ := r.Process(line.Inspect).Limit("jointResistance")
		for first := 1; first <= r.Weld.Joints; first += 16 {
			st := s.do(job{device: "ST070.meter", task: line.TaskJointResistance, part: pack, index: first, params: []float64{16}})
			for i := range 16 {
				total++
				high := limit.Judge(float64(st.Values[i])) == line.NOK
				if nok[first+i] {
					bad++
				}
				if high != nok[first+i] {
					silent++
				}
			}
		}
		s.release("ST070.vision", pack, 910)
	}
	if rate := float64(bad) / float64(total); rate < 0.01 || rate > 0.032 {
		t.Errorf("%d of %d joints are bad, want about 2 %%", bad, total)
	}
	if silent > total/200 {
		t.Errorf("at %d of %d joints the weld's own signal and the resistance do not agree", silent, total)
	}
}

// TestTimingChangesNoValue runs the same seed at two speeds and two rhythms: what happens is the same, only when is not.
func TestTimingChangesNoValue(t *testing.T) {
	run := func(speed float64, pause time.Duration) (events []simulator.Event) {
		s := newSupervisor(t, simulator.Config{Seed: 11, Speed: speed, Witness: func(e simulator.Event) {
			e.N, e.At = 0, time.Time{}
			if e.What == simulator.Measured || e.What == simulator.Effect || e.What == simulator.Made || e.What == simulator.Placed {
				events = append(events, e)
			}
		}}, "")
		p := samples()[1]
		pack := p.Name + "-000001"
		cells := s.stack(p, pack)
		s.pass(pause)
		s.finish(p, pack, func(job, tags.Status) {})
		if len(cells) != 17 {
			t.Fatal("not all cells")
		}
		return events
	}
	a, b := run(1000, 0), run(40, 7*time.Hour)
	if len(a) != len(b) || len(a) < 100 {
		t.Fatalf("%d and %d events", len(a), len(b))
	}
	for i := range a {
		if x, y := fmt.Sprintf("%+v", a[i]), fmt.Sprintf("%+v", b[i]); x != y {
			t.Fatalf("event %d differs:\n%s\n%s", i, x, y)
		}
	}
}
