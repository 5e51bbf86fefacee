package campaign_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/test/campaign"
)

// Power fails in the middle of acts that leave a mark, the supervisor is killed, and people decide on what lies in quarantine: every
// decision must be made at least once, and the checker must find nothing wrong with any.
func TestPeopleDecideOnQuarantine(t *testing.T) {
	made := map[line.Decision]int{}
	for n := range uint64(8) {
		plan := campaign.Draw(3 * (n + 1))
		plan.Faults = nil
		for i, text := range []string{"plc-reboot ST060.welder at joint %d", "plc-reboot-forgets ST060.welder at joint %d", "plc-reboot ST100.plc at screw %d"} {
			f, err := simulator.ParseFault(fmt.Sprintf(text, 3+int(n)*(i+1))) //nolint:gosec // small
			if err != nil {
				t.Fatal(err)
			}
			plan.Faults = append(plan.Faults, campaign.Timed{At: time.Duration(i) * 20 * time.Second, Fault: f})
		}
		out, err := campaign.Run(plan)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range out.Violations {
			t.Errorf("seed %d: %s", plan.Seed, v)
		}
		for _, e := range out.Evidence.Journal {
			if e.Kind == "quarantine-decided" {
				var f line.QuarantineDecided
				if err := json.Unmarshal(e.Body, &f); err != nil {
					t.Fatal(err)
				}
				made[f.Decision]++
			}
		}
	}
	t.Log(made)
	for _, d := range line.Decisions {
		if made[d] == 0 {
			t.Errorf("nobody has decided: %s", d)
		}
	}
}
