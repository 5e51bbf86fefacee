package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// Story: three alarms came one after the other, one order is running and one has lost a pack for good, a lot is held. What is gravest
// stands first, and a filled order is no longer shown.
func TestStatusShowsWhatMatters(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	s := line.Snapshot{
		At: at,
		Orders: []line.OrderSnapshot{
			{Order: "filled", Product: "ESS-P2", Quantity: 2, Started: 2, Released: 2},
			{Order: "running", Product: "ESS-P2", Quantity: 5, Started: 3, Released: 1, Scrapped: 1},
			{Order: "lost", Product: "EV-P1", Quantity: 4, Started: 4, Released: 2, Scrapped: 1, Quarantined: 1},
		},
		Holds:   []line.HoldSet{{Subject: "L1-001", Reason: "case H-0042", By: "Sana"}},
		Prompts: []line.PromptSnapshot{{Prompt: "ST900/decide/EV-P1-000001/1", Options: []string{"rework", "scrap"}, Text: "What becomes of EV-P1-000001?"}},
		Alarms: []line.AlarmSnapshot{
			{Alarm: "ST040/pads-low", Severity: line.SeverityLow, Since: at, Active: true},
			{Alarm: "ST070/link-lost", Severity: line.SeverityHigh, Since: at.Add(2 * time.Second), Active: true},
			{Alarm: "ST060/link-lost", Severity: line.SeverityHigh, Since: at.Add(time.Second), Active: true},
		},
	}
	var b strings.Builder
	if err := writeStatus(&b, s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^running +ESS-P2 +5 +3 +1 +1 +0 +open *$`,
		`(?m)^lost +EV-P1 +4 +4 +2 +1 +1 +short of 2 *$`,
		`(?m)^ST900/decide/EV-P1-000001/1 +rework, scrap +What becomes of EV-P1-000001\?$`,
		`(?m)^L1-001 +Sana +case H-0042$`,
		`(?s)ST060/link-lost.*ST070/link-lost.*ST040/pads-low`,
	} {
		if !regexp.MustCompile(want).MatchString(b.String()) {
			t.Errorf("%s is not in:\n%s", want, &b)
		}
	}
	if strings.Contains(b.String(), "filled") {
		t.Errorf("a filled order is shown:\n%s", &b)
	}
	if s.Alarms[0].Alarm != "ST040/pads-low" {
		t.Error("the snapshot itself was sorted")
	}
}
