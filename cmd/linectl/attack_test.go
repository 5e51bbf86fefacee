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
			if want := fmt.Sprintf("| %s | %s |", r.name, r.outcome); !strings.Contains(string(page), want) {
				t.Errorf("docs/security.md does not say %q", want)
			}
		})
	}
	t.Logf("\n%s", table.String())
}

// attack is one, and says what the attacker saw: "cut" and why, if that was it.
type attack struct {
	name   string
	attack func(*testing.T, *besieged) string
}
