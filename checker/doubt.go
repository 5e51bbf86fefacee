package checker

import "strings"

// refusedDone is the number of the reason by which a device refuses an act because its mark is on the part already.
const refusedDone = 7

// doubtedForCause allows a pack to come to quarantine only where the record itself has a doubt about it: since the step before, an act
// on it that nobody knows the end of, one whose last result says neither good nor bad, or a mark that is there already and is of no act
// on record. At its release there is one other reason: something that its recipe asks for has no good result. A pack that was measured
// as bad is none of them: it is reworked or scrapped.
func doubtedForCause(r *run, bad func(string, string, ...any)) {
	doubts := map[string]map[actRef]bool{} // by pack, what nobody knows
	leaves := map[string]bool{}            // packs whose last step is good
	started := r.packs()
	for i := range r.entries {
		k := &r.entries[i]
		pack, about := k.Entry.Pack, actRef{k.Task, k.fact.Index}
		if in := r.intents[k.Token]; k.Kind == "act-refused" && in != nil {
			about = actRef{in.Task, in.fact.Index}
		}
		if doubts[pack] == nil {
			doubts[pack] = map[actRef]bool{}
		}
		switch k.Kind {
		case "act-quarantined":
			doubts[pack][about] = true
		case "act-refused":
			doubts[pack][about] = doubts[pack][about] || k.fact.refusal() == refusedDone
		case "act-done":
			doubts[pack][about] = k.Verdict == "UNKNOWN"
		case "rework-decided":
			clear(doubts[pack])
		case "step-done":
			leaves[pack] = k.Step == "packout" && k.Verdict == "OK"
			if k.Verdict != "UNKNOWN" {
				clear(doubts[pack])
			}
		case "pack-disposed":
			if k.Disposition == "quarantined" && !anyOf(doubts[pack]) && !(leaves[pack] && r.lacking(k, started[pack])) {
				bad(k.where(), "it is quarantined, and on record is no doubt about it: %s", strings.TrimSpace(k.fact.why()))
			}
			clear(doubts[pack])
		}
	}
}

func anyOf(doubts map[actRef]bool) bool {
	for _, is := range doubts {
		if is {
			return true
		}
	}
	return false
}

// refusal is the number of the reason of an act that was refused; in other facts the field is a text.
func (f *fact) refusal() int {
	n, _ := f.Reason.(float64)
	return int(n)
}

// why is the reason of a disposition.
func (f *fact) why() string {
	text, _ := f.Reason.(string)
	return text
}

// lacking reports whether a pack that has come to its end lacks a good result of something that its recipe asks for.
func (r *run) lacking(end, start *known) bool {
	if start == nil {
		return false
	}
	s := newShipped(end, r.plans[start.fact.Hash])
	for i := range r.entries {
		if k := &r.entries[i]; k.Entry.Pack == s.pack && k.Seq < end.Seq {
			s.follow(k)
		}
	}
	lacks := false
	s.proven(start.Number, func(string, ...any) { lacks = true })
	return lacks
}
