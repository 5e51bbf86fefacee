package plc

import (
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// ask applies rules Q and S to an Execute or a Reconcile.
func (h *Handshake) ask(now time.Time, out *Output) bool {
	w, s := &h.open, &h.last
	found, why := h.examine()
	switch found {
	case completed:
		return h.finished(now, out)
	case running:
		return false
	case doubtful:
		return h.unknown(now, out, why)
	case notAccepted:
	}
	switch {
	case h.takenOver():
		// The device will accept nothing of this incarnation any more, so nothing was done and nothing can be.
		h.end(out, line.ActRejected{Device: h.device, Token: w.token, Reason: line.RejectStaleFence})
		return true
	case h.opts.Class.Tokens() && s.FenceHighest < h.fence:
		// Until the device knows this incarnation, a block of an earlier one may still arrive.
		h.workWrite(now, out, tags.Command{Op: tags.OpQuery})
		return false
	case w.job.Op == line.Reconcile:
		out.Events = append(out.Events, line.ActNotBegun{Device: h.device, Token: w.token})
		return true
	case w.refuse != 0 || h.refusedForGood():
		w.enter(refusing)
		return h.refuse(now, out)
	}
	h.execute(now, out)
	return false
}

// examine asks what the status proves of the open act. A device that says done and shows the result of another job contradicts itself:
// before that counts as a doubt it has as long to come to itself as a command may be on its way.
func (h *Handshake) examine() (finding, string) {
	w, s := &h.open, &h.last
	found, why := h.proof.examine(h.askedAt, s, w)
	if found != doubtful || !h.opts.Class.Tokens() || s.Phase != line.PhaseDone || s.Floor != w.token || s.RetainID != w.job.Act.RetainID {
		w.odd = time.Time{}
		return found, why
	}
	if w.odd.IsZero() {
		w.odd = h.askedAt
	}
	if h.askedAt.Sub(w.odd) < settle {
		return running, ""
	}
	return found, why
}

// finished tells the result that the device holds, or first reads the waveform that belongs to it.
func (h *Handshake) finished(now time.Time, out *Output) bool {
	if h.fetches() {
		h.beginFetch(now)
		return false
	}
	h.tell(h.result(), out)
	return true
}

// tell tells a result. Nothing but the line's acknowledgement may free the device then.
func (h *Handshake) tell(result line.ActFinished, out *Output) {
	h.unacked = h.open.token
	h.end(out, result)
}

// end tells how the open act ended.
func (h *Handshake) end(out *Output, e line.DeviceEvent) {
	h.ended = max(h.ended, h.open.token)
	if _, unknown := e.(line.ActUnknown); !unknown {
		h.floor = max(h.floor, h.open.token)
	}
	out.Events = append(out.Events, e)
}

// execute writes the act's block if the device can take it (rule S): the same token at every resend.
func (h *Handshake) execute(now time.Time, out *Output) {
	w, s := &h.open, &h.last
	if s.Phase != line.PhaseIdle || s.Start {
		h.clearWay(now, out)
		return
	}
	if s.Machine != stateExecute {
		return
	}
	if h.workWrite(now, out, w.block) {
		h.sent, w.sent, w.sentAt = max(h.sent, w.token), true, now
	}
}

// refusedForGood counts the device's refusal of the last write and reports whether resending is over; then w.refuse says why.
func (h *Handshake) refusedForGood() bool {
	w, s := &h.open, &h.last
	if !h.opts.Class.Tokens() { // it names no reason: a start that was written again and again and has had no effect was refused
		if w.writes >= busyLimit {
			w.refuse = line.RejectNotPermitted
		}
		return w.refuse != 0
	}
	if w.wrote != tags.OpExecute || w.counted || s.Rejected != w.token {
		return false
	}
	w.counted = true
	limit := 1
	switch s.RejectReason {
	case line.RejectStaleEpoch, line.RejectStaleFence:
		return false // the epoch just read goes into the next block; the fence is compared above
	case line.RejectBlock:
		limit = damagedLimit
	case line.RejectBusy, line.RejectOldToken:
		limit = busyLimit
	case line.RejectRecipe, line.RejectPart, line.RejectIndexDone, line.RejectNotPermitted, line.RejectMode:
	}
	if w.refused++; w.refused < limit {
		return false
	}
	w.refuse = s.RejectReason
	return true
}

// refuse voids the token and then tells the refusal. Should a late block have started the act after all, that is found here.
func (h *Handshake) refuse(now time.Time, out *Output) bool {
	w, s := &h.open, &h.last
	found, why := h.examine()
	switch found {
	case completed:
		return h.finished(now, out)
	case running:
		w.enter(asking)
		w.refuse, w.refused = 0, 0
		return false
	case doubtful:
		voided := w.voided && s.RetainID == w.job.Act.RetainID && s.Floor == w.token && s.Phase == line.PhaseIdle
		if !voided {
			return h.unknown(now, out, why)
		}
	case notAccepted:
		if h.opts.Class.Tokens() && !h.takenOver() {
			h.void(now, out)
			return false
		}
	}
	h.end(out, line.ActRejected{Device: h.device, Token: w.token, Reason: w.refuse})
	return true
}

// unknown tells at once that nobody can say. The token is voided when the line has that on record and says so (rule T3).
func (h *Handshake) unknown(now time.Time, out *Output, why string) bool {
	doubt := line.ActUnknown{Device: h.device, Token: h.open.token, Evidence: h.evidence(why)}
	h.end(out, doubt)
	h.open.enter(fencing)
	h.open.doubt = &doubt
	return h.fenceOff(now, out)
}

// fenceOff voids the token until no block of it can start anything any more.
func (h *Handshake) fenceOff(now time.Time, out *Output) bool {
	if h.takenOver() {
		return true
	}
	if h.proof.closed(h.askedAt, &h.last, &h.open) {
		h.floor = max(h.floor, h.open.token)
		return true
	}
	if h.open.doubt == nil {
		h.void(now, out)
	}
	return false
}

func (h *Handshake) void(now time.Time, out *Output) {
	if !h.opts.Class.Tokens() {
		h.clearWay(now, out) // it knows no void; the start bit is taken down
		return
	}
	switch h.last.Phase {
	case line.PhaseIdle, line.PhaseInterrupted:
		if h.workWrite(now, out, tags.Command{Token: h.open.token, Op: tags.OpVoid}) {
			h.open.voided = true
		}
	case line.PhaseAccepted, line.PhaseExecuting, line.PhaseDone, line.PhaseFault:
		h.clearWay(now, out)
	}
}

// clearWay brings the device back to Idle from an act before this one. The line opens one act per device at a time, so the
// earlier one is closed in the record: its result may be acknowledged and its remains voided. Only a result that this
// handshake has told waits for the line's word, for the open act may have been queued before that was recorded.
func (h *Handshake) clearWay(now time.Time, out *Output) {
	s, token := &h.last, h.open.token
	switch {
	case !h.opts.Class.Tokens():
		if h.unacked == 0 && h.proof.holds(s, token) {
			h.workWrite(now, out, tags.Command{Token: token, Op: tags.OpAcknowledge})
		}
	case holdsResult(s, s.LastCompleted) && s.LastCompleted <= token && s.LastCompleted != h.unacked:
		h.workWrite(now, out, tags.Command{Token: s.LastCompleted, Op: tags.OpAcknowledge})
	case s.Phase == line.PhaseInterrupted && s.Floor < token:
		h.workWrite(now, out, tags.Command{Token: s.Floor, Op: tags.OpVoid})
	}
}

// workWrite writes a block for the open job: at once the first time and after the device was restarted (what was sent under
// the old epoch is dead), and then ever less often. A Stop in the same output goes before it. It reports whether it wrote.
func (h *Handshake) workWrite(now time.Time, out *Output, c tags.Command) bool {
	w := &h.open
	if out.Write != nil {
		h.pollAt = now
		return false
	}
	if w.wrote != c.Op || w.wroteTo != c.Token {
		w.writes, w.since = 0, now
	}
	if w.epoch != h.last.BootEpoch {
		w.writes = 0
	}
	if w.writes > 0 && now.Sub(w.wroteAt) < min(h.opts.ResendAfter<<min(w.writes-1, 8), resendMax) {
		return false
	}
	w.writes++
	w.wrote, w.wroteTo, w.epoch, w.wroteAt, w.counted = c.Op, c.Token, h.last.BootEpoch, now, false
	h.send(now, out, c)
	return true
}
