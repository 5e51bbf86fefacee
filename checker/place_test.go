package checker_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"linectl/checker"
)

// misreadings is a shift in which the scanner of ST010 was made to read one cell as another, which then came itself and was put into
// another bin.
var misreadings = sync.OnceValues(func() (checker.Evidence, error) { return lived("seed-4152") })

// misreading puts that shift in the place of the other, and finds the fault and the move by which the code came into its bin on record.
func misreading(t *testing.T, e *checker.Evidence) (lie, moved *checker.Happening) {
	t.Helper()
	shift, err := misreadings()
	if err != nil {
		t.Fatal(err)
	}
	*e = *cloned(shift)
	order := string(entry(t, e, "intent", `"name":"place cell","part":"`+misreadCode+`"`, 1).Body)
	for i := range e.Truth {
		switch h := &e.Truth[i]; {
		case h.What == "fault" && strings.HasPrefix(h.Text, "wrong-part "):
			lie = h
		case h.What == "moved" && strings.Contains(order, `"token":"`+h.Token+`"`):
			moved = h
		}
	}
	if lie == nil || moved == nil || moved.Cell == misreadCode {
		t.Fatalf("no other cell was put away as %s: %+v, %+v", misreadCode, lie, moved)
	}
	return lie, moved
}

const misreadCode = "LCTCE03L352001GA90000069"

// misread is that shift as it was, with another fault in place of the one that let the scanner read wrong.
func misread(fault string) func(*testing.T, *checker.Evidence) {
	return func(t *testing.T, e *checker.Evidence) {
		lie, _ := misreading(t, e)
		lie.Text = fault
	}
}

// doubtful lets it be on record of a cell that was put into a bin that nobody knows where it is, and returns the act of which that is so.
func doubtful(t *testing.T, e *checker.Evidence) (act *checker.Entry) {
	t.Helper()
	moved := entry(t, e, "part-moved", `"to":"NG`, 1)
	for i := range e.Truth {
		if h := &e.Truth[i]; h.What == "moved" && strings.HasPrefix(h.To, "bin ") && h.Cell != "" && bytes.Contains(moved.Body, []byte(`"`+h.Cell+`"`)) {
			act = entry(t, e, "act-done", `"token":"`+h.Token+`"`, 1)
		}
	}
	if act == nil {
		t.Fatalf("nothing was put into a bin by %s", moved.Body)
	}
	moved.Body = []byte(strings.Replace(string(moved.Body), `"to":"NG`, `"to":"ST910","was":"NG`, 1))
	return act
}

// placeExemptions are of the places of cells.
var placeExemptions = []exemption{
	{
		"I23", "a cell in a bin, of which the record says that nobody knows where it was put",
		func(t *testing.T, e *checker.Evidence) { unknown(doubtful(t, e)) },
		func(t *testing.T, e *checker.Evidence) { doubtful(t, e) },
	},
	{"I23", "a cell whose code a fault let a scanner read of another one", misread("wrong-part ST010.scanner for 7.567s"), misread("weld-nok ST010 for 7.567s")},
	{"I23", "a cell whose code a fault let this scanner read of another one", misread("wrong-part ST010 for 7.567s"), misread("wrong-part ST020 for 7.567s")},
	{"I23", "a cell whose code was read of another one while the fault lasted", misread("wrong-part ST010 for 1.21s"), misread("wrong-part ST010 for 1.2s")},
	{
		"I23", "a cell that is on record where another one was put",
		func(t *testing.T, e *checker.Evidence) { misreading(t, e) },
		func(t *testing.T, e *checker.Evidence) {
			_, moved := misreading(t, e)
			moved.Cell = misreadCode
		},
	},
}
