package scenario_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"linectl/scenario"
)

const whole = `name: The cable is pulled
shows: result lost
must: take the result when the welder is back
seed: 3
orders:
  - {product: ESS-P2}
events:
  - at: joint 12 of ST060
    do: drop-comms ST060.welder for 5s
expect:
  - {alarm: ST060/device-lost-*, severity: 700}
`

// What is wrong with a story is told with its line before anything runs, all of it at once.
func TestMistakesInAStory(t *testing.T) {
	samples := known(t)
	if _, err := scenario.Parse("s.yaml", []byte(whole), samples); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ old, replaced, want string }{
		{"seed: 3", "sead: 3", `s.yaml:4: sead: unknown key; known here are name, shows, must`},
		{"name: The cable is pulled\n", "", "name: is missing; give what happens, in a few words"},
		{"ESS-P2}", "ESS-P9}", `s.yaml:6: product: there is no recipe for "ESS-P9"; there are`},
		{whole, "", "s.yaml: the file is empty; want a story, with name"},
		{whole, "---\n", "s.yaml: the file is empty"},
		{"name:", "name: a\n---\nname:", "s.yaml: want one story, found 2; give each a file of its own"},
		{"alarm: ST060/device-lost-*, severity: 700", "pack: any, becomes: scrapped, pass: later", "s.yaml:11: pass: a pack that becomes scrapped has none"},
		{"ESS-P2}", "ESS-P2, quantity: many}", `s.yaml:6: quantity: "many": want a whole number from 1 to 50`},
		{"drop-comms", "drop-coms", `s.yaml:9: do: "drop-coms ST060.welder for 5s" is no fault and nothing that people do`},
		{"ST060.welder for", "ST061.welder for", `s.yaml:9: do: no station "ST061"; stations are ST010`},
		{"for 5s", "of ESS-P2-000007", `s.yaml:9: do: no pack "ESS-P2-000007" is ordered`},
		{"for 5s", "at joint 7", "s.yaml:8: at: the fault itself says already where it strikes"},
		{"for 5s", "times 3", "s.yaml:9: do: drop-comms lasts: say for TIME instead of times"},
		{"joint 12 of ST060", "joint 120 of ST060", "s.yaml:8: at: there is no joint 120: what is ordered has 32"},
		{"joint 12 of ST060", "weld 12 of ST060", `s.yaml:8: at: "weld" is no place of an act`},
		{"joint 12 of ST060", "joint 12 of ESS-P2-000002 at ST060", `s.yaml:8: at: no pack "ESS-P2-000002" is ordered`},
		{"joint 12 of ST060", "ST060 is held", `s.yaml:8: at: "held": write Held`},
		{"joint 12 of ST060", "soon", `s.yaml:8: at: "soon": want a time (20s), a place`},
		{"joint 12 of ST060", "5 minutes after ST060 is Held", `s.yaml:8: at: "5 minutes": want a time like`},
		{"ST060/device-lost-*", "ST060/device-gone-*", `s.yaml:11: alarm: there is no alarm "device-gone-*"; conditions are`},
		{"severity: 700", "severity: 7000", `s.yaml:11: severity: "7000": want a whole number from 1 to 1000`},
		{"severity: 700", "within: soon", `s.yaml:11: within: "soon": want a time`},
		{"alarm: ST060/device-lost-*, severity: 700", "weather: fine", "s.yaml:11: nothing that can be checked: want one of says, alarm, station"},
		{"alarm: ST060/device-lost-*, severity: 700", "station: ST060, state: Welding", `s.yaml:11: station: unknown PackML state "Welding"`},
		{"alarm: ST060/device-lost-*, severity: 700", "pack: ESS-P2-000001, becomes: sold", `s.yaml:11: becomes: "sold" is no disposition`},
		{"alarm: ST060/device-lost-*, severity: 700", "act: weld", `s.yaml:11: act: no act is called "weld"; acts are release part`},
		{"alarm: ST060/device-lost-*, severity: 700", "effects: 1, at: joint 33 of ESS-P2-000001", "s.yaml:11: at: there is no joint 33"},
		{"alarm: ST060/device-lost-*, severity: 700", "reply: maybe", `s.yaml:11: reply: "maybe": want done or refused`},
		{"alarm: ST060/device-lost-*, severity: 700", "reply: done, to: Unhold ST060", `s.yaml:11: reply: no event of this story asks the line for what begins with "Unhold ST060"; asked for is: nothing`},
		{"alarm: ST060/device-lost-*, severity: 700", "fault: rain", `s.yaml:11: fault: there is no fault "rain"`},
		{"events:", "devices: [{device: ST060.welding, class: B}]\nevents:", `s.yaml:7: device: no device "ST060.welding"; ST060 has ST060.robot, ST060.welder`},
		{"events:", "devices: [{device: ST060.welder, class: D}]\nevents:", `s.yaml:7: class: unknown class "D"; known are A, B and C`},
		{"events:", "devices: [{device: ST060.welder}]\nevents:", "s.yaml:7: class: is missing; give A, B or C"},
		{"events:", "events: []\nnothing:", "s.yaml:7: events: a story in which nothing happens shows nothing"},
		{"name:", "name: [", "this is no YAML"},
	} {
		text := strings.Replace(whole, tt.old, tt.replaced, 1)
		s, err := scenario.Parse("s.yaml", []byte(text), samples)
		if err == nil || s != nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s instead of %s: %v; want %s", tt.replaced, tt.old, err, tt.want)
		}
	}
}

// What cannot happen at the reference line is refused when the file is read, with what can.
func TestWhatCannotHappen(t *testing.T) {
	const alarm = "alarm: ST060/device-lost-*, severity: 700"
	for _, tt := range []struct{ old, replaced, want string }{
		{"ST060.welder for", "ST060.weldr for", `s.yaml:9: do: no device "ST060.weldr"; ST060 has ST060.robot, ST060.welder`},
		{"drop-comms ST060.welder for 5s", "over-power ST100.plc", "s.yaml:9: do: over-power cannot strike at ST100.plc; it can at ST060"},
		{"drop-comms ST060.welder for 5s", "weld-nok ST130", "s.yaml:9: do: weld-nok cannot strike at ST130; it can at ST060"},
		{"drop-comms ST060.welder for 5s", "plc-reboot line", `s.yaml:9: do: no station "line"; stations are ST010`},
		{"drop-comms ST060.welder for 5s", "disk-full ST060", "s.yaml:9: do: disk-full happens to the line's computer: its target is line"},
		{"drop-comms ST060.welder for 5s", "disk-full line at joint 7", "s.yaml:9: do: disk-full waits for no act"},
		{"at: joint 12 of ST060\n    do: drop-comms ST060.welder", "do: drop-comms ST060.welder at screw 3", "s.yaml:8: do: no act of ST060 is at a screw; such are at ST100"},
		{"drop-comms ST060.welder for 5s", "tip-wear ST060 at slot 3", "s.yaml:8: at: the fault itself says already"},
		{"joint 12 of ST060\n    do: drop-comms ST060.welder for 5s", "screw 2 of ST100\n    do: harness-swap ST100", "s.yaml:9: do: harness-swap strikes nothing at a screw; it strikes connect BMS"},
		{"joint 12 of ST060", "screw 3 of ST060", "s.yaml:8: at: no act of ST060 is at a screw; such are at ST100"},
		{"joint 12 of ST060", "joint 12 of ST100", "s.yaml:8: at: no act of ST100 is at a joint; such are at ST060, ST070"},
		{"joint 12 of ST060", "joint 12 of ST070", "s.yaml:8: at: ST070 takes many joints in one act, which is named by its first: want joint 1"},
		{"joint 12 of ST060", "ESS-P2-000001 at ST020", "s.yaml:8: at: no pack comes to ST020, only cells do; packs come to ST040"},
		{"joint 12 of ST060", "prompt ST900/decid", `s.yaml:8: at: no question of ST900 begins with "ST900/decid"; they begin with ST900/decide, ST900/missing`},
		{"joint 12 of ST060", "prompt ST900/decide/ESS-P2-000002", `s.yaml:8: at: no pack "ESS-P2-000002" is ordered`},
		{"joint 12 of ST060", "prompt ST100/tool", "s.yaml:8: at: no question of ST100 begins with"},
		{"drop-comms ST060.welder for 5s", "answer ST900/decid with scrap", "s.yaml:9: do: no question of ST900 begins with"},
		{"drop-comms ST060.welder for 5s", "answer ST900/decide with scrapping", `s.yaml:9: do: "scrapping" is no answer to ST900/decide; answers are rework, scrap`},
		{"drop-comms ST060.welder for 5s", "answer ST100/serial/bms-20a with scanned and B1", `s.yaml:9: do: no recipe uses "bms-20a" at ST100; used there:`},
		{alarm, "prompt: ST060/tool/electrode", `s.yaml:11: prompt: no tool "electrode"; there are electrodes, protective glass`},
		{alarm, "prompt: ST900/decid", "s.yaml:11: prompt: no question of ST900 begins with"},
		{alarm, "act: laser weld, at: screw 3", "s.yaml:11: at: laser weld is at no screw; want joint"},
		{alarm, "act: leak test, at: joint 3", "s.yaml:11: at: leak test is at no joint; want no place: leave at away"},
	} {
		text := strings.Replace(whole, tt.old, tt.replaced, 1)
		if _, err := scenario.Parse("s.yaml", []byte(text), known(t)); text == whole || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s instead of %s: %v; want %s", tt.replaced, tt.old, err, tt.want)
		}
	}
	for _, can := range []string{"joint 17 of ST070", "screw 2 of ST100", "prompt ST900", "prompt ST900/decide/ESS-P2-000001/1", "prompt ST010/missing", "ESS-P2-000001 at ST040"} {
		if _, err := scenario.Parse("s.yaml", []byte(strings.Replace(whole, "joint 12 of ST060", can, 1)), known(t)); err != nil {
			t.Errorf("%s: %v", can, err)
		}
	}
}

// A mistake in what is ordered is told alone: nothing that hangs on it is called a mistake too.
func TestOneMistakeIsToldOnce(t *testing.T) {
	const more = "  - {effects: 1, at: joint 12 of ESS-P2-000001}\n  - {pack: ESS-P2-000001, becomes: released}\n"
	for _, tt := range []struct {
		old, replaced string
		problems      int
	}{
		{"orders:", "order:", 2}, // the one is unknown, the other missing
		{"ESS-P2}", "ESS-P9}", 1},
		{"ESS-P2}", "ESS-P2, quantity: none}", 1},
	} {
		_, err := scenario.Parse("s.yaml", []byte(strings.Replace(whole, tt.old, tt.replaced, 1)+more), known(t))
		if err == nil || strings.Count(err.Error(), "\n")+1 != tt.problems {
			t.Errorf("%s instead of %s: want %d problems, told are\n%v", tt.replaced, tt.old, tt.problems, err)
		}
	}
}

// The page on stories has a row for every key of one.
func TestThePageNamesEveryKey(t *testing.T) {
	page, err := os.ReadFile("../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	_, err = scenario.Parse("s.yaml", []byte(whole+"weather: fine\n"), known(t))
	if err == nil {
		t.Fatal("weather is a key")
	}
	_, keys, ok := strings.Cut(err.Error(), "weather: unknown key; known here are ")
	for key := range strings.SplitSeq(keys, ", ") {
		if !ok || !strings.Contains(string(page), "\n| "+key+" | ") {
			t.Errorf("docs/scenarios.md has no row for the key %q", key)
		}
	}
}

// FuzzParse asks that any file gives either a story or problems that can be read.
func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("name: {"))
	f.Add([]byte("- a\n- b\n"))
	f.Add([]byte("events:\n  - do: load\n    at: after\n"))
	f.Fuzz(func(t *testing.T, source []byte) {
		s, err := scenario.Parse("s.yaml", source, nil)
		if _, is := errors.AsType[*scenario.Problem](err); err != nil && !is || (s == nil) != (err != nil) {
			t.Errorf("%v: %v", s, err)
		}
	})
}

// told runs a story with other expectations and returns what is said of it.
func told(t *testing.T, expect string) (*scenario.Report, string) {
	t.Helper()
	before, _, _ := strings.Cut(whole, "expect:\n")
	s, err := scenario.Parse("s.yaml", []byte(before+"expect:\n"+expect), known(t))
	if err != nil {
		t.Fatal(err)
	}
	return verdict(t, s)
}

// What is not met is told with what came instead, and when.
func TestWhatCameInstead(t *testing.T) {
	for _, tt := range []struct {
		expect string
		want   []string // nothing = it is met
	}{
		{"  - {alarm: ST060/device-lost-welder, within: 5s}\n", nil},
		{"  - {alarm: ST060/device-lost-welder, within: 10ms}\n", []string{"s.yaml:11: expected: alarm ST060/device-lost-welder, within 10ms", "not within 10ms of anything", "s alarm ST060/device-lost-welder of severity 700"}},
		{"  - {alarm: ST060/device-lost-welder, text: robot}\n", []string{"it did not come", `"ST060.welder does not answer"`}},
		{"  - never: {alarm: ST060/device-lost-welder}\n", []string{"s.yaml:11: expected: never alarm", "it came"}},
		{"  - never: {alarm: ST060/outcome-unknown}\n", nil},
		{"  - {alarm: ST060/device-lost-welder, times: 2}\n", []string{"it came once"}},
		{"  - {effects: 2, at: joint 12 of ESS-P2-000001}\n", []string{"it happened once", "laser weld of ESS-P2-000001"}},
		{"  - {effects: 1, at: joint 12 of ESS-P2-000001}\n", nil},
		{"  - {pack: ESS-P2-000001, becomes: scrapped}\n", []string{"ESS-P2-000001 became released (pass: first)"}},
		{"  - {pack: any, becomes: released, pass: later}\n", []string{"it did not come"}},
		{"  - {act: laser weld, at: joint 12, verdict: NOK}\n", []string{"laser weld 12 of ESS-P2-000001 was OK"}},
		{"  - {station: ST060, state: Aborted}\n", []string{"ST060 became Held: "}},
		{"  - {cell: rejected}\n", []string{"came: nothing of the kind"}},
		{"  - {says: the wind, station: ST060}\n", []string{`ST060 said "`}},
	} {
		r, text := told(t, tt.expect)
		if r.Passed != (len(tt.want) == 0) {
			t.Errorf("%s: passed is %t\n%s", tt.expect, r.Passed, text)
		}
		if i := slices.IndexFunc(tt.want, func(w string) bool { return !strings.Contains(text, w) }); i >= 0 {
			t.Errorf("%s: want %q in\n%s", tt.expect, tt.want[i], text)
		}
	}
}

// A fault that never strikes, a moment that never comes and a line that does not finish fail a story, whatever it expects.
func TestAStoryThatDoesNotComeAbout(t *testing.T) {
	for _, tt := range []struct{ old, replaced, want string }{
		{"joint 12 of ST060", "alarm ST100/aborted", "line 8: the moment for drop-comms ST060.welder for 5s never came"},
		{"drop-comms ST060.welder for 5s", "leak ST120", "leak ST120 never struck"},
		{"for 5s", "", "everything that was ordered has a disposition, and the line comes to rest"},
	} {
		text := strings.Replace(whole, tt.old, tt.replaced, 1)
		text = strings.Replace(text, "alarm: ST060/device-lost-*, severity: 700", "station: ST060, state: Execute", 1) + "lasts: 2m\n"
		s, err := scenario.Parse("s.yaml", []byte(text), known(t))
		if err != nil {
			t.Fatal(err)
		}
		if r, said := verdict(t, s); r.Passed || !strings.Contains(said, tt.want) {
			t.Errorf("%s: passed is %t; want %q in\n%s", tt.replaced, r.Passed, tt.want, said)
		}
	}
}

// The same story comes out the same, to the record.
func TestAStoryIsTheSameEveryTime(t *testing.T) {
	_, one := told(t, "  - {says: the wind, station: ST060}\n")
	_, two := told(t, "  - {says: the wind, station: ST060}\n")
	if one != two {
		t.Errorf("first\n%s\nthen\n%s", one, two)
	}
}
