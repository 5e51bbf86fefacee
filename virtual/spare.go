package virtual

import "time"

// Nearly all rounds over the wire find a device as the round before did, and nobody but the device and its handshake has to do with them.
// They are not left out: each happens at its time. But the blocks need not be made, and rounds before which nothing else is due need not
// be taken one by one.

// spare lets the rounds of calm edges go by until the next moment at which anything else is due: a tick, the end of a commit, an event of
// the plant, or a step of an edge that is not calm. What happens at that moment itself comes in its own order.
func (w *World) spare() {
	if w.EveryBlock {
		return
	}
	changes, event := w.Plant.Changes()
	until := w.tick
	if !event.IsZero() && event.Before(until) {
		until = event
	}
	if w.late != nil && w.late.ends.Before(until) {
		until = w.late.ends
	}
	if w.end.After(w.Now) && w.end.Before(until) {
		until = w.end
	}
	some := false
	for _, e := range w.edges {
		if e.calm && changes != w.changes {
			e.calm = e.seen == w.Plant.Revision(e.place)
		}
		e.calm = e.calm && !e.next.Before(w.Now)
		switch {
		case !e.next.Before(until):
		case e.calm:
			some = true
		default:
			until = e.next
		}
	}
	w.changes = changes
	if !some {
		return
	}
	for _, e := range w.edges {
		if e.calm && e.next.Before(until) {
			w.pass(e, until)
		}
	}
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
