package supervisor

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"linectl/line"
	"linectl/packml"
)

// Store keeps records. When Append returns nil they are durable; any error means that nobody knows, and the line must end.
type Store interface {
	Append([]line.Record) (lastSeq uint64, err error)
}

// Devices carries jobs to the edges of the devices. Send never waits; what cannot be carried comes back as a lost device.
type Devices interface{ Send(line.Job) }

// Limits of the loop: inputs that may wait, inputs of one transaction, time between ticks, time to come to rest at the end.
const (
	inboxSize  = 4096
	batchSize  = 1024
	tickEvery  = 50 * time.Millisecond
	restWithin = 60 * time.Second
)

// asked is an input, and where its answer goes; nil unless somebody waits for it.
type asked struct {
	in    Input
	reply chan<- line.Reply
}

// NewLoop makes the loop of a line whose journal has been replayed.
func NewLoop(l *Line, store Store, devices Devices, log *slog.Logger) *Loop {
	lp := &Loop{line: l, store: store, devices: devices, log: log, clock: newClock(), inbox: make(chan asked, inboxSize)}
	lp.snapshot.Store(&line.Snapshot{})
	first := make(chan struct{})
	lp.changed.Store(&first)
	return lp
}

// Tell hands over what the edge of a device tells. It waits while the inbox is full, which slows the edge and loses nothing; it
// gives up when the context ends.
func (lp *Loop) Tell(ctx context.Context, e line.DeviceEvent) {
	lp.hand(ctx, Told{e})
}

// Measure hands over how much room the disk of the records has. It gives up when the context ends.
func (lp *Loop) Measure(ctx context.Context, r Room) {
	lp.hand(ctx, r)
}

// Certify hands over the certificates that were read from their files, all of them. It gives up when the context ends.
func (lp *Loop) Certify(ctx context.Context, list []line.Certificate) {
	lp.hand(ctx, Read{list})
}

// hand puts an input that nobody waits for an answer to into the inbox, or gives up when the context ends.
func (lp *Loop) hand(ctx context.Context, in Input) {
	select {
	case lp.inbox <- asked{in: in}:
	case <-ctx.Done():
	}
}

// Do asks the line for something and waits for the recorded answer. An error says that no answer came; the request may have
// been carried out, and asking again with the same id is harmless.
func (lp *Loop) Do(ctx context.Context, q line.Request) (line.Reply, error) {
	reply := make(chan line.Reply, 1)
	select {
	case lp.inbox <- asked{Asked{q}, reply}:
	case <-ctx.Done():
		return line.Reply{}, fmt.Errorf("the line takes no requests now: %w", ctx.Err())
	}
	select {
	case r := <-reply:
		return r, nil
	case <-ctx.Done():
		return line.Reply{}, fmt.Errorf("the line has not answered in time, ask again with the same request id: %w", ctx.Err())
	}
}

// Snapshot returns the line as of the last tick, or of the last answer. It must not be changed.
func (lp *Loop) Snapshot() line.Snapshot { return *lp.snapshot.Load() }

// Changed returns a channel that is closed when there is a newer snapshot. Ask for it before Snapshot, or miss one.
func (lp *Loop) Changed() <-chan struct{} { return *lp.changed.Load() }

// publish makes a new snapshot if something was recorded since the last one, at most once a tick, and now and then otherwise; and at once
// before somebody is answered, who may look at what has come of it.
func (lp *Loop) publish(now time.Time, recorded, answers bool) {
	lp.stale = lp.stale || recorded
	age := now.Sub(lp.snapshot.Load().At)
	if !answers && (age < tickEvery || !lp.stale && age < 10*tickEvery) {
		return
	}
	lp.stale = false
	snap := lp.line.Snapshot(now)
	snap.Seq = lp.seq
	lp.snapshot.Store(&snap)
	next := make(chan struct{})
	close(*lp.changed.Swap(&next))
}

// Resting reports whether every station has come to rest.
func (l *Line) Resting() bool {
	for _, s := range l.stations {
		if st := s.State(); st != packml.Stopped && st != packml.Aborted {
			return false
		}
	}
	return true
}
