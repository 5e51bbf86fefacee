package checker

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Violation is one thing that must not be.
type Violation struct {
	Invariant string `json:"invariant"` // "I1"
	Where     string `json:"where"`     // journal entry, event of the truth, part
	Text      string `json:"text"`
}

func (v Violation) String() string { return v.Invariant + " " + v.Where + ": " + v.Text }

// Invariant is what must hold, and how it is checked.
type Invariant struct {
	ID    string
	Words string
	check func(*run, func(where, format string, args ...any))
}

// Invariants are all that are checked, by their numbers. Those that are missing have no evidence yet.
var Invariants = []Invariant{
	{"I1", "no irreversible act is done more often than once and once for each rework that a person ordered", all(onceOnly, reworkedBefore, ordered)},
	{"I2", "whatever was done to a part had been recorded as intended before", intendedFirst},
	{"I3", "every intent has come to an end", allClosed},
	{"I4", "a result on record is what the instrument showed, to the bit, and its verdict follows from it and from every value that it is judged by", all(faithful, wholly)},
	{"I5", "the genealogy is what lies in the pack, and no cell is put on record elsewhere that nobody has taken from where it lies", all(genealogy, stays)},
	{"I6", "no cell is in a pack whose last reading was not good, none is in two, and no code stands twice", all(noBadCell, goodWhenPlaced)},
	{"I7", "what left as good was released before, and every required step is good for the pack as it was last built; no serial is issued twice", all(releasedByEvidence, builtAsPlanned, heldBack)},
	{"I8", "what left as good is released, and what is released left as good", all(whereItBelongs, somewhere)},
	{"I9", "a pack is built by the revision that was pinned at its start, and another person than its author approved it", all(pinned, madeBy, oneText)},
	{"I10", "the journal has no gap, its chain of hashes holds, and what was on record at a start of the supervisor has only grown since", all(chained, grownOnly)},
	{"I11", "what a person was told is done, is done once; what was refused is not done", toldTheTruth},
	{"I12", "every change of state is an edge of PackML, follows from the last, and has a cause; after a start no station works before it is set going", all(legalStates, commandedBy, setGoing)},
	{"I13", "what becomes of a pack in quarantine is decided by two different people, each with the role at that moment, after an inspection", all(twoPeople, entitled)},
	{"I14", "an alarm is raised before it is cleared and is not raised while it stands; only people acknowledge it, and what nobody has acknowledged is still in the list after a start", all(orderlyAlarms, seenByPeople, remembered, toldAsAlarm, lostDevices)},
	{"I15", "what a device or a person was told to be on record is on record, at the end and at every death of the supervisor", durable},
	{"I17", "a pack that was disposed of is not worked on any more, unless two people took it out of quarantine; nobody inspects before the act is void", leftAlone},
	{"I18", "a device never obeys an older supervisor after a newer one, nor one that is older than the token", all(fenced, sentByItsOwn)},
	{"I19", "no device is asked for anything while it says that the emergency stop is pressed, a guard is open or it is not in automatic", heeded},
	{"I20", "nothing is on record before it happened", all(causal, inOrder)},
	{"I21", "the supervisor stays within bounds of memory, threads, files and log, and what it remembers of a pack that is gone is little", bounded},
	{"I22", "at the end every station rests in a defined state", all(atRest, recovered)},
	{"I23", "every cell that came out of a magazine is accounted for", all(conserved, wherever)},
	{"I24", "an act is given up as unknown only where something has destroyed the evidence, and a pack is quarantined only where the record has a doubt about it", all(givenUpForCause, doubtedForCause)},
	{"I25", "everything that was ordered has a disposition", all(allDisposed, nobodyWaits, wholeYield)},
}

// all checks one thing after the other.
func all(checks ...func(*run, func(string, string, ...any))) func(*run, func(string, string, ...any)) {
	return func(r *run, bad func(string, string, ...any)) {
		for _, check := range checks {
			check(r, bad)
		}
	}
}

// Check returns what is violated, in the order of Invariants. Evidence that cannot be read at all is an error.
func Check(e Evidence) ([]Violation, error) {
	r, err := newRun(e)
	if err != nil {
		return nil, err
	}
	var all []Violation
	for _, i := range Invariants {
		i.check(r, func(where, format string, args ...any) {
			all = append(all, Violation{i.ID, where, fmt.Sprintf(format, args...)})
		})
	}
	return all, nil
}

// actRef names one act of a pack's plan.
type actRef struct {
	Task  int `json:"task"`
	Index int `json:"index"`
}

// fact has the fields of every kind of journal body that the invariants ask for.
type fact struct {
	Token       string   `json:"token"`
	Device      string   `json:"device"`
	Task        int      `json:"task"`
	Part        string   `json:"part"`
	Index       int      `json:"index"`
	RecipeHash  string   `json:"recipe_hash"`
	Outcome     int      `json:"outcome"`
	Verdict     string   `json:"verdict"`
	Step        string   `json:"step"`
	Build       int      `json:"build"`
	Acts        any      `json:"acts"`
	Invalidates []string `json:"invalidates"`
	Disposition string   `json:"disposition"`
	Serial      string   `json:"serial"`
	Hash        string   `json:"hash"`
	Product     string   `json:"product"`
	Source      string   `json:"source"`
	Order       string   `json:"order"`
	Quantity    float64  `json:"quantity"`
	Occurrence  int      `json:"occurrence"`
	Number      int      `json:"number"`
	Subject     string   `json:"subject"`
	Command     string   `json:"command"`
	Origin      string   `json:"origin"`
	Text        string   `json:"text"`
	Lane        int      `json:"lane"`
	Within      int64    `json:"within"` // ns
	Revision    string   `json:"revision"`
	Repeats     int      `json:"repeats"`
	From        string   `json:"from"`
	To          string   `json:"to"`
	Cause       string   `json:"cause"`
	Alarm       string   `json:"alarm"`
	Request     string   `json:"request"`
	By          string   `json:"by"`
	Account     string   `json:"account"`
	Proof       string   `json:"proof"`
	Accepted    bool     `json:"accepted"`
	Cell        string   `json:"cell"`
	Bin         int      `json:"bin"`
	User        string   `json:"user"`
	Roles       []string `json:"roles"`
	New         any      `json:"new"` // of roles, a list; of a request, a text
	Back        bool     `json:"back"`
	Decision    string   `json:"decision"`
	ProposedBy  string   `json:"proposed_by"`
	Floor       string   `json:"floor"`
	Class       string   `json:"class"`   // of the device; empty is A
	Fence       int      `json:"fence"`   // of a start
	Effects     int      `json:"effects"` // of an intent: what the device had counted before it
	EffectCount int      `json:"effect_count"`
	Evidence    any      `json:"evidence"` // of a release, a list; of an act of unknown outcome, an object
	Reason      any      `json:"reason"`   // of a refusal, a number; of others, a text

	Params []struct {
		Name  string  `json:"name"`
		Value float64 `json:"value"`
		Unit  string  `json:"unit"`
	} `json:"params"`
	Slots []struct {
		Slot int    `json:"slot"`
		Cell string `json:"cell"`
		Lot  string `json:"lot"`
	} `json:"slots"`
	Used []struct {
		Lot string `json:"lot"`
	} `json:"used"`
	Measurements []struct {
		Name  string   `json:"name"`
		Index int      `json:"index"`
		Value *float64 `json:"value"`
		LSL   *float64 `json:"lsl"`
		USL   *float64 `json:"usl"`
	} `json:"measurements"`
}

// acts are those that a rework has ordered; in other facts the field is a number.
func (f *fact) reworked() []actRef {
	list, ok := f.Acts.([]any)
	if !ok {
		return nil
	}
	var refs []actRef
	for _, one := range list {
		m, _ := one.(map[string]any)
		task, _ := m["task"].(float64)
		index, _ := m["index"].(float64)
		refs = append(refs, actRef{int(task), int(index)})
	}
	return refs
}

// known is a journal entry with its body read.
type known struct {
	Entry
	fact
	off time.Duration // by how much its time is ahead of the true one
}

// At is when it was recorded by a clock that is right. A line that was started while the computer's clock was wrong goes on by that time.
func (k *known) At() time.Time { return k.Entry.At().Add(-k.off) }

func (k *known) where() string {
	return fmt.Sprintf("entry %d (%s %s%s)", k.Seq, k.Kind, k.Station, pad(k.Entry.Pack))
}

func pad(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

func (h *Happening) where() string {
	return fmt.Sprintf("truth %d (%s %s%s)", h.N, h.What, h.Station, pad(h.Part))
}

// run is the evidence with its indexes.
type run struct {
	Evidence
	entries []known
	intents map[string]*known // by token
	results map[string]*known

	requests []*known        // command-applied
	plans    map[string]plan // by the hash of the recipe
}

func newRun(e Evidence) (*run, error) {
	r := &run{Evidence: e, entries: make([]known, len(e.Journal)), intents: map[string]*known{}, results: map[string]*known{}}
	for i, row := range e.Journal {
		k := &r.entries[i]
		k.Entry = row
		if err := json.Unmarshal(row.Body, &k.fact); err != nil {
			return nil, fmt.Errorf("journal entry %d, %s: %w", row.Seq, row.Kind, err)
		}
		switch row.Kind {
		case "intent":
			r.intents[k.Token] = k
		case "act-done":
			r.results[k.Token] = k
		}
	}
	r.requests, r.plans = r.of("command-applied"), map[string]plan{}
	for _, k := range r.of("recipe-pinned") {
		r.plans[k.fact.Hash] = planned(k.Source)
	}
	r.setOff()
	r.attribute()
	return r, nil
}

// of returns the entries of some kinds, in order.
func (r *run) of(kinds ...string) []*known {
	var list []*known
	for i := range r.entries {
		if slices.Contains(kinds, r.entries[i].Kind) {
			list = append(list, &r.entries[i])
		}
	}
	return list
}

// happened returns the events of one kind, in order.
func (r *run) happened(what string) []*Happening {
	var list []*Happening
	for i := range r.Truth {
		if r.Truth[i].What == what {
			list = append(list, &r.Truth[i])
		}
	}
	return list
}

// Report writes violations for people, at most so many.
func Report(all []Violation, most int) string {
	var b strings.Builder
	for i, v := range all {
		if i == most {
			fmt.Fprintf(&b, "… and %d more\n", len(all)-most)
			break
		}
		fmt.Fprintln(&b, v)
	}
	return b.String()
}
