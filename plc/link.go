package plc

import (
	"fmt"
	"hash/fnv"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// connected begins anew with a connection over which nothing is known yet.
func (h *Handshake) connected(now time.Time, c Connected) {
	h.up, h.awaiting, h.fresh, h.waveforms = true, false, false, c.Waveforms
	h.pollAt, h.beatAt = now, now
	h.wroteAt = time.Time{}
}

// failed counts a failure and says the device lost after three, or at once when trying again cannot help.
func (h *Handshake) failed(now time.Time, f Failed, out *Output) {
	h.awaiting = false
	h.failures++
	h.fetchFailed(now, f.Err, out)
	if f.Class == Configuration {
		h.lose(out, f.Err.Error(), lostConfiguration)
		h.drop(now, h.opts.BackoffMax)
		return
	}
	if h.failures >= failuresToLose {
		h.lose(out, linkWords(f.Err), lostLink)
	}
	if f.Class == Passing && h.up && h.failures < failuresToLose {
		h.pollAt = now.Add(h.opts.PollSlow)
		return
	}
	h.drop(now, h.backoff(h.failures-1))
}

// drop gives the connection up and sets when to dial anew. Whoever told us of the failure has closed it.
func (h *Handshake) drop(now time.Time, wait time.Duration) {
	h.up, h.fresh = false, false
	h.dialAt = now.Add(wait)
	h.machine.writes = 0
}

// backoff returns the wait before an attempt: doubling, and between a half and the whole of it by a hash of the device's
// name, so that devices which fell together do not come back together.
func (h *Handshake) backoff(attempt int) time.Duration {
	wait := h.opts.BackoffMax
	if attempt < 16 {
		wait = min(wait, h.opts.BackoffMin<<attempt)
	}
	sum := fnv.New32a()
	_, _ = fmt.Fprintf(sum, "%s %d", h.device, attempt)
	return wait/2 + wait/2*time.Duration(sum.Sum32()%1024)/1024
}

func (h *Handshake) lose(out *Output, reason string, how loss) {
	if h.lost >= how {
		return
	}
	h.lost = how
	out.Events = append(out.Events, line.DeviceLost{Device: h.device, Reason: reason, Configuration: how == lostConfiguration})
}

// statusRead takes a status block in: is it alive, what is new in it, and what does it mean for the open job.
func (h *Handshake) statusRead(now time.Time, s tags.Status, out *Output) {
	h.awaiting = false
	if h.wrote {
		h.failures = 0
	}
	known := !h.lastAt.IsZero()
	if !h.fresh {
		h.fresh = true
		if h.away = 0; known {
			h.away = now.Sub(h.lastAt)
		}
	}
	if !known || s.Heartbeat != h.last.Heartbeat || s.BootEpoch != h.last.BootEpoch || s.RetainID != h.last.RetainID {
		h.beatAt, h.frozen = now, false
	}
	if known && s.BootEpoch != h.last.BootEpoch {
		h.wroteAt = time.Time{} // a restarted device is to hear from us at once
	}
	h.last, h.lastAt = s, now
	if still := now.Sub(h.beatAt); still >= h.opts.StaleAfter {
		h.frozen = true
		h.lose(out, fmt.Sprintf("device %s answers but its heartbeat has stood still for %v: its program is not running; look at the controller",
			h.device, h.opts.StaleAfter), lostLink)
		h.drop(now, 0)
		return
	}
	h.pollAt = now.Add(h.pace(now))
	if h.frozen {
		return
	}
	h.announce(s, out)
	h.machineWrite(now, out, true)
	h.work(now, out)
}

// pace returns the wait until the next read. An open act is asked after often, but never more often than a fiftieth of its
// age, so that a long act does not keep the wire busy and a short one is not slowed.
func (h *Handshake) pace(now time.Time) time.Duration {
	if h.open.idle() && h.machine.idle() {
		return h.opts.PollSlow
	}
	if h.open.idle() {
		return h.opts.PollFast
	}
	if h.open.stage == fetching {
		return h.opts.PollSlow // the pieces go between
	}
	return min(max(now.Sub(h.open.since)/50, h.opts.PollFast), h.opts.PollSlow)
}

// announce tells the status if it changed or the device has come back. A device that was lost is believed only after a
// round in which it also took a write.
func (h *Handshake) announce(s tags.Status, out *Output) {
	if h.takenOver() {
		h.lose(out, fmt.Sprintf("another supervisor has taken over device %s: it works for incarnation %d, this one is %d; stop one of the two",
			h.device, s.FenceHighest, h.fence), lostConfiguration)
		return
	}
	status := line.DeviceStatus{
		Device: h.device, RetainID: s.RetainID, BootEpoch: s.BootEpoch, FenceHighest: s.FenceHighest, Floor: s.Floor, InFlight: s.InFlight,
		Phase: s.Phase, Machine: s.Machine, Mode: s.Mode, Permissives: s.Permissives, Safety: s.Safety, Alarms: s.Alarms,
		FirstOut: s.FirstOut, Sensors: s.Sensors, Part: s.Part, EffectCount: s.EffectCount,
		Class: h.opts.Class,
	}
	if !h.opts.Class.Tokens() {
		status.Floor = h.floor // it keeps none; this is what the handshake knows
	}
	if h.lost != present && h.failures > 0 {
		return
	}
	if h.lost == present && h.announced && status == h.told {
		return
	}
	h.lost, h.announced, h.told = present, true, status
	out.Events = append(out.Events, status)
}
