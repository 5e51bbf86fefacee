package main

import (
	"strings"
	"testing"

	"linectl/line"
)

// twoSides is a pack of two cells and two joints, one of them welded again by order, as both sides should know it.
func twoSides() (truth, recorded *ledger) {
	side := func() *ledger {
		l := newLedger()
		l.cells[spot{"EV-P1-000001", 1}] = "A"
		l.cells[spot{"EV-P1-000001", 2}] = "B"
		for i, joint := range []int{1, 2, 2} {
			t := line.NewToken(1, uint64(i+1))
			l.marks[t] = act{line.TaskWeldLaser, "EV-P1-000001", joint}
			l.rework[t] = i == 2
			l.values[t] = map[string]float64{"depth": 0.00125}
		}
		return l
	}
	return side(), side()
}

func TestCompareFindsEveryKindOfDifference(t *testing.T) {
	token := line.NewToken(1, 2)
	for _, tt := range []struct {
		name   string
		change func(truth, recorded *ledger)
		says   string // empty = no difference
	}{
		{"the same", func(_, _ *ledger) {}, ""},
		{"another cell", func(_, r *ledger) { r.cells[spot{"EV-P1-000001", 2}] = "C" }, "slot 2 of EV-P1-000001 holds cell B; the record says C"},
		{"cell not on record", func(_, r *ledger) { delete(r.cells, spot{"EV-P1-000001", 1}) }, "slot 1 of EV-P1-000001 holds cell A; the record says -"},
		{"cell on record as unknown", func(_, r *ledger) {
			delete(r.cells, spot{"EV-P1-000001", 1})
			r.maybe[token] = spot{"EV-P1-000001", 1}
		}, ""},
		{"cell never placed", func(tr, _ *ledger) { delete(tr.cells, spot{"EV-P1-000001", 1}) }, "holds cell A; it is empty"},
		{"weld not on record", func(_, r *ledger) { delete(r.marks, token) }, "joint 2 of EV-P1-000001 was welded by 1-2; the record does not know of it"},
		{"weld on record as unknown", func(_, r *ledger) { delete(r.marks, token); r.open[token] = true }, ""},
		{"weld that never was", func(tr, _ *ledger) { delete(tr.marks, token) }, "it never happened"},
		{"another joint", func(_, r *ledger) { r.marks[token] = act{line.TaskWeldLaser, "EV-P1-000001", 3} }, "the record says joint 3"},
		{"welded twice", func(tr, r *ledger) { tr.rework[line.NewToken(1, 3)] = false }, "was welded twice, by 1-2 and 1-3"},
		{"another value", func(_, r *ledger) { r.values[token]["depth"] = 0.0013 }, "depth was 0.00125; the record says 0.0013"},
		{"a value too many", func(tr, _ *ledger) { delete(tr.values[token], "depth") }, "depth was 0; the record says 0.00125"},
		{"rounding of the wire", func(_, r *ledger) { r.values[token]["depth"] = float64(float32(0.00125)) }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			truth, recorded := twoSides()
			tt.change(truth, recorded)
			got := strings.Join(compare(truth, recorded).differ, "\n")
			if tt.says == "" && got != "" || !strings.Contains(got, tt.says) {
				t.Errorf("got %q, want %q", got, tt.says)
			}
		})
	}
}
