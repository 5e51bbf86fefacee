package checker

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// trouble is one thing that has gone wrong in the plant, and how long.
type trouble struct {
	*Happening
	name, at string // "e-stop", "ST130" or "ST130.tester"
	until    time.Time
	lasting  bool // its end is known
}

var lasts = regexp.MustCompile(` for (\S+)`)

// troubles reads every fault of the truth. One that strikes an act is over at once.
func (r *run) troubles() []trouble {
	var all []trouble
	for _, h := range r.happened("fault") {
		words := strings.Fields(h.Text)
		if len(words) < 2 {
			continue
		}
		t := trouble{h, words[0], words[1], h.At, false}
		if m := lasts.FindStringSubmatch(h.Text); m != nil {
			if span, err := time.ParseDuration(m[1]); err == nil {
				t.until, t.lasting = h.At.Add(span), true
			}
		}
		if t.name == "slow-commit" { // the last one that began meanwhile takes its time too
			t.until = t.until.Add(by(h, commitFor))
		}
		all = append(all, t)
	}
	return all
}

// concerns reports whether a trouble is one of a station, of a device of it, or of the line's computer.
func (t trouble) concerns(station string) bool {
	return t.at == station || strings.HasPrefix(t.at, station+".") || t.at == "line"
}

// reaches reports whether a trouble, or what it leaves behind for a moment, has come to a moment after its beginning.
func (t trouble) reaches(at time.Time) bool {
	return !t.lasting && slices.Contains(goesOn, t.name) || t.until.Add(againWithin).After(at)
}

// goesOn are the faults that stand until somebody ends them where no time was said: the truth does not know when that was.
var goesOn = []string{
	"drop-comms", "slow-answers", "stale-heartbeat", "endianness-swap", "e-stop", "protective-stop", "guard-open", "local-enable-off",
	"not-automatic", "air-low", "slow-device", "tester-timeout", "disk-full", "disk-low", "slow-commit",
}

// calm is the moment from which on nothing went wrong any more: the last fault was over and the last supervisor had begun. There is
// none where a fault has no end that is known.
func (r *run) calm() (from time.Time, is bool) {
	for _, t := range r.troubles() {
		if !t.lasting && slices.Contains(goesOn, t.name) {
			return from, false
		}
		if t.until.After(from) {
			from = t.until
		}
	}
	for _, k := range r.of("line-started") {
		if k.At().After(from) {
			from = k.At()
		}
	}
	return from, len(r.entries) > 0
}

// inOrder asks for times that do not go back while one supervisor writes, and for a result that is on record soon after it was shown,
// unless something went wrong at its station meanwhile or the supervisor was started anew.
func inOrder(r *run, bad func(string, string, ...any)) {
	var before *known
	var starts []time.Time
	for i := range r.entries {
		k := &r.entries[i]
		if k.Kind == "line-started" {
			starts = append(starts, k.At())
		} else if before != nil && k.Micros < before.Micros {
			bad(k.where(), "it is dated %v before the entry before it", before.At().Sub(k.At()))
		}
		before = k
	}
	troubles := r.troubles()
	for _, h := range r.happened("measured") {
		k := r.results[h.Token]
		if !r.Timed || k == nil || k.At().Sub(h.At) <= onRecordWithin {
			continue
		}
		excused := false
		for _, t := range troubles {
			excused = excused || t.concerns(k.Station) && !t.At.After(k.At()) && t.reaches(h.At)
		}
		for _, s := range starts {
			excused = excused || !s.Before(h.At) && !s.After(k.At())
		}
		if !excused {
			bad(k.where(), "the result of token %s is on record %v after it was measured, and nothing had gone wrong", h.Token, k.At().Sub(h.At))
		}
	}
}

const (
	commitFor      = 5 * time.Second        // of a slow commit, where its fault does not say
	onRecordWithin = 250 * time.Millisecond // of a result that nothing keeps: two polls, a round over the wire and a commit, with room to spare
	againWithin    = 5 * time.Second        // after a trouble is over the line must know everything again
	definedWithin  = 10 * time.Second       // after the last trouble every station is in a defined state
	decidedWithin  = time.Minute            // and every act that was open has come to an end
)

// recovered asks, once nothing goes wrong any more, for every station to be in a defined state within ten seconds, and for every act
// that was open to have come to an end within a minute more than such an act ever took. A station that lets its act come to an end
// before it holds or stops is waited for.
func recovered(r *run, bad func(string, string, ...any)) {
	calm, is := r.calm()
	end := r.entries
	if !r.Timed || !is || len(end) == 0 {
		return
	}
	last := end[len(end)-1].At()
	slowest, open := map[int]time.Duration{}, map[string]*known{}
	busy := map[string][]*known{} // intents by station
	closed := map[string]time.Time{}
	for _, k := range r.of("intent", "act-done", "act-refused", "act-quarantined") {
		in := open[k.Token]
		switch {
		case k.Kind == "intent":
			open[k.Token] = k
			busy[k.Station] = append(busy[k.Station], k)
		case in != nil:
			closed[k.Token] = k.At()
			delete(open, k.Token)
			if k.Kind == "act-done" && !in.At().Before(calm) {
				slowest[in.Task] = max(slowest[in.Task], k.At().Sub(in.At()))
			}
		}
	}
	for _, list := range busy {
		for _, in := range list {
			ended, is := closed[in.Token]
			if !is {
				ended = last
			}
			if waited := ended.Sub(later(calm, in.At())); !in.At().After(calm) && waited > decidedWithin+slowest[in.Task] {
				bad(in.where(), "what became of it was decided %v after the last trouble", waited)
			}
		}
	}
	r.atRestAgain(calm, last, busy, closed, bad)
}

// atRestAgain follows the states of each station.
func (r *run) atRestAgain(calm, last time.Time, busy map[string][]*known, closed map[string]time.Time, bad func(string, string, ...any)) {
	at := map[string]stand{}
	judge := func(station string, until time.Time) {
		s := at[station]
		from := later(s.since, calm)
		if !strings.HasSuffix(s.state, "ing") || until.Sub(from) <= definedWithin {
			return
		}
		for _, in := range busy[station] {
			ended, is := closed[in.Token]
			if !in.At().After(from.Add(definedWithin)) && (!is || ended.After(from)) {
				return
			}
		}
		bad(s.entry.where(), "%s stays in %s for %v after the last trouble", station, s.state, until.Sub(from))
	}
	for _, k := range r.of("state-changed") {
		judge(k.Station, k.At())
		at[k.Station] = stand{k.To, k.At(), k}
	}
	for station := range at {
		judge(station, last)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
