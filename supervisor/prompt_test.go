package supervisor_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
)

func (d *desk) prompts() []line.PromptSnapshot { return d.Snapshot(d.now).Prompts }

func (d *desk) only(want string) line.PromptSnapshot {
	d.t.Helper()
	list := d.prompts()
	if len(list) != 1 || list[0].Prompt != want {
		d.t.Fatalf("waiting are %+v, want %s alone", list, want)
	}
	return list[0]
}

// atBench lets a weld end NOK at a joint and the pack lie at the bench.
func (d *desk) atBench() line.PackID {
	const weld = line.StationID("ST060")
	id := d.packAt(weld, line.Stack)
	d.fact(weld, id, line.PartArrived{Part: string(id)})
	for joint := 1; joint <= d.recipe.Weld.Joints; joint++ {
		d.did(weld, id, string(id), d.recipe.Weld.Task, joint, map[bool]line.Verdict{true: line.NOK, false: line.OK}[joint == 23])
	}
	d.fact(weld, id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.NOK, NOK: []int{23}, Next: line.ToRework, Text: "energy 23 7.1 J < 9 J"})
	d.fact(weld, id, line.PartMoved{Part: string(id), To: "ST900"})
	d.fact("ST900", id, line.PartArrived{Part: string(id)})
	return id
}

// An answer at the bench is a decision like any other: it needs the same role and the same reason, and says so in the audit.
func TestAnswerIsTheCommandItStandsFor(t *testing.T) {
	d := newDesk(t)
	d.account("amna", line.Operator)
	d.account("omar", line.TeamLeader)
	id := d.atBench()
	q := d.only("ST900/decide/ESS-P2-000001/1")
	if !slices.Equal(q.Options, []string{"rework", "scrap"}) || q.Input != "reason" || q.Pack != id || q.Station != "ST900" || !q.Since.Equal(noon) ||
		q.Text != "ESS-P2-000001 lies at the bench: energy 23 7.1 J < 9 J. What becomes of it?" {
		t.Errorf("%+v", q)
	}
	answer := line.AnswerPrompt{Prompt: q.Prompt, Option: "rework"}
	if r, audit := d.as("amna", answer); r.Accepted || !strings.Contains(r.Text, "amna (Operator) may not decide on rework; TeamLeader may") || audit.Accepted {
		t.Errorf("%+v", r)
	}
	if r, _ := d.request(line.Request{By: "omar", Account: "omar", Origin: line.FromSession, Command: answer}); r.Accepted || !strings.Contains(r.Text, "needs who decides and why") {
		t.Errorf("without a reason: %+v", r)
	}
	if r, _ := d.as("omar", line.AnswerPrompt{Prompt: q.Prompt, Option: "concession"}); r.Accepted || !strings.Contains(r.Text, `"concession" is no answer to ST900/decide/ESS-P2-000001/1; answers are rework, scrap`) {
		t.Errorf("%+v", r)
	}
	answer.Input = "weld joint 23 again"
	r, audit := d.request(line.Request{By: "omar", Account: "omar", Origin: line.FromSession, Command: answer})
	if !r.Accepted || r.Text != "ESS-P2-000001 goes back to ST060" {
		t.Fatalf("%+v", r)
	}
	if audit.Command != "answer ST900/decide/ESS-P2-000001/1 with rework: decide on ESS-P2-000001, scrap false" || audit.Old != "in process, build 1" || audit.New != "rework, build 2" {
		t.Errorf("audit %+v", audit)
	}
	if len(d.prompts()) != 0 {
		t.Errorf("still asked: %+v", d.prompts())
	}
	if r, _ := d.as("omar", answer); r.Accepted || !strings.Contains(r.Text, "the question ST900/decide/ESS-P2-000001/1 does not wait: it was answered, or has settled itself; none waits now") {
		t.Errorf("answered twice: %+v", r)
	}
}

// Only what is possible is offered: a joint that was reworked as often as the recipe allows can only be scrapped.
func TestOnlyPossibleAnswersAreOffered(t *testing.T) {
	d := newDesk(t)
	id := d.atBench()
	rework := d.recipe.Rework[0]
	for n := range rework.MaxPerIndex {
		d.fact("ST900", id, line.ReworkDecided{Step: line.Weld, Acts: []line.ActRef{{Task: d.recipe.Weld.Task, Index: 23}}, Indexes: []int{23}, Build: n + 2, Invalidates: rework.Invalidates})
		d.fact("ST900", id, line.PartMoved{Part: string(id), To: "ST060"})
		d.fact("ST060", id, line.PartArrived{Part: string(id)})
		d.did("ST060", id, string(id), d.recipe.Weld.Task, 23, line.NOK)
		d.fact("ST060", id, line.StepDone{Part: string(id), Step: line.Weld, Build: n + 2, Verdict: line.NOK, NOK: []int{23}, Next: line.ToRework, Text: "again"})
		d.fact("ST060", id, line.PartMoved{Part: string(id), To: "ST900"})
		d.fact("ST900", id, line.PartArrived{Part: string(id)})
	}
	if q := d.prompts(); len(q) != 1 || !slices.Equal(q[0].Options, []string{"scrap"}) || !strings.Contains(q[0].Text, "It can only be scrapped: ") {
		t.Errorf("%+v", q)
	}
}

func TestSerialPartIsScannedAtAPrompt(t *testing.T) {
	d := newDesk(t)
	d.material("ST100", noon.Add(1000*time.Hour))
	d.fact("ST100", "", line.MaterialLoaded{Item: "bms-200a", Lot: "BMS-0", Quantity: 0, Expiry: noon.Add(time.Hour)})
	id := d.packAt("ST100", line.Stack, line.Weld, line.Inspect)
	d.running("ST100", string(id))
	q := d.only("ST100/serial/bms-200a/ESS-P2-000001/1")
	if q.Text != "ESS-P2-000001 takes bms-200a at ST100: scan its serial" || q.Input != "serial of bms-200a" || !q.Since.Equal(noon) {
		t.Errorf("%+v", q)
	}
	if strings.Contains(d.alarms(), "part-refused") {
		t.Errorf("to be asked for a serial is no alarm: %s", d.alarms())
	}
	d.tick(3 * time.Minute)
	d.status("ST100", packml.Suspended, string(id))
	if !strings.Contains(d.alarms(), "ST100/part-refused") {
		t.Errorf("nobody has scanned for three minutes: %s", d.alarms())
	}
	if r := d.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: "scanned", Input: " "}); r.Accepted || !strings.Contains(r.Text, "wants the serial of bms-200a") {
		t.Errorf("%+v", r)
	}
	if r := d.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: "scanned", Input: "BMS-0"}); r.Accepted || !strings.Contains(r.Text, "BMS-0 was loaded before: a serial part goes into one pack") {
		t.Errorf("%+v", r)
	}
	if r := d.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: "scanned", Input: "BMS-4711"}); !r.Accepted {
		t.Fatal(r.Text)
	}
	d.tick(time.Second)
	for _, device := range []line.DeviceID{"ST100.robot", "ST100.plc"} { // it was suspended meanwhile
		d.hand(device, packml.Execute, string(id))
	}
	if s := d.station("ST100"); s.Part != string(id) || len(d.prompts()) != 0 {
		t.Errorf("within a second: part %q, %s; asked %+v", s.Part, s.Reason, d.prompts())
	}
}

func TestMissingPartIsAskedAbout(t *testing.T) {
	d := newDesk(t)
	d.material("ST060", noon.Add(time.Hour))
	id := d.packAt("ST060", line.Stack)
	d.running("ST060", "")
	if len(d.prompts()) != 0 {
		t.Fatalf("asked at once: %+v", d.prompts())
	}
	d.tick(3 * time.Minute)
	q := d.only("ST060/missing/ESS-P2-000001/1")
	if r := d.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: "write off"}); !r.Accepted || !strings.Contains(r.Text, string(id)+" is written off") {
		t.Errorf("%+v", r)
	}
	d.tick(0)
	if len(d.prompts()) != 0 {
		t.Errorf("still asked: %+v", d.prompts())
	}
}

func TestWornToolIsAskedAbout(t *testing.T) {
	d := newDesk(t)
	d.material("ST060", noon.Add(1000*time.Hour))
	tool := d.recipe.Process(line.Weld).Tool
	id := d.packAt("ST060", line.Stack)
	d.fact("ST060", id, line.PartArrived{Part: string(id)})
	use, token := tool.Limit, line.NewToken(1, 78)
	d.fact("ST060", id, line.Intent{Token: token, Device: "ST060.welder", Task: d.recipe.Weld.Task, Part: string(id), Index: 1})
	d.fact("ST060", id, line.ActDone{Token: token, Device: "ST060.welder", Task: d.recipe.Weld.Task, Index: 1, Verdict: line.OK, Measurements: []line.Measurement{{Name: "toolUse", Value: &use}}})
	d.fact("ST060", id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.OK})
	d.fact("ST060", id, line.PartMoved{Part: string(id), To: "ST900"})
	d.fact("ST060", "", line.PartMoved{Part: string(id), To: "ST060"})
	d.fact("", "", line.OrderAdded{Order: "p", Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash, Quantity: 1})
	d.fact("ST900", id, line.ReworkDecided{Step: line.Weld, Acts: []line.ActRef{{Task: d.recipe.Weld.Task, Index: 1}}, Build: 2})
	d.fact("ST900", id, line.PartMoved{Part: string(id), To: "ST060"})
	d.running("ST060", string(id))
	d.tick(0)
	d.status("ST060", packml.Held, string(id))
	q := d.only("ST060/tool/" + tool.Name + "/1")
	if !slices.Contains(q.Options, tool.Action) || !strings.Contains(q.Text, "tool limit reached: "+tool.Name) {
		t.Errorf("%+v", q)
	}
	if r := d.ask(line.AnswerPrompt{Prompt: q.Prompt, Option: tool.Action}); !r.Accepted {
		t.Errorf("%+v", r)
	}
	if len(d.prompts()) != 0 {
		t.Errorf("still asked while the device has yet to confirm: %+v", d.prompts())
	}
}
