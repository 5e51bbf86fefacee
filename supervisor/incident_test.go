package supervisor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"
)

func (d *desk) tick(after time.Duration) supervisor.Output {
	d.now = d.now.Add(after)
	return d.Step(d.now, supervisor.Tick{})
}

// did lets the journal say that an act was opened and ended.
func (d *desk) did(station line.StationID, pack line.PackID, part string, k line.Task, i int, v line.Verdict) {
	d.seq++
	tok := line.NewToken(1, d.seq)
	dev := line.DeviceID(string(station) + ".robot")
	d.fact(station, pack, line.Intent{Token: tok, Device: dev, Task: k, Index: i, Part: part})
	d.fact(station, pack, line.ActDone{Token: tok, Device: dev, Task: k, Index: i, Part: part, Verdict: v, Outcome: line.OutcomeOK})
}

func (d *desk) alarms() string {
	var s []string
	for _, a := range d.Snapshot(d.now).Alarms {
		if a.Active {
			s = append(s, a.Alarm+": "+a.Text)
		}
	}
	return strings.Join(s, " | ")
}

// A NOK of the BMS is "reworked" by doing nothing.
func TestReworkOfBMSDoesNothing(t *testing.T) {
	d := newDesk(t)
	d.material("ST100", noon.Add(1000*time.Hour))
	id := d.packAt("ST100", line.Stack, line.Weld, line.Inspect)
	d.fact("ST100", id, line.PartArrived{Part: string(id)})
	for i := 1; i <= 2; i++ {
		d.did("ST100", id, string(id), line.TaskPlaceModule, i, line.OK)
	}
	for i := 1; i <= 4; i++ {
		d.did("ST100", id, string(id), line.TaskFasten, i, line.OK)
	}
	d.did("ST100", id, string(id), line.TaskConnectBMS, 0, line.NOK)
	d.did("ST100", id, string(id), line.TaskFlashBMS, 0, line.OK)
	d.fact("ST100", id, line.StepDone{Part: string(id), Step: line.Assemble, Build: 1, Verdict: line.NOK, Next: line.ToRework})
	d.fact("ST100", id, line.PartMoved{Part: string(id), To: "ST900"})
	d.fact("ST900", id, line.PartArrived{Part: string(id)})
	if r := d.ask(line.DecideRework{Pack: id}); !r.Accepted {
		t.Fatal(r.Text)
	}
	d.tick(0)
	d.fact("ST900", id, line.PartMoved{Part: string(id), To: "ST100"})
	d.status("ST100", packml.Stopped, "")
	d.status("ST100", packml.Stopped, string(id))
	d.ask(line.Machine{Target: "ST100", Command: "Reset"})
	d.status("ST100", packml.Idle, string(id))
	d.ask(line.Machine{Target: "ST100", Command: "Start"})
	for _, r := range d.tick(0).Records {
		t.Logf("%+v", r.Fact)
	}
	for _, dev := range []line.DeviceID{"ST100.robot", "ST100.plc"} {
		out := d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{Device: dev, RetainID: 1, Machine: 6, Permissives: 0xffffffff, Part: string(id), Sensors: 1}})
		for _, r := range out.Records {
			t.Logf("%s %+v", line.FactName(r.Fact), r.Fact)
			if f, ok := r.Fact.(line.StepDone); ok && f.Verdict == line.OK {
				t.Fatalf("assemble is OK in build %d after %d acts; connect BMS is NOK still", f.Build, f.Acts)
			}
		}
	}
}

// A pack waits at the bench over night; its rework is refused and nothing can take it away.
func TestReworkAfterNightBlocksWelding(t *testing.T) {
	d := newDesk(t)
	const weld = line.StationID("ST060")
	d.material(weld, noon.Add(1000*time.Hour))
	id := d.packAt(weld, line.Stack)
	d.fact(weld, id, line.PartArrived{Part: string(id)})
	for joint := 1; joint <= 32; joint++ {
		if joint%16 == 1 {
			d.did(weld, id, string(id), line.TaskPosition, joint, line.OK)
		}
		d.did(weld, id, string(id), line.TaskWeldLaser, joint, map[bool]line.Verdict{true: line.NOK, false: line.OK}[joint == 3])
	}
	d.fact(weld, id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.NOK, NOK: []int{3}, Next: line.ToRework})
	d.fact(weld, id, line.PartMoved{Part: string(id), To: "ST900"})
	d.fact("ST900", id, line.PartArrived{Part: string(id)})
	d.now = d.now.Add(9 * time.Hour)
	if r := d.ask(line.DecideRework{Pack: id}); !r.Accepted {
		t.Fatal(r.Text)
	}
	d.fact("ST900", id, line.PartMoved{Part: string(id), To: weld})
	d.status(weld, packml.Stopped, "") // seen empty meanwhile
	d.running(weld, string(id))
	d.tick(time.Hour)
	if s := d.station(weld); s.Part != string(id) || !strings.HasPrefix(s.Act, "position weld head 3") {
		t.Errorf("the rework of joint 3 does not begin: part %q, act %q, %s", s.Part, s.Act, s.Reason)
	}
}

// One cell is taken from the conveyor by hand.
func TestLostCellStarvesTheLine(t *testing.T) {
	d := newDesk(t)
	d.ask(line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1})
	cell := func(i int, lost bool) {
		c := line.CellID(fmt.Sprintf("C%03d", i))
		d.fact("ST010", "", line.PartArrived{})
		d.fact("ST010", "", line.CellReceived{Cell: c, Item: d.recipe.Cell.Item, Lot: "L1", Verdict: line.OK})
		d.fact("ST010", "", line.PartMoved{Part: string(c), To: "ST020"})
		if lost {
			return
		}
		v := func(x float64) *float64 { return &x }
		d.fact("ST020", "", line.PartArrived{Part: string(c)})
		d.fact("ST020", "", line.CellGraded{Cell: c, Item: d.recipe.Cell.Item, Lot: "L1", CapacityAh: 281, Verdict: line.OK, Lane: 2, Measurements: []line.Measurement{{Name: "ocv", Value: v(3.283)}, {Name: "acir", Value: v(0.00018)}}})
		d.fact("ST020", "", line.PartMoved{Part: string(c), To: "LANE2"})
	}
	cell(1, true)
	for i := 2; i <= 16; i++ {
		cell(i, false)
	}
	d.running("ST010", "")
	d.running("ST020", "")
	for range 100 {
		d.tick(time.Minute)
	}
	s := d.station("ST010")
	if strings.Contains(s.Reason, "enough cells are on their way") && !strings.Contains(d.alarms(), "ST010") && !strings.Contains(d.alarms(), "ST020") {
		t.Fatalf("after 100 minutes: %s %q; pool %d; alarms %q", s.State, s.Reason, d.Snapshot(d.now).Cells.Pool, d.alarms())
	}
	if r := d.ask(line.WriteOff{Station: "ST020", Part: "C001"}); !r.Accepted {
		t.Fatal(r.Text)
	}
	if n := d.Snapshot(d.now).Cells.Pool; n != 15 {
		t.Errorf("with the lost cell written off %d good cells are in the pool, want 15", n)
	}
}

// A device aborts while the station starts.
func TestAbortWhileStartingIsClearedBySoftware(t *testing.T) {
	d := newDesk(t)
	d.status("ST060", packml.Stopped, "")
	d.ask(line.Machine{Target: "ST060", Command: "Reset"})
	d.status("ST060", packml.Idle, "")
	d.ask(line.Machine{Target: "ST060", Command: "Start"})
	out := d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{Device: "ST060.welder", RetainID: 1, Machine: uint16(packml.Aborted), Permissives: 0xffffffff}})
	for _, j := range out.Jobs {
		if j.Op == line.MachineCommand && j.Machine == uint16(packml.CmdClear) {
			t.Fatalf("%s is told Clear by nobody; station %s, alarms %q", j.Device, d.station("ST060").State, d.alarms())
		}
	}
}

// The last cell of a set goes to quarantine and stays in the set.
func TestQuarantinedCellStaysInSet(t *testing.T) {
	d := newDesk(t)
	d.ask(line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1})
	v := func(x float64) *float64 { return &x }
	var set *line.SetReserved
	watch := func() {
		for _, r := range d.tick(0).Records {
			if f, ok := r.Fact.(line.SetReserved); ok {
				set = &f
			}
		}
	}
	for i := 1; i <= 16; i++ {
		c := line.CellID(fmt.Sprintf("C%03d", i))
		d.fact("ST010", "", line.PartArrived{})
		d.fact("ST010", "", line.CellReceived{Cell: c, Item: d.recipe.Cell.Item, Lot: "L1", Verdict: line.OK})
		d.fact("ST010", "", line.PartMoved{Part: string(c), To: "ST020"})
		d.fact("ST020", "", line.PartArrived{Part: string(c)})
		d.did("ST020", "", string(c), line.TaskMeasureCell, 0, line.OK)
		d.fact("ST020", "", line.CellGraded{Cell: c, Item: d.recipe.Cell.Item, Lot: "L1", CapacityAh: 281, Verdict: line.OK, Lane: 2, Measurements: []line.Measurement{{Name: "ocv", Value: v(3.283)}, {Name: "acir", Value: v(0.00018)}}})
		watch()
		d.seq++
		tok := line.NewToken(1, d.seq)
		d.fact("ST020", "", line.Intent{Token: tok, Device: "ST020.robot", Task: line.TaskPlaceCell, Part: string(c)})
		if i < 16 {
			d.fact("ST020", "", line.ActDone{Token: tok, Task: line.TaskPlaceCell, Part: string(c), Verdict: line.OK})
			d.fact("ST020", "", line.PartMoved{Part: string(c), To: "LANE2"})
			continue
		}
		d.fact("ST020", "", line.ActQuarantined{Token: tok, Device: "ST020.robot", Task: line.TaskPlaceCell, Part: string(c)})
		out := d.tick(0)
		for _, r := range out.Records {
			t.Logf("%s %+v", line.FactName(r.Fact), r.Fact)
		}
	}
	d.material("ST040", noon.Add(1000*time.Hour))
	d.running("ST040", "")
	s := d.station("ST040")
	if set != nil && s.Part != "" {
		t.Fatalf("%s is being stacked (%s) with a set that holds C016, which is in quarantine: slot %+v; alarms %q", s.Part, s.Act, set.Slots[15], d.alarms())
	}
}

// The guard is open and the station goes on.
func TestGuardOpenAndStillAsked(t *testing.T) {
	d := newDesk(t)
	const weld = line.StationID("ST060")
	d.material(weld, noon.Add(1000*time.Hour))
	id := d.packAt(weld, line.Stack)
	d.running(weld, string(id)) // opens "position 1"
	for _, dev := range []line.DeviceID{"ST060.robot", "ST060.welder"} {
		d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{Device: dev, RetainID: 1, BootEpoch: 1, Machine: 6, Permissives: line.PermissiveAuto | line.PermissiveAir | line.PermissiveEnable, Part: string(id), Sensors: 1}})
	}
	e := line.ActFinished{Device: "ST060.robot", Token: line.NewToken(1, 1), Outcome: line.OutcomeOK, Part: string(id), Index: 1}
	out := d.Step(d.now, supervisor.Told{Event: e})
	for _, r := range out.Records {
		if f, ok := r.Fact.(line.Intent); ok {
			t.Fatalf("guard open and %s %d is ordered; state %s alarms %q", f.Name, f.Index, d.station(weld).State, d.alarms())
		}
	}
}

// The foreign part is taken out and the alarm stays.
func TestPartRefusedNeverClears(t *testing.T) {
	d := newDesk(t)
	d.packAt("ST060", line.Stack)
	d.running("ST060", "EV-P1-000009")
	d.status("ST060", packml.Execute, "")
	for range 10 {
		d.tick(time.Minute)
	}
	if a := d.alarms(); strings.Contains(a, "part-refused") {
		t.Fatalf("nest is empty for 10 minutes; %s", a)
	}
}

// A release of unknown outcome, and the next pack lies in the nest.
func TestReleaseUnknownAndNextPartInNest(t *testing.T) {
	d, id := releaseUnknown(t, true)
	if s := d.station("ST060"); s.Part == string(id) {
		t.Fatalf("an hour later: %s %q part %s, alarms %q", s.State, s.Reason, s.Part, d.alarms())
	}
}

// A release of unknown outcome, and the scanners read a code that was never sent here: the pack may lie there all the same.
func TestReleaseUnknownAndAStrangeCodeInNest(t *testing.T) {
	d, id := releaseUnknown(t, false)
	s := d.station("ST060")
	if s.Part != string(id) || !strings.Contains(d.alarms(), "ESS-P2-000002 is read in the nest and was not sent here") {
		t.Fatalf("an hour later: %s part %q, alarms %q", s.State, s.Part, d.alarms())
	}
	d.status("ST060", packml.Execute, "") // somebody has looked: it lies there no more
	if s := d.station("ST060"); s.Part == string(id) {
		t.Fatalf("the nest is empty and the pack is still on record there: %s %q", s.State, s.Reason)
	}
}

// releaseUnknown lets a welding station ask for the release of a pack of which the robot cannot say what became, and read another one
// in the nest from then on, which was sent there or not.
func releaseUnknown(t *testing.T, sent bool) (*desk, line.PackID) {
	t.Helper()
	d := newDesk(t)
	const weld = line.StationID("ST060")
	id := d.packAt(weld, line.Stack)
	d.running(weld, "")
	d.fact(weld, id, line.PartArrived{Part: string(id)})
	d.fact(weld, id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.OK})
	d.fact(weld, id, line.Intent{Token: line.NewToken(1, 1), Device: "ST060.robot", Task: line.TaskRelease, Part: string(id)})
	const next = line.PackID("ESS-P2-000002")
	if sent {
		d.fact("", next, line.PackStarted{Order: "o", Number: 2, Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash})
		d.fact("ST040", next, line.PartMoved{Part: string(next), To: weld})
	}
	d.status(weld, packml.Execute, string(next))
	d.Step(d.now, supervisor.Told{Event: line.ActUnknown{Device: "ST060.robot", Token: line.NewToken(1, 1)}})
	for range 60 {
		d.tick(time.Minute)
	}
	return d, id
}

// The reference part cannot be measured.
func TestMasterUnknownForEver(t *testing.T) {
	d := newDesk(t)
	const at = line.StationID("ST070")
	id := d.packAt(at, line.Stack, line.Weld)
	d.running(at, string(id))
	n := 0
	for i := 1; i <= 500; i++ {
		f := line.ActFinished{Device: "ST070.meter", Token: line.NewToken(1, uint64(i)), Outcome: line.OutcomeAborted}
		for _, r := range d.Step(d.now, supervisor.Told{Event: f}).Records {
			if _, ok := r.Fact.(line.MasterChecked); ok {
				n++
			}
		}
		d.tick(time.Second)
	}
	if n > 10 {
		t.Fatalf("%d master checks of unknown outcome; state %s, alarms %q", n, d.station(at).State, d.alarms())
	}
}

// A device suspends by itself.
func TestSelfSuspendedDeviceStallsSilently(t *testing.T) {
	d := newDesk(t)
	const weld = line.StationID("ST060")
	d.material(weld, noon.Add(1000*time.Hour))
	id := d.packAt(weld, line.Stack)
	d.status(weld, packml.Stopped, string(id))
	d.running(weld, "")
	d.status(weld, packml.Suspended, string(id))
	for range 60 {
		d.tick(time.Minute)
	}
	if s := d.station(weld); s.State == "Execute" && d.alarms() == "" {
		t.Fatalf("an hour: station %s, devices %s, part %q act %q reason %q, no alarm", s.State, s.Devices[0].State, s.Part, s.Act, s.Reason)
	}
}

// Lot held after its cells are in a set; readings expired before stacking.
func TestStackExpiredReadings(t *testing.T) {
	d := newDesk(t)
	d.ask(line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1})
	id := line.PackID("ESS-P2-000001")
	set := line.SetReserved{}
	for slot := 1; slot <= 16; slot++ {
		set.Slots = append(set.Slots, line.SlotCell{Slot: slot, Cell: line.CellID(fmt.Sprintf("C%d", slot)), Lot: "L1"})
	}
	d.fact("ST020", id, set)
	d.now = d.now.Add(30 * 24 * time.Hour) // validity is 120 h
	d.material("ST040", d.now.Add(1000*time.Hour))
	d.running("ST040", "")
	if s := d.station("ST040"); s.Part == string(id) {
		t.Fatalf("stacked %s after 30 days, validity %s", s.Part, d.recipe.Cell.Validity)
	}
}

func TestWorstJointOutsideTheField(t *testing.T) {
	d := newDesk(t)
	const at = line.StationID("ST070")
	id := d.packAt(at, line.Stack, line.Weld)
	d.fact(at, id, line.PartArrived{Part: string(id)})
	v := func(x float64) *float64 { return &x }
	n := uint64(0)
	act := func(dev line.DeviceID, k line.Task, i int, verdict line.Verdict, ms ...line.Measurement) {
		n++
		d.fact(at, id, line.Intent{Token: line.NewToken(1, n), Device: dev, Task: k, Index: i, Part: string(id)})
		d.fact(at, id, line.ActDone{Token: line.NewToken(1, n), Device: dev, Task: k, Index: i, Part: string(id), Verdict: verdict, Measurements: ms})
	}
	bad := []line.Measurement{{Name: "holeSize", Index: 1, Value: v(0.001), Verdict: line.NOK}, {Name: "worstJoint", Index: 1, Value: v(0)}}
	act("ST070.meter", line.TaskJointResistance, 1, line.OK)
	act("ST070.vision", line.TaskVision, 1, line.NOK, bad...)
	act("ST070.vision", line.TaskVision, 1, line.NOK, bad...)
	act("ST070.meter", line.TaskJointResistance, 17, line.OK)
	act("ST070.vision", line.TaskVision, 17, line.OK)
	for _, r := range d.tick(0).Records {
		t.Logf("%s %+v", line.FactName(r.Fact), r.Fact)
	}
	d.fact(at, id, line.PartMoved{Part: string(id), To: "ST900"})
	for _, r := range d.Step(d.now, supervisor.Asked{Request: line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Why: "x", Command: line.DecideRework{Pack: id}}}).Records {
		if f, ok := r.Fact.(line.ReworkDecided); ok {
			t.Fatalf("rework of joints %v of a pack with 32 joints", f.Indexes)
		}
	}
}

// A lot is condemned when its cells are in a set; the next set waits behind it.
func TestHeldSetBlocksTheStacker(t *testing.T) {
	d := newDesk(t)
	d.fact("", "", line.OrderAdded{Order: "o", Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash, Quantity: 2})
	for n := 1; n <= 2; n++ {
		id := line.PackID(fmt.Sprintf("ESS-P2-%06d", n))
		d.fact("", id, line.PackStarted{Order: "o", Number: n, Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash})
		set := line.SetReserved{}
		for slot := 1; slot <= 16; slot++ {
			set.Slots = append(set.Slots, line.SlotCell{Slot: slot, Cell: line.CellID(fmt.Sprintf("C%d-%d", n, slot)), Lot: line.LotID(fmt.Sprintf("L%d", n))})
		}
		d.fact("ST020", id, set)
	}
	d.material("ST040", noon.Add(1000*time.Hour))
	d.ask(line.Hold{Subject: "L1"})
	d.running("ST040", "")
	d.tick(time.Hour)
	r := d.ask(line.DecideRework{Pack: "ESS-P2-000001", Scrap: true})
	if s := d.station("ST040"); s.Part == "" {
		t.Fatalf("%s; pack 2 of lot L2 waits behind; scrap: %s", s.Reason, r.Text)
	}
}

// The lot of a consumable is changed in the middle of a visit.
func TestLotChangedInVisit(t *testing.T) {
	d := newDesk(t)
	id := d.packAt("ST060", line.Stack)
	d.fact("ST060", "", line.MaterialLoaded{Item: "shield-gas-n2", Lot: "OLD", Quantity: 10, Expiry: noon.Add(time.Hour)})
	d.fact("ST060", id, line.PartArrived{Part: string(id)})
	for i := 1; i <= 32; i++ {
		if i%16 == 1 {
			d.did("ST060", id, string(id), line.TaskPosition, i, line.OK)
		}
		if i == 32 {
			d.fact("ST060", "", line.MaterialLoaded{Item: "shield-gas-n2", Lot: "NEW", Quantity: 10, Expiry: noon.Add(time.Hour)})
		}
		d.did("ST060", id, string(id), line.TaskWeldLaser, i, line.OK)
	}
	for _, r := range d.tick(0).Records {
		if f, ok := r.Fact.(line.StepDone); ok && len(f.Used) == 1 && f.Used[0].Lot == "NEW" {
			t.Fatalf("31 of 32 joints were welded under OLD, recorded is %+v", f.Used)
		}
	}
}

// The receipt's own limits (scanAttempts <= 3, disposition reject) and the device's NOK do not matter.
func TestNOKScanAccepted(t *testing.T) {
	d := newDesk(t)
	code := line.CellID("ABCCBLF123456711A0000001")
	d.config.Supplier = map[line.CellID]line.SupplierCell{code: {Cell: code, Item: d.recipe.Cell.Item, Lot: "L1", Produced: noon.AddDate(0, 0, -10), StateOfCharge: 30}}
	l, err := supervisor.New(d.config, 1)
	if err != nil {
		t.Fatal(err)
	}
	d.Line = l
	d.ask(line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1})
	d.running("ST010", "")
	e := line.ActFinished{Device: "ST010.scanner", Token: line.NewToken(1, 1), Outcome: line.OutcomeNOK, Reason: 7, Part: string(code)}
	e.Values[0], e.Values[1] = 4, 9
	for _, r := range d.Step(d.now, supervisor.Told{Event: e}).Records {
		t.Logf("%s %+v", line.FactName(r.Fact), r.Fact)
		if f, ok := r.Fact.(line.CellReceived); ok && f.Verdict == line.OK {
			t.Fatal("accepted")
		}
	}
}

// A service that the device cannot confirm is asked for without end.
func TestServiceWithoutEnd(t *testing.T) {
	d := newDesk(t)
	const weld = line.StationID("ST060")
	d.material(weld, noon.AddDate(1, 0, 0))
	id := d.packAt(weld, line.Stack)
	d.fact(weld, "", line.ToolServiced{Tool: "protective glass", Action: "clean", By: "ali"})
	d.running(weld, string(id))
	n := 0
	for i := uint64(1); i <= 300; i++ {
		for _, r := range d.Step(d.now, supervisor.Told{Event: line.ActFinished{Device: "ST060.welder", Token: line.NewToken(1, i), Outcome: line.OutcomeNOK}}).Records {
			if f, ok := r.Fact.(line.ActDone); ok && f.Task == line.TaskServiceTip {
				n++
			}
		}
	}
	if n > 10 {
		t.Fatalf("%d services NOK, state %s, alarms %q", n, d.station(weld).State, d.alarms())
	}
}
