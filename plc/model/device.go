package model

// deliver lets the device judge a command, after its rules 1 to 5. It reports whether anything changed.
func (m *Model) deliver(s *state, c message) bool {
	before := *s
	if m.Class != A {
		m.deliverPlain(s, c)
		return *s != before
	}
	if !m.broken(NoFenceCheck) && c.fence < s.fence || !m.broken(NoEpochCheck) && c.epoch != s.epoch {
		return false
	}
	switch c.kind {
	case execute:
		m.execute(s, c)
	case void:
		if s.phase == idle || s.phase == interrupted {
			s.fence = max(s.fence, c.fence)
			if !m.broken(VoidLeavesFloor) {
				s.floor = max(s.floor, c.token)
			}
			s.inFlight, s.phase = 0, idle
		}
	case acknowledge:
		if s.phase == finished && s.last == c.token {
			s.phase = idle
		}
	}
	return *s != before
}

func (m *Model) execute(s *state, c message) {
	if c.token <= s.floor || s.phase != idle || s.index[c.joint] == 2 && !c.rework {
		return
	}
	s.fence, s.token, s.joint, s.energised = max(s.fence, c.fence), c.token, c.joint, false
	if m.broken(EffectBeforeFloor) {
		s.effects[c.joint]++
		s.energised, s.phase = true, unlatched
		return
	}
	s.floor, s.inFlight, s.index[c.joint], s.phase = c.token, c.token, 1, executing
}

// act lets a running act go on by one step: latch it, apply the energy, finish. It reports whether there is one.
func (m *Model) act(s *state) bool {
	if m.Class != A {
		return m.actPlain(s)
	}
	switch {
	case s.phase == unlatched:
		s.floor, s.inFlight, s.index[s.joint], s.phase = s.token, s.token, 1, executing
	case s.phase != executing:
		return false
	case !s.energised:
		s.effects[s.joint]++
		s.energised = true
	default:
		s.last, s.index[s.joint], s.inFlight, s.phase, s.energised = s.token, 2, 0, finished, false
	}
	return true
}

// reboot takes the power away and gives it back. The memory may be lost with it: then the device makes a new retain id.
func (m *Model) reboot(s *state, lost bool) {
	s.reboots--
	s.epoch++
	s.phase, s.energised = idle, false
	if lost {
		s.losses--
		s.retain++
		if m.broken(EpochDiesWithMemory) {
			s.epoch = 1
		}
	}
	if m.Class != A {
		m.rebootPlain(s, lost)
		return
	}
	if lost || m.broken(FloorNotRetained) {
		s.fence, s.floor, s.inFlight, s.last, s.index = 0, 0, 0, 0, [Joints]int8{}
	}
	if s.inFlight != 0 {
		s.phase = interrupted
		if m.broken(GoesOnByItself) {
			s.phase = executing
		}
	}
	if s.phase != executing {
		s.token, s.joint = 0, 0
	}
}
