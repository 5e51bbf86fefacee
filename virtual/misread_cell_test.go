package virtual_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// A cell was read under another's code when it was received and when it was measured, so the robot that stacks finds none of that code
// in the lane. The operator is told which cell is missing where, is asked what becomes of it when the robot has been sent twice in vain,
// and writes it off; the pack that was to get it is scrapped, the station comes on and the next pack is built.
func TestACellThatIsNotInItsLane(t *testing.T) {
	for _, class := range []line.DeviceClass{line.ClassA, line.ClassB} {
		t.Run("class "+string(class), func(t *testing.T) {
			r := newClassedRig(t, 1, "", map[line.DeviceID]line.DeviceClass{"ST040.robot": class})
			r.inject("wrong-part ST010")
			r.setUp(line.AddOrder{Order: "ess", Product: "ESS-P2", Quantity: 2})
			moved := func(to line.StationID) func() bool {
				return func() bool {
					return slices.ContainsFunc(r.memory.Records, func(rec line.Record) bool {
						f, is := rec.Fact.(line.PartMoved)
						return is && strings.HasSuffix(f.Part, "09") && f.To == to
					})
				}
			}
			r.until(20*time.Minute, "the first cell is received as the ninth", moved("ST020"))
			r.Plant.Clear(r.Now, "all")
			r.inject("wrong-part ST020")
			r.until(20*time.Minute, "and put into its lane", moved("LANE2"))
			r.Plant.Clear(r.Now, "all")
			r.alone(20*time.Minute, "the robot is sent for it", func() bool { return r.at("ST040").State == "Held" })
			cell := r.code("09")
			if s := r.at("ST040"); !strings.Contains(s.Reason, "ST040.robot does not take cell "+cell+" out of lane 2: it does not") || !strings.Contains(s.NextAction, "look for the cell in its lane") {
				t.Errorf("ST040 says %q, to do is %q", s.Reason, s.NextAction)
			}
			if q := r.Line.Snapshot(r.Now).Prompts; len(q) > 0 {
				t.Errorf("once in vain, and a person is asked: %+v", q)
			}
			r.ask(line.Machine{Target: "ST040", Command: "Unhold"})
			r.alone(time.Minute, "a person is asked", func() bool { return len(r.Line.Snapshot(r.Now).Prompts) > 0 })
			q := r.Line.Snapshot(r.Now).Prompts[0]
			if !strings.Contains(q.Text, "sent for cell "+cell+" of ESS-P2-000001 in vain, 2 times. Look for it in lane 2") || !slices.Equal(q.Options, []string{"write off", "look again"}) {
				t.Errorf("asked is %+v", q)
			}
			r.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: "look again"})
			r.alone(time.Minute, "the robot is sent for it again", func() bool { return strings.HasSuffix(r.prompted(), "/3") })
			r.finish(20 * time.Minute)
			r.checkTruth()
			r.agrees()
			var ends []string
			for _, e := range r.ends() {
				ends = append(ends, fmt.Sprintf("%s %s", e.Disposition, e.Reason))
			}
			if len(ends) != 2 || !strings.Contains(ends[0], "scrapped cell "+cell+" was not in its lane and is written off by operator") || !strings.Contains(ends[1], "released") {
				t.Errorf("the packs ended %q", ends)
			}
			if !moved(line.Quarantine)() {
				t.Errorf("%s is not on record as taken out", cell)
			}
		})
	}
}

// prompted is the identity of the first question that waits, or nothing.
func (r *rig) prompted() string {
	for _, q := range r.Line.Snapshot(r.Now).Prompts {
		return q.Prompt
	}
	return ""
}

// code is that of the cell whose number in the lane of ESS-P2 ends so.
func (r *rig) code(end string) string {
	for _, rec := range r.memory.Records {
		if f, is := rec.Fact.(line.PartMoved); is && strings.HasSuffix(f.Part, end) {
			return f.Part
		}
	}
	return "?"
}
