package stations

import (
	"errors"
	"fmt"
	"time"

	"linectl/line"
	"linectl/packml"
)

// goals says where an acting state leads, and so where the station's devices must be for it to be complete. Nowhere from the others.
var goals = [...]packml.State{
	packml.Resetting: packml.Idle, packml.Starting: packml.Execute, packml.Unholding: packml.Execute, packml.Unsuspending: packml.Execute,
	packml.Holding: packml.Held, packml.Suspending: packml.Suspended, packml.Completing: packml.Complete,
	packml.Stopping: packml.Stopped, packml.Clearing: packml.Stopped, packml.Aborting: packml.Aborted,
	packml.Complete: packml.Undefined, // the last of all states
}

// goalOf is the goal of an acting state; no other state has one.
func goalOf(s packml.State) (goal packml.State, acting bool) {
	goal = goals[s]
	return goal, goal != packml.Undefined
}

// Command gives the station a PackML command. A refusal changes nothing and tells the operator what to do.
func (m *Machine) Command(now time.Time, c packml.Command, cause string) error {
	if err := m.Refusal(c); err != nil {
		return err
	}
	from := m.ml.State()
	to, err := m.ml.Fire(c)
	if err != nil {
		return err
	}
	m.entered(now, from, to, cause)
	return nil
}

// Refusal says why Command would refuse a command now, or nil.
func (m *Machine) Refusal(c packml.Command) error {
	if err := m.ml.Legal(c); err != nil {
		return err
	}
	if c == packml.CmdReset || c == packml.CmdStart || c == packml.CmdUnhold || c == packml.CmdClear {
		return m.permitted(c)
	}
	return nil
}

// permitted refuses to set the station going while something is missing that a person must give first.
func (m *Machine) permitted(c packml.Command) error {
	if a := m.account(); !a.Given {
		return fmt.Errorf("%s not possible at %s: %s", c, m.ID, a.Text)
	}
	var missing []error
	if c == packml.CmdStart || c == packml.CmdUnhold {
		if err := m.forProduction(); err != nil {
			missing = append(missing, err)
		}
	}
	for _, d := range m.devices {
		if text := d.missing(); text != "" {
			missing = append(missing, errors.New(text))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s not possible at %s: %w", c, m.ID, errors.Join(missing...))
	}
	return nil
}

// account is the condition that every act which was open at a restart has been accounted for.
func (m *Machine) account() line.PermissiveSnapshot {
	if m.Reconciled() {
		return line.PermissiveSnapshot{Given: true, Text: "it is known what became of the last act", For: line.ForStart}
	}
	return line.PermissiveSnapshot{Text: "it is not yet known what became of " + m.act.Name(), For: line.ForStart}
}

// Permissives lists what permitted asks for, given or not.
func (m *Machine) Permissives() []line.PermissiveSnapshot {
	list := append([]line.PermissiveSnapshot{m.account()}, m.modeConditions()...)
	for _, d := range m.devices {
		list = append(list, d.conditions()...)
	}
	return list
}

// Safety mirrors what the safety PLC tells through the station's devices. Any one of them that tells a stop is enough to show it;
// automatic is shown only when all of them answer and say so.
func (m *Machine) Safety() (s line.SafetySnapshot) {
	s.Automatic = true
	for _, d := range m.devices {
		word := d.Status.Safety
		s.Automatic = s.Automatic && d.Up && d.Status.Permissives&line.PermissiveAuto != 0
		if !d.Up || word == 0 { // a device that is not told leaves the word alone
			continue
		}
		s.Known = true
		s.EmergencyStop = s.EmergencyStop || word&line.SafetyEmergencyStop != 0
		s.ProtectiveStop = s.ProtectiveStop || word&line.SafetyProtectiveStop != 0
		s.GuardOpen = s.GuardOpen || word&line.SafetyGuardOpen != 0
	}
	return s
}

func (m *Machine) entered(now time.Time, from, to packml.State, cause string) {
	m.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: line.StateChanged{From: from.String(), To: to.String(), Cause: cause}})
	m.waiting = ""
	m.steer(now)
}

// restarted is the cause of the state in which a station comes back.
const restarted = "supervisor restarted"

// Resume brings the station back after a restart: never to Execute. Acts that were open are asked about before anything else.
// What the scanners have shown since the last part left is in no record: what they show from now on lies in the nest.
func (m *Machine) Resume(now time.Time) {
	m.left = ""
	if from, to := m.ml.State(), m.comesBack(); from != to {
		m.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: line.StateChanged{From: from.String(), To: to.String(), Cause: restarted}})
	}
	if m.next != nil {
		m.unsure = true
		m.host.Send(line.Job{Op: line.Reconcile, Device: m.next.Device, Token: m.next.Token, Act: *m.next})
	}
}

// comesBack returns the state in which a restart finds the station: Stopped where it rested and nothing was open.
func (m *Machine) comesBack() packml.State {
	if at := m.ml.State(); m.next == nil && (at == packml.Stopped || at == packml.Idle || at == packml.Complete) {
		return packml.Stopped
	}
	return packml.Aborted
}

// Settle completes an acting state once the act is over and the devices have followed. It reports whether the state changed.
func (m *Machine) Settle(now time.Time) bool {
	for _, d := range m.devices {
		m.tuneIn(now, d)
	}
	from := m.ml.State()
	goal, acting := goalOf(from)
	if !acting {
		return false
	}
	m.steer(now)
	if m.finishing(from) || !m.arrived(goal, from) {
		return false
	}
	to, err := m.ml.Done()
	if err != nil {
		return false
	}
	m.entered(now, from, to, m.cause)
	return true
}

// finishing reports whether the state waits for the running act: everything but Abort lets it end. An act that the device can
// neither be doing nor begin, for it rests or is gone, is not waited for: its intent stays open and is answered later.
func (m *Machine) finishing(s packml.State) bool {
	if m.next == nil || m.parked || s == packml.Aborting || s == packml.Clearing {
		return false
	}
	if s != packml.Stopping && s != packml.Holding && s != packml.Suspending && s != packml.Completing {
		return false
	}
	d := m.device(m.act.Role)
	if d == nil || !d.Up {
		return false
	}
	at, phase := d.State(), d.Status.Phase
	return at == packml.Execute || at.Acting() || phase != line.PhaseIdle && phase != line.PhaseInterrupted
}

// arrived reports whether the devices are where the station goes. To come to rest it does not wait for a device that is gone.
func (m *Machine) arrived(goal, from packml.State) bool {
	resting := from == packml.Stopping || from == packml.Aborting || from == packml.Holding || from == packml.Clearing
	for _, d := range m.devices {
		if !d.Up && resting {
			continue
		}
		if at := d.State(); !d.Up || at != goal && !(pauses(from) && cannotPause(at)) {
			return false
		}
	}
	return true
}

func pauses(s packml.State) bool {
	return s == packml.Holding || s == packml.Suspending || s == packml.Completing
}

// cannotPause reports whether a device in this state rests already and has no way to Held or Suspended. What follows (Unhold,
// Unsuspend, Clear) will find it there.
func cannotPause(s packml.State) bool {
	return s == packml.Stopped || s == packml.Idle || s == packml.Aborted || s == packml.Complete || s == packml.Held
}

// steer sends every device its next command towards where the station goes.
func (m *Machine) steer(now time.Time) {
	s := m.ml.State()
	goal, acting := goalOf(s)
	if !acting || m.finishing(s) && s != packml.Stopping {
		return
	}
	for _, d := range m.devices {
		if pauses(s) && cannotPause(d.State()) {
			continue
		}
		if c, ok := d.steer(now, s, goal); ok {
			m.host.Send(line.Job{Op: line.MachineCommand, Device: d.ID, Machine: uint16(c)})
		}
	}
}

// restful is how long a station may have nothing to do before it is suspended.
const restful = 2 * time.Second

// Rest tells the station what it waits for: parts from a neighbour, or room at one. An empty text means that it has work.
// Waiting is an external cause, so the station is suspended, and returns by itself. It reports whether the state changed.
func (m *Machine) Rest(now time.Time, waitsFor string) bool {
	if m.waiting == "" && waitsFor != "" {
		m.idle = now
	}
	m.waiting = waitsFor
	switch s := m.ml.State(); {
	case s == packml.Execute && waitsFor != "" && m.next == nil && now.Sub(m.idle) >= restful:
		return m.Command(now, packml.CmdSuspend, waitsFor) == nil
	case s == packml.Suspended && waitsFor == "":
		return m.Command(now, packml.CmdUnsuspend, "there is work again") == nil
	}
	return false
}

// Waiting returns what the station waits for, in words, or "".
func (m *Machine) Waiting() string { return m.waiting }

// Watch looks for what makes the station abort or hold by itself. It reports whether the state changed.
func (m *Machine) Watch(now time.Time) bool {
	s := m.ml.State()
	if s == packml.Aborted || s == packml.Aborting || s == packml.Clearing {
		return false
	}
	for _, d := range m.devices {
		if why := m.aborts(s, d); why != "" {
			return m.Command(now, packml.CmdAbort, why) == nil
		}
	}
	if s != packml.Execute && s != packml.Suspended {
		return false
	}
	if why := m.holdReason(); why != "" {
		return m.Command(now, packml.CmdHold, why) == nil
	}
	return false
}

// aborts says why a device makes its station abort, or "". It has aborted itself; or it was restarted while the station was
// returning from Suspended by itself, when nobody has ordered it to move again.
func (m *Machine) aborts(s packml.State, d *Device) string {
	at := d.State()
	switch {
	case !d.Up:
		return ""
	case at == packml.Aborted:
		return m.blames(d, "has aborted")
	case s == packml.Unsuspending && (at == packml.Stopped || at == packml.Idle):
		return fmt.Sprintf("%s was restarted", d.ID)
	}
	return ""
}

// blames says in words why a device does not go on by itself: the alarm that came first, and where on the part it was at work.
// A device that names no alarm is only said to do what it does.
func (m *Machine) blames(d *Device, does string) string {
	a, ok := line.FindDeviceAlarm(d.Status.FirstOut)
	if !ok {
		return fmt.Sprintf("%s %s", d.ID, does)
	}
	if place := m.act.Task.Place(m.act.Index); a.Placed && place != "" && m.isOn(d) {
		return fmt.Sprintf("%s at %s: %s", a.Text, place, d.ID)
	}
	return fmt.Sprintf("%s: %s", a.Text, d.ID)
}

// holdReason says why an executing station must hold, or "".
func (m *Machine) holdReason() string {
	for _, d := range m.devices {
		if text := d.missing(); text != "" {
			return text
		}
		switch at := d.State(); at {
		case packml.Held, packml.Holding:
			return m.blames(d, "holds by itself")
		case packml.Stopped, packml.Idle, packml.Complete:
			return fmt.Sprintf("%s is %s while the station runs", d.ID, at)
		case packml.Suspended, packml.Suspending:
			if m.ml.State() == packml.Execute {
				return fmt.Sprintf("%s is %s while the station runs", d.ID, at)
			}
		default: // it follows
		}
	}
	switch v := m.visit; {
	case m.refused != "":
		return m.refused
	case v == nil && m.rejectsAll() != "":
		return m.rejectsAll()
	case v == nil && m.master.Verdict != line.OK && m.master.Verdict != "":
		return fmt.Sprintf("master check is %s", m.master.Verdict)
	case v == nil || m.closed:
		return ""
	case v.lacks:
		return v.Texts[len(v.Texts)-1]
	case v.waits || v.To == line.HoldLine:
		return "limit asks to hold: " + v.Texts[len(v.Texts)-1]
	case m.Kind == line.Weld && v.Recipe.Weld.HoldAfterNOK > 0 && v.streak >= v.Recipe.Weld.HoldAfterNOK:
		return fmt.Sprintf("%d consecutive joints NOK: %s", v.streak, first(v.Texts))
	}
	return ""
}

// Ready reports whether every device answers and gives its permissives.
func (m *Machine) Ready() bool {
	for _, d := range m.devices {
		if d.missing() != "" {
			return false
		}
	}
	return true
}

func first(texts []string) string {
	if len(texts) == 0 {
		return "no reason recorded"
	}
	return texts[0]
}

func (m *Machine) pack() line.PackID {
	if m.visit == nil {
		return ""
	}
	return m.visit.Pack
}
