package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
)

// Expectation is one thing that must be so.
type Expectation struct {
	Line   int // in the file
	Text   string
	never  bool
	within time.Duration // of what happened last before it in the story; 0 = at any time
	times  int           // exactly so often; 0 = at least once
	fact   fact
}

// fact looks for something in a run: where it was found, and what came instead.
type fact interface {
	look(r *run) (hits, others []hit)
}

// hit is something that was found, in words.
type hit struct {
	at    time.Time
	words string
}

// kind is a kind of fact by its key.
type kind struct {
	key  string
	read func(s *Story, k *keys, of string) fact
}

// kinds are the facts that can be expected.
var kinds = []kind{
	{"says", readSays}, // before station, which is one of its keys
	{"alarm", readAlarm},
	{"station", readStation},
	{"pack", readPack},
	{"effects", readEffects},
	{"act", readAct},
	{"cell", readCell},
	{"reply", readReply},
	{"prompt", readPrompt},
	{"fault", readFault},
}

// expectation reads one entry of the list.
func (s *Story) expectation(k *keys) {
	e := Expectation{Line: k.at}
	inner := k
	if n, is := k.inner("never"); is {
		k.done()
		e.never, inner = true, n
	}
	for _, one := range kinds {
		if !inner.has(one.key) {
			continue
		}
		of := inner.must(one.key, "what is looked for")
		if e.fact = one.read(s, inner, of); e.fact == nil {
			return
		}
		if !e.never {
			e.within = inner.span("within", 0)
			if _, counted := e.fact.(effectsFact); !counted {
				e.times = inner.count("times", 0, 1, 10000)
			}
		}
		inner.done()
		e.Text = describe(inner, e.never)
		s.Expect = append(s.Expect, e)
		return
	}
	var known []string
	for _, one := range kinds {
		known = append(known, one.key)
	}
	inner.file.wrong(inner.at, "nothing that can be checked: want one of %s, or never with one of them", strings.Join(known, ", "))
}

// describe repeats the expectation as it was written.
func describe(k *keys, never bool) string {
	var parts []string
	for _, name := range k.order {
		parts = append(parts, name+" "+k.text(name))
	}
	text := strings.Join(parts, ", ")
	if never {
		return "never " + text
	}
	return text
}

// has reports whether a text contains another, which may be empty.
func has(text, part string) bool { return strings.Contains(text, part) }

// alarmFact is an alarm that was raised.
type alarmFact struct {
	id, text, cause, action, group string
	severity                       int
}

func readAlarm(_ *Story, k *keys, of string) fact {
	f := alarmFact{id: of, text: k.text("text"), cause: k.text("cause"), action: k.text("action"), group: k.text("group"), severity: k.count("severity", 0, 1, 1000)}
	if err := knownAlarm(of); err != nil {
		k.wrong("alarm", "%v", err)
		return nil
	}
	return f
}

func (f alarmFact) look(r *run) (hits, others []hit) {
	station, _, _ := strings.Cut(f.id, "/")
	for _, rec := range r.memory.Records {
		a, is := rec.Fact.(line.AlarmRaised)
		if !is {
			continue
		}
		h := hit{rec.At, fmt.Sprintf("alarm %s of severity %d: %q, cause %q", a.Alarm, a.Severity, a.Text, a.Cause)}
		switch {
		case fits(f.id, a.Alarm) && has(a.Text, f.text) && has(a.Cause, f.cause) && has(a.Action, f.action) && has(a.Group, f.group) &&
			(f.severity == 0 || f.severity == a.Severity):
			hits = append(hits, h)
		case fits(f.id, a.Alarm) || string(rec.Station) == station:
			others = append(others, h)
		}
	}
	return hits, others
}

// stationFact is a state that a station came into, with its cause.
type stationFact struct {
	station      line.StationID
	state, cause string
}

func readStation(_ *Story, k *keys, of string) fact {
	f := stationFact{line.StationID(of), k.must("state", "a PackML state, for example Held"), k.text("cause")}
	if err := knownState(of, f.state); err != nil {
		k.wrong("station", "%v", err)
		return nil
	}
	return f
}

func (f stationFact) look(r *run) (hits, others []hit) {
	for _, rec := range r.memory.Records {
		c, is := rec.Fact.(line.StateChanged)
		if !is || rec.Station != f.station {
			continue
		}
		h := hit{rec.At, fmt.Sprintf("%s became %s: %s", rec.Station, c.To, c.Cause)}
		if c.To == f.state && has(c.Cause, f.cause) {
			hits = append(hits, h)
		} else if c.To == f.state || !slices.Contains([]string{"Starting", "Resetting", "Suspending", "Unsuspending", "Suspended", "Execute"}, c.To) {
			others = append(others, h)
		}
	}
	return hits, others
}

// packFact is a disposition.
type packFact struct {
	pack    line.PackID
	becomes line.PackState
	reason  string
	clean   string // "first", "later" or nothing
}

func readPack(s *Story, k *keys, of string) fact {
	f := packFact{pack: line.PackID(of), becomes: line.PackState(k.must("becomes", "released, scrapped or quarantined")), reason: k.text("reason"), clean: k.text("pass")}
	if err := s.pack(of); of != "any" && err != nil {
		k.wrong("pack", "%v", err)
		return nil
	}
	if !slices.Contains([]line.PackState{line.Released, line.Scrapped, line.Quarantined}, f.becomes) {
		k.wrong("becomes", "%q is no disposition: want released, scrapped or quarantined", f.becomes)
		return nil
	}
	switch {
	case !slices.Contains([]string{"", "first", "later"}, f.clean):
		k.wrong("pass", "%q: want first (nothing was repeated) or later", f.clean)
		return nil
	case f.clean != "" && f.becomes != line.Released:
		k.wrong("pass", "a pack that becomes %s has none; only one that is released does", f.becomes)
		return nil
	}
	return f
}

func (f packFact) look(r *run) (hits, others []hit) {
	for _, rec := range r.memory.Records {
		d, is := rec.Fact.(line.PackDisposed)
		if !is || f.pack != "any" && rec.Pack != f.pack {
			continue
		}
		pass, said := "", ""
		if d.Disposition == line.Released { // what is given up has no pass
			if pass = "later"; d.FirstPass {
				pass = "first"
			}
			said = " (pass: " + pass + ")"
		}
		h := hit{rec.At, fmt.Sprintf("%s became %s%s: %s", rec.Pack, d.Disposition, said, d.Reason)}
		if d.Disposition == f.becomes && has(d.Reason, f.reason) && (f.clean == "" || f.clean == pass) {
			hits = append(hits, h)
		} else {
			others = append(others, h)
		}
	}
	return hits, others
}
