package campaign

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"linectl/checker"
	"linectl/examples"
	"linectl/line"
	"linectl/recipes"
	"linectl/simulator"
	"linectl/supervisor"
	"linectl/virtual"
)

// Outcome is what became of a trial.
type Outcome struct {
	Evidence   checker.Evidence
	Violations []checker.Violation
	Hash       [sha256.Size]byte // of the journal: the same seed has the same
	TruthHash  [sha256.Size]byte // of the plant's ground truth
	Clock      time.Duration     // that passed for the line
	Struck     map[simulator.FaultName]int
	Kills      int
	Records    int
	Packs      map[line.PackState]int
	Seen       int // alarms that the operator has acknowledged
}

// PlantSpeed is how much faster than a real plant the virtual one moves against the line's clock.
const PlantSpeed = 60

// Times of a trial, on the line's clock, at PlantSpeed.
const (
	shift    = time.Hour / PlantSpeed // at least: who is done before orders more
	working  = 5 * time.Minute        // with faults; then they are cleared
	mending  = 30 * time.Minute       // within which everything must have a disposition
	stopping = 2 * time.Minute
	attend   = time.Second // how often the operator looks
)

var morning = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

// trial is one run of a plan.
type trial struct {
	Plan
	*virtual.World
	speed   float64 // of the plant against the line's clock
	config  supervisor.Config
	fence   uint16
	store   *store
	kills   []Kill
	truth   bytes.Buffer
	asked   []checker.Ask
	deaths  []checker.Death
	events  int // of the truth
	request int
	waiting []Timed
	struck  map[simulator.FaultName]int
}

// Run lives through a plan with the journal in memory. An error means that the trial itself could not be made.
func Run(p Plan) (Outcome, error) { return RunOn(p, &Memory{}) }

// RunOn lives through a plan with the journal on a disk, which must be empty.
func RunOn(p Plan, disk Disk) (Outcome, error) {
	s, err := Live(p, disk, Way{})
	if err != nil {
		return Outcome{}, err
	}
	return s.Judge()
}

// Shift is a plan that has been lived through and not yet been judged.
type Shift struct {
	*trial
	ended bool
}

// Way is how a plan is lived through.
type Way struct {
	Speed      float64 // of the plant, against a real one; 0 is PlantSpeed
	EveryBlock bool    // every poll carries a whole block (virtual.World)
}

// Live lives through a plan as RunOn does. Where the speed is not PlantSpeed all times of the trial and the plan are stretched with it:
// at 1 the line has its hour for an hour of the plant.
func Live(p Plan, disk Disk, way Way) (*Shift, error) {
	t := &trial{Plan: p, speed: cmp.Or(way.Speed, PlantSpeed), fence: 1, store: &store{Disk: disk, ordered: map[string]int{}}, kills: p.Kills, struck: map[simulator.FaultName]int{}}
	for _, f := range p.Faults {
		f.At = t.stretch(f.At)
		t.waiting = append(t.waiting, f)
	}
	if err := t.build(); err != nil {
		return nil, err
	}
	t.EveryBlock = way.EveryBlock
	t.store.truth = &t.truth
	t.arm()
	t.setUp()
	t.work(t.stretch(working))
	t.Plant.Clear(t.Now, "all")
	t.waiting, t.kills = nil, nil
	t.store.in = 0
	if t.clockWasSet() {
		t.restart()
	}
	ended := t.work(t.stretch(mending))
	if ended {
		ended = t.rest()
	}
	for _, f := range t.Plant.Faults(t.Now) {
		if f.Struck > 0 {
			t.struck[f.Fault.Name]++
		}
	}
	return &Shift{t, ended}, nil
}

// stretch is a time of a trial at its speed.
func (t *trial) stretch(d time.Duration) time.Duration {
	return time.Duration(float64(d) * PlantSpeed / t.speed)
}

// Clock is how much time has passed for the line.
func (s *Shift) Clock() time.Duration { return s.Now.Sub(morning) }

// sampleRecipes reads the recipes of the reference line, once: no trial changes them.
var sampleRecipes = sync.OnceValues(func() ([]*recipes.Recipe, error) { return recipes.Load(examples.FS, "reference/recipes/*.yaml") })

func (t *trial) build() error {
	t.config = supervisor.Config{Name: "campaign", Version: "test", Simulated: true, Supplier: map[line.CellID]line.SupplierCell{}}
	plant := simulator.Config{Seed: t.Seed, Speed: t.speed, CellsPerLane: 1000, Witness: t.witness}
	samples, err := sampleRecipes()
	if err != nil {
		return err
	}
	t.config.Recipes = slices.Clone(samples)
	virtual.Equip(&t.config, &plant, t.Classes)
	p, err := simulator.New(plant, "", morning)
	if err != nil {
		return err
	}
	for _, c := range p.Notices() {
		t.config.Supplier[c.Cell] = c
	}
	l, err := supervisor.New(t.config, t.fence)
	if err != nil {
		return err
	}
	t.World = virtual.New(morning, l, t.fence, p, t.store)
	return nil
}

// clockWasSet reports whether the computer's clock has been wrong: a supervisor that was started then begins no pack now that the clock
// is right, and its alarm asks for a restart, which it gets.
func (t *trial) clockWasSet() bool {
	return slices.ContainsFunc(t.Plant.Faults(t.Now), func(f simulator.FaultState) bool {
		return f.Struck > 0 && slices.Contains([]simulator.FaultName{simulator.ClockAhead, simulator.ClockBack, simulator.ClockFrozen}, f.Fault.Name)
	})
}

// witness writes the ground truth as the plant's file has it.
func (t *trial) witness(e simulator.Event) {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // a plant that cannot say what happened is no plant
	}
	t.truth.Write(append(b, '\n'))
	t.events++
}

// work lets the line run and the operator attend to it until everything is built, or the span is over. It reports whether all is.
func (t *trial) work(span time.Duration) bool {
	end := t.Now.Add(span)
	next := t.Now
	for t.Now.Before(end) {
		done, err := t.World.Run(end.Sub(t.Now), func(w *virtual.World) bool {
			t.inject()
			if w.Now.Before(next) {
				return false
			}
			next = w.Now.Add(attend)
			return t.attend(w.Line.Glance(w.Time())) || t.died()
		})
		switch {
		case t.died():
			t.restart()
		case err != nil:
			return false
		case done:
			return true
		}
	}
	return false
}

// inject lets in the faults whose time has come.
func (t *trial) inject() {
	if !slices.ContainsFunc(t.waiting, func(f Timed) bool { return !t.Now.Before(morning.Add(f.At)) }) {
		return
	}
	rest := t.waiting[:0:0]
	for _, f := range t.waiting {
		if t.Now.Before(morning.Add(f.At)) {
			rest = append(rest, f)
			continue
		}
		_, _ = t.World.Inject(f.Fault) // what cannot happen there is refused, and so it does not
	}
	t.waiting = rest
}

// arm sets the next kill.
func (t *trial) arm() {
	t.store.in, t.store.died = 0, false
	if len(t.kills) > 0 {
		t.store.in, t.store.durable = t.kills[0].Append, t.kills[0].Durable
		t.kills = t.kills[1:]
	}
}

// died reports whether the supervisor has ended: killed at an append, or by an error of its store.
func (t *trial) died() bool { return t.store.died || t.World.Died() }

// respawn is how long it takes until a supervisor that has ended is started again. A full disk does not become empty at once.
const respawn = time.Second

// restart brings the supervisor up from its journal, with the next fence.
func (t *trial) restart() {
	for {
		if !t.store.died {
			t.Now = t.Now.Add(respawn)
		}
		t.fence++
		l, err := supervisor.New(t.config, t.fence)
		if err != nil {
			panic(err) // the configuration has not changed
		}
		records, err := t.store.Reopen()
		if err != nil {
			panic(err) // a real disk has failed, and the trial with it
		}
		for _, r := range records {
			l.Apply(r)
		}
		if err := t.found(l, records); err != nil {
			panic(err) // what was read from a journal can be written again
		}
		t.arm()
		t.World.Restart(l, t.fence)
		if !t.died() {
			return
		}
	}
}

// rest stops the line and waits until every station has come to rest.
func (t *trial) rest() bool {
	t.ask(line.Machine{Target: "line", Command: "Stop"})
	ok, err := t.World.Run(t.stretch(stopping), func(w *virtual.World) bool { return w.Line.Resting() })
	return ok && err == nil
}

// Judge hands the evidence to the checker, in the formats in which the real files have it.
func (s *Shift) Judge() (Outcome, error) {
	t := s.trial
	out := Outcome{Clock: s.Clock(), Struck: t.struck, Kills: len(t.Kills) - len(t.kills), Packs: map[line.PackState]int{}}
	e := checker.Evidence{Asked: t.asked, Deaths: t.deaths, Timed: t.speed == PlantSpeed, Ended: true}
	out.TruthHash = sha256.Sum256(t.truth.Bytes())
	var err error
	if e.Truth, err = checker.ReadTruth(&t.truth); err != nil {
		return out, err
	}
	records, err := t.store.Reopen()
	if err != nil {
		return out, err
	}
	out.Records = len(records)
	digest := sha256.New()
	if e.Journal, err = t.rows(records); err != nil {
		return out, err
	}
	for i, r := range records {
		row := &e.Journal[i]
		fmt.Fprintf(digest, "%d %s %s %s %d %s\n", row.Seq, row.Kind, row.Pack, row.Station, row.Micros, row.Body)
		switch f := r.Fact.(type) {
		case line.PackDisposed:
			out.Packs[f.Disposition]++
		case line.AlarmAcknowledged:
			out.Seen++
		default: // judged by the checker
		}
	}
	digest.Sum(out.Hash[:0])
	if !s.ended {
		out.Violations = append(out.Violations, checker.Violation{Invariant: "I25", Where: "trial", Text: "the line did not finish and come to rest: " + t.picture()})
		e.Ended = false
	}
	out.Evidence = e
	more, err := checker.Check(e)
	out.Violations = append(out.Violations, more...)
	if t.Seed%everyReplayed == 0 {
		out.Violations = append(out.Violations, t.replayed(records)...)
	}
	return out, err
}
