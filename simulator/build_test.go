package simulator_test

import (
	"math"
	"testing"

	"linectl/line"
	"linectl/plc/tags"
	"linectl/simulator"
)

// sample is how a test builds packs of a product.
type sample struct {
	simulator.Product
	modules int
	weld    []float64
	screws  int
}

func samples() []sample {
	laser := []float64{2800, 0.12, 0.4e-3, 250, 0, 45e-3, 15}
	hit := []float64{900, 3e-3, 3e-3, 1600, 6e-3, 32, 0.12, 0.05}
	products := simulator.DefaultProducts()
	return []sample{{products[0], 8, laser, 32}, {products[1], 2, laser, 4}, {products[2], 1, hit, 8}}
}

// cell takes the next good cell of a lane through receipt and sorting into the store.
func (s *supervisor) cell(lane int) string {
	for {
		code := s.do(job{device: "ST010.scanner", task: line.TaskScanCell, params: []float64{float64(lane)}}).Part
		bin := 0.0
		if code == "" {
			bin = 5
		}
		s.do(job{device: "ST010.scanner", task: line.TaskPlaceCell, part: code, params: []float64{bin, 0}})
		if code == "" {
			continue
		}
		if got := s.awaits("ST020.tester"); got != code {
			s.t.Fatalf("ST020 reads %q, the cell is %q", got, code)
		}
		s.do(job{device: "ST020.tester", task: line.TaskMeasureCell, part: code})
		s.do(job{device: "ST020.robot", task: line.TaskPlaceCell, part: code, params: []float64{0, float64(lane)}})
		return code
	}
}

// stack builds the stack of a pack at ST040 and returns the cells by slot.
func (s *supervisor) stack(p sample, pack string) []string {
	n := p.Series * p.Parallel
	cells := make([]string, n+1)
	for i := range n {
		cells[i+1] = s.cell(p.Lane)
	}
	s.do(job{device: "ST040.robot", task: line.TaskBindCarrier, part: pack})
	for slot := 1; slot <= n; slot++ {
		st := s.do(job{device: "ST040.robot", task: line.TaskStackCell, part: cells[slot], index: slot, params: []float64{float64(p.Lane), 0}})
		if st.Part != cells[slot] {
			s.t.Fatalf("slot %d: gripper read %q, asked was %q", slot, st.Part, cells[slot])
		}
	}
	return cells
}

func (s *supervisor) release(id line.DeviceID, pack string, to float64) {
	s.do(job{device: id, task: line.TaskRelease, part: pack, params: []float64{to}})
}

// finish takes a stacked pack through the rest of the line and shows every result to see.
func (s *supervisor) finish(p sample, pack string, see func(job, tags.Status)) {
	do := func(j job) {
		j.part = pack
		see(j, s.do(j))
	}
	for m := range p.modules {
		if p.Parallel == 1 {
			do(job{device: "ST040.robot", task: line.TaskCompress, index: m + 1, params: []float64{4000, 20}})
		}
	}
	s.release("ST040.robot", pack, 60)
	s.awaits("ST060.robot")
	for n := 1; n <= p.Joints; n++ {
		if n%26 == 1 {
			do(job{device: "ST060.robot", task: line.TaskPosition, index: n})
		}
		do(job{device: "ST060.welder", task: p.Welding, index: n, params: p.weld})
	}
	s.release("ST060.robot", pack, 70)
	s.awaits("ST070.meter")
	for n := 1; n <= p.Joints; n += 20 {
		count := float64(min(20, p.Joints-n+1))
		do(job{device: "ST070.meter", task: line.TaskJointResistance, index: n, params: []float64{count}})
		do(job{device: "ST070.vision", task: line.TaskVision, index: n, params: []float64{count}})
	}
	s.release("ST070.vision", pack, 100)
	s.awaits("ST100.robot")
	for m := range p.modules {
		do(job{device: "ST100.robot", task: line.TaskPlaceModule, index: m + 1, params: []float64{0.18}})
	}
	for n := range p.screws {
		do(job{device: "ST100.plc", task: line.TaskFasten, index: n + 1, params: []float64{20, 30, 90}})
	}
	do(job{device: "ST100.plc", task: line.TaskConnectBMS})
	do(job{device: "ST100.plc", task: line.TaskFlashBMS, params: []float64{1050207}})
	s.release("ST100.robot", pack, 120)
	s.awaits("ST120.tester")
	do(job{device: "ST120.tester", task: line.TaskLeakTest, params: []float64{4000, 90, 45}})
	s.release("ST120.tester", pack, 130)
	s.awaits("ST130.tester")
	for n := 1; n <= line.EOLSteps; n++ {
		do(job{device: "ST130.tester", task: line.EOLStep(n), index: n})
	}
	s.release("ST130.tester", pack, 140)
	s.awaits("ST140.printer")
	do(job{device: "ST140.printer", task: line.TaskAdjustSOC, params: []float64{28}})
	label := job{device: "ST140.printer", task: line.TaskLabel, part: "SERIAL-1"}
	if st := s.do(label); st.Part != label.part {
		s.t.Errorf("label reads %q", st.Part)
	}
	s.release("ST140.printer", pack, 999)
}

func TestAPackOfEveryProductGoesThroughTheWholeLine(t *testing.T) {
	none := simulator.Defects{}
	for _, p := range samples() {
		t.Run(p.Name, func(t *testing.T) {
			var exits, placed int
			s := newSupervisor(t, simulator.Config{Seed: 1, Speed: 100, Defects: &none, Witness: func(e simulator.Event) {
				switch e.What {
				case simulator.Exit:
					exits++
				case simulator.Placed:
					placed++
				}
			}}, "")
			pack := p.Name + "-000001"
			s.stack(p, pack)
			s.finish(p, pack, func(j job, st tags.Status) {
				spec := j.task.Spec()
				for i, f := range spec.Values {
					v := float64(st.Values[i])
					if math.IsNaN(v) {
						t.Errorf("%s %d: %s not measured", j.task, j.index, f.Name)
					}
					if j.index <= 20 {
						t.Logf("%s %d: %s %s", j.task, j.index, f.Name, line.Format(v, f.Unit))
					}
				}
			})
			if exits != 1 || placed != p.Series*p.Parallel {
				t.Errorf("%d packs left the line, %d cells were placed", exits, placed)
			}
		})
	}
}

// TestAPackThatLeftIsForgottenButItsNameIsNot keeps the world small and names unique.
func TestAPackThatLeftIsForgottenButItsNameIsNot(t *testing.T) {
	s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
	for n := range 32 {
		s.do(weldJob(pack, n+1))
	}
	full := len(s.plant.World())
	s.release("ST060.robot", pack, 999) // out of quarantine a person may carry it back
	if left := len(s.plant.World()); left > full/3 {
		t.Errorf("the world takes %d characters to write down, %d with the pack", left, full)
	}
	again := job{device: "ST040.robot", task: line.TaskBindCarrier, part: pack}
	if r := s.send(again.device, again.command(s.token())); r != line.RejectPart {
		t.Errorf("the name of a pack that left is bound again: reason %d", r)
	}
}
