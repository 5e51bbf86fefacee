package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"linectl/line"
	"linectl/simulator"
)

// where is a place of acts: "joint 7 of ESS-P2-000001". The pack may be left out.
type where struct {
	noun  string
	index int
	pack  line.PackID
}

// readWhere reads the place; an empty text is anywhere.
func (s *Story) readWhere(text string) (w where, err error) {
	if text == "" {
		return w, nil
	}
	words := strings.Fields(text)
	if len(words) == 2 || len(words) == 4 && words[2] == "of" {
		if _, err := fmt.Sscanf(words[1], "%d", &w.index); err == nil {
			w.noun = words[0]
			if len(words) == 4 {
				w.pack = line.PackID(words[3])
				if err := s.pack(words[3]); err != nil {
					return w, err
				}
			}
			return w, s.existing(w.noun, w.index, w.pack)
		}
	}
	return w, fmt.Errorf("%q: want a place as joint 7 of ESS-P2-000001", text)
}

func (w where) is(noun string, index int, pack line.PackID) bool {
	return (w.noun == "" || w.noun == noun && w.index == index) && (w.pack == "" || w.pack == pack)
}

// effectsFact counts what irreversibly happened at a place, by the plant's ground truth. It is met by exactly that number.
type effectsFact struct {
	where
	n int
}

func readEffects(s *Story, k *keys, of string) fact {
	f := effectsFact{n: k.count("effects", 0, 0, 1000)}
	_ = of
	var err error
	if f.where, err = s.readWhere(k.must("at", "a place as joint 7 of ESS-P2-000001")); err != nil {
		k.wrong("at", "%v", err)
		return nil
	}
	return f
}

func (f effectsFact) look(r *run) (hits, others []hit) {
	for _, e := range r.physics {
		if (e.What == simulator.Effect || e.What == simulator.Placed) && f.is(e.Task.Noun(), e.Index, line.PackID(e.Part)) {
			hits = append(hits, hit{e.At, fmt.Sprintf("%s of %s", e.Task, e.Part)})
		}
	}
	return hits, hits
}

// actFact is an act that was judged.
type actFact struct {
	where
	task    string
	verdict line.Verdict
	code    string
	text    string
	rework  bool
}

func readAct(s *Story, k *keys, of string) fact {
	f := actFact{task: of, verdict: line.Verdict(k.text("verdict")), code: k.text("code"), text: k.text("text"), rework: k.text("rework") == "true"}
	all := tasks()
	i := slices.IndexFunc(all, func(t line.Task) bool { return t.String() == of })
	if i < 0 {
		var names []string
		for _, t := range all {
			names = append(names, t.String())
		}
		k.wrong("act", "no act is called %q; acts are %s", of, strings.Join(names, ", "))
		return nil
	}
	if !slices.Contains([]line.Verdict{"", line.OK, line.NOK, line.Unknown}, f.verdict) {
		k.wrong("verdict", "%q: want OK, NOK or UNKNOWN", f.verdict)
		return nil
	}
	var err error
	if f.where, err = s.readWhere(k.text("at")); err != nil {
		k.wrong("at", "%v", err)
		return nil
	}
	if f.noun != "" && f.noun != all[i].Noun() {
		k.wrong("at", "%s is at no %s; want %s", of, f.noun, cmp.Or(all[i].Noun(), "no place: leave at away"))
		return nil
	}
	return f
}

func tasks() (all []line.Task) {
	for t := line.Task(1); t <= line.EOLStep(line.EOLSteps); t++ {
		if t.Known() {
			all = append(all, t)
		}
	}
	return all
}

func (f actFact) look(r *run) (hits, others []hit) {
	for _, rec := range r.memory.Records {
		var a line.ActDone
		switch body := rec.Fact.(type) {
		case line.ActDone:
			a = body
		case line.ActQuarantined:
			a = line.ActDone{Task: body.Task, Index: body.Index, Part: body.Part, Verdict: line.Unknown, Text: "given up: nobody knows what became of it"}
		default:
			continue
		}
		if a.Task.String() != f.task || !f.is(a.Task.Noun(), a.Index, rec.Pack) && !f.is(line.NounStep, int(a.Task-line.EOLStep1)+1, rec.Pack) {
			continue
		}
		h := hit{rec.At, actWords(rec, a)}
		if (f.verdict == "" || a.Verdict == f.verdict) && has(a.Code, f.code) && has(a.Text, f.text) && (!f.rework || a.Rework) {
			hits = append(hits, h)
		} else if a.Verdict != line.OK || f.noun != "" || f.rework {
			others = append(others, h)
		}
	}
	return hits, others
}

// actWords says what was done to what and how it was judged. A cell whose code nobody has read has no name.
func actWords(rec line.Record, a line.ActDone) string {
	text := a.Task.String()
	if a.Task.Noun() != "" {
		text += fmt.Sprintf(" %d", a.Index)
	}
	part := cmp.Or(string(rec.Pack), a.Part, "what lies at "+string(rec.Station))
	return strings.TrimSpace(fmt.Sprintf("%s of %s was %s %s %s", text, part, a.Verdict, a.Code, a.Text))
}

// cellFact is a cell that was judged at receipt or by measuring.
type cellFact struct {
	verdict line.Verdict
	reason  string
}

func readCell(_ *Story, k *keys, of string) fact {
	f := cellFact{map[string]line.Verdict{"rejected": line.NOK, "accepted": line.OK}[of], k.text("reason")}
	if f.verdict == "" {
		k.wrong("cell", "%q: want rejected or accepted", of)
		return nil
	}
	return f
}

func (f cellFact) look(r *run) (hits, others []hit) {
	for _, rec := range r.memory.Records {
		var verdict line.Verdict
		var reason, cell string
		switch body := rec.Fact.(type) {
		case line.CellReceived:
			verdict, reason, cell = body.Verdict, body.Reason, cmp.Or(string(body.Cell), string(body.ReadAs))
		case line.CellGraded:
			verdict, reason, cell = body.Verdict, body.Reason, cmp.Or(string(body.Cell), string(body.ReadAs))
		default:
			continue
		}
		h := hit{rec.At, fmt.Sprintf("cell %s at %s was %s: %s", cell, rec.Station, verdict, reason)}
		switch {
		case (verdict == line.OK) == (f.verdict == line.OK) && has(reason, f.reason):
			hits = append(hits, h)
		case verdict != line.OK:
			others = append(others, h)
		}
	}
	return hits, others
}

// replyFact is what the line answered to a person of the story: not to the operator, who is simulated, and not to who set the line up.
type replyFact struct {
	accepted bool
	to, text string
}

func readReply(s *Story, k *keys, of string) fact {
	f := replyFact{accepted: of == "done", to: k.text("to"), text: k.text("text")}
	if of != "done" && of != "refused" {
		k.wrong("reply", "%q: want done or refused", of)
		return nil
	}
	var deeds []string
	for _, e := range s.Events {
		if e.do.command != nil {
			deeds = append(deeds, e.Text)
		}
	}
	if !s.unread && !slices.ContainsFunc(deeds, f.meant) {
		k.wrong("reply", "no event of this story asks the line for what begins with %q; asked for is: %s", f.to, cmp.Or(strings.Join(deeds, "; "), "nothing"))
		return nil
	}
	return f
}

// meant reports whether the answer to a deed is looked for: to stands in it, from the beginning of a word.
func (f replyFact) meant(deed string) bool { return has(words(deed), words(f.to)) }

// words puts one blank before each word of a text.
func words(text string) string { return " " + strings.Join(strings.Fields(text), " ") }

// meets reports whether this is the answer that is looked for.
func (f replyFact) meets(accepted bool, text string) bool {
	return accepted == f.accepted && has(text, f.text)
}

func (f replyFact) look(r *run) (hits, others []hit) {
	for _, rec := range r.memory.Records {
		c, is := rec.Fact.(line.CommandApplied)
		if !is {
			continue
		}
		i := slices.IndexFunc(r.told, func(a replied) bool { return a.request == c.Request })
		if i < 0 || !f.meant(r.told[i].event.Text) {
			continue
		}
		h := hit{rec.At, fmt.Sprintf("%q was answered: %s", r.told[i].event.Text, c.Reply)}
		if f.meets(c.Accepted, c.Reply) {
			hits = append(hits, h)
		} else {
			others = append(others, h)
		}
	}
	return hits, others
}

// promptFact is a question that was asked.
type promptFact struct{ id, text string }

func readPrompt(s *Story, k *keys, of string) fact {
	if _, err := s.question(of); err != nil {
		k.wrong("prompt", "%v", err)
		return nil
	}
	return promptFact{of, k.text("text")}
}

func (f promptFact) look(r *run) (hits, others []hit) {
	for _, q := range r.prompts {
		h := hit{q.Since, fmt.Sprintf("%s asked: %s", q.Prompt, q.Text)}
		if strings.HasPrefix(q.Prompt, f.id) && has(q.Text, f.text) {
			hits = append(hits, h)
		} else {
			others = append(others, h)
		}
	}
	return hits, others
}

// saysFact is what a station says of itself.
type saysFact struct {
	text    string
	station line.StationID
}

func readSays(_ *Story, k *keys, of string) fact {
	f := saysFact{of, line.StationID(k.must("station", "the station that says it"))}
	if _, err := place(string(f.station)); err != nil {
		k.wrong("station", "%v", err)
		return nil
	}
	return f
}

func (f saysFact) look(r *run) (hits, others []hit) {
	for _, s := range r.said {
		if s.station != f.station {
			continue
		}
		h := hit{s.at, fmt.Sprintf("%s said %q", s.station, s.reason)}
		if has(s.reason, f.text) {
			hits = append(hits, h)
		} else {
			others = append(others, h)
		}
	}
	return hits, others
}

// faultFact is a fault that struck, by the plant's ground truth.
type faultFact string

func readFault(_ *Story, k *keys, of string) fact {
	if _, known := simulator.FindFault(simulator.FaultName(of)); !known {
		k.wrong("fault", "there is no fault %q", of)
		return nil
	}
	return faultFact(of)
}

func (f faultFact) look(r *run) (hits, others []hit) {
	for _, e := range r.physics {
		if e.What != simulator.Struck {
			continue
		}
		h := hit{e.At, e.Text}
		if strings.HasPrefix(e.Text, string(f)+" ") {
			hits = append(hits, h)
		} else {
			others = append(others, h)
		}
	}
	return hits, others
}
