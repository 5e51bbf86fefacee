package plc

import (
	"math"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// newPlainRig joins a handshake and a device of class B or C.
func newPlainRig(t failer, class line.DeviceClass) *rig {
	r := newRig(t)
	r.opts = Options{Class: class}
	r.h = New(r.h.device, r.fence, r.opts)
	r.cell.class, r.cell.edges = class, map[line.Token]int{}
	r.cell.Status = tags.Status{Machine: stateExecute, Sensors: line.SensorPartPresent, Part: "EV-P1-000001"}
	return r
}

// judgePlain is a device that knows no tokens, written from what docs/handshake.md says it must do. The token of a block is looked at
// for the truth only: it is not on the wire.
func (c *cell) judgePlain(now time.Time, cmd tags.Command) {
	if c.damaged {
		return
	}
	switch cmd.Op {
	case tags.OpExecute:
		c.edge(now, cmd)
	case tags.OpAcknowledge: // the start bit is written to 0
		if c.class != line.ClassC {
			return
		}
		c.cutShort = c.cutShort || c.Start && c.Phase == line.PhaseExecuting
		c.Start = false
		if c.Phase != line.PhaseExecuting {
			c.Phase = line.PhaseIdle
		}
	case tags.OpMachine:
		if state, ok := map[uint16]uint16{1: 4, 2: stateExecute, commandStop: 2, commandAbort: 9}[cmd.Task]; ok {
			c.Machine = state
		}
	case tags.OpUnitMode:
		c.Mode = cmd.Task
	case tags.OpQuery, tags.OpVoid:
	}
}

// edge is a start: at class B every write of the start register, at class C only one that raises the bit.
func (c *cell) edge(now time.Time, cmd tags.Command) {
	able := c.Phase == line.PhaseIdle && c.Machine == stateExecute && c.refuse == 0
	switch {
	case c.class == line.ClassC && c.Start:
		return
	case c.class == line.ClassC:
		c.Start = true
		c.edges[cmd.Token]++
		if !able {
			c.Phase, c.Outcome, c.Reason = line.PhaseFault, line.OutcomeNone, uint16(c.refuse)
			return
		}
	case !able:
		return
	default:
		c.edges[cmd.Token]++
		c.EffectCount++ // before any energy, and the outcome goes with it
	}
	c.Phase, c.Outcome, c.ResultPart = line.PhaseExecuting, line.OutcomeNone, ""
	c.executing = cmd
	c.energyAt, c.doneAt = now.Add(c.takes/2), now.Add(c.takes)
}

func (c *cell) runPlain(now time.Time) {
	if c.Phase != line.PhaseExecuting {
		return
	}
	if !c.energyAt.IsZero() && !now.Before(c.energyAt) {
		c.energyAt = time.Time{}
		c.effects[c.executing.Token]++
	}
	if now.Before(c.doneAt) {
		return
	}
	c.Phase, c.Outcome, c.ResultPart = line.PhaseIdle, c.outcome, c.executing.Part
	if c.class == line.ClassC && c.Start {
		c.Phase = line.PhaseDone
	}
	for i := range c.Values {
		c.Values[i] = float32(math.NaN())
	}
	c.Values[0] = float32(c.executing.Token.Sequence()) + 0.5
}

// rebootPlain is a restart: the device stands idle with its start bit down, and goes on with nothing.
func (c *cell) rebootPlain(forget bool) {
	c.Phase, c.Start, c.energyAt = line.PhaseIdle, false, time.Time{}
	if forget || c.class == line.ClassC {
		c.Outcome, c.ResultPart = line.OutcomeNone, ""
	}
	if forget {
		c.EffectCount = 0
	}
}
