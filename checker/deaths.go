package checker

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Death is one end of the supervisor: what had happened by then, and what its successor found on record before it wrote anything.
type Death struct {
	Truth int       `json:"truth"`           // events of the ground truth
	Asked int       `json:"asked"`           // requests whose answer, or silence, people had got
	Found uint64    `json:"found"`           // entries on record
	Last  string    `json:"last,omitempty"`  // digest of the last of them; empty when there was none
	Shown []Listing `json:"shown,omitempty"` // the alarm list as the successor began with it
	// Listed is how many entries were on record when somebody who looks from outside saw that list, for which the successor may have
	// written some; nought where it was seen before that.
	Listed uint64 `json:"listed,omitempty"`
}

// Listing is one line of an alarm list.
type Listing struct {
	Alarm        string `json:"alarm"`
	Occurrence   int    `json:"occurrence"` // it is the n-th time of this alarm
	Active       bool   `json:"active"`
	Acknowledged bool   `json:"acknowledged"`
	Repeats      int    `json:"repeats,omitempty"` // it stands for so many occurrences before it too
}

// Digest names the content of a row, so that it can be known again: SHA-256, hexadecimal. What a store adds to it, its hash, is not in it.
func (e Entry) Digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s\x00%s\x00%s\x00%d\x00%s", e.Seq, e.Kind, e.Pack, e.Station, e.Micros, e.Body))
	return hex.EncodeToString(sum[:])
}

// ReadDeaths reads what was found at each start of a supervisor, one JSON object a line.
func ReadDeaths(r io.Reader) ([]Death, error) {
	var all []Death
	err := eachLine(r, func(n int, text string) error {
		var d Death
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			return fmt.Errorf("deaths, line %d: %w", n, err)
		}
		all = append(all, d)
		return nil
	})
	return all, err
}

// durable asks for everything that anybody had been told to be on record: at the end, in its order, and at every death by then. A
// device is told that its result is on record when it may let go of it, and that an act is given up when it may forget it; a person is
// told that something is done or refused.
func durable(r *run, bad func(string, string, ...any)) {
	ends := map[string]*known{}
	for _, k := range r.of("act-done", "act-refused", "act-quarantined") {
		ends[k.Token] = k
	}
	lied := r.struckBy("old-result") // the act was given up while the device showed another's result, and then it showed this one's
	for i := range r.Truth {
		h := &r.Truth[i]
		if h.What != "freed" && h.What != "void" {
			continue
		}
		switch end := ends[h.Token]; {
		case end == nil:
			bad(h.where(), "%s was told that token %s has come to an end, and no end is on record", h.Device, h.Token)
		case h.What == "freed" && end.Kind != "act-done" && (end.Kind != "act-quarantined" || !lied[h.Station]):
			bad(h.where(), "%s was told that the result of token %s is on record, and it is not", h.Device, h.Token)
		case afterRefusal(h):
		case end.At().After(h.At.Add(clockError)):
			bad(h.where(), "%s was told of the end of token %s %v before it was on record, in entry %d", h.Device, h.Token, end.At().Sub(h.At), end.Seq)
		}
	}
	audit := map[string]uint64{}
	for _, k := range r.of("command-applied") {
		if _, twice := audit[k.Request]; !twice {
			audit[k.Request] = k.Seq
		}
	}
	for _, a := range r.Asked {
		if a.Told != "nothing" && audit[a.Request] == 0 {
			bad("request "+a.Request, "%s was told that it is %s, and nothing of it is on record", a.By, a.Told)
		}
	}
	for n, d := range r.Deaths {
		r.survived(d, ends, audit, func(format string, args ...any) { bad(fmt.Sprintf("death %d", n+1), format, args...) })
	}
}

// afterRefusal reports whether a device was told that an act is void which it had refused. That comes before the refusal is on record:
// not before then is it certain that no late command begins it.
func afterRefusal(h *Happening) bool { return h.What == "void" && h.Text == "refused" }

// untouched reports whether nothing was ever done for a token.
func (r *run) untouched(token string) bool {
	return !slices.ContainsFunc(r.Truth, func(h Happening) bool {
		return h.Token == token && h.What != "void" && h.What != "freed" && h.What != "fault"
	})
}

// diedBetween reports whether a supervisor died when it had made an act void that the device had refused, and had not yet recorded why:
// its successor finds a device that is idle, has the token behind it and no result, and nobody can know any more.
func (r *run) diedBetween(k *known) bool {
	for i := range r.Truth {
		if h := &r.Truth[i]; afterRefusal(h) && h.Token == k.Token && r.untouched(k.Token) {
			return slices.ContainsFunc(r.Deaths, func(d Death) bool { return d.Truth > i && d.Found < k.Seq })
		}
	}
	return false
}

// struckBy names the stations at which a fault of a name has struck.
func (r *run) struckBy(name string) map[string]bool {
	struck := map[string]bool{}
	for _, h := range r.happened("fault") {
		if words := strings.Fields(h.Text); len(words) > 1 && words[0] == name {
			station, _, _ := strings.Cut(words[1], ".")
			struck[station] = true
		}
	}
	return struck
}

// faultName is the name of the fault of which a line of the ground truth tells: the first of its words.
func faultName(h *Happening) string {
	name, _, _ := strings.Cut(h.Text, " ")
	return name
}

// survived asks for what was acknowledged before a death among what was found after it.
func (r *run) survived(d Death, ends map[string]*known, audit map[string]uint64, bad func(string, ...any)) {
	if d.Truth > len(r.Truth) || d.Asked > len(r.Asked) {
		bad("it tells of %d events and %d requests, there are %d and %d", d.Truth, d.Asked, len(r.Truth), len(r.Asked))
		return
	}
	for i := range r.Truth[:d.Truth] {
		h := &r.Truth[i]
		switch in, end := r.intents[h.Token], ends[h.Token]; {
		case h.Token == "":
		case in != nil && in.Seq > d.Found:
			bad("%s had acted for token %s, whose intent was not among the %d entries that were found", h.Device, h.Token, d.Found)
		case afterRefusal(h):
		case (h.What == "freed" || h.What == "void") && end != nil && end.Seq > d.Found:
			bad("%s had been told of the end of token %s, which was not among the %d entries that were found", h.Device, h.Token, d.Found)
		}
	}
	for _, a := range r.Asked[:d.Asked] {
		if a.Told != "nothing" && audit[a.Request] > d.Found {
			bad("%s had been told that request %s is %s, which was not among the %d entries that were found", a.By, a.Request, a.Told, d.Found)
		}
	}
}

// grownOnly asks for what each successor found to be the beginning of what is on record now: nothing was changed and nothing taken out.
func grownOnly(r *run, bad func(string, string, ...any)) {
	before := uint64(0)
	for n, d := range r.Deaths {
		where := fmt.Sprintf("death %d", n+1)
		switch {
		case d.Found < before:
			bad(where, "%d entries were found, at the death before there were %d", d.Found, before)
		case d.Found > uint64(len(r.Journal)):
			bad(where, "%d entries were found, now there are %d", d.Found, len(r.Journal))
		case d.Found > 0 && r.Journal[d.Found-1].Digest() != d.Last:
			bad(where, "entry %d was another one when the supervisor was started again", d.Found)
		}
		before = d.Found
	}
}

// remembered holds the alarm list of each successor against the journal: what nobody has acknowledged is still in it, what stands
// stands, and nothing is in it that was not raised.
func remembered(r *run, bad func(string, string, ...any)) {
	for n, d := range r.Deaths {
		by := max(d.Found, d.Listed)
		if by > uint64(len(r.entries)) {
			continue
		}
		list := folded(r.entries[:by])
		for _, s := range d.Shown {
			a, raised := list[s.Alarm]
			switch latest := raised && s.Occurrence == a.raised; {
			case !raised || s.Occurrence > a.raised:
				bad(fmt.Sprintf("death %d", n+1), "%s is in the list as occurrence %d and was raised %s", s.Alarm, s.Occurrence, times(a.raised))
			case latest && s.Active != a.active:
				bad(fmt.Sprintf("death %d", n+1), "%s is in the list, active %t; on record it is %t", s.Alarm, s.Active, a.active)
			case s.Acknowledged == slices.Contains(a.unseen, s.Occurrence):
				bad(fmt.Sprintf("death %d", n+1), "%s %d is in the list, acknowledged %t; on record it is %t", s.Alarm, s.Occurrence, s.Acknowledged, !s.Acknowledged)
			}
		}
		for _, id := range slices.Sorted(maps.Keys(list)) {
			for _, occurrence := range list[id].unseen {
				if !slices.ContainsFunc(d.Shown, func(s Listing) bool {
					return s.Alarm == id && s.Occurrence-s.Repeats <= occurrence && occurrence <= s.Occurrence
				}) {
					bad(fmt.Sprintf("death %d", n+1), "nobody had acknowledged %s %d, and it is not in the list any more", id, occurrence)
				}
			}
		}
	}
}

// history is what the journal says of one alarm.
type history struct {
	raised int // times
	active bool
	unseen []int // occurrences that nobody has acknowledged
}

func folded(entries []known) map[string]history {
	all := map[string]history{}
	for i := range entries {
		k := &entries[i]
		if !strings.HasPrefix(k.Kind, "alarm-") {
			continue
		}
		a := all[k.Alarm]
		switch k.Kind {
		case "alarm-raised":
			a.raised, a.active, a.unseen = a.raised+1, true, append(slices.Clone(a.unseen), a.raised+1)
		case "alarm-cleared":
			a.active = false
		case "alarm-repeated":
			if !slices.Contains(a.unseen, a.raised) {
				a.unseen = append(slices.Clone(a.unseen), a.raised)
			}
		case "alarm-acknowledged":
			a.unseen = slices.DeleteFunc(slices.Clone(a.unseen), func(n int) bool {
				return k.Occurrence == 0 || n <= k.Occurrence && n >= k.Occurrence-k.Repeats
			})
		}
		all[k.Alarm] = a
	}
	return all
}
