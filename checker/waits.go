package checker

import (
	"slices"
	"strings"
	"time"
)

// longWait is how long nothing may be written about a pack in process, no act being open on it, without an alarm that says why.
const longWait = 3 * time.Minute

// nobodyWaits asks for an alarm, or a question to a person, wherever a pack has waited for long: at its own station, at one that it
// has still to pass, or of the line as a whole.
func nobodyWaits(r *run, bad func(string, string, ...any)) {
	if !r.Timed {
		return
	}
	type waiting struct {
		last    *known
		station string
		open    int
	}
	packs := map[string]*waiting{}
	alarms := map[string]*known{}     // that stand, by their name
	ended := map[string][]time.Time{} // of each station: when its alarms ended
	explained := func(w *waiting, now time.Time) bool {
		ahead := func(station string) bool { return station == "" || station >= w.station || station == "ST900" }
		for _, a := range alarms {
			if ahead(a.Station) || a.Entry.Pack == w.last.Entry.Pack {
				return true
			}
		}
		for station, times := range ended {
			if ahead(station) && len(times) > 0 && now.Sub(times[len(times)-1]) <= longWait {
				return true
			}
		}
		return false
	}
	for i := range r.entries {
		k := &r.entries[i]
		switch k.Kind {
		case "alarm-raised":
			alarms[k.Alarm] = k
		case "alarm-cleared":
			delete(alarms, k.Alarm)
			ended[k.Station] = append(ended[k.Station], k.At())
		case "line-started":
			for _, w := range packs {
				w.last = k // its time may be another one
			}
		}
		for pack, w := range packs {
			if w.open == 0 && k.At().Sub(w.last.At()) > longWait && !explained(w, k.At()) {
				bad(k.where(), "%s waits at %s since %v, and no alarm says why", pack, w.station, k.At().Sub(w.last.At()))
				delete(packs, pack)
			}
		}
		pack := k.Entry.Pack
		if k.Kind == "pack-started" {
			packs[pack] = &waiting{}
		}
		w := packs[pack]
		if pack == "" || w == nil {
			continue
		}
		w.last = k
		switch k.Kind {
		case "intent":
			w.open++
		case "act-done", "act-refused", "act-quarantined":
			w.open = max(0, w.open-1)
		case "part-moved":
			w.station = k.To
		case "part-arrived":
			w.station = k.Station
		case "pack-disposed":
			delete(packs, pack)
		}
	}
}

// wholeYield asks, of a run in which nothing has gone wrong, for every pack to be released unless something in it was measured as bad.
func wholeYield(r *run, bad func(string, string, ...any)) {
	if !r.Ended || len(r.happened("fault")) > 0 || len(r.of("line-started")) != 1 {
		return
	}
	for pack, d := range r.disposed() {
		if d.Disposition == "released" {
			continue
		}
		reason := func(k *known) bool { return k.Entry.Pack == pack && k.Verdict == "NOK" }
		if d.Disposition == "quarantined" || !slices.ContainsFunc(r.of("act-done", "step-done"), reason) {
			bad(d.where(), "it is %s, and nothing has gone wrong with it: %s", d.Disposition, strings.TrimSpace(d.Text))
		}
	}
}
