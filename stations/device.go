package stations

import (
	"fmt"
	"time"

	"linectl/line"
	"linectl/packml"
)

// Device is one device of a station as the line knows it: what its edge told last.
type Device struct {
	ID        line.DeviceID
	Role      Role
	Simulated bool

	Status line.DeviceStatus
	Up     bool
	Down   string // why it is not up, in words; empty before the first contact

	since   time.Time      // when its PackML state changed last
	asked   packml.Command // last PackML command given
	askedIn packml.State   // in which of the device's states
	askedAt time.Time

	tune    bool      // it has yet to take the station's mode
	tunedAt time.Time // when it was told last
}

// Observe takes what the edge of the device tells of its state and link.
func (d *Device) Observe(now time.Time, e line.DeviceEvent) {
	switch e := e.(type) {
	case line.DeviceStatus:
		if e.Machine != d.Status.Machine || !d.Up {
			d.since = now
		}
		d.Status, d.Up, d.Down = e, true, ""
	case line.DeviceLost:
		d.Up, d.Down = false, e.Reason
	default: // results are the station's business
	}
}

// State returns the device's own PackML state.
func (d *Device) State() packml.State { return packml.State(d.Status.Machine) }

// Part returns what the device's scanner reads in the nest, or "" when it is empty.
func (d *Device) Part() string {
	if d.Status.Sensors&line.SensorPartPresent == 0 {
		return ""
	}
	return d.Status.Part
}

// missing returns the first condition that is not given, in words and with what to do, or "".
func (d *Device) missing() string {
	if d.Up && d.Status.Permissives&allPermissives == allPermissives && d.Status.Safety&allStops == 0 {
		return ""
	}
	for _, p := range d.conditions() {
		if !p.Given {
			return p.Text
		}
	}
	return ""
}

// The bits by which missing sees at a glance that nothing is.
var allPermissives, allStops = bits(line.Permissives), bits(line.SafetyStops)

func bits(list []line.Condition) (all uint32) {
	for _, c := range list {
		all |= c.Bit
	}
	return all
}

// conditions lists what must be given at the device before anything moves, a stop of the safety PLC first: it is the cause of
// most of what else is missing then.
func (d *Device) conditions() []line.PermissiveSnapshot {
	list := make([]line.PermissiveSnapshot, 0, 1+len(line.SafetyStops)+len(line.Permissives))
	add := func(given bool, text string) {
		list = append(list, line.PermissiveSnapshot{Given: given, Text: text, For: line.ForStart})
	}
	switch {
	case d.Up:
		add(true, string(d.ID)+" answers")
	case d.Down == "":
		add(false, string(d.ID)+" has not answered yet")
		return list
	default:
		add(false, fmt.Sprintf("%s does not answer: %s", d.ID, d.Down))
		return list // what it said last says nothing of now
	}
	judge := func(given bool, c line.Condition) {
		if given {
			add(true, fmt.Sprintf("%s at %s", c.Given, d.ID))
			return
		}
		add(false, fmt.Sprintf("%s at %s: %s", c.Missing, d.ID, c.Act))
	}
	if d.Status.Safety != 0 {
		for _, c := range line.SafetyStops {
			judge(d.Status.Safety&c.Bit == 0, c)
		}
	}
	for _, c := range line.Permissives {
		judge(d.Status.Permissives&c.Bit != 0, c)
	}
	return list
}

// patience is how long a device may take to follow a PackML command before it is given again.
const patience = time.Second

// steer returns the next PackML command that brings the device nearer to the state, or false when there is none to give now:
// it is there, on its way, or was asked a moment ago.
// An abort is cleared only when a person has given Clear to the station.
func (d *Device) steer(now time.Time, station, to packml.State) (packml.Command, bool) {
	at := d.State()
	if !d.Up || at == to {
		return 0, false
	}
	if at == packml.Aborted && to != packml.Aborted && station != packml.Clearing {
		return 0, false
	}
	c, ok := towards(at, to)
	if !ok || d.asked == c && d.askedIn == at && now.Sub(d.askedAt) < patience {
		return 0, false
	}
	d.asked, d.askedIn, d.askedAt = c, at, now
	return c, true
}

// towards is the way from one wait state to another, a command at a time.
func towards(at, to packml.State) (packml.Command, bool) {
	switch {
	case to == packml.Aborted:
		return packml.CmdAbort, at != packml.Aborting
	case at.Acting() && at != packml.Execute:
		return 0, false // it arrives by itself
	case at == packml.Aborted:
		return packml.CmdClear, true
	case to == packml.Stopped:
		return packml.CmdStop, true
	case at == packml.Stopped, at == packml.Complete:
		return packml.CmdReset, true
	}
	switch to {
	case packml.Idle:
		return packml.CmdStop, true // and from Stopped by Reset
	case packml.Execute:
		c, ok := map[packml.State]packml.Command{
			packml.Idle: packml.CmdStart, packml.Held: packml.CmdUnhold, packml.Suspended: packml.CmdUnsuspend,
		}[at]
		return c, ok
	case packml.Held:
		return packml.CmdHold, at == packml.Execute || at == packml.Suspended
	case packml.Suspended:
		return packml.CmdSuspend, at == packml.Execute
	case packml.Complete:
		return packml.CmdComplete, at == packml.Execute || at == packml.Held || at == packml.Suspended
	default: // no place to stay
		return 0, false
	}
}
