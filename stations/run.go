package stations

import (
	"fmt"
	"math"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
)

// Advance asks for the next act of the visit when the station executes and none is open. It reports whether it did.
func (m *Machine) Advance(now time.Time) bool {
	if m.ml.State() != packml.Execute {
		return false
	}
	if m.next != nil {
		return m.resend(now)
	}
	if m.visit == nil || m.closed || m.holdReason() != "" {
		return false
	}
	a, ok := m.visit.next(m.kind)
	return ok && m.open(now, a, m.visit.Attempt())
}

// resend sends an act that a restart found certainly not begun: the same intent, the same token.
func (m *Machine) resend(now time.Time) bool {
	if !m.parked || !m.ready(m.act.Role) {
		return false
	}
	m.parked, m.since = false, now
	m.host.Send(line.Job{Op: line.Execute, Device: m.next.Device, Token: m.next.Token, Act: *m.next})
	return true
}

// Finished reports whether the visit's acts are all done and its step is not yet recorded.
func (m *Machine) Finished() bool {
	if m.visit == nil || m.closed || m.next != nil || m.visit.waits {
		return false
	}
	_, more := m.visit.next(m.kind)
	return !more && !(m.visit.To == line.HoldLine && m.ml.State() != packml.Execute)
}

// Close judges the visit as a whole and returns the step that the line records.
func (m *Machine) Close() line.StepDone {
	v := m.visit
	if c, ok := m.kind.(Closer); ok && v.Verdict != line.Unknown {
		c.Close(v)
	}
	if v.Verdict == "" {
		v.Verdict = line.OK // no acts: a bench
	}
	text := ""
	if v.Verdict != line.OK {
		text = first(v.Texts)
	}
	return line.StepDone{
		Part: v.Part, Step: m.Kind, Build: v.Build, Verdict: v.Verdict, Codes: v.Codes, Text: text, Acts: len(v.Results),
		Clean: v.Clean(), NOK: v.NOK, Next: v.To,
	}
}

// Unload lets the part go to another place. It reports whether the device was asked.
func (m *Machine) Unload(now time.Time, to line.StationID) bool {
	if m.next != nil || m.ml.State() != packml.Execute {
		return false
	}
	a := Act{
		Role: m.layout.Carrier, Task: line.TaskRelease, Part: m.visit.Part, Within: within,
		Params: []line.Quantity{quantity("destination", float64(to.Number()), "1")},
	}
	return m.open(now, a, 1)
}

// CheckMaster measures the built-in reference part. It reports whether the device was asked.
func (m *Machine) CheckMaster(now time.Time, check recipes.MasterCheck) bool {
	m.interval = check.Interval
	return m.open(now, Act{Role: m.layout.Master, Task: line.TaskMaster, Limits: check.References, Within: within}, 1)
}

// services gives the tool services their numbers.
var services = map[string]float64{"clean": 1, "dress": 2, "replace": 3}

// Service lets the device confirm a tool service that the operator has declared. It reports whether the device was asked.
func (m *Machine) Service(now time.Time) bool {
	if m.service.Action == "" || m.layout.Tool == "" || m.next != nil || m.visit != nil {
		return false
	}
	return m.open(now, Act{
		Role: m.layout.Tool, Task: line.TaskServiceTip, Within: within,
		Params: []line.Quantity{quantity("service", services[m.service.Action], "1")},
	}, 1)
}

// open records the intent, then sends it.
func (m *Machine) open(now time.Time, a Act, attempt int) bool {
	d := m.device(a.Role)
	if !m.ready(a.Role) {
		return false
	}
	in := line.Intent{
		Token: m.host.Token(), Device: d.ID, Task: a.Task, Name: a.Name(), Part: a.Part, Index: a.Index, Attempt: attempt,
		Rework: a.Rework, Params: a.Params, RetainID: d.Status.RetainID, Effects: d.Status.EffectCount, Within: a.Within,
	}
	if !d.Status.Class.Tokens() {
		in.Class = d.Status.Class
	}
	if m.visit != nil && m.visit.Recipe != nil {
		in.RecipeHash = m.visit.Recipe.Hash
	}
	m.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: in})
	if a.Limits != nil {
		m.act.Limits = a.Limits // a master check is in no plan
	}
	m.host.Send(line.Job{Op: line.Execute, Device: d.ID, Token: in.Token, Act: in})
	return true
}

// ready reports whether the device that does the act can take it.
func (m *Machine) ready(role Role) bool {
	d := m.device(role)
	if d == nil || d.missing() != "" || d.State() != packml.Execute {
		return false
	}
	if !d.Status.Class.Tokens() {
		return d.Status.Phase == line.PhaseIdle // what it does after the intent is recorded must be of that intent: it names no token
	}
	return d.Status.Phase != line.PhaseInterrupted
}

// Handle takes what the edge of one of the station's devices tells.
func (m *Machine) Handle(now time.Time, e line.DeviceEvent) {
	switch e := e.(type) {
	case line.DeviceStatus:
		m.observe(now, e)
	case line.DeviceLost:
		m.observe(now, e)
	case line.ActFinished:
		m.finished(now, e)
	case line.ActRejected:
		if m.isOpen(e.Token) {
			reason := m.refusal(e)
			m.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: line.ActRefused{
				Token: e.Token, Device: e.Device, Reason: reason, Text: fmt.Sprintf("%s: %s", m.act.Name(), reason),
			}})
		}
	case line.ActUnknown:
		m.unknown(now, e)
	case line.ActNotBegun:
		if m.isOpen(e.Token) {
			m.parked, m.unsure = true, false
		}
	}
}

// refusal is why the device refused the open act. One that knows no tokens does not say; but where its own scanner does not show the
// cell that it was to move, that is why, and no Unhold would help before the station knows it. A cell that could not be read is named by
// nothing: where the scanner shows a code, it can be read now.
func (m *Machine) refusal(e line.ActRejected) line.RejectReason {
	moves := m.act.Part != "" || m.act.Task == line.TaskPlaceCell
	if e.Reason != line.RejectNotPermitted || m.next.Class.Tokens() || m.visit == nil || m.visit.Pack != "" || !moves {
		return e.Reason
	}
	if d := m.device(m.act.Role); d != nil && d.Up && d.Part() != m.act.Part {
		return line.RejectPart
	}
	return e.Reason
}

func (m *Machine) observe(now time.Time, e line.DeviceEvent) {
	for _, d := range m.devices {
		if d.ID != e.Source() {
			continue
		}
		back, boot := !d.Up, d.Status.BootEpoch
		d.Observe(now, e)
		if again := back || d.Status.BootEpoch != boot; again && m.ml.Mode() != packml.Production {
			d.tune = true // it may have forgotten the mode; Production nobody is brought into by a restart
		}
		m.tuneIn(now, d)
		if d.Up && m.isOn(d) {
			m.remind(back)
		}
		if !d.Up || m.isOn(d) {
			continue
		}
		switch d.Status.Phase {
		case line.PhaseDone, line.PhaseFault: // its result is recorded and the acknowledgement was lost
			last := d.Status.Floor
			if !d.Status.Class.Tokens() {
				last = 0 // it names no act
			}
			m.host.Send(line.Job{Op: line.Acknowledge, Device: d.ID, Token: last})
		case line.PhaseInterrupted: // an act of which the record is closed already: who closed it may have died before he could void it
			m.host.Send(line.Job{Op: line.Void, Device: d.ID, Token: d.Status.Floor})
		default: // nothing open
		}
	}
	if m.left != "" && !m.shows(m.left) {
		m.left = ""
	}
}

// isOn reports whether the open act is the device's.
func (m *Machine) isOn(d *Device) bool { return m.next != nil && m.next.Device == d.ID }

// remind hands the open act over once more when its device is back: the edge may have had to drop it. It carries the same token,
// so an edge or a device that knows it already does nothing.
func (m *Machine) remind(back bool) {
	if !back || m.parked {
		return
	}
	op := line.Execute
	if m.unsure {
		op = line.Reconcile
	}
	m.host.Send(line.Job{Op: op, Device: m.next.Device, Token: m.next.Token, Act: *m.next})
}

func (m *Machine) finished(now time.Time, e line.ActFinished) {
	if m.isOpen(e.Token) {
		m.record(now, e, m.judge(m.act, e))
	}
	m.host.Send(line.Job{Op: line.Acknowledge, Device: e.Device, Token: e.Token})
}

// judge judges what the device told of an act of the station: when it is told, and again when the record is reviewed. A cell whose
// code could not be read is no good one; where none came there is nothing to judge. A reference part whose limits are forgotten was
// not measured.
func (m *Machine) judge(a Act, e line.ActFinished) Judgement {
	j := a.Judge(e)
	if a.Task == line.TaskMaster && a.Limits == nil {
		j.Verdict, j.Text = line.Unknown, "asked for before a restart; it is made again"
	}
	if magazineEmpty(line.ActDone{Task: a.Task, Part: e.Part, Outcome: e.Outcome, Reason: e.Reason}) {
		return Judgement{Verdict: line.NOK, Text: fmt.Sprintf("magazine lane %d of %s is empty", int(a.param("lane", 0)), m.ID)}
	}
	if e.Part == "" && a.Task == line.TaskScanCell && j.Verdict == line.OK {
		j.Verdict, j.Text = line.NOK, "cell code unreadable"
	}
	return j
}

// unknown closes an act whose outcome nobody can know. If the act leaves a mark it is quarantined, and only a person may ask
// for another. If it leaves none, it is a measurement that was not made: it counts as an attempt and is made again.
// The device may forget the act when that is on record, and not before (rule T3 of the handshake).
func (m *Machine) unknown(now time.Time, e line.ActUnknown) {
	defer m.host.Send(line.Job{Op: line.Void, Device: e.Device, Token: e.Token})
	if !m.isOpen(e.Token) {
		return
	}
	if m.act.Task.Spec().Repeatable || m.act.Task == line.TaskRelease {
		nan := line.ActFinished{Device: e.Device, Token: e.Token, Outcome: line.OutcomeUnknown, Part: m.act.Part, Index: m.act.Index}
		for i := range nan.Values {
			nan.Values[i] = float32(math.NaN())
		}
		j := m.act.Judge(nan)
		j.Text = e.Evidence.Why
		m.record(now, nan, j)
		return
	}
	m.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: line.ActQuarantined{
		Token: e.Token, Device: e.Device, Task: m.act.Task, Part: m.act.Part, Index: m.act.Index, Evidence: e.Evidence,
	}})
}

func (m *Machine) record(now time.Time, e line.ActFinished, j Judgement) {
	in := *m.next
	d := m.device(m.act.Role)
	waveform := ""
	if e.Waveform != nil {
		waveform = e.Waveform.Hash
	} else if e.NoWaveform == "" && m.act.Waveform {
		e.NoWaveform = "the device offers none"
	}
	m.host.Record(line.Record{At: now, Station: m.ID, Pack: m.pack(), Fact: line.ActDone{
		Token: e.Token, Device: e.Device, Task: in.Task, Part: e.Part, Index: in.Index, Attempt: in.Attempt, Rework: in.Rework,
		Outcome: e.Outcome, Reason: e.Reason, Measurements: j.Measurements, Verdict: j.Verdict, Code: j.Code, Text: j.Text,
		EffectCount: e.EffectCount, Simulated: d != nil && d.Simulated, Waveform: waveform, NoWaveform: e.NoWaveform,
		Class: e.Class,
	}})
	if in.Task == line.TaskMaster && m.interval > 0 {
		m.checked(now, j)
	}
}

// checked records what the reference part measured. A check from before a restart, whose limits are forgotten, is not one.
func (m *Machine) checked(now time.Time, j Judgement) {
	m.host.Record(line.Record{At: now, Station: m.ID, Fact: line.MasterChecked{
		Verdict: j.Verdict, Measurements: j.Measurements, ValidUntil: now.Add(m.interval),
	}})
}

func (m *Machine) isOpen(t line.Token) bool { return m.next != nil && m.next.Token == t }

func (m *Machine) device(r Role) *Device {
	for _, d := range m.devices {
		if d.Role == r {
			return d
		}
	}
	return nil
}

func (m *Machine) roleOf(id line.DeviceID) Role {
	for _, d := range m.devices {
		if d.ID == id {
			return d.Role
		}
	}
	return ""
}

// Nest returns the part that all scanners of the station agree on. It is false while they do not agree, while one of them is
// silent, or while the part that has just left is still seen.
func (m *Machine) Nest() (part string, sure bool) {
	for i, d := range m.devices {
		if !d.Up || i > 0 && d.Part() != part {
			return "", false
		}
		part = d.Part()
	}
	return part, m.left == "" || part != m.left
}

// Lingers is the part that was let go last and that all scanners still read; none where the nest has been seen otherwise since.
func (m *Machine) Lingers() string {
	for _, d := range m.devices {
		if m.left == "" || !d.Up || d.Part() != m.left {
			return ""
		}
	}
	return m.left
}

// Empty reports whether every sensor of the nest says that nothing lies there. A scanner that reads nothing says less: the code of
// what lies there may be dirty.
func (m *Machine) Empty() bool {
	for _, d := range m.devices {
		if !d.Up || d.Status.Sensors&line.SensorPartPresent != 0 {
			return false
		}
	}
	return true
}

func (m *Machine) shows(part string) bool {
	for _, d := range m.devices {
		if d.Part() == part {
			return true
		}
	}
	return false
}
