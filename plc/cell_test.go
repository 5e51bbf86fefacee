package plc

import (
	"math"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// cell is a token-aware device written from the handshake's device rules 1 to 6, for these tests only. It shares nothing
// with the virtual plant, so that a mistake in one is not hidden by the same mistake in the other.
type cell struct {
	tags.Status
	class     line.DeviceClass // B and C: it knows no tokens (plain_cell_test.go)
	executing tags.Command
	energyAt  time.Time
	doneAt    time.Time
	takes     time.Duration
	refuse    line.RejectReason // refuses every Execute with this reason
	once      bool              // refuses one Execute only
	outcome   line.Outcome
	dead      bool // its program stands still: the heartbeat does not move

	deafToCommands bool // PackML commands have no effect
	deafToAcks     bool // acknowledgements have no effect
	damaged        bool // every block arrives damaged
	commands       []tags.Command
	watch          func(time.Time, tags.Command, line.RejectReason)

	edges    map[line.Token]int // classes B and C, ground truth: starts that were taken; at class C every edge of the bit
	cutShort bool               // class C: the start bit was taken down in the middle of an act

	effects map[line.Token]int // ground truth: what really happened, however often memory is lost
	before  tags.Status        // the status before the last change, for stale reads
}

func newCell() *cell {
	return &cell{
		Status:  tags.Status{RetainID: 7001, BootEpoch: 1, Machine: stateExecute, Sensors: line.SensorPartPresent, Part: "EV-P1-000001"},
		takes:   20 * time.Millisecond,
		outcome: line.OutcomeOK,
		effects: map[line.Token]int{},
	}
}

// run lets time pass: energy in the middle of the act, then the result.
func (c *cell) run(now time.Time) {
	if !c.dead {
		c.Heartbeat++
	}
	if !c.class.Tokens() {
		c.runPlain(now)
		return
	}
	if c.Phase != line.PhaseExecuting && c.Phase != line.PhaseAccepted {
		return
	}
	c.Phase = line.PhaseExecuting
	if !c.energyAt.IsZero() && !now.Before(c.energyAt) {
		c.before = c.Status
		c.energyAt = time.Time{}
		c.effects[c.InFlight]++
		c.EffectCount++
	}
	if !now.Before(c.doneAt) {
		c.before = c.Status
		c.Phase, c.LastCompleted, c.InFlight, c.IndexState = line.PhaseDone, c.InFlight, 0, 2
		c.Outcome, c.Index = c.outcome, c.executing.Index
		for i := range c.Values {
			c.Values[i] = float32(math.NaN())
		}
		c.Values[0] = float32(c.LastCompleted.Sequence()) + 0.5
	}
}

// command judges one block and says why it is refused.
func (c *cell) command(now time.Time, cmd tags.Command) line.RejectReason {
	c.run(now)
	c.before = c.Status
	c.commands = append(c.commands, cmd)
	if !c.class.Tokens() {
		c.judgePlain(now, cmd) // it says no reason
		if c.watch != nil {
			c.watch(now, cmd, 0)
		}
		return 0
	}
	reason := c.judge(now, cmd)
	if reason != 0 {
		c.Rejected, c.RejectReason = cmd.Token, reason
	}
	if c.watch != nil {
		c.watch(now, cmd, reason)
	}
	return reason
}

func (c *cell) judge(now time.Time, cmd tags.Command) line.RejectReason {
	if c.damaged && cmd.Op != tags.OpQuery {
		return line.RejectBlock
	}
	if cmd.Fence < c.FenceHighest {
		return line.RejectStaleFence
	}
	if cmd.BootEpoch != c.BootEpoch {
		return line.RejectStaleEpoch
	}
	c.FenceHighest = cmd.Fence
	switch cmd.Op {
	case tags.OpExecute:
		return c.accept(now, cmd)
	case tags.OpVoid:
		if c.Phase != line.PhaseIdle && c.Phase != line.PhaseInterrupted {
			return line.RejectBusy
		}
		c.Floor, c.InFlight, c.Phase = max(c.Floor, cmd.Token), 0, line.PhaseIdle
	case tags.OpAcknowledge:
		if !c.deafToAcks && (c.Phase == line.PhaseDone || c.Phase == line.PhaseFault) && c.LastCompleted == cmd.Token {
			c.Phase = line.PhaseIdle
		}
	case tags.OpMachine:
		if c.deafToCommands {
			return 0
		}
		if state, ok := map[uint16]uint16{1: 4, 2: stateExecute, commandStop: 2, commandAbort: 9}[cmd.Task]; ok {
			c.Machine = state
		}
	case tags.OpUnitMode:
		c.Mode = cmd.Task
	case tags.OpQuery:
	}
	return 0
}

func (c *cell) accept(now time.Time, cmd tags.Command) line.RejectReason {
	switch {
	case cmd.Token == c.Floor:
		return 0
	case cmd.Token < c.Floor:
		return line.RejectOldToken
	case c.Phase != line.PhaseIdle:
		return line.RejectBusy
	case c.Machine != stateExecute:
		return line.RejectNotPermitted
	case c.refuse != 0:
		reason := c.refuse
		if c.once {
			c.refuse = 0
		}
		return reason
	}
	c.Floor, c.InFlight, c.IndexState, c.Phase = cmd.Token, cmd.Token, 1, line.PhaseAccepted
	c.executing = cmd
	c.energyAt, c.doneAt = now.Add(c.takes/2), now.Add(c.takes)
	return 0
}

// reboot restarts the device. Without its retained memory it has forgotten everything but counts its boots on.
func (c *cell) reboot(forget bool) {
	c.BootEpoch++
	c.Rejected, c.RejectReason = 0, 0
	if forget {
		c.Status = tags.Status{RetainID: c.RetainID + 1, BootEpoch: c.BootEpoch, Heartbeat: c.Heartbeat, Machine: c.Machine, Part: c.Part}
	}
	if c.Phase != line.PhaseDone || c.LastCompleted != c.Floor {
		c.Phase = line.PhaseIdle
	}
	if c.InFlight != 0 {
		c.Phase = line.PhaseInterrupted
	}
	c.before = c.Status
}
