package virtual_test

import (
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"linectl/checker"
	"linectl/line"
	"linectl/supervisor"
	"linectl/virtual"
)

// elements counts what can be reached from a value: the elements of all its lists and maps. What was seen already counts once.
func elements(v reflect.Value, seen map[uintptr]bool) (n int) {
	known := func() bool {
		was := v.IsNil() || seen[v.Pointer()]
		seen[v.Pointer()] = true
		return was
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !known() {
			n = elements(v.Elem(), seen)
		}
	case reflect.Interface:
		if !v.IsNil() {
			n = elements(v.Elem(), seen)
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			n += elements(field, seen)
		}
	case reflect.Slice:
		if v.Len() == 0 || known() {
			return v.Len()
		}
		for i := range v.Len() {
			n += 1 + elements(v.Index(i), seen)
		}
	case reflect.Map:
		if known() {
			return 0
		}
		for at := v.MapRange(); at.Next(); {
			n += 1 + elements(at.Value(), seen)
		}
	default: // of a fixed size
	}
	return n
}

// remembers counts what a line remembers, by its fields. Packs in process are seen first: who else reaches them does not remember them.
func remembers(l *supervisor.Line) map[string]int {
	v, seen := reflect.ValueOf(l), map[uintptr]bool{}
	seen[v.Pointer()] = true
	all := map[string]int{}
	fields := reflect.VisibleFields(v.Elem().Type())
	slices.SortStableFunc(fields, func(a, b reflect.StructField) int {
		first := func(f reflect.StructField) int {
			return slices.Index([]string{"byDevice", "stations", "packs", "live"}, f.Name)
		}
		return first(b) - first(a)
	})
	for _, f := range fields {
		all[f.Name] = elements(v.Elem().FieldByIndex(f.Index), seen)
	}
	delete(all, "live") // they are at work
	delete(all, "cfg")  // it is given
	delete(all, "out")  // of one step
	return all
}

// forgetful is a store that keeps nothing, so that what is measured is the line.
type forgetful struct{ seq uint64 }

func (f *forgetful) Append(records []line.Record) (uint64, error) {
	f.seq += uint64(len(records))
	return f.seq, nil
}

// samples lets the line build packs for a day of the plant, and looks at what it has kept each hour.
func (r *rig) samples(hours int) []checker.Sample {
	r.t.Helper()
	r.Store = &forgetful{}
	products, orders := []string{"ESS-P2", "ESS-P2", "DRN-P3"}, 0
	attend := r.attended()
	var all []checker.Sample
	for range hours {
		if _, err := r.Run(time.Minute, func(w *virtual.World) bool {
			attend(w)
			open := slices.DeleteFunc(w.Line.Snapshot(w.Now).Orders, func(o line.OrderSnapshot) bool { return o.Released+o.Scrapped+o.Quarantined >= o.Quantity })
			if len(open) < 2 {
				r.ask(line.AddOrder{Order: line.OrderID(fmt.Sprintf("more%d", orders)), Product: products[orders%3], Quantity: 2})
				orders++
			}
			return false
		}); err != nil {
			r.t.Fatal(err)
		}
		for _, place := range virtual.Reference() { // what was measured since the last good check of an instrument must be remembered
			r.try(line.CheckMaster{Station: place.ID})
		}
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		s := r.Line.Snapshot(r.Now)
		all = append(all, checker.Sample{At: r.Now, Packs: s.Good + s.NOK, Cells: s.Cells.Received, Heap: int64(m.HeapAlloc), Kept: remembers(r.Line)}) //nolint:gosec // bytes of a test
	}
	return all
}

// TestTheLineForgets lets the line live through a day of the plant: what it keeps in memory does not grow with what it has built.
func TestTheLineForgets(t *testing.T) {
	r := newRig(t, 1, "")
	r.plantC.Witness, r.plantC.CellsPerLane = nil, 20_000
	plant := r.plant(r.Now)
	for _, c := range plant.Notices() {
		r.config.Supplier[c.Cell] = c
	}
	r.Replug(plant)
	r.setUp(sampleOrders()...)
	samples := r.samples(24)
	judge := func(all []checker.Sample) []checker.Violation {
		v, err := checker.Check(checker.Evidence{Samples: all})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if all := judge(samples); len(all) > 0 {
		t.Errorf("%s", checker.Report(all, 20))
	}
	first, last := samples[0], samples[len(samples)-1]
	t.Logf("after an hour %d packs, %d cells, heap %d KiB; after a day %d packs, %d cells, heap %d KiB", first.Packs, first.Cells, first.Heap>>10, last.Packs, last.Cells, last.Heap>>10)
	for field, n := range last.Kept {
		if n > 20 {
			t.Logf("%-10s %6d elements after an hour, %6d after a day", field, first.Kept[field], n)
		}
	}
	if last.Packs < 50 {
		t.Errorf("only %d packs were built in a day", last.Packs)
	}
}
