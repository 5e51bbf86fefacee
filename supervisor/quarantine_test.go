package supervisor_test

import (
	"slices"
	"strings"
	"testing"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"
)

var (
	inDoubt   = line.NewToken(1, 77)
	interrupt = line.Evidence{Why: "power was lost", Floor: inDoubt, InFlight: inDoubt, Phase: line.PhaseInterrupted, IndexState: 1, EffectCount: 5, RetainID: 1, BootEpoch: 2}
)

// quarantined lets joint 5 of a pack end as nobody knows how, and the pack lie in quarantine.
func (d *desk) quarantined(e line.Evidence) line.PackID {
	const weld = line.StationID("ST060")
	id := d.packAt(weld, line.Stack)
	d.fact(weld, id, line.PartArrived{Part: string(id)})
	for joint := 1; joint <= 4; joint++ {
		d.did(weld, id, string(id), d.recipe.Weld.Task, joint, line.OK)
	}
	d.fact(weld, id, line.Intent{Token: inDoubt, Device: "ST060.welder", Task: d.recipe.Weld.Task, Part: string(id), Index: 5, RetainID: 1, Effects: 4})
	d.fact(weld, id, line.ActQuarantined{Token: inDoubt, Device: "ST060.welder", Task: d.recipe.Weld.Task, Part: string(id), Index: 5, Evidence: e})
	d.lies(id)
	return id
}

func (d *desk) lies(id line.PackID) {
	const weld = line.StationID("ST060")
	d.fact(weld, id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.Unknown, NOK: []int{5}, Text: "laser weld of unknown outcome"})
	d.fact(weld, id, line.PackDisposed{Disposition: line.Quarantined, Reason: "laser weld of unknown outcome"})
	if now := d.Snapshot(d.now); len(now.Packs) != 1 || now.Packs[0].Progress > 0.5 { // it is stacked, and four joints of many are made
		d.t.Errorf("on its way to quarantine: %+v", now.Packs)
	}
	d.fact(weld, id, line.PartMoved{Part: string(id), To: line.Quarantine})
}

// welder lets the welder say how far it has come.
func (d *desk) welder(floor line.Token, phase line.Phase) supervisor.Output {
	return d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{
		Device: "ST060.welder", RetainID: 1, BootEpoch: 2, Machine: uint16(packml.Stopped), Floor: floor, Phase: phase,
	}})
}

func (d *desk) item() line.QuarantineSnapshot {
	d.t.Helper()
	list := d.Snapshot(d.now).Quarantine
	if len(list) != 1 {
		d.t.Fatalf("%d packs in quarantine, want 1", len(list))
	}
	return list[0]
}

func (d *desk) possible() (list []line.Decision) {
	d.t.Helper()
	for _, c := range d.item().Choices {
		if c.Possible {
			list = append(list, c.Decision)
		}
	}
	return list
}

func (d *desk) says(user string, c line.Command, want string) {
	d.t.Helper()
	reply, audit := d.as(user, c)
	if refused := strings.HasPrefix(want, "!"); reply.Accepted == refused || !strings.Contains(reply.Text, strings.TrimPrefix(want, "!")) {
		d.t.Fatalf("%s asks %+v: accepted %t, %q, want %q", user, c, reply.Accepted, reply.Text, want)
	}
	if audit.Accepted != reply.Accepted || audit.Account != user {
		d.t.Fatalf("audit %+v", audit)
	}
}

// What the evidence proves, and which decisions it leaves after each thing that an inspection can find.
func TestTheEvidenceAllowsWhatItProves(t *testing.T) {
	with := func(change func(*line.Evidence)) line.Evidence { e := interrupt; change(&e); return e }
	all, both := "rework accept scrap", "rework scrap"
	for _, tt := range []struct {
		name       string
		e          line.Evidence
		conclusion string
		evidence   string
		done, not  string // what may be decided after the inspection saw it done, or not
	}{
		{"energy may have come", interrupt, "may have been done", "energy may have been applied", all, both},
		{"not begun", with(func(e *line.Evidence) { e.IndexState, e.EffectCount = 0, 4 }), "It was not done", "nothing was applied", both, both},
		{"untouched, and one effect more is counted", with(func(e *line.Evidence) { e.IndexState = 0 }), "may have been done", "4 before the act, 5 after", all, both},
		{"finished, its values lost", with(func(e *line.Evidence) { e.IndexState = 2 }), "its values are lost", "it was finished", all, both},
		{"the device has forgotten", with(func(e *line.Evidence) { e.RetainID, e.Floor, e.IndexState, e.EffectCount = 9, 0, 0, 0 }), "may have been done", "has forgotten everything", all, both},
		{"the device has gone on", with(func(e *line.Evidence) { e.Floor, e.IndexState = inDoubt+1, 0 }), "may have been done", "had gone on", all, both},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for saw, want := range map[line.Seen]string{line.SeenDone: tt.done, line.SeenNotDone: tt.not, line.SeenUnclear: tt.not} {
				d := newDesk(t)
				d.account("omar", line.Maintenance)
				id := d.quarantined(tt.e)
				d.welder(inDoubt, line.PhaseIdle)
				q := d.item()
				if !strings.Contains(q.Conclusion, tt.conclusion) || !strings.Contains(strings.Join(q.Evidence, "\n"), tt.evidence) {
					t.Errorf("%s\n%s", q.Conclusion, strings.Join(q.Evidence, "\n"))
				}
				if len(d.possible()) > 0 {
					t.Errorf("before anybody has looked: %v", d.possible())
				}
				d.says("omar", line.InspectQuarantine{Pack: id, Saw: saw}, "noted")
				var got []string
				for _, c := range d.possible() {
					got = append(got, string(c))
				}
				if strings.Join(got, " ") != want {
					t.Errorf("saw %s: %v, want %s", saw, got, want)
				}
			}
		})
	}
}

// A good joint whose curve is missing was done; only what proves it is not there.
func TestAJointWithoutItsCurveCanBeAccepted(t *testing.T) {
	d := newDesk(t)
	d.account("omar", line.Quality)
	const weld = line.StationID("ST060")
	id := d.packAt(weld, line.Stack)
	d.fact(weld, id, line.PartArrived{Part: string(id)})
	d.fact(weld, id, line.Intent{Token: inDoubt, Device: "ST060.welder", Task: d.recipe.Weld.Task, Part: string(id), Index: 5, RetainID: 1})
	d.fact(weld, id, line.ActDone{
		Token: inDoubt, Device: "ST060.welder", Task: d.recipe.Weld.Task, Part: string(id), Index: 5, Outcome: line.OutcomeOK,
		Verdict: line.Unknown, Text: "laser weld 5: waveform missing: torn", NoWaveform: "torn",
	})
	d.lies(id)
	d.welder(inDoubt, line.PhaseIdle)
	d.says("omar", line.InspectQuarantine{Pack: id, Saw: line.SeenDone}, "noted")
	if q := d.item(); !strings.Contains(q.Conclusion, "something that must prove it is missing") || !slices.Contains(d.possible(), line.DecisionAccept) {
		t.Errorf("%+v", q)
	}
}

// Nobody inspects before the device has confirmed that the act is void; where a restart came between, it is asked for that again.
func TestTheVoidComesBeforeTheInspection(t *testing.T) {
	d := newDesk(t)
	d.account("omar", line.Quality)
	id := d.quarantined(interrupt)
	look := line.InspectQuarantine{Pack: id, Saw: line.SeenDone}
	d.says("omar", look, "!ST060.welder does not answer")
	d.welder(inDoubt, line.PhaseInterrupted)
	d.says("omar", look, "!ST060.welder has not yet confirmed that the act is void")
	if w := d.item().Waits; !strings.Contains(w, "has not yet confirmed") {
		t.Error(w)
	}
	out := d.welder(inDoubt-1, line.PhaseIdle)
	if !slices.ContainsFunc(out.Jobs, func(j line.Job) bool {
		return j.Op == line.Void && j.Device == "ST060.welder" && j.Token == inDoubt
	}) {
		t.Errorf("nobody voids it: %+v", out.Jobs)
	}
	d.says("omar", look, "!has not yet confirmed")
	if out := d.welder(inDoubt, line.PhaseIdle); slices.ContainsFunc(out.Jobs, func(j line.Job) bool { return j.Op == line.Void }) {
		t.Error("voided again")
	}
	d.says("omar", look, "noted")
}

// Two people, each with the role when it counts; the first may not be the second; either may refuse; what is asked twice is done once.
func TestTwoPeopleDecide(t *testing.T) {
	d := newDesk(t)
	d.account("amna", line.TeamLeader)
	d.account("sana", line.Quality)
	d.account("omar", line.Operator)
	id := d.quarantined(interrupt)
	d.welder(inDoubt, line.PhaseIdle)
	rework := line.DecideQuarantine{Pack: id, Decision: line.DecisionRework}
	confirm, refuse := rework, rework
	confirm.Confirm, refuse.Refuse = true, true

	d.says("omar", line.InspectQuarantine{Pack: id, Saw: line.SeenUnclear}, "!may not inspect parts in quarantine")
	d.says("sana", line.InspectQuarantine{Pack: id, Saw: line.SeenUnclear}, "noted")
	d.says("omar", rework, "!may not decide on parts in quarantine")
	d.says("sana", confirm, "!nobody has proposed")
	d.says("amna", rework, "proposed")
	d.says("sana", line.DecideQuarantine{Pack: id, Decision: line.DecisionScrap}, "!another person has to confirm or refuse that first")
	d.says("amna", confirm, "!another person has to confirm")
	d.says("sana", refuse, "refused")
	d.says("amna", rework, "proposed")
	d.fact("", "", line.RoleChanged{User: "amna", Old: []line.Role{line.TeamLeader}, New: []line.Role{line.Viewer}, By: "admin"})
	d.says("sana", confirm, "!amna, who has proposed it, may not")
	d.fact("", "", line.RoleChanged{User: "amna", Old: []line.Role{line.Viewer}, New: []line.Role{line.Quality}, By: "admin"})

	q := line.Request{ID: "r1", By: "sana", Account: "sana", Origin: line.FromSession, Proof: line.ByPassword, Why: "agreed", Command: confirm}
	first, _ := d.request(q)
	if !first.Accepted || !strings.Contains(first.Text, "carry ESS-P2-000001 from ST910 to ST900; from there it goes to ST060") {
		t.Fatalf("%+v", first)
	}
	if out := d.Step(d.now, supervisor.Asked{Request: q}); len(out.Records) != 0 || len(out.Replies) != 1 || out.Replies[0].Text != first.Text {
		t.Errorf("asked twice: %+v", out)
	}
	s := d.Snapshot(d.now)
	if len(s.Quarantine) != 0 || len(s.Packs) != 1 || s.Packs[0].State != line.InRework || s.Orders[0].Quarantined != 0 {
		t.Errorf("%+v %+v", s.Packs, s.Orders)
	}
}

// A stack that was broken off cannot be gone on with.
func TestABrokenStackIsScrap(t *testing.T) {
	d := newDesk(t)
	d.account("sana", line.Quality)
	id := d.packAt("ST060")
	d.fact("ST040", id, line.PackDisposed{Disposition: line.Quarantined, Reason: "stack cell of unknown outcome"})
	d.fact("ST040", id, line.PartMoved{Part: string(id), To: line.Quarantine})
	d.says("sana", line.InspectQuarantine{Pack: id, Saw: line.SeenUnclear}, "noted")
	if got := d.possible(); !slices.Equal(got, []line.Decision{line.DecisionScrap}) {
		t.Error(got)
	}
	for _, c := range d.item().Choices {
		if c.Decision != line.DecisionScrap && !strings.Contains(c.Text, "nobody can prove any more which cells lie in ESS-P2-000001 and how") {
			t.Errorf("%s is not possible, and it says %q", c.Decision, c.Text)
		}
	}
}

// What was said by name only, before people had to log in for it, stands in old journals; nothing is built on it any more.
func TestNothingIsBuiltOnNamesAlone(t *testing.T) {
	d := newDesk(t)
	d.account("amna", line.TeamLeader)
	d.account("sana", line.Quality)
	id := d.quarantined(interrupt)
	d.welder(inDoubt, line.PhaseIdle)
	d.fact("", id, line.QuarantineInspected{Token: inDoubt, Saw: line.SeenDone, By: "Omar", Account: "local:ali", Floor: inDoubt})
	scrap := line.DecideQuarantine{Pack: id, Decision: line.DecisionScrap}
	d.says("amna", scrap, "!Omar has inspected "+string(id)+" by name only")
	if got := d.possible(); len(got) > 0 {
		t.Errorf("possible: %v", got)
	}
	d.says("sana", line.InspectQuarantine{Pack: id, Saw: line.SeenUnclear}, "noted")
	if got := d.possible(); !slices.Equal(got, []line.Decision{line.DecisionRework, line.DecisionScrap}) {
		t.Errorf("inspected again, possible: %v", got)
	}
	d.fact("", id, line.QuarantineProposed{Decision: line.DecisionScrap, By: "Omar", Account: "local:ali"})
	confirm, refuse := scrap, scrap
	confirm.Confirm, refuse.Refuse = true, true
	d.says("sana", confirm, "!Omar has proposed it by name only, which is no proof any more; refuse it and propose anew")
	d.says("sana", refuse, "is refused")
	d.says("amna", scrap, "proposed")
	d.says("sana", confirm, "is scrapped")
}

// Each word on record says how it was shown whose it is.
func TestTheRecordSaysHowPeopleWereShown(t *testing.T) {
	d := newDesk(t)
	d.account("amna", line.TeamLeader)
	d.account("sana", line.Quality)
	id := d.quarantined(interrupt)
	d.welder(inDoubt, line.PhaseIdle)
	scrap := line.DecideQuarantine{Pack: id, Decision: line.DecisionScrap}
	confirm, refuse := scrap, scrap
	confirm.Confirm, refuse.Refuse = true, true
	var got []string
	for _, said := range []struct {
		user string
		c    line.Command
	}{{"sana", line.InspectQuarantine{Pack: id, Saw: line.SeenUnclear}}, {"amna", scrap}, {"sana", refuse}, {"amna", scrap}, {"sana", confirm}} {
		q := line.Request{By: said.user, Account: said.user, Origin: line.FromSession, Proof: line.ByPassword, Why: "test", Command: said.c}
		for _, r := range d.Step(d.now, supervisor.Asked{Request: q}).Records {
			switch f := r.Fact.(type) {
			case line.QuarantineInspected:
				got = append(got, f.Account+" "+string(f.Proof))
			case line.QuarantineProposed:
				got = append(got, f.Account+" "+string(f.Proof))
			case line.QuarantineRefused:
				got = append(got, f.Account+" "+string(f.Proof))
			case line.QuarantineDecided:
				got = append(got, f.Account+" "+string(f.Proof))
			default: // what follows from it
			}
		}
	}
	if want := []string{"sana password", "amna password", "sana password", "amna password", "sana password"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
}
