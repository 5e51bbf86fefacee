package traceability

import (
	"fmt"
	"testing"

	"linectl/line"
)

// The quality engineer asks who had which role when, and who asked for what with which right.
func TestAccountsAndAuditInTheTables(t *testing.T) {
	h := newHistory()
	h.add("", "", line.UserAdded{User: "amna", Roles: []line.Role{line.Viewer}, By: "sana", Why: "new"})
	h.add("", "", line.PasswordChanged{User: "amna", Number: 1, By: "sana"})
	h.add("", "", line.RoleChanged{User: "amna", Old: []line.Role{line.Viewer}, New: []line.Role{line.Quality}, By: "sana", Why: "day shift"})
	h.add("", "", line.UserDisabled{User: "amna", By: "sana", Why: "left"})
	h.add("", "", line.UserDisabled{User: "amna", Back: true, By: "sana"})
	h.add("", "", line.CommandApplied{
		Request: "7", By: "amna", Account: "amna", Origin: line.FromSession, Roles: []line.Role{line.Quality}, Why: "case H-0042",
		Command: "hold L1, release false", Accepted: true, Reply: "L1 is held", Old: "not held", New: "held by amna: case H-0042",
	})
	s := openStore(t, t.TempDir())
	if _, err := s.Append(h.records); err != nil {
		t.Fatal(err)
	}
	read := func(query string) string {
		rows, err := s.reader.db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		text := ""
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			text += line + "\n"
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return text
	}
	want := `amna added ["Viewer"] sana new
amna password [] sana 
amna roles ["Quality"] sana day shift
amna disabled [] sana left
amna enabled [] sana 
`
	if got := read("SELECT name || ' ' || change || ' ' || roles || ' ' || actor || ' ' || why FROM account_changes ORDER BY seq"); got != want {
		t.Errorf("changes:\n%swant:\n%s", got, want)
	}
	want = fmt.Sprintln(`7 amna session ["Quality"] not held → held by amna: case H-0042`)
	if got := read("SELECT request || ' ' || account || ' ' || origin || ' ' || roles || ' ' || old_value || ' → ' || new_value FROM actions"); got != want {
		t.Errorf("audit:\n%swant:\n%s", got, want)
	}
}
