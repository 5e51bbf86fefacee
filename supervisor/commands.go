package supervisor

import (
	"errors"
	"fmt"
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
		by := map[string][]string{}
		for j, s := range l.stations {
			switch one := stations[j].Commands[i]; {
			case there(c, s.State()):
			case one.Possible:
				list[i].Possible = true
			default:
				if by[one.WhyNot] == nil {
					why = append(why, one.WhyNot)
				}
				by[one.WhyNot] = append(by[one.WhyNot], string(s.ID))
			}
		}
		if !list[i].Possible {
			list[i].WhyNot = whyNot(c, why, by)
		}
	}
	return list
}

// whyNot names the first few reasons and the stations that have them.
func whyNot(c packml.Command, why []string, by map[string][]string) string {
	if len(why) == 0 {
		return fmt.Sprintf("no station waits for %s", c)
	}
	const shown = 3
	var said []string
	for _, text := range why[:min(shown, len(why))] {
		said = append(said, fmt.Sprintf("%s: %s", someOf(by[text]), text))
	}
	if more := len(why) - shown; more > 0 {
		said = append(said, fmt.Sprintf("%d more reasons at other stations", more))
	}
	return strings.Join(said, "; ")
}
