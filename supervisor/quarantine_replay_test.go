package supervisor_test

import (
	"testing"

	"linectl/line"
	"linectl/supervisor"
)

// A pack that two people have scrapped in quarantine is gone from the line, now and after a restart: what is not on the line cannot
// be held.
func TestAScrappedPackIsGoneAfterARestartToo(t *testing.T) {
	d := newDesk(t)
	var journal []line.Record
	tell := func(station line.StationID, pack line.PackID, f line.Fact) {
		r := line.Record{At: d.now, Station: station, Pack: pack, Fact: f}
		journal = append(journal, r)
		d.Apply(r)
	}
	const id = line.PackID("ESS-P2-000001")
	for _, user := range []string{"amna", "omar", "sana"} {
		tell("", "", line.UserAdded{User: user, Roles: []line.Role{line.Quality}})
	}
	tell("", "", line.RecipePinned{Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash, Source: d.recipe.Source})
	tell("", "", line.OrderAdded{Order: "o", Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash, Quantity: 1})
	tell("", id, line.PackStarted{Order: "o", Number: 1, Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash})
	tell("ST060", id, line.PartArrived{Part: string(id)})
	tell("ST060", id, line.PackDisposed{Disposition: line.Quarantined, Reason: "a value is missing"})
	tell("ST060", id, line.PartMoved{Part: string(id), To: line.Quarantine})
	ask := func(by string, c line.Command) {
		t.Helper()
		out := d.Step(d.now, supervisor.Asked{Request: line.Request{By: by, Account: by, Origin: line.FromSession, Proof: line.ByPassword, Why: "test", Command: c}})
		if len(out.Replies) != 1 || !out.Replies[0].Accepted {
			t.Fatalf("%+v", out.Replies)
		}
		journal = append(journal, out.Records...)
	}
	decide := line.DecideQuarantine{Pack: id, Decision: line.DecisionScrap}
	ask("omar", line.InspectQuarantine{Pack: id, Saw: line.SeenUnclear})
	ask("amna", decide)
	decide.Confirm = true
	ask("sana", decide)

	again := newDesk(t)
	for _, r := range journal {
		again.Apply(r)
	}
	for name, at := range map[string]*desk{"now": d, "after a restart": again} {
		if r := at.ask(line.Hold{Subject: string(id)}); r.Accepted {
			t.Errorf("%s: %s", name, r.Text)
		}
		if s := at.Snapshot(at.now); len(s.Quarantine) != 0 || s.Orders[0].Scrapped != 1 || s.Orders[0].Quarantined != 0 || s.NOK != 1 {
			t.Errorf("%s: %+v, %+v, %d NOK", name, s.Quarantine, s.Orders, s.NOK)
		}
	}
}
