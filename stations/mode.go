package stations

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
)

// Modes are the unit modes that a person may choose. The others of PackML are a device's own.
var Modes = []packml.Mode{packml.Production, packml.Maintenance, packml.Manual, packml.Setup}

// Mode returns the station's unit mode.
func (m *Machine) Mode() packml.Mode { return m.ml.Mode() }

// SetMode changes the unit mode and tells the devices. A refusal changes nothing and says what to do.
func (m *Machine) SetMode(now time.Time, mode packml.Mode, by, why string) error {
	if err := m.ModeRefusal(mode); err != nil {
		return err
	}
	from := m.ml.Mode()
	m.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: line.ModeChanged{From: from.String(), To: mode.String(), By: by, Why: why}})
	for _, d := range m.devices {
		if d.tune = true; d.Up {
			m.tellMode(now, d)
		}
	}
	return nil
}

// ModeRefusal says why SetMode would refuse, or nil.
func (m *Machine) ModeRefusal(mode packml.Mode) error {
	switch {
	case !slices.Contains(Modes, mode):
		return fmt.Errorf("a person sets %s; %s is not among them", modeNames(), mode)
	case m.ml.Mode() == mode:
		return fmt.Errorf("%s is in mode %s already", m.ID, mode)
	}
	return m.atRest()
}

// atRest says why no mode can change now, or nil.
func (m *Machine) atRest() error {
	if s := m.ml.State(); s != packml.Stopped && s != packml.Idle && s != packml.Aborted {
		return fmt.Errorf("cannot change the mode of %s while %s; Stop it first", m.ID, s)
	}
	if m.next != nil {
		return fmt.Errorf("cannot change the mode of %s: it is not yet known what became of %s", m.ID, m.act.Name())
	}
	return nil
}

func modeNames() string {
	names := make([]string, len(Modes))
	for i, m := range Modes {
		names[i] = m.String()
	}
	return strings.Join(names, ", ")
}

// applyMode follows a change of mode that has happened.
func (m *Machine) applyMode(f line.ModeChanged) {
	mode, err := packml.ParseMode(f.To)
	if err != nil {
		mode = packml.Maintenance // a mode of another version: a person must look
	}
	m.ml.RestoreMode(mode)
}

func (m *Machine) tellMode(now time.Time, d *Device) {
	d.tunedAt = now
	m.host.Send(line.Job{Op: line.UnitMode, Device: d.ID, Machine: uint16(m.ml.Mode())})
}

// tuneIn tells a device the station's mode again until it has taken it, while both are at rest. One that was switched at its panel
// since is left alone, and so is one that says no mode.
func (m *Machine) tuneIn(now time.Time, d *Device) {
	if !d.tune || !d.Up {
		return
	}
	if !m.disagrees(d) {
		d.tune = false
		return
	}
	s := d.State()
	rests := s == packml.Stopped || s == packml.Idle || s == packml.Aborted
	if rests && m.atRest() == nil && now.Sub(d.tunedAt) >= patience {
		m.tellMode(now, d)
	}
}

// disagrees reports whether a device works in a mode in which it would not do what the station's mode asks of it. Production,
// simulation and the measuring of a master part are one to it.
func (m *Machine) disagrees(d *Device) bool {
	have := packml.Mode(min(d.Status.Mode, uint16(packml.MasterCheck)+1))
	if have < packml.Production || have > packml.MasterCheck {
		return false
	}
	if have == packml.Simulation || have == packml.MasterCheck {
		have = packml.Production
	}
	return have != m.ml.Mode()
}

// modeConditions are what the modes of the station and its devices must be for it to start.
func (m *Machine) modeConditions() []line.PermissiveSnapshot {
	own := line.PermissiveSnapshot{Given: true, Text: fmt.Sprintf("%s is in mode Production", m.ID), For: line.ForStart}
	if mode := m.ml.Mode(); mode != packml.Production {
		own.Given, own.Text = false, fmt.Sprintf("%s is in mode %s: no order runs; set it to Production first", m.ID, mode)
	}
	list := []line.PermissiveSnapshot{own}
	for _, d := range m.devices {
		if own.Given && d.Up && m.disagrees(d) {
			list = append(list, line.PermissiveSnapshot{
				Text: fmt.Sprintf("%s is in mode %s: switch it to Production at its panel", d.ID, packml.Mode(d.Status.Mode)), For: line.ForStart, //nolint:gosec // judged above
			})
		}
	}
	return list
}

// forProduction refuses to start in any other mode: no job would be given.
func (m *Machine) forProduction() error {
	var missing []error
	for _, c := range m.modeConditions() {
		if !c.Given {
			missing = append(missing, errors.New(c.Text))
		}
	}
	return errors.Join(missing...)
}
