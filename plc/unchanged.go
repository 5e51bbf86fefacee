package plc

import (
	"time"

	"linectl/plc/tags"
)

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

// Settled reports whether Rounds may be asked.
func (h *Handshake) Settled() bool {
	return h.settled && h.up && h.machine.idle() && (!h.opts.Class.Tokens() || h.last.FenceHighest == h.fence)
}

// Passed is what happened in rounds that went by.
type Passed struct {
	Reads   int           // that were answered
	Heard   time.Time     // when the last Query was; zero = none was
	Next    time.Time     // of what is due then: an answer, if one is awaited, or else a Tick
	Awaited bool          // a read is
	Query   *tags.Command // written before the awaited read; nil = none. Valid until the next Step
}

// Rounds does what Step would do with an Unchanged or a Tick at every time at which one is due, from next on and before the end, where
// each read is answered after one round. It asks for a handshake that is Settled, and only spares the steps.
func (h *Handshake) Rounds(next time.Time, round time.Duration, end time.Time) Passed {
	const never = time.Duration(-1)
	slow, beat := h.opts.PollSlow, h.opts.Heartbeat
	at, until := time.Duration(0), end.Sub(next) // all from next on
	poll, wrote, age := h.pollAt.Sub(next), max(h.wroteAt.Sub(next), -beat), next.Sub(h.open.since)
	asked, read, heard, queried := never, never, never, never
	p := Passed{}
	for at < until {
		if h.awaiting {
			h.awaiting = false
			p.Reads++
			if read, poll = at, at+slow; h.open.stage == asking {
				poll = at + min(max((at+age)/50, h.opts.PollFast), slow)
			}
			if h.wrote {
				heard, h.failures = at, 0
			}
		}
		due := at-wrote >= beat
		if due {
			wrote, queried = at, at
		} else if at < poll {
			at = min(poll, wrote+beat)
			continue
		}
		asked, h.wrote, h.awaiting = at, due, true
		h.asked++
		at += round
	}
	if read != never {
		h.last.Heartbeat += uint16(p.Reads) //nolint:gosec // it turns over
		h.lastAt, h.beatAt, h.pollAt = next.Add(read), next.Add(read), next.Add(poll)
	}
	if asked != never {
		h.askedAt = next.Add(asked)
	}
	if queried != never {
		h.wroteAt = next.Add(queried)
		h.block = tags.Command{Op: tags.OpQuery, Fence: h.fence, BootEpoch: h.last.BootEpoch}
	}
	if heard != never {
		p.Heard = next.Add(heard)
	}
	if p.Next, p.Awaited = next.Add(at), h.awaiting; h.awaiting && h.wrote {
		p.Query = &h.block
	}
	return p
}
