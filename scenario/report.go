package scenario

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"linectl/checker"
	"linectl/line"
)

// Report is the verdict on a story, and what happened in it.
type Report struct {
	File       string              `json:"file"`
	Name       string              `json:"name"`
	Shows      string              `json:"shows"`
	Must       string              `json:"must"`
	Passed     bool                `json:"passed"`
	Lasted     time.Duration       `json:"-"`     // on the line's clock
	Clock      string              `json:"clock"` // Lasted in words, as the times of the events: "1m3.2s"
	Records    int                 `json:"records"`
	Packs      map[string]string   `json:"packs"`  // disposition by pack
	Events     []Happened          `json:"events"` // what went wrong, and what people did
	Checks     []Check             `json:"checks"`
	Violations []checker.Violation `json:"violations"`
}

// Happened is one event of a story as it came about.
type Happened struct {
	At     string `json:"at"` // on the line's clock since the story began: "1m3.2s"
	Text   string `json:"text"`
	Reply  string `json:"reply,omitempty"`  // of the line to a person: done, refused or nothing; empty where nobody asked
	Answer string `json:"answer,omitempty"` // in the line's words
}

// Check is one expectation with its verdict.
type Check struct {
	Line   int      `json:"line"` // in the file; 0 = expected of every story
	Expect string   `json:"expect"`
	Met    bool     `json:"met"`
	Found  string   `json:"found,omitempty"` // what meets it, with its time
	Why    string   `json:"why,omitempty"`   // why it is not met
	Came   []string `json:"came,omitempty"`  // what came instead, all of it
}

// judge holds what is expected against what came.
func (r *run) judge() (*Report, error) {
	rep := &Report{
		File: r.File, Name: r.Name, Shows: r.Shows, Must: r.Must, Lasted: r.Now.Sub(Morning), Clock: since(r.Now), Records: len(r.memory.Records), Packs: map[string]string{},
		Violations: []checker.Violation{},
	}
	for _, t := range r.things {
		h := Happened{At: since(t.at), Text: t.text}
		if t.reply != nil {
			h.Reply, h.Answer = toldIn(*t.reply), t.reply.Text
		}
		rep.Events = append(rep.Events, h)
	}
	for _, rec := range r.memory.Records {
		if d, is := rec.Fact.(line.PackDisposed); is {
			rep.Packs[string(rec.Pack)] = string(d.Disposition)
		}
	}
	for i := range r.Expect {
		rep.Checks = append(rep.Checks, r.check(&r.Expect[i]))
	}
	rep.Checks = append(rep.Checks, r.happened(), r.ended())
	e, err := r.evidence()
	if err != nil {
		return nil, err
	}
	if found, err := checker.Check(e); err != nil {
		return nil, err
	} else if found != nil {
		rep.Violations = found
	}
	sound := Check{Expect: checkerSound, Met: len(rep.Violations) == 0}
	if !sound.Met {
		sound.Why = "it finds " + strconv.Itoa(len(rep.Violations))
	}
	rep.Checks = append(rep.Checks, sound)
	rep.Passed = !slices.ContainsFunc(rep.Checks, func(c Check) bool { return !c.Met })
	return rep, nil
}

// checkerSound is what is expected of every story by the checker.
const checkerSound = "the checker finds no violation"

// since writes a time on the line's clock, from the beginning of the story.
func since(t time.Time) string { return t.Sub(Morning).Round(10 * time.Millisecond).String() }

func (h hit) String() string { return since(h.at) + " " + h.words }

// check judges one expectation.
func (r *run) check(e *Expectation) Check {
	hits, others := e.fact.look(r)
	c := Check{Line: e.Line, Expect: e.Text}
	late := slices.Clone(hits)
	if e.within > 0 {
		hits = slices.DeleteFunc(hits, func(h hit) bool { return !r.soon(h, e.within) })
	}
	counted, exact := e.fact.(effectsFact)
	switch {
	case exact:
		if c.Met = len(hits) == counted.n; !c.Met {
			c.Why = "it happened " + times(len(hits))
		}
	case e.never:
		if c.Met = len(hits) == 0; !c.Met {
			c.Why, others = "it came", hits
		}
	case e.times > 0 && len(hits) != e.times:
		c.Why = "it came " + times(len(hits))
		others = append(hits, others...)
	case len(hits) == 0 && len(late) > 0:
		c.Why, others = fmt.Sprintf("not within %s of anything that had happened", e.within), late
	case len(hits) == 0:
		c.Why = "it did not come"
	default:
		c.Met = true
	}
	if c.Met && len(hits) > 0 {
		c.Found = hits[0].String()
	}
	if !c.Met {
		c.Came = nearest(others)
	}
	return c
}

// times says how often.
func times(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// soon reports whether something of the story had happened not long before.
func (r *run) soon(h hit, within time.Duration) bool {
	return slices.ContainsFunc(r.things, func(t thing) bool { return !t.at.After(h.at) && h.at.Sub(t.at) <= within })
}

// cameMost is how much of what came instead is told to people.
const cameMost = 6

func nearest(others []hit) (list []string) {
	slices.SortStableFunc(others, func(a, b hit) int { return a.at.Compare(b.at) })
	for _, h := range others {
		list = append(list, h.String())
	}
	if len(list) == 0 {
		list = []string{"nothing of the kind"}
	}
	return list
}

// happened expects of every story that what it tells came about: a fault that never strikes shows nothing.
func (r *run) happened() Check {
	c := Check{Expect: "everything that the story tells happens", Met: true}
	c.Came = append(c.Came, r.failed...)
	for _, a := range r.told {
		if toldIn(a.reply) == "refused" && !r.expects(a) {
			c.Came = append(c.Came, fmt.Sprintf("line %d: %s was refused: %s", a.event.At, a.event.Text, a.reply.Text))
		}
	}
	if r.next < len(r.Events) {
		e := r.Events[r.next]
		c.Came = append(c.Came, fmt.Sprintf("line %d: the moment for %s never came", e.At, e.Text))
	}
	for _, f := range r.Plant.Faults(r.Now) {
		if f.Struck == 0 {
			c.Came = append(c.Came, fmt.Sprintf("%s never struck", f.Fault))
		}
	}
	if len(c.Came) > 0 {
		c.Met, c.Why = false, "not all of it did"
	}
	return c
}

// expects reports whether the story expects that what a person asked for is refused so.
func (r *run) expects(a replied) bool {
	return slices.ContainsFunc(r.Expect, func(e Expectation) bool {
		f, is := e.fact.(replyFact)
		return is && !e.never && !f.accepted && f.meant(a.event.Text) && f.meets(a.reply.Accepted, a.reply.Text)
	})
}

// ended expects of every story that does not say otherwise that all which was ordered has a disposition and the line comes to rest.
func (r *run) ended() Check {
	c := Check{Expect: "everything that was ordered has a disposition, and the line comes to rest", Met: r.Open || r.done && r.rested}
	if !c.Met {
		c.Why = fmt.Sprintf("not within %s", r.Lasts)
		snap := r.Line.Snapshot(r.Now)
		for _, st := range snap.Stations {
			if st.State != "Suspended" && st.State != "Stopped" {
				c.Came = append(c.Came, fmt.Sprintf("%s is %s: %s", st.Station, st.State, st.Reason))
			}
		}
		for _, p := range snap.Packs {
			text := fmt.Sprintf("%s lies at %s: %s", p.Pack, p.At, p.Text)
			if p.At == "" {
				text = string(p.Pack) + " has come to no station"
			}
			c.Came = append(c.Came, strings.TrimSuffix(text, ": "))
		}
		for _, h := range snap.Holds {
			c.Came = append(c.Came, fmt.Sprintf("%s is held by %s: %s", h.Subject, h.By, h.Reason))
		}
		for _, q := range snap.Prompts {
			c.Came = append(c.Came, fmt.Sprintf("%s waits for an answer: %s (%s)", q.Prompt, q.Text, strings.Join(q.Options, ", ")))
		}
	}
	return c
}

// Write tells the verdicts on stories as a table, and of those that failed what was expected and what came instead.
func Write(out io.Writer, all []*Report, every bool) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VERDICT\tSTORY\tCHECKS\tLINE TIME\tRECORDS\tWHAT HAPPENS")
	for _, r := range all {
		met := len(slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return !c.Met }))
		verdict := "FAIL"
		if r.Passed {
			verdict = "PASS"
		}
		fmt.Fprintf(w, "%s\t%s\t%d of %d\t%s\t%d\t%s\n", verdict, r.File, met, len(r.Checks), r.Lasted.Round(time.Second), r.Records, r.Name)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range all {
		if every || !r.Passed {
			r.tell(&b, every)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// tell writes what happened, and each expectation that was not met; with every all of them.
func (r *Report) tell(b *strings.Builder, every bool) {
	fmt.Fprintf(b, "\n%s: %s\n", r.File, r.Name)
	for _, e := range r.Events {
		fmt.Fprintf(b, "  %s %s\n", e.At, e.Text)
		if e.Reply != "" {
			fmt.Fprintf(b, "    %s: %s\n", e.Reply, e.Answer)
		}
	}
	for _, c := range r.Checks {
		place := r.File
		if c.Line > 0 {
			place = fmt.Sprintf("%s:%d", r.File, c.Line)
		}
		most := cameMost
		if c.Line == 0 { // what holds the story up is told whole
			most = len(c.Came)
		}
		switch {
		case !c.Met:
			fmt.Fprintf(b, "%s: expected: %s\n  %s\n", place, c.Expect, c.Why)
			for _, other := range c.Came[:min(len(c.Came), most)] {
				fmt.Fprintf(b, "  came: %s\n", other)
			}
			if more := len(c.Came) - most; more > 0 {
				fmt.Fprintf(b, "  came: and %d more\n", more)
			}
		case every:
			fmt.Fprintf(b, "%s: met: %s\n", place, strings.TrimSpace(c.Expect+"\n    "+c.Found))
		}
	}
	for _, v := range r.Violations {
		fmt.Fprintf(b, "%s: the checker: %s\n", r.File, v)
	}
}
