package web_test

import (
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// doubted is a pack whose weld of joint 12 was cut off, as the line shows it.
func doubted() line.QuarantineSnapshot {
	return line.QuarantineSnapshot{
		Pack: "EV-P1-000001", Product: "EV-P1", Station: "ST060", Device: "ST060.welder", Token: "1-7", Act: "laser weld 12", Since: time.Now(),
		Conclusion: "It may have been done: only a person can see whether it was.",
		Evidence:   []string{"power was cut", "ST060.welder had accepted act 1-7", "by the device's own account energy may have been applied there"},
		Waits:      "ST060.welder has not yet confirmed that the act is void",
		Choices: []line.DecisionSnapshot{
			{Decision: line.DecisionRework, Text: "ST060.welder has not yet confirmed that the act is void"},
			{Decision: line.DecisionAccept, Text: "ST060.welder has not yet confirmed that the act is void"},
			{Decision: line.DecisionScrap, Text: "ST060.welder has not yet confirmed that the act is void"},
		},
	}
}

// A pack in quarantine is shown with what is known of it; each button that cannot act says why, and two different people decide.
func TestTwoPeopleDecideOnAPackInQuarantine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	shown := func(q line.QuarantineSnapshot) {
		b.plant.change(func(p *plant) { p.now.Quarantine = []line.QuarantineSnapshot{q} })
	}
	q := doubted()
	shown(q)
	qasim, tariq, amna := b.logIn(t, "qasim"), b.logIn(t, "tariq"), b.logIn(t, "amna")
	eventually(t, "the evidence", qasim.shows("/quarantine", "EV-P1-000001 ST060 laser weld 12", "It may have been done", "energy may have been applied",
		"Note what was seen ST060.welder has not yet confirmed that the act is void", "Propose: make it again ST060.welder has not yet confirmed"))
	eventually(t, "the operator reads why not", amna.shows("/quarantine", "Note what was seen your account may not do this", "Propose: scrap it your account may not do this"))

	q.Void, q.Waits = true, ""
	q.Inspected = &line.QuarantineInspected{Token: 7, Saw: line.SeenDone, Remark: "the seam is whole", By: "qasim"}
	q.Choices = []line.DecisionSnapshot{
		{Decision: line.DecisionRework, Text: "the recipe of EV-P1-000001 allows no rework of weld; scrap it"},
		{Decision: line.DecisionAccept, Possible: true, Text: "it is carried to the bench"},
		{Decision: line.DecisionScrap, Possible: true, Text: "it stays where it lies and is scrap"},
	}
	shown(q)
	eventually(t, "the choices", tariq.shows("/quarantine", "qasim has looked and says: it is done the seam is whole", "Propose: make it again the recipe of EV-P1-000001 allows no rework",
		"Propose: accept it as done it is carried to the bench"))
	with := map[string]string{"Pack": "EV-P1-000001", "Decision": "accept"}
	if a := tariq.call("Line.ProposeQuarantine", "as qasim saw", with); a.Outcome != "done" {
		t.Errorf("propose: %+v", a)
	}
	if a := amna.call("Line.ConfirmQuarantine", "me too", with); a.Outcome != "denied" {
		t.Errorf("an operator confirms: %+v", a)
	}

	q.Proposed = &line.QuarantineProposed{Decision: line.DecisionAccept, By: "tariq"}
	shown(q)
	eventually(t, "who has proposed it", tariq.shows("/quarantine", "tariq has proposed: accept it as done", "Confirm: accept it as done you have proposed it: another person has to confirm"))
	eventually(t, "another person", func() bool {
		text := qasim.text("/quarantine")
		return strings.Contains(text, "Confirm: accept it as done Refuse") && !strings.Contains(text, "Propose:")
	})
	if a := qasim.call("Line.ConfirmQuarantine", "seen with my own eyes", with); a.Outcome != "done" {
		t.Errorf("confirm: %+v", a)
	}
	asked := b.plant.requests()
	want := []line.Command{
		line.DecideQuarantine{Pack: "EV-P1-000001", Decision: line.DecisionAccept}, line.DecideQuarantine{Pack: "EV-P1-000001", Decision: line.DecisionAccept, Confirm: true},
	}
	if len(asked) != 2 || asked[0].Command != want[0] || asked[1].Command != want[1] || asked[0].By == asked[1].By {
		t.Errorf("the line was asked %+v", asked)
	}
}
