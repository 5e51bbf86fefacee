package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
)

// command reads what a person does; nil where the words are none of it. What the line would refuse whatever it builds is refused here.
func (s *Story) command(w []string) (line.Command, error) {
	if cmd, err := packml.ParseCommand(w[0]); err == nil && len(w) == 2 && cmd.String() == w[0] {
		return line.Machine{Target: w[1], Command: w[0]}, target(w[1])
	}
	switch {
	case len(w) == 2 && w[0] == "acknowledge":
		return line.AcknowledgeAlarm{Alarm: w[1]}, oneAlarm(w[1])
	case len(w) == 2 && w[0] == "confirm":
		return line.ConfirmAlarm{Alarm: w[1]}, oneAlarm(w[1])
	case len(w) >= 4 && w[0] == "answer" && w[2] == "with":
		return s.answer(w)
	case len(w) >= 6 && w[0] == "load" && w[2] == "of" && w[4] == "at":
		return s.load(w)
	case len(w) == 2 && (w[0] == "hold" || w[0] == "release"):
		return line.Hold{Subject: w[1], Release: w[0] == "release"}, s.subject(w[1])
	case len(w) == 2 && (w[0] == "scrap" || w[0] == "rework"):
		return line.DecideRework{Pack: line.PackID(w[1]), Scrap: w[0] == "scrap"}, s.pack(w[1])
	case len(w) == 4 && w[0] == "service" && w[2] == "with":
		return line.ServiceTool{Station: line.StationID(w[1]), Action: w[3]}, s.service(w[1], w[3])
	case len(w) == 5 && w[0] == "write" && w[1] == "off" && w[3] == "at":
		_, err := place(w[4])
		if err == nil {
			err = s.part(w[2])
		}
		return line.WriteOff{Part: w[2], Station: line.StationID(w[4])}, err
	case len(w) == 4 && w[0] == "check" && w[1] == "master" && w[2] == "of":
		return line.CheckMaster{Station: line.StationID(w[3])}, s.master(w[3])
	case len(w) == 4 && w[0] == "set" && w[2] == "to":
		return line.SetMode{Target: w[1], Mode: w[3]}, mode(w[1], w[3])
	}
	return nil, nil
}

// target is a station, or the whole line.
func target(name string) error {
	if name == "line" {
		return nil
	}
	_, err := place(name)
	return err
}

// oneAlarm checks the identity of an alarm that is meant alone.
func oneAlarm(id string) error {
	if strings.HasSuffix(id, "*") {
		return fmt.Errorf("%q: an alarm is named whole here, as ST060/held", id)
	}
	return knownAlarm(id)
}

// subject checks what is held: a pack, a station, or, where it looks like neither, a lot.
func (s *Story) subject(name string) error {
	if number, is := strings.CutPrefix(name, "ST"); is && strings.Trim(number, "0123456789") == "" {
		_, err := place(name)
		return err
	}
	return s.part(name)
}

// part checks what is named as packs are; else it is the code of a cell, or a lot.
func (s *Story) part(name string) error {
	if slices.ContainsFunc(s.products(), func(p string) bool { return strings.HasPrefix(name, p+"-") }) {
		return s.pack(name)
	}
	return nil
}

// service checks what is done to a tool.
func (s *Story) service(station, action string) error {
	p, err := place(station)
	if err != nil {
		return err
	}
	switch known := s.services(p.Kind); {
	case len(known) == 0:
		return fmt.Errorf("%s has no tool that is serviced", station)
	case !slices.Contains(known, action):
		return fmt.Errorf("%q is no service of a tool at %s; services there are %s", action, station, strings.Join(known, ", "))
	}
	return nil
}

// services lists what is done to the tools at a kind of station.
func (s *Story) services(k line.Kind) (known []string) {
	for _, r := range s.recipes {
		if t := r.Process(k).Tool; t != nil {
			known = append(known, t.Action)
			if t.Action != "clean" { // glass is cleaned, and nothing else
				known = append(known, "replace")
			}
		}
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// master checks that a station measures a reference part.
func (s *Story) master(station string) error {
	p, err := place(station)
	if err == nil && !s.hasMaster(p.Kind) {
		err = fmt.Errorf("%s measures no reference part; those that do are %s", station, placesWhere(s.hasMaster))
	}
	return err
}

func (s *Story) hasMaster(k line.Kind) bool {
	for _, r := range s.recipes {
		if r.Process(k).Master != nil {
			return true
		}
	}
	return false
}

func mode(station, name string) error {
	if err := target(station); err != nil {
		return err
	}
	m, err := packml.ParseMode(name)
	if err == nil && m.String() != name {
		err = fmt.Errorf("%q: write %s", name, m)
	}
	return err
}

// load reads "load G12 of gap-filler at ST100", and after it "quantity 25" and "expires 2026-11-12".
func (s *Story) load(w []string) (line.Command, error) {
	c := line.LoadMaterial{Lot: line.LotID(w[1]), Item: w[3], Station: line.StationID(w[5]), Quantity: 1e6, Expiry: Morning.Add(1000 * time.Hour)}
	p, err := place(w[5])
	if err == nil {
		err = s.used(p.Kind, w[3])
	}
	if err != nil {
		return nil, err
	}
	for w = w[6:]; len(w) > 0; w = w[2:] {
		switch {
		case len(w) >= 2 && w[0] == "quantity":
			if c.Quantity, err = strconv.ParseFloat(w[1], 64); err != nil || !(c.Quantity > 0 && c.Quantity <= maxQuantity) {
				return nil, fmt.Errorf("quantity %q: want a number above zero, at most %g", w[1], maxQuantity)
			}
		case len(w) >= 2 && w[0] == "expires":
			if c.Expiry, err = time.Parse(time.RFC3339, w[1]); err != nil {
				c.Expiry, err = time.Parse(time.DateOnly, w[1])
			}
			if err != nil {
				return nil, fmt.Errorf("expires %q: want a day as 2026-11-12, or a time as 2026-11-12T18:00:00Z", w[1])
			}
		default:
			return nil, fmt.Errorf("%q: want quantity N or expires DAY", w[0])
		}
	}
	return c, nil
}

// maxQuantity bounds a lot.
const maxQuantity = 1e9

// used checks that an item is used at a kind of station.
func (s *Story) used(k line.Kind, item string) error {
	var known []string
	for _, r := range s.recipes {
		for _, m := range r.Materials {
			if m.Kind == k {
				known = append(known, m.Item)
			}
		}
	}
	slices.Sort(known)
	switch known = slices.Compact(known); {
	case len(known) == 0:
		return fmt.Errorf("no recipe uses anything at %s", placesWhere(func(have line.Kind) bool { return have == k }))
	case !slices.Contains(known, item):
		return fmt.Errorf("no recipe uses %q at %s; used there: %s", item, placesWhere(func(have line.Kind) bool { return have == k }), strings.Join(known, ", "))
	}
	return nil
}
