package opcua_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopcua/opcua/ua"

	"linectl/internal/testnet"
	"linectl/line"
)

// A client sees two packs in quarantine with their evidence, each piece in its own language, and only Quality decides on them.
func TestPacksInQuarantineAreShownAndDecidedOn(t *testing.T) {
	t.Parallel()
	p := newPlant()
	p.session = "session of quentin"
	since := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	p.now.Quarantine = []line.QuarantineSnapshot{
		{
			Pack: "EV-P1-000001", Station: "ST060", Act: "laser weld 12", Since: since, Conclusion: "It was not done: the device says that nothing was applied.", Void: true,
			Evidence: []string{"ST060.welder had accepted act 1-7", "by the device's own account nothing was applied there"}, Waits: "somebody has to inspect it and say what was seen",
			Choices: []line.DecisionSnapshot{{Decision: line.DecisionRework, Text: "EV-P1-000001 has not been inspected: a person looks first and says what was seen"}},
		},
		{
			Pack: "EV-P1-000002", Station: "ST080", Since: since, Conclusion: "It was done, but its values are lost.", Void: true, Evidence: []string{"its scanner read EV-P1-000002"},
			Inspected: &line.QuarantineInspected{Saw: line.SeenDone, Remark: "whole", By: "omar"}, Proposed: &line.QuarantineProposed{Decision: line.DecisionScrap, By: "omar"},
			Choices: []line.DecisionSnapshot{{Decision: line.DecisionScrap, Possible: true, Text: "it stays where it lies and is scrap"}},
		},
	}
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{user: "quentin", password: "quentin-password", locale: "zh"})
	eventually(t, "the line is shown", good(t, c, "Line.QuarantinePacks"))
	for name, want := range map[string]any{
		"Line.QuarantinePacks": []string{"EV-P1-000001", "EV-P1-000002"}, "Line.QuarantineActs": []string{"激光焊 12", ""}, "Line.QuarantineSince": []time.Time{since, since},
		"Line.QuarantineConclusions": []string{"未执行：设备表明未施加任何能量。", "已执行，但其数值已丢失。"}, "Line.QuarantineVoid": []bool{true, true},
		"Line.QuarantineEvidence":   []string{"ST060.welder 已接受操作 1-7", "据设备自述，该处未施加任何能量", "其扫码器读到 EV-P1-000002"},
		"Line.QuarantineEvidenceOf": []string{"EV-P1-000001", "EV-P1-000001", "EV-P1-000002"}, "Line.QuarantineSeen": []string{"", "done"}, "Line.QuarantineProposals": []string{"", "scrap"},
		"Line.QuarantineProposedBy": []string{"", "omar"}, "Line.QuarantineChoices": []string{"rework", "scrap"}, "Line.QuarantineChoiceOf": []string{"EV-P1-000001", "EV-P1-000002"},
		"Line.QuarantineChoicePossible": []bool{false, true}, "Line.QuarantineWaits": []string{"须有人检查并说明所见", ""},
	} {
		v := read(t, c, name).Value.Value()
		if texts, ok := v.([]*ua.LocalizedText); ok {
			plain := make([]string, len(texts))
			for i, text := range texts {
				plain[i] = text.Text
			}
			v = plain
		}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for _, one := range []struct {
		method, argument string
		want             line.Command
	}{
		{"Line.InspectQuarantine", "not-done", line.InspectQuarantine{Pack: "EV-P1-000001", Saw: line.SeenNotDone}},
		{"Line.ProposeQuarantine", "rework", line.DecideQuarantine{Pack: "EV-P1-000001", Decision: line.DecisionRework}},
		{"Line.ConfirmQuarantine", "rework", line.DecideQuarantine{Pack: "EV-P1-000001", Decision: line.DecisionRework, Confirm: true}},
		{"Line.RefuseQuarantine", "rework", line.DecideQuarantine{Pack: "EV-P1-000001", Decision: line.DecisionRework, Refuse: true}},
	} {
		if res := call(t, c, "Line", one.method, "EV-P1-000001", one.argument, "", "no seam at 12"); res.StatusCode != ua.StatusOK {
			t.Errorf("%s: %v", one.method, res.StatusCode)
		}
		asked := p.requests()
		if last := asked[len(asked)-1]; last.Command != one.want || last.Why != "no seam at 12" || last.By != "quentin" {
			t.Errorf("%s asked for %+v", one.method, last)
		}
	}
	operator := b.mustDial(t, login{})
	if res := call(t, operator, "Line", "Line.ConfirmQuarantine", "EV-P1-000001", "rework", "", "why"); res.StatusCode != ua.StatusBadUserAccessDenied {
		t.Errorf("an operator confirms: %v", res.StatusCode)
	}
}
