package traceability

import (
	"fmt"
	"testing"
	"time"

	"linectl/line"
)

// history writes records as a line does, so that the tests read what the line would have left. One pack has 16 cells and
// 30 joints. It is a script, not a line: it decides nothing.
type history struct {
	records []line.Record
	now     time.Time
	tokens  uint64
	cells   int
}

func newHistory() *history {
	h := &history{now: benchAt}
	h.add("", "", line.LineStarted{Fence: 1, Version: "test", Simulated: true})
	h.add("", "", line.RecipePinned{Product: "ESS-P2", Revision: "1", Hash: recipeHash, Source: "product: ESS-P2\n"})
	h.add("", "", line.OrderAdded{Order: "O-1", Product: "ESS-P2", Revision: "1", Hash: recipeHash, Quantity: 300})
	h.add("ST060", "", line.MasterChecked{Verdict: line.OK, ValidUntil: h.now.Add(8 * time.Hour), Measurements: []line.Measurement{value("reference1", "1", 1)}})
	h.add("ST060", "", line.ToolServiced{Tool: "glass", Action: "clean", By: "amina"})
	h.add("ST100", "", line.MaterialLoaded{Item: "gap-filler", Lot: "GF-7", Quantity: 20, Expiry: h.now.Add(1000 * time.Hour), By: "amina"})
	return h
}

const recipeHash = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

func (h *history) add(station line.StationID, pack line.PackID, fact line.Fact) {
	h.now = h.now.Add(137 * time.Millisecond)
	h.records = append(h.records, line.Record{At: h.now, Station: station, Pack: pack, Fact: fact})
}

func value(name, unit string, v float64) line.Measurement {
	low, high := v-10, v+10
	return line.Limit{Name: name, Unit: unit, LSL: &low, USL: &high, Code: "060-W-010"}.Measure(0, v)
}

// act adds an intent and its result.
func (h *history) act(device line.DeviceID, pack line.PackID, part string, task line.Task, index, attempt int, verdict line.Verdict) {
	h.tokens++
	token := line.NewToken(1, h.tokens)
	h.add(device.Station(), pack, line.Intent{
		Token: token, Device: device, Task: task, Name: task.String(), Part: part, Index: index, Attempt: attempt, RecipeHash: recipeHash, Within: time.Second,
	})
	done := line.ActDone{
		Token: token, Device: device, Task: task, Part: part, Index: index, Attempt: attempt, Outcome: line.OutcomeOK, Verdict: verdict, Simulated: true,
	}
	for i, f := range task.Spec().Values {
		m := value(f.Name, f.Unit, float64(i)+float64(h.tokens%17))
		if verdict == line.NOK && i == 0 {
			m.Verdict, m.Code = line.NOK, "060-W-010"
			done.Outcome, done.Code = line.OutcomeNOK, m.Code
		}
		done.Measurements = append(done.Measurements, m)
	}
	h.add(device.Station(), pack, done)
}

func (h *history) visit(station line.StationID, pack line.PackID, step line.Kind, build int, verdict line.Verdict, acts func()) {
	h.add(station, pack, line.PartArrived{Part: string(pack)})
	acts()
	s := line.StepDone{Part: string(pack), Step: step, Build: build, Verdict: verdict, Acts: 1, Clean: verdict == line.OK && build == 1}
	if step == line.Assemble {
		s.Used = []line.MaterialUse{{Item: "gap-filler", Lot: "GF-7", Quantity: 0.05}}
	}
	h.add(station, pack, s)
	h.add(station, pack, line.PartMoved{Part: string(pack), To: station})
}

// begin receives and grades the cells of a pack and reserves them. Every pack has cells of two lots.
func (h *history) begin(pack line.PackID, number int) (cells []line.CellID) {
	h.add("", pack, line.PackStarted{Order: "O-1", Number: number, Product: "ESS-P2", Revision: "1", Hash: recipeHash})
	set := line.SetReserved{Strategy: "window", Bound: "ocvSpread", Reason: "first set that fits"}
	for slot := 1; slot <= 16; slot++ {
		h.cells++
		code := line.CellID(fmt.Sprintf("04QCE76314400JC2R0%06d", h.cells))
		lot := line.LotID(fmt.Sprintf("L-%03d", (number+slot%2)/10))
		cells = append(cells, code)
		h.add("ST010", "", line.CellReceived{Cell: code, Item: "LFP-280", Lot: lot, Supplier: line.SupplierCell{Cell: code, CapacityAh: 280}, Verdict: line.OK})
		h.add("ST020", "", line.CellGraded{
			Cell: code, Item: "LFP-280", Lot: lot, Attempt: 1, CapacityAh: 280.5, Verdict: line.OK, Lane: 1,
			Measurements: []line.Measurement{value("ocv", "V", 3.29), value("acir", "Ω", 0.00018)},
		})
		set.Slots = append(set.Slots, line.SlotCell{Slot: slot, Group: slot, Module: (slot-1)/8 + 1, Cell: code, Lot: lot, Lane: 1})
	}
	h.add("ST040", pack, set)
	return cells
}

// pack builds one pack to its release. With a bad joint, that joint is welded NOK, reworked and inspected again.
func (h *history) pack(number, badJoint int) line.PackID {
	pack := line.PackID(fmt.Sprintf("ESS-P2-%06d", number))
	cells := h.begin(pack, number)
	h.visit("ST040", pack, line.Stack, 1, line.OK, func() {
		for i, c := range cells {
			h.act("ST040.robot", pack, string(c), line.TaskStackCell, i+1, 1, line.OK)
		}
	})
	verdict := line.OK
	h.visit("ST060", pack, line.Weld, 1, line.OK, func() {
		for joint := 1; joint <= 30; joint++ {
			h.act("ST060.welder", pack, string(pack), line.TaskWeldLaser, joint, 1, line.OK)
		}
	})
	if badJoint > 0 {
		verdict = line.NOK
	}
	inspect := func(v line.Verdict) func() {
		return func() { h.act("ST070.meter", pack, string(pack), line.TaskJointResistance, 1, 1, v) }
	}
	h.visit("ST070", pack, line.Inspect, 1, verdict, inspect(verdict))
	build := 1
	if badJoint > 0 {
		build = 2
		h.add("ST900", pack, line.ReworkDecided{
			Step: line.Weld, Indexes: []int{badJoint}, Build: 2, Invalidates: []line.Kind{line.Weld, line.Inspect}, By: "weld engineer", Why: "cold weld",
		})
		h.visit("ST060", pack, line.Weld, 2, line.OK, func() {
			h.act("ST060.welder", pack, string(pack), line.TaskWeldLaser, badJoint, 1, line.OK)
		})
		h.visit("ST070", pack, line.Inspect, 2, line.OK, inspect(line.OK))
	}
	h.visit("ST100", pack, line.Assemble, build, line.OK, func() { h.act("ST100.plc", pack, string(pack), line.TaskFasten, 1, 1, line.OK) })
	h.visit("ST130", pack, line.EndOfLine, build, line.OK, func() { h.act("ST130.tester", pack, string(pack), line.EOLStep(5), 5, 1, line.OK) })
	h.add("ST140", pack, line.PackDisposed{
		Disposition: line.Released, Serial: fmt.Sprintf("SN%06d", number), FirstPass: badJoint == 0, Reason: "every required step is OK",
		Evidence: []string{"stack", "weld", "inspect", "assemble", "endofline"},
	})
	return pack
}

// stored appends a history in batches and returns the store.
func (h *history) stored(t testing.TB, dir string) *Store {
	t.Helper()
	s := openStore(t, dir)
	if _, err := s.NextFence(); err != nil {
		t.Fatal(err)
	}
	for from := 0; from < len(h.records); from += 512 {
		if _, err := s.Append(h.records[from:min(from+512, len(h.records))]); err != nil {
			t.Fatal(err)
		}
	}
	return s
}
