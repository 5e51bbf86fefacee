package opcua_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linectl/internal/testnet"
	"linectl/line"
)

// TestAStrangerFindsTheTypes lets node-opcua look for what it knows from the specifications: instances by their types, states by
// their published nodes, structures by the definition that the server gives.
func TestAStrangerFindsTheTypes(t *testing.T) {
	t.Parallel()
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	p.change(func(p *plant) {
		p.journal = []line.Entry{{Seq: 78, Record: line.Record{At: at, Station: "ST060", Fact: line.StepDone{Part: "EV-P1-000001", Step: line.Weld, Verdict: line.NOK, Text: "joint 23 is weak"}}}}
	})
	eventually(t, "a result", good(t, c, "ST060.LastResult.ResultEvaluation"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out := stranger(ctx, t, b, "model.cjs")
	var seen map[string]any
	if err := json.Unmarshal([]byte(out), &seen); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, part := range map[string]string{"packml": "Line ST060 ST070", "machines": "Identification", "itemStates": "MachineryItemState", "lifetimes": "ST060.glass", "receivers": "JobOrders"} {
		list, _ := seen[name].([]any)
		words := make([]string, len(list))
		for i, w := range list {
			words[i], _ = w.(string)
		}
		if got := strings.Join(words, " "); got != part {
			t.Errorf("instances of %s: %q, want %q", name, got, part)
		}
		delete(seen, name)
	}
	state, _ := seen["state"].(string)
	if !strings.HasSuffix(state, ";i=34 Held") {
		t.Errorf("the state's node is %s", state)
	}
	delete(seen, "state")
	want := map[string]any{
		"available": "12 states, 19 transitions", "machineType": "ns=0;i=2771", "modes": []any{"Invalid", "Produce", "Maintenance", "Manual"},
		"stopReason": []any{"electrode stuck at joint 23", 11.0, true}, "processed": []any{4.0, "1"},
		"order":    []any{"4711", "EV-P1/3", "Quantity", 5.0, "Running", 3.0},
		"response": []any{"Started 4", "Released 3", "Scrapped 0", "Quarantined 0"},
		"result":   []any{"78", "EV-P1-000001", "weld", true, 2.0, "joint 23 is weak", true},
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Error(diff)
	}
}
