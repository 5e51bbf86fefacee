package model

// Class is what the device can prove of its acts.
type Class int8

// The classes. A, the zero class, knows tokens.
const (
	A Class = iota
	B       // a retained counter that rises with the energy, and a last result
	C       // a start bit: it acts at the edge, and shows busy and done while the bit is up
)

// A device of class B or C is connected by one ordered connection at a time: a command arrives once, late, or never. That one
// which is late by more than the driver waits never arrives is what settled stands for: the driver has waited so long, and
// nothing that starts an act is on its way any more.
func (s *state) settled() bool {
	for _, c := range s.net {
		if c.kind == execute {
			return false
		}
	}
	return true
}

// deliverPlain lets the device judge a command by its class. It looks at no token, no fence and no epoch.
func (m *Model) deliverPlain(s *state, c message) {
	switch c.kind {
	case execute:
		if m.Class == C {
			if s.start {
				return
			}
			s.start = true
		}
		if s.phase == idle {
			s.phase, s.joint, s.energised = executing, c.joint, false
		}
	case acknowledge:
		s.start = false
		if s.phase == finished {
			s.phase = idle
		}
	}
}

// actPlain lets a running act go on by one step.
func (m *Model) actPlain(s *state) bool {
	switch {
	case s.phase == unlatched: // only with CountAfterEnergy
		s.count, s.result, s.energised, s.phase = s.count+1, false, true, executing
	case s.phase != executing:
		return false
	case !s.energised && m.broken(CountAfterEnergy):
		s.effects[s.joint]++
		s.phase = unlatched
	case !s.energised:
		s.effects[s.joint]++
		s.energised, s.count, s.result = true, s.count+1, false
	default:
		s.result, s.energised, s.phase = true, false, idle
		if m.Class == C && s.start {
			s.phase = finished // with the bit down, done shows for a moment only
		}
		s.joint = 0
	}
	if m.Class == C {
		s.count, s.result = 0, false
	}
	return true
}

// rebootPlain leaves the counter and the last result, or nothing. A restart ends the connection: what was on its way over it never
// arrives, and what was read over it is not acted on.
func (m *Model) rebootPlain(s *state, lost bool) {
	s.net, s.view = [Slots]message{}, view{}
	s.phase, s.joint, s.energised, s.start = idle, 0, false, false
	if lost {
		s.count, s.result = 0, false
	}
}

// decidePlain is rules S and Q as far as the class can follow them.
func (m *Model) decidePlain(v view, r record, sent bool) decision {
	if m.Class == C {
		switch {
		case !sent && v.phase == idle && !v.start:
			return again
		case !sent:
			return release
		case v.start && v.phase == finished:
			return taken
		case v.start && v.phase == executing, !v.settled:
			return wait
		case v.phase == idle && m.broken(ResendAtC):
			return again
		}
		return unknown
	}
	switch {
	case v.phase != idle && v.count-r.count <= 1:
		return wait
	case v.phase == idle && m.broken(CountIgnored) && (v.settled || !sent):
		return again
	case v.count == r.count && !sent:
		return again
	case v.count == r.count && !v.settled && !m.broken(NoSettling):
		return wait
	case v.count == r.count && r.count == 0 && !m.broken(NoughtTrusted):
		return unknown
	case v.count == r.count:
		return again
	case sent && v.count == r.count+1 && v.result:
		return taken
	}
	return unknown
}

// answerPlain does what the status that was read asks for.
func (m *Model) answerPlain(s *state, v view) {
	lower := message{kind: acknowledge}
	j := pending(&s.joints)
	if j < 0 {
		if v.start && v.phase != executing {
			m.send(s, lower)
		}
		return
	}
	r := &s.joints[j]
	if r.step == quarantined {
		switch {
		case v.settled && v.phase == idle && !v.start:
			r.step = voided
		case v.start && v.phase != executing:
			m.send(s, lower)
		}
		return
	}
	switch m.decidePlain(v, *r, s.sent) {
	case again:
		m.send(s, message{kind: execute, token: r.token, joint: j})
		s.sent = true
	case taken:
		r.step = done
		m.send(s, lower)
	case unknown:
		r.step = quarantined
	case release:
		m.send(s, lower)
	case wait:
	}
}
