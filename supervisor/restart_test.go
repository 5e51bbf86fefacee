package supervisor_test

import (
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
)

// A pack comes back to a station for rework; the supervisor restarts while it lies in the nest.
func TestLeftPartComesBackAfterRestart(t *testing.T) {
	d := newDesk(t) // what follows is the journal only: the devices have told this incarnation nothing
	const weld = line.StationID("ST060")
	d.material(weld, noon.Add(1000*time.Hour))
	id := d.packAt(weld, line.Stack)
	d.fact(weld, id, line.PartArrived{Part: string(id)})
	d.fact(weld, id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.NOK, NOK: []int{3}, Next: line.ToRework})
	d.fact(weld, id, line.PartMoved{Part: string(id), To: "ST900"})
	d.fact("ST900", id, line.PartArrived{Part: string(id)})
	d.fact("ST900", id, line.ReworkDecided{Step: line.Weld, Indexes: []int{3}, Build: 2, By: "ali", Why: "x"})
	d.fact("ST900", id, line.PartMoved{Part: string(id), To: weld})
	d.Resume(d.now)
	d.running(weld, string(id))
	for range 60 {
		d.tick(time.Minute)
	}
	if s := d.station(weld); s.Part == "" {
		t.Fatalf("an hour in the nest: %s %q part %q alarms %q", s.State, s.Reason, s.Part, d.alarms())
	}
}

// A part was let go, and every scanner reads it still, or another that reads like it: that is not a disagreement, and the operator is
// told what it is. Once the nest was seen empty, what comes is what it reads like.
func TestPartThatWasLetGoIsStillRead(t *testing.T) {
	d := newDesk(t)
	const weld = line.StationID("ST060")
	d.material(weld, noon.Add(1000*time.Hour))
	id := d.packAt(weld, line.Stack)
	d.running(weld, "")
	d.fact(weld, id, line.PartArrived{Part: string(id)})
	d.fact(weld, id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.NOK, NOK: []int{3}, Next: line.ToRework})
	d.fact(weld, id, line.PartMoved{Part: string(id), To: "ST900"})
	d.status(weld, packml.Execute, string(id))
	d.tick(time.Second)
	d.tick(6 * time.Second)
	if text := d.active()["ST060/scanners-disagree"].Text; text != string(id)+" was let go and is still read in the nest" {
		t.Errorf("it says %q", text)
	}
	d.status(weld, packml.Execute, "")
	d.tick(time.Second)
	if a, is := d.active()["ST060/scanners-disagree"]; is {
		t.Errorf("the nest is empty, and it says %q", a.Text)
	}
}

// A cell lies in the nest that reads like the last one that left, and the supervisor restarts. What the scanners have shown in between
// is in no record, so the cell was not just let go: the operator is told what is read, and it is taken in as one that nobody knows.
func TestCellReadLikeTheLastOneAfterRestart(t *testing.T) {
	d := newDesk(t)
	const at, code = line.StationID("ST020"), line.CellID("C001")
	d.ask(line.AddOrder{Order: "o", Product: "ESS-P2", Quantity: 1})
	d.fact(at, "", line.MasterChecked{Verdict: line.OK, ValidUntil: noon.Add(time.Hour)})
	d.fact("ST010", "", line.PartArrived{})
	d.fact("ST010", "", line.CellReceived{Cell: code, Item: d.recipe.Cell.Item, Lot: "L1", Verdict: line.OK})
	d.fact("ST010", "", line.PartMoved{Part: string(code), To: at})
	d.fact(at, "", line.PartArrived{Part: string(code)})
	d.fact(at, "", line.CellGraded{Cell: code, Item: d.recipe.Cell.Item, Lot: "L1", CapacityAh: 281, Verdict: line.OK, Lane: 2})
	d.fact(at, "", line.PartMoved{Part: string(code), To: "LANE2"})
	d.Resume(d.now)
	d.running(at, string(code))
	d.tick(time.Second)
	d.tick(6 * time.Second)
	const alarm = "ST020/part-refused"
	if a := d.active()[alarm]; !strings.HasPrefix(a.Text, "C001 is read in the nest and is on record in its lane") || a.Action != "look into the nest and clean the scanners" {
		t.Errorf("alarms %q; to do: %q", d.alarms(), a.Action)
	}
	d.tick(3 * time.Minute)
	d.status(at, packml.Suspended, string(code))
	d.status(at, packml.Execute, string(code))
	if s := d.station(at); s.Act != "measure cell" {
		t.Errorf("three minutes in the nest: %s %q part %q act %q, alarms %q", s.State, s.Reason, s.Part, s.Act, d.alarms())
	}
}
