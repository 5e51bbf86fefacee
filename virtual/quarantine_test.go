package virtual_test

import (
	"slices"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
)

// people are those who inspect and decide; each has an account.
var people = []line.AddUser{
	{User: "omar", Roles: []line.Role{line.Maintenance}}, {User: "amna", Roles: []line.Role{line.TeamLeader}}, {User: "sana", Roles: []line.Role{line.Quality}},
}

// says asks for something as a person who has logged in.
func (r *rig) says(who, why string, c line.Command) line.Reply {
	r.asked++
	return r.Ask(line.Request{ID: r.id(), By: who, Account: who, Origin: line.FromSession, Proof: line.ByPassword, Why: why, Command: c})
}

func (r *rig) id() string { return time.Duration(r.asked).String() + "q" }

// quarantined runs a line of one pack until a weld of it was cut off by a power failure and the pack lies in quarantine.
func quarantined(t testing.TB) (*rig, line.QuarantineSnapshot) {
	t.Helper()
	return quarantinedOf(t, "ESS-P2")
}

// quarantinedOf does it with a pack of a product.
func quarantinedOf(t testing.TB, product string) (*rig, line.QuarantineSnapshot) {
	t.Helper()
	r := newRig(t, 1, "")
	return r, r.quarantinedOf(product)
}

func (r *rig) quarantined() line.QuarantineSnapshot {
	r.t.Helper()
	return r.quarantinedOf("ESS-P2")
}

func (r *rig) quarantinedOf(product string) line.QuarantineSnapshot {
	r.t.Helper()
	r.setUp(line.AddOrder{Order: "ess", Product: product, Quantity: 1})
	for _, p := range people {
		r.ask(p)
	}
	r.inject("plc-reboot ST060.welder at joint 5")
	return r.inspectable()
}

// inspectable waits until the one pack in quarantine may be looked at.
func (r *rig) inspectable() line.QuarantineSnapshot {
	r.t.Helper()
	r.until(20*time.Minute, "the pack lies in quarantine", func() bool {
		q := r.Line.Snapshot(r.Now).Quarantine
		return len(q) == 1 && q[0].Waits == "somebody has to inspect it and say what was seen"
	})
	return r.Line.Snapshot(r.Now).Quarantine[0]
}

// decided inspects the pack and decides on it, over a restart of the supervisor.
func decided(t *testing.T, r *rig, q line.QuarantineSnapshot, saw line.Seen, d line.Decision) {
	t.Helper()
	must := func(reply line.Reply) {
		t.Helper()
		if !reply.Accepted {
			t.Fatal(reply.Text)
		}
	}
	refused := func(reply line.Reply) {
		t.Helper()
		if reply.Accepted {
			t.Fatal("done: " + reply.Text)
		}
		t.Log(reply.Text)
	}
	decide := line.DecideQuarantine{Pack: q.Pack, Decision: d}
	confirm := decide
	confirm.Confirm = true
	refused(r.says("amna", "early", decide)) // nobody has looked
	must(r.says("omar", "seen under the lens", line.InspectQuarantine{Pack: q.Pack, Saw: saw}))
	refused(r.says("sana", "first", confirm)) // nobody has proposed it
	must(r.says("amna", "as inspected", decide))
	r.restart()
	refused(r.says("amna", "again", confirm)) // the same person
	if !r.stands("ST060/outcome-unknown") {
		t.Error("nothing is decided yet, and the alarm has ended")
	}
	must(r.says("sana", "agreed", confirm))
	refused(r.says("sana", "agreed", confirm)) // decided already
	if r.stands("ST060/outcome-unknown") {
		t.Error("two people have decided, and the alarm goes on")
	}
	if d == line.DecisionScrap {
		return
	}
	if err := r.Plant.Carry(r.Now, q.Pack, "ST900"); err != nil {
		t.Fatal(err)
	}
	r.start()
	r.finish(20 * time.Minute)
	r.agrees()
}

// stands reports whether the cause of an alarm is there.
func (r *rig) stands(id string) bool {
	return slices.ContainsFunc(r.Line.Snapshot(r.Now).Alarms, func(a line.AlarmSnapshot) bool { return a.Alarm == id && a.Active })
}

// joint returns what was done to the joint in doubt: how often energy came, and by which tokens.
func (r *rig) joint(q line.QuarantineSnapshot) (tokens []line.Token) {
	for _, e := range r.truth {
		if e.What == simulator.Effect && e.Part == string(q.Pack) && e.Index == 5 && e.Station == "ST060" {
			tokens = append(tokens, e.Token)
		}
	}
	return tokens
}

func TestAReworkedJointGetsANewTokenAndOneMoreEffect(t *testing.T) {
	r, q := quarantined(t)
	before := r.joint(q)
	decided(t, r, q, line.SeenUnclear, line.DecisionRework)
	after := r.joint(q)
	if len(after) != len(before)+1 || after[len(after)-1].String() == q.Token {
		t.Errorf("before %v, after %v, in doubt was %s", before, after, q.Token)
	}
	r.checkTruth()
}

func TestAJointAcceptedAsDoneIsNotWeldedAgain(t *testing.T) {
	r, q := quarantined(t)
	before := r.joint(q)
	decided(t, r, q, line.SeenDone, line.DecisionAccept)
	if after := r.joint(q); len(after) != len(before) {
		t.Errorf("before %v, after %v", before, after)
	}
	ends := r.ends()
	end := ends[len(ends)-1]
	if end.Disposition != line.Released || end.Evidence[len(end.Evidence)-1] != q.Act+" accepted as done by amna and sana" {
		t.Errorf("%+v", end)
	}
	r.checkTruth()
}

func TestAQuarantinedPackIsScrappedWhereItLies(t *testing.T) {
	r, q := quarantined(t)
	decided(t, r, q, line.SeenNotDone, line.DecisionScrap)
	s := r.Line.Snapshot(r.Now)
	if o := s.Orders[0]; len(s.Quarantine) != 0 || o.Scrapped != 1 || o.Quarantined != 0 || s.NOK != 1 {
		t.Errorf("%+v, %d NOK", o, s.NOK)
	}
	r.checkTruth()
	r.agrees()
	asks := func() line.CommandApplied {
		r.says("omar", "once more", line.InspectQuarantine{Pack: q.Pack, Saw: line.SeenDone})
		return r.memory.Records[len(r.memory.Records)-1].Fact.(line.CommandApplied)
	}
	before := asks()
	r.restart() // what it knows of the pack is what its journal says
	if after := asks(); before.Old != after.Old || before.Reply != after.Reply {
		t.Errorf("before a restart %q %q, after it %q %q", before.Old, before.Reply, after.Old, after.Reply)
	}
}

// A decision on a pack in quarantine that the journal does not bear out is contradicted.
func TestAReplayContradictsADecisionOnQuarantine(t *testing.T) {
	r, q := quarantined(t)
	decided(t, r, q, line.SeenDone, line.DecisionAccept)
	for _, s := range []spoiled{
		{"nobody has proposed it", func(j *journal) { drop(j, func(line.QuarantineProposed) bool { return true }) }, "amna has not proposed to accept"},
		{"nobody has inspected it", func(j *journal) { drop(j, func(line.QuarantineInspected) bool { return true }) }, "which nobody has inspected"},
		{"it was not seen", func(j *journal) {
			change(j, func(f *line.QuarantineInspected) bool { f.Saw = line.SeenNotDone; return true })
		}, "has not seen that it was done"},
		{"one person alone", func(j *journal) {
			change(j, func(f *line.QuarantineDecided) bool { f.By = "amna "; return true })
		}, "that takes two people"},
		{"proposed twice", func(j *journal) {
			after(j, func(r line.Record, _ line.QuarantineProposed) (line.Record, bool) { return r, true })
		}, "is proposed already"},
		{"refused and not proposed", func(j *journal) {
			after(j, func(r line.Record, _ line.QuarantineInspected) (line.Record, bool) {
				r.Fact = line.QuarantineRefused{Decision: line.DecisionScrap, By: "sana"}
				return r, true
			})
		}, "nobody has proposed to scrap"},
		{"decided twice", func(j *journal) {
			after(j, func(r line.Record, _ line.ReworkDecided) (line.Record, bool) {
				r.Fact = line.QuarantineDecided{Decision: line.DecisionAccept, ProposedBy: "amna", By: "sana"}
				return r, true
			})
		}, "waits in quarantine"},
		{"another rework follows", func(j *journal) {
			change(j, func(f *line.ReworkDecided) bool { f.Acts = f.Acts[1:]; return true })
		}, "after the entry before it comes"},
	} {
		t.Run(s.name, func(t *testing.T) { r.contradicted(t, s) })
	}
}

// BenchmarkSnapshotOfQuarantine shows the line while a pack of the sample with the most joints lies in quarantine, inspected, so that
// every decision on it is weighed at each snapshot: what it takes longer than one with an empty quarantine is the price of that.
func BenchmarkSnapshotOfQuarantine(b *testing.B) {
	r, q := quarantinedOf(b, "DRN-P3")
	snapshots := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			r.Line.Snapshot(r.Now)
		}
	}
	b.Run("seen", func(b *testing.B) {
		if reply := r.says("omar", "soot", line.InspectQuarantine{Pack: q.Pack, Saw: line.SeenDone}); !reply.Accepted {
			b.Fatal(reply.Text)
		}
		snapshots(b)
	})
	scrap := line.DecideQuarantine{Pack: q.Pack, Decision: line.DecisionScrap}
	r.says("amna", "no", scrap)
	scrap.Confirm = true
	if reply := r.says("sana", "no", scrap); !reply.Accepted {
		b.Fatal(reply.Text)
	}
	b.Run("empty", snapshots)
}
