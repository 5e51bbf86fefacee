package scenario

import (
	"fmt"
	"slices"
	"strings"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

// strikes checks that a fault can happen at its target.
func strikes(f simulator.Fault) error {
	kind, _ := simulator.FindFault(f.Name)
	switch {
	case kind.Host && f.Target != simulator.Host:
		return fmt.Errorf("%s happens to the line's computer: its target is %s", f.Name, simulator.Host)
	case kind.Host && (f.Index > 0 || f.Part != ""):
		return fmt.Errorf("%s waits for no act: give the moment as at of the event", f.Name)
	case kind.Host:
		return nil
	}
	p, err := place(string(line.DeviceID(f.Target).Station()))
	if err == nil && string(p.ID) != f.Target {
		err = device(line.DeviceID(f.Target))
	}
	if err == nil && !kind.Possible(p.Kind) {
		err = fmt.Errorf("%s cannot strike at %s; it can at %s", f.Name, f.Target, placesWhere(kind.Possible))
	}
	return err
}

// meets checks that the act for which a fault waits is one that it can strike. Only where it waits for a place is there anything to check.
func (s *Story) meets(f simulator.Fault) error {
	if f.Index == 0 {
		return nil
	}
	kind, _ := simulator.FindFault(f.Name)
	if kind.Strikes != nil && !slices.ContainsFunc(kind.Strikes, func(t line.Task) bool { return t.Noun() == f.Noun }) {
		var acts []string
		for _, t := range kind.Strikes {
			acts = append(acts, t.String())
		}
		return fmt.Errorf("%s strikes nothing at a %s; it strikes %s", f.Name, f.Noun, strings.Join(acts, ", "))
	}
	p, err := place(string(line.DeviceID(f.Target).Station()))
	if err == nil {
		err = s.worked(p, f.Noun, f.Index)
	}
	return err
}

// worked checks that an act of a station is at such a place.
func (s *Story) worked(p virtual.Place, noun string, index int) error {
	var acts []line.Task
	for _, t := range tasks() {
		if t.Noun() == noun {
			acts = append(acts, t)
		}
	}
	done := simulator.FaultKind{Strikes: acts}.Possible // the plant knows which acts are done where
	if !done(p.Kind) {
		return fmt.Errorf("no act of %s is at a %s; such are at %s", p.ID, noun, placesWhere(done))
	}
	if p.Kind != line.Inspect || s.unordered {
		return nil
	}
	first := 0
	for _, o := range s.Orders {
		if r := s.recipe(o.Product); r != nil {
			first = index - (index-1)%max(r.Inspect.PerAct, 1)
		}
		if first == index {
			return nil
		}
	}
	return fmt.Errorf("%s takes many joints in one act, which is named by its first: want joint %d", p.ID, first)
}
