package checker_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/checker"
)

// silence puts a fault into the truth and the alarm that belongs to it into the journal, in the quiet hours after the shift.
func silence(e *checker.Evidence, fault string, alarms ...string) time.Time {
	at := e.Journal[len(e.Journal)-1].At().Add(time.Hour)
	e.Truth = append(e.Truth, checker.Happening{N: uint64(len(e.Truth) + 1), At: at, What: "fault", Text: fault})
	for _, alarm := range alarms {
		when, what, _ := strings.Cut(alarm, " ")
		span, err := time.ParseDuration(when)
		if err != nil {
			panic(err)
		}
		station, _, _ := strings.Cut(strings.Fields(what)[1], "/")
		appendEntry(e, strings.Fields(what)[0], station, "", `{"alarm":"`+strings.Fields(what)[1]+`"}`)
		e.Journal[len(e.Journal)-1].Micros = at.Add(span).UnixMicro()
	}
	return at
}

const lost = "ST060/device-lost-welder"

// tooEarly lets the first result after the start by a clock that stood be on record before it was measured.
func tooEarly(t *testing.T, e *checker.Evidence) {
	t.Helper()
	_, begun := standing(t, e)
	for i := range e.Truth {
		if h := &e.Truth[i]; h.What == "measured" && h.At.After(begun.At) && h.Fence == begun.Fence {
			h.At = h.At.Add(onRecord)
			return
		}
	}
	t.Fatal("nothing was measured after it")
}

var momentSpoils = []spoil{
	{"I14", "a device is silent and nobody is told", func(_ *testing.T, e *checker.Evidence) { silence(e, "drop-comms ST060.welder for 9s") }},
	{"I14", "a device is silent and somebody is told too late", func(_ *testing.T, e *checker.Evidence) {
		silence(e, "drop-comms ST060 for 9s", "5s alarm-raised "+lost, "12s alarm-cleared "+lost)
	}},
	{"I14", "one silence, told twice", func(_ *testing.T, e *checker.Evidence) {
		silence(e, "drop-comms ST060.welder for 9s", "1s alarm-raised "+lost, "2s alarm-cleared "+lost, "3s alarm-raised "+lost, "12s alarm-cleared "+lost)
	}},
	{"I14", "a device that is heard is said to be lost", func(_ *testing.T, e *checker.Evidence) {
		silence(e, "drop-comms ST060.robot for 1s", "1s alarm-raised "+lost, "12s alarm-cleared "+lost)
	}},
	{"I14", "a station that has aborted and does not say so", func(t *testing.T, e *checker.Evidence) {
		k := entry(t, e, "alarm-raised", `/aborted"`, 1)
		drop(t, e, k)
	}},
	{"I14", "a station that runs and says that it holds", func(t *testing.T, e *checker.Evidence) {
		insert(e, entry(t, e, "set-reserved", "", 1), "alarm-raised", "ST060", "", `{"alarm":"ST060/held"}`)
	}},
	{"I20", "an entry that is dated before the one before it", func(t *testing.T, e *checker.Evidence) {
		entry(t, e, "set-reserved", "", 1).Micros -= 60e6
	}},
	{"I20", "a result that is on record much later", func(t *testing.T, e *checker.Evidence) {
		h := happening(t, e, "measured", 41)
		h.At = h.At.Add(-2 * time.Second)
	}},
	{"I20", "a result that is on record before it was measured, after a start by a clock that stood", tooEarly},
	{"I22", "a station that does not come to rest for long", func(t *testing.T, e *checker.Evidence) {
		for i := len(e.Journal) - 1; i >= 0; i-- {
			if k := &e.Journal[i]; k.Kind == "state-changed" && strings.Contains(string(k.Body), `"to":"Stopped"`) {
				for j := i; j < len(e.Journal); j++ {
					e.Journal[j].Micros += 15e6
				}
				return
			}
		}
	}},
	{"I22", "an act of which nobody decides for long what became of it", func(t *testing.T, e *checker.Evidence) {
		start := lastOf(t, e, "", "line-started", "")
		i := slices.IndexFunc(e.Journal[start.Seq:], func(k checker.Entry) bool { return k.Kind == "act-done" || k.Kind == "act-refused" })
		for i += int(start.Seq); i < len(e.Journal); i++ { //nolint:gosec // small
			e.Journal[i].Micros += 100e6
		}
	}},
	{"I25", "a pack that waits, and nothing says why", func(t *testing.T, e *checker.Evidence) {
		pack, _ := released(t, e, false)
		arrived := lastOf(t, e, pack, "part-arrived", "").Seq
		for i := arrived; i < uint64(len(e.Journal)); i++ {
			e.Journal[i].Micros += 300e6
		}
		e.Journal = slices.DeleteFunc(e.Journal, func(k checker.Entry) bool { return strings.HasPrefix(k.Kind, "alarm-") })
		for i := range e.Journal {
			e.Journal[i].Seq = uint64(i + 1) //nolint:gosec // small
		}
	}},
	{"I25", "a pack that is quarantined though nothing has happened", func(t *testing.T, e *checker.Evidence) {
		_, end := released(t, e, false)
		change(t, end, `"released"`, `"quarantined"`)
		for i := 1; i < len(e.Journal); i++ {
			if e.Journal[i].Kind == "line-started" {
				e.Journal[i].Kind = "tool-serviced"
			}
		}
	}},
}

// TestWhatIsToldRight is what the spoils of silence leave sound: one alarm in time for each silence.
func TestWhatIsToldRight(t *testing.T) {
	e := evidence(t)
	silence(e, "drop-comms ST060.welder for 9s", "1s alarm-raised "+lost, "12s alarm-cleared "+lost)
	silence(e, "stale-heartbeat ST060 at joint 3 for 2s")
	all, err := checker.Check(*e)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range all {
		if v.Invariant == "I14" {
			t.Error(v)
		}
	}
}

// guardBehind lets a weld be asked for with the guard open, and the fault have begun fifteen seconds before.
func guardBehind(t *testing.T, e *checker.Evidence, slow string) {
	t.Helper()
	at := entry(t, e, "intent", `"task":41,`, 1).At()
	fault(e, at.Add(-time.Second), "guard-open ST060.welder for 5s")
	fault(e, at.Add(-15*time.Second), slow)
}

// slowExemptions are what slow commits forgive.
var slowExemptions = []exemption{
	{
		"I20", "a result whose commit began while commits were slow",
		func(t *testing.T, e *checker.Evidence) {
			fault(e, late(t, e).At.Add(-20*time.Second), "slow-commit line for 1s by 20")
		},
		func(t *testing.T, e *checker.Evidence) {
			fault(e, late(t, e).At.Add(-20*time.Second), "slow-commit line for 1s by 10")
		},
	},
	{
		"I19", "a device that said so while a slow commit was waited for",
		func(t *testing.T, e *checker.Evidence) { guardBehind(t, e, "slow-commit line for 1s by 20") },
		func(t *testing.T, e *checker.Evidence) { guardBehind(t, e, "slow-commit line for 1s by 10") },
	},
}
