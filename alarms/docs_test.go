package alarms

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

//go:generate go test -run ^TestDocs$ -update .

var update = flag.Bool("update", false, "write docs/alarms.md anew")

const page = "../docs/alarms.md"

// TestDocs holds docs/alarms.md to the tables.
func TestDocs(t *testing.T) {
	want := document()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/alarms.md is not what the tables say; run make docs and read the difference")
	}
}

// TestTableIsComplete holds every definition to ISA-18.2: an alarm has a cause, a consequence, an action, a time to respond and
// a severity of one of the four; and no two mean the same identity.
func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range Table() {
		if d.Condition == "" || d.Title == "" || d.Cause == "" || d.Consequence == "" || d.Action == "" || d.Within <= 0 || d.Class == "" {
			t.Errorf("something is not said: %+v", d)
		}
		if d.Severity != line.SeverityLow && d.Severity != line.SeverityMedium && d.Severity != line.SeverityHigh && d.Severity != line.SeverityUrgent {
			t.Errorf("%s has severity %d, which is none of the four", d.Condition, d.Severity)
		}
		if seen[d.Condition] {
			t.Errorf("%s stands twice", d.Condition)
		}
		seen[d.Condition] = true
		if found, ok := Define("ST060/" + strings.TrimSuffix(d.Condition, "*")); !ok || found.Condition != d.Condition {
			t.Errorf("%s is found as %q", d.Condition, found.Condition)
		}
		if d.Again != 0 && d.Again < d.Within {
			t.Errorf("%s is annunciated again after %s, before its %s are over", d.Condition, d.Again, d.Within)
		}
	}
}

func document() string {
	var b strings.Builder
	b.WriteString(`# Alarms

Written from the tables in package ` + "`alarms`" + ` by ` + "`make docs`" + `, and held to them by a test: do not edit.

An alarm asks an operator to do something; what asks for nothing is a record and no alarm. Its identity is the station and the
condition, such as ` + "`ST060/held`" + `. The text of an alarm that stands names the device, the part and the reason of that moment; this page
says what it means in general.

## What each alarm means

`)
	for _, d := range Table() {
		fmt.Fprintf(&b, "### %s\n\n%s.\n\n", strings.ReplaceAll(d.Condition, "*", "ROLE"), d.Title)
		for _, row := range [][2]string{
			{"Severity", fmt.Sprintf("%d, %s", d.Severity, band(d.Severity))},
			{"Concerns", concerns[d.Class]},
			{"Cause", d.Cause},
			{"If nobody acts", d.Consequence},
			{"What to do", d.Action},
			{"Respond within", span(d.Within)},
			{"Treatment", treatment(d)},
		} {
			fmt.Fprintf(&b, "- **%s**: %s\n", row[0], row[1])
		}
		b.WriteString("\n")
	}
	b.WriteString("## Severities\n\n| Severity | Band of OPC 10000-9 | Meaning |\n|---|---|---|\n")
	for _, s := range []struct {
		severity int
		meaning  string
	}{
		{line.SeverityUrgent, "hazard, or doubt about what was done to a part"},
		{line.SeverityHigh, "a station is down"},
		{line.SeverityMedium, "a person must act soon"},
		{line.SeverityLow, "a consumable runs out"},
	} {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", s.severity, band(s.severity), s.meaning)
	}
	b.WriteString("\n## States\n\nThe letters are those of ISA-18.2.\n\n| State | Meaning |\n|---|---|\n")
	for _, s := range []State{Normal, Unacknowledged, Acknowledged, ReturnedUnseen, LatchedUnseen, LatchedSeen, Shelved, SuppressedByDesign, OutOfService} {
		fmt.Fprintf(&b, "| %s | %s |\n", string(s), s)
	}
	fmt.Fprintf(&b, `
- **Past occurrences.** When an alarm comes again before anybody has acknowledged it, the earlier occurrence stays in the list
  beside it, up to %d of one alarm; the last of them then stands for those beyond.
- **First out.** An alarm that comes within %s of the first active one of its station is shown as following from that one.
- **Shelving** needs who and why, lasts at most %s, returns alone, and is refused from severity %d on. So is taking an alarm out
  of service, which has no end and is for maintenance.
- **A latched alarm** stays after its cause is gone until somebody has acknowledged it and it, or its station, is reset.
- **An alarm that must be confirmed** leaves only when somebody says, after acknowledging, that the action was done.
- **An alarm that stands too long** is annunciated again and wants to be acknowledged once more.

Every one of these is a record, so that a restart forgets none of it. The delays that run begin anew.

## Suppression by design

An alarm that means nothing in the state of its station is raised and recorded, and not shown as wanting anything.

| Alarms concerning | State of the station | Mode | Because |
|---|---|---|---|
`, maxBranches, span(Window), span(line.MaxShelved), line.NeverShelved)
	for _, s := range suppression {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", concerns[s.class], orAny(s.State), orAny(s.Mode), s.why)
	}
	b.WriteString("\n## How good the alarms are\n\n`linectl alarm report` measures the alarms themselves, from the journal.\n\n| Figure | Should be |\n|---|---|\n")
	for _, f := range (Metrics{}).Findings() {
		fmt.Fprintf(&b, "| %s | %s %s |\n", f.What, f.Target, f.Unit)
	}
	fmt.Fprintf(&b, `
An alarm counts when the operator is told: it comes while it is not hidden, comes back from hiding, or is repeated. What follows
from a first-out alarm does not count by itself. A flood begins with ten minutes of more than %d alarms and ends with ten of fewer
than %d. Three times within %s is chattering; gone within %s is fleeting; active for more than %s is stale.
`, floodAbove, floodBelow, span(chatterIn), span(fleetingIn), span(staleAfter))
	return b.String()
}

// concerns says what the alarms of a class are about.
var concerns = map[Class]string{Process: "the work at the station", Equipment: "the equipment", Person: "what a person must decide or look at"}

// band names the band of OPC 10000-9 in which a severity lies.
func band(severity int) string {
	return []string{"low", "medium-low", "medium", "medium-high", "high"}[(severity-1)/200]
}

func treatment(d Definition) string {
	var words []string
	if d.OnDelay > 0 {
		words = append(words, "raised after "+span(d.OnDelay))
	}
	if d.OffDelay > 0 {
		words = append(words, "cleared when its cause is gone for "+span(d.OffDelay))
	}
	if d.Confirm {
		words = append(words, "must be confirmed")
	}
	if d.Latch {
		words = append(words, "latched")
	}
	if d.Again > 0 {
		words = append(words, "annunciated again after "+span(d.Again))
	}
	if d.Severity >= line.NeverShelved {
		words = append(words, "never shelved")
	}
	return strings.Join(words, "; ")
}

// span writes a time as people say it.
func span(d time.Duration) string {
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "min"}, {time.Second, "s"}} {
		if d >= u.of && d%u.of == 0 {
			return fmt.Sprintf("%d %s", d/u.of, u.name)
		}
	}
	return d.String()
}

func orAny(s string) string {
	if s == "" {
		return "any"
	}
	return s
}
