package checker

import (
	"strconv"
	"strings"
)

// name is how the truth names one of several values of an act.
func name(value string, index int) string { return value + " " + strconv.Itoa(index) }

type slot struct {
	pack  string
	index int
}

// taskStack is the number of the task that places a cell into its slot.
const taskStack = 31

func genealogy(r *run, bad func(string, string, ...any)) {
	recorded := map[slot]*known{}
	for _, k := range r.of("act-done") {
		if k.Task == taskStack && k.Verdict == "OK" {
			recorded[slot{k.Entry.Pack, k.fact.Index}] = k
		}
	}
	lies, disposed := map[slot]*Happening{}, r.disposed()
	for _, h := range r.happened("placed") {
		s := slot{h.Part, h.Index}
		lies[s] = h
		if k := recorded[s]; k != nil && k.Part != h.Cell {
			bad(k.where(), "slot %d holds %s on record, in truth %s lies there", h.Index, k.Part, h.Cell)
		}
		released := disposed[h.Part] != nil && disposed[h.Part].Disposition == "released"
		if recorded[s] == nil && (released || !r.doubted(h.Token)) {
			bad(h.where(), "cell %s lies in slot %d and is not on record", h.Cell, h.Index)
		}
	}
	for s, k := range recorded {
		if lies[s] == nil {
			bad(k.where(), "slot %d holds %s on record, in truth nothing lies there", s.index, k.Part)
		}
	}
}

// doubted reports whether the record itself says that nobody knows what became of an act, or it is still open.
func (r *run) doubted(token string) bool {
	if k := r.results[token]; k != nil {
		return k.Verdict != "OK"
	}
	return r.intents[token] != nil && (!r.Ended || r.quarantinedAct(token))
}

func (r *run) quarantinedAct(token string) bool {
	for _, k := range r.of("act-quarantined") {
		if k.Token == token {
			return true
		}
	}
	return false
}

// noBadCell asks for the last reading of the very body that was placed, not of its code: two cells may carry the same.
func noBadCell(r *run, bad func(string, string, ...any)) {
	verdict := map[string]string{} // by body: how the last reading was judged
	graded := map[string]*known{}  // by the result's time and cell
	for _, k := range r.of("cell-graded") {
		graded[k.Cell+"@"+strconv.FormatInt(k.Micros, 10)] = k
	}
	placed, coded := map[string]*Happening{}, map[string]*Happening{}
	for i := range r.Truth {
		h := &r.Truth[i]
		switch {
		case h.What == "measured" && h.Body != "" && len(h.Values) > 0 && h.Station != "" && r.results[h.Token] != nil:
			result := r.results[h.Token]
			if g := graded[result.Part+"@"+strconv.FormatInt(result.Micros, 10)]; g != nil {
				verdict[h.Body] = g.Verdict
			}
		case h.What == "placed":
			if before := placed[h.Body]; before != nil {
				bad(h.where(), "cell %s was placed before, in %s slot %d", h.Body, before.Part, before.Index)
			}
			if before := coded[h.Cell]; before != nil && before.Body != h.Body {
				bad(h.where(), "code %s stands on the cell in %s slot %d too", h.Cell, before.Part, before.Index)
			}
			placed[h.Body], coded[h.Cell] = h, h
			if verdict[h.Body] != "OK" {
				bad(h.where(), "cell %s (%s) was placed, its last reading was judged %q", h.Cell, h.Body, verdict[h.Body])
			}
		}
	}
}

// conserved follows every body to where it is now, and every code to where it is on record. A code that is on record in quarantine
// is one that was read and lay nowhere: it counts for no body.
func conserved(r *run, bad func(string, string, ...any)) {
	if !r.Ended {
		return
	}
	at, lie, moved := map[string]string{}, map[string]int{}, map[string]string{}
	for i := range r.Truth {
		h := &r.Truth[i]
		switch {
		case h.What == "cell-made":
			at[h.Body] = "nest"
		case h.What == "moved" && h.Body != "":
			at[h.Body], moved[h.Token] = h.To, h.To
		case h.What == "placed":
			at[h.Body] = "pack"
		}
	}
	for _, place := range at {
		lie[place]++
	}
	left, bins := 0, map[string]int{}
	for _, k := range r.of("part-moved") {
		bin, rejected := strings.CutPrefix(k.To, "NG")
		if rejected {
			bins["bin "+bin]++
		}
		if k.Station == "ST010" && k.To != quarantineStation {
			left++
		}
	}
	for _, k := range r.of("act-quarantined", "act-done") { // moved, and on record as nobody knows
		to := moved[k.Token]
		if to == "" || k.Verdict == "OK" {
			continue
		}
		if k.Station == "ST010" {
			left++
		}
		if strings.HasPrefix(to, "bin ") {
			bins[to]++
		}
	}
	if made := len(at) - lie["nest"]; left != made {
		bad("cells", "%d came out of the magazines and left the first station, %d did so on record", made, left)
	}
	for bin := 1; bin <= 8; bin++ {
		if place := name("bin", bin); bins[place] != lie[place] {
			bad(place, "%d cells lie in it, %d are on record", lie[place], bins[place])
		}
	}
}
