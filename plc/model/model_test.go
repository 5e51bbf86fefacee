package model_test

import (
	"strings"
	"testing"

	"linectl/plc/model"
)

const most = 4_000_000 // states; the largest model below has 2.7 million

// TestTheRulesSuffice visits everything that can happen to one joint and to two, with everything that can go wrong.
func TestTheRulesSuffice(t *testing.T) {
	for name, m := range map[string]model.Model{
		"one joint, three messages":                {Joints: 1, Tokens: 3, Slots: 3, Crashes: 1, Reboots: 1, Losses: 1},
		"one joint, two crashes, two reboots":      {Joints: 1, Tokens: 3, Slots: 2, Crashes: 2, Reboots: 2, Losses: 1},
		"one joint, a paused supervisor":           {Joints: 1, Tokens: 2, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1, Pauses: 1},
		"two joints":                               {Joints: 2, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
		"two joints, a supervisor that was paused": {Joints: 2, Tokens: 2, Slots: 2, Reboots: 1, Losses: 1, Pauses: 1},

		"class B, two crashes, two reboots": {Class: model.B, Count: 1, Joints: 1, Tokens: 3, Slots: 3, Crashes: 2, Reboots: 2, Losses: 1},
		"class B, a counter at nought":      {Class: model.B, Joints: 1, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 2, Losses: 2},
		"class B, two joints":               {Class: model.B, Count: 1, Joints: 2, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
		"class C, two crashes, two reboots": {Class: model.C, Joints: 1, Tokens: 3, Slots: 3, Crashes: 2, Reboots: 2, Losses: 1},
		"class C, two joints":               {Class: model.C, Joints: 2, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := m.Search(most, false)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d states, %d steps: %d complete, %d quarantined, %d reworked", r.States, r.Steps, r.Complete, r.Quarantined, r.Reworked)
			if r.Bad() > 0 {
				t.Errorf("welded twice %d, not welded %d, welded late %d, stuck %d, forgotten %d:\n  %s", r.Twice, r.Untrue, r.Late, r.Stuck, r.Forgot, strings.Join(r.Example, "\n  "))
			}
			if r.Complete == 0 || r.Quarantined == 0 || r.Reworked == 0 {
				t.Error("the search came nowhere and shows nothing")
			}
		})
	}
}

// small is enough to find what a missing rule does.
var small = []model.Model{
	{Joints: 1, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
	{Joints: 2, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
	{Joints: 1, Tokens: 3, Slots: 2, Reboots: 1, Losses: 1, Pauses: 1},
}

// plain is the same for the rules of classes B and C.
var plain = []model.Model{
	{Class: model.B, Count: 1, Joints: 1, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
	{Class: model.B, Joints: 1, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
	{Class: model.C, Joints: 2, Tokens: 3, Slots: 2, Crashes: 1, Reboots: 1, Losses: 1},
}

// TestNoRuleCanBeDropped leaves out one rule after the other, and the search finds what it was for.
func TestNoRuleCanBeDropped(t *testing.T) {
	for rule := model.None + 1; rule <= model.LastRule; rule++ {
		t.Run(rule.String(), func(t *testing.T) {
			var found model.Result
			models := small
			if rule > model.LastRuleOfA {
				models = plain
			}
			for _, m := range models {
				m.Broken = rule
				r, err := m.Search(most, true)
				if err != nil {
					t.Fatal(err)
				}
				if r.Bad() > 0 {
					found = r
					break
				}
			}
			switch {
			case rule == model.NoFenceCheck && found.Bad() > found.Forgot:
				t.Errorf("the device's look at the fence is no second lock any more; say so in the package comment:\n  %s", strings.Join(found.Example, "\n  "))
			case found.Bad() == 0:
				t.Error("nothing happens without this rule; then it is not needed, or the model does not show what for")
			default:
				t.Logf("welded twice %d, not welded %d, welded late %d, forgotten %d:\n  %s", found.Twice, found.Untrue, found.Late, found.Forgot, strings.Join(found.Example, "\n  "))
			}
		})
	}
}

// TestWhatNoDriverCanMend shows what the page says in bold: a device that refuses nobody obeys a second supervisor.
func TestWhatNoDriverCanMend(t *testing.T) {
	for _, class := range []model.Class{model.B, model.C} {
		m := model.Model{Class: class, Count: 1, Joints: 1, Tokens: 3, Slots: 2, Pauses: 1}
		r, err := m.Search(most, true)
		if err != nil {
			t.Fatal(err)
		}
		if r.Twice == 0 {
			t.Errorf("class %d: a supervisor that wakes up does no harm; say so in docs/handshake.md", class)
		}
		t.Logf("class %d:\n  %s", class, strings.Join(r.Example, "\n  "))
	}
}

func TestASearchThatIsTooLargeSaysSo(t *testing.T) {
	if _, err := small[0].Search(1000, false); err == nil {
		t.Error("a search that was cut off looks like one that has found nothing")
	}
}
