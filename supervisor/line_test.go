package supervisor_test

import (
	"io/fs"
	"math"
	"strings"
	"testing"
	"time"

	"linectl/examples"
	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
	"linectl/stations"
	"linectl/supervisor"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func storageRecipe(t testing.TB) *recipes.Recipe {
	t.Helper()
	const name = "reference/recipes/ESS-P2.yaml"
	source, err := fs.ReadFile(examples.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := recipes.Parse(name, source)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// desk is a line without devices, and the hands that feed it.
type desk struct {
	*supervisor.Line
	t      testing.TB
	recipe *recipes.Recipe
	now    time.Time
	config supervisor.Config
	seq    uint64
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, recipe: storageRecipe(t), now: noon}
	station := func(id line.StationID, k line.Kind) supervisor.StationConfig {
		roles, err := stations.Roles(k)
		if err != nil {
			t.Fatal(err)
		}
		c := supervisor.StationConfig{ID: id, Kind: k, Title: string(k), Buffer: 2}
		for _, r := range roles {
			c.Devices = append(c.Devices, supervisor.DeviceConfig{ID: line.DeviceID(string(id) + "." + string(r)), Role: r, Simulated: true})
		}
		return c
	}
	d.config = supervisor.Config{
		Name: "pilot", Version: "test", Simulated: true, Recipes: []*recipes.Recipe{d.recipe},
		Stations: []supervisor.StationConfig{
			station("ST010", line.Receive), station("ST020", line.Sort), station("ST040", line.Stack), station("ST060", line.Weld),
			station("ST070", line.Inspect), station("ST100", line.Assemble), station("ST130", line.EndOfLine), station("ST140", line.PackOut),
			station("ST900", line.Bench),
		},
	}
	l, err := supervisor.New(d.config, 1)
	if err != nil {
		t.Fatal(err)
	}
	d.Line = l
	return d
}

// fact lets the journal say something.
func (d *desk) fact(station line.StationID, pack line.PackID, f line.Fact) {
	d.Apply(line.Record{At: d.now, Station: station, Pack: pack, Fact: f})
}

// status lets every device of a station say that it is in a state, with a part in the nest.
func (d *desk) status(station line.StationID, state packml.State, part string) {
	for _, s := range d.config.Stations {
		if s.ID != station {
			continue
		}
		for _, dev := range s.Devices {
			e := line.DeviceStatus{Device: dev.ID, RetainID: 1, BootEpoch: 1, Machine: uint16(state), Permissives: math.MaxUint32, Part: part}
			if part != "" {
				e.Sensors = line.SensorPartPresent
			}
			d.Step(d.now, supervisor.Told{Event: e})
		}
	}
}

func (d *desk) ask(c line.Command) line.Reply {
	d.t.Helper()
	out := d.Step(d.now, supervisor.Asked{Request: line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Why: "test", Command: c}})
	if len(out.Replies) != 1 {
		d.t.Fatalf("%d answers to %+v", len(out.Replies), c)
	}
	return out.Replies[0]
}

// running brings a station to Execute.
func (d *desk) running(station line.StationID, part string) {
	d.t.Helper()
	d.status(station, packml.Stopped, part)
	for _, c := range []struct {
		command string
		arrives packml.State
	}{{"Reset", packml.Idle}, {"Start", packml.Execute}} {
		if r := d.ask(line.Machine{Target: string(station), Command: c.command}); !r.Accepted {
			d.t.Fatal(r.Text)
		}
		d.status(station, c.arrives, part)
	}
}

func (d *desk) station(id line.StationID) line.StationSnapshot {
	for _, s := range d.Snapshot(d.now).Stations {
		if s.Station == id {
			return s
		}
	}
	d.t.Fatalf("no station %s", id)
	return line.StationSnapshot{}
}

// packAt puts a pack with its set before a station, with the steps that are named OK.
func (d *desk) packAt(station line.StationID, done ...line.Kind) line.PackID {
	d.t.Helper()
	const id = line.PackID("ESS-P2-000001")
	d.fact("", "", line.OrderAdded{Order: "o", Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash, Quantity: 1})
	d.fact("", id, line.PackStarted{Order: "o", Number: 1, Product: "ESS-P2", Revision: d.recipe.Revision, Hash: d.recipe.Hash})
	set := line.SetReserved{}
	for slot := 1; slot <= d.recipe.Cells(); slot++ {
		set.Slots = append(set.Slots, line.SlotCell{Slot: slot, Group: d.recipe.GroupOf(slot), Module: d.recipe.ModuleOf(slot), Cell: line.CellID("C" + string(rune('A'+slot))), Lot: "L1"})
	}
	d.fact("ST020", id, set)
	d.fact("ST040", id, line.PartArrived{Part: string(id)})
	for _, k := range done {
		for _, s := range d.config.Stations {
			if s.Kind == k {
				if k != line.Stack {
					d.fact(s.ID, id, line.PartArrived{Part: string(id)})
				}
				d.fact(s.ID, id, line.StepDone{Part: string(id), Step: k, Build: 1, Verdict: line.OK, Clean: true})
				d.fact(s.ID, id, line.PartMoved{Part: string(id), To: station})
			}
		}
	}
	return id
}

func (d *desk) material(station line.StationID, expiry time.Time) {
	for _, m := range d.recipe.Materials {
		quantity := 1e6
		if m.Level == "serial" {
			quantity = m.Quantity
		}
		d.fact(station, "", line.MaterialLoaded{Item: m.Item, Lot: line.LotID("LOT-" + m.Item), Quantity: quantity, Expiry: expiry})
	}
}

func TestRouteCheckSaysWhyAndWhatToDo(t *testing.T) {
	const weld = line.StationID("ST060")
	tests := []struct {
		name string
		set  func(*desk) (at line.StationID, nest string)
		want string // "" = let in
	}{
		{"everything given", func(d *desk) (line.StationID, string) {
			d.material(weld, noon.Add(time.Hour))
			return weld, string(d.packAt(weld, line.Stack))
		}, ""},
		{"an earlier step is missing", func(d *desk) (line.StationID, string) {
			d.material("ST070", noon.Add(time.Hour))
			d.fact("ST070", "", line.MasterChecked{Verdict: line.OK, ValidUntil: noon.Add(time.Hour)})
			return "ST070", string(d.packAt("ST070", line.Stack))
		}, "step weld is not OK for its present build"},
		{"the pack is held", func(d *desk) (line.StationID, string) {
			d.material(weld, noon.Add(time.Hour))
			id := d.packAt(weld, line.Stack)
			d.fact("", "", line.HoldSet{Subject: string(id), By: "Quality", Reason: "case H-0042"})
			return weld, string(id)
		}, "ESS-P2-000001 is held by Quality: case H-0042"},
		{"a lot in the pack is held", func(d *desk) (line.StationID, string) {
			d.material(weld, noon.Add(time.Hour))
			id := d.packAt(weld, line.Stack)
			d.fact("", "", line.HoldSet{Subject: "L1", By: "Quality", Reason: "supplier's call"})
			return weld, string(id)
		}, "holds cells of lot L1, held by Quality: supplier's call"},
		{"a part that does not belong", func(d *desk) (line.StationID, string) {
			d.packAt(weld, line.Stack)
			return weld, "EV-P1-000009"
		}, "EV-P1-000009 lies in the nest and does not belong here"},
		{"the time since the last step is over", func(d *desk) (line.StationID, string) {
			id := d.packAt(weld, line.Stack)
			d.now = d.now.Add(1000 * time.Hour)
			d.material(weld, d.now.Add(time.Hour))
			return weld, string(id)
		}, "stack was 1000h0m0s ago, allowed are"},
		{"material expired", func(d *desk) (line.StationID, string) {
			d.fact("ST070", "", line.MasterChecked{Verdict: line.OK, ValidUntil: noon.Add(time.Hour)})
			d.material("ST100", noon.Add(-time.Hour))
			return "ST100", string(d.packAt("ST100", line.Stack, line.Weld, line.Inspect))
		}, "expired 23 Nov 11:00 UTC: fetch a new one"},
		{"material missing", func(d *desk) (line.StationID, string) {
			return "ST100", string(d.packAt("ST100", line.Stack, line.Weld, line.Inspect))
		}, "scan a lot in"},
		{"pack-out without raw evidence, whatever the steps say", func(d *desk) (line.StationID, string) {
			d.material("ST140", noon.Add(time.Hour))
			return "ST140", string(d.packAt("ST140", line.Stack, line.Weld, line.Inspect, line.Assemble, line.EndOfLine))
		}, "may not be packed out: bind carrier has no OK result"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			at, nest := tt.set(d)
			d.running(at, nest)
			s := d.station(at)
			if tt.want == "" {
				if s.Part != nest {
					t.Fatalf("%s was not let in: %s", nest, s.Reason)
				}
				return
			}
			if s.Part != "" || !strings.Contains(s.Reason, tt.want) {
				t.Fatalf("part in work %q, reason %q; want it refused with %q", s.Part, s.Reason, tt.want)
			}
			if len(d.Snapshot(d.now).Alarms) == 0 {
				t.Error("nobody is told")
			}
		})
	}
}

func TestRefusedRequestsSayWhatToDo(t *testing.T) {
	tests := []struct {
		command line.Command
		want    string
	}{
		{line.Machine{Target: "ST060", Command: "Start"}, "cannot Start while Stopped; Reset first"},
		{line.Machine{Target: "ST060", Command: "Reset"}, "ST060.robot has not answered yet"},
		{line.Machine{Target: "ST999", Command: "Reset"}, "no station ST999; stations are ST010 ST020"},
		{line.Machine{Target: "line", Command: "Dance"}, "Dance"},
		{line.AddOrder{Order: "a", Product: "EV-P9", Quantity: 1}, `no approved recipe for "EV-P9"; products are ESS-P2`},
		{line.AddOrder{Order: "a", Product: "ESS-P2", Quantity: 0}, "give a name and 1 to 100000 packs"},
		{line.DecideRework{Pack: "ESS-P2-000001"}, "no pack ESS-P2-000001 is in process"},
		{line.LoadMaterial{Station: "ST100", Item: "gap-filler", Lot: "G33", Quantity: 1, Expiry: noon.Add(-time.Hour)}, "lot G33 expired 23 Nov 2026: fetch a new one"},
		{line.LoadMaterial{Station: "ST100", Item: "gap-filler", Lot: "G33", Expiry: noon.Add(time.Hour)}, "a quantity"},
		{line.ServiceTool{Station: "ST070", Action: "clean"}, "ST070 has no tool that is serviced"},
		{line.ServiceTool{Station: "ST060", Action: "polish"}, "services are clean, dress and replace"},
		{line.Hold{Subject: "L1", Release: true}, "L1 is not held"},
		{line.Hold{Subject: "EV-P1-000001"}, "is no pack in process, no lot and no station"},
		{line.LoadMaterial{Station: "ST140", Item: "lable", Lot: "L1", Quantity: 1, Expiry: noon.Add(time.Hour)}, "no recipe uses lable at ST140; used there: label"},
		{line.LoadMaterial{Station: "ST100", Item: "bms-200a", Lot: "BMS-7", Quantity: 2, Expiry: noon.Add(time.Hour)}, "scan what one pack takes, 1"},
		{line.AcknowledgeAlarm{Alarm: "ST060/none"}, "no alarm ST060/none is open"},
	}
	for _, tt := range tests {
		d := newDesk(t)
		if r := d.ask(tt.command); r.Accepted || !strings.Contains(r.Text, tt.want) {
			t.Errorf("%+v: accepted %t, %q; want it refused with %q", tt.command, r.Accepted, r.Text, tt.want)
		}
	}
}

func TestRequestAskedTwiceIsDoneOnce(t *testing.T) {
	d := newDesk(t)
	q := supervisor.Asked{Request: line.Request{ID: "r1", By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 2}}}
	first := d.Step(d.now, q)
	if len(first.Records) == 0 || !first.Replies[0].Accepted {
		t.Fatalf("%+v", first)
	}
	reply := first.Replies[0]
	if again := d.Step(d.now, q); len(again.Records) != 0 || again.Replies[0] != reply {
		t.Errorf("the second time: %d records, %+v; want none and the first answer", len(again.Records), again.Replies)
	}
	if n := len(d.Snapshot(d.now).Orders); n != 1 {
		t.Errorf("%d orders", n)
	}
}

func TestEveryRequestIsRecorded(t *testing.T) {
	d := newDesk(t)
	for _, c := range []line.Command{line.Machine{Target: "line", Command: "Start"}, line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1}} {
		out := d.Step(d.now, supervisor.Asked{Request: line.Request{ID: "x", By: "ali", Account: "local:ali", Origin: line.FromLocal, Why: "because", Command: c}})
		if len(out.Replies) == 0 {
			t.Fatal("no answer")
		}
		d.t.Logf("%+v", out.Replies[0])
		found := false
		for _, r := range out.Records {
			if f, ok := r.Fact.(line.CommandApplied); ok {
				found = f.By == "ali" && f.Why == "because" && f.Accepted == out.Replies[0].Accepted && f.Reply == out.Replies[0].Text
			}
		}
		if !found && len(out.Records) > 0 {
			t.Errorf("%+v: no record of who, why and what came of it in %+v", c, out.Records)
		}
		d = newDesk(t)
	}
}

func TestLineComesBackAtRest(t *testing.T) {
	d := newDesk(t)
	d.running("ST060", "")
	again, err := supervisor.New(d.config, 2)
	if err != nil {
		t.Fatal(err)
	}
	again.Apply(line.Record{At: noon, Station: "ST060", Fact: line.StateChanged{From: "Starting", To: "Execute", Cause: "Start by ali"}})
	again.Apply(line.Record{At: noon, Station: "ST060", Fact: line.Intent{Token: line.NewToken(1, 9), Device: "ST060.robot", Task: line.TaskPosition, Part: "P"}})
	out := again.Resume(noon)
	if len(out.Jobs) != 1 || out.Jobs[0].Op != line.Reconcile || out.Jobs[0].Token != line.NewToken(1, 9) {
		t.Errorf("the open act is not asked about first: %+v", out.Jobs)
	}
	for _, s := range again.Snapshot(noon).Stations {
		if want := map[bool]string{true: "Aborted", false: "Stopped"}[s.Station == "ST060"]; s.State != want {
			t.Errorf("%s came back in %s, want %s", s.Station, s.State, want)
		}
	}
	if again.Token() <= line.NewToken(1, 9) {
		t.Errorf("the next token is %s", again.Token())
	}
}

func TestSimulatedRecordsAndRealPartsNeverMeet(t *testing.T) {
	d := newDesk(t)
	d.Resume(noon)
	again := d.config
	for _, simulated := range []bool{true, false} {
		again.Simulated = simulated
		l, err := supervisor.New(again, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Fits(); err != nil {
			t.Errorf("an empty journal is refused: %v", err)
		}
		l.Apply(line.Record{At: noon, Fact: line.LineStarted{Fence: 1, Simulated: true}})
		if err := l.Fits(); (err == nil) != simulated {
			t.Errorf("line simulated=%t over simulated records: %v", simulated, err)
		}
	}
}
