package packml

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

//go:generate go test -run ^TestDocs$ -update .

var update = flag.Bool("update", false, "write docs/packml.md anew")

const page = "../docs/packml.md"

// TestDocs holds docs/packml.md to the table.
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
		t.Error("docs/packml.md is not what the table says; run make docs and read the difference")
	}
}

func document() string {
	var b strings.Builder
	b.WriteString(`# PackML states and commands

Written from the table in package ` + "`packml`" + ` by ` + "`make docs`" + `, and held to it by a test: do not edit.

Every station of the line runs this machine. Its names and numbers are those of ISA-TR88.00.02; the table is that of the 2022
edition with its default masks. It differs from 2015 in that Execute has no state complete of its own, Complete is taken in
Held and Suspended too, and Hold in Suspended.

- **Suspend** is for an outer cause, starved or blocked: the station goes on by itself when the cause is gone.
- **Hold** is for an inner cause: an operator unholds.
- **Abort** is for a fault: a person corrects the cause and clears.
- **SC**, state complete, is no command: an acting state ends by it.

` + "```mermaid\n" + Diagram() + "```\n\n")
	b.WriteString("## What leads where\n\nRows are states, columns are events; an empty field is a refusal.\n\n| No | State | Kind |")
	for c := SC; c.known() || c == SC; c++ {
		fmt.Fprintf(&b, " %s |", c)
	}
	b.WriteString("\n|" + strings.Repeat("---|", 3+len(commandNames)) + "\n")
	for s := Undefined; int(s) < len(stateNames); s++ {
		kind := "wait"
		switch {
		case s == Undefined:
			kind = "–"
		case s == Execute:
			kind = "dual"
		case s.Acting():
			kind = "acting"
		}
		fmt.Fprintf(&b, "| %d | %s | %s |", s, s, kind)
		for c := SC; int(c) < len(commandNames); c++ {
			if to, ok := target(s, c); ok {
				fmt.Fprintf(&b, " %s |", to)
			} else {
				b.WriteString("  |")
			}
		}
		b.WriteString("\n")
	}
	b.WriteString("\n## Unit modes\n\n| No | Mode | Without |\n|---|---|---|\n")
	for m := Production; m.known(); m++ {
		var without []string
		for c := CmdReset; c.known(); c++ {
			if m.lacks(c) {
				without = append(without, c.String())
			}
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", m, m, strings.Join(without, ", "))
	}
	b.WriteString(`
The mode changes in Stopped, Idle and Aborted only.

## Leaving states out

A machine may be made without some of its acting states: what leads there goes on to the state they would settle in. It may
be made without Suspended, Held or Complete: the commands that lead there are then refused. Stopped, Idle, Execute and Aborted
are always there. Undefined means that nobody knows yet; it takes no command.
`)
	return b.String()
}
