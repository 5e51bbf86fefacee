package checker_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/checker"
)

// moreSpoils are those of the other files of this test.
var moreSpoils = slices.Concat(deathSpoils, buildSpoils, momentSpoils, resourceSpoils)

// death is the last death of the shift.
func death(t *testing.T, e *checker.Evidence) *checker.Death {
	t.Helper()
	if len(e.Deaths) != 2 || len(e.Deaths[1].Shown) == 0 {
		t.Fatalf("the shift has not died as it should: %+v", e.Deaths)
	}
	e.Deaths = slices.Clone(e.Deaths)
	d := &e.Deaths[1]
	d.Shown = slices.Clone(d.Shown)
	return d
}

var deathSpoils = []spoil{
	{"I15", "the device lets go of a result that is nowhere on record", func(t *testing.T, e *checker.Evidence) {
		drop(t, e, entry(t, e, "act-done", `"token":"`+happening(t, e, "freed", 0).Token+`"`, 1))
	}},
	{"I15", "the device lets go of a result before it is on record", func(t *testing.T, e *checker.Evidence) {
		entry(t, e, "act-done", `"token":"`+happening(t, e, "freed", 0).Token+`"`, 1).Micros += 1e6
	}},
	{"I15", "the device lets go of the result of an act that is on record as refused", func(t *testing.T, e *checker.Evidence) {
		entry(t, e, "act-done", `"token":"`+happening(t, e, "freed", 0).Token+`"`, 1).Kind = "act-refused"
	}},
	{"I15", "an act is void that is still open", func(t *testing.T, e *checker.Evidence) {
		again := *happening(t, e, "freed", 0)
		again.What, again.Token = "void", "9-9"
		e.Truth = append(e.Truth, again)
	}},
	{"I15", "an act of which nothing was done is void before it is on record that it is given up, and the device had not refused it", func(t *testing.T, e *checker.Evidence) {
		again := *happening(t, e, "freed", 0)
		e.Truth = slices.Clone(e.Truth)
		for i := range e.Truth {
			if e.Truth[i].Token == again.Token {
				e.Truth[i].Token = ""
			}
		}
		end := entry(t, e, "act-done", `"token":"`+again.Token+`"`, 1)
		end.Kind, again.What, again.At = "act-quarantined", "void", end.At().Add(-time.Second)
		e.Truth = append(e.Truth, again)
	}},
	{"I15", "a result that a device had let go of was lost in the kill", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		for i := range e.Truth[:d.Truth] {
			if h := &e.Truth[i]; h.What == "freed" {
				d.Found = entry(t, e, "act-done", `"token":"`+h.Token+`"`, 1).Seq - 1
			}
		}
	}},
	{"I15", "an intent that a device had obeyed was lost in the kill", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		for i := range e.Truth[:d.Truth] {
			if h := &e.Truth[i]; h.What == "effect" {
				d.Found = entry(t, e, "intent", `"token":"`+h.Token+`"`, 1).Seq - 1
			}
		}
	}},
	{"I15", "what a person was told was lost in the kill", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		d.Found, d.Truth = entry(t, e, "command-applied", `"request":"`+e.Asked[d.Asked-1].Request+`"`, 1).Seq-1, 0
	}},
	{"I15", "a refusal that was told and is not on record", func(_ *testing.T, e *checker.Evidence) {
		e.Asked = append(e.Asked, checker.Ask{Request: "lost", By: "amna", Told: "refused"})
	}},
	{"I10", "the last entry before the kill was written anew", func(t *testing.T, e *checker.Evidence) {
		e.Journal[death(t, e).Found-1].Micros++
	}},
	{"I10", "an entry was taken out after the kill", func(t *testing.T, e *checker.Evidence) {
		drop(t, e, &e.Journal[death(t, e).Found/2])
	}},
	{"I10", "the end of the journal was cut off after the kill", func(t *testing.T, e *checker.Evidence) {
		e.Journal = e.Journal[:death(t, e).Found-1]
	}},
	{"I14", "an alarm that nobody has acknowledged is gone after the kill", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		i := slices.IndexFunc(d.Shown, func(s checker.Listing) bool { return !s.Acknowledged })
		d.Shown = slices.Delete(d.Shown, i, i+1)
	}},
	{"I14", "an alarm was acknowledged by the kill", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		i := slices.IndexFunc(d.Shown, func(s checker.Listing) bool { return !s.Acknowledged })
		d.Shown[i].Acknowledged = true
	}},
	{"I14", "an alarm ended by the kill", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		d.Shown[0].Active = !d.Shown[0].Active
	}},
	{"I14", "an alarm that was never raised is shown after the kill", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		d.Shown = append(d.Shown, checker.Listing{Alarm: "ST060/held", Occurrence: 99, Active: true})
	}},
	{"I14", "an alarm that the successor itself has raised is not in the list that is seen later", func(t *testing.T, e *checker.Evidence) {
		d := death(t, e)
		for i := range e.Journal[d.Found:] {
			if k := &e.Journal[int(d.Found)+i]; k.Kind == "alarm-raised" { //nolint:gosec // small
				d.Listed = k.Seq
				return
			}
		}
		t.Fatal("no alarm after the death")
	}},
}

func TestDeathsAreRead(t *testing.T) {
	deaths, err := checker.ReadDeaths(strings.NewReader(`{"truth":3,"asked":1,"found":7,"last":"ab","shown":[{"alarm":"ST060/held","occurrence":2,"active":true}]}` + "\n{\"tr"))
	if err != nil || len(deaths) != 1 || deaths[0].Found != 7 || !deaths[0].Shown[0].Active {
		t.Errorf("%+v, %v", deaths, err)
	}
	if _, err := checker.ReadDeaths(strings.NewReader("nonsense\n")); err == nil {
		t.Error("damage is passed over")
	}
}
