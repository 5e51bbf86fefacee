package main

import (
	"fmt"
	"slices"
	"time"
	_ "time/tzdata" // a plant's computer may have no time zones installed

	"linectl/line"
)

// Shifts says when the shifts of every day begin.
type Shifts struct {
	TimeZone string   `yaml:"time_zone"` // of the tz database, "Asia/Karachi"; UTC unless said
	Start    []string `yaml:"start"`     // "06:00", in order
}

// plan returns the shifts as the line takes them. The error says what is wrong in words.
func (s Shifts) plan() (line.ShiftPlan, error) {
	var p line.ShiftPlan
	zone, err := time.LoadLocation(s.TimeZone)
	if err != nil || s.TimeZone == "Local" {
		return p, fmt.Errorf("unknown time zone %q; want a name of the tz database such as Asia/Karachi", s.TimeZone)
	}
	p.Zone = zone
	for _, text := range s.Start {
		start, err := line.ParseClockTime(text)
		if err != nil {
			return p, err
		}
		p.Starts = append(p.Starts, start)
	}
	if !slices.IsSorted(p.Starts) || len(slices.Compact(slices.Clone(p.Starts))) != len(p.Starts) {
		return p, fmt.Errorf("shifts begin at %v; want the starts of one day in order, each once", s.Start)
	}
	return p, nil
}
