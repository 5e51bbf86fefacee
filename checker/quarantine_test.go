package checker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/checker"
)

// tale is a journal that is written by hand, to say what the sound shift does not: a pack in quarantine and what people made of it.
type tale struct{ lines []line3 }

type line3 struct{ kind, pack, body string }

const doubted = "EV-P1-000001"

// quarantined is how a pack's weld of joint 12 was given up, and how two people had it made again.
func quarantined() *tale {
	var s tale
	s.add("user-added", "", `{"user":"amna","roles":["TeamLeader"],"by":"local:root"}`)
	s.add("user-added", "", `{"user":"bilal","roles":["Quality"],"by":"amna"}`)
	s.add("user-added", "", `{"user":"chen","roles":["Operator"],"by":"amna"}`)
	s.add("pack-started", doubted, `{"order":"a","product":"EV-P1","hash":"none"}`)
	s.add("intent", doubted, `{"token":"1-7","device":"ST060.welder","task":41,"part":"EV-P1-000001","index":12,"recipe_hash":"none"}`)
	s.add("act-quarantined", doubted, `{"token":"1-7","device":"ST060.welder","task":41,"part":"EV-P1-000001","index":12,"evidence":{"why":"interrupted","floor":"1-7"}}`)
	s.add("pack-disposed", doubted, `{"disposition":"quarantined","first_pass":false,"reason":"laser weld of unknown outcome"}`)
	s.add("quarantine-inspected", doubted, `{"token":"1-7","saw":"not-done","remark":"no seam at 12","by":"amna","account":"amna","proof":"password","floor":"1-7"}`)
	s.add("quarantine-proposed", doubted, `{"decision":"rework","by":"amna","account":"amna","proof":"password","why":"no seam"}`)
	s.add("command-applied", "", `{"request":"r1","by":"amna","account":"amna","command":"propose rework","accepted":true,"reply":"","new":"proposed"}`)
	s.add("quarantine-decided", doubted, `{"decision":"rework","token":"1-7","task":41,"index":12,"proposed_by":"amna","by":"bilal","account":"bilal","proof":"password","why":"seen too"}`)
	s.add("rework-decided", doubted, `{"step":"weld","acts":[{"task":41,"index":12}],"indexes":[12],"build":2,"invalidates":[],"by":"amna and bilal","why":"seen too"}`)
	s.add("command-applied", "", `{"request":"r2","by":"bilal","account":"bilal","command":"confirm rework","accepted":true,"reply":""}`)
	s.add("intent", doubted, `{"token":"1-8","device":"ST060.welder","task":41,"part":"EV-P1-000001","index":12,"rework":true,"recipe_hash":"none"}`)
	s.add("act-done", doubted, `{"token":"1-8","device":"ST060.welder","task":41,"part":"EV-P1-000001","index":12,"outcome":1,"verdict":"OK"}`)
	s.add("pack-disposed", doubted, `{"disposition":"released","serial":"S1","first_pass":false,"reason":"","evidence":["weld"]}`)
	return &s
}

func (s *tale) add(kind, pack, body string) { s.lines = append(s.lines, line3{kind, pack, body}) }

// change alters the first line of a kind that holds a text.
func (s *tale) change(t *testing.T, kind, from, to string) {
	t.Helper()
	i := s.find(t, kind, from)
	s.lines[i].body = strings.Replace(s.lines[i].body, from, to, 1)
}

func (s *tale) find(t *testing.T, kind, holds string) int {
	t.Helper()
	i := slices.IndexFunc(s.lines, func(l line3) bool { return l.kind == kind && strings.Contains(l.body, holds) })
	if i < 0 {
		t.Fatalf("no %s with %s", kind, holds)
	}
	return i
}

func (s *tale) drop(t *testing.T, kind string) {
	i := s.find(t, kind, "")
	s.lines = slices.Delete(s.lines, i, i+1)
}

// before puts a line before the first one of a kind.
func (s *tale) before(t *testing.T, kind, what, body string) {
	s.lines = slices.Insert(s.lines, s.find(t, kind, ""), line3{what, "", body})
}

// accepted makes of the rework that the act counts as done.
func (s *tale) accepted(t *testing.T, named string) {
	s.change(t, "quarantine-inspected", `"saw":"not-done"`, `"saw":"done"`)
	s.change(t, "quarantine-proposed", `"rework"`, `"accept"`)
	s.change(t, "quarantine-decided", `"rework"`, `"accept"`)
	s.change(t, "rework-decided", `[{"task":41,"index":12}]`, `[]`)
	for i := s.find(t, "intent", "1-8"); s.lines[i].kind != "pack-disposed"; {
		s.lines = slices.Delete(s.lines, i, i+1)
	}
	s.change(t, "pack-disposed", `"evidence":["weld"]`, fmt.Sprintf(`"evidence":["weld",%q]`, named))
}

// inDoubtAgain lets the act that is made again end as nobody knows how too, and count as done then.
func (s *tale) inDoubtAgain(t *testing.T, named string) {
	t.Helper()
	i := s.find(t, "act-done", "1-8")
	again := []line3{
		{"act-quarantined", doubted, `{"token":"1-8","device":"ST060.welder","task":41,"part":"EV-P1-000001","index":12,"evidence":{"why":"interrupted","floor":"1-8"}}`},
		{"pack-disposed", doubted, `{"disposition":"quarantined","first_pass":false,"reason":"laser weld of unknown outcome"}`},
		{"quarantine-inspected", doubted, `{"token":"1-8","saw":"done","remark":"whole","by":"amna","account":"amna","proof":"password","floor":"1-8"}`},
		{"quarantine-proposed", doubted, `{"decision":"accept","by":"amna","account":"amna","proof":"password","why":"whole"}`},
		{"quarantine-decided", doubted, `{"decision":"accept","token":"1-8","task":41,"index":12,"proposed_by":"amna","by":"bilal","account":"bilal","proof":"password","why":"seen too"}`},
		{"rework-decided", doubted, `{"step":"weld","acts":[],"indexes":[],"build":3,"invalidates":[],"by":"amna and bilal","why":"seen too"}`},
		{"command-applied", "", `{"request":"r3","by":"bilal","account":"bilal","command":"confirm accept","accepted":true,"reply":""}`},
	}
	s.lines = slices.Replace(s.lines, i, i+1, again...)
	s.change(t, "pack-disposed", `"evidence":["weld"]`, fmt.Sprintf(`"evidence":["weld",%q]`, named))
}

var taleBegins = time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC)

// evidence is the tale as a journal, with the truth of where the pack was.
func (s *tale) evidence() checker.Evidence {
	var e checker.Evidence
	for i, l := range s.lines {
		at := taleBegins.Add(time.Duration(i) * time.Minute)
		e.Journal = append(e.Journal, checker.Entry{Seq: uint64(i + 1), Kind: l.kind, Pack: l.pack, Station: "ST060", Micros: at.UnixMicro(), Body: []byte(l.body)}) //nolint:gosec // small
		moved := func(what, to string) {
			e.Truth = append(e.Truth, checker.Happening{N: uint64(len(e.Truth)), At: at, What: what, Part: l.pack, To: to}) //nolint:gosec // small
		}
		switch {
		case l.kind == "pack-disposed" && strings.Contains(l.body, `"quarantined"`):
			moved("exit", "ST910")
		case l.kind == "rework-decided":
			moved("carried", "ST900")
		case l.kind == "pack-disposed" && strings.Contains(l.body, `"released"`):
			moved("exit", "ST999")
		}
	}
	return e
}

// of leaves out what a tale without recipes, faults and instruments cannot say.
func of(t *testing.T, s *tale) map[string]string {
	t.Helper()
	all, err := checker.Check(s.evidence())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, v := range all {
		recipe := v.Invariant == "I7" && strings.Contains(v.Text, "its recipe")
		if v.Invariant != "I24" && v.Invariant != "I4" && !recipe {
			found[v.Invariant] += v.String() + "\n"
		}
	}
	return found
}

// What may be said of a pack in quarantine, and by whom: the sound tales are left alone, each other one is caught by its invariant.
func TestWhatBecomesOfAPackInQuarantine(t *testing.T) {
	for _, tt := range []struct {
		name, want, holds string // no want: it is sound
		spoil             func(*testing.T, *tale)
	}{
		{"made again", "", "", func(*testing.T, *tale) {}},
		{"accepted as done", "", "", func(t *testing.T, s *tale) { s.accepted(t, "weld 12 accepted as done by amna and bilal") }},
		{"made again, in doubt again, and accepted as done", "", "", func(t *testing.T, s *tale) { s.inDoubtAgain(t, "weld 12 accepted as done by amna and bilal") }},
		{"made again, in doubt again, and accepted without a word of it", "I7", "have accepted an act", func(t *testing.T, s *tale) { s.inDoubtAgain(t, "weld 12") }},
		{"refused, and proposed anew", "", "", func(t *testing.T, s *tale) {
			i := s.find(t, "quarantine-decided", "")
			s.lines = slices.Insert(s.lines, i, line3{"quarantine-refused", doubted, `{"decision":"rework","by":"bilal","account":"bilal","proof":"password","why":"look again"}`},
				s.lines[s.find(t, "quarantine-proposed", "")])
		}},
		{"scrapped", "", "", func(t *testing.T, s *tale) {
			s.change(t, "quarantine-proposed", `"rework"`, `"scrap"`)
			s.change(t, "quarantine-decided", `"rework"`, `"scrap"`)
			i := s.find(t, "quarantine-decided", "")
			s.lines = append(s.lines[:i+1], line3{"pack-disposed", doubted, `{"disposition":"scrapped","reason":"scrapped by amna and bilal"}`}, line3{"command-applied", "", `{"request":"r2","by":"bilal","account":"bilal","accepted":true}`})
		}},

		{"by one and the same", "I13", "both proposed and confirmed", func(t *testing.T, s *tale) {
			s.lines[s.find(t, "quarantine-decided", "")].body = `{"decision":"rework","token":"1-7","proposed_by":"amna","by":"Amna ","account":"amna"}`
		}},
		{"one person under two names, over the control socket", "I13", `nothing shows that "local:root" was bilal`, func(t *testing.T, s *tale) {
			s.change(t, "quarantine-decided", `"account":"bilal","proof":"password"`, `"account":"local:root"`)
			s.lines[s.find(t, "command-applied", "r2")].body = `{"request":"r2","by":"bilal","account":"local:root","accepted":true}`
		}},
		{"proposed by name only", "I13", `nothing shows that "amna" was amna`, func(t *testing.T, s *tale) {
			s.change(t, "quarantine-proposed", `,"proof":"password"`, "")
		}},
		{"inspected on a gateway's word", "I13", `nothing shows that "amna" was amna`, func(t *testing.T, s *tale) {
			s.change(t, "quarantine-inspected", `"proof":"password"`, `"proof":"certificate"`)
		}},
		{"nobody has proposed it", "I13", "nobody has proposed", func(t *testing.T, s *tale) { s.drop(t, "quarantine-proposed") }},
		{"something else was proposed", "I13", "had proposed to scrap", func(t *testing.T, s *tale) { s.change(t, "quarantine-proposed", `"rework"`, `"scrap"`) }},
		{"refused before", "I13", "nobody has proposed", func(t *testing.T, s *tale) {
			i := s.find(t, "quarantine-decided", "")
			s.lines = slices.Insert(s.lines, i, line3{"quarantine-refused", doubted, `{"decision":"rework","by":"bilal","account":"bilal"}`})
		}},
		{"nobody has inspected it", "I13", "nobody has inspected", func(t *testing.T, s *tale) { s.drop(t, "quarantine-inspected") }},
		{"an operator inspects", "I13", "not one of TeamLeader, Maintenance, Quality", func(t *testing.T, s *tale) {
			s.change(t, "quarantine-inspected", `"account":"amna"`, `"account":"chen"`)
		}},
		{"an operator confirms", "I13", "not one of TeamLeader, Quality", func(t *testing.T, s *tale) { s.change(t, "user-added", `["Quality"]`, `["Operator"]`) }},
		{"the second has lost the role since", "I13", "bilal had the roles Viewer", func(t *testing.T, s *tale) {
			s.before(t, "quarantine-decided", "role-changed", `{"user":"bilal","old":["Quality"],"new":["Viewer"],"by":"amna"}`)
		}},
		{"the first has lost the role since", "I13", "amna had the roles Viewer", func(t *testing.T, s *tale) {
			s.before(t, "quarantine-decided", "role-changed", `{"user":"amna","old":["TeamLeader"],"new":["Viewer"],"by":"bilal"}`)
		}},
		{"the second is disabled", "I13", "was disabled", func(t *testing.T, s *tale) {
			s.before(t, "quarantine-decided", "user-disabled", `{"user":"bilal","by":"amna"}`)
		}},
		{"an account that there is not", "I13", "there was no account", func(t *testing.T, s *tale) {
			s.change(t, "quarantine-decided", `"account":"bilal"`, `"account":"dara"`)
		}},
		{"no request stands behind it", "I13", "no request of bilal", func(t *testing.T, s *tale) {
			s.change(t, "command-applied", `"request":"r2","by":"bilal"`, `"request":"r2","by":"chen"`)
		}},

		{"it goes on without a decision", "I17", "it is quarantined since", func(t *testing.T, s *tale) { s.drop(t, "quarantine-decided") }},
		{"inspected before the act was void", "I17", "was not void yet", func(t *testing.T, s *tale) {
			s.change(t, "quarantine-inspected", `"floor":"1-7"`, `"floor":"1-6"`)
		}},
		{"it is decided on and was released", "I17", "was not in quarantine", func(t *testing.T, s *tale) {
			s.change(t, "pack-disposed", `"quarantined"`, `"released"`)
		}},
		{"it is scrap, and made again", "I17", "decided to scrap", func(t *testing.T, s *tale) {
			s.change(t, "quarantine-proposed", `"rework"`, `"scrap"`)
			s.change(t, "quarantine-decided", `"rework"`, `"scrap"`)
		}},

		{"released without the act that was to be made again", "I7", "has no good result since", func(t *testing.T, s *tale) { s.drop(t, "act-done") }},
		{"accepted by persons without a name", "I7", "have accepted an act", func(t *testing.T, s *tale) { s.accepted(t, "weld 12 accepted as done") }},
		{"carried out before it is decided", "I8", "before two people had decided", func(t *testing.T, s *tale) {
			i, j := s.find(t, "quarantine-decided", ""), s.find(t, "rework-decided", "")
			s.lines[i], s.lines[j] = s.lines[j], s.lines[i]
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := quarantined()
			tt.spoil(t, s)
			found := of(t, s)
			if tt.want == "" && len(found) > 0 || tt.want != "" && !strings.Contains(found[tt.want], tt.holds) {
				t.Errorf("want %q %q, found %v", tt.want, tt.holds, found)
			}
		})
	}
}
