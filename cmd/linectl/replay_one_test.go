package main

import (
	"fmt"
	"strings"
	"testing"

	"linectl/line"
)

// What is asked of one station or one pack shows nothing of the others. What is of the whole line stays.
func TestAReplayKeepsToWhatWasAskedFor(t *testing.T) {
	whole := line.Snapshot{
		Stations:   []line.StationSnapshot{{Station: "ST040"}, {Station: "ST060"}, {Station: "ST070"}},
		Packs:      []line.PackSnapshot{{Pack: "P-1", At: "ST060"}, {Pack: "P-2", At: "ST070"}, {Pack: "P-3"}},
		Prompts:    []line.PromptSnapshot{{Station: "ST060", Pack: "P-1"}, {Station: "ST070"}},
		Alarms:     []line.AlarmSnapshot{{Station: "ST040"}, {Station: "ST060"}, {}},
		Quarantine: []line.QuarantineSnapshot{{Station: "ST060", Pack: "P-2"}},
		Orders:     []line.OrderSnapshot{{}}, Holds: []line.HoldSet{{}},
	}
	for name, c := range map[string]struct {
		r    replayer
		want string // stations, packs, and the numbers of questions, alarms, packs in quarantine, orders and holds
	}{
		"the line":                {replayer{}, "ST040 ST060 ST070 P-1 P-2 P-3 2 3 1 1 1"},
		"a station":               {replayer{station: "ST060"}, "ST060 P-1 1 1 1 1 1"},
		"a station without packs": {replayer{station: "ST040"}, "ST040 0 1 0 1 1"},
		"a pack":                  {replayer{pack: "P-1"}, "ST060 P-1 1 1 0 1 1"},
		"a pack in quarantine":    {replayer{pack: "P-2"}, "ST070 P-2 0 0 1 1 1"},
		"a pack that is nowhere":  {replayer{pack: "P-3"}, "P-3 0 0 0 1 1"},
		"a pack that is gone":     {replayer{pack: "P-9"}, "0 0 0 1 1"},
		"both":                    {replayer{station: "ST060", pack: "P-2"}, "ST060 0 1 1 1 1"},
	} {
		got := c.r.kept(whole)
		var said []string
		for _, s := range got.Stations {
			said = append(said, string(s.Station))
		}
		for _, p := range got.Packs {
			said = append(said, string(p.Pack))
		}
		said = append(said, strings.Trim(fmt.Sprint([]int{len(got.Prompts), len(got.Alarms), len(got.Quarantine), len(got.Orders), len(got.Holds)}), "[]"))
		if all := strings.Join(said, " "); all != c.want {
			t.Errorf("%s: %s, want %s", name, all, c.want)
		}
	}
}
