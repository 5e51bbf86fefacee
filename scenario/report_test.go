package scenario_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"linectl/scenario"
)

// Other programs get all that people get and what people are spared: everything that came instead, what the line must do, and what
// it answered to whom, with every time written alike.
func TestWhatOtherProgramsGet(t *testing.T) {
	s, err := scenario.Parse("s.yaml", []byte(quiet+"lasts: 20s\nevents:\n  - do: hold ST060\nexpect:\n  - {act: laser weld, at: joint 1, verdict: OK}\n  - {says: the wind, station: ST020}\n"), known(t))
	if err != nil {
		t.Fatal(err)
	}
	r, said := verdict(t, s)
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Must, Clock string
		Events      []struct{ At, Text, Reply, Answer string }
		Checks      []struct {
			Expect string
			Met    bool
			Came   []string
		}
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	if got.Must != "answer" || got.Clock != "20.15s" || len(got.Events) != 1 || got.Events[0].Reply != "done" || got.Events[0].Answer != "ST060 is held" {
		t.Errorf("%s", b)
	}
	if last := got.Checks[len(got.Checks)-1]; len(got.Checks) != 5 || last.Expect != "the checker finds no violation" || !last.Met {
		t.Errorf("the checker is no check: %+v", got.Checks)
	}
	came := got.Checks[1].Came
	if len(came) < 8 || slices.ContainsFunc(came, func(c string) bool { return strings.HasPrefix(c, "and ") }) || !strings.Contains(said, "came: and ") {
		t.Errorf("%d came, told is\n%s", len(came), said)
	}
}
