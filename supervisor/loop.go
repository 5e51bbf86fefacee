package supervisor

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"linectl/line"
	"linectl/packml"
)

// Loop owns the line: it alone steps it, records what it decides, and then acts.
type Loop struct {
	line     *Line
	store    Store
	devices  Devices
	log      *slog.Logger
	inbox    chan asked
	snapshot atomic.Pointer[line.Snapshot]
	seq      uint64
	clock    clock
	stale    bool // something was recorded since the last snapshot
	changed  atomic.Pointer[chan struct{}]
}

// Run steps the line until the context ends, then stops all stations at the end of their running acts and returns nil. An
// error means that something may not have been recorded: the process must end, and the next start reconciles.
func (lp *Loop) Run(ctx context.Context) error {
	if err := lp.carryOut(lp.line.Resume(lp.clock.now()), nil); err != nil {
		return err
	}
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	end, deadline := ctx.Done(), (<-chan time.Time)(nil)
	for deadline == nil || !lp.line.Resting() {
		var batch []asked
		select {
		case in := <-lp.inbox:
			batch = append(batch, in)
		case <-tick.C:
			batch = append(batch, asked{in: Tick{ClockOff: lp.clock.off()}})
		case <-deadline:
			lp.log.Warn("stations did not come to rest", "within", restWithin)
			return nil
		case <-end:
			end, deadline = nil, time.After(restWithin)
			batch = append(batch, asked{in: Asked{line.Request{By: "supervisor", Account: "supervisor", Origin: line.FromItself, Command: line.Machine{Target: "line", Command: packml.CmdStop.String()}}}})
		}
		for len(batch) < batchSize && len(lp.inbox) > 0 {
			batch = append(batch, <-lp.inbox)
		}
		if err := lp.step(batch); err != nil {
			return err
		}
	}
	return nil
}

// step gives the line a batch of inputs and carries out what it decides as one.
func (lp *Loop) step(batch []asked) error {
	var all Output
	waiting := make([]chan<- line.Reply, 0, len(batch))
	for _, in := range batch {
		out := lp.line.Step(lp.clock.now(), in.in)
		for _, j := range out.Stops { // at once: stopping never waits for a disk
			lp.devices.Send(j)
		}
		all.Records = append(all.Records, out.Records...)
		all.Jobs = append(all.Jobs, out.Jobs...)
		all.Replies = append(all.Replies, out.Replies...)
		for range out.Replies {
			waiting = append(waiting, in.reply)
		}
	}
	return lp.carryOut(all, waiting)
}

// carryOut keeps the order that is written on Output: durable, then to the devices, then to people.
func (lp *Loop) carryOut(out Output, waiting []chan<- line.Reply) error {
	if len(out.Records) > 0 {
		seq, err := lp.store.Append(out.Records)
		if err != nil {
			return err
		}
		lp.seq = seq
	}
	for _, j := range out.Jobs {
		lp.devices.Send(j)
	}
	lp.publish(lp.clock.now(), len(out.Records) > 0, len(out.Replies) > 0)
	for i, r := range out.Replies {
		if waiting[i] != nil {
			waiting[i] <- r // its channel has room for it
		}
	}
	return nil
}
