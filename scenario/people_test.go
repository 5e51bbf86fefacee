package scenario_test

import (
	"strings"
	"testing"

	"linectl/scenario"
)

// quiet is a story in which nothing goes wrong: what people do in it, and what is expected, are put behind it.
const quiet = `name: Somebody asks for something
shows: what a person was answered
must: answer
ends: open
orders:
  - {product: ESS-P2}
`

// lived runs the story with events and expectations, each an entry of a list, and returns what is said of it. A story that cannot be
// read does not pass.
func lived(t *testing.T, events, expect string) (passed bool, said string) {
	t.Helper()
	if !strings.Contains(expect, "lasts:") {
		expect += "\nlasts: 20s"
	}
	s, err := scenario.Parse("s.yaml", []byte(quiet+"events:\n"+events+"\nexpect:\n"+expect+"\n"), known(t))
	if err != nil {
		return false, err.Error()
	}
	r, err := s.Run()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := scenario.Write(&b, []*scenario.Report{r}, true); err != nil {
		t.Fatal(err)
	}
	return r.Passed, b.String()
}

// What a person asks for and can never get is refused before anything runs, with what is possible.
func TestWhatNobodyCanAskFor(t *testing.T) {
	for do, want := range map[string]string{
		"hold ESS-P2-000077":                                 `no pack "ESS-P2-000077" is ordered in this story; ordered are ESS-P2-000001`,
		"release EV-P1-000001":                               `no pack "EV-P1-000001" is ordered`,
		"hold ST777":                                         `no station "ST777"; stations are ST010`,
		"Stop ST777":                                         `no station "ST777"`,
		"acknowledge ST060/device-lost-*":                    "an alarm is named whole here",
		"confirm ST060/gone":                                 `there is no alarm "gone"`,
		"service ST060 with dres":                            `"dres" is no service of a tool at ST060; services there are clean, dress, replace`,
		"service ST100 with dress":                           "ST100 has no tool that is serviced",
		"check master of ST100":                              "ST100 measures no reference part; those that do are ST020, ST070, ST120, ST130",
		"set ST060 to Maintain":                              `unknown mode "Maintain"; known are Production, Maintenance`,
		"set ST060 to manual":                                `"manual": write Manual`,
		"set ST777 to Manual":                                `no station "ST777"`,
		"write off ESS-P2-000009 at ST070":                   `no pack "ESS-P2-000009" is ordered`,
		"write off ESS-P2-000001 at ST777":                   `no station "ST777"`,
		"load G12 of gap-fillr at ST100 quantity 25":         `no recipe uses "gap-fillr" at ST100; used there: bms`,
		"load G12 of gap-filler at ST120":                    `no recipe uses "gap-filler" at ST120; used there: seal`,
		"load G12 of gap-filler at ST130":                    "no recipe uses anything at ST130",
		"load G12 of gap-filler at ST100 quantity x":         `quantity "x": want a number above zero`,
		"load G12 of gap-filler at ST100 quantity NaN":       `quantity "NaN": want a number above zero`,
		"load G12 of gap-filler at ST100 expires 12.11.2026": `expires "12.11.2026": want a day as 2026-11-12`,
		"load G12 of gap-filler at ST100 expires":            `"expires": want quantity N or expires DAY`,
		"clear drop-comms":                                   "nothing before it injects what is cleared; injected is: nothing",
		"clear all":                                          "nothing before it injects what is cleared",
		"drop-comms ST060\n  - do: clear drop-coms":          `there is no fault "drop-coms" to clear`,
		"drop-comms ST060\n  - do: clear e-stop":             "nothing before it injects what is cleared; injected is: drop-comms",
	} {
		if passed, said := lived(t, "  - do: "+strings.ReplaceAll(do, `\n`, "\n"), "  - {station: ST060, state: Execute}"); passed || !strings.Contains(said, ": do: ") || !strings.Contains(said, want) {
			t.Errorf("%s: want %q in\n%s", do, want, said)
		}
	}
}

// What the line refuses has not come about, unless the refusal is what the story is about. Whatever it answers is told.
func TestWhatTheLineRefuses(t *testing.T) {
	const refusal = "is no pack in process, no lot and no station"
	for _, tt := range []struct {
		events, expect string
		passes         bool
		want           string
	}{
		{"  - do: hold LOT9", "{station: ST060, state: Execute}", false, "came: line 8: hold LOT9 was refused: LOT9 " + refusal},
		{"  - do: hold LOT9", "never: {reply: refused, to: hold}", false, "came: line 8: hold LOT9 was refused: LOT9 " + refusal},
		{"  - do: hold LOT9", "{reply: refused, to: hold, text: it is Tuesday}", false, "came: line 8: hold LOT9 was refused"},
		{"  - do: hold LOT9\n  - do: release LOT9", "{reply: refused, to: hold}", false, "came: line 9: release LOT9 was refused: LOT9 is not held"},
		{"  - do: hold LOT9", "{reply: refused, to: hold, text: no lot}", true, "refused: LOT9 " + refusal},
		{"  - do: hold ST060", "{reply: done, to: hold}", true, "done: ST060 is held"},
		{"  - do: drop-comms ST060 for 1s\n  - {do: clear all, at: 5s}", "{station: ST060, state: Execute}", false, "came: line 9: clear all cannot happen: no such fault"},
	} {
		passed, said := lived(t, tt.events, "  - "+tt.expect)
		if passed != tt.passes || !strings.Contains(said, tt.want) {
			t.Errorf("%s, %s: passed is %t; want %q in\n%s", tt.events, tt.expect, passed, tt.want, said)
		}
	}
}

// Only what an event of the story asks for meets an expected answer: not what the line was set up with, nor what the simulated
// operator asks, nor a word in which another one stands.
func TestWhoseAnswerCounts(t *testing.T) {
	for _, tt := range []struct{ do, expect, want string }{
		{"hold ST060", "{reply: done, to: hold}", ""},
		{"hold ST060", "{reply: done, to: hold, times: 1}", ""}, // and not the lot of cell-holder
		{"hold ST060", "{reply: done, to: old}", `no event of this story asks the line for what begins with "old"; asked for is: hold ST060`},
		{"hold ST060", "never: {reply: refused}", ""}, // the line was reset while some stations were reset already
		{"hold ST060", "{reply: refused}", `"hold ST060" was answered: ST060 is held`},
		{"Stop ST060", "{reply: done, to: ST060, times: 1}", ""}, // Reset and Start are the operator's
		{"hold ST060", "{reply: done, to: Start}", `no event of this story asks the line for what begins with "Start"`},
	} {
		passed, said := lived(t, "  - do: "+tt.do, "  - "+tt.expect)
		if passed != (tt.want == "") || !strings.Contains(said, tt.want) {
			t.Errorf("%s, %s: passed is %t; want %q in\n%s", tt.do, tt.expect, passed, tt.want, said)
		}
	}
}

// A question that the story answers in the moment in which it waits was asked, and a station said what it said for less time than the
// operator takes to look again.
func TestWhatStandsForAMoment(t *testing.T) {
	const answered = "  - {at: screw 2 of ST100, do: screw-nok ST100}\n  - {at: prompt ST900/decide, do: answer ST900/decide with scrap}"
	for _, tt := range []struct{ events, expect, want string }{
		{answered, "{prompt: ST900/decide, text: fasten screw 2}", ""},
		{answered, "never: {prompt: ST900/decide}", "ST900/decide/ESS-P2-000001/1 asked: ESS-P2-000001 lies at the bench"},
		{"  - do: hold ST060", "{says: master check, station: ST020}", ""},
		{"  - do: hold ST060", "never: {says: master check, station: ST020}", `ST020 said "master check"`},
	} {
		passed, said := lived(t, tt.events, "  - "+tt.expect+"\nlasts: 10m")
		if passed != (tt.want == "") || !strings.Contains(said, tt.want) {
			t.Errorf("%s: passed is %t; want %q in\n%s", tt.expect, passed, tt.want, said)
		}
	}
}

// A story that does not end says what the line waits for, and no more of a part than is known of it.
func TestWhyItDoesNotEnd(t *testing.T) {
	const nobody = "\noperator: away\nlasts: 2m"
	for _, tt := range []struct{ events, expect, want, not string }{
		{"  - do: hold L-sealant", "{station: ST060, state: Execute}" + nobody, "came: ST100/serial/bms-200a/ESS-P2-000001/1 waits for an answer: ESS-P2-000001 takes bms-200a at ST100: scan its serial (scanned)", ": \n"},
		{"  - do: hold ST060", "{station: ST060, state: Execute}" + nobody, "came: ST060 is held by operator: scenario", ""},
		{"  - at: joint 3 of ST060\n    do: hold ESS-P2-000001", "{station: ST060, state: Execute}\nlasts: 2m", "came: ESS-P2-000001 is held by operator: scenario", ""},
		{"  - {at: joint 3 of ST060, do: Hold ST060}\n  - {at: ST060 is Held, do: scrap ESS-P2-000001}", "{pack: any, becomes: released}", "ESS-P2-000001 became scrapped: scrapped by operator", "pass:"},
		{"  - do: dirty-probe ST020", "{act: measure cell, verdict: UNKNOWN}\nlasts: 1m", "measure cell of LCTCB", "cell 0"},
		{"  - do: magazine-empty ST010 for 5s", "{act: scan cell, verdict: UNKNOWN}", "scan cell of what lies at ST010 was NOK", "of  was"},
	} {
		text := strings.Replace(quiet, "ends: open\n", "", 1)
		s, err := scenario.Parse("s.yaml", []byte(text+"events:\n"+tt.events+"\nexpect:\n  - "+tt.expect+"\n"), known(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, said := verdict(t, s); !strings.Contains(said, tt.want) || tt.not != "" && strings.Contains(said, tt.not) {
			t.Errorf("%s: want %q and not %q in\n%s", tt.events, tt.want, tt.not, said)
		}
	}
}
