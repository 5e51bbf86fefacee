package checker_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/checker"
)

// released returns a pack that left as good and was reworked before when that is wanted, and its release.
func released(t *testing.T, e *checker.Evidence, reworked bool) (pack string, end *checker.Entry) {
	t.Helper()
	for i := range e.Journal {
		k := &e.Journal[i]
		was := slices.ContainsFunc(e.Journal[:i], func(b checker.Entry) bool { return b.Pack == k.Pack && b.Kind == "rework-decided" })
		if k.Kind == "pack-disposed" && bytes.Contains(k.Body, []byte(`"released"`)) && was == reworked {
			return k.Pack, k
		}
	}
	t.Fatalf("no pack is released, reworked %t", reworked)
	return "", nil
}

// lastOf finds the last entry of a kind about a pack whose body holds a text.
func lastOf(t *testing.T, e *checker.Evidence, pack, kind, holds string) *checker.Entry {
	t.Helper()
	for i := len(e.Journal) - 1; i >= 0; i-- {
		if k := &e.Journal[i]; k.Pack == pack && k.Kind == kind && strings.Contains(string(k.Body), holds) {
			return k
		}
	}
	t.Fatalf("no entry %s of %s with %s", kind, pack, holds)
	return nil
}

// append puts an entry at the end of the journal.
func appendEntry(e *checker.Evidence, kind, station, pack, body string) {
	last := e.Journal[len(e.Journal)-1]
	e.Journal = append(e.Journal, checker.Entry{Seq: last.Seq + 1, Kind: kind, Station: station, Pack: pack, Micros: last.Micros, Body: []byte(body)})
}

// insert puts an entry before another one.
func insert(e *checker.Evidence, before *checker.Entry, kind, station, pack, body string) {
	one := checker.Entry{Seq: before.Seq, Kind: kind, Station: station, Pack: pack, Micros: before.Micros, Body: []byte(body)}
	i := int(before.Seq - 1) //nolint:gosec // small
	e.Journal = slices.Insert(e.Journal, i, one)
	for j := i + 1; j < len(e.Journal); j++ {
		e.Journal[j].Seq++
	}
}

// forget drops what a pack has of a task at an index.
func forget(t *testing.T, e *checker.Evidence, pack, task string) {
	t.Helper()
	drop(t, e, lastOf(t, e, pack, "act-done", task))
	drop(t, e, lastOf(t, e, pack, "intent", task))
}

var buildSpoils = []spoil{
	{"I1", "a rework that was ordered when it had been done", func(t *testing.T, e *checker.Evidence) {
		pack, _ := released(t, e, true)
		k := *lastOf(t, e, pack, "rework-decided", "")
		drop(t, e, lastOf(t, e, pack, "rework-decided", ""))
		appendEntry(e, "rework-decided", k.Station, pack, string(k.Body))
		appendEntry(e, "command-applied", "", "", `{"request":"late","by":"operator","command":"decide","accepted":true}`)
	}},
	{"I1", "a rework that nobody has asked for", func(t *testing.T, e *checker.Evidence) {
		pack, _ := released(t, e, true)
		change(t, lastOf(t, e, pack, "rework-decided", ""), `"by":"operator"`, `"by":"nobody"`)
	}},
	{"I6", "a cell out of a reject bin", func(t *testing.T, e *checker.Evidence) {
		h := happening(t, e, "placed", 31)
		for i := range e.Truth {
			if m := &e.Truth[i]; m.What == "moved" && m.Body == h.Body {
				m.To = "bin 4"
			}
		}
	}},
	{"I6", "a cell that is on record as put away", func(t *testing.T, e *checker.Evidence) {
		cell := happening(t, e, "placed", 31).Cell
		for i := range e.Journal {
			if k := &e.Journal[i]; k.Kind == "part-moved" && k.Station == "ST020" && bytes.Contains(k.Body, []byte(cell)) {
				k.Body = []byte(`{"part":"` + cell + `","to":"NG4"}`)
			}
		}
	}},
	{"I6", "a cell whose reading was too old", func(t *testing.T, e *checker.Evidence) {
		entry(t, e, "cell-graded", happening(t, e, "placed", 31).Cell, 1).Micros -= (200 * time.Hour).Microseconds()
	}},
	{"I5", "a cell of a pack that is rejected at receipt", func(t *testing.T, e *checker.Evidence) {
		appendEntry(e, "cell-received", "ST010", "", `{"cell":"`+happening(t, e, "placed", 31).Cell+`","verdict":"NOK","bin":5}`)
	}},
	{"I5", "a cell of a pack that is on record as moved", func(t *testing.T, e *checker.Evidence) {
		appendEntry(e, "part-moved", "ST010", "", `{"part":"`+happening(t, e, "placed", 31).Cell+`","to":"ST910"}`)
	}},
	{"I5", "a cell in a lane that is given up, and nobody has asked for it", func(t *testing.T, e *checker.Evidence) {
		body := regexp.MustCompile(`LANE\d+`).ReplaceAllString(string(entry(t, e, "part-moved", `"to":"LANE`, 1).Body), "ST910")
		appendEntry(e, "part-moved", "ST040", "", body)
		appendEntry(e, "command-applied", "", "", `{"request":"late","by":"operator","command":"write something off","accepted":true}`)
	}},
	{"I5", "a cell in a bin that comes to be measured", func(t *testing.T, e *checker.Evidence) {
		k := entry(t, e, "part-moved", `"to":"NG`, 1)
		appendEntry(e, "part-arrived", "ST020", "", string(k.Body))
	}},
	{"I7", "a weld that was never made", func(t *testing.T, e *checker.Evidence) {
		pack, _ := released(t, e, false)
		forget(t, e, pack, `"task":60,`)
	}},
	{"I7", "a screw that is NOK", func(t *testing.T, e *checker.Evidence) {
		pack, _ := released(t, e, false)
		change(t, lastOf(t, e, pack, "act-done", `"task":61,`), `"verdict":"OK","effect_count"`, `"verdict":"NOK","effect_count"`)
	}},
	{"I7", "a test that was left out", func(t *testing.T, e *checker.Evidence) {
		pack, _ := released(t, e, false)
		forget(t, e, pack, `"task":117,`)
	}},
	{"I7", "a joint that was not measured after it was made again", func(t *testing.T, e *checker.Evidence) {
		pack, end := released(t, e, false)
		again := *lastOf(t, e, pack, "act-done", `"device":"ST060.welder"`)
		insert(e, end, again.Kind, again.Station, pack, string(again.Body))
	}},
	{"I7", "a joint whose resistance was not measured", func(t *testing.T, e *checker.Evidence) {
		pack, _ := released(t, e, false)
		k := lastOf(t, e, pack, "act-done", `"task":50,`)
		k.Body = regexp.MustCompile(`"value":[0-9.e-]+`).ReplaceAll(k.Body, []byte(`"value":null`))
	}},
	{"I7", "a test from before the rework", func(t *testing.T, e *checker.Evidence) {
		pack, end := released(t, e, true)
		k := *lastOf(t, e, pack, "rework-decided", "")
		insert(e, end, k.Kind, k.Station, pack, `{"step":"assemble","acts":[],"invalidates":["endofline"],"by":"operator","build":1}`)
	}},
	{"I7", "a release whose evidence leaves a step out", func(t *testing.T, e *checker.Evidence) {
		_, end := released(t, e, false)
		change(t, end, `"inspect",`, ``)
	}},
	{"I7", "a pack that Quality holds", func(t *testing.T, e *checker.Evidence) {
		pack, end := released(t, e, false)
		insert(e, end, "hold-set", "", "", `{"subject":"`+pack+`","reason":"claim","by":"sana"}`)
	}},
	{"I7", "a pack with cells of a lot that Quality holds", func(t *testing.T, e *checker.Evidence) {
		pack, end := released(t, e, false)
		lot := strings.Split(string(lastOf(t, e, pack, "set-reserved", "").Body), `"lot":"`)[1]
		insert(e, end, "hold-set", "", "", `{"subject":"`+lot[:strings.Index(lot, `"`)]+`","reason":"claim","by":"sana"}`)
	}},
	{"I8", "a pack that lies nowhere", func(t *testing.T, e *checker.Evidence) {
		pack, end := released(t, e, false)
		change(t, end, `"released"`, `"scrapped"`)
		e.Truth = slices.DeleteFunc(e.Truth, func(h checker.Happening) bool { return h.What == "exit" && h.Part == pack })
	}},
	{"I9", "a weld with more power than was intended", func(t *testing.T, e *checker.Evidence) { happening(t, e, "effect", 41).Params = "0123456789abcdef" }},
	{"I9", "more power than the recipe says", func(t *testing.T, e *checker.Evidence) {
		change(t, entry(t, e, "intent", `"task":41,`, 1), `"name":"power","value":2800`, `"name":"power","value":2900`)
	}},
	{"I9", "two texts of one revision", func(t *testing.T, e *checker.Evidence) {
		k := *entry(t, e, "recipe-pinned", "ESS-P2", 1)
		appendEntry(e, k.Kind, "", "", string(bytes.Replace(k.Body, []byte(`"hash":"`), []byte(`"hash":"0`), 1)))
	}},
	{"I9", "a pack bound to another recipe than its order", func(t *testing.T, e *checker.Evidence) {
		change(t, entry(t, e, "order-added", "ESS-P2", 1), `"hash":"`, `"hash":"0`)
	}},
	{"I9", "an order that was added twice", func(t *testing.T, e *checker.Evidence) {
		appendEntry(e, "order-added", "", "", string(entry(t, e, "order-added", "ESS-P2", 1).Body))
	}},
	{"I12", "a command of a person who has asked for nothing", func(t *testing.T, e *checker.Evidence) {
		change(t, entry(t, e, "state-changed", `"cause":"Start by operator"`, 1), "operator", "chen")
	}},
	{"I12", "another command than the person has asked for", func(t *testing.T, e *checker.Evidence) {
		change(t, entry(t, e, "state-changed", `"cause":"Start by operator"`, 1), "Start by", "Abort by")
	}},
	{"I23", "a cell that is on record in another lane", func(t *testing.T, e *checker.Evidence) {
		for i := range e.Journal {
			k := &e.Journal[i]
			placed := func(h checker.Happening) bool { return h.What == "placed" && bytes.Contains(k.Body, []byte(h.Cell)) }
			if k.Kind == "part-moved" && bytes.Contains(k.Body, []byte(`"to":"LANE`)) && !slices.ContainsFunc(e.Truth, placed) {
				change(t, k, `"to":"LANE`, `"to":"LANE9`)
				return
			}
		}
		t.Fatal("no cell lies in a lane")
	}},
}

// TestWhoMayAsk holds requests of accounts against the roles that they had.
func TestWhoMayAsk(t *testing.T) {
	sound := func() *tale {
		s := quarantined()
		s.before(t, "pack-started", "command-applied", `{"request":"r0","by":"chen","account":"chen","origin":"session","roles":["Operator"],"command":"Start ST060","accepted":true}`)
		s.before(t, "pack-started", "command-applied", `{"request":"r01","by":"chen","account":"chen","origin":"session","roles":["Operator"],"command":"hold L1, release false","accepted":false}`)
		return s
	}
	if all := i13(t, sound()); len(all) > 0 {
		t.Fatalf("the tale is not sound: %v", all)
	}
	for name, spoil := range map[string]func(*tale){
		"without the role":                 func(s *tale) { s.change(t, "command-applied", `"Start ST060"`, `"set ST060 to mode Maintenance"`) },
		"with roles that it does not have": func(s *tale) { s.change(t, "command-applied", `["Operator"]`, `["Operator","Quality"]`) },
		"without an account":               func(s *tale) { s.change(t, "command-applied", `"account":"chen"`, `"account":"dana"`) },
		"when the role was taken away":     func(s *tale) { s.before(t, "command-applied", "role-changed", `{"user":"chen","new":["Viewer"]}`) },
		"when it was disabled":             func(s *tale) { s.before(t, "command-applied", "user-disabled", `{"user":"chen"}`) },
	} {
		s := sound()
		spoil(s)
		if len(i13(t, s)) == 0 {
			t.Errorf("%s: not caught", name)
		}
	}
}

func i13(t *testing.T, s *tale) []checker.Violation {
	t.Helper()
	all, err := checker.Check(s.evidence())
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(v checker.Violation) bool { return v.Invariant != "I13" })
}
