package virtual_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// A code that is on record in a pack or in a lane is read once more: two cells carry it, or a scanner reads another one so. Whichever it
// is, nothing more is put on record of the cell that lies there, and what was read goes into a bin as one that nobody knows.
func TestACellReadAsAnotherHasNoName(t *testing.T) {
	order := line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 1}
	t.Run("two carry the code, one is in a pack", func(t *testing.T) {
		r := newRig(t, 1, "")
		r.setUp(order)
		r.finish(20 * time.Minute)
		r.inject("duplicate-code ST010")
		order.Order = "more"
		r.ask(order)
		r.finish(20 * time.Minute)
		r.namesNone("duplicate cell code ", func(f line.Fact, code string) bool {
			done, is := f.(line.ActDone)
			return is && done.Task == line.TaskStackCell && done.Part == code
		})
	})
	t.Run("the scanners at the tester read one in a lane", func(t *testing.T) {
		r := newRig(t, 1, "")
		r.setUp(order)
		r.until(20*time.Minute, "the eighth cell lies in its lane, as which the ninth will be read", func() bool {
			return slices.ContainsFunc(r.memory.Records, func(rec line.Record) bool {
				moved, is := rec.Fact.(line.PartMoved)
				return is && strings.HasSuffix(moved.Part, "08") && moved.To == "LANE2"
			})
		})
		r.inject("wrong-part ST020")
		r.until(20*time.Minute, "it is put away as one that nobody knows", func() bool {
			return slices.ContainsFunc(r.memory.Records, func(rec line.Record) bool {
				graded, is := rec.Fact.(line.CellGraded)
				return is && graded.ReadAs != ""
			})
		})
		r.Plant.Clear(r.Now, "all")
		r.finish(40 * time.Minute)
		r.namesNone("which is on record elsewhere", func(f line.Fact, code string) bool {
			moved, is := f.(line.PartMoved)
			return is && moved.Part == code && moved.To == "LANE2"
		})
	})
}

// namesNone asks for a cell that was rejected with a reason under another's code, which lies elsewhere by an entry before; and that
// nothing is put on record of that one by its name from then on, but that it is built in.
func (r *rig) namesNone(reason string, lies func(line.Fact, string) bool) {
	r.t.Helper()
	r.checkTruth()
	r.agrees()
	code := ""
	for _, rec := range r.memory.Records {
		if _, as, why := named(rec.Fact); as != "" && strings.Contains(why, reason) {
			code = as
		}
	}
	if code == "" {
		r.t.Fatalf("no cell without a name was rejected: %s", reason)
	}
	there := false
	for _, rec := range r.memory.Records {
		if name, _, _ := named(rec.Fact); there && name == code {
			r.t.Errorf("%s says %s of %s", rec.Station, line.FactName(rec.Fact), code)
		}
		there = there || lies(rec.Fact, code)
	}
	if !there {
		r.t.Errorf("%s was not on record elsewhere", code)
	}
}

// named is the cell of which an entry says something, what it was read as where it has no name, and why it was judged so. What a scanner
// showed stands in acts too, which say nothing of a cell.
func named(f line.Fact) (name, as, why string) {
	switch f := f.(type) {
	case line.CellReceived:
		return string(f.Cell), string(f.ReadAs), f.Reason
	case line.CellGraded:
		return string(f.Cell), string(f.ReadAs), f.Reason
	case line.PartMoved:
		return f.Part, "", ""
	case line.PartArrived:
		return f.Part, string(f.ReadAs), ""
	default:
		return "", "", ""
	}
}
