package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"linectl/line"
	"linectl/simulator"
	"linectl/traceability"
)

// comparison holds what the plant's physics did against what the line has on record. It reads both from their files, after
// both have stopped.
type comparison struct {
	cells, joints, values int // how many agree
	differ                []string
}

// spot is one slot or one joint of a pack.
type spot struct {
	pack  string
	index int
}

// act is one thing that leaves a mark, by the token that it was asked for with.
type act struct {
	task  line.Task
	part  string
	index int
}

// ledger is one side of the comparison.
type ledger struct {
	cells  map[spot]line.CellID
	marks  map[line.Token]act                // seams, hits and bonds
	rework map[line.Token]bool               // those that a person ordered again
	values map[line.Token]map[string]float64 // what was measured of them
	open   map[line.Token]bool               // records only: nobody knows, and the record says so
	maybe  map[line.Token]spot               // records only: the same of cells that may lie in a slot
}

func newLedger() *ledger {
	return &ledger{
		cells: map[spot]line.CellID{}, marks: map[line.Token]act{}, rework: map[line.Token]bool{},
		values: map[line.Token]map[string]float64{}, open: map[line.Token]bool{}, maybe: map[line.Token]spot{},
	}
}

func weldTask(t line.Task) bool {
	return t == line.TaskWeldLaser || t == line.TaskWeldResistance || t == line.TaskWeldUltrasonic
}

// compareTruth compares the records in one directory with the ground truth of the plant.
func compareTruth(ctx context.Context, records, truthPath string) (*comparison, error) {
	truth, err := simulator.ReadTruth(truthPath)
	if err != nil {
		return nil, err
	}
	r, err := traceability.OpenReader(records)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	recorded, err := readLedger(ctx, r)
	if err != nil {
		return nil, err
	}
	return compare(truthLedger(truth), recorded), nil
}

// truthLedger keeps what physically happened.
func truthLedger(events []simulator.Event) *ledger {
	l := newLedger()
	for _, e := range events {
		switch {
		case e.What == simulator.Placed:
			l.cells[spot{e.Part, e.Index}] = e.Cell
		case e.What == simulator.Effect && weldTask(e.Task):
			l.marks[e.Token] = act{e.Task, e.Part, e.Index}
			l.rework[e.Token] = e.Rework
		case e.What == simulator.Measured && weldTask(e.Task):
			l.values[e.Token] = e.Values
		}
	}
	return l
}

// readLedger keeps what the records say: the cells from the genealogy, the joints from the journal.
func readLedger(ctx context.Context, r *traceability.Reader) (*ledger, error) {
	l := newLedger()
	err := r.Replay(ctx, 1, func(e line.Entry) error {
		switch f := e.Fact.(type) {
		case line.Intent:
			if weldTask(f.Task) {
				l.open[f.Token] = true
			} else if f.Task == line.TaskStackCell {
				l.maybe[f.Token] = spot{string(e.Pack), f.Index}
			}
		case line.ActDone:
			delete(l.open, f.Token)
			delete(l.maybe, f.Token)
			if weldTask(f.Task) {
				l.marks[f.Token] = act{f.Task, f.Part, f.Index}
				l.rework[f.Token] = f.Rework
				l.values[f.Token] = map[string]float64{}
				for _, m := range f.Measurements {
					if m.Value != nil {
						l.values[f.Token][m.Name] = *m.Value
					}
				}
			}
		case line.ActRefused:
			delete(l.open, f.Token)
			delete(l.maybe, f.Token)
		default: // an act that is quarantined stays unknown; the other facts are about other things
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return l, readGenealogy(ctx, r, l)
}

// readGenealogy keeps which cell the records say lies in which slot, by the code that the gripper read as it placed it.
func readGenealogy(ctx context.Context, r *traceability.Reader, l *ledger) error {
	f := traceability.Filter{}
	for {
		packs, err := r.List(ctx, f)
		if err != nil {
			return err
		}
		for _, p := range packs {
			d, err := r.Pack(ctx, string(p.Pack))
			if err != nil {
				return err
			}
			for _, m := range d.Modules {
				for _, c := range m.Cells {
					if c.Placed != "" {
						l.cells[spot{string(p.Pack), c.Slot}] = line.CellID(c.Placed)
					}
				}
			}
			f.After = p.Pack
		}
		if len(packs) == 0 {
			return nil
		}
	}
}

// compare finds every difference between the truth and the records.
func compare(truth, recorded *ledger) *comparison {
	c := &comparison{}
	unknown := map[spot]bool{}
	for _, p := range recorded.maybe {
		unknown[p] = true
	}
	for _, p := range slices.SortedFunc(maps.Keys(truth.cells), bySpot) {
		got := recorded.cells[p]
		if got == "" && unknown[p] {
			continue // UNKNOWN on record: the record does not claim what it does not know
		}
		if got != truth.cells[p] {
			c.say("slot %d of %s holds cell %s; the record says %s", p.index, p.pack, truth.cells[p], dash(string(got)))
			continue
		}
		c.cells++
	}
	for _, p := range slices.SortedFunc(maps.Keys(recorded.cells), bySpot) {
		if _, ok := truth.cells[p]; !ok {
			c.say("the record says that slot %d of %s holds cell %s; it is empty", p.index, p.pack, recorded.cells[p])
		}
	}
	c.marks(truth, recorded)
	return c
}

func (c *comparison) marks(truth, recorded *ledger) {
	first := map[spot]line.Token{}
	for _, t := range slices.Sorted(maps.Keys(truth.marks)) {
		a := truth.marks[t]
		at := spot{a.part, a.index}
		if before, twice := first[at]; twice && !truth.rework[t] {
			c.say("joint %d of %s was welded twice, by %s and %s, and nobody ordered a rework", a.index, a.part, before, t)
		}
		first[at] = t
		got, ok := recorded.marks[t]
		switch {
		case !ok && recorded.open[t]: // UNKNOWN on record: the record does not claim what it does not know
		case !ok:
			c.say("joint %d of %s was welded by %s; the record does not know of it", a.index, a.part, t)
		case got != a:
			c.say("%s welded joint %d of %s; the record says joint %d of %s", t, a.index, a.part, got.index, got.part)
		default:
			c.joints++
			c.measured(t, a, truth.values[t], recorded.values[t])
		}
	}
	for _, t := range slices.Sorted(maps.Keys(recorded.marks)) {
		if _, ok := truth.marks[t]; !ok {
			a := recorded.marks[t]
			c.say("the record says that %s welded joint %d of %s; it never happened", t, a.index, a.part)
		}
	}
}

// measured compares what the instruments showed with what was recorded. The wire carries 32-bit numbers.
func (c *comparison) measured(t line.Token, a act, truth, recorded map[string]float64) {
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		got := recorded[name]
		want, ok := truth[name]
		if !ok || float32(want) != float32(got) {
			c.say("joint %d of %s, %s: %s was %v; the record says %v", a.index, a.part, t, name, want, got)
			continue
		}
		c.values++
	}
}

func (c *comparison) say(format string, args ...any) {
	c.differ = append(c.differ, fmt.Sprintf(format, args...))
}

func bySpot(a, b spot) int {
	if a.pack != b.pack {
		if a.pack < b.pack {
			return -1
		}
		return 1
	}
	return a.index - b.index
}
