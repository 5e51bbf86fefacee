package virtual_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linectl/line"
	"linectl/supervisor"
	"linectl/virtual"
)

// replayed builds the line anew from the journal alone.
func (r *rig) replayed() *supervisor.Line {
	r.t.Helper()
	l, err := supervisor.New(r.config, r.fence)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, rec := range r.memory.Records {
		l.Apply(rec)
	}
	return l
}

// checkRemembered holds the running line against one that knows the journal only.
func (r *rig) checkRemembered() {
	r.t.Helper()
	if diff := cmp.Diff(remembered(r.Line.Snapshot(r.Now)), remembered(r.replayed().Snapshot(r.Now))); diff != "" {
		r.t.Fatalf("at %s the line and its journal differ (-line +journal):\n%.3000s", r.Now.Format(time.TimeOnly), diff)
	}
}

// What an operator sees of counters, shift, losses, consumables, modes, master checks and questions is in the journal: a line that is
// built anew from it at any moment shows the same, to the microsecond.
func TestTheJournalRemembersWhatTheOperatorSees(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 4))
			r := newRig(t, seed+1, "")
			zone := time.FixedZone("PKT", 5*3600)
			r.config.Shifts = line.ShiftPlan{Zone: zone, Starts: []line.ClockTime{11 * 60, 11*60 + 1, 11*60 + 2, 11*60 + 3}} // 06:00, 06:01 … UTC
			for i := range r.config.Stations {
				if chance.IntN(2) == 0 {
					r.config.Stations[i].Takt = time.Duration(5+chance.IntN(20)) * time.Second
				}
			}
			r.fence++
			r.World.Restart(r.replayed(), r.fence)
			store := &mortal{kept: &r.memory.Records}
			r.Store = store
			r.setUp(append(sampleOrders(), line.AddOrder{Order: "more", Product: "ESS-P2", Quantity: 6})...)
			looks, restarts := 0, 0
			for done := false; !done; looks++ {
				if store.in <= 0 && chance.IntN(3) == 0 {
					store.in, store.durable = 1+chance.IntN(60), chance.IntN(2) == 0
				}
				var err error
				if done, err = r.Run(time.Duration(1+chance.IntN(8000))*time.Millisecond, r.attended()); errors.Is(err, errPowerCut) {
					r.restart()
					restarts++
				} else if err != nil || looks > 2000 {
					t.Fatalf("%v after %d looks\n%s", err, looks, r.picture())
				}
				r.checkRemembered()
				r.mayChangeMode(chance)
			}
			s := r.Line.Snapshot(r.Now)
			t.Logf("%d looks, %d restarts; %s: good %d, NOK %d, %d losses, OEE parts %.2f %.2f %.2f of %s", looks, restarts, s.Shift.Name, s.Shift.Good, s.Shift.NOK,
				len(s.Shift.Losses), s.Shift.Availability, s.Shift.Effectiveness, s.Shift.Quality, s.Shift.Bottleneck)
			if restarts == 0 || len(s.Shift.Losses) == 0 {
				t.Error("nothing was put to the test")
			}
		})
	}
}

// mayChangeMode lets maintenance take a station now and then, and give it back.
func (r *rig) mayChangeMode(chance *rand.Rand) {
	if chance.IntN(10) != 0 {
		return
	}
	places := virtual.Reference()
	station := string(places[chance.IntN(len(places))].ID)
	r.try(line.Machine{Target: station, Command: "Stop"})
	for _, mode := range []string{"Maintenance", "Production"} {
		if _, err := r.Run(2*time.Second, func(*virtual.World) bool { return r.try(line.SetMode{Target: station, Mode: mode}).Accepted }); err != nil {
			return // the store is gone; the next run says so
		}
		r.checkRemembered()
	}
}
