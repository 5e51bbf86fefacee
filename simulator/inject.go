package simulator

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// stage says how far an injected fault has come.
type stage string

// The stages, in their order. A fault that needs no time and no act begins at once.
const (
	pending stage = "pending" // its time has not come
	armed   stage = "armed"   // it waits for an act
	stands  stage = "stands"  // it lasts
	over    stage = "over"
)

// injected is a fault in the plant.
type injected struct {
	Fault
	kind   FaultKind
	id     int
	at     time.Time // when it was injected
	stage  stage
	began  time.Time
	struck int
}

// FaultState is a fault as a person sees it.
type FaultState struct {
	ID       string    `json:"id"` // "F1", counted from the start of the plant
	Fault    Fault     `json:"fault"`
	Stage    string    `json:"stage"` // pending, armed, stands or over
	Injected time.Time `json:"injected"`
	Began    time.Time `json:"began,omitzero"` // when it last began or struck
	Struck   int       `json:"struck"`         // acts that it has struck, or how often it began
}

// maxFaults is how many faults a plant keeps, those that are over included.
const maxFaults = 64

// Inject lets a fault into the plant. It is forgotten when the plant ends. The error says why it could never happen here.
func (p *Plant) Inject(now time.Time, f Fault) (FaultState, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	if err := f.check(); err != nil {
		return FaultState{}, err
	}
	kind, _ := FindFault(f.Name)
	if err := p.possible(f, kind); err != nil {
		return FaultState{}, err
	}
	if len(p.faults) >= maxFaults {
		gone := slices.IndexFunc(p.faults, func(f *injected) bool { return f.stage == over })
		if gone < 0 {
			return FaultState{}, fmt.Errorf("%d faults wait or stand already; clear some", maxFaults)
		}
		p.faults = slices.Delete(p.faults, gone, gone+1)
	}
	p.injections++
	in := &injected{Fault: f, kind: kind, id: p.injections, at: now, stage: pending}
	p.faults = append(p.faults, in)
	if f.After > 0 {
		p.schedule(due{at: now.Add(f.After), what: turn, fault: in})
	} else {
		p.turn(now, in)
	}
	return in.show(), p.broken
}

// possible refuses a fault whose target is not there, or does no act that the fault strikes.
func (p *Plant) possible(f Fault, kind FaultKind) error {
	switch {
	case kind.Host && f.Target != Host:
		return fmt.Errorf("%s happens to the line's computer: its target is %s", f.Name, Host)
	case kind.Host && !p.cfg.Host:
		return fmt.Errorf("%s happens to the line's computer, which this plant cannot reach; it can be tried in virtual time", f.Name)
	case kind.Host && f.waits():
		return fmt.Errorf("%s waits for no act", f.Name)
	case kind.Host:
		return nil
	}
	found := false
	for _, d := range p.order {
		if !f.covers(d) {
			continue
		}
		found = true
		if kind.Possible(d.Kind) && (f.Name != ModbusException || d.wire == "" || d.wire == Modbus) {
			return nil
		}
	}
	if found && f.Name == ModbusException {
		return fmt.Errorf("%s: %s does not speak Modbus", f.Name, f.Target)
	}
	if found {
		return fmt.Errorf("%s: nothing that is done at %s can be struck by it", f.Name, f.Target)
	}
	var names []string
	for _, d := range p.order {
		names = append(names, string(d.ID))
	}
	return fmt.Errorf("the plant has no station or device %s; it has %s", f.Target, strings.Join(names, ", "))
}

// Possible reports whether the fault can ever happen at a station of a kind: it lasts, or strikes an act that is done there.
func (k FaultKind) Possible(at line.Kind) bool {
	if k.At != "" {
		return at == k.At
	}
	return k.Strikes == nil || slices.ContainsFunc(k.Strikes, func(t line.Task) bool { return repertoire.has(at, t) })
}

// Clear ends the fault with an id, every fault of a name, or with "all" every one, and returns how many it ended. What the fault
// has done stays done.
func (p *Plant) Clear(now time.Time, which string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	n := 0
	for _, f := range p.faults {
		if f.stage != over && (which == "all" || which == f.name() || which == string(f.Name)) {
			p.end(now, f)
			n++
		}
	}
	return n
}

// Faults lists the faults in the order of their injection.
func (p *Plant) Faults(now time.Time) []FaultState {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	list := make([]FaultState, len(p.faults))
	for i, f := range p.faults {
		list[i] = f.show()
	}
	return list
}

func (f *injected) name() string { return "F" + strconv.Itoa(f.id) }

func (f *injected) show() FaultState {
	return FaultState{ID: f.name(), Fault: f.Fault, Stage: string(f.stage), Injected: f.at.UTC(), Began: f.began.UTC(), Struck: f.struck}
}

// by is how much, as said or as the catalogue has it.
func (f *injected) by() float64 {
	if f.By > 0 {
		return f.By
	}
	return f.kind.By
}

// times is how many acts it strikes, as said or as the catalogue has it.
func (f *injected) times() int { return max(1, cmp.Or(f.Times, f.kind.Times)) }

// turn is a time at which the fault goes on: it begins, begins to wait, or ends.
func (p *Plant) turn(at time.Time, f *injected) {
	p.touchAll()
	switch f.stage {
	case pending:
		if f.kind.Strikes != nil || f.waits() || f.Name == LostAck {
			f.stage = armed
			return
		}
		p.begin(at, f, Event{})
	case stands:
		p.end(at, f)
	case armed, over:
	}
}

// begin lets a lasting fault stand. The event says which act it waited for.
func (p *Plant) begin(at time.Time, f *injected, of Event) {
	p.touchAll()
	f.stage = stands
	p.strikes(at, f, of)
	for _, d := range p.order {
		if f.covers(d) {
			p.befall(at, f.Name, d)
		}
	}
	if f.Name == TipWear || f.Name == DirtyGlass {
		p.wearOut(at, f)
	}
	lasts := f.For
	if lasts == 0 {
		lasts = f.kind.For
	}
	switch {
	case lasts > 0:
		p.schedule(due{at: at.Add(lasts), what: turn, fault: f})
	case f.kind.Once:
		f.stage = over
	}
}

// strikes writes down that the fault has come about.
func (p *Plant) strikes(at time.Time, f *injected, of Event) {
	f.began = at
	f.struck++
	of.At, of.What, of.Text = at, Struck, f.String()
	p.emit(of)
}

// befall is what a fault does to a device at the moment when it begins.
func (p *Plant) befall(at time.Time, name FaultName, d *device) {
	switch name {
	case EmergencyStop, EmergencyStopNotReset:
		d.alarm(line.AlarmEmergencyStop)
		p.halt(at, d)
	case ProtectiveStop:
		p.hold(at, d, line.AlarmProtectiveStop)
	case PLCReboot:
		_ = p.powerUp(d) // what could not be written stands in p.broken
	case PLCRebootForgets:
		d.retained = p.blank(d, at)
		_ = p.powerUp(d)
	case StaleHeartbeat:
		d.frozen = new(p.status(d))
	case StaleStatus:
		d.past.shown = []moment{{at, p.status(d)}}
	default: // it shows while it stands
	}
}

// end lets a fault be over.
func (p *Plant) end(at time.Time, f *injected) {
	p.touchAll()
	f.stage = over
	for _, d := range p.order {
		if !f.covers(d) {
			continue
		}
		switch f.Name {
		case StaleHeartbeat:
			d.frozen = nil
		case TesterTimeout:
			if d.working() {
				p.schedule(due{at: later(at, d.act.ends), what: finish, device: d, token: d.act.Token})
			}
		default: // nothing has to be put right
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// standing returns a fault of the name that stands at the device, or nil.
func (p *Plant) standing(name FaultName, d *device) *injected {
	for _, f := range p.faults {
		if f.stage == stands && f.Name == name && f.covers(d) {
			return f
		}
	}
	return nil
}

// meet lets the faults that wait for this act strike it. Those that last and wait for it begin in its middle.
func (p *Plant) meet(now time.Time, d *device, a *act) {
	for _, f := range p.faults {
		if f.stage != armed || beforehand[f.Name] != 0 || !f.covers(d) || !f.meets(a) || f.kind.Strikes != nil && !slices.Contains(f.kind.Strikes, line.Task(a.Task)) {
			continue
		}
		switch {
		case f.Name == DuplicateCode && !p.indexes(d, a):
			// no cell comes that could carry it
		case f.kind.Strikes != nil:
			a.faults = append(a.faults, f)
			if f.Name == LateDuplicate {
				again := a.Command
				p.schedule(due{at: now.Add(seconds(f.by())), what: repeat, device: d, block: &again})
			}
			p.strikes(now, f, a.event(now, d, Struck))
			if f.struck >= f.times() {
				f.stage = over
			}
		case f.Name == LostAck:
			p.begin(now, f, a.event(now, d, Struck))
		default:
			a.brings = append(a.brings, f)
		}
	}
}

// amid lets the faults begin that waited for the middle of this act, and those that make its device hold.
func (p *Plant) amid(at time.Time, d *device, a *act) {
	if a.struck(ElectrodeStuck) {
		p.hold(at, d, line.AlarmElectrodeStuck)
	}
	if a.struck(MaterialJam) {
		p.hold(at, d, line.AlarmMaterialJam)
	}
	for _, f := range a.brings {
		if f.stage == armed {
			p.begin(at, f, a.event(at, d, Struck))
		}
	}
}

// struck reports whether a fault has struck the act.
func (a *act) struck(name FaultName) bool {
	return slices.ContainsFunc(a.faults, func(f *injected) bool { return f.Name == name })
}

// by is how much of a fault has struck the act: 0 for none of it.
func (a *act) by(name FaultName) float64 {
	for _, f := range a.faults {
		if f.Name == name {
			return f.by()
		}
	}
	return 0
}

// Cut reports whether nothing goes over the wire to a device now, in either direction. A face that finds it so neither takes nor
// answers.
func (p *Plant) Cut(now time.Time, id line.DeviceID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	d := p.device(id)
	return slices.ContainsFunc(p.faults, func(f *injected) bool {
		if f.stage != stands || !f.covers(d) {
			return false
		}
		switch f.Name {
		case DropComms, LostAck, PLCReboot, PLCRebootForgets:
			return true
		case FlappingLink:
			return int(now.Sub(f.began)/seconds(f.by()))%2 == 0
		default:
			return false
		}
	})
}

// Torn reports whether the status of a device is changed while it is read.
func (p *Plant) Torn(now time.Time, id line.DeviceID) bool {
	return p.stands(now, TornBlock, id) != nil
}

// Exception returns the Modbus exception with which a device answers every request, and whether it obeys a command before it does so;
// 0 where it answers as it should.
func (p *Plant) Exception(now time.Time, id line.DeviceID) (code byte, obeys bool) {
	f := p.stands(now, ModbusException, id)
	if f == nil {
		return 0, false
	}
	code = byte(min(f.by(), math.MaxUint8))
	return code, code == 4 || code == 5 || code == 10 || code == 11
}

func (p *Plant) stands(now time.Time, name FaultName, id line.DeviceID) *injected {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.faults) == 0 {
		return nil
	}
	p.advance(now)
	return p.standing(name, p.device(id))
}

// Late returns how late a device answers.
func (p *Plant) Late(id line.DeviceID) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.standing(SlowAnswers, p.device(id)); f != nil {
		return seconds(f.by())
	}
	return 0
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Order is the order in which a device sends and takes its numbers, where it should be another.
func (p *Plant) Order(id line.DeviceID, configured tags.WordOrder) tags.WordOrder {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.standing(ByteOrder, p.device(id)) == nil {
		return configured
	}
	i := slices.Index(tags.WordOrders, configured)
	return tags.WordOrders[(i+1)%len(tags.WordOrders)]
}

// permissives is what the device's inputs say.
func (p *Plant) permissives(d *device) uint32 {
	given := line.PermissiveAuto | line.PermissiveGuards | line.PermissiveAir | line.PermissiveEnable
	for _, c := range []struct {
		name  FaultName
		takes uint32
	}{
		{NotAutomatic, line.PermissiveAuto},
		{GuardOpen, line.PermissiveGuards},
		{AirLow, line.PermissiveAir},
		{LocalEnableOff, line.PermissiveEnable},
		{EmergencyStop, line.PermissiveEnable},
		{EmergencyStopNotReset, line.PermissiveEnable},
		{ProtectiveStop, line.PermissiveEnable},
	} {
		if p.standing(c.name, d) != nil {
			given &^= c.takes
		}
	}
	return given
}

// safety is what the safety PLC tells through the device.
func (p *Plant) safety(d *device) (bits uint32) {
	for _, c := range []struct {
		name FaultName
		bit  uint32
	}{
		{EmergencyStop, line.SafetyEmergencyStop}, {ProtectiveStop, line.SafetyProtectiveStop}, {GuardOpen, line.SafetyGuardOpen},
	} {
		if p.standing(c.name, d) != nil {
			bits |= c.bit
		}
	}
	return bits
}

// reads is what the device's scanner reads in the nest; empty for an empty nest and where it reads nothing.
func (p *Plant) reads(d *device) string { return p.misread(d, p.world.reads(d.Station)) }

// misread is what becomes of a code on its way through the device's scanner.
func (p *Plant) misread(d *device, code string) string {
	switch {
	case code == "", len(p.faults) == 0:
	case p.standing(BarcodeUnreadable, d) != nil:
		return ""
	case p.standing(WrongPart, d) != nil:
		return foreign(code)
	}
	return code
}

// foreign is another code of the same kind.
func foreign(code string) string {
	if code == "" {
		return "SOMETHING-ELSE"
	}
	if strings.HasSuffix(code, "9") {
		return code[:len(code)-1] + "8"
	}
	return code[:len(code)-1] + "9"
}
