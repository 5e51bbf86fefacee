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
lasts: 20s
orders:
  - {product: ESS-P2}
`

// lived runs the story with events and expectations, each an entry of a list, and returns what is said of it. A story that cannot be
// read does not pass.
func lived(t *testing.T, events, expect string) (passed bool, said string) {
	t.Helper()
	s, err := scenario.Parse("s.yaml", []byte(quiet+"events:\n"+events+"\nexpect:\n"+expect+"\n"), known(t))
	if err != nil {
		return false, err.Error()
	}
	r, said := verdict(t, s)
	return r.Passed, said
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
