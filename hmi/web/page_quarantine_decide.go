package web

// doubtful is a pack in quarantine that waits for two people, with all that is known of the act in doubt.
type doubtful struct {
	Pack, Station, Since string
	Act, Conclusion      Words
	Waits                Words
	Evidence             []Words
	Saw                  string // what an inspection has found, in words; empty before it
	InspectedBy          string
	Remark               Words
	Proposal, ProposedBy string // in words; empty while nobody has proposed anything
	Sights               []sight
	Choices              []choice

	Inspect, Confirm, Refuse Button
}

// sight is one thing that an inspection may find.
type sight struct{ Value, Label string }

// choice is one decision: its button, and what would follow or why it is not possible. Where that stands on the button it is not said
// twice.
type choice struct {
	Propose Button
	Text    Words
}

func sightWords(saw string) string {
	switch saw {
	case "done":
		return "it is done"
	case "not-done":
		return "it is not done"
	case "unclear":
		return "it cannot be told"
	}
	return saw
}

func decisionWords(decision string) string {
	switch decision {
	case "rework":
		return "make it again"
	case "accept":
		return "accept it as done"
	case "scrap":
		return "scrap it"
	}
	return decision
}

// doubtfulPacks reads the lists of the line. They are heard one after the other: a pack that is not in all of them yet is left out
// until the next one comes.
func doubtfulPacks(v *View) []doubtful {
	var list []doubtful
	stations, acts, since := v.Names("Line.QuarantineStations"), v.Texts("Line.QuarantineActs"), v.Moments("Line.QuarantineSince")
	conclusions, waits, void := v.Texts("Line.QuarantineConclusions"), v.Texts("Line.QuarantineWaits"), v.Bools("Line.QuarantineVoid")
	seen, by, remarks := v.Names("Line.QuarantineSeen"), v.Names("Line.QuarantineInspectedBy"), v.Texts("Line.QuarantineRemarks")
	proposals, proposedBy := v.Names("Line.QuarantineProposals"), v.Names("Line.QuarantineProposedBy")
	whole := min(len(stations), len(acts), len(since), len(conclusions), len(waits), len(void), len(seen), len(by), len(remarks), len(proposals), len(proposedBy))
	for i, pack := range v.Names("Line.QuarantinePacks") {
		if i >= whole {
			break
		}
		d := doubtful{
			Pack: pack, Station: stations[i], Since: v.Since(since[i]), Act: acts[i], Conclusion: conclusions[i], Waits: waits[i],
			InspectedBy: by[i], Remark: remarks[i], ProposedBy: proposedBy[i], Evidence: evidenceOf(v, pack), Choices: choicesOf(v, pack),
			Inspect: v.Ask("Line.InspectQuarantine", v.T("Note what was seen")).With("Pack", pack),
		}
		if d.Inspect.Why == "" && !void[i] {
			d.Inspect.Why = waits[i].Text
		}
		for _, saw := range []string{"not-done", "done", "unclear"} {
			d.Sights = append(d.Sights, sight{saw, v.T(sightWords(saw))})
		}
		if seen[i] != "" {
			d.Saw = v.T(sightWords(seen[i]))
		}
		if proposals[i] != "" {
			d.decide(v, proposals[i])
		}
		list = append(list, d)
	}
	return list
}

// decide fills in how a second person answers a proposal.
func (d *doubtful) decide(v *View, proposal string) {
	d.Proposal = v.T(decisionWords(proposal))
	answer := func(method, label, question string) Button {
		return v.Ask(method, label).With("Pack", d.Pack).With("Decision", proposal).Asking(question, true)
	}
	d.Confirm = answer("Line.ConfirmQuarantine", v.T("Confirm: {}", d.Proposal), v.T("{}: {}? It is done at once, in the names of {} and of you. Say why.", d.Pack, d.Proposal, d.ProposedBy))
	d.Confirm.Grave = proposal == "scrap"
	if d.Confirm.Why == "" && v.User == d.ProposedBy {
		d.Confirm.Why = v.T("you have proposed it: another person has to confirm")
	}
	d.Refuse = answer("Line.RefuseQuarantine", v.T("Refuse"), v.T("Refuse what {} has proposed for {}? Say why.", d.ProposedBy, d.Pack))
}

func evidenceOf(v *View, pack string) (list []Words) {
	of := v.Names("Line.QuarantineEvidenceOf")
	for i, text := range v.Texts("Line.QuarantineEvidence") {
		if i < len(of) && of[i] == pack {
			list = append(list, text)
		}
	}
	return list
}

func choicesOf(v *View, pack string) (list []choice) {
	of, possible, texts := v.Names("Line.QuarantineChoiceOf"), v.Bools("Line.QuarantineChoicePossible"), v.Texts("Line.QuarantineChoiceTexts")
	for i, decision := range v.Names("Line.QuarantineChoices") {
		if i >= min(len(of), len(possible), len(texts)) || of[i] != pack {
			continue
		}
		words := v.T(decisionWords(decision))
		c := choice{Text: texts[i]}
		c.Propose = v.Ask("Line.ProposeQuarantine", v.T("Propose: {}", words)).With("Pack", pack).With("Decision", decision).
			Asking(v.T("Propose for {}: {}? Another person confirms or refuses it. Say why.", pack, words), true)
		if c.Propose.Why == "" && !possible[i] {
			c.Propose.Why = texts[i].Text
		}
		list = append(list, c)
	}
	return list
}
