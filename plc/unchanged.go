package plc

import "time"

// unchanged takes in the status that was read last, once more. Most reads find nothing new: then only the times move.
func (h *Handshake) unchanged(now time.Time, out *Output) {
	if !h.settled {
		s := h.last
		s.Heartbeat++
		h.statusRead(now, s, out)
		h.settled = h.settles(now)
		return
	}
	h.awaiting = false
	if h.wrote {
		h.failures = 0
	}
	h.last.Heartbeat++
	h.lastAt, h.beatAt = now, now
	h.pollAt = now.Add(h.pace(now))
}

// settles reports whether the status just read would, read again at any later time, tell nothing and write nothing.
func (h *Handshake) settles(now time.Time) bool {
	if !h.fresh || h.frozen || h.lost != present || !h.announced || h.takenOver() {
		return false
	}
	if !h.opts.Class.Tokens() && h.told.Floor != h.floor {
		return false // the next read tells it
	}
	w := &h.open
	switch w.stage {
	case nothing:
		return true
	case asking:
		found, _ := h.proof.examine(now.Add(settle), &h.last, w) // what is running when nothing is on its way any more, goes on running
		return found == running && w.after < h.asked
	case refusing, fetching, fencing, acknowledging:
	}
	return false
}
