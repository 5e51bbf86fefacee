package traceability

import (
	"context"
	"fmt"
	"slices"

	"linectl/line"
)

// Evidence is what the raw results say about the release of a pack, whatever its disposition says.
type Evidence struct {
	Pack     line.PackID    `json:"pack"`
	State    line.PackState `json:"state"`
	Serial   string         `json:"serial,omitempty"`
	Steps    []Step         `json:"steps"`    // those that count, one for each step of the disposition's list
	Problems []string       `json:"problems"` // why the pack may not be released; empty = the evidence holds
}

// ReleaseEvidence recomputes from raw results whether a pack may be released: every step that its disposition names has an
// OK result that no rework made invalid, the last act of each place ended OK or was accepted by two people, no joint has more or less than one accepted
// weld, and every slot holds the cell that was chosen for it, good and in no other pack. It reads no status column.
func (r *Reader) ReleaseEvidence(ctx context.Context, pack string) (Evidence, error) {
	d, err := r.Pack(ctx, pack)
	if err != nil {
		return Evidence{}, err
	}
	e := Evidence{Pack: d.Pack, State: d.State, Serial: d.Serial, Steps: []Step{}, Problems: []string{}}
	e.steps(d)
	e.acts(d)
	e.joints(d)
	e.cells(d)
	return e, r.view(ctx, func(q querier) error { return e.others(ctx, q, d) })
}

func (e *Evidence) problem(format string, args ...any) {
	e.Problems = append(e.Problems, fmt.Sprintf(format, args...))
}

func (e *Evidence) steps(d *Dossier) {
	var named []string
	if n := len(d.Dispositions); n > 0 {
		last := d.Dispositions[n-1]
		named = last.Evidence
		if last.Disposition == line.Released && last.Serial == "" {
			e.problem("released without a serial (entry %d)", last.Seq)
		}
	}
	if len(named) == 0 {
		e.problem("no disposition names the steps that prove it")
	}
	listed := map[line.Kind]bool{}
	for _, name := range named {
		if d.names(name) {
			continue
		}
		kind := line.Kind(name)
		listed[kind] = true
		s, ok := d.counting(kind)
		switch {
		case !ok:
			e.problem("step %s: no result that counts", kind)
			continue
		case s.Verdict != line.OK:
			e.problem("step %s is %s (entry %d)", kind, s.Verdict, s.Seq)
		}
		e.Steps = append(e.Steps, s)
	}
	for _, s := range d.Steps {
		if counts, ok := d.counting(s.Step); !listed[s.Step] && s.Step != line.Bench && (!ok || counts.Verdict != line.OK) {
			listed[s.Step] = true
			e.problem("step %s was done and has no OK result that counts (entry %d)", s.Step, s.Seq)
		}
	}
}

// acts looks at the last act of each kind at each place. Letting the part go, serving the tool and measuring the master say
// nothing about the pack.
func (e *Evidence) acts(d *Dossier) {
	type place struct {
		station line.StationID
		task    line.Task
		index   int
	}
	last := map[place]int{}
	for i, a := range d.Attempts {
		switch a.Task {
		case line.TaskRelease, line.TaskServiceTip, line.TaskMaster:
		default:
			last[place{a.Station, a.Task, a.Index}] = i
		}
	}
	for i, a := range d.Attempts {
		if at, ok := last[place{a.Station, a.Task, a.Index}]; !ok || at != i {
			continue
		}
		if w := d.accepted(a.Token); w != nil {
			if !slices.Contains(d.Dispositions[len(d.Dispositions)-1].Evidence, w.Accepted) {
				e.problem("the disposition does not say: %s (entry %d)", w.Accepted, w.Seq)
			}
			continue
		}
		if a.End != "done" || a.Verdict != line.OK {
			e.problem("%s %d at %s ended %q with verdict %q (entry %d)", a.Task, a.Index, a.Station, a.End, a.Verdict, a.Seq)
		}
	}
}

func (e *Evidence) joints(d *Dossier) {
	for i, j := range d.Joints {
		if j.Joint != i+1 {
			e.problem("joint %d is missing", i+1)
			break
		}
	}
	for _, j := range d.Joints {
		accepted, unknown := 0, 0
		for _, w := range j.Welds {
			switch {
			case w.Superseded != 0:
			case w.Verdict == line.OK, d.acceptedAt(w.Seq):
				accepted++
			case w.Verdict == line.Unknown:
				unknown++
			}
		}
		if accepted != 1 || unknown != 0 {
			e.problem("joint %d has %d accepted welds and %d of unknown outcome; want 1 and 0", j.Joint, accepted, unknown)
		}
	}
}

func (e *Evidence) cells(d *Dossier) {
	slots := map[int]bool{}
	for _, m := range d.Modules {
		for _, c := range m.Cells {
			slots[c.Slot] = true
			if c.Placed != string(c.Cell) {
				e.problem("slot %d: cell %s chosen, %q placed", c.Slot, c.Cell, c.Placed)
			}
			received, graded := line.Verdict(""), line.Verdict("")
			if len(c.Receipts) > 0 && c.Receipts[0].Seq < c.PlacedSeq {
				received = c.Receipts[0].Verdict // a later one with this code is another cell, refused as its duplicate
			}
			for _, g := range c.Gradings {
				if g.Seq < c.PlacedSeq {
					graded = g.Verdict
				}
			}
			if received != line.OK || graded != line.OK {
				e.problem("slot %d: cell %s was received %q and graded %q before it was placed", c.Slot, c.Cell, received, graded)
			}
		}
	}
	for slot := 1; slot <= len(slots); slot++ {
		if !slots[slot] {
			e.problem("slot %d is empty", slot)
		}
	}
	if len(slots) == 0 {
		e.problem("no cell is in the pack")
	}
}

// others asks whether a cell or the serial of the pack stands in another pack too.
func (e *Evidence) others(ctx context.Context, q querier, d *Dossier) error {
	type double struct{ what, pack string }
	doubles, err := list(ctx, q, func(x *double) []any { return []any{&x.what, &x.pack} }, doubleQuery, d.id, d.id)
	for _, x := range doubles {
		e.problem("%s is in pack %s too", x.what, x.pack)
	}
	return err
}

const doubleQuery = `SELECT 'cell ' || c.code, p.name FROM pack_cells mine CROSS JOIN pack_cells other ON other.cell_id = mine.cell_id
	JOIN cells c ON c.cell_id = mine.cell_id JOIN packs p ON p.pack_id = other.pack_id
	WHERE mine.pack_id = ? AND other.pack_id <> mine.pack_id AND mine.placed_seq IS NOT NULL AND other.placed_seq IS NOT NULL
	UNION ALL SELECT 'serial ' || mine.serial, other.name FROM packs mine JOIN packs other ON other.serial = mine.serial
	WHERE mine.pack_id = ? AND other.pack_id <> mine.pack_id`
