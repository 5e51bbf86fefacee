package checker

import (
	"regexp"
	"slices"
	"strings"
)

// reworkedBefore asks for the decision on a rework before the act that it orders, and for the person behind it.
func reworkedBefore(r *run, bad func(string, string, ...any)) {
	decided := map[marked][]*known{}
	for _, k := range r.of("rework-decided") {
		for _, a := range k.reworked() {
			m := marked{k.Entry.Pack, a.Task, a.Index}
			decided[m] = append(decided[m], k)
		}
		if next := r.audit(k.Seq); next != nil && next.Accepted && (next.By == k.By || strings.HasSuffix(k.By, " and "+next.By)) {
			continue
		}
		bad(k.where(), "no request of %s stands behind it", k.By)
	}
	unsure := map[marked][]*known{} // a carrier is bound once more when nobody could say whether it was
	for _, k := range r.of("act-done") {
		if k.Task == taskBind && k.Verdict == "UNKNOWN" {
			m := marked{k.Entry.Pack, taskBind, k.fact.Index}
			unsure[m] = append(unsure[m], k)
		}
	}
	done := map[marked]int{}
	for i := range r.Truth {
		h := &r.Truth[i]
		if h.What != "effect" && h.What != "placed" {
			continue
		}
		m := marked{h.Part, h.Task, h.Index}
		done[m]++
		before := 0
		for _, k := range slices.Concat(decided[m], unsure[m]) {
			if in := r.intents[h.Token]; in != nil && k.Seq < in.Seq || in == nil && !k.At().After(h.At) {
				before++
			}
		}
		if done[m] > 1+before {
			bad(h.where(), "%s was done %s, and ordered %s until then", act(h.Task, h.Index), times(done[m]), times(1+before))
		}
	}
}

// audit returns the first request on record after an entry.
func (r *run) audit(after uint64) *known {
	i, _ := slices.BinarySearchFunc(r.requests, after, func(k *known, seq uint64) int {
		if k.Seq <= seq {
			return -1
		}
		return 1
	})
	if i == len(r.requests) {
		return nil
	}
	return r.requests[i]
}

// byPerson is how a change of state names a person's command.
var byPerson = regexp.MustCompile(`^(Reset|Start|Stop|Hold|Unhold|Suspend|Unsuspend|Abort|Clear|Complete) by (.+)$`)

// commandedBy asks for the request of the person by whom a station is said to have left a state in which it stood.
func commandedBy(r *run, bad func(string, string, ...any)) {
	for _, k := range r.of("state-changed") {
		m := byPerson.FindStringSubmatch(k.Cause)
		if m == nil || strings.HasSuffix(k.From, "ing") {
			continue // what follows from a command has its cause
		}
		next := r.audit(k.Seq)
		if next == nil || next.By != m[2] || !strings.HasPrefix(next.Command, m[1]+" ") && !strings.Contains(next.Command, ": "+m[1]+" ") {
			bad(k.where(), "%s is said to be %s, and no such request is on record", k.To, k.Cause)
		}
	}
}

// allowed says who may ask for what, by the words in which a request is on record; what stands nowhere is not judged.
var allowed = []struct {
	words *regexp.Regexp
	roles []string
}{
	{regexp.MustCompile(`^(Reset|Start|Stop|Hold|Unhold|Suspend|Unsuspend|Abort|Clear|Complete) `), []string{"Operator", "TeamLeader", "Maintenance"}},
	{regexp.MustCompile(`^load lot `), []string{"Operator", "TeamLeader", "Maintenance"}},
	{regexp.MustCompile(`^(clean|dress|replace) tool of `), []string{"Operator", "TeamLeader", "Maintenance"}},
	{regexp.MustCompile(`^set \S+ to mode `), []string{"TeamLeader", "Maintenance"}},
	{regexp.MustCompile(`^order `), []string{"TeamLeader"}},
	{regexp.MustCompile(`^decide on \S+, scrap false$`), []string{"TeamLeader"}},
	{regexp.MustCompile(`^decide on \S+, scrap true$`), []string{"TeamLeader", "Quality"}},
	{regexp.MustCompile(`^write `), []string{"TeamLeader", "Quality"}},
	{regexp.MustCompile(`^hold `), []string{"Quality"}},
	{regexp.MustCompile(`^inspected `), inspectors},
}

// entitled replays the accounts beside the requests: who has logged in had the roles that are on record, and one of those that the
// request asks for. Who came over the control socket is the owner of the computer.
func entitled(r *run, bad func(string, string, ...any)) {
	people := roster{map[string][]string{}, map[string]bool{}}
	for i := range r.entries {
		k := &r.entries[i]
		people.follow(k)
		if k.Kind != "command-applied" || k.Origin != "session" || !k.Accepted {
			continue
		}
		roles, there := people.roles[k.Account]
		switch {
		case !there:
			bad(k.where(), "there was no account %q", k.Account)
		case people.disabled[k.Account]:
			bad(k.where(), "the account %s was disabled", k.Account)
		case !slices.Equal(slices.Sorted(slices.Values(roles)), slices.Sorted(slices.Values(k.Roles))):
			bad(k.where(), "%s is on record as %v and was %v", k.Account, k.Roles, roles)
		}
		for _, a := range allowed {
			if a.words.MatchString(k.Command) {
				if why := people.unfit(k.Account, a.roles); why != "" {
					bad(k.where(), "%q: %s", k.Command, why)
				}
			}
		}
	}
}
