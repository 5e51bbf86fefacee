package checker_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/checker"
	"linectl/line"
	"linectl/test/campaign"
)

// shift is one real shift: a pack of each product with the plant's usual defects and two kills, so that there are reworks, rejected
// cells and other incarnations in it.
var shift = sync.OnceValues(func() (checker.Evidence, error) {
	out, err := campaign.Run(campaign.Plan{
		Seed:   1,
		Orders: []line.AddOrder{{Order: "a", Product: "ESS-P2", Quantity: 1}, {Order: "b", Product: "DRN-P3", Quantity: 1}, {Order: "c", Product: "EV-P1", Quantity: 1}},
		Kills:  []campaign.Kill{{Append: 400, Durable: true}, {Append: 900}},
	})
	return out.Evidence, err
})

// evidence returns a copy of the shift's that a test may spoil.
func evidence(t *testing.T) *checker.Evidence {
	t.Helper()
	e, err := shift()
	if err != nil {
		t.Fatal(err)
	}
	return cloned(e)
}

func cloned(e checker.Evidence) *checker.Evidence {
	e.Truth, e.Journal, e.Asked = slices.Clone(e.Truth), slices.Clone(e.Journal), slices.Clone(e.Asked)
	for i := range e.Journal {
		e.Journal[i].Body = bytes.Clone(e.Journal[i].Body)
	}
	return &e
}

// entry finds the n-th entry of a kind whose body holds a text, from 1.
func entry(t *testing.T, e *checker.Evidence, kind, holds string, n int) *checker.Entry {
	t.Helper()
	for i := range e.Journal {
		if e.Journal[i].Kind == kind && strings.Contains(string(e.Journal[i].Body), holds) {
			if n--; n == 0 {
				return &e.Journal[i]
			}
		}
	}
	t.Fatalf("no entry %s with %s", kind, holds)
	return nil
}

func happening(t *testing.T, e *checker.Evidence, what string, task int) *checker.Happening {
	t.Helper()
	for i := range e.Truth {
		if e.Truth[i].What == what && (task == 0 || e.Truth[i].Task == task) {
			return &e.Truth[i]
		}
	}
	t.Fatalf("nothing of the kind %s %d has happened", what, task)
	return nil
}

func change(t *testing.T, e *checker.Entry, from, to string) {
	t.Helper()
	if !bytes.Contains(e.Body, []byte(from)) {
		t.Fatalf("%s has no %s", e.Body, from)
	}
	e.Body = bytes.Replace(e.Body, []byte(from), []byte(to), 1)
}

// drop takes an entry out and closes the gap, as somebody would who wants it not to be seen.
func drop(t *testing.T, e *checker.Evidence, one *checker.Entry) {
	t.Helper()
	i := int(one.Seq - 1) //nolint:gosec // small
	e.Journal = slices.Delete(e.Journal, i, i+1)
	for j := i; j < len(e.Journal); j++ {
		e.Journal[j].Seq--
	}
}

// spoil is one way in which sound evidence is spoiled, and the invariant that must be violated then.
type spoil struct {
	id, name string
	spoil    func(*testing.T, *checker.Evidence)
}

// TestEachInvariantCanFail spoils the evidence of a sound shift in one way after the other.
func TestEachInvariantCanFail(t *testing.T) {
	if all, err := checker.Check(*evidence(t)); err != nil || len(all) > 0 {
		t.Fatalf("the shift is not sound: %v\n%s", err, checker.Report(all, 20))
	}
	caught := map[string]bool{}
	for _, tt := range slices.Concat(moreSpoils, []spoil{
		{"I1", "a joint is welded twice", func(t *testing.T, e *checker.Evidence) {
			again := *happening(t, e, "effect", 41)
			e.Truth = append(e.Truth, again)
		}},
		{"I1", "a rework that nobody has ordered", func(t *testing.T, e *checker.Evidence) { happening(t, e, "effect", 41).Rework = true }},
		{"I2", "a weld that nobody intended", func(t *testing.T, e *checker.Evidence) { happening(t, e, "effect", 41).Token = "9-9" }},
		{"I2", "a weld before its intent", func(t *testing.T, e *checker.Evidence) {
			h := happening(t, e, "effect", 41)
			h.At = h.At.Add(-time.Hour)
		}},
		{"I3", "an intent without an end", func(t *testing.T, e *checker.Evidence) { drop(t, e, entry(t, e, "act-done", `"task":41`, 5)) }},
		{"I4", "a value that was made a little better", func(t *testing.T, e *checker.Evidence) {
			h := happening(t, e, "measured", 41)
			for name := range h.Values {
				h.Values = map[string]float64{name: h.Values[name] * 1.0000001}
			}
		}},
		{"I5", "another cell lies in the slot", func(t *testing.T, e *checker.Evidence) { happening(t, e, "placed", 31).Cell = "SOMEOTHERCELL" }},
		{"I6", "a rejected cell is placed", func(t *testing.T, e *checker.Evidence) {
			cell := happening(t, e, "placed", 31).Cell
			change(t, entry(t, e, "cell-graded", cell, 1), `"verdict":"OK","bin"`, `"verdict":"NOK","bin"`)
		}},
		{"I4", "a value on record for an act that was aborted", func(t *testing.T, e *checker.Evidence) {
			one := entry(t, e, "act-done", `"task":41`, 1)
			change(t, one, `"outcome":1`, `"outcome":4`)
			change(t, one, `"verdict":"OK"`, `"verdict":"NOK"`)
			happening(t, e, "measured", 41).Token = "9-9"
		}},
		{"I19", "a weld is asked for with the guard open", func(t *testing.T, e *checker.Evidence) {
			e.Truth = append(e.Truth, checker.Happening{What: "fault", Text: "guard-open ST060.welder at joint 1 for 5s", At: entry(t, e, "intent", `"task":41`, 1).At().Add(-time.Second)})
		}},
		{"I6", "a cell is in two packs", func(t *testing.T, e *checker.Evidence) {
			again := *happening(t, e, "placed", 31)
			again.Part = "EV-P1-000009"
			e.Truth = append(e.Truth, again)
		}},
		{"I7", "a step is missing", func(t *testing.T, e *checker.Evidence) { drop(t, e, entry(t, e, "step-done", `"step":"endofline"`, 1)) }},
		{"I7", "a verdict is NOK", func(t *testing.T, e *checker.Evidence) {
			r := entry(t, e, "act-done", `"task":117`, 1)
			i := bytes.LastIndex(r.Body, []byte(`"verdict":"OK"`))
			r.Body = slices.Concat(r.Body[:i], []byte(`"verdict":"NOK"`), r.Body[i+len(`"verdict":"OK"`):])
		}},
		{"I8", "a scrapped pack left as good", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "pack-disposed", "released", 1), `"released"`, `"scrapped"`)
		}},
		{"I9", "another recipe than the pinned one", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "intent", `"task":41`, 1), `"recipe_hash":"`, `"recipe_hash":"0`)
		}},
		{"I9", "a recipe that was changed", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "recipe-pinned", "", 1), "status: approved", "status: approved ")
		}},
		{"I10", "a gap", func(_ *testing.T, e *checker.Evidence) { e.Journal = slices.Delete(e.Journal, 50, 51) }},
		{"I10", "a hash that does not follow", func(_ *testing.T, e *checker.Evidence) { e.Journal[50].Hash = make([]byte, 32) }},
		{"I11", "done, and nowhere on record", func(_ *testing.T, e *checker.Evidence) {
			e.Asked = append(e.Asked, checker.Ask{Request: "lost", By: "amna", Told: "done"})
		}},
		{"I11", "refused, and done", func(_ *testing.T, e *checker.Evidence) {
			i := slices.IndexFunc(e.Asked, func(a checker.Ask) bool { return a.Told == "done" })
			e.Asked[i].Told = "refused"
		}},
		{"I12", "a state is skipped", func(t *testing.T, e *checker.Evidence) {
			drop(t, e, entry(t, e, "state-changed", `"to":"Starting"`, 1))
		}},
		{"I12", "a way that PackML does not have", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "state-changed", `"to":"Starting"`, 1), `"to":"Starting"`, `"to":"Execute"`)
		}},
		{"I12", "a station works though nobody has set it going", func(t *testing.T, e *checker.Evidence) {
			start := entry(t, e, "line-started", "", 2)
			late := *entry(t, e, "intent", `"task":41`, 1)
			late.Seq = start.Seq + 1
			e.Journal = slices.Insert(e.Journal, int(start.Seq), late) //nolint:gosec // small
		}},
		{"I12", "no cause", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "state-changed", `"cause":"Reset by operator"`, 1), "Reset by operator", "")
		}},
		{"I13", "a decision that nobody has proposed", func(_ *testing.T, e *checker.Evidence) {
			e.Journal = append(e.Journal, checker.Entry{
				Seq: uint64(len(e.Journal) + 1), Kind: "quarantine-decided", Pack: "EV-P1-000001", Body: []byte(`{"decision":"scrap","by":"amna","account":"local:amna"}`),
			})
		}},
		{"I14", "an alarm that clears twice", func(t *testing.T, e *checker.Evidence) {
			again := *entry(t, e, "alarm-cleared", "", 1)
			again.Seq = uint64(len(e.Journal) + 1)
			e.Journal = append(e.Journal, again)
		}},
		{"I14", "an alarm that nobody has seen is acknowledged", func(t *testing.T, e *checker.Evidence) {
			seen := *entry(t, e, "alarm-cleared", "", 1)
			seen.Seq, seen.Kind = uint64(len(e.Journal)+1), "alarm-acknowledged"
			e.Journal = append(e.Journal, seen)
		}},
		{"I17", "a released pack is welded", func(t *testing.T, e *checker.Evidence) {
			again := *entry(t, e, "intent", `"task":41`, 1)
			again.Seq = uint64(len(e.Journal) + 1)
			e.Journal = append(e.Journal, again)
		}},
		{"I18", "an old supervisor is obeyed", func(_ *testing.T, e *checker.Evidence) {
			h := &e.Truth[len(e.Truth)-1]
			for i := range e.Truth {
				if e.Truth[i].Device != "" && e.Truth[i].Fence > 1 {
					h = &e.Truth[i]
				}
			}
			h.Fence = 1
		}},
		{"I18", "a token is sent by a supervisor before the one that made it", func(t *testing.T, e *checker.Evidence) {
			for i := range e.Truth {
				if h := &e.Truth[i]; h.What == "effect" && h.Fence == 2 {
					h.Fence = 1
				}
			}
		}},
		{"I20", "a result before its measurement", func(t *testing.T, e *checker.Evidence) {
			h := happening(t, e, "measured", 41)
			h.At = h.At.Add(time.Hour)
		}},
		{"I22", "a station stays between two states", func(t *testing.T, e *checker.Evidence) {
			var last *checker.Entry
			for i := range e.Journal {
				if e.Journal[i].Kind == "state-changed" {
					last = &e.Journal[i]
				}
			}
			change(t, last, `"to":"Stopped"`, `"to":"Stopping"`)
		}},
		{"I23", "a cell is lost", func(t *testing.T, e *checker.Evidence) { drop(t, e, entry(t, e, "part-moved", `"to":"ST020"`, 3)) }},
		{"I23", "a cell lies in another bin", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "part-moved", `"to":"NG`, 1), `"to":"NG`, `"to":"NG1`)
		}},
		{"I4", "an OK without a value that it is judged by", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "act-done", `"name":"weldPower"`, 1), `"name":"weldPower"`, `"name":"weldPower0"`)
		}},
		{"I4", "an OK outside its limits", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "act-done", `"task":41`, 1), `"usl":`, `"usl":-`)
		}},
		{"I4", "an OK for another part", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "act-done", `"task":41`, 1), `"part":"`, `"part":"X`)
		}},
		{"I4", "refused, and done", func(t *testing.T, e *checker.Evidence) { entry(t, e, "act-done", `"task":41`, 1).Kind = "act-refused" }},
		{"I6", "two cells with one code", func(t *testing.T, e *checker.Evidence) {
			first := happening(t, e, "placed", 31)
			for i := range e.Truth {
				if e.Truth[i].What == "placed" && &e.Truth[i] != first {
					e.Truth[i].Cell = first.Cell
				}
			}
		}},
		{"I7", "a serial that was issued before", func(t *testing.T, e *checker.Evidence) {
			one, two := entry(t, e, "pack-disposed", "released", 1), entry(t, e, "pack-disposed", "released", 2)
			serial := func(b []byte) string { return strings.Split(string(b), `"`)[7] }
			change(t, two, serial(two.Body), serial(one.Body))
		}},
		{"I24", "given up without a cause", func(t *testing.T, e *checker.Evidence) {
			entry(t, e, "act-done", `"task":41`, 1).Kind = "act-quarantined"
		}},
		{"I24", "a pack is quarantined, and nothing of it is in doubt", func(t *testing.T, e *checker.Evidence) {
			change(t, entry(t, e, "pack-disposed", "released", 1), `"released"`, `"quarantined"`)
		}},
		{"I25", "a pack is forgotten", func(t *testing.T, e *checker.Evidence) { drop(t, e, entry(t, e, "pack-disposed", "", 1)) }},
	}) {
		t.Run(tt.id+" "+tt.name, func(t *testing.T) {
			e := evidence(t)
			tt.spoil(t, e)
			all, err := checker.Check(*e)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(all, func(v checker.Violation) bool { return v.Invariant == tt.id }) {
				t.Errorf("not caught; found were\n%s", checker.Report(all, 10))
			}
		})
		caught[tt.id] = true
	}
	for _, i := range checker.Invariants {
		if !caught[i.ID] {
			t.Errorf("nothing here makes %s fail: %s", i.ID, i.Words)
		}
	}
}

func TestTheFormats(t *testing.T) {
	truth, err := checker.ReadTruth(strings.NewReader("{\"n\":1,\"what\":\"begun\"}\n{\"n\":2,\"what\":\"ef"))
	if err != nil || len(truth) != 1 {
		t.Errorf("a torn last line: %d events, %v", len(truth), err)
	}
	if _, err := checker.ReadTruth(strings.NewReader("{\"n\":1}\nnonsense\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("damage is told as %v", err)
	}
	if _, err := checker.ReadAsked(strings.NewReader("{\"told\":\"maybe\"}\n")); err == nil {
		t.Error("an answer that there is not is taken")
	}
	if _, err := checker.Check(checker.Evidence{Journal: []checker.Entry{{Seq: 1, Kind: "intent", Body: json.RawMessage("{")}}}); err == nil {
		t.Error("an entry that cannot be read is passed over")
	}
}
