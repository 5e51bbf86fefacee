package web_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// The team's leader sees how far the orders are and adds one; an operator is told that it is not theirs to add.
func TestOrdersAreShownAndAdded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plant.change(func(p *plant) { p.now.Recipes = []string{"EV-P1/3", "ESS-P2/1"} })
	tariq, amna := b.logIn(t, "tariq"), b.logIn(t, "amna")
	eventually(t, "the orders", tariq.shows("/orders", "4711 EV-P1 rev. 3 80 % 3 / 5 2 ⬣ 1 quarantined 0", "EV-P1 ESS-P2", "Add the order"))
	eventually(t, "the operator is told", amna.shows("/orders", "Add the order your account may not do this"))
	if a := tariq.call("Line.AddOrder", "customer", map[string]string{"Order": "4712", "Product": "ESS-P2", "Quantity": "12"}); a.Outcome != "done" {
		t.Errorf("add: %+v", a)
	}
	if a := amna.call("Line.AddOrder", "", map[string]string{"Order": "4713", "Product": "ESS-P2", "Quantity": "1"}); a.Outcome != "denied" {
		t.Errorf("the operator's order: %+v", a)
	}
	asked := b.plant.requests()
	if len(asked) != 1 || asked[0].Command != (line.AddOrder{Order: "4712", Product: "ESS-P2", Quantity: 12}) || asked[0].Why != "customer" {
		t.Errorf("the line was asked %+v", asked)
	}
}

// A shift's losses stand apart by whose they are, and any past span can be asked for.
func TestAShiftIsReported(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	began := time.Now().Add(-2 * time.Hour).UTC().Truncate(time.Second)
	b.plant.change(func(p *plant) { p.now.Shift = line.ShiftSnapshot{Name: "early", Began: began, Plan: 8} })
	vera := b.logIn(t, "vera")
	eventually(t, "the present shift", vera.shows("/shift", "Shift early", "Good 6 / plan 8", "NOK 2 1 scrapped, 1 quarantined", "First pass 62 %",
		"Own losses the longest first ST060 the electrode sticks 10:00 min 2 times", "Starved or blocked by a neighbour ST070 starved by ST060 20:00 min 2 times",
		"ST060 060-W-010 ▲ NOK 3 2", "EV-P1 6 5 1 1"))
	past := url.Values{"from": {"2026-03-04T06:00"}, "to": {"2026-03-04T14:00"}}.Encode()
	if text := vera.text("/shift?" + past); strings.Contains(text, "plan") || strings.Contains(text, "Shift early") || !strings.Contains(text, "2026-03-04 06:00") {
		t.Errorf("a past shift is shown with the plan of the present one: %s", text)
	}
	b.shelf.change(func(s *shelf) {
		n := len(s.spans)
		from, to := time.Date(2026, 3, 4, 6, 0, 0, 0, time.Local), time.Date(2026, 3, 4, 14, 0, 0, 0, time.Local)
		if n < 4 || !s.spans[n-2].Equal(from) || !s.spans[n-1].Equal(to) || !s.spans[0].Equal(began) {
			t.Errorf("the records were asked for %v", s.spans)
		}
	})
}

// What runs out first stands first, and what the line says to a lot is on the screen.
func TestMaterialsRunOutInOrder(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plant.change(func(p *plant) {
		p.now.Stations = append([]line.StationSnapshot(nil), p.now.Stations...)
		p.now.Stations[0].Consumables = []line.ConsumableSnapshot{
			{Item: "gas", Lot: "G-1", Unit: "L", Loaded: 100, Remaining: 90, Lasts: 5 * time.Hour},
			{Item: "foil", Lot: "F-1", Unit: "1", Loaded: 100, Remaining: 10, Lasts: 10 * time.Minute, Expiry: time.Now().Add(24 * time.Hour)},
		}
		p.now.Stations[1].Consumables = []line.ConsumableSnapshot{{Item: "label", Unit: "1"}, {Item: "glue", Lot: "K-1", Unit: "kg", Loaded: 2, Remaining: 1}}
		p.reply = func(line.Request) (line.Reply, error) { return line.Reply{Text: "lot F-2 is held by qasim"}, nil }
	})
	amna := b.logIn(t, "amna")
	eventually(t, "the list", amna.shows("/materials", "label ST070 nothing loaded", "foil ST060 F-1 10 10 % 4 10:00 min fetch new", "gas ST060 G-1 90 L 90 %"))
	text := amna.text("/materials")
	last := 0
	for _, item := range []string{"label ST070", "foil ST060", "gas ST060", "glue ST070"} {
		at := strings.Index(text, item)
		if at < last {
			t.Errorf("%s stands at another place than its turn: %s", item, text)
		}
		last = at
	}
	a := amna.call("ST060.LoadMaterial", "", map[string]string{"Item": "foil", "Lot": "F-2", "Quantity": "100", "Expiry": "2027-01-01"})
	if a.Outcome != "refused" || a.Text != "lot F-2 is held by qasim" {
		t.Errorf("a held lot: %+v", a)
	}
}

// A part that does not come is written off at the station that expects it, by who may, and only where one is expected.
func TestAPartThatDoesNotComeIsWrittenOff(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plant.change(func(p *plant) {
		p.now.Stations = append([]line.StationSnapshot(nil), p.now.Stations...)
		p.now.Stations[0].Waiting, p.now.Stations[1].Waiting = 2, 0
	})
	qasim, amna := b.logIn(t, "qasim"), b.logIn(t, "amna")
	eventually(t, "the form", qasim.shows("/station/ST060", "A part does not come", "Look for it first", "Write it off"))
	eventually(t, "the operator reads why not", amna.shows("/station/ST060", "Write it off your account may not do this"))
	if text := qasim.text("/station/ST070"); strings.Contains(text, "does not come") {
		t.Errorf("no part is expected there: %s", text)
	}
	if a := qasim.call("ST060.WriteOff", "fell off the conveyor", map[string]string{"Part": "EV-P1-000001"}); a.Outcome != "done" {
		t.Errorf("%+v", a)
	}
	asked := b.plant.requests()
	if len(asked) != 1 || asked[0].Command != (line.WriteOff{Station: "ST060", Part: "EV-P1-000001"}) || asked[0].Why != "fell off the conveyor" {
		t.Errorf("the line was asked %+v", asked)
	}
}

// Who may release does, and who may not reads why.
func TestHoldsAndSuspectsAreSeenTo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.shelf.change(func(s *shelf) {
		s.found = `[{"pack":"EV-P1-000009","state":"rework","product":"EV-P1"},{"pack":"EV-P1-000008","state":"quarantined","product":"EV-P1"},{"pack":"EV-P1-000007","state":"released"}]`
	})
	b.plant.change(func(p *plant) {
		p.now.Holds = []line.HoldSet{{Subject: "LOT-A", Reason: "supplier called", By: "qasim"}}
		p.now.Prompts = []line.PromptSnapshot{{Prompt: "p1", Station: "ST060", Pack: "EV-P1-000009", Text: "rework or scrap?", Options: []string{"rework", "scrap"}, Since: time.Now()}}
	})
	qasim, amna := b.logIn(t, "qasim"), b.logIn(t, "amna")
	eventually(t, "what is held", qasim.shows("/quarantine", "Waiting for a decision Answer EV-P1-000009 ST060: rework or scrap?", "▲ held LOT-A supplier called qasim End the hold",
		"EV-P1-000009 rework EV-P1", "EV-P1-000008 quarantined EV-P1"))
	if strings.Contains(qasim.text("/quarantine"), "EV-P1-000007") {
		t.Error("a released pack stands among the suspects")
	}
	eventually(t, "the operator reads why not", amna.shows("/quarantine", "End the hold your account may not do this", "Scrap your account may not do this"))
	if a := qasim.call("Line.ReleasePart", "supplier cleared it", map[string]string{"Subject": "LOT-A"}); a.Outcome != "done" {
		t.Errorf("release: %+v", a)
	}
	asked := b.plant.requests()
	if len(asked) != 1 || asked[0].Command != (line.Hold{Subject: "LOT-A", Release: true}) || asked[0].Why != "supplier cleared it" {
		t.Errorf("the line was asked %+v", asked)
	}
}

func TestDiagnosticsTellTheWaysToTheLine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.plant.change(func(p *plant) {
		p.now.Metrics = line.AlarmMetrics{Count: 7, CurrentRate: 2, MaximumUnacknowledged: 90 * time.Second}
	})
	vera := b.logIn(t, "vera")
	eventually(t, "the ways", vera.shows("/diagnostics", "OPC UA server Running", "Your session vera", "Annunciated 7", "In ten minutes, now 2", "Longest not acknowledged 1:30 min",
		"1 do not answer", "ST060.welder not connected yet", "ST060.robot yes Held SIM"))
	b.plant.change(func(p *plant) { p.mute = true })
	eventually(t, "the silence", vera.shows("/diagnostics", "Line's program line away"))
}
