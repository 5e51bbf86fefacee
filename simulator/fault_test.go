package simulator_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
	"linectl/simulator"
)

//go:generate go test -run ^TestFaultDocs$ -update .

var update = flag.Bool("update", false, "write docs/faults.md anew")

func drawFault(t *rapid.T) simulator.Fault {
	k := rapid.SampledFrom(simulator.Catalogue).Draw(t, "kind")
	span := func(what string) time.Duration {
		return time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, what))
	}
	f := simulator.Fault{
		Name: k.Name, Target: rapid.SampledFrom([]string{"ST060", "ST060.welder", "ST130.tester"}).Draw(t, "target"), After: span("after"),
		Part: rapid.SampledFrom([]string{"", "EV-P1-000001"}).Draw(t, "part"), Index: rapid.IntRange(0, 300).Draw(t, "index"),
	}
	if f.Index > 0 {
		f.Noun = rapid.SampledFrom([]string{line.NounJoint, line.NounSlot, line.NounModule, line.NounScrew, line.NounStep}).Draw(t, "noun")
	}
	if k.Unit != "" {
		f.By = rapid.Float64Range(0, 1000).Draw(t, "by")
	}
	if k.Strikes != nil {
		f.Times = rapid.IntRange(0, 100).Draw(t, "times")
	} else if !k.Once || k.For > 0 {
		f.For = span("for")
	}
	return f
}

// What is written can be read again, and is the same.
func TestAFaultIsItsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFault(t)
		back, err := simulator.ParseFault(f.String())
		if err != nil || back != f {
			t.Fatalf("%q is read as %+v: %v; it was %+v", f, back, err, f)
		}
	})
}

func TestWhatIsNoFault(t *testing.T) {
	for _, tt := range []struct{ text, says string }{
		{"", "a name and where"},
		{"guard-open", "a name and where"},
		{"door-ajar ST040", "no fault"},
		{"weld-nok ST060 at joint", "want a number"},
		{"weld-nok ST060 at 23", "want joint"},
		{"weld-nok ST060 at joint 23 at joint 24", "stands twice"},
		{"weld-nok ST060 for 3s", "strikes acts"},
		{"guard-open ST060 times 3", "lasts: say for"},
		{"guard-open ST060 lasts", ""},
		{"drop-comms ST060 for 20", "20s"},
		{"drop-comms ST060 for -20s", "20s"},
		{"guard-open ST060 by 3", "by says nothing"},
		{"slow-device ST060 by NaN", "above zero"},
		{"slow-device ST060 by 1e99", "above zero"},
		{"weld-nok ST060 of " + strings.Repeat("x", 33), "id of a pack"},
		{"weld-nok " + strings.Repeat("x", 200), "at most 200"},
	} {
		f, err := simulator.ParseFault(tt.text)
		if err == nil {
			t.Errorf("%q is read as %+v", tt.text, f)
		} else if !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%q: %v, which does not say %q", tt.text, err, tt.says)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("electrode-stuck ST060.welder at joint 23 of DRN-P3-000001 after 5s")
	f.Add("slow-device ST060 for 3s by 2.5")
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := simulator.ParseFault(text)
		if err != nil {
			return
		}
		if back, err := simulator.ParseFault(fault.String()); err != nil || back != fault {
			t.Errorf("%q is read as %+v, and %q of it as %+v: %v", text, fault, fault.String(), back, err)
		}
	})
}

func (s *supervisor) inject(text string) {
	s.t.Helper()
	f, err := simulator.ParseFault(text)
	if err == nil {
		_, err = s.plant.Inject(s.now, f)
	}
	if err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
}

// The welder sticks at the joint that was named and at no other, has made the weld, and says what is wrong.
func TestAnElectrodeSticks(t *testing.T) {
	s := newSupervisor(t, simulator.Config{Seed: 1, Speed: 10, Defects: &simulator.Defects{}}, "")
	const pack, welder = "DRN-P3-000001", line.DeviceID("ST060.welder")
	s.do(job{device: "ST040.robot", task: line.TaskBindCarrier, part: pack})
	s.release("ST040.robot", pack, 60)
	s.awaits(welder)
	s.inject("electrode-stuck ST060.welder at joint 2 of " + pack)
	hit := func(joint int) tags.Status {
		return s.do(job{device: welder, task: line.TaskWeldResistance, part: pack, index: joint, params: []float64{900, 3e-3, 3e-3, 1600, 6e-3, 32}})
	}
	if st := hit(1); packml.State(st.Machine) != packml.Execute {
		t.Fatalf("stuck at joint 1: %+v", st)
	}
	st := hit(2)
	s.pass(time.Second)
	held := s.plant.Status(s.now, welder)
	if st.Outcome != line.OutcomeOK || packml.State(held.Machine) != packml.Held || held.FirstOut != line.AlarmElectrodeStuck {
		t.Errorf("joint 2 is %v, then the device is %s with alarm %d", st.Outcome, packml.State(held.Machine), held.FirstOut)
	}
	s.send(welder, tags.Command{Op: tags.OpMachine, Task: uint16(packml.CmdUnhold)})
	s.pass(time.Second)
	if st := hit(3); packml.State(st.Machine) != packml.Execute || st.FirstOut != 0 {
		t.Errorf("the tip was cleared, and joint 3 finds the device %s", packml.State(st.Machine))
	}
	if f := s.plant.Faults(s.now)[0]; f.Stage != "over" || f.Struck != 1 {
		t.Errorf("%+v", f)
	}
}

// An emergency stop in the middle of a seam: nobody knows what the joint became, and nothing moves before it is released.
func TestAnEmergencyStopDuringASeam(t *testing.T) {
	s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
	const welder = line.DeviceID("ST060.welder")
	s.inject("e-stop ST060 at joint 3 for 30s")
	st := s.do(weldJob(pack, 3))
	if st.Outcome != line.OutcomeUnknown || st.FirstOut != line.AlarmEmergencyStop || st.Safety != line.SafetyTold|line.SafetyEmergencyStop || st.Permissives&line.PermissiveEnable != 0 {
		t.Errorf("outcome %v, first-out %d, safety %b, permissives %b", st.Outcome, st.FirstOut, st.Safety, st.Permissives)
	}
	if i := slices.IndexFunc(st.Values[:], func(v float32) bool { return !math.IsNaN(float64(v)) }); i >= 0 {
		t.Errorf("the seam was cut, and the instrument shows value %d of a whole one: %v", i, st.Values[i])
	}
	clearing := tags.Command{Op: tags.OpMachine, Task: uint16(packml.CmdClear)}
	s.pass(time.Second)
	if r := s.send(welder, clearing); r != line.RejectNotPermitted {
		t.Errorf("cleared while the emergency stop is pressed: %s", r)
	}
	s.pass(30 * time.Second)
	if r := s.send(welder, clearing); r != 0 {
		t.Errorf("not cleared after the emergency stop was released: %s", r)
	}
	if st := s.plant.Status(s.now, welder); st.Safety != line.SafetyTold || st.Permissives&line.PermissiveEnable == 0 {
		t.Errorf("it is over, and the device says safety %b, permissives %b", st.Safety, st.Permissives)
	}
}

// The camera names the joint that is burnt through, and not the weakest of the others.
func TestTheCameraNamesTheBurntJoint(t *testing.T) {
	s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
	s.inject("over-power ST060 at joint 5")
	for j := 1; j <= 16; j++ {
		s.do(weldJob(pack, j))
	}
	s.release("ST060.robot", pack, 70)
	s.awaits("ST070.vision")
	look := func() (hole, worst float64) {
		st := s.do(job{device: "ST070.vision", task: line.TaskVision, part: pack, index: 1, params: []float64{16}})
		return float64(st.Values[1]), float64(st.Values[4])
	}
	if hole, worst := look(); hole < 0.3e-3 || worst != 5 {
		t.Errorf("the camera sees a hole of %g m and calls joint %g the worst", hole, worst)
	}
}

// A tester that does not end its act ends it when the fault does, and the result is the one that it would have been.
func TestATesterThatHangs(t *testing.T) {
	s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
	const welder = line.DeviceID("ST060.welder")
	want := s.do(weldJob(pack, 1)).Values
	s, pack = atWelder(t, simulator.Config{Seed: 1}, "")
	s.inject("tester-timeout ST060.welder for 1m")
	token := s.token()
	s.send(welder, weldJob(pack, 1).command(token))
	s.pass(59 * time.Second)
	if st := s.plant.Status(s.now, welder); st.Phase != line.PhaseExecuting || st.EffectCount != 1 {
		t.Fatalf("after 59 s: %+v", st)
	}
	s.pass(2 * time.Second)
	if st := s.plant.Status(s.now, welder); st.LastCompleted != token || fmt.Sprint(st.Values) != fmt.Sprint(want) {
		t.Errorf("after a minute: %+v, want %v", st, want)
	}
}

// A plant keeps 64 faults, drops those that are over, and refuses what cannot happen in it.
func TestAPlantRefusesWhatCannotHappen(t *testing.T) {
	s := newSupervisor(t, simulator.Config{Seed: 1, Speed: 10}, "")
	for text, says := range map[string]string{
		"guard-open ST999":                  "no station or device ST999",
		"weld-nok ST130":                    "can be struck",
		"electrode-stuck ST120.tester":      "can be struck",
		"step-nok ST060.welder at step 999": "can be struck",
	} {
		f, err := simulator.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.plant.Inject(s.now, f); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for range 64 {
		s.inject("air-low ST060 for 1h")
	}
	if _, err := s.plant.Inject(s.now, simulator.Fault{Name: simulator.AirLow, Target: "ST060"}); err == nil {
		t.Error("65 faults stand")
	}
	if n := s.plant.Clear(s.now, "F1"); n != 1 {
		t.Errorf("%d ended by the id of one", n)
	}
	s.inject("guard-open ST060")
	if n := s.plant.Clear(s.now, string(simulator.AirLow)); n != 63 {
		t.Errorf("%d ended by name", n)
	}
	if st := s.plant.Status(s.now, "ST060.welder"); st.Permissives != line.PermissiveAuto|line.PermissiveAir|line.PermissiveEnable {
		t.Errorf("permissives %b", st.Permissives)
	}
}

// TestFaultDocs holds docs/faults.md to the catalogue.
func TestFaultDocs(t *testing.T) {
	const page = "../docs/faults.md"
	want := faultDocs()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(page); err != nil || string(got) != want {
		t.Errorf("docs/faults.md is not what the catalogue says; run make docs and read the difference: %v", err)
	}
}

func faultDocs() string {
	var b strings.Builder
	b.WriteString(`# Faults of the virtual plant

Written from the catalogue in package ` + "`simulator`" + ` by ` + "`make docs`" + `, and held to it by a test: do not edit.

A person who commissions a line wants to see what it does when something goes wrong. So the virtual plant takes faults by name,
over a Unix socket of its own in its data directory (0600). The supervisor does not know of it: what it sees is what it would see
of a real machine. A real device has no such door.

` + "```" + `
linectl fault names
linectl fault inject electrode-stuck ST060.welder at joint 23 of DRN-P3-000001
linectl fault inject drop-comms ST060.welder at joint 12 for 20s
linectl fault inject guard-open ST040 after 5s
linectl fault list
linectl fault clear F2
` + "```" + `

A fault is a line of text: its name, a device or a station (every device of it), and as many of these as are needed:

| Clause | Meaning |
|---|---|
| at joint N | it waits for the act at this place; also slot, module, screw, step |
| of PART | it waits for an act on this pack, or on the cell with this code |
| after TIME | it begins, or begins to wait, so long after it was injected |
| for TIME | it stands so long; without it until ` + "`linectl fault clear`" + ` |
| times N | it strikes so many acts; without it one |
| by X | how much, where there is more and less |

Times are real time: ` + "`--speed`" + ` does not divide them, for the supervisor's own times are not divided either
([why](adr/0025-the-times-of-the-handshake-are-not-scaled.md)). A fault that lasts
and waits for an act begins in the middle of that act, after the moment that cannot be taken back. Everything that strikes is
written into the plant's ground truth. A plant that is started again has no faults.

## What strikes an act

| Name | What happens | What the line makes of it |
|---|---|---|
`)
	row := func(k simulator.FaultKind) {
		does := k.Does
		if k.Unit != "" {
			does += fmt.Sprintf(" (by, %s: %g)", k.Unit, k.By)
		}
		if k.Times > 0 {
			does += fmt.Sprintf(" (times: %d)", k.Times)
		}
		if k.For > 0 {
			does += fmt.Sprintf(" (for: %s)", k.For)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", k.Name, does, k.See)
	}
	for _, k := range simulator.Catalogue {
		if k.Strikes != nil && !k.Host {
			row(k)
		}
	}
	head := "\n\n| Name | What happens | What the line makes of it |\n|---|---|---|\n"
	b.WriteString("\n## What lasts" + head)
	for _, k := range simulator.Catalogue {
		if k.Strikes == nil && !k.Host {
			row(k)
		}
	}
	b.WriteString("\n## What happens to the line's own computer" + head)
	for _, k := range simulator.Catalogue {
		if k.Host {
			row(k)
		}
	}
	b.WriteString("\nTheir target is `line`. Only a world that owns the line as well as the plant can let them happen: in virtual time, so in stories and\n" +
		"campaigns. `linectl simulate` is a process of its own and refuses them; `test/nemesis` does the like to real processes.\n")
	b.WriteString(`
## Where they are tried

` + "`virtual/fault_test.go`" + ` injects every one of them into the running reference line in virtual time, waits for the words that an
operator must read, ends it, and builds the pack to its disposition. No joint may have been welded twice.
`)
	b.WriteString(coverageDocs())
	return b.String()
}
