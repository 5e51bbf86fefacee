package virtual_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/supervisor"
)

var errPowerCut = errors.New("power cut")

// mortal is a store whose process dies at a chosen append: after the records became durable, or before.
type mortal struct {
	kept    *[]line.Record
	in      int  // appends until death; 0 = immortal
	durable bool // the last append still became durable
}

func (m *mortal) Append(records []line.Record) (uint64, error) {
	if m.in--; m.in == 0 {
		if m.durable {
			*m.kept = append(*m.kept, records...)
		}
		return 0, errPowerCut
	}
	*m.kept = append(*m.kept, records...)
	return uint64(len(*m.kept)), nil
}

// restart brings the supervisor up again from its journal, with the next fence.
func (r *rig) restart() {
	r.t.Helper()
	r.fence++
	l, err := supervisor.New(r.config, r.fence)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, rec := range r.memory.Records {
		l.Apply(rec)
	}
	r.World.Restart(l, r.fence)
	for _, s := range l.Snapshot(r.Now).Stations {
		if s.State != "Stopped" && s.State != "Aborted" {
			r.t.Fatalf("%s came back in %s\n%s", s.Station, s.State, r.picture())
		}
	}
}

func sampleOrders() []line.AddOrder {
	return []line.AddOrder{
		{Order: "ess", Product: "ESS-P2", Quantity: 1}, {Order: "drone", Product: "DRN-P3", Quantity: 1}, {Order: "ev", Product: "EV-P1", Quantity: 1},
	}
}

func TestSupervisorKilledFiftyTimes(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 1))
			r := newRig(t, seed+1, "")
			store := &mortal{kept: &r.memory.Records}
			r.Store = store
			r.setUp(sampleOrders()...)
			for range 50 {
				store.in, store.durable = 1+chance.IntN(60), chance.IntN(2) == 0
				if _, err := r.Run(10*time.Minute, r.attended()); !errors.Is(err, errPowerCut) {
					break // all packs are finished
				}
				r.restart()
				r.start()
			}
			store.in = 0
			r.finish(20 * time.Minute)
			r.checkTruth()
		})
	}
}

func TestPlantKilledTwentyTimes(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 2))
			r := newRig(t, seed+1, t.TempDir())
			r.setUp(sampleOrders()...)
			for range 20 {
				if done, _ := r.Run(time.Duration(chance.IntN(4000))*time.Millisecond, r.attended()); done {
					break
				}
				if err := r.Plant.Close(); err != nil {
					t.Fatal(err)
				}
				r.Replug(r.plant(r.Now.Add(time.Second)))
				r.Now = r.Now.Add(time.Second)
				r.start()
			}
			r.finish(20 * time.Minute)
			r.checkTruth()
		})
	}
}

// checkTruth holds what physically happened against what is recorded.
func (r *rig) checkTruth() {
	r.t.Helper()
	type joint struct {
		pack  string
		task  line.Task
		index int
	}
	effects, allowed := map[joint]int{}, map[joint]int{}
	placed, exits := map[string]map[int]line.CellID{}, map[string]string{}
	for _, e := range r.truth {
		switch e.What {
		case simulator.Effect:
			effects[joint{e.Part, e.Task, e.Index}]++
		case simulator.Placed:
			if placed[e.Part] == nil {
				placed[e.Part] = map[int]line.CellID{}
			}
			placed[e.Part][e.Index] = e.Cell
		case simulator.Exit:
			exits[e.Part] = e.To
		default: // not of interest here
		}
	}
	ends, sets := map[line.PackID]line.PackDisposed{}, map[line.PackID]line.SetReserved{}
	for _, rec := range r.memory.Records {
		switch f := rec.Fact.(type) {
		case line.ReworkDecided:
			for _, i := range f.Indexes {
				for _, task := range []line.Task{line.TaskWeldLaser, line.TaskWeldResistance, line.TaskFasten} {
					allowed[joint{string(rec.Pack), task, i}]++
				}
			}
		case line.PackDisposed:
			ends[rec.Pack] = f
		case line.SetReserved:
			sets[rec.Pack] = f
		default: // not of interest here
		}
	}
	for j, n := range effects {
		if (j.task == line.TaskWeldLaser || j.task == line.TaskWeldResistance || j.task == line.TaskFasten) && n > 1+allowed[j] {
			r.t.Errorf("%s %d of %s was made %d times", j.task, j.index, j.pack, n)
		}
	}
	for pack, end := range ends {
		want := string(line.Quarantine)
		if end.Disposition == line.Released {
			want = string(line.Shipped)
		}
		if exits[string(pack)] != want {
			r.t.Errorf("%s is %s and lies in %q, want %s", pack, end.Disposition, exits[string(pack)], want)
		}
		if end.Disposition != line.Released {
			continue
		}
		for _, s := range sets[pack].Slots {
			if got := placed[string(pack)][s.Slot]; got != s.Cell {
				r.t.Errorf("%s slot %d holds %s, recorded is %s", pack, s.Slot, got, s.Cell)
			}
		}
		if len(placed[string(pack)]) != len(sets[pack].Slots) {
			r.t.Errorf("%s holds %d cells, recorded are %d", pack, len(placed[string(pack)]), len(sets[pack].Slots))
		}
	}
	r.t.Logf("%d packs ended: %v", len(ends), r.dispositions(ends))
}

func (r *rig) dispositions(ends map[line.PackID]line.PackDisposed) map[line.PackState]int {
	n := map[line.PackState]int{}
	for _, e := range ends {
		n[e.Disposition]++
	}
	return n
}
