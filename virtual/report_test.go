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
	"linectl/traceability"
	"linectl/virtual"
)

// kept is a memory and a real store side by side, whose process dies at a chosen append.
type kept struct {
	mortal
	store *traceability.Store
}

func (k *kept) Append(records []line.Record) (uint64, error) {
	before := len(*k.mortal.kept)
	_, err := k.mortal.Append(records)
	if stored := (*k.mortal.kept)[before:]; len(stored) > 0 {
		if _, broken := k.store.Append(stored); broken != nil {
			return 0, broken
		}
	}
	return 0, err
}

// What the line counts while it runs, and what a query of the store counts anew, are one: packs, losses by cause and owner, and the
// figures of the bottleneck, shift by shift, over restarts and changes of mode.
func TestShiftEqualsTheRecords(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 5))
			dir := t.TempDir()
			store, err := traceability.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			r := newRig(t, seed+1, "")
			r.config.Shifts = line.ShiftPlan{Starts: []line.ClockTime{6 * 60, 6*60 + 1, 6*60 + 2, 6*60 + 4}}
			for i := range r.config.Stations {
				r.config.Stations[i].Takt = time.Duration(chance.IntN(20)) * time.Second
			}
			// The store keeps microseconds and the virtual world has finer ones: what is held against the store is a line that has
			// read the store's own journal.
			fresh, err := supervisor.New(r.config, 1)
			if err != nil {
				t.Fatal(err)
			}
			k := &kept{mortal: mortal{kept: &r.memory.Records}, store: store}
			for _, rec := range r.memory.Records { // of the rig's own first start
				fresh.Apply(rec)
			}
			if _, err := store.Append(r.memory.Records); err != nil {
				t.Fatal(err)
			}
			r.Store = k
			r.fence++
			r.World.Restart(fresh, r.fence)
			r.setUp(append(sampleOrders(), line.AddOrder{Order: "more", Product: "ESS-P2", Quantity: 6})...)
			compared := 0
			for done := false; !done; compared++ {
				if k.in <= 0 && chance.IntN(4) == 0 {
					k.in, k.durable = 1+chance.IntN(60), chance.IntN(2) == 0
				}
				done, err = r.Run(time.Duration(1+chance.IntN(20000))*time.Millisecond, r.attended())
				if errors.Is(err, errPowerCut) {
					r.Now = r.Now.Add(time.Duration(chance.IntN(30)) * time.Second) // nobody is there for a while
					r.restart()
				} else if err != nil || compared > 1000 {
					t.Fatalf("%v\n%s", err, r.picture())
				}
				r.compareShift(store)
			}
			r.Run(90*time.Second, nil) // a shift in which nothing is ordered any more
			r.compareShift(store)
			t.Logf("%d times, the last in %s", compared, r.Line.Snapshot(r.Now).Shift.Name)
		})
	}
}

// A pack that two people take out of quarantine counts as what it becomes, and its order is open again meanwhile: for the line and for
// a query of the store.
func TestShiftEqualsTheRecordsWhenAPackComesOutOfQuarantine(t *testing.T) {
	for _, d := range []line.Decision{line.DecisionRework, line.DecisionScrap} {
		t.Run(string(d), func(t *testing.T) {
			r, q := quarantined(t)
			store, err := traceability.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
			stored := 0
			compare := func(good, nok int) {
				t.Helper()
				if _, err := store.Append(r.memory.Records[stored:]); err != nil {
					t.Fatal(err)
				}
				stored = len(r.memory.Records)
				if now := r.compareShift(store); now.Good != good || now.NOK != nok {
					t.Errorf("%d good and %d NOK; want %d and %d", now.Good, now.NOK, good, nok)
				}
			}
			compare(0, 1)
			decided(t, r, q, line.SeenUnclear, d)
			if d == line.DecisionScrap {
				compare(0, 1)
			} else {
				compare(1, 0)
			}
		})
	}
}

// compareShift returns what both count.
func (r *rig) compareShift(store *traceability.Store) line.ShiftSnapshot {
	r.t.Helper()
	l, err := supervisor.New(r.config, r.fence)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := store.Replay(1, func(e line.Entry) error { l.Apply(e.Record); return nil }); err != nil {
		r.t.Fatal(err)
	}
	now := r.Now.Truncate(time.Microsecond).Add(time.Microsecond)
	live := l.Snapshot(now).Shift
	var names []line.StationID
	takts := map[line.StationID]time.Duration{}
	for _, s := range r.config.Stations {
		names = append(names, s.ID)
		takts[s.ID] = s.Takt
	}
	e, err := store.Reader().Effort(r.t.Context(), live.Began, now, names...)
	if err != nil {
		r.t.Fatal(err)
	}
	counted := line.ShiftSnapshot{
		Name: live.Name, Began: live.Began, Ends: live.Ends, Plan: live.Plan, Bottleneck: live.Bottleneck,
		Good: e.Good, NOK: e.NOK, FirstPass: e.FirstPass, Losses: e.Losses[:min(len(e.Losses), 20)], Availability: -1, Effectiveness: -1, Quality: -1,
	}
	for _, s := range e.Stations {
		if s.Station == live.Bottleneck {
			counted.Availability, counted.Effectiveness, counted.Quality = s.Figures(takts[s.Station])
		}
	}
	if len(live.Losses) == 0 {
		live.Losses = counted.Losses[:0]
	}
	if diff := cmp.Diff(live, counted); diff != "" {
		r.t.Fatalf("at %s the line and the store count differently (-line +store):\n%.4000s", now.Format(time.StampMicro), diff)
	}
	return live
}

var _ virtual.Store = (*kept)(nil)
