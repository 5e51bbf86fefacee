package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
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
		return deed{clear: w[1]}, nil
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
	if _, err := place(string(line.DeviceID(f.Target).Station())); err != nil && f.Target != "line" {
		return d, err
	}
	if slices.ContainsFunc(s.products(), func(p string) bool { return strings.HasPrefix(f.Part, p+"-") }) { // else it is the code of a cell
		err = s.pack(f.Part)
	}
	if f.Index > 0 && err == nil {
		err = s.existing(f.Noun, f.Index, line.PackID(f.Part))
	}
	return deed{fault: &f}, err
}

// command reads what a person does; nil where the words are none of it.
func (s *Story) command(w []string) (line.Command, error) {
	if cmd, err := packml.ParseCommand(w[0]); err == nil && len(w) == 2 && cmd.String() == w[0] {
		if w[1] != "line" {
			_, err = place(w[1])
		}
		return line.Machine{Target: w[1], Command: w[0]}, err
	}
	switch {
	case len(w) == 2 && w[0] == "acknowledge":
		return line.AcknowledgeAlarm{Alarm: w[1]}, knownAlarm(w[1])
	case len(w) == 2 && w[0] == "confirm":
		return line.ConfirmAlarm{Alarm: w[1]}, knownAlarm(w[1])
	case len(w) >= 4 && w[0] == "answer" && w[2] == "with":
		return answer(w)
	case len(w) >= 6 && w[0] == "load" && w[2] == "of" && w[4] == "at":
		return load(w)
	case len(w) == 2 && (w[0] == "hold" || w[0] == "release"):
		return line.Hold{Subject: w[1], Release: w[0] == "release"}, nil
	case len(w) == 2 && (w[0] == "scrap" || w[0] == "rework"):
		return line.DecideRework{Pack: line.PackID(w[1]), Scrap: w[0] == "scrap"}, s.pack(w[1])
	case len(w) == 4 && w[0] == "service" && w[2] == "with":
		_, err := place(w[1])
		return line.ServiceTool{Station: line.StationID(w[1]), Action: w[3]}, err
	case len(w) == 5 && w[0] == "write" && w[1] == "off" && w[3] == "at":
		_, err := place(w[4])
		return line.WriteOff{Part: w[2], Station: line.StationID(w[4])}, err
	case len(w) == 4 && w[0] == "check" && w[1] == "master" && w[2] == "of":
		_, err := place(w[3])
		return line.CheckMaster{Station: line.StationID(w[3])}, err
	case len(w) == 4 && w[0] == "set" && w[2] == "to":
		return line.SetMode{Target: w[1], Mode: w[3]}, nil
	}
	return nil, nil
}

// answer reads "answer ST900/decide with rework", and after "and" what is scanned or typed with it.
func answer(w []string) (line.Command, error) {
	station, _, _ := strings.Cut(w[1], "/")
	if _, err := place(station); err != nil {
		return nil, err
	}
	option, input, _ := strings.Cut(strings.Join(w[3:], " "), " and ")
	return line.AnswerPrompt{Prompt: w[1], Option: option, Input: input}, nil
}

// load reads "load G12 of gap-filler at ST100", and after it "quantity 25" and "expires 2026-11-12".
func load(w []string) (line.Command, error) {
	c := line.LoadMaterial{Lot: line.LotID(w[1]), Item: w[3], Station: line.StationID(w[5]), Quantity: 1e6, Expiry: Morning.Add(1000 * time.Hour)}
	if _, err := place(w[5]); err != nil {
		return nil, err
	}
	var err error
	for w = w[6:]; len(w) >= 2 && err == nil; w = w[2:] {
		switch w[0] {
		case "quantity":
			c.Quantity, err = strconv.ParseFloat(w[1], 64)
		case "expires":
			if c.Expiry, err = time.Parse(time.RFC3339, w[1]); err != nil {
				c.Expiry, err = time.Parse(time.DateOnly, w[1])
			}
		default:
			err = fmt.Errorf("%q: want quantity or expires", w[0])
		}
	}
	if err == nil && len(w) > 0 {
		err = fmt.Errorf("%q: want quantity N or expires DAY", w[0])
	}
	return c, err
}
