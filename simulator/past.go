package simulator

import (
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// past is what the face of a device shows that is not the present.
type past struct {
	shown  []moment // statuses as they were asked for while answers are old
	asked  int      // since answers overtake each other
	again  *result  // said done once more, although it was acknowledged
	old    *result  // shown in place of the last result
	oldFor time.Time
}

// moment is a status and when it was the present one.
type moment struct {
	at     time.Time
	status tags.Status
}

// sayAgain lets a device whose result was acknowledged say done once more later.
func (p *Plant) sayAgain(now time.Time, d *device, token line.Token) {
	if d.act.Token == token && d.act.struck(DuplicateDone) {
		p.schedule(due{at: now.Add(seconds(d.act.by(DuplicateDone))), what: recall, device: d, token: token})
	}
}

// recall says done once more, unless another job was begun meanwhile.
func (d *device) recall(token line.Token) {
	if last := d.retained.last(); last.Token == token && d.phase == line.PhaseIdle {
		d.past.again = &last
	}
}

// showOld lets a device that is done show the result before its last one for a while. A device that knows no tokens could not be
// found out where the part is the same: it does so only with another part.
func (p *Plant) showOld(at time.Time, d *device, a *act) {
	ring := d.retained.Ring
	if !a.struck(OldResult) || len(ring) < 2 {
		return
	}
	old := ring[len(ring)-2]
	if d.Class.Tokens() || old.Part != a.echo {
		d.past.old, d.past.oldFor = &old, at.Add(seconds(a.by(OldResult)))
	}
}

// shown is what the device's face shows now: its status, unless the catalogue's faults show a past one.
func (p *Plant) shown(now time.Time, d *device, s tags.Status) tags.Status {
	if d.past.old != nil && !now.Before(d.past.oldFor) {
		d.past.old = nil
	}
	switch {
	case d.past.old != nil:
		d.past.old.into(&s, d.Class)
	case d.past.again != nil && d.phase == line.PhaseIdle:
		d.past.again.into(&s, d.Class)
		s.Phase, s.Part = line.PhaseDone, d.past.again.Part
	}
	if len(p.faults) == 0 && d.past.shown == nil {
		return s
	}
	stale, turned := p.standing(StaleStatus, d), p.standing(ReorderedReplies, d)
	if stale == nil && turned == nil {
		d.past.shown, d.past.asked = nil, 0
		return s
	}
	d.past.shown = append(d.past.shown, moment{now, s})
	if stale != nil {
		return d.past.asOf(now.Add(-seconds(stale.by())))
	}
	return d.past.overtaken()
}

// into shows a result in a status.
func (r result) into(s *tags.Status, class line.DeviceClass) {
	s.Outcome, s.Reason, s.Values = r.Outcome, r.Reason, r.floats()
	if class.Tokens() {
		s.LastCompleted, s.Part, s.Index = r.Token, r.Part, r.Index
		return
	}
	s.ResultPart = r.Part
}

// asOf returns the status that was the present one at a time, or the oldest that is known.
func (p *past) asOf(at time.Time) tags.Status {
	for len(p.shown) > 1 && !p.shown[1].at.After(at) {
		p.shown = p.shown[1:]
	}
	return p.shown[0].status
}

// overtaken returns the newest status, and every second time the one of two requests before.
func (p *past) overtaken() tags.Status {
	p.shown = p.shown[max(0, len(p.shown)-3):]
	p.asked++
	if p.asked%2 == 0 {
		return p.shown[0].status
	}
	return p.shown[len(p.shown)-1].status
}
