package checker_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/checker"
	"linectl/test/campaign"
)

// exemption is something that the checker lets pass, and a violation beside it that it must not let pass.
type exemption struct {
	id, name        string
	forgiven, blind func(*testing.T, *checker.Evidence) // blind leaves the same wrong just outside the exemption
}

// fault puts a fault into the truth.
func fault(e *checker.Evidence, at time.Time, text string) {
	e.Truth = append(e.Truth, checker.Happening{N: uint64(len(e.Truth) + 1), At: at, What: "fault", Text: text})
}

// wrongClock lets the last supervisor have lived by a clock that was wrong by so much, and nobody have written that down.
func wrongClock(t *testing.T, e *checker.Evidence, by time.Duration) (started time.Time) {
	t.Helper()
	start := lastOf(t, e, "", "line-started", "")
	started = start.At()
	for i := start.Seq - 1; i < uint64(len(e.Journal)); i++ {
		e.Journal[i].Micros += by.Microseconds()
	}
	return started
}

// forgotten makes of a result that the device has forgotten it before it was read.
func forgotten(t *testing.T, e *checker.Evidence) (in, end *checker.Entry) {
	t.Helper()
	end = entry(t, e, "act-done", `"task":41,`, 2)
	token := strings.Split(string(end.Body), `"`)[3]
	in = entry(t, e, "intent", `"token":"`+token+`"`, 1)
	end.Body = []byte(`{"token":"` + token + `","device":"ST060.welder","task":41,"part":"x","outcome":3,"verdict":"UNKNOWN"}`)
	return in, end
}

// givenUp makes of a good weld that nobody knows what became of it.
func givenUp(t *testing.T, e *checker.Evidence) (in, end *checker.Entry) {
	t.Helper()
	in, end = forgotten(t, e)
	end.Kind = "act-quarantined"
	return in, end
}

// late lets the result of a weld be on record two seconds late.
func late(t *testing.T, e *checker.Evidence) *checker.Happening {
	t.Helper()
	h := happening(t, e, "measured", 41)
	h.At = h.At.Add(-2 * time.Second)
	return h
}

// hidden takes the entry out that says which cell lies in a slot.
func hidden(t *testing.T, e *checker.Evidence, good bool) *checker.Entry {
	t.Helper()
	for i := range e.Truth {
		h := &e.Truth[i]
		if h.What != "placed" {
			continue
		}
		end := slices.IndexFunc(e.Journal, func(k checker.Entry) bool {
			return k.Pack == h.Part && k.Kind == "pack-disposed" && bytes.Contains(k.Body, []byte(`"released"`))
		})
		if end < 0 {
			t.Fatal("it is not released")
		}
		if !good {
			change(t, &e.Journal[end], `"released"`, `"quarantined"`)
		}
		k := entry(t, e, "act-done", `"token":"`+h.Token+`"`, 1)
		change(t, k, `"verdict":"OK"`, `"verdict":"UNKNOWN"`)
		for bytes.Contains(k.Body, []byte(`"verdict":"OK"`)) {
			change(t, k, `"verdict":"OK"`, `"verdict":"UNKNOWN"`)
		}
		return k
	}
	t.Fatal("nothing was placed")
	return nil
}

// oldScans is a shift in which a scanner that knows no tokens showed three times what it had done with the cell before.
var oldScans = sync.OnceValues(func() (checker.Evidence, error) { return lived("seed-1367") })

// lived lives through a kept plan.
func lived(name string) (checker.Evidence, error) {
	kept, err := campaign.Kept()
	i := slices.IndexFunc(kept, func(p campaign.KeptPlan) bool { return p.Name == name })
	if err != nil || i < 0 {
		return checker.Evidence{}, fmt.Errorf("no plan %s is kept: %w", name, err)
	}
	out, err := campaign.Run(kept[i].Plan)
	return out.Evidence, err
}

// oldScan puts that shift in the place of the other and finds the first such scan.
func oldScan(t *testing.T, e *checker.Evidence) (struck, shown *checker.Happening, end *checker.Entry) {
	t.Helper()
	scans, err := oldScans()
	if err != nil {
		t.Fatal(err)
	}
	*e = *cloned(scans)
	end = entry(t, e, "act-done", `"text":"codeGrade not measured"`, 1)
	for i := range e.Truth {
		switch h := &e.Truth[i]; {
		case h.What == "fault" && struck == nil:
			struck = h
		case h.What == "measured" && struck != nil && shown == nil && h.Device == struck.Device:
			shown = h
		}
	}
	return struck, shown, end
}

// asItWas spoils nothing of that shift.
func asItWas(t *testing.T, e *checker.Evidence) { oldScan(t, e) }

// struckOnce lets one fault have struck the first of three such scans, which are over within 35 ms.
func struckOnce(t *testing.T, e *checker.Evidence, text string) {
	t.Helper()
	struck, _, _ := oldScan(t, e)
	struck.Text = text
	at := struck.At
	e.Truth = slices.DeleteFunc(e.Truth, func(h checker.Happening) bool { return h.What == "fault" && h.At.After(at) })
}

// noted lets the plant have written down that a supervisor was started by a clock that was wrong by so much: the last one, or so many
// before it.
func noted(t *testing.T, e *checker.Evidence, before int, by time.Duration) {
	t.Helper()
	var start struct{ Fence int }
	if err := json.Unmarshal(lastOf(t, e, "", "line-started", "").Body, &start); err != nil || start.Fence < 2 {
		t.Fatalf("fence %d, %v", start.Fence, err)
	}
	e.Truth = append(e.Truth, checker.Happening{N: uint64(len(e.Truth) + 1), What: "clock", Fence: start.Fence - before, Text: by.String()})
}

// standings is a shift in which two supervisors were started while the clock stood: the first died before anything of it was on record.
var standings = sync.OnceValues(func() (checker.Evidence, error) { return lived("seed-629") })

// standing puts that shift in the place of the other, and finds what the plant wrote down of the two starts.
func standing(t *testing.T, e *checker.Evidence) (lost, begun *checker.Happening) {
	t.Helper()
	shift, err := standings()
	if err != nil {
		t.Fatal(err)
	}
	*e = *cloned(shift)
	var all []*checker.Happening
	for i := range e.Truth {
		if e.Truth[i].What == "clock" {
			all = append(all, &e.Truth[i])
		}
	}
	if len(all) != 2 || all[0].Text == all[1].Text {
		t.Fatalf("the clock was wrong at %d starts: %v", len(all), all)
	}
	return all[0], all[1]
}

// onRecord is more than the time in which a result that nothing keeps is on record.
const onRecord = 300 * time.Millisecond

const aheadHour = "clock-ahead line for 2s"

var exemptions = []exemption{
	{
		"I20", "a supervisor that was started by a wrong clock",
		func(t *testing.T, e *checker.Evidence) { wrongClock(t, e, -time.Hour); noted(t, e, 0, -time.Hour) },
		func(t *testing.T, e *checker.Evidence) { wrongClock(t, e, -time.Hour); noted(t, e, 0, time.Hour) },
	},
	{
		"I20", "a supervisor that was started by a wrong clock, by so much",
		func(t *testing.T, e *checker.Evidence) { wrongClock(t, e, -time.Hour); noted(t, e, 0, -time.Hour) },
		func(t *testing.T, e *checker.Evidence) {
			wrongClock(t, e, -time.Hour-onRecord)
			noted(t, e, 0, -time.Hour)
		},
	},
	{
		"I2", "a supervisor that was started by a wrong clock, and another that was not",
		func(t *testing.T, e *checker.Evidence) { wrongClock(t, e, time.Hour); noted(t, e, 0, time.Hour) },
		func(t *testing.T, e *checker.Evidence) { wrongClock(t, e, time.Hour); noted(t, e, 1, time.Hour) },
	},
	{
		"I2", "a fault that strikes a device which has just lost its memory, and so is at no act",
		func(t *testing.T, e *checker.Evidence) { struckWithout(t, e, "fault") },
		func(t *testing.T, e *checker.Evidence) { struckWithout(t, e, "effect") },
	},
	{
		"I20", "a supervisor that was started by a clock that stood, as another was of which nothing is on record",
		func(t *testing.T, e *checker.Evidence) { standing(t, e) },
		func(t *testing.T, e *checker.Evidence) {
			lost, begun := standing(t, e)
			lost.Fence, begun.Fence = begun.Fence, lost.Fence
		},
	},
	{
		"I15", "a clock that was set while the line ran: it goes on by its own time",
		func(t *testing.T, e *checker.Evidence) { fault(e, wrongClock(t, e, 0).Add(time.Second), aheadHour) },
		func(t *testing.T, e *checker.Evidence) {
			fault(e, wrongClock(t, e, time.Hour).Add(time.Second), aheadHour)
		},
	},
	{
		"I19", "a device that could not be heard",
		func(t *testing.T, e *checker.Evidence) {
			at := entry(t, e, "intent", `"task":41,`, 1).At()
			fault(e, at.Add(-time.Second), "guard-open ST060.welder for 5s")
			fault(e, at.Add(-3*time.Second), "drop-comms ST060.welder for 2s")
		},
		func(t *testing.T, e *checker.Evidence) {
			at := entry(t, e, "intent", `"task":41,`, 1).At()
			fault(e, at.Add(-time.Second), "guard-open ST060.welder for 5s")
			fault(e, at.Add(-5*time.Second), "drop-comms ST060.welder for 2s")
		},
	},
	{
		"I19", "a guard that was opened a moment ago",
		func(t *testing.T, e *checker.Evidence) {
			fault(e, entry(t, e, "intent", `"task":41,`, 1).At().Add(-200*time.Millisecond), "guard-open ST060.welder for 210ms")
		},
		func(t *testing.T, e *checker.Evidence) {
			fault(e, entry(t, e, "intent", `"task":41,`, 1).At().Add(-300*time.Millisecond), "guard-open ST060.welder for 310ms")
		},
	},
	{
		"I4", "a result that the device has forgotten",
		func(t *testing.T, e *checker.Evidence) {
			_, end := forgotten(t, e)
			fault(e, end.At().Add(-time.Millisecond), "plc-reboot-forgets ST060.welder for 1s")
		},
		func(t *testing.T, e *checker.Evidence) {
			_, end := forgotten(t, e)
			fault(e, end.At().Add(time.Second), "plc-reboot-forgets ST060.welder for 1s")
		},
	},
	{
		"I4", "a result that this device has forgotten",
		func(t *testing.T, e *checker.Evidence) {
			_, end := forgotten(t, e)
			fault(e, end.At().Add(-time.Millisecond), "plc-reboot-forgets ST060 for 1s")
		},
		func(t *testing.T, e *checker.Evidence) {
			_, end := forgotten(t, e)
			fault(e, end.At().Add(-time.Millisecond), "plc-reboot-forgets ST100 for 1s")
		},
	},
	{
		"I4", "a scan for which a device without tokens showed what it had shown before", asItWas,
		func(t *testing.T, e *checker.Evidence) {
			struck, _, _ := oldScan(t, e)
			struck.Text = "late-duplicate ST010"
		},
	},
	{
		"I4", "a scan for which this device showed what it had shown before", asItWas,
		func(t *testing.T, e *checker.Evidence) {
			struck, _, _ := oldScan(t, e)
			struck.Device = "ST010.robot"
		},
	},
	{
		"I4", "a scan for which a device showed what it had shown before, for so long",
		func(t *testing.T, e *checker.Evidence) { struckOnce(t, e, "old-result ST010 by 0.05") },
		func(t *testing.T, e *checker.Evidence) { struckOnce(t, e, "old-result ST010 by 0.01") },
	},
	{
		"I4", "a scan for which a device showed what it had shown of another cell", asItWas,
		func(t *testing.T, e *checker.Evidence) {
			_, shown, end := oldScan(t, e)
			change(t, end, "LCTCB02L267001GA90000016", shown.Cell)
		},
	},
	{
		"I4", "a scan without a code grade, of which the record says that nobody knows", asItWas,
		func(t *testing.T, e *checker.Evidence) {
			_, _, end := oldScan(t, e)
			change(t, end, `"verdict":"UNKNOWN","text"`, `"verdict":"NOK","text"`)
		},
	},
	{
		"I24", "an act that was given up while its device booted",
		func(t *testing.T, e *checker.Evidence) {
			_, end := givenUp(t, e)
			fault(e, end.At().Add(-time.Millisecond), "plc-reboot ST060.welder for 1s")
		},
		func(t *testing.T, e *checker.Evidence) {
			in, _ := givenUp(t, e)
			fault(e, in.At().Add(-7*time.Second), "plc-reboot ST060.welder for 1s")
		},
	},
	{
		"I24", "an act that was given up after something that destroys evidence",
		func(t *testing.T, e *checker.Evidence) {
			_, end := givenUp(t, e)
			fault(e, end.At().Add(-time.Millisecond), "e-stop ST060 for 1s")
		},
		func(t *testing.T, e *checker.Evidence) {
			_, end := givenUp(t, e)
			fault(e, end.At().Add(-time.Millisecond), "drop-comms ST060 for 1s")
		},
	},
	{
		"I24", "an order to a device without tokens to move what it had misnamed, as a fault had struck its scan",
		func(t *testing.T, e *checker.Evidence) { misnaming(t, e) },
		func(t *testing.T, e *checker.Evidence) {
			struck, _, _ := misnaming(t, e)
			struck.Text = "weld-nok ST010"
		},
	},
	{
		"I24", "an order to a device without tokens to move another cell than it held",
		func(t *testing.T, e *checker.Evidence) { misnaming(t, e) },
		func(t *testing.T, e *checker.Evidence) {
			_, shown, order := misnaming(t, e)
			shown.Cell = partOf(t, order)
		},
	},
	{
		"I24", "an order to a device without tokens to move what it had misnamed, and which it has not moved",
		func(t *testing.T, e *checker.Evidence) { misnaming(t, e) },
		func(t *testing.T, e *checker.Evidence) {
			_, shown, order := misnaming(t, e)
			moved := *shown
			moved.What, moved.Task, moved.At = "moved", 2, order.At().Add(100*time.Microsecond)
			e.Truth = append(e.Truth, moved)
		},
	},
	{
		"I5", "a cell of which the record says that nobody knows where it lies",
		func(t *testing.T, e *checker.Evidence) { hidden(t, e, false) },
		func(t *testing.T, e *checker.Evidence) { hidden(t, e, true) },
	},
	{
		"I23", "a cell whose code was read of another one at the tester",
		func(t *testing.T, e *checker.Evidence) { elsewhere(t, e, "ST020") },
		func(t *testing.T, e *checker.Evidence) { elsewhere(t, e, "ST040") },
	},
	{
		"I12", "a station that was running when the supervisor died",
		func(t *testing.T, e *checker.Evidence) {
			insert(e, lastOf(t, e, "", "line-started", ""), "state-changed", "ST990", "", `{"from":"Stopped","to":"Resetting","cause":"x"}`)
			insert(e, &e.Journal[lastOf(t, e, "", "line-started", "").Seq], "state-changed", "ST990", "", `{"from":"Resetting","to":"Stopped","cause":"supervisor restarted"}`)
		},
		func(t *testing.T, e *checker.Evidence) {
			insert(e, lastOf(t, e, "", "line-started", ""), "state-changed", "ST990", "", `{"from":"Stopped","to":"Resetting","cause":"x"}`)
			insert(e, &e.Journal[lastOf(t, e, "", "line-started", "").Seq], "state-changed", "ST990", "", `{"from":"Resetting","to":"Execute","cause":"supervisor restarted"}`)
		},
	},
	{
		"I12", "a station that a start has stopped, once",
		func(t *testing.T, e *checker.Evidence) {
			insert(e, &e.Journal[lastOf(t, e, "", "line-started", "").Seq], "state-changed", "ST990", "", `{"from":"Stopped","to":"Resetting","cause":"x"}`)
		},
		func(t *testing.T, e *checker.Evidence) {
			insert(e, &e.Journal[lastOf(t, e, "", "line-started", "").Seq], "state-changed", "ST990", "", `{"from":"Resetting","to":"Stopped","cause":"x"}`)
			insert(e, &e.Journal[lastOf(t, e, "", "line-started", "").Seq], "state-changed", "ST990", "", `{"from":"Stopped","to":"Resetting","cause":"x"}`)
		},
	},
	{
		"I14", "a silence in which something else was wrong with the line",
		func(_ *testing.T, e *checker.Evidence) {
			at := silence(e, "drop-comms ST060.welder for 9s")
			fault(e, at.Add(-4*time.Second), "disk-full line for 1s")
		},
		func(_ *testing.T, e *checker.Evidence) {
			at := silence(e, "drop-comms ST060.welder for 9s")
			fault(e, at.Add(-7*time.Second), "disk-full line for 1s")
		},
	},
	{
		"I14", "a silence in which the station was disturbed otherwise",
		func(_ *testing.T, e *checker.Evidence) {
			at := silence(e, "drop-comms ST060.welder for 9s")
			fault(e, at.Add(time.Second), "plc-reboot ST060.robot for 1s")
		},
		func(_ *testing.T, e *checker.Evidence) {
			at := silence(e, "drop-comms ST060.welder for 9s")
			fault(e, at.Add(time.Second), "plc-reboot ST040.robot for 1s")
		},
	},
	{
		"I14", "a device that was not heard of a moment ago",
		func(_ *testing.T, e *checker.Evidence) {
			silence(e, "lost-ack ST060.welder for 1s", "5s alarm-raised "+lost, "12s alarm-cleared "+lost)
		},
		func(_ *testing.T, e *checker.Evidence) {
			silence(e, "lost-ack ST060.welder for 1s", "7s alarm-raised "+lost, "12s alarm-cleared "+lost)
		},
	},
	{
		"I20", "a result that something has kept",
		func(t *testing.T, e *checker.Evidence) {
			fault(e, late(t, e).At.Add(-5*time.Second), "slow-answers ST060.welder for 1s")
		},
		func(t *testing.T, e *checker.Evidence) {
			fault(e, late(t, e).At.Add(-7*time.Second), "slow-answers ST060.welder for 1s")
		},
	},
	{
		"I20", "a result that something at its station has kept",
		func(t *testing.T, e *checker.Evidence) { fault(e, late(t, e).At, "slow-answers ST060 for 1s") },
		func(t *testing.T, e *checker.Evidence) { fault(e, late(t, e).At, "slow-answers ST070 for 1s") },
	},
	{
		"I25", "a pack that waits for a station ahead of it",
		func(t *testing.T, e *checker.Evidence) { waits(t, e, "ST999") },
		func(t *testing.T, e *checker.Evidence) { waits(t, e, "ST010") },
	},
}

// elsewhere lets a cell lie in another place than on record, and another one have arrived at a station in its stead.
func elsewhere(t *testing.T, e *checker.Evidence, station string) {
	t.Helper()
	placed := slices.IndexFunc(e.Truth, func(h checker.Happening) bool { return h.What == "placed" })
	came := slices.IndexFunc(e.Truth, func(h checker.Happening) bool {
		return h.What == "arrived" && h.Station == "ST020" && placed >= 0 && h.Body == e.Truth[placed].Body
	})
	if came < 0 {
		t.Fatal("no cell was measured and placed")
	}
	e.Truth[placed].Part = "bin 7"
	other := e.Truth[came]
	other.Station, other.Cell, other.Body = station, "ANOTHER", ""
	e.Truth = slices.Insert(e.Truth, came+1, other)
}

// waits lets a released pack wait for five minutes at its last station while an alarm of some station stands.
func waits(t *testing.T, e *checker.Evidence, alarm string) {
	t.Helper()
	e.Journal = slices.DeleteFunc(e.Journal, func(k checker.Entry) bool { return strings.HasPrefix(k.Kind, "alarm-") })
	for i := range e.Journal {
		e.Journal[i].Seq = uint64(i + 1) //nolint:gosec // small
	}
	pack, _ := released(t, e, false)
	arrived := lastOf(t, e, pack, "part-arrived", "")
	from := arrived.Seq
	insert(e, arrived, "alarm-raised", alarm, "", `{"alarm":"`+alarm+`/held"}`)
	for i := from + 1; i < uint64(len(e.Journal)); i++ {
		e.Journal[i].Micros += 300e6
	}
}

// struckWithout notes of a welder that it was struck, or did something, at no act.
func struckWithout(t *testing.T, e *checker.Evidence, what string) {
	t.Helper()
	h := *happening(t, e, "effect", 41)
	h.What, h.Token, h.Part, h.Task, h.Text = what, "", "", 0, "plc-reboot-forgets ST060"
	e.Truth = append(e.Truth, h)
}

// TestExemptionsAreNarrow asks of everything that the checker forgives that it forgives this and not what lies just beside it.
func TestExemptionsAreNarrow(t *testing.T) {
	found := func(id string, spoil func(*testing.T, *checker.Evidence)) []checker.Violation {
		e := evidence(t)
		spoil(t, e)
		all, err := checker.Check(*e)
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(all, func(v checker.Violation) bool { return v.Invariant != id })
	}
	for _, x := range slices.Concat(exemptions, boundExemptions, doubtExemptions, placeExemptions, slowExemptions) {
		t.Run(x.id+" "+x.name, func(t *testing.T) {
			if all := found(x.id, x.forgiven); len(all) > 0 {
				t.Errorf("it is not forgiven: %s", checker.Report(all, 3))
			}
			if all := found(x.id, x.blind); len(all) == 0 {
				t.Error("what lies beside it is forgiven too")
			}
		})
	}
}
