package checker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Who may have a say about a pack in quarantine: people who have shown who they are, with a password. An account has its roles by the
// entries about accounts up to that moment; who came over the control socket without a log-in, local:amna, is nobody.
var (
	inspectors = []string{"TeamLeader", "Maintenance", "Quality"}
	deciders   = []string{"TeamLeader", "Quality"}
)

// stay is one stay of a pack in quarantine, from its disposition to a decision.
type stay struct {
	inspected *known
	proposed  *known
}

// roster follows who may log in, and as what.
type roster struct {
	roles    map[string][]string
	disabled map[string]bool
}

func (o *roster) follow(k *known) {
	switch k.Kind {
	case "user-added":
		o.roles[k.User] = k.Roles
	case "role-changed":
		o.roles[k.User] = texts(k.New)
	case "user-disabled":
		o.disabled[k.User] = !k.Back
	}
}

func texts(list any) []string {
	var all []string
	values, _ := list.([]any)
	for _, v := range values {
		if text, is := v.(string); is {
			all = append(all, text)
		}
	}
	return all
}

// unfit says why an account may not do what one of some roles may do, or nothing.
func (o *roster) unfit(account string, of []string) string {
	roles, there := o.roles[account]
	fits := slices.ContainsFunc(of, func(role string) bool { return slices.Contains(roles, role) })
	switch {
	case !there:
		return fmt.Sprintf("there was no account %q", account)
	case o.disabled[account]:
		return fmt.Sprintf("the account %s was disabled", account)
	case !fits:
		return fmt.Sprintf("%s had the roles %s and not one of %s", account, strings.Join(roles, ", "), strings.Join(of, ", "))
	}
	return ""
}

func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

// twoPeople replays what was said of each pack in quarantine beside the accounts of that moment.
func twoPeople(r *run, bad func(string, string, ...any)) {
	people := roster{map[string][]string{}, map[string]bool{}}
	stays := map[string]*stay{}
	for i := range r.entries {
		k := &r.entries[i]
		people.follow(k)
		fit := func(word *known, of []string) {
			if word.Proof != "password" {
				bad(k.where(), "nothing shows that %q was %s", word.Account, word.By)
			}
			if why := people.unfit(word.Account, of); why != "" {
				bad(k.where(), "%s", why)
			}
		}
		s := stays[k.Entry.Pack]
		if s == nil {
			s = new(stay)
		}
		switch k.Kind {
		case "pack-disposed":
			stays[k.Entry.Pack] = new(stay)
		case "quarantine-inspected":
			s.inspected, s.proposed = k, nil
			fit(k, inspectors)
		case "quarantine-proposed":
			s.proposed = k
			fit(k, deciders)
			if s.inspected == nil {
				bad(k.where(), "%s is proposed, and nobody has inspected the pack", k.Decision)
			}
		case "quarantine-refused":
			s.proposed = nil
			fit(k, deciders)
		case "quarantine-decided":
			if s.proposed != nil {
				fit(s.proposed, deciders)
			}
			fit(k, deciders)
			r.decidedByTwo(k, s, bad)
			delete(stays, k.Entry.Pack)
		}
	}
}

// decidedByTwo asks for the words of two people, and for the request by which the second has given it.
func (r *run) decidedByTwo(k *known, s *stay, bad func(string, string, ...any)) {
	first := s.proposed
	switch {
	case first == nil:
		bad(k.where(), "it is decided to %s, and nobody has proposed it", k.Decision)
		return
	case first.Decision != k.Decision || first.By != k.ProposedBy:
		bad(k.where(), "it is decided to %s as %s had proposed, and %s had proposed to %s", k.Decision, k.ProposedBy, first.By, first.Decision)
	case same(first.By, k.By), same(first.Account, k.Account):
		bad(k.where(), "%s has both proposed and confirmed it", k.By)
	}
	for i := range r.entries {
		if a := &r.entries[i]; a.Kind == "command-applied" && a.Seq > k.Seq {
			if !a.Accepted || a.By != k.By || a.Account != k.Account {
				bad(k.where(), "no request of %s stands behind it; the next on record is one of %s", k.By, a.By)
			}
			return
		}
	}
	if r.Ended {
		bad(k.where(), "no request of %s stands behind it", k.By)
	}
}

// number reads a token, fence-sequence, so that tokens can be compared.
func number(token string) uint64 {
	fence, sequence, _ := strings.Cut(token, "-")
	f, _ := strconv.ParseUint(fence, 10, 16)
	s, _ := strconv.ParseUint(sequence, 10, 48)
	return f<<48 | s
}

// leftAlone allows a disposed pack to be moved, and nothing else, until two people have taken it out of quarantine. They look only
// after the device has confirmed that no block of the act can begin any more.
func leftAlone(r *run, bad func(string, string, ...any)) {
	ended := map[string]*known{}
	scrap := map[string]*known{} // decided, and not yet on record as scrapped
	for i := range r.entries {
		k := &r.entries[i]
		pack := k.Entry.Pack
		if s := scrap[pack]; s != nil && pack != "" {
			if k.Kind != "pack-disposed" || k.Disposition != "scrapped" {
				bad(k.where(), "two people have decided to scrap it in entry %d, and this was done instead", s.Seq)
			}
			delete(scrap, pack)
		}
		d := ended[pack]
		switch k.Kind {
		case "pack-disposed":
			if d != nil {
				bad(k.where(), "it is %s since entry %d, and nobody has decided otherwise", d.Disposition, d.Seq)
			}
			ended[pack] = k
		case "quarantine-inspected":
			if k.Token != "" && number(k.Floor) < number(k.Token) {
				bad(k.where(), "act %s was not void yet when it was inspected: the device had come to %q", k.Token, k.Floor)
			}
		case "quarantine-decided":
			if d == nil || d.Disposition != "quarantined" {
				bad(k.where(), "it is decided on, and was not in quarantine")
			}
			delete(ended, pack)
			if k.Decision == "scrap" {
				scrap[pack] = k
			}
		case "intent", "rework-decided":
			if d != nil && k.Task != taskRelease {
				bad(k.where(), "it is %s since entry %d", d.Disposition, d.Seq)
			}
		}
	}
}

// decision returns what two people have decided on an act of unknown outcome before an entry, or nil.
func (r *run) decision(act *known, until uint64) *known {
	for _, k := range r.of("quarantine-decided") {
		if k.Entry.Pack == act.Entry.Pack && k.Token == act.Token && k.Seq > act.Seq && k.Seq <= until {
			return k
		}
	}
	return nil
}

// unproven says why a pack is not good all the same after an act on it of which nobody knew what had become, or nothing.
func (r *run) unproven(act, released *known) string {
	d := r.decision(act, released.Seq)
	switch {
	case d == nil:
		return fmt.Sprintf("it is released and entry %d says that nobody knows what became of an act on it", act.Seq)
	case d.Decision == "accept":
		named := func(words string) bool { return strings.Contains(words, d.ProposedBy) && strings.Contains(words, d.By) }
		if slices.ContainsFunc(texts(released.Evidence), named) {
			return ""
		}
		return fmt.Sprintf("its release does not say that %s and %s have accepted an act as done", d.ProposedBy, d.By)
	}
	for _, k := range r.of("act-done") {
		if k.Entry.Pack == act.Entry.Pack && k.Seq > d.Seq && k.Seq < released.Seq && k.Task == act.Task && k.fact.Index == act.fact.Index && k.Verdict == "OK" {
			return ""
		}
	}
	for _, k := range r.of("quarantine-decided") { // made again it may have been in doubt again, and that one counts as done
		if k.Entry.Pack == act.Entry.Pack && k.Seq > d.Seq && k.Seq < released.Seq && k.Decision == "accept" && k.Task == act.Task && k.fact.Index == act.fact.Index {
			return ""
		}
	}
	return fmt.Sprintf("it is released, and the act of entry %d was to be made again and has no good result since", act.Seq)
}
