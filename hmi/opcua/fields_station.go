package opcua

import (
	"fmt"
	"slices"
	"strings"

	"linectl/line"
	"linectl/packml"
)

// possible returns the commands that a state takes. Whether the station obeys depends on more: the reply says it.
func possible(state string) []string {
	commands := []string{}
	for _, e := range packml.Table() {
		if int32(e.From) == number(state) && e.Command != packml.SC && !slices.Contains(commands, e.Command.String()) {
			commands = append(commands, e.Command.String())
		}
	}
	return commands
}

func product(s *line.Snapshot, p line.PackID) string {
	for _, one := range s.Packs {
		if one.Pack == p {
			return one.Product
		}
	}
	return ""
}

func begins(t *line.StationSnapshot, word string) bool {
	return strings.HasPrefix(t.Reason, word) && packml.State(number(t.State)) == packml.Suspended //nolint:gosec // 0 to 17
}

func permissiveTexts(t *line.StationSnapshot) []string {
	texts := make([]string, len(t.Devices))
	for i, d := range t.Devices {
		texts[i] = fmt.Sprintf("%s answers", d.Device)
		if !d.Up {
			texts[i] = fmt.Sprintf("%s does not answer: %s", d.Device, d.Reason)
		}
	}
	return texts
}

func permissiveStates(t *line.StationSnapshot) []bool {
	states := make([]bool, len(t.Devices))
	for i, d := range t.Devices {
		states[i] = d.Up
	}
	return states
}

func up(t *line.StationSnapshot) uint32 {
	n := uint32(0)
	for _, d := range t.Devices {
		if d.Up {
			n++
		}
	}
	return n
}

func devices(t *line.StationSnapshot) []string {
	names := make([]string, len(t.Devices))
	for i, d := range t.Devices {
		names[i] = string(d.Device)
	}
	return names
}

func simulated(t *line.StationSnapshot) bool {
	return slices.ContainsFunc(t.Devices, func(d line.DeviceSnapshot) bool { return d.Simulated })
}

func toolLife(t *line.StationSnapshot) float64 {
	if t.ToolLimit <= 0 {
		return 100
	}
	return min(max(100*(1-t.ToolUse/t.ToolLimit), 0), 100)
}
