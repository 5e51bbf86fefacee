package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/simulator"
)

// deed is what happens in an event: exactly one of its fields is set.
type deed struct {
	fault   *simulator.Fault
	clear   string        // ends the faults of a name, or all
	command line.Command  // of a person; the prompt of an answer may be the beginning of an identity
	down    time.Duration // the supervisor is killed, and started again so long after
}

// wrong reports whether this goes wrong, and is not done by a person.
func (d deed) wrong() bool { return d.fault != nil || d.down > 0 }

// event reads one event.
func (s *Story) event(k *keys) {
	e := Event{At: k.at, Text: k.must("do", "what happens")}
	at := k.text("at")
	k.done()
	var err error
	if e.when, err = s.moment(at); err != nil {
		k.wrong("at", "%v", err)
		return
	}
	if e.Text == "" {
		return
	}
	if e.do, err = s.deed(e.Text); err != nil {
		k.wrong("do", "%v", err)
		return
	}
	if err := e.settle(); err != nil {
		k.wrong("at", "%v", err)
		return
	}
	if f := e.do.fault; f != nil {
		if err := s.meets(*f); err != nil {
			k.wrong("do", "%v", err)
			return
		}
	}
	s.Events = append(s.Events, e)
}

// settle lets a fault wait by itself for the act that the moment names: it strikes in the middle of it.
func (e *Event) settle() error {
	f, m := e.do.fault, &e.when
	if f == nil || m.noun == "" || string(m.station) != f.Target && string(m.station) != string(line.DeviceID(f.Target).Station()) {
		return nil
	}
	if f.Index > 0 || f.Part != "" {
		return fmt.Errorf("the fault itself says already where it strikes")
	}
	f.Noun, f.Index, f.Part = m.noun, m.index, string(m.pack)
	m.noun, m.index, m.pack, m.station = "", 0, "", ""
	return nil
}

// deed reads the text of do.
func (s *Story) deed(text string) (d deed, err error) {
	w := strings.Fields(text)
	if text == "kill the supervisor" {
		return deed{down: restarts}, nil
	}
	if span, is := strings.CutPrefix(text, "switch the line off for "); is {
		d.down, err = parseSpan(span)
		return d, err
	}
	if len(w) == 2 && w[0] == "clear" {
		if _, known := simulator.FindFault(simulator.FaultName(w[1])); !known && w[1] != "all" {
			return d, fmt.Errorf("there is no fault %q to clear", w[1])
		}
		return deed{clear: w[1]}, s.before(w[1])
	}
	if d.command, err = s.command(w); d.command != nil || err != nil {
		return d, err
	}
	if _, known := simulator.FindFault(simulator.FaultName(w[0])); !known {
		return d, fmt.Errorf("%q is no fault and nothing that people do; faults are listed by linectl fault names, what else may stand here in docs/scenarios.md", text)
	}
	f, err := simulator.ParseFault(text)
	if err != nil {
		return d, err
	}
	if err := strikes(f); err != nil {
		return d, err
	}
	if err = s.part(f.Part); f.Index > 0 && err == nil {
		err = s.existing(f.Noun, f.Index, line.PackID(f.Part))
	}
	return deed{fault: &f}, err
}

// before checks that an event before lets the fault happen which is cleared.
func (s *Story) before(cleared string) error {
	var faults []string
	for _, e := range s.Events {
		if f := e.do.fault; f != nil {
			faults = append(faults, string(f.Name))
		}
	}
	if s.unread || slices.Contains(faults, cleared) || cleared == "all" && len(faults) > 0 {
		return nil
	}
	return fmt.Errorf("nothing before it injects what is cleared; injected is: %s", cmp.Or(strings.Join(faults, ", "), "nothing"))
}
