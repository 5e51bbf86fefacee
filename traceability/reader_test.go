package traceability

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// Story: a pack whose joint 7 was found bad and reworked is asked for by everything that names it.
func TestDossierByAnyIdentity(t *testing.T) {
	h := newHistory()
	h.pack(1, 0)
	h.add("ST070", "", line.AlarmRaised{Alarm: "ST070/link-lost", Text: "before the pack came", Severity: 700})
	h.add("ST070", "", line.AlarmCleared{Alarm: "ST070/link-lost"})
	h.add("ST060", "", line.AlarmRaised{Alarm: "ST060/glass-worn", Text: "clean the glass", Severity: 300})
	h.add("ST060", "", line.AlarmShelved{Alarm: "ST060/glass-worn", By: "ali", Why: "after this pack", Until: time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)})
	pack := h.pack(2, 7)
	h.add("", "", line.HoldSet{Subject: "L-000", Reason: "supplier's notice", By: "quality"})
	s := h.stored(t, t.TempDir())
	for id, found := range map[string]string{
		"ESS-P2-000002": "pack", "SN000002": "serial of pack ESS-P2-000002", "ESS-P2-000002-M02": "module 2", "04QCE76314400JC2R0000020": "cell in slot 4",
	} {
		d, err := s.Reader().Pack(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if d.Pack != pack || d.Found != found {
			t.Errorf("%s: found pack %s by %q, want %q", id, d.Pack, d.Found, found)
		}
	}
	d, err := s.Reader().Pack(t.Context(), string(pack))
	if err != nil {
		t.Fatal(err)
	}
	if d.FirstPass || d.Build != 2 || !d.Simulated || d.RecipeHash != recipeHash || d.Revision != "1" || d.Started.Version != "test" {
		t.Errorf("header: %+v", d.Summary)
	}
	if len(d.Modules) != 2 || len(d.Modules[1].Cells) != 8 || d.Modules[1].Cells[0].Slot != 9 || len(d.Modules[1].Cells[0].Gradings[0].Measurements) != 2 {
		t.Errorf("genealogy: %+v", d.Modules)
	}
	if j := d.Joints[6]; j.Joint != 7 || len(j.Welds) != 2 || j.Welds[0].Superseded == 0 || j.Welds[1].Superseded != 0 {
		t.Errorf("joint 7: %+v", j)
	}
	if got := len(d.Steps); got != 7 || d.Steps[1].Invalidated == 0 || d.Steps[2].Verdict != line.NOK {
		t.Errorf("%d steps: %+v", got, d.Steps)
	}
	if got := len(d.Attempts); got != 16+30+1+1+1+1+1 {
		t.Errorf("%d attempts", got)
	}
	weld := d.Attempts[16]
	if weld.Task != line.TaskWeldLaser || len(weld.Measurements) != 7 || weld.Measurements[0].LSL == nil || weld.Measurements[0].Name != "weldPower" {
		t.Errorf("weld: %+v", weld)
	}
	if len(d.Alarms) != 1 || d.Alarms[0].Alarm != "ST060/glass-worn" || d.Alarms[0].Occurrence != 1 || len(d.Alarms[0].Actions) != 1 {
		t.Errorf("alarms: %+v", d.Alarms)
	} else if c := d.Alarms[0].Actions[0]; c.Action != "shelved" || c.By != "ali" || c.Why != "after this pack" || c.Until == nil {
		t.Errorf("what was done to the alarm: %+v", c)
	}
	if len(d.Holds) != 1 || len(d.Lots) != 1 || d.Lots[0].Lot != "GF-7" || d.Lots[0].Expiry == nil || len(d.Masters) != 1 || len(d.Tools) != 1 {
		t.Errorf("holds %+v, lots %+v, masters %+v, tools %+v", d.Holds, d.Lots, d.Masters, d.Tools)
	}
	d.Require([]line.Kind{line.Weld, line.LeakTest})
	if len(d.Missing) != 1 || !strings.Contains(d.Missing[0], "leaktest") {
		t.Errorf("missing: %q", d.Missing)
	}
	if b, err := json.Marshal(d); err != nil || strings.Contains(string(b), "null,") && strings.Contains(string(b), `"steps":null`) {
		t.Errorf("json: %v", err)
	}
}

// Story: a pack is quarantined, and its alarm is recorded one entry after the disposition. It stands in the dossier, and what
// was raised for the pack before it or after it does not, though it stood at the same station.
func TestAlarmOfAQuarantineIsInTheDossier(t *testing.T) {
	h := newHistory()
	const before, pack, after = line.PackID("ESS-P2-000001"), line.PackID("ESS-P2-000002"), line.PackID("ESS-P2-000003")
	for i, p := range []line.PackID{before, pack, after} {
		h.begin(p, i+1)
	}
	raise := func(p line.PackID, alarm string) {
		h.add("ST060", p, line.AlarmRaised{Alarm: alarm, Severity: line.SeverityHigh})
	}
	quarantine := func(p line.PackID) {
		h.add("ST060", p, line.PartArrived{Part: string(p)})
		h.add("ST060", p, line.PackDisposed{Disposition: line.Quarantined, Reason: "joint 3 is UNKNOWN"})
		raise(p, "ST060/quarantined-"+string(p))
		h.add("ST060", p, line.PartMoved{Part: string(p), To: line.Quarantine})
	}
	quarantine(before)
	raise("", "ST060/gas-low")
	quarantine(pack)
	raise("", "ST060/link-lost")
	quarantine(after)
	s := h.stored(t, t.TempDir())
	d, err := s.Reader().Pack(t.Context(), string(pack))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range d.Alarms {
		got = append(got, a.Alarm)
	}
	if want := []string{"ST060/gas-low", "ST060/quarantined-ESS-P2-000002"}; !slices.Equal(got, want) {
		t.Errorf("alarms %q, want %q", got, want)
	}
}

func TestUnknownIdentitySaysSo(t *testing.T) {
	s := newHistory().stored(t, t.TempDir())
	_, err := s.Reader().Pack(t.Context(), "EV-P1-999999")
	var missing *NotFoundError
	if !errors.As(err, &missing) || missing.ID != "EV-P1-999999" {
		t.Errorf("got %v", err)
	}
	if _, err := s.Reader().WhereUsed(t.Context(), "L-999"); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Reader().Cell(t.Context(), "nobody"); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

// Story: a pack stands half built after a crash: what is not there is named, not left blank.
func TestMissingIsNamed(t *testing.T) {
	h := newHistory()
	cells := h.begin("ESS-P2-000009", 9)
	h.act("ST040.robot", "ESS-P2-000009", string(cells[0]), line.TaskStackCell, 1, 1, line.OK)
	h.add("ST040", "ESS-P2-000009", line.Intent{Token: line.NewToken(1, 999), Device: "ST040.robot", Task: line.TaskStackCell, Part: string(cells[1]), Index: 2, Attempt: 1})
	s := h.stored(t, t.TempDir())
	d, err := s.Reader().Pack(t.Context(), "ESS-P2-000009")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(d.Missing, "\n")
	for _, want := range []string{"slot 2: cell", "stack cell 2 at ST040: no result (token 1-999", "disposition: the pack is in process"} {
		if !strings.Contains(all, want) {
			t.Errorf("missing does not say %q:\n%s", want, all)
		}
	}
	if strings.Contains(all, "slot 1:") {
		t.Errorf("slot 1 is not missing:\n%s", all)
	}
	report, err := s.Reader().Verify(t.Context())
	if err != nil || len(report.Problems) != 0 || len(report.OpenIntents) != 1 || report.OpenIntents[0].Token != line.NewToken(1, 999) {
		t.Errorf("report %+v, %v", report, err)
	}
}

// Story: the power fails in joint 5, and nobody knows whether it was welded. Until two people have decided, that is missing; then the
// dossier says what they made of it, beside the verdict that stays UNKNOWN, and names the weld that replaced it.
func TestWhatPeopleHaveDecidedIsNotMissing(t *testing.T) {
	const pack = line.PackID("ESS-P2-000001")
	const unknown = "laser weld 5 at ST060: nobody knows whether it happened"
	decided := func(h *history, token line.Token, d line.Decision) {
		h.add("ST060", pack, line.QuarantineDecided{Decision: d, Token: token, Task: line.TaskWeldLaser, Index: 5, ProposedBy: "amna", By: "sana", Why: "agreed"})
	}
	for name, c := range map[string]struct {
		then    func(h *history, doubt line.Token)
		decided string // what stands beside the act and its weld; part of it
		missing bool
		welds   int
	}{
		"undecided": {func(*history, line.Token) {}, "", true, 1},
		"only proposed": {func(h *history, _ line.Token) {
			h.add("ST060", pack, line.QuarantineProposed{Decision: line.DecisionAccept, By: "amna", Why: "whole"})
		}, "", true, 1},
		"of another act": {func(h *history, _ line.Token) { decided(h, line.NewToken(9, 9), line.DecisionAccept) }, "", true, 1},
		"accepted":       {func(h *history, doubt line.Token) { decided(h, doubt, line.DecisionAccept) }, "accepted as done by amna and sana", false, 1},
		"scrapped":       {func(h *history, doubt line.Token) { decided(h, doubt, line.DecisionScrap) }, "scrapped by amna and sana", false, 1},
		"to be reworked": {func(h *history, doubt line.Token) { decided(h, doubt, line.DecisionRework) }, "to be made again, decided by amna and sana", false, 1},
		"welded anew": {func(h *history, doubt line.Token) {
			decided(h, doubt, line.DecisionRework)
			h.act("ST060.welder", pack, string(pack), line.TaskWeldLaser, 5, 2, line.OK)
		}, "made again (entry ", false, 2},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHistory()
			h.begin(pack, 1)
			h.tokens++
			doubt := line.NewToken(1, h.tokens)
			h.add("ST060", pack, line.Intent{Token: doubt, Device: "ST060.welder", Task: line.TaskWeldLaser, Part: string(pack), Index: 5, Attempt: 1})
			h.add("ST060", pack, line.ActQuarantined{Token: doubt, Device: "ST060.welder", Task: line.TaskWeldLaser, Part: string(pack), Index: 5})
			h.add("ST060", pack, line.PackDisposed{Disposition: line.Quarantined, Reason: "joint 5 is UNKNOWN"})
			c.then(h, doubt)
			d, err := h.stored(t, t.TempDir()).Reader().Pack(t.Context(), string(pack))
			if err != nil {
				t.Fatal(err)
			}
			if all := strings.Join(d.Missing, "\n"); strings.Contains(all, unknown) != c.missing {
				t.Errorf("missing:\n%s\nwant %q: %v", all, unknown, c.missing)
			}
			if len(d.Joints) != 1 || len(d.Joints[0].Welds) != c.welds {
				t.Fatalf("joints %+v, want one with %d welds", d.Joints, c.welds)
			}
			act, weld := d.Attempts[0], d.Joints[0].Welds[0]
			if act.Verdict != line.Unknown || weld.Verdict != line.Unknown || weld.Attempt != 1 {
				t.Errorf("act %s, weld %s of attempt %d; want UNKNOWN of attempt 1, whatever was decided", act.Verdict, weld.Verdict, weld.Attempt)
			}
			if act.Decided != weld.Decided || !strings.Contains(act.Decided, c.decided) || (act.Decided == "") != (c.decided == "") {
				t.Errorf("the act is said to be %q, its weld %q; want %q", act.Decided, weld.Decided, c.decided)
			}
		})
	}
}

// The counts of where-used are those of counting the journal by hand, for lots of cells and of consumables.
func TestWhereUsedAgreesWithTheJournal(t *testing.T) {
	h := newHistory()
	for n := 1; n <= 40; n++ {
		h.pack(n, n%7)
	}
	s := h.stored(t, t.TempDir())
	count := map[line.LotID]map[line.PackID]int{}
	for _, r := range h.records {
		if set, ok := r.Fact.(line.SetReserved); ok {
			for _, slot := range set.Slots {
				if count[slot.Lot] == nil {
					count[slot.Lot] = map[line.PackID]int{}
				}
				count[slot.Lot][r.Pack]++
			}
		}
	}
	if len(count) < 4 {
		t.Fatalf("only %d lots", len(count))
	}
	for lot, want := range count {
		uses, err := s.Reader().WhereUsed(t.Context(), lot)
		if err != nil || len(uses) != len(want) {
			t.Fatalf("lot %s: %d packs, want %d (%v)", lot, len(uses), len(want), err)
		}
		for _, u := range uses {
			if u.Cells != want[u.Pack] || u.Placed != u.Cells {
				t.Errorf("lot %s in %s: %d cells, want %d", lot, u.Pack, u.Cells, want[u.Pack])
			}
		}
	}
	filler, err := s.Reader().WhereUsed(t.Context(), "GF-7")
	if err != nil || len(filler) != 40 || filler[0].Quantity != 0.05 {
		t.Errorf("filler in %d packs, %v", len(filler), err)
	}
}

// First-pass yield counts clean packs only, and a list can be walked by filter.
func TestYieldCountsCleanPacksOnly(t *testing.T) {
	h := newHistory()
	for n := 1; n <= 10; n++ {
		h.pack(n, n%2*3)
	}
	h.begin("ESS-P2-000011", 11)
	s := h.stored(t, t.TempDir())
	y, err := s.Reader().Yield(t.Context(), "ESS-P2")
	if want := (Yield{Begun: 11, Released: 10, FirstPass: 5}); err != nil || y != want {
		t.Errorf("yield %+v, %v; want %+v", y, err, want)
	}
	packs, err := s.Reader().List(t.Context(), Filter{State: line.Released, After: "ESS-P2-000003", Limit: 4, Order: "O-1", Until: h.now.Add(time.Hour)})
	if err != nil || len(packs) != 4 || packs[0].Pack != "ESS-P2-000004" || !packs[0].FirstPass || packs[1].FirstPass {
		t.Errorf("list %+v, %v", packs, err)
	}
	c, err := s.Reader().Cell(t.Context(), "04QCE76314400JC2R0000001")
	if err != nil || len(c.Uses) != 1 || c.Uses[0].Pack != "ESS-P2-000001" || c.Lot != "L-000" || len(c.Receipts) != 1 {
		t.Errorf("cell %+v, %v", c, err)
	}
	source, err := s.Reader().RecipeSource(t.Context(), recipeHash)
	if err != nil || source != "product: ESS-P2\n" {
		t.Errorf("recipe %q, %v", source, err)
	}
	stats, err := s.Reader().Statistics(t.Context(), "ST060", "weldPower", benchAt, h.now.Add(time.Hour))
	if err != nil || stats.Count != 10*30+5 || stats.Min >= stats.Max || stats.Mean <= stats.Min {
		t.Errorf("statistics %+v, %v", stats, err)
	}
}
