package campaign

import (
	"bytes"
	"encoding/json"
	"slices"

	"linectl/line"
	"linectl/simulator"
)

// decides reports whether the people of this shift decide on what lies in quarantine. In the others it stays there.
func (t *trial) decides() bool { return t.Seed%3 == 0 }

// hire gives accounts to those who decide on what lies in quarantine.
func (t *trial) hire() {
	if !t.decides() {
		return
	}
	for _, person := range []line.AddUser{
		{User: "omar", Roles: []line.Role{line.Maintenance}}, {User: "amna", Roles: []line.Role{line.TeamLeader}}, {User: "sana", Roles: []line.Role{line.Quality}},
	} {
		t.insist(person)
	}
}

// quarantine lets three people do what is next for each pack in quarantine, and carries what is to go on to the bench. Each pack
// gets another decision where the evidence allows several; every fifth proposal is refused first, and some are confirmed by their author.
func (t *trial) quarantine(s line.Snapshot) {
	if !t.decides() {
		return
	}
	for i, q := range s.Quarantine {
		switch {
		case q.Inspected == nil:
			t.says("omar", line.InspectQuarantine{Pack: q.Pack, Saw: t.finds(q)})
		case q.Proposed == nil:
			allowed := slices.DeleteFunc(slices.Clone(q.Choices), func(c line.DecisionSnapshot) bool { return !c.Possible })
			d := allowed[(t.request+i)%len(allowed)].Decision
			t.says("amna", line.DecideQuarantine{Pack: q.Pack, Decision: d})
		default:
			d := line.DecideQuarantine{Pack: q.Pack, Decision: q.Proposed.Decision, Confirm: t.request%5 != 0, Refuse: t.request%5 == 0}
			who := "sana"
			if t.request%4 == 0 && d.Confirm {
				who = "amna" // who has proposed it herself, and is refused
			}
			t.says(who, d)
		}
		if t.store.died {
			return
		}
	}
	for _, p := range s.Packs {
		if p.At == line.Quarantine && p.State == line.InRework {
			_ = t.Plant.Carry(t.Now, p.Pack, "ST900") // it may be on its way already
		}
	}
}

// finds is what a person sees who looks at a pack: what the device has physically done to it since the act in doubt was ordered.
func (t *trial) finds(q line.QuarantineSnapshot) line.Seen {
	for row := range bytes.Lines(t.truth.Bytes()[t.store.ordered[q.Token]:]) {
		var e simulator.Event
		if json.Unmarshal(row, &e) == nil && e.Device == q.Device && e.Part == string(q.Pack) && (e.What == simulator.Effect || e.What == simulator.Placed) {
			return line.SeenDone
		}
	}
	return line.SeenNotDone
}
