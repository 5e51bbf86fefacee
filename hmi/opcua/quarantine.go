package opcua

import (
	"time"

	"linectl/line"
)

// quarantineFields are the packs of which nobody knows what was done to them. What there are several of for a pack, its evidence and
// its choices, stands in lists of its own that name the pack at each place.
var quarantineFields = []field[struct{}]{
	{name: "QuarantinePacks", kind: String, array: true, help: "Packs in quarantine that wait for a decision by two people, the oldest first; the other lists of Quarantine… have a place for each, but for Evidence and Choices.", value: doubtful(func(q line.QuarantineSnapshot) string { return string(q.Pack) })},
	{name: "QuarantineStations", kind: String, array: true, help: "Where each was given up.", value: doubtful(func(q line.QuarantineSnapshot) string { return string(q.Station) })},
	{name: "QuarantineActs", kind: Text, array: true, help: "The act that is in doubt; empty where none that leaves a mark is.", value: doubtful(func(q line.QuarantineSnapshot) string { return q.Act })},
	{name: "QuarantineSince", kind: Moment, array: true, help: "Since when each is there.", value: doubtful(func(q line.QuarantineSnapshot) time.Time { return q.Since })},
	{name: "QuarantineConclusions", kind: Text, array: true, help: "What the evidence says of each, in one sentence.", value: doubtful(func(q line.QuarantineSnapshot) string { return q.Conclusion })},
	{name: "QuarantineVoid", kind: Bool, array: true, help: "Whether it may be inspected: it lies in quarantine, and the device has confirmed that no block of the act can begin any more.", value: doubtful(func(q line.QuarantineSnapshot) bool { return q.Void })},
	{name: "QuarantineWaits", kind: Text, array: true, help: "What has to happen next.", value: doubtful(func(q line.QuarantineSnapshot) string { return q.Waits })},
	{name: "QuarantineSeen", kind: String, array: true, help: "What an inspection has found: done, not-done or unclear; empty where nobody has looked.", value: doubtful(func(q line.QuarantineSnapshot) string { return string(inspection(q).Saw) })},
	{name: "QuarantineInspectedBy", kind: String, array: true, help: "Who has looked.", value: doubtful(func(q line.QuarantineSnapshot) string { return inspection(q).By })},
	{name: "QuarantineRemarks", kind: Text, array: true, help: "What was seen, in the words of who has looked.", value: doubtful(func(q line.QuarantineSnapshot) string { return inspection(q).Remark })},
	{name: "QuarantineProposals", kind: String, array: true, help: "What a first person has proposed: rework, accept or scrap; empty if nothing.", value: doubtful(func(q line.QuarantineSnapshot) string { return string(proposal(q).Decision) })},
	{name: "QuarantineProposedBy", kind: String, array: true, help: "Who has proposed it; another person confirms or refuses it.", value: doubtful(func(q line.QuarantineSnapshot) string { return proposal(q).By })},

	{name: "QuarantineEvidence", kind: Text, array: true, help: "What is known, piece by piece.", value: evidence(func(_ line.PackID, text string) string { return text })},
	{name: "QuarantineEvidenceOf", kind: String, array: true, help: "The pack of each piece of QuarantineEvidence.", value: evidence(func(p line.PackID, _ string) string { return string(p) })},

	{name: "QuarantineChoices", kind: String, array: true, help: "rework, accept and scrap, for each pack; the other lists of QuarantineChoice… have a place for each.", value: choice(func(_ line.PackID, c line.DecisionSnapshot) string { return string(c.Decision) })},
	{name: "QuarantineChoiceOf", kind: String, array: true, help: "The pack of each choice.", value: choice(func(p line.PackID, _ line.DecisionSnapshot) string { return string(p) })},
	{name: "QuarantineChoicePossible", kind: Bool, array: true, help: "Whether it can be decided now.", value: choice(func(_ line.PackID, c line.DecisionSnapshot) bool { return c.Possible })},
	{name: "QuarantineChoiceTexts", kind: Text, array: true, help: "What would follow from it, or why it cannot be decided.", value: choice(func(_ line.PackID, c line.DecisionSnapshot) string { return c.Text })},
}

func inspection(q line.QuarantineSnapshot) line.QuarantineInspected {
	if q.Inspected == nil {
		return line.QuarantineInspected{}
	}
	return *q.Inspected
}

func proposal(q line.QuarantineSnapshot) line.QuarantineProposed {
	if q.Proposed == nil {
		return line.QuarantineProposed{}
	}
	return *q.Proposed
}

func doubtful[V any](part func(line.QuarantineSnapshot) V) func(*line.Snapshot, struct{}) any {
	return func(s *line.Snapshot, _ struct{}) any { return column(s.Quarantine, part) }
}

// ofEach makes one list of what there are several of for each pack.
func ofEach[T, V any](all func(line.QuarantineSnapshot) []T, part func(line.PackID, T) V) func(*line.Snapshot, struct{}) any {
	return func(s *line.Snapshot, _ struct{}) any {
		values := []V{}
		for _, q := range s.Quarantine {
			for _, one := range all(q) {
				values = append(values, part(q.Pack, one))
			}
		}
		return values
	}
}

func evidence(part func(line.PackID, string) string) func(*line.Snapshot, struct{}) any {
	return ofEach(func(q line.QuarantineSnapshot) []string { return q.Evidence }, part)
}

func choice[V any](part func(line.PackID, line.DecisionSnapshot) V) func(*line.Snapshot, struct{}) any {
	return ofEach(func(q line.QuarantineSnapshot) []line.DecisionSnapshot { return q.Choices }, part)
}

// quarantineMethods are how people inspect and decide. Who confirms or refuses is another person than who has proposed.
func (g *Gateway) quarantineMethods() []Node {
	pack := Argument{"Pack", String, "The pack, as it stands in QuarantinePacks."}
	decision := Argument{"Decision", String, "rework, accept or scrap"}
	decide := func(confirm, refuse bool) func([]any) (line.Command, error) {
		return func(a []any) (line.Command, error) {
			return line.DecideQuarantine{Pack: line.PackID(a[0].(string)), Decision: line.Decision(a[1].(string)), Confirm: confirm, Refuse: refuse}, nil
		}
	}
	return []Node{
		g.method("Line", "InspectQuarantine", "Says what was seen of a pack in quarantine. The reason is the remark, and is needed.", who(line.MayInspect),
			[]Argument{pack, {"Saw", String, "done, not-done or unclear"}}, func(a []any) (line.Command, error) {
				return line.InspectQuarantine{Pack: line.PackID(a[0].(string)), Saw: line.Seen(a[1].(string))}, nil
			}),
		g.method("Line", "ProposeQuarantine", "Proposes what becomes of a pack in quarantine. The reason is needed.", who(line.MayDecide), []Argument{pack, decision}, decide(false, false)),
		g.method("Line", "ConfirmQuarantine", "Confirms what another person has proposed: it is done. The reason is needed.", who(line.MayDecide), []Argument{pack, decision}, decide(true, false)),
		g.method("Line", "RefuseQuarantine", "Refuses what was proposed, so that something else can be. The reason is needed.", who(line.MayDecide), []Argument{pack, decision}, decide(false, true)),
	}
}
