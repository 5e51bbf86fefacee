package model

// watch is look by somebody who also knows how long ago he has sent the last start.
func (m *Model) watch(s *state) view {
	v := look(s)
	v.settled = m.Class != A && s.settled()
	return v
}

// look reads the status. What is decided on it may be decided later.
func look(s *state) view {
	return view{known: true, retain: s.retain, epoch: s.epoch, floor: s.floor, last: s.last, phase: s.phase, count: s.count, result: s.result, start: s.start}
}

// plan records the next act (T1). It reports whether there was one to record.
func (m *Model) plan(s *state) bool {
	if !s.view.known || pending(&s.joints) >= 0 || s.unsent.step != open {
		return false
	}
	j := next(&s.joints, m.Joints)
	if j < 0 || int(s.given) >= m.Tokens || m.Class != A && !m.broken(PlannedWhileUp) && (s.view.phase != idle || s.view.start) {
		return false
	}
	r := record{step: intended, token: token(s.incarnation, s.given+1), retain: s.view.retain, rework: s.joints[j].rework, count: s.view.count}
	s.sent = false
	if m.broken(SendBeforeIntent) {
		s.unsent, s.view = r, view{}
		return true
	}
	s.given++
	s.joints[j], s.view = r, view{}
	return true
}

func next(joints *[Joints]record, n int) int8 {
	for j := range n {
		if joints[j].step == open {
			return int8(j)
		}
	}
	return -1
}

// decision is what a status means for the act that is open.
type decision int8

const (
	wait decision = iota
	again
	taken   // T2
	unknown // T3
	release // of a result that stands there and is on record
)

// decide is rules S and Q.
func (m *Model) decide(v view, r record) decision {
	switch {
	case v.last == r.token, m.broken(AnyResultIsOurs) && v.last != 0:
		return taken
	case v.retain != r.retain && !m.broken(RetainIDIgnored):
		return unknown
	case v.floor == r.token && (v.phase == executing || v.phase == unlatched):
		return wait
	case v.floor >= r.token:
		return unknown
	case v.phase == finished:
		return release
	case v.phase == idle:
		return again
	}
	return wait
}

// answer does what the status that was read asks for, for the supervisor that is alive. It reports whether anything changed.
func (m *Model) answer(s *state) bool {
	if !s.view.known {
		return false
	}
	before := *s
	v := s.view
	s.view = view{}
	if m.Class != A {
		m.answerPlain(s, v)
		return *s != before
	}
	if s.unsent.step == intended { // SendBeforeIntent: the record follows the command
		j := next(&s.joints, m.Joints)
		m.send(s, message{execute, s.unsent.token, s.incarnation, v.epoch, j, s.unsent.rework})
		return *s != before
	}
	j := pending(&s.joints)
	if j < 0 {
		if v.phase == finished {
			m.send(s, message{kind: acknowledge, token: v.last, fence: s.incarnation, epoch: v.epoch})
		}
		return *s != before
	}
	r := &s.joints[j]
	if r.step == quarantined {
		m.fence(s, v, r)
		return *s != before
	}
	switch m.decide(v, *r) {
	case again:
		m.send(s, message{execute, r.token, s.incarnation, v.epoch, j, r.rework})
	case taken:
		r.step = done
		m.send(s, message{kind: acknowledge, token: v.last, fence: s.incarnation, epoch: v.epoch})
	case unknown:
		if v.phase == interrupted && m.broken(VoidBeforeRecord) {
			m.send(s, message{kind: void, token: r.token, fence: s.incarnation, epoch: v.epoch})
			return *s != before
		}
		r.step = quarantined
		if v.phase == interrupted && m.broken(InterruptedIsNotDone) {
			*r = record{rework: r.rework}
			m.send(s, message{kind: void, token: v.floor, fence: s.incarnation, epoch: v.epoch})
		}
	case release:
		m.send(s, message{kind: acknowledge, token: v.last, fence: s.incarnation, epoch: v.epoch})
	case wait:
	}
	return *s != before
}

// fence makes sure that the device will not begin a quarantined act any more.
func (m *Model) fence(s *state, v view, r *record) {
	switch {
	case m.broken(InspectBeforeVoid), v.floor >= r.token && v.phase == idle, m.broken(VoidLeavesFloor) && v.phase == idle && s.voidArrived(r.token):
		r.step = voided
	case v.phase == finished:
		m.send(s, message{kind: acknowledge, token: v.last, fence: s.incarnation, epoch: v.epoch})
	default:
		m.send(s, message{kind: void, token: r.token, fence: s.incarnation, epoch: v.epoch})
	}
}

// voidArrived is what a supervisor would go by if a void raised no floor: that it has sent one.
func (s *state) voidArrived(token int8) bool {
	for _, c := range s.net {
		if c.kind == void && c.token == token {
			return true
		}
	}
	return false
}

// catchUp writes the record of an act that was sent before it was recorded.
func catchUp(s *state, joints int) bool {
	if s.unsent.step != intended {
		return false
	}
	s.joints[next(&s.joints, joints)] = s.unsent
	s.given++
	s.unsent = record{}
	return true
}

// inspect lets a person look at a joint that the device will not touch any more, and decide by what is there.
func (m *Model) inspect(s *state, j int) bool {
	r := &s.joints[j]
	switch {
	case r.step == open && int(s.given) >= m.Tokens:
		r.step = scrapped // the model has no more tokens, the plant has
	case r.step != voided:
		return false
	case s.effects[j] > 0:
		r.step = accepted
	case int(s.given) >= m.Tokens:
		r.step = scrapped
	default:
		*r = record{rework: true}
	}
	return true
}

// restart begins a new incarnation on the store of the old one.
func (m *Model) restart(s *state) {
	s.alive = true
	s.sent = m.Class != A // it cannot know better
	s.incarnation++
	for j := range s.joints {
		if m.broken(NewTokenAfterRestart) && s.joints[j].step == intended {
			s.joints[j] = record{rework: s.joints[j].rework}
		}
	}
}

// wake lets the paused supervisor go on where it was: it looks again, or acts on what it saw. What it would record is refused,
// for the store has given out a higher fence since, and it ends. It reports whether anything changed.
func (m *Model) wake(s *state) bool {
	z := &s.zombie
	if !z.view.known {
		z.view = m.watch(s)
		return true
	}
	before := *s
	v := z.view
	z.view = view{}
	j := pending(&z.joints)
	if j < 0 {
		m.zombieCommit(s, func() {
			if k := next(&z.joints, m.Joints); k >= 0 && int(s.given) < m.Tokens {
				s.given++
				z.count++
				z.joints[k] = record{step: intended, token: token(z.fence, z.count), retain: v.retain, rework: z.joints[k].rework}
				s.joints[k] = z.joints[k]
			}
		})
		return *s != before
	}
	r := &z.joints[j]
	if r.step == quarantined {
		m.send(s, message{kind: void, token: r.token, fence: z.fence, epoch: v.epoch})
		return *s != before
	}
	decision := m.decide(v, *r)
	if m.Class != A {
		decision = m.decidePlain(v, *r, z.sent)
	}
	switch decision {
	case again:
		z.sent = true
		m.send(s, message{execute, r.token, z.fence, v.epoch, j, r.rework})
	case release:
		m.send(s, message{kind: acknowledge, token: v.last, fence: z.fence, epoch: v.epoch})
	case taken:
		m.zombieCommit(s, func() { r.step = done; s.joints[j] = *r })
	case unknown:
		m.zombieCommit(s, func() { r.step = quarantined; s.joints[j] = *r })
	case wait:
	}
	return *s != before
}

func (m *Model) zombieCommit(s *state, write func()) {
	if m.broken(ZombieWrites) {
		write()
		return
	}
	s.zombie = zombie{}
}
