package simulator

import (
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// plain is what a device of class B or C makes of a command: it knows no token, no fence and no boot epoch, whatever the block
// carried. It gives each job a number of its own, which it shows nobody. It also does not know what was done to a part before:
// started twice, it does the job twice.
func (p *Plant) plain(now time.Time, d *device, c tags.Command) line.RejectReason {
	if p.broken != nil {
		return line.RejectNotPermitted
	}
	d.heard = now
	c.Token, c.Fence, c.BootEpoch = d.retained.Floor+1, d.retained.Fence, d.retained.BootEpoch
	switch c.Op {
	case tags.OpExecute:
		return p.edge(now, d, c)
	case tags.OpAcknowledge:
		p.lower(d)
		return 0
	case tags.OpVoid:
		return line.RejectBlock
	case tags.OpQuery, tags.OpMachine, tags.OpUnitMode:
	}
	return p.judge(now, d, c)
}

// edge starts a job: of class B at every write while it is idle, of class C when the start bit rises.
func (p *Plant) edge(now time.Time, d *device, c tags.Command) line.RejectReason {
	if d.Class == line.ClassC {
		if d.start {
			return 0
		}
		d.start = true
	}
	reason := p.execute(now, d, c)
	if reason != 0 && d.Class == line.ClassC && d.phase == line.PhaseIdle {
		d.phase, d.failed = line.PhaseFault, uint16(reason)
	}
	return reason
}

// lower takes the start bit down, and with it what the device showed as done or as an error.
func (p *Plant) lower(d *device) {
	d.start = false
	if d.Class == line.ClassC && (d.phase == line.PhaseDone || d.phase == line.PhaseFault) {
		d.phase, d.failed, d.retained.Pending = line.PhaseIdle, 0, false
		p.keep(d)
	}
}

// count counts a job before its energy flows. Its result is none until it has one.
func (p *Plant) count(d *device) {
	if d.Class.Tokens() {
		return
	}
	d.retained.Jobs++
	d.retained.Unlatched = true
	p.keep(d)
}

// latched lets a device of class B stand idle with its last result, for nobody acknowledges it; and one of class C whose start bit
// is down already.
func (d *device) latched() {
	d.retained.Unlatched = false
	if d.Class == line.ClassB || d.Class == line.ClassC && !d.start {
		d.phase, d.retained.Pending = line.PhaseIdle, false
	}
}

// forgetJob is a boot of a device that has no token in flight to remember: what it was doing is gone, and its start bit is down.
func (d *device) forgetJob() {
	d.phase, d.start, d.failed = line.PhaseIdle, false, 0
	d.retained.InFlight, d.retained.InWork, d.retained.Pending = 0, nil, false
}

// plainStatus leaves in a status what such a device knows.
func (p *Plant) plainStatus(d *device, s tags.Status) tags.Status {
	s.RetainID, s.BootEpoch, s.FenceHighest, s.Floor, s.InFlight, s.LastCompleted = 0, 0, 0, 0, 0, 0
	s.Index, s.IndexState, s.Rejected, s.RejectReason, s.EffectCount = 0, 0, 0, 0, 0
	s.Start, s.Part, s.ResultPart = d.start, p.reads(d), d.retained.last().Part
	if s.Phase == line.PhaseAccepted {
		s.Phase = line.PhaseExecuting
	}
	if d.retained.Unlatched {
		s.Outcome, s.Reason, s.Values, s.ResultPart = line.OutcomeNone, 0, [24]float32{}, ""
	}
	if d.failed != 0 {
		s.Outcome, s.Reason = line.OutcomeNone, d.failed
	}
	if d.Class == line.ClassB {
		s.EffectCount = d.retained.Jobs
	}
	return s
}

// Class returns the class of a device.
func (p *Plant) Class(id line.DeviceID) line.DeviceClass { return p.device(id).Class }

// plainBlock hands a block to a device of class B or C: start says whether the start bit was written up with it.
func (f *Faces) plainBlock(id line.DeviceID, words []uint16, order tags.WordOrder, start bool) {
	c, err := tags.DecodePlainCommand(words, order)
	if err != nil {
		f.log.Debug("command block damaged", "device", id, "err", err)
		f.plant.Damaged(id)
		return
	}
	if start != (c.Op == tags.OpExecute) {
		return // a start bit over a block that is no job, or a job that nobody starts
	}
	f.command(id, c)
}

// lowerStart takes the start bit of a device down.
func (f *Faces) lowerStart(id line.DeviceID) { f.command(id, tags.Command{Op: tags.OpAcknowledge}) }
