package checker

import (
	"maps"
	"slices"
)

// ordered allows an act to be flagged as rework only after a person has ordered one of that part: the flag is what lets a device make
// again what it has made.
func ordered(r *run, bad func(string, string, ...any)) {
	first := map[string]*known{}
	for _, k := range r.of("rework-decided") {
		if first[k.Entry.Pack] == nil {
			first[k.Entry.Pack] = k
		}
	}
	for _, what := range []string{"effect", "placed"} {
		for _, h := range r.happened(what) {
			if k := first[h.Part]; h.Rework && (k == nil || k.At().After(h.At)) {
				bad(h.where(), "%s was made as a rework, and nobody had ordered one", act(h.Task, h.Index))
			}
		}
	}
}

// setGoing allows nothing to be asked of a device after a start of the supervisor before its station was set going again.
func setGoing(r *run, bad func(string, string, ...any)) {
	var start *known
	going := map[string]bool{}
	for _, k := range r.of("line-started", "state-changed", "intent") {
		switch {
		case k.Kind == "line-started":
			start, going = k, map[string]bool{}
		case k.Kind == "state-changed":
			going[k.Station] = going[k.Station] || k.To == "Execute"
		case start != nil && !going[k.Station]:
			bad(k.where(), "%s works, and nobody has set it going since the start in entry %d", k.Station, start.Seq)
		}
	}
}

// sentByItsOwn allows no device to obey a block under an older fence than that of the act's token: the supervisor that made the token
// has sent it, or a later one.
func sentByItsOwn(r *run, bad func(string, string, ...any)) {
	for i := range r.Truth {
		if h := &r.Truth[i]; h.Fence != 0 && h.Token != "" && uint64(h.Fence) < number(h.Token)>>48 { //nolint:gosec // 16 bits
			bad(h.where(), "%s obeyed fence %d for token %s", h.Device, h.Fence, h.Token)
		}
	}
}

// seenByPeople asks for the request behind every acknowledgement of an alarm: what nobody has seen must not look as if somebody had.
func seenByPeople(r *run, bad func(string, string, ...any)) {
	for i := range r.entries {
		k := &r.entries[i]
		if k.Kind != "alarm-acknowledged" && k.Kind != "alarm-confirmed" {
			continue
		}
		if next := i + 1; next >= len(r.entries) || r.entries[next].Kind != "command-applied" || !r.entries[next].Accepted || r.entries[next].By != k.By {
			bad(k.where(), "%s is said to have seen %s, and has not asked for it", k.By, k.Alarm)
		}
	}
}

// kindOfAct is a task at a station by one recipe: what is measured and judged there is always the same.
type kindOfAct struct {
	station, recipe string
	task            int
}

// wholly asks of an OK that it rests on every value by which acts of its kind are judged: what was not measured must not pass by being
// left out of the record.
func wholly(r *run, bad func(string, string, ...any)) {
	judgedBy := map[kindOfAct]map[string]bool{}
	kind := func(k *known) kindOfAct {
		of := kindOfAct{station: k.Station, task: k.Task}
		if in := r.intents[k.Token]; in != nil {
			of.recipe = in.RecipeHash
		}
		return of
	}
	for _, k := range r.of("act-done") {
		for _, m := range k.Measurements {
			if m.LSL == nil && m.USL == nil {
				continue
			}
			if judgedBy[kind(k)] == nil {
				judgedBy[kind(k)] = map[string]bool{}
			}
			judgedBy[kind(k)][m.Name] = true
		}
	}
	for _, k := range r.of("act-done") {
		if k.Verdict != "OK" {
			continue
		}
		has := map[string]bool{}
		for _, m := range k.Measurements {
			has[m.Name] = has[m.Name] || m.Value != nil
		}
		for _, name := range slices.Sorted(maps.Keys(judgedBy[kind(k)])) {
			if !has[name] {
				bad(k.where(), "it is OK, and %s, by which such acts are judged, is not on record", name)
			}
		}
	}
}
