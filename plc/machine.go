package plc

import (
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// The PackML numbers that the handshake must know (TR88.00.02): acts are sent in Execute only, and the two commands that
// overtake everything.
const (
	stateExecute uint16 = 6
	commandStop  uint16 = 3
	commandAbort uint16 = 8
)

const (
	machineLimit   = 4
	machineWrites  = 3
	machineConfirm = 300 * time.Millisecond
	machineLife    = 2 * time.Second // a Start that comes out later than this would surprise people; a Stop would not
)

// machineLane holds PackML commands and mode changes. They go beside the open act. Each is written at most three times and
// then given up: the line sees in the status what became of it.
type machineLane struct {
	jobs    [machineLimit]line.Job
	since   [machineLimit]time.Time // when they were submitted
	n       int
	writes  int
	wroteAt time.Time
	before  uint16 // PackML state or mode at the first write
}

func (m *machineLane) idle() bool { return m.n == 0 }

// stops reports whether the job is a Stop or an Abort.
func stops(j line.Job) bool {
	return j.Op == line.MachineCommand && (j.Machine == commandStop || j.Machine == commandAbort)
}

// add takes a job and reports whether there was room. Stop and Abort throw out what waits, so that nothing queued before
// them happens after them; an Abort under way covers a Stop.
func (m *machineLane) add(now time.Time, j line.Job) bool {
	if stops(j) {
		head := m.jobs[0]
		if m.n > 0 && stops(head) && (head.Machine == j.Machine || head.Machine == commandAbort) {
			m.n = 1
			return true
		}
		m.jobs[0], m.since[0], m.n, m.writes = j, now, 1, 0
		return true
	}
	for _, q := range m.jobs[:m.n] {
		if q.Op == j.Op && q.Machine == j.Machine {
			return true
		}
	}
	if m.n == len(m.jobs) {
		return false
	}
	m.jobs[m.n], m.since[m.n] = j, now
	m.n++
	return true
}

func (m *machineLane) next() {
	copy(m.jobs[:], m.jobs[1:m.n])
	copy(m.since[:], m.since[1:m.n])
	m.n--
	m.writes = 0
}

// machineWrite writes the first machine job if it is due. Only a Stop or Abort may go before the open act's own block.
func (h *Handshake) machineWrite(now time.Time, out *Output, stopsOnly bool) {
	m := &h.machine
	for m.n > 0 {
		j := m.jobs[0]
		if stopsOnly && !stops(j) {
			return
		}
		op, state := tags.OpMachine, h.last.Machine
		if j.Op == line.UnitMode {
			op, state = tags.OpUnitMode, h.last.Mode
		}
		confirmed := m.writes > 0 && state != m.before || j.Op == line.UnitMode && state == j.Machine
		if confirmed || h.takenOver() || m.writes == machineWrites && now.Sub(m.wroteAt) >= machineConfirm ||
			now.Sub(m.since[0]) >= machineLife && !stops(j) {
			m.next()
			continue
		}
		if m.writes > 0 && now.Sub(m.wroteAt) < machineConfirm {
			return
		}
		if m.writes == 0 {
			m.before = state
		}
		m.writes++
		m.wroteAt = now
		h.send(now, out, tags.Command{Op: op, Task: j.Machine})
		return
	}
}
