package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestTheGatewayUnderAttack makes each attack on one running line. After each the line has not missed a scan, and the operator
// is answered within five seconds. The table is that of docs/security.md, which must say what happened.
func TestTheGatewayUnderAttack(t *testing.T) {
	b := besiege(t)
	page, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	for _, a := range append(strangersAttacks(), clientsAttacks()...) {
		t.Run(a.name, func(t *testing.T) {
			r := b.suffer(t, a.name, func(t *testing.T) string { return a.attack(t, b) })
			fmt.Fprintf(&table, "| %s | %s | %s | %d ms | %d MB |\n", r.name, r.outcome, r.seen, r.answer.Milliseconds(), r.peak)
			if want := fmt.Sprintf("| %s | %s | %s", r.name, r.outcome, told(r.seen)); !strings.Contains(string(page), want) {
				t.Errorf("docs/security.md does not say %q", want)
			}
		})
	}
	t.Logf("\n%s", table.String())
}

// told is what the attacker saw, as the table says it: without the word that stands in the second column, and without what
// was measured in this run only.
func told(seen string) string {
	seen, _, _ = strings.Cut(seen, ";")
	if why, ok := strings.CutPrefix(seen, "cut"); ok {
		seen = strings.TrimLeft(why, ":, ")
	}
	if seen == "" {
		return "without a word |"
	}
	return seen
}

// attack is one, and says what the attacker saw: "cut" and why, if that was it.
type attack struct {
	name   string
	attack func(*testing.T, *besieged) string
}
