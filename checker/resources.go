package checker

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Sample is what the supervisor takes of its computer at one moment. What was not looked at is 0.
type Sample struct {
	At       time.Time      `json:"at"`
	Packs    int            `json:"packs"`              // that have a disposition
	Cells    int            `json:"cells"`              // that were received
	Resident int64          `json:"resident,omitempty"` // bytes of memory that the process occupies
	Heap     int64          `json:"heap,omitempty"`     // bytes that are reachable, after a collection
	Threads  int            `json:"threads,omitempty"`
	Files    int            `json:"files,omitempty"`   // descriptors that are open
	Log      int64          `json:"log,omitempty"`     // bytes of the write-ahead log of the record store
	Journal  int64          `json:"journal,omitempty"` // bytes of the record store without it
	Kept     map[string]int `json:"kept,omitempty"`    // elements that the line remembers, by what it remembers
}

// ReadSamples reads samples, one JSON object a line.
func ReadSamples(r io.Reader) ([]Sample, error) {
	var all []Sample
	err := eachLine(r, func(n int, text string) error {
		var s Sample
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			return fmt.Errorf("samples, line %d: %w", n, err)
		}
		all = append(all, s)
		return nil
	})
	return all, err
}

// What a supervisor may take at most, and by how much more in the last third of a run than in the one before it. Of what is taken and
// given back again and again, the least says how much is needed. Descriptors and threads are held all the time but for moments, in which
// wires are down: there it is what is held most of the time.
var measures = []struct {
	name      string
	of        func(Sample) int64
	most      int64
	growth    float64 // of what it was
	growthMin int64   // less than this is no growth
	needed    func([]int64) int64
}{
	{"bytes of memory", func(s Sample) int64 { return s.Resident }, 256 << 20, 0.10, 8 << 20, slices.Min[[]int64]},
	{"bytes of heap", func(s Sample) int64 { return s.Heap }, 64 << 20, 0.10, 1 << 20, slices.Min[[]int64]},
	{"threads", func(s Sample) int64 { return int64(s.Threads) }, 64, 0, 3, median},
	{"open files", func(s Sample) int64 { return int64(s.Files) }, 256, 0, 3, median},
	{"bytes of write-ahead log", func(s Sample) int64 { return s.Log }, 64 << 20, 1, 16 << 20, slices.Min[[]int64]},
}

// What one pack may leave behind for ever: a few words about it, and its cells' codes, which may not come twice; and the entries that
// tell of it.
const (
	keptForPack    = 4
	journalForPack = 8 << 20
)

// keptAtMost is how many elements a list may have that forgets the oldest: replies to requests, each with its key.
var keptAtMost = map[string]int{"answered": 2 * 4096}

// bounded holds the samples against what a supervisor may take, and asks whether it goes on taking more.
func bounded(r *run, bad func(string, string, ...any)) {
	for _, m := range measures {
		for i, s := range r.Samples {
			if v := m.of(s); v > m.most {
				bad(fmt.Sprintf("sample %d", i+1), "%d %s, allowed are %d", v, m.name, m.most)
				break
			}
		}
	}
	third := len(r.Samples) / 3
	if third == 0 {
		return
	}
	middle, late := r.Samples[third:2*third], r.Samples[2*third:]
	for _, m := range measures {
		was, is := m.needed(each(middle, m.of)), m.needed(each(late, m.of))
		if grown := is - was; grown > m.growthMin && float64(grown) > m.growth*float64(was) {
			bad("samples", "%d %s in the last third of the run, %d in the one before it", is, m.name, was)
		}
	}
	first, last := middle[0], late[len(late)-1]
	packs, cells := last.Packs-first.Packs, last.Cells-first.Cells
	if packs == 0 {
		bad("samples", "no pack was built from the first third of the run on: nothing is shown")
		return
	}
	for _, field := range slices.Sorted(maps.Keys(last.Kept)) {
		allowed := keptForPack * packs
		if field == "cells" {
			allowed += cells
		}
		if grown := last.Kept[field] - first.Kept[field]; grown > allowed && last.Kept[field] > keptAtMost[field] {
			bad("samples", "%s has grown by %d with %d packs and %d cells: something is never forgotten", field, grown, packs, cells)
		}
	}
	if grown := last.Journal - first.Journal; grown > journalForPack*int64(packs) {
		bad("samples", "the record store has grown by %d bytes with %d packs", grown, packs)
	}
}

func each(all []Sample, of func(Sample) int64) []int64 {
	list := make([]int64, len(all))
	for i, s := range all {
		list[i] = of(s)
	}
	return list
}

func median(all []int64) int64 {
	slices.Sort(all)
	return all[len(all)/2]
}
