package checker_test

import (
	"bytes"
	"testing"
	"time"

	"linectl/checker"
)

// inDoubt lets a pack that was released have come to quarantine at its last station instead, and returns the result of its label there.
func inDoubt(t *testing.T, e *checker.Evidence) (label *checker.Entry) {
	t.Helper()
	pack, end := released(t, e, false)
	change(t, end, `"released"`, `"quarantined"`)
	change(t, lastOf(t, e, pack, "step-done", `"step":"packout"`), `"verdict":"OK"`, `"verdict":"UNKNOWN"`)
	return lastOf(t, e, pack, "act-done", `"task":91,`)
}

// lacking lets a pack that was released have come to quarantine for want of evidence, though its last step is good.
func lacking(t *testing.T, e *checker.Evidence) (pack string) {
	t.Helper()
	pack, end := released(t, e, false)
	change(t, end, `"released"`, `"quarantined"`)
	return pack
}

// cutOff lets the label have been put on while the device lost its power.
func cutOff(t *testing.T, e *checker.Evidence) (label *checker.Entry) {
	t.Helper()
	label = inDoubt(t, e)
	label.Kind = "act-quarantined"
	fault(e, label.At().Add(-time.Millisecond), "plc-reboot ST140 for 1s")
	return label
}

// unknown makes of every verdict of a result that nobody knows.
func unknown(k *checker.Entry) {
	k.Body = bytes.ReplaceAll(k.Body, []byte(`"verdict":"OK"`), []byte(`"verdict":"UNKNOWN"`))
}

// boundTwice lets the carrier of a released pack be bound a second time, and returns the result of the first.
func boundTwice(t *testing.T, e *checker.Evidence) (first *checker.Entry) {
	t.Helper()
	again := *happening(t, e, "effect", 30)
	again.Token, again.At = "9-9", again.At.Add(time.Minute)
	e.Truth = append(e.Truth, again)
	return lastOf(t, e, again.Part, "act-done", `"task":30,`)
}

// boundExemptions are what a doubt about a binding forgives: it is made anew, and what is written on the carrier is written over.
var boundExemptions = []exemption{
	{
		"I1", "a carrier that was bound once more, as nobody knew whether it had been",
		func(t *testing.T, e *checker.Evidence) { unknown(boundTwice(t, e)) },
		func(t *testing.T, e *checker.Evidence) {
			change(t, boundTwice(t, e), `"verdict":"OK"`, `"verdict":"NOK"`)
		},
	},
	{
		"I1", "a carrier that was bound once more for each doubt",
		func(t *testing.T, e *checker.Evidence) { unknown(boundTwice(t, e)) },
		func(t *testing.T, e *checker.Evidence) { unknown(boundTwice(t, e)); boundTwice(t, e) },
	},
}

// doubtExemptions are the lawful reasons for a pack to come to quarantine.
var doubtExemptions = []exemption{
	{
		"I24", "a pack in quarantine whose last act shows neither good nor bad",
		func(t *testing.T, e *checker.Evidence) { unknown(inDoubt(t, e)) },
		func(t *testing.T, e *checker.Evidence) {
			change(t, inDoubt(t, e), `"verdict":"OK"`, `"verdict":"NOK"`)
		},
	},
	{
		"I24", "a pack in quarantine for an act of this step",
		func(t *testing.T, e *checker.Evidence) { unknown(inDoubt(t, e)) },
		func(t *testing.T, e *checker.Evidence) {
			label := inDoubt(t, e)
			unknown(lastOf(t, e, label.Pack, "act-done", `"task":117,`))
		},
	},
	{
		"I24", "a pack in quarantine for an act that was in doubt at last",
		func(t *testing.T, e *checker.Evidence) {
			label := inDoubt(t, e)
			insert(e, label, label.Kind, label.Station, label.Pack, string(label.Body))
			unknown(lastOf(t, e, label.Pack, "act-done", `"task":91,`))
		},
		func(t *testing.T, e *checker.Evidence) {
			label := inDoubt(t, e)
			good := string(label.Body)
			unknown(label)
			insert(e, label, label.Kind, label.Station, label.Pack, string(label.Body))
			lastOf(t, e, label.Pack, "act-done", `"task":91,`).Body = []byte(good)
		},
	},
	{
		"I24", "a pack in quarantine that has a mark which no act on record has made",
		func(t *testing.T, e *checker.Evidence) {
			label := inDoubt(t, e)
			label.Kind, label.Body = "act-refused", bytes.Replace(label.Body, []byte(`{`), []byte(`{"reason":7,`), 1)
		},
		func(t *testing.T, e *checker.Evidence) {
			label := inDoubt(t, e)
			label.Kind, label.Body = "act-refused", bytes.Replace(label.Body, []byte(`{`), []byte(`{"reason":6,`), 1)
		},
	},
	{
		"I24", "a pack in quarantine for an act of unknown outcome since it was reworked",
		func(t *testing.T, e *checker.Evidence) { cutOff(t, e) },
		func(t *testing.T, e *checker.Evidence) {
			label := cutOff(t, e)
			insert(e, lastOf(t, e, label.Pack, "step-done", ""), "rework-decided", label.Station, label.Pack, `{"step":"packout","acts":[],"invalidates":[],"by":"operator","build":2}`)
		},
	},
	{
		"I24", "a pack that is not released because its evidence lacks something",
		func(t *testing.T, e *checker.Evidence) { forget(t, e, lacking(t, e), `"task":117,`) },
		func(t *testing.T, e *checker.Evidence) { lacking(t, e) },
	},
	{
		"I24", "a pack that lacks something at its end",
		func(t *testing.T, e *checker.Evidence) { forget(t, e, lacking(t, e), `"task":117,`) },
		func(t *testing.T, e *checker.Evidence) {
			pack := lacking(t, e)
			forget(t, e, pack, `"task":117,`)
			change(t, lastOf(t, e, pack, "step-done", ""), `"step":"packout"`, `"step":"inspect"`)
		},
	},
}
