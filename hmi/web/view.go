package web

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"linectl/packml"
)

// View is a model at one moment, for one person: what a page is made of. Making a page of it is pure, so that it can be done again
// at every change.
type View struct {
	*Model
	Now     time.Time
	Lang    Language
	User    string
	Page    *Page
	Path    string
	Arg     string // what stands in the page's path for {id}
	Query   url.Values
	Version string // of this HMI
	D       any    // of the page
	Leaf    *leaf  // what was read of the records; nil if the page reads nothing, or nothing yet

	Asleep bool // commands ask for the password first
	texts  catalogue
}

// T says a text of ours in the person's language, with words put in for each {}.
func (v *View) T(english string, words ...any) string {
	return v.texts.say(v.Lang.Code, english, words...)
}

// Shown is a value as it stands on the screen: hatched and with its age when it is old.
type Shown struct {
	Text  string
	Lang  string // empty if it is that of the page
	Code  bool   // a name or code: written in its own direction
	None  bool   // nothing is known
	Stale bool
	Age   string
}

func (v *View) shown(node, text, lang string) Shown {
	if lang == v.Lang.Code {
		lang = ""
	}
	s := Shown{Text: text, Lang: lang, None: !v.Has(node)}
	if !s.None && !v.Fresh(node, v.Now) {
		s.Stale, s.Age = true, v.Span(v.Age(node, v.Now))
	}
	return s
}

// Show shows any value.
func (v *View) Show(node string) Shown {
	switch value := v.values[node].Value.(type) {
	case Words:
		return v.shown(node, value.Text, value.Lang)
	case string:
		s := v.shown(node, value, "")
		s.Code = true
		return s
	case bool:
		if value {
			return v.shown(node, v.T("yes"), "")
		}
		return v.shown(node, v.T("no"), "")
	case uint32, int32:
		return v.shown(node, fmt.Sprint(value), "")
	case float64:
		return v.shown(node, number(value), "")
	case time.Time:
		return v.shown(node, v.Clock(value), "")
	}
	return v.shown(node, "", "")
}

// Make shows something made of a value, as fresh as that value.
func (v *View) Make(node, text string) Shown { return v.shown(node, text, "") }

// Stale reports whether a value may not be believed.
func (v *View) Stale(node string) bool { return v.Has(node) && !v.Fresh(node, v.Now) }

// number writes a number with as many digits as a person reads.
func number(f float64) string {
	switch {
	case math.Abs(f) >= 100 || f == math.Trunc(f):
		return strconv.FormatFloat(f, 'f', 0, 64)
	case math.Abs(f) >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// Span writes how long something takes or took: "8 s", "12:05 min", "3:20 h".
func (v *View) Span(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < time.Minute:
		return v.T("{} s", int(d.Seconds()))
	case d < time.Hour:
		return v.T("{} min", fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60))
	case d < 48*time.Hour:
		return v.T("{} h", fmt.Sprintf("%d:%02d", int(d.Hours()), int(d.Minutes())%60))
	}
	return v.T("{} days", int(d.Hours()/24))
}

// Since writes how long ago a moment was; nothing for none.
func (v *View) Since(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return v.Span(v.Now.Sub(t))
}

// Until writes how long it is until a moment; nothing for none.
func (v *View) Until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return v.Span(t.Sub(v.Now))
}

// Clock writes a moment with its zone: the day only if it is another one.
func (v *View) Clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t, now := t.Local(), v.Now.Local()
	if t.Year() == now.Year() && t.YearDay() == now.YearDay() {
		return t.Format("15:04:05 MST")
	}
	return t.Format("2006-01-02 15:04 MST")
}

// The ways in which a state is drawn. Only what is abnormal has colour, and none has colour alone.
const (
	lookRun   = "run"
	lookStill = "still" // Stopped, Idle, Complete
	lookMove  = "move"  // an acting state
	lookWait  = "wait"  // Suspended: a neighbour's matter
	lookHeld  = "held"
	lookAbort = "abort"
	lookNone  = "none"
)

func look(s packml.State) string {
	switch s {
	case packml.Execute:
		return lookRun
	case packml.Stopped, packml.Idle, packml.Complete:
		return lookStill
	case packml.Suspended:
		return lookWait
	case packml.Holding, packml.Held:
		return lookHeld
	case packml.Aborting, packml.Aborted:
		return lookAbort
	case packml.Clearing, packml.Starting, packml.Stopping, packml.Unholding, packml.Suspending, packml.Unsuspending, packml.Resetting,
		packml.Completing:
		return lookMove
	case packml.Undefined:
	}
	return lookNone
}

// State is the PackML state that an object shows.
func (v *View) State(object string) packml.State {
	n := v.Number(object + ".StateCurrent")
	if n < 0 || n > float64(packml.Complete) {
		return packml.Undefined
	}
	return packml.State(n)
}

// Look is how the state of an object is drawn.
func (v *View) Look(object string) string {
	if !v.Has(object + ".StateCurrent") {
		return lookNone
	}
	return look(v.State(object))
}

// Simulated reports whether anything on the line is virtual. What nobody has said yet counts as real.
func (v *View) Simulated() bool { return v.Bool("Line.Simulated") }

// Count returns how many active alarms stand in a priority, 1 to 4.
func (v *View) Count(priority int) int {
	n := 0
	for _, a := range v.Standing() {
		if a.Active && a.Priority() == priority {
			n++
		}
	}
	return n
}

// Unseen returns how many standing alarms nobody has acknowledged.
func (v *View) Unseen() int {
	n := 0
	for _, a := range v.Standing() {
		if !a.Acked {
			n++
		}
	}
	return n
}

// Announce is the text that a screen reader is to read at once: the gravest alarm that nobody has seen, of the two high priorities.
func (v *View) Announce() string {
	for _, a := range v.Standing() {
		if a.Active && !a.Acked && a.Priority() <= 2 {
			return v.T("Alarm, priority {}: {} {}", a.Priority(), a.Source, a.Text.Text)
		}
	}
	return ""
}

// Say shows a text of an alarm, or of a list: it is as old as the connection.
func (v *View) Say(w Words) Shown {
	s := Shown{Text: w.Text, Lang: w.Lang, None: w.Text == "", Stale: w.Text != "" && !v.Live(v.Now)}
	if s.Lang == v.Lang.Code {
		s.Lang = ""
	}
	return s
}

// Comms says in one word how it stands: "ok", "line" (the supervisor is away), "gateway" (the gateway is).
func (v *View) Comms() string {
	switch {
	case !v.Live(v.Now):
		return "gateway"
	case v.Has("Line.Connected") && !v.Bool("Line.Connected"):
		return "line"
	case !v.Has("Line.Connected") || len(v.Stations) == 0:
		return "none"
	}
	return "ok"
}

// Silence is how long nothing was heard from whoever is silent.
func (v *View) Silence() string {
	if v.Comms() == "line" {
		return v.Span(time.Duration(v.Number("Line.HeartbeatAge") * float64(time.Second)))
	}
	if v.Heard.IsZero() {
		return v.Since(v.Model.Since)
	}
	return v.Since(v.Heard)
}

// Waiting returns how many questions wait for a person.
func (v *View) Waiting() int { return len(v.Names("Line.Prompts")) }
