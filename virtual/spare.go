package virtual

import (
	"time"

	"linectl/simulator"
)

// Nearly all rounds over the wire find a device as the round before did, and nobody but the device and its handshake has to do with them.
// They are not left out: each happens at its time. But the blocks need not be made, and rounds before which nothing else is due need not
// be taken one by one. Where nothing but a tick comes before anything else, calm edges are left behind: their rounds go by when somebody
// asks for them (catchUp), many at once.

// spare lets the rounds of calm edges go by until the next moment at which anything else is due: the end of a commit, an event of the
// plant, or a step of an edge that is not calm. What happens at that moment itself comes in its own order. It reports whether the next
// step is a tick before all of these; then it has let none go by.
func (w *World) spare() (onlyTick bool) {
	if w.EveryBlock {
		return false
	}
	changes, event := w.Plant.Changes()
	if changes != w.changes {
		w.changes = changes
		for _, e := range w.edges {
			if e.calm {
				w.catchUp(e)
				e.calm = e.seen == w.Plant.Revision(e.place)
			}
		}
	}
	onlyTick = event.IsZero() || event.After(w.tick)
	until := w.tick
	if !onlyTick {
		until = event
	}
	if w.late != nil && !w.late.ends.After(until) {
		until, onlyTick = w.late.ends, false
	}
	if w.end.After(w.Now) && !w.end.After(until) {
		until, onlyTick = w.end, false
	}
	for _, e := range w.edges {
		if !e.calm && e.next.Before(until) {
			until, onlyTick = e.next, false
		}
	}
	if onlyTick {
		return true
	}
	for _, e := range w.edges {
		if e.calm && e.next.Before(until) {
			w.pass(e, until)
		}
	}
	return false
}

// catchUp lets the rounds of an edge go by that were left behind: all before now.
func (w *World) catchUp(e *edge) {
	if e.calm && e.next.Before(w.Now) {
		w.pass(e, w.Now)
	}
}

// catchUpAll is catchUp of every edge: whoever looks from outside, or ends a supervisor, finds nothing left behind.
func (w *World) catchUpAll() {
	for _, e := range w.edges {
		w.catchUp(e)
	}
}

// Inject lets a fault into the plant as Plant.Inject does. What a device shows from then on may be what it shows now, so no round before
// it is left behind.
func (w *World) Inject(f simulator.Fault) (simulator.FaultState, error) {
	w.catchUpAll()
	return w.Plant.Inject(w.Now, f)
}

// pass lets the rounds of a calm edge go by that are due before a moment.
func (w *World) pass(e *edge, until time.Time) {
	p := e.shake.Rounds(e.next, latency, until)
	w.Plant.Pass(e.place, p.Reads, p.Heard)
	e.next, e.awaiting, e.write = p.Next, p.Awaited, nil
	if p.Query != nil {
		e.block = *p.Query
		e.write = &e.block
	}
}

// repeats lets a round pass in which the device hears at most a query and shows what it showed before, and reports whether this is one.
func (w *World) repeats(e *edge) bool {
	if e.seen == 0 || w.EveryBlock || !e.awaiting || e.redial || e.piece || e.broken {
		return false
	}
	return w.Plant.Repeat(w.Now, e.place, e.seen, e.write)
}

// delay is how late the device's next answer comes.
func (w *World) delay(e *edge) time.Duration {
	if e.seen != 0 && e.seen == w.Plant.Revision(e.place) {
		return 0
	}
	return min(w.Plant.Late(e.id), timeout)
}
