package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"linectl/line"
	"linectl/packml"
)

// given are the PackML commands that people give, in the order of their numbers. Suspend and Unsuspend a station gives itself.
var given = []packml.Command{
	packml.CmdReset, packml.CmdStart, packml.CmdStop, packml.CmdHold, packml.CmdUnhold, packml.CmdAbort, packml.CmdClear, packml.CmdComplete,
}

// refusals remembers how the state machine words its refusals: they are asked for in every snapshot and never change.
type refusals map[refusal]string

type refusal struct {
	state   packml.State
	command packml.Command
	mode    packml.Mode
}

func (r refusals) text(err error) string {
	var illegal *packml.IllegalError
	if !errors.As(err, &illegal) {
		return errorText(err)
	}
	key := refusal{illegal.State, illegal.Command, illegal.Mode}
	text, known := r[key]
	if !known {
		text = errorText(err)
		r[key] = text
	}
	return text
}

// commandsOf says of each command whether the station would take it now.
func (l *Line) commandsOf(s *station) []line.CommandSnapshot {
	list := make([]line.CommandSnapshot, len(given))
	for i, c := range given {
		list[i].Command = c.String()
		if err := s.Refusal(c); err != nil {
			list[i].WhyNot = l.refused.text(err)
		} else {
			list[i].Possible = true
		}
	}
	return list
}

// commandsOfLine says of each command whether any station of the line would follow it now.
func (l *Line) commandsOfLine(stations []line.StationSnapshot) []line.CommandSnapshot {
	list := make([]line.CommandSnapshot, len(given))
	for i, c := range given {
		list[i].Command = c.String()
		var why []string
		for j, s := range l.stations {
			switch one := stations[j].Commands[i]; {
			case there(c, s.State()):
			case one.Possible:
				list[i].Possible = true
			default:
				why = append(why, fmt.Sprintf("%s: %s", s.ID, one.WhyNot))
			}
		}
		switch {
		case list[i].Possible:
		case len(why) == 0:
			list[i].WhyNot = fmt.Sprintf("no station waits for %s", c)
		default:
			list[i].WhyNot = strings.Join(slices.Compact(why), "; ")
		}
	}
	return list
}
