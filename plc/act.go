package plc

import (
	"fmt"
	"slices"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// stage is how far the open job has come.
type stage uint8

const (
	nothing       stage = iota
	asking              // Execute or Reconcile: rule Q decides at every read
	refusing            // refused: void the token so that no late duplicate fires, then tell
	fetching            // its result is read; now its waveform is, before the result is told
	fencing             // told as unknown: void the token when that is on record, then let the next job come
	acknowledging       // write until the device has left Done
)

// How often a block is written in vain until the act counts as refused, or the acknowledgement is given up.
const (
	damagedLimit = 3
	busyLimit    = 10
	faultLimit   = 10 // acknowledgements to a device that is in a fault and may not listen
)

// work is the one job that is open with the device.
type work struct {
	stage   stage
	job     line.Job
	token   line.Token
	block   tags.Command
	refuse  line.RejectReason // asking: the intent does not fit a block; refusing: why
	after   uint64            // reads asked for before it was submitted: only a later one may judge it
	since   time.Time         // when it was opened, or something new was written for it
	wrote   tags.Opcode       // what was written last for it, and with which token and epoch
	wroteTo line.Token        //
	epoch   uint32            //
	wroteAt time.Time         //
	writes  int               // how often in a row
	voided  bool              // its token was voided in this stage
	doubt   *line.ActUnknown  // fencing: what was told and may not be on record yet; the line's Void says that it is (rule T3)
	counted bool              // the last write's refusal has been counted
	refused int               // refusals that allow a resend
	sent    bool              // a start of it may have been written: by us, or by the supervisor before us
	sentAt  time.Time         // when last; before that when it was opened
	odd     time.Time         // since when the device says done and shows the result of another job
	fetch   fetch             // fetching: the result and how far its waveform has come
}

func (w *work) idle() bool { return w.stage == nothing }

// enter begins a stage. Its first write is due at once.
func (w *work) enter(s stage) { w.stage, w.writes, w.voided, w.doubt = s, 0, false, nil }

// submit takes a job in. It is judged by a read that was asked for after this moment (rule S).
func (h *Handshake) submit(now time.Time, j line.Job, out *Output) {
	if j.Op == line.MachineCommand || j.Op == line.UnitMode {
		if !h.machine.add(now, j) {
			h.overflow(out)
		}
		return
	}
	if j.Token == 0 {
		j.Token = j.Act.Token
	}
	if j.Token == 0 && (j.Op != line.Acknowledge || h.opts.Class != line.ClassC || h.unacked != 0) {
		if j.Op != line.Acknowledge { // zero is what a device says that has done nothing yet: it names no act
			out.Events = append(out.Events, line.ActRejected{Device: h.device, Reason: line.RejectBlock})
		}
		return
	}
	if j.Op == line.Acknowledge && j.Token == h.unacked {
		h.unacked = 0 // also for an act that was queued before and waits for this
	}
	if w := &h.open; w.stage == fencing && w.token == j.Token && j.Op == line.Void {
		w.doubt, h.pollAt = nil, now
	}
	if h.holds(j) || !h.opts.Class.Tokens() && j.Op != line.Acknowledge && j.Token <= h.ended {
		return // the second: it has ended, and a device that knows no tokens would begin it anew
	}
	if len(h.queue) == queueLimit {
		h.overflow(out)
		return
	}
	h.queue = append(h.queue, j)
	h.queuedAt = append(h.queuedAt, h.asked)
	h.pollAt = now
	if !h.open.idle() {
		return
	}
	h.takeNext(now)
	if w := &h.open; w.stage == acknowledging && h.fresh && !h.awaiting && h.holdsResult(w.token) {
		h.workWrite(now, out, tags.Command{Token: w.token, Op: tags.OpAcknowledge}) // idempotent, so it needs no read before
	}
}

// holds reports whether the job is open or queued already. A Reconcile adds nothing to its own open Execute, nor to an act
// that was told unknown and is being voided.
func (h *Handshake) holds(j line.Job) bool {
	if w := &h.open; w.token == j.Token && w.stage == fencing && (j.Op == line.Reconcile || j.Op == line.Void) {
		return true
	}
	if w := &h.open; w.token == j.Token && (w.stage == asking || w.stage == refusing || w.stage == fetching) && j.Op != line.Acknowledge &&
		(w.job.Op == j.Op || w.job.Op == line.Execute) {
		return true
	}
	return slices.ContainsFunc(h.queue, func(q line.Job) bool { return q.Op == j.Op && q.Token == j.Token })
}

// overflow tells that jobs were dropped. One of them may be the Void of a doubt: the line hears of that once more, and sends it again.
func (h *Handshake) overflow(out *Output) {
	if told := h.open.doubt; told != nil {
		out.Events = append(out.Events, *told)
	}
	h.lose(out, fmt.Sprintf("device %s takes jobs too slowly; some were not handed over", h.device), lostLink)
}

// takeNext opens the job that has waited longest.
func (h *Handshake) takeNext(now time.Time) {
	h.open = work{}
	if len(h.queue) == 0 {
		return
	}
	j := h.queue[0]
	h.open = work{
		stage: asking, job: j, token: j.Token, after: h.queuedAt[0], since: now,
		sent: j.Op == line.Reconcile || j.Token <= h.sent, sentAt: now,
	}
	h.queue = slices.Delete(h.queue, 0, 1)
	h.queuedAt = slices.Delete(h.queuedAt, 0, 1)
	switch j.Op {
	case line.Execute:
		h.open.block, h.open.refuse, _ = executeBlock(j.Token, j.Act)
	case line.Acknowledge:
		h.open.stage = acknowledging
	case line.Void:
		h.open.stage = fencing
	case line.Reconcile, line.MachineCommand, line.UnitMode:
	}
}

// work judges the open job by the status just read, and the next ones as far as it answers for them too.
func (h *Handshake) work(now time.Time, out *Output) {
	for !h.open.idle() {
		if h.open.after >= h.asked {
			h.pollAt = now
			return
		}
		if !h.judge(now, out) {
			return
		}
		h.takeNext(now)
	}
}

// judge brings the open job forward and reports whether it is closed.
func (h *Handshake) judge(now time.Time, out *Output) bool {
	w := &h.open
	switch w.stage {
	case asking:
		return h.ask(now, out)
	case refusing:
		return h.refuse(now, out)
	case fetching:
		return h.keepFetching(now, out)
	case fencing:
		return h.fenceOff(now, out)
	case acknowledging:
		if h.takenOver() || !h.holdsResult(w.token) || h.last.Phase == line.PhaseFault && w.writes >= faultLimit {
			return true
		}
		h.workWrite(now, out, tags.Command{Token: w.token, Op: tags.OpAcknowledge})
	case nothing:
	}
	return false
}

// holdsResult reports whether the device waits for an acknowledgement that the job may give: where it names no token, not one of an
// act before the last.
func (h *Handshake) holdsResult(token line.Token) bool {
	if !h.opts.Class.Tokens() && token != 0 && token < h.sent {
		return false
	}
	return h.proof.holds(&h.last, token)
}

// holdsResult reports whether the device waits for the acknowledgement of the token: it is done with it, or stands in a fault
// in which it ended.
func holdsResult(s *tags.Status, token line.Token) bool {
	return s.LastCompleted == token && (s.Phase == line.PhaseDone || s.Phase == line.PhaseFault && s.Floor == token)
}
