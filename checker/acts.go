package checker

import (
	"strconv"
	"strings"
	"time"
)

// Numbers of outcomes: of an act of which nobody knows how it ended, and of one that ended before anything was shown.
const (
	outcomeUnknown = 3
	outcomeAborted = 4
)

type marked struct {
	part        string
	task, index int
}

// taskBind writes the pack's identity to its carrier. What is written there is written over: done once more it leaves nothing behind.
const taskBind = 30

// onceOnly counts what the physics did, and the reworks that a person ordered. A carrier is bound once more for each time that nobody
// could say whether it was.
func onceOnly(r *run, bad func(string, string, ...any)) {
	allowed := map[marked]int{}
	for _, k := range r.of("rework-decided") {
		for _, a := range k.reworked() {
			allowed[marked{k.Entry.Pack, a.Task, a.Index}]++
		}
	}
	for _, k := range r.of("act-done") {
		if k.Task == taskBind && k.Verdict == "UNKNOWN" {
			allowed[marked{k.Entry.Pack, taskBind, k.fact.Index}]++
		}
	}
	done := map[marked]int{}
	for _, what := range []string{"effect", "placed"} {
		for _, h := range r.happened(what) {
			m := marked{h.Part, h.Task, h.Index}
			if done[m]++; done[m] > 1+allowed[m] {
				bad(h.where(), "%s was done %s, and ordered %s", act(h.Task, h.Index), times(done[m]), times(1+allowed[m]))
			}
		}
	}
	r.onceOrdered(bad)
}

// onceOrdered allows an act to happen once for each intent, whether it leaves a mark or not.
func (r *run) onceOrdered(bad func(string, string, ...any)) {
	type deed struct{ token, what string }
	done := map[deed]bool{}
	for i := range r.Truth {
		h := &r.Truth[i]
		if h.Token == "" || h.What == "fault" || h.What == "freed" || h.What == "void" {
			continue
		}
		d := deed{h.Token, h.What}
		if done[d] {
			bad(h.where(), "token %s was ordered once, and %s did it twice", h.Token, h.Device)
		}
		done[d] = true
	}
}

func intendedFirst(r *run, bad func(string, string, ...any)) {
	for i := range r.Truth {
		h := &r.Truth[i]
		if h.Device == "" || h.What == "freed" || h.What == "void" || h.What == "fault" && h.Token == "" {
			continue // nothing was done to a part; a device that has just lost its memory may be struck again, at no act
		}
		switch in := r.intents[h.Token]; {
		case in == nil && h.Token == "":
			bad(h.where(), "%s did it without a token, and nothing was ordered from it as from a device that knows none", h.Device)
		case in == nil:
			bad(h.where(), "token %s was never intended", h.Token)
		case in.At().After(h.At):
			bad(h.where(), "token %s was intended %v later, in entry %d", h.Token, in.At().Sub(h.At), in.Seq)
		case in.Device != h.Device || in.Task != h.Task:
			bad(h.where(), "token %s was intended for %s of %s", h.Token, act(in.Task, in.fact.Index), in.Device)
		case in.fact.Index != h.Index:
			bad(h.where(), "token %s was intended for place %d of the part, it was done at %d", h.Token, in.fact.Index, h.Index)
		case in.Entry.Pack != "" && in.Entry.Pack != h.Part:
			bad(h.where(), "token %s was intended for %s, it was done to %s", h.Token, in.Entry.Pack, h.Part)
		}
	}
}

func allClosed(r *run, bad func(string, string, ...any)) {
	open := map[string]*known{}
	for _, k := range r.of("intent", "act-done", "act-refused", "act-quarantined") {
		switch {
		case k.Kind == "intent" && open[k.Token] != nil:
			bad(k.where(), "token %s was given out before, in entry %d", k.Token, open[k.Token].Seq)
		case k.Kind == "intent":
			open[k.Token] = k
		case open[k.Token] == nil:
			bad(k.where(), "token %s is not open", k.Token)
		default:
			delete(open, k.Token)
		}
	}
	if !r.Ended {
		return
	}
	for _, k := range r.of("intent") {
		if open[k.Token] == k {
			bad(k.where(), "token %s is still open", k.Token)
		}
	}
}

// faithful compares each value on record with what the instrument showed for that token, and judges it anew by the limits that
// stand beside it. What is on record as not done must not have happened.
func faithful(r *run, bad func(string, string, ...any)) {
	refused := map[string]*known{}
	for _, k := range r.of("act-refused") {
		refused[k.Token] = k
	}
	for _, what := range []string{"effect", "placed"} {
		for _, h := range r.happened(what) {
			if k := refused[h.Token]; k != nil {
				bad(k.where(), "token %s is on record as not done, and it happened", h.Token)
			}
		}
	}
	shown := map[string]*Happening{}
	for _, h := range r.happened("measured") {
		shown[h.Token] = h
	}
	for _, k := range r.of("act-done") {
		h := shown[k.Token]
		if h == nil && k.Verdict != "OK" && (k.Outcome == outcomeUnknown || k.Outcome == outcomeAborted && !k.measured()) {
			continue // the record says itself that nothing was shown
		}
		if h == nil {
			bad(k.where(), "no instrument has shown anything for token %s", k.Token)
			continue
		}
		if k.Outcome == outcomeUnknown && k.Verdict != "OK" && !k.measured() && r.excused(k) {
			continue // shown, and forgotten by the device before anybody could read it
		}
		if r.showedAnother(k, h) {
			r.assigned(k, bad)
			continue
		}
		in := r.intents[k.Token]
		mine := k.Outcome == outcomeUnknown || in == nil || in.Part == "" || in.Part == k.Part // else they are of another part
		if mine && len(h.Values) > 0 && !k.measured() {
			bad(k.where(), "the instrument showed %d values, and none is on record", len(h.Values))
		}
		r.assigned(k, bad)
		r.judged(k, bad)
		for _, m := range k.Measurements {
			value, there := h.Values[m.Name]
			if !there {
				value, there = h.Values[name(m.Name, m.Index)]
			}
			switch {
			case m.Value == nil && there:
				bad(k.where(), "%s %d is not on record, the instrument showed %g", m.Name, m.Index, value)
			case m.Value != nil && !there:
				bad(k.where(), "%s %d is %g on record, the instrument showed nothing", m.Name, m.Index, *m.Value)
			case m.Value != nil && *m.Value != value:
				bad(k.where(), "%s %d is %g on record, the instrument showed %g", m.Name, m.Index, *m.Value, value)
			}
		}
	}
}

// showedAnother reports whether a device that names no token showed for this act, as its fault has it, what it had shown for another
// part. A scan is ordered without a part, so the record can only keep what the device said; it must have taken it for no proof.
func (r *run) showedAnother(k *known, h *Happening) bool {
	in := r.intents[k.Token]
	if in == nil || !plain(in.Class) || in.Part != "" || k.Part == "" || k.Part == h.Cell || k.Verdict != "UNKNOWN" || k.measured() {
		return false
	}
	var struck, until time.Time // it shows the old result until then; that counts from the end of the act that the fault struck
	for i := range r.Truth {
		f := &r.Truth[i]
		switch {
		case f.Device != k.Device || f.At.After(h.At):
		case f.What == "fault" && faultName(f) == "old-result":
			struck, until = f.At, f.At.Add(by(f, oldFor))
		case !struck.IsZero() && (f.What == "measured" || f.What == "effect" || f.What == "placed"):
			until, struck = f.At.Add(until.Sub(struck)), time.Time{}
		}
	}
	return !until.IsZero() && !h.At.After(until)
}

// oldFor is how long a device shows an old result where its fault does not say.
const oldFor = 300 * time.Millisecond

// assigned asks how the record knows that a result is of this act where the device has named none.
func (r *run) assigned(k *known, bad func(string, string, ...any)) {
	in := r.intents[k.Token]
	switch {
	case in == nil:
	case plain(in.Class) && in.Class != k.Class:
		bad(k.where(), "%s is of class %s, and its result says class %q", k.Device, in.Class, k.Class)
	case in.Class == "B" && (k.Verdict == "OK" || k.Verdict == "NOK") && k.EffectCount != in.Effects+1:
		bad(k.where(), "%s had counted %d jobs before the act and %d with its result: it is of another one", k.Device, in.Effects, k.EffectCount)
	}
}

// judged asks whether an OK follows from what is on record.
func (r *run) judged(k *known, bad func(string, string, ...any)) {
	if k.Verdict != "OK" {
		return
	}
	if k.Outcome != 1 {
		bad(k.where(), "it is OK, and the device's own outcome is %d", k.Outcome)
	}
	if in := r.intents[k.Token]; in != nil && in.Part != "" && in.Part != k.Part {
		bad(k.where(), "it is OK for part %q, and the device answered for %q", in.Part, k.Part)
	}
	for _, m := range k.Measurements {
		limited := m.LSL != nil || m.USL != nil
		switch {
		case limited && m.Value == nil:
			bad(k.where(), "it is OK, and %s %d was not measured", m.Name, m.Index)
		case m.LSL != nil && *m.Value < *m.LSL || m.USL != nil && *m.Value > *m.USL:
			bad(k.where(), "it is OK, and %s %d is %g, outside its limits", m.Name, m.Index, *m.Value)
		}
	}
}

// givenUpForCause allows an act to be of unknown outcome only where the plant has destroyed the evidence.
func givenUpForCause(r *run, bad func(string, string, ...any)) {
	for _, k := range r.of("act-quarantined") {
		if !r.excused(k) {
			bad(k.where(), "token %s is given up, and nothing had happened that destroys evidence", k.Token)
		}
	}
}

func fenced(r *run, bad func(string, string, ...any)) {
	highest := map[string]int{}
	for i := range r.Truth {
		h := &r.Truth[i]
		if h.Device == "" || h.Fence == 0 {
			continue
		}
		if h.Fence < highest[h.Device] {
			bad(h.where(), "%s obeyed fence %d after fence %d", h.Device, h.Fence, highest[h.Device])
		}
		highest[h.Device] = max(highest[h.Device], h.Fence)
	}
}

// clockError is how far the plant's clock and the line's may differ: on one computer they are the same.
const clockError = time.Millisecond

func causal(r *run, bad func(string, string, ...any)) {
	for _, h := range r.happened("measured") {
		if k := r.results[h.Token]; k != nil && k.At().Add(clockError).Before(h.At) {
			bad(k.where(), "the result of token %s is on record %v before it was measured", h.Token, h.At.Sub(k.At()))
		}
	}
}

// measured reports whether the record claims any value.
func (k *known) measured() bool {
	for _, m := range k.Measurements {
		if m.Value != nil {
			return true
		}
	}
	return false
}

// by is the size of a fault that is given in seconds, or what it is where the fault does not say.
func by(fault *Happening, unsaid time.Duration) time.Duration {
	words := strings.Fields(fault.Text)
	for i := 0; i+1 < len(words); i++ {
		if words[i] != "by" {
			continue
		}
		if s, err := strconv.ParseFloat(words[i+1], 64); err == nil {
			return time.Duration(s * float64(time.Second))
		}
	}
	return unsaid
}
