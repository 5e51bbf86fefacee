package browser

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linectl/line"
)

var (
	shared     *site
	sharedOnce sync.Once
)

// theLine is the line that the stories share, one after the other. Each brings it to where it begins, and leaves no fault behind.
func theLine(t *testing.T) *site {
	t.Helper()
	needed(t)
	sharedOnce.Do(func() { shared = newSite(t, 200, nil) })
	if shared == nil {
		t.Fatal("the line did not come up; see the first story")
	}
	return shared
}

// stopped brings every station to Stopped.
func (s *site) stopped(t *testing.T) {
	t.Helper()
	until(t, 60*time.Second, "every station is Stopped", func() bool {
		all := true
		for _, st := range s.snapshot(t).Stations {
			switch st.State {
			case "Stopped":
			case "Aborted":
				_, _ = s.ask(line.Machine{Target: string(st.Station), Command: "Clear"})
				all = false
			default:
				_, _ = s.ask(line.Machine{Target: string(st.Station), Command: "Stop"})
				all = false
			}
		}
		if !all {
			time.Sleep(100 * time.Millisecond)
		}
		return all
	})
}

// running brings every station to where it works or waits for work.
func (s *site) running(t *testing.T) {
	t.Helper()
	until(t, 60*time.Second, "every station runs", func() bool {
		all := true
		for _, st := range s.snapshot(t).Stations {
			c := map[string]string{"Aborted": "Clear", "Stopped": "Reset", "Complete": "Reset", "Idle": "Start", "Held": "Unhold"}[st.State]
			if c != "" {
				_, _ = s.ask(line.Machine{Target: string(st.Station), Command: c})
			}
			all = all && (st.State == "Execute" || strings.HasPrefix(st.State, "Suspend"))
		}
		if !all {
			time.Sleep(100 * time.Millisecond)
		}
		return all
	})
}

// stocked loads every lot that the recipes use.
func (s *site) stocked(t *testing.T) {
	t.Helper()
	n := 0
	for _, st := range s.snapshot(t).Stations {
		for _, c := range st.Consumables {
			if !c.Serial {
				n++
				s.must(t, line.LoadMaterial{
					Station: st.Station, Item: c.Item, Lot: line.LotID(fmt.Sprintf("L%d-%d", s.asked, n)), Quantity: 100000, Expiry: time.Now().AddDate(0, 6, 0).UTC(),
				})
			}
		}
	}
}
