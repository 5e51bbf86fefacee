package stations

import (
	"fmt"
	"slices"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
)

// Host is what a station needs of the line around it. What is recorded is durable before anything that is sent after it;
// only a stop goes out at once.
type Host interface {
	Record(line.Record) // decide: the record is kept and applied
	Send(line.Job)
	Token() line.Token // a new one, greater than all before
}

// Machine is one station: its PackML state, its devices as they are known, and the visit of the part in it. It is a
// deterministic value, driven by its methods and changed by Apply alone where the journal must be able to rebuild it.
type Machine struct {
	ID    line.StationID
	Title string
	Kind  line.Kind

	host    Host
	kind    Kind
	layout  Layout
	ml      *packml.Machine
	devices []*Device

	visit  *Visit
	plan   int           // acts that the visit will have if all go well; 0 for a cell
	closed bool          // the visit's step is recorded; the part may go
	gone   *line.ActDone // how the device says it let the part go
	next   *line.Intent  // the open intent
	act    Act           // what the open intent is about
	since  time.Time     // when the intent was opened
	parked bool          // after a restart: certainly not begun, may be sent when the station executes again
	unsure bool          // after a restart: it is not known yet what became of the open intent
	left   string        // part that has just been released, until no scanner shows it

	rejects  int    // receive: cells in a row that were not accepted, since somebody has looked; sort: … that were not measured well
	lane     int    // … out of which magazine lane
	rejected string // … and why the last of them was not

	doubt   string      // an act of which nobody can say whether it happened, until the next part comes or people have decided about its own
	doubted line.PackID // the pack that the doubt is about; empty for a cell
	refused string      // why a device refused the last act, or gave no waveform with it that the recipe requires
	waiting string      // what the station waits for, in words; empty while it has something to do
	idle    time.Time   // since when it waits
	cause   string      // cause of the last change of state

	master    line.MasterChecked
	reference *line.ActDone      // the last measurement of the reference part, from which the check follows; nil before the first
	asked     bool               // a person wants the master check to be made now
	interval  time.Duration      // for which the master check that is under way will count
	toolUse   map[string]float64 // use of each tool, in the unit of its recipe
	service   line.ToolServiced  // a tool service that the operator has declared and the device has not yet confirmed
}

// New makes a station of a kind with its devices. It begins Stopped.
func New(id line.StationID, kind line.Kind, title string, devices []*Device, host Host) (*Machine, error) {
	k, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("station %s: unknown kind %q", id, kind)
	}
	for _, role := range k.roles {
		if !slices.ContainsFunc(devices, func(d *Device) bool { return d.Role == role }) {
			return nil, fmt.Errorf("station %s: a station of kind %s needs a device in the role %s", id, kind, role)
		}
	}
	ml, err := packml.New(packml.Stopped)
	if err != nil {
		return nil, fmt.Errorf("station %s: %w", id, err)
	}
	return &Machine{ID: id, Title: title, Kind: kind, host: host, kind: k.Kind, layout: k.Layout, ml: ml, devices: devices, toolUse: map[string]float64{}}, nil
}

// State returns the station's PackML state.
func (m *Machine) State() packml.State { return m.ml.State() }

// Visit returns the present visit, or nil. The caller must not change it.
func (m *Machine) Visit() *Visit { return m.visit }

// Open returns the open intent, or nil.
func (m *Machine) Open() *line.Intent { return m.next }

// Act returns what the open intent is about, in words, or "".
func (m *Machine) Act() string {
	if m.next == nil {
		return ""
	}
	return m.act.Name()
}

// Parked reports whether the open intent was certainly not begun before a restart and waits for the operator.
func (m *Machine) Parked() bool { return m.parked }

// Reconciled reports whether every act that was open at a restart has been accounted for.
func (m *Machine) Reconciled() bool { return m.next == nil || !m.unsure }

// Closed reports whether the visit's step is recorded, so that the part may leave.
func (m *Machine) Closed() bool { return m.visit != nil && m.closed }

// Released returns how the device says that it let the part go, or nil while it has not.
func (m *Machine) Released() *line.ActDone { return m.gone }

// Retry forgets a release that the device could not vouch for and the scanners disprove, so that it may be asked for again.
func (m *Machine) Retry() { m.gone = nil }

// ToolUse returns the use of one of the station's wearing tools, in the unit of the recipe's tool.
func (m *Machine) ToolUse(tool string) float64 { return m.toolUse[tool] }

// Cause returns why the station is in its state.
func (m *Machine) Cause() string { return m.cause }

// Begin opens a visit: the part is in the nest and the line lets it in.
func (m *Machine) Begin(now time.Time, v Visit) {
	f := line.PartArrived{Part: v.Part}
	if v.Nameless {
		f = line.PartArrived{ReadAs: line.CellID(v.Part)}
	}
	m.host.Record(line.Record{At: now, Station: m.ID, Pack: v.Pack, Fact: f})
}

// Planned returns how many acts the visit will have if all go well, or 0 where that is not known beforehand.
func (m *Machine) Planned() int { return m.plan }

// Enter puts the visit that a PartArrived record opened in its place. The line makes the visit: it knows the part.
func (m *Machine) Enter(v *Visit) {
	m.visit, m.closed, m.gone, m.left, m.doubt, m.doubted = v, v.Pass, nil, "", "", ""
	m.plan = v.planned(m.kind)
}

// Decided ends what is in doubt about a pack that is not here any more: two people have decided what becomes of it. It is part of following
// their decision, which is no record of this station.
func (m *Machine) Decided(pack line.PackID) {
	if pack != "" && m.doubted == pack {
		m.doubt, m.doubted = "", ""
	}
}

// Apply follows one record of this station. It is the only way in which what must survive a restart changes.
func (m *Machine) Apply(r line.Record) {
	switch f := r.Fact.(type) {
	case line.StateChanged:
		m.applyState(f)
	case line.Intent:
		m.applyIntent(r.At, f)
	case line.ActDone:
		m.applyDone(f)
	case line.ActRefused:
		m.refused = "device refused: " + f.Text
		if m.visit != nil && m.act.Task == line.TaskStackCell && m.next != nil {
			m.missed(f)
		}
		m.next, m.parked = nil, false
		if m.visit != nil && f.Reason == line.RejectIndexDone {
			m.visit.quarantine(line.ActQuarantined{Task: m.act.Task, Index: m.act.Index, Evidence: line.Evidence{Why: f.Text}})
		}
		if m.visit != nil && m.visit.Pack == "" && f.Reason == line.RejectPart {
			m.visit.foreign = true
		}
	case line.ActQuarantined:
		m.next, m.parked = nil, false
		of := f.Part
		if m.visit != nil && m.visit.Nameless {
			of = m.visit.called()
		}
		m.doubt, m.doubted = fmt.Sprintf("%s: %s of unknown outcome: %s", of, f.Task, f.Evidence.Why), r.Pack
		if m.visit != nil {
			m.visit.quarantine(f)
		}
	case line.CellReceived:
		m.visit.Received, m.visit.Part, m.visit.Nameless = &f, string(f.Cell+f.ReadAs), f.ReadAs != ""
		m.received(f)
	case line.CellGraded:
		m.visit.Graded = &f
		m.graded(f)
	case line.StepDone:
		m.closed, m.visit.Verdict, m.visit.NOK, m.visit.To = true, f.Verdict, f.NOK, f.Next
	case line.PartMoved:
		if m.visit == nil || m.visit.Name() != f.Part {
			return // one that was expected and is written off
		}
		m.left, m.visit, m.closed, m.gone = m.visit.Part, nil, false, nil
		if r.Pack == "" && f.To == line.Quarantine {
			m.left = "" // nobody knows whether the cell left: it may still lie there
		}
	case line.MasterChecked:
		m.master, m.asked = f, false
	case line.MasterAsked:
		m.asked = true
	case line.ModeChanged:
		m.applyMode(f)
	case line.ToolServiced:
		m.service = f
	default: // nothing that a station keeps
	}
}

// missed follows a robot that does not take a cell of the set: the cell does not lie in its lane, or carries another code than it was
// received with. One that knows no tokens does not say why it refuses.
func (m *Machine) missed(f line.ActRefused) {
	why := ""
	switch {
	case f.Reason == line.RejectPart:
		why = "it does not find it there"
	case f.Reason == line.RejectNotPermitted && !m.next.Class.Tokens():
		why = "it does not say why"
	default:
		return
	}
	m.visit.unfound++
	m.refused = fmt.Sprintf("%s does not take cell %s out of lane %d: %s", f.Device, m.act.Part, int(m.act.param("lane", 0)), why)
}

// Unfound returns the cell of the set that the robot has been sent for in vain, and how often in a row; 0 while there is none.
func (m *Machine) Unfound() (cell line.CellID, lane, times int) {
	if m.visit == nil || m.visit.unfound == 0 || m.visit.stopped {
		return "", 0, 0
	}
	a, more := m.visit.next(m.kind)
	if !more {
		return "", 0, 0
	}
	return line.CellID(a.Part), int(a.param("lane", 0)), m.visit.unfound
}

func (m *Machine) applyState(f line.StateChanged) {
	to, err := packml.ParseState(f.To)
	if err != nil {
		to = packml.Aborted // a state of another version: a person must look
	}
	if m.ml.State() != to {
		m.ml.Restore(to)
	}
	m.cause = f.Cause
	if to == packml.Unholding || to == packml.Resetting {
		m.forgive()
	}
}

// forgive forgets what the station held for: the operator has looked and lets it go on.
func (m *Machine) forgive() {
	m.refused, m.rejects = "", 0
	if m.master.Verdict != line.OK {
		m.master = line.MasterChecked{} // to be measured again
	}
	if m.visit != nil {
		m.visit.again()
	}
}

func (m *Machine) applyIntent(at time.Time, f line.Intent) {
	m.act = m.actOf(f)
	if f.Task == line.TaskRelease {
		m.gone = nil
	}
	m.next, m.since, m.parked, m.unsure = &f, at, false, false
}

// actOf finds the act that an intent was opened for: the next one of the plan, or one that is in no plan.
func (m *Machine) actOf(f line.Intent) Act {
	if m.visit != nil {
		if a, ok := m.visit.next(m.kind); ok && a.Task == f.Task && a.Index == f.Index {
			return a
		}
	}
	return Act{Role: m.roleOf(f.Device), Task: f.Task, Part: f.Part, Index: f.Index, Params: f.Params, Within: f.Within}
}

func (m *Machine) applyDone(f line.ActDone) {
	act := m.act
	m.next, m.parked, m.refused = nil, false, ""
	switch f.Task {
	case line.TaskRelease:
		m.gone = &f
		return
	case line.TaskMaster:
		m.reference = &f
		return
	case line.TaskServiceTip:
		if f.Verdict != line.OK {
			m.refused = "tool service is not confirmed: " + f.Text
			return
		}
		delete(m.toolUse, m.service.Tool)
		m.service = line.ToolServiced{}
		return
	}
	if act.Waveform && f.NoWaveform != "" { // else pack after pack would come to the same end
		m.refused = fmt.Sprintf("waveform of %s missing: %s", act.Name(), f.NoWaveform)
	}
	if m.visit == nil {
		return
	}
	m.visit.applyResult(act, f)
	tool := m.visit.Recipe.Process(m.Kind).Tool
	for _, q := range f.Measurements {
		if q.Name == "toolUse" && q.Value != nil && tool != nil {
			m.toolUse[tool.Name] = *q.Value
		}
	}
}

// MasterDue reports whether the station must measure its reference part before it may take another one.
func (m *Machine) MasterDue(now time.Time, r *recipes.Recipe) bool {
	check := r.Process(m.Kind).Master
	return check != nil && m.layout.Master != "" && (m.asked || m.master.Verdict != line.OK || now.After(m.master.ValidUntil))
}

// Master returns the last check against the reference part; its verdict is empty before the first one.
func (m *Machine) Master() line.MasterChecked { return m.master }

// MasterAsked reports whether a person wants the check to be made now.
func (m *Machine) MasterAsked() bool { return m.asked }

// ServicePending returns the tool service that a person has declared and the device has not confirmed, or "".
func (m *Machine) ServicePending() string { return m.service.Action }

// HasMaster reports whether the station can measure a reference part.
func (m *Machine) HasMaster() bool { return m.layout.Master != "" }

// HasTool reports whether the station has a wearing tool that the operator services.
func (m *Machine) HasTool() bool { return m.layout.Tool != "" }

// Expect says that a part was sent here: should it be the one that left last, it is not still but again to be seen.
func (m *Machine) Expect(part string) {
	if m.left == part {
		m.left = ""
	}
}
