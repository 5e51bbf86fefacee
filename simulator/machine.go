package simulator

import (
	"math"
	"time"

	"linectl/line"
	"linectl/packml"
)

// acting is how long a device's acting PackML states last when no act holds them up.
const acting = 50 * time.Millisecond

// command gives the device's PackML machine a command.
func (p *Plant) command(now time.Time, d *device, c packml.Command) line.RejectReason {
	starts := c == packml.CmdReset || c == packml.CmdStart || c == packml.CmdUnhold || c == packml.CmdClear
	if starts && (p.standing(EmergencyStop, d) != nil || p.standing(EmergencyStopNotReset, d) != nil || p.standing(ProtectiveStop, d) != nil) {
		return line.RejectNotPermitted // the safety PLC does not give the energy
	}
	if _, err := d.machine.Fire(c); err != nil {
		return line.RejectNotPermitted
	}
	switch c {
	case packml.CmdClear, packml.CmdReset, packml.CmdUnhold:
		d.alarms, d.firstOut = 0, 0
	case packml.CmdAbort:
		p.abort(d)
	default: // the others change nothing but the state
	}
	p.entered(now, d)
	return 0
}

// entered lets an acting state come to its end, and watches the supervisor in Execute.
func (p *Plant) entered(now time.Time, d *device) {
	switch s := d.machine.State(); {
	case s.Acting():
		p.schedule(due{at: now.Add(p.scaled(acting)), what: settle, device: d})
	case s == packml.Execute && !d.watched:
		d.watched = true
		p.schedule(due{at: d.heard.Add(heartbeatLost), what: watchdog, device: d})
	}
}

// settle completes an acting state. A running act is finished first, except when aborting.
func (p *Plant) settle(at time.Time, d *device) {
	s := d.machine.State()
	if !s.Acting() || d.working() && s != packml.Aborting {
		return
	}
	if _, err := d.machine.Done(); err == nil {
		p.entered(at, d)
	}
}

func (d *device) working() bool {
	return d.phase == line.PhaseAccepted || d.phase == line.PhaseExecuting
}

// watch holds a device whose supervisor has been silent for too long (device rule 6).
func (p *Plant) watch(at time.Time, d *device) {
	d.watched = false
	if d.machine.State() != packml.Execute {
		return
	}
	if late := d.heard.Add(heartbeatLost); at.Before(late) {
		d.watched = true
		p.schedule(due{at: late, what: watchdog, device: d})
		return
	}
	p.hold(at, d, line.AlarmSupervisorLost)
}

// hold lets the device hold by itself, with the alarm that says why. The act in work is finished first.
func (p *Plant) hold(at time.Time, d *device, alarm uint16) {
	p.touch(d.Station)
	d.alarm(alarm)
	if _, err := d.machine.Fire(packml.CmdHold); err == nil {
		p.entered(at, d)
	}
}

// halt takes motion and process energy away at once.
func (p *Plant) halt(at time.Time, d *device) {
	if _, err := d.machine.Fire(packml.CmdAbort); err == nil {
		p.abort(d)
		p.entered(at, d)
	}
}

// abort ends the act in work at once. Before the energy nothing was done; after it the device cannot say what became of it. No
// instrument has come to its end, and none shows anything.
func (p *Plant) abort(d *device) {
	if !d.working() {
		return
	}
	d.act.outcome, d.retained.IndexState = line.OutcomeAborted, 0
	if d.act.fired {
		d.act.outcome, d.retained.IndexState = line.OutcomeUnknown, 1
	}
	for i := range d.act.values {
		d.act.values[i] = math.NaN()
	}
	d.alarm(line.AlarmAborted)
	p.latch(d)
}
