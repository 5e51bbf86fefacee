package checker

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// goodWhenPlaced follows each code on record to the moment at which it was placed: its last judgement was good and not too old, and
// it had not been put away since. Of bodies it asks that none was taken out of a reject bin.
func goodWhenPlaced(r *run, bad func(string, string, ...any)) {
	thrown := map[string]*Happening{}
	for i := range r.Truth {
		h := &r.Truth[i]
		switch {
		case h.What == "moved" && strings.HasPrefix(h.To, "bin "):
			thrown[h.Body] = h
		case h.What == "placed" && thrown[h.Body] != nil:
			bad(h.where(), "cell %s (%s) had been put into %s at %s", h.Cell, h.Body, thrown[h.Body].To, thrown[h.Body].Station)
		}
	}
	of := r.packs()
	graded, away := map[string]*known{}, map[string]*known{}
	for i := range r.entries {
		k := &r.entries[i]
		switch k.Kind {
		case "cell-graded":
			graded[k.Cell] = k
		case "part-moved":
			if k.Station == "ST020" && (strings.HasPrefix(k.To, "NG") || k.To == quarantineStation) {
				away[k.Part] = k
			}
		case "act-done":
			if k.Task != taskStack || k.Verdict != "OK" {
				continue
			}
			g := graded[k.Part]
			validity := time.Duration(0)
			if p := of[k.Entry.Pack]; p != nil {
				validity = r.plans[p.fact.Hash].validity
			}
			switch {
			case g == nil || g.Verdict != "OK":
				bad(k.where(), "cell %s is placed, and no good reading of it is on record", k.Part)
			case away[k.Part] != nil:
				bad(k.where(), "cell %s is placed, and is on record as put away to %s in entry %d", k.Part, away[k.Part].To, away[k.Part].Seq)
			case validity > 0 && k.At().Sub(g.At()) > validity:
				bad(k.where(), "cell %s is placed, its reading is %v old and counts for %v", k.Part, k.At().Sub(g.At()), validity)
			}
		}
	}
}

// stays asks that a cell which is on record as built into a pack, or put into a lane or a bin, is not received, let in, judged or moved
// on record at a station: nobody takes a cell out of a pack or a bin, and out of a lane only into a pack. Whatever is read there
// under its code is another cell. A person may say of one in a lane that it is not there. One of which the record says that nobody
// knows where it lies may be found again.
func stays(r *run, bad func(string, string, ...any)) {
	type lies struct {
		place string
		since *known
	}
	at := map[string]lies{}
	for i := range r.entries {
		k := &r.entries[i]
		switch {
		case k.Kind == "act-done" && k.Task == taskStack && k.Verdict == "OK":
			at[k.Part] = lies{k.Entry.Pack, k}
		case k.Kind == "cell-received", k.Kind == "cell-graded", k.Entry.Pack == "" && (k.Kind == "part-arrived" || k.Kind == "part-moved"):
			code := cmp.Or(k.Cell, k.Part)
			if l, settled := at[code]; settled && code != "" && !(strings.HasPrefix(l.place, "LANE") && r.writtenOff(k)) {
				bad(k.where(), "cell %s is on record in %s since entry %d, and nobody has taken it out", code, l.place, l.since.Seq)
			}
			if delete(at, code); strings.HasPrefix(k.To, "LANE") || strings.HasPrefix(k.To, "NG") {
				at[code] = lies{k.To, k}
			}
		}
	}
}

// writtenOff reports whether an entry gives a cell up because a person has said so: the request follows it.
func (r *run) writtenOff(k *known) bool {
	i := slices.IndexFunc(r.requests, func(a *known) bool { return a.Seq > k.Seq })
	return k.Kind == "part-moved" && k.To == quarantineStation && i >= 0 && r.requests[i].Accepted && strings.Contains(r.requests[i].Command, "write "+k.Part+" off")
}

// wherever holds the place of each cell on record against the place in which it lies, at the end. A code that stands on several cells,
// or was read wrong, says nothing of a single one; nor does an act of which the record itself says that nobody knows what became of it.
func wherever(r *run, bad func(string, string, ...any)) {
	if !r.Ended {
		return
	}
	type cell struct {
		code, place string
		token       string
	}
	bodies, codes := map[string]*cell{}, map[string]int{}
	for i := range r.Truth {
		h := &r.Truth[i]
		switch {
		case h.What == "cell-made":
			bodies[h.Body] = &cell{code: h.Cell}
			codes[h.Cell]++
		case h.What == "moved" && h.Body != "":
			bodies[h.Body].place, bodies[h.Body].token = h.To, h.Token
		case h.What == "placed":
			bodies[h.Body].place, bodies[h.Body].token = h.Part, h.Token
		}
	}
	recorded, doubt, read, left := map[string]string{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, k := range r.of("cell-received") {
		read[k.Cell] = true
	}
	wrong, another, misplaced := r.readWrong(), r.takenForAnother(), map[string]bool{}
	for _, k := range r.of("part-moved", "act-done", "act-quarantined") {
		switch {
		case k.Kind == "part-moved" && k.Entry.Pack == "":
			left[k.Part+" "+k.Station] = true
			if !left[k.Part+" "+k.To] { // else the word that it had come there was late
				recorded[k.Part], misplaced[k.Part] = place(k.To), another[k.Seq]
			}
		case k.Kind == "act-done" && k.Task == taskStack:
			recorded[k.Part], misplaced[k.Part] = k.Entry.Pack, false
		}
		if k.Kind == "act-quarantined" || k.Kind == "act-done" && k.Verdict != "OK" {
			doubt[k.Token], doubt[k.Part] = true, true
			if in := r.intents[k.Token]; in != nil {
				doubt[in.Part] = true
			}
		}
	}
	for body, c := range bodies {
		if c.place == "" || c.code == "" || codes[c.code] > 1 || doubt[c.token] || doubt[c.code] || recorded[c.code] == quarantineStation || !read[c.code] || wrong[c.code] || misplaced[c.code] {
			continue
		}
		if recorded[c.code] != c.place {
			bad("cell "+c.code, "it (%s) lies in %s, on record it is in %q", body, c.place, recorded[c.code])
		}
	}
}

// readWrong are the codes under which another cell than theirs was taken in to be measured.
func (r *run) readWrong() map[string]bool {
	wrong := map[string]bool{}
	came := slices.DeleteFunc(slices.Clone(r.happened("arrived")), func(h *Happening) bool { return h.Station != "ST020" })
	for _, k := range r.of("part-arrived") {
		n, _ := slices.BinarySearchFunc(came, k.At(), func(h *Happening, at time.Time) int {
			if h.At.After(at) {
				return 1
			}
			return -1
		})
		if k.Station == "ST020" && n > 0 && came[n-1].Cell != k.Part {
			wrong[k.Part] = true
		}
	}
	return wrong
}

// takenForAnother are the entries that say where a cell was put, while it was another one that a fault let the device read as this
// one. The cell that has the code was not there, so nobody could know; what is read of it later has no name on record.
func (r *run) takenForAnother() map[uint64]bool {
	moves, last, another := map[string]*Happening{}, map[string]*Happening{}, map[uint64]bool{}
	for _, h := range r.happened("moved") {
		moves[h.Token] = h
	}
	lies := slices.DeleteFunc(r.troubles(), func(t trouble) bool { return t.name != "wrong-part" })
	for _, k := range r.of("act-done", "part-moved") {
		if k.Kind == "act-done" {
			last[k.Station] = moves[k.Token] // nothing, if it was no move
			continue
		}
		h := last[k.Station]
		if h == nil || k.Entry.Pack != "" || k.Part == "" || h.Cell == k.Part {
			continue
		}
		ordered := r.intents[h.Token]
		another[k.Seq] = ordered != nil && slices.ContainsFunc(lies, func(t trouble) bool {
			return (t.at == h.Station || t.at == h.Device) && !t.At.After(h.At) && t.until.After(ordered.At())
		})
	}
	return another
}

// place is a place of cells as the truth names it.
func place(recorded string) string {
	for short, long := range map[string]string{"NG": "bin ", "LANE": "lane "} {
		if n, is := strings.CutPrefix(recorded, short); is {
			return long + n
		}
	}
	return recorded
}

// somewhere asks for every pack that was built on to have left the line once it has a disposition.
func somewhere(r *run, bad func(string, string, ...any)) {
	if !r.Ended {
		return
	}
	built, left := map[string]bool{}, map[string]bool{}
	for i := range r.Truth {
		h := &r.Truth[i]
		switch h.What {
		case "placed":
			built[h.Part] = true
		case "exit":
			left[h.Part] = true
		case "carried":
			delete(left, h.Part)
		}
	}
	for pack, d := range r.disposed() {
		if built[pack] && !left[pack] {
			bad(d.where(), "it is %s, and lies neither with the good ones nor with the others", d.Disposition)
		}
	}
}
