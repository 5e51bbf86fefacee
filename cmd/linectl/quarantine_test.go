package main

import (
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// Story: whoever looks at a pack in quarantine reads what to type next, at every moment from the act that was cut off to the decision.
func TestQuarantineSaysWhatToTypeNext(t *testing.T) {
	at := func(state string) line.Snapshot {
		return line.Snapshot{Stations: []line.StationSnapshot{{Station: "ST040", State: "Aborted", Pack: "P-2"}, {Station: "ST060", State: state, Pack: "P-1"}}}
	}
	waits := line.QuarantineSnapshot{Pack: "P-1", Waits: "P-1 is still at ST060: it has to come to ST910 first"}
	for name, c := range map[string]struct {
		q    line.QuarantineSnapshot
		line line.Snapshot
		want string
	}{
		"station aborted": {waits, at("Aborted"), "next:   linectl command ST060 Clear\nthen:   linectl command ST060 Reset\nthen:   linectl command ST060 Start\n"},
		"station cleared": {waits, at("Stopped"), "next:   linectl command ST060 Reset\nthen:   linectl command ST060 Start\n"},
		"station reset":   {waits, at("Idle"), "next:   linectl command ST060 Start\n"},
		"station held":    {waits, at("Held"), "next:   linectl command ST060 Unhold\n"},
		"it moves alone":  {waits, at("Execute"), ""},
		"in quarantine":   {line.QuarantineSnapshot{Pack: "P-1", Void: true}, line.Snapshot{}, "next:   linectl quarantine inspect P-1 done|not-done|unclear --as USER --why WHAT\n"},
		"inspected": {
			line.QuarantineSnapshot{Pack: "P-1", Void: true, Choices: []line.DecisionSnapshot{{Decision: "rework"}, {Decision: "accept", Possible: true}, {Decision: "scrap", Possible: true}}},
			line.Snapshot{},
			"next:   linectl quarantine decide P-1 accept|scrap --as USER --why REASON\n",
		},
		"proposed": {
			line.QuarantineSnapshot{Pack: "P-1", Void: true, Proposed: &line.QuarantineProposed{Decision: "accept", By: "amna"}},
			line.Snapshot{},
			"next:   linectl quarantine decide P-1 accept --confirm --as USER --why REASON\nor:     linectl quarantine decide P-1 accept --refuse --as USER --why REASON\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			c.q.Since = time.Unix(0, 0)
			if err := writeQuarantine(&out, c.q, c.line); err != nil {
				t.Fatal(err)
			}
			_, next, found := strings.Cut(out.String(), "next:")
			if next = "next:" + next; !found {
				next = ""
			}
			if next != c.want {
				t.Errorf("it says\n%swant, at its end,\n%s", out.String(), c.want)
			}
		})
	}
}
