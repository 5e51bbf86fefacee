package virtual_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/supervisor"
)

// review follows a journal, written and read as a store does, with a line that has seen nothing and knows no supplier's notice.
func (r *rig) review(records []line.Record) (*supervisor.Replay, error) {
	r.t.Helper()
	cfg := r.config
	cfg.Supplier = nil
	replay, err := supervisor.NewReplay(cfg)
	if err != nil {
		r.t.Fatal(err)
	}
	for i, rec := range records {
		rec.Fact = reread(r.t, rec.Fact)
		if err := replay.Follow(line.Entry{Seq: uint64(i + 1), Record: rec}); err != nil { //nolint:gosec // counts up
			return replay, err
		}
	}
	replay.End()
	return replay, nil
}

// reread returns the fact as a store gives it back.
func reread(t testing.TB, f line.Fact) line.Fact {
	t.Helper()
	body, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := line.DecodeFact(line.FactName(f), body)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// agrees asks for a replay without a contradiction, and for a state that is the line's own.
func (r *rig) agrees() {
	r.t.Helper()
	replay, err := r.review(r.memory.Records)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range replay.Contradictions {
		r.t.Errorf("entry %d at %s %s, %s: %s", d.Seq, d.Station, d.Pack, d.Kind, d.Text)
	}
	if replay.Decided["intent"] < 50 || replay.Decided["set-reserved"] == 0 {
		r.t.Errorf("too little was decided for this to show anything: %v", replay.Decided)
	}
	mine, its := r.Line.Snapshot(replay.At), replay.Snapshot()
	if mine.Good != its.Good || mine.NOK != its.NOK || len(mine.Packs) != len(its.Packs) || len(mine.Alarms) != len(its.Alarms) {
		r.t.Errorf("the line has %d good and %d NOK packs, %d in process, %d alarms; the replay %d, %d, %d, %d",
			mine.Good, mine.NOK, len(mine.Packs), len(mine.Alarms), its.Good, its.NOK, len(its.Packs), len(its.Alarms))
	}
}

// Every decision in a journal follows from the entries before it, whatever the line has lived through: any fault of the catalogue,
// and a supervisor that dies.
func TestAJournalIsDecidedTheSameAgain(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 9))
			r := newRig(t, seed+1, "")
			store := &mortal{kept: &r.memory.Records}
			r.Store = store
			r.setUp(sampleOrders()[:2]...)
			for range 8 {
				kind := simulator.Catalogue[chance.IntN(len(simulator.Catalogue))]
				f := simulator.Fault{Name: kind.Name, Target: string(r.config.Stations[chance.IntN(len(r.config.Stations))].ID)}
				if kind.Strikes == nil && (!kind.Once || kind.For > 0) {
					f.For = time.Second
				}
				_, _ = r.Plant.Inject(r.Now, f) // what cannot happen there is refused, and does not
				if chance.IntN(2) == 0 {
					store.in, store.durable = 1+chance.IntN(60), chance.IntN(2) == 0
				}
				if _, err := r.Run(time.Duration(chance.IntN(20_000))*time.Millisecond, r.attended()); errors.Is(err, errPowerCut) {
					store.in = 0
					r.restart()
				}
			}
			store.in = 0
			r.Plant.Clear(r.Now, "all")
			r.Run(10*time.Minute, r.attended())
			r.agrees()
		})
	}
}

// spoiled is a journal with one entry that no line would have made so.
type spoiled struct {
	name  string
	spoil func(*journal)
	doubt string // what the replay says of it
}

// journal is a journal to be spoiled.
type journal struct {
	t       *testing.T
	records []line.Record
}

// change changes the first fact of a kind that it takes.
func change[F line.Fact](j *journal, f func(*F) bool) {
	j.t.Helper()
	for i, r := range j.records {
		if fact, ok := reread(j.t, r.Fact).(F); ok && f(&fact) {
			j.records[i].Fact = fact
			j.records = j.records[:min(i+40, len(j.records))]
			return
		}
	}
	j.t.Fatal("the journal has nothing to be spoiled so")
}

// after puts another entry behind the first of a kind.
func after[F line.Fact](j *journal, f func(line.Record, F) (line.Record, bool)) {
	j.t.Helper()
	for i, r := range j.records {
		if fact, ok := r.Fact.(F); ok {
			if more, is := f(r, fact); is {
				j.records = slices.Insert(j.records, i+1, more)[:min(i+40, len(j.records)+1)]
				return
			}
		}
	}
	j.t.Fatal("the journal has nothing to be spoiled so")
}

// drop takes out the first of a kind.
func drop[F line.Fact](j *journal, f func(F) bool) {
	j.t.Helper()
	i := slices.IndexFunc(j.records, func(r line.Record) bool { fact, ok := r.Fact.(F); return ok && f(fact) })
	if i < 0 {
		j.t.Fatal("the journal has nothing to be spoiled so")
	}
	j.records = slices.Delete(j.records, i, i+1)
	j.records = j.records[:min(i+40, len(j.records))]
}

// spoiledActs are of what stations ask of their devices, and of what those tell.
var spoiledActs = []spoiled{
	{"a token is used twice", func(j *journal) {
		change(j, func(f *line.Intent) bool { f.Token--; return f.Token.Sequence() > 20 })
	}, "and the next one is"},
	{"another joint is asked for", func(j *journal) {
		change(j, func(f *line.Intent) bool { f.Index, f.Name = 9, "laser weld 9"; return f.Task == line.TaskWeldLaser })
	}, "next is laser weld 1, attempt 1"},
	{"the laser is set higher than the recipe says", func(j *journal) {
		change(j, func(f *line.Intent) bool {
			if f.Task != line.TaskWeldLaser {
				return false
			}
			f.Params[0].Value *= 1.2
			return true
		})
	}, "otherwise than the recipe says"},
	{"an act has no end", func(j *journal) {
		drop(j, func(f line.ActDone) bool { return f.Task == line.TaskWeldLaser })
	}, "is open"},
	{"an act ends twice", func(j *journal) {
		after(j, func(r line.Record, f line.ActDone) (line.Record, bool) { return r, f.Task == line.TaskWeldLaser })
	}, "and none is open"},
	{"a result is of another act", func(j *journal) {
		change(j, func(f *line.ActDone) bool { f.Index++; return f.Task == line.TaskWeldLaser })
	}, "asked for was laser weld 1"},
	{"a bad joint is called good", func(j *journal) {
		change(j, func(f *line.ActDone) bool {
			was := f.Verdict
			f.Verdict, f.Code, f.Text = line.OK, "", ""
			return was == line.NOK && f.Task == line.TaskWeldLaser
		})
	}, "judged again it is NOK"},
	{"a limit is made wider", func(j *journal) {
		change(j, func(f *line.ActDone) bool {
			for i := range f.Measurements {
				if m := &f.Measurements[i]; m.USL != nil {
					*m.USL *= 2
					return true
				}
			}
			return false
		})
	}, "not those of the pinned recipe"},
	{"a result tells another reason", func(j *journal) {
		change(j, func(f *line.ActDone) bool { f.Text = "a fly"; return f.Verdict == line.NOK })
	}, `says`},
	{"the reference part was wrong", func(j *journal) {
		change(j, func(f *line.ActDone) bool {
			if f.Task != line.TaskMaster || len(f.Measurements) == 0 || f.Measurements[0].USL == nil {
				return false
			}
			*f.Measurements[0].Value = *f.Measurements[0].USL + 1
			return true
		})
	}, "master check is OK, and judged again it is NOK"},
	{"the reference part cannot have measured this", func(j *journal) {
		change(j, func(f *line.ActDone) bool {
			if f.Task != line.TaskMaster || len(f.Measurements) == 0 || f.Measurements[0].USL == nil {
				return false
			}
			*f.Measurements[0].Value = 1e30
			return true
		})
	}, "master check is OK, and judged again it is UNKNOWN"},
	{"a check says otherwise than was measured", func(j *journal) {
		change(j, func(f *line.MasterChecked) bool { f.Verdict = line.NOK; return true })
	}, "the check against the reference part is NOK, and what was measured of it is OK"},
	{"the station was elsewhere", func(j *journal) {
		change(j, func(f *line.StateChanged) bool { f.From = "Held"; return f.To == "Execute" })
	}, "it leaves Held, and the station was"},
	{"no such way", func(j *journal) {
		change(j, func(f *line.StateChanged) bool { f.To = "Held"; return f.From == "Idle" })
	}, "no command leads from Idle to Held"},
	{"it works after a restart", func(j *journal) {
		change(j, func(f *line.StateChanged) bool {
			was := f.To
			f.To, f.Cause = "Execute", "supervisor restarted"
			return was == "Resetting"
		})
	}, "after a restart it is Execute, and would come back Stopped"},
	{"what leaves no mark is quarantined", func(j *journal) {
		for i, r := range j.records {
			if f, ok := r.Fact.(line.ActDone); ok && f.Task == line.TaskMeasureCell {
				j.records[i].Fact = line.ActQuarantined{Token: f.Token, Device: f.Device, Task: f.Task, Part: f.Part}
				j.records = j.records[:i+1]
				return
			}
		}
	}, "leaves no mark"},
}

// spoiledFlow are of where parts go and what becomes of them.
var spoiledFlow = []spoiled{
	{"a bad cell is received", func(j *journal) {
		change(j, func(f *line.CellReceived) bool {
			was := f.Verdict
			f.Verdict, f.Bin = line.OK, 0
			return was == line.NOK
		})
	}, "is judged otherwise than again"},
	{"a cell goes into another lane", func(j *journal) {
		change(j, func(f *line.CellGraded) bool { f.Lane++; return f.Verdict == line.OK })
	}, "is judged otherwise than again"},
	{"a part goes where nobody sends it", func(j *journal) {
		change(j, func(f *line.PartMoved) bool {
			was := f.To
			f.To = "ST120"
			return was == "ST070"
		})
	}, "and should go to ST070"},
	{"cells are swapped", func(j *journal) {
		change(j, func(f *line.SetReserved) bool {
			f.Slots[0].Cell, f.Slots[1].Cell = f.Slots[1].Cell, f.Slots[0].Cell
			return true
		})
	}, "are not those that match best"},
	{"a part comes into a full nest", func(j *journal) {
		after(j, func(r line.Record, f line.PartArrived) (line.Record, bool) { return r, r.Station == "ST060" })
	}, "is there"},
	{"a part nobody expects", func(j *journal) {
		drop(j, func(f line.PartMoved) bool { return f.To == "ST060" })
	}, "did not expect it"},
	{"a bad step is called good", func(j *journal) {
		change(j, func(f *line.StepDone) bool {
			was := f.Verdict
			f.Verdict, f.Text = line.OK, ""
			return was == line.NOK
		})
	}, "closed again it is NOK"},
	{"a step is closed twice", func(j *journal) {
		after(j, func(r line.Record, f line.StepDone) (line.Record, bool) { return r, f.Step == line.Weld })
	}, "is closed twice"},
	{"another serial", func(j *journal) {
		change(j, func(f *line.PackDisposed) bool { f.Serial += "1"; return f.Disposition == line.Released })
	}, "after the entry before it comes"},
	{"released by nobody", func(j *journal) {
		after(j, func(r line.Record, f line.PackStarted) (line.Record, bool) {
			r.Fact = line.PackDisposed{Disposition: line.Released, Serial: "X"}
			return r, true
		})
	}, "without a pack-out that ended OK"},
	{"a rework that leaves a test out", func(j *journal) {
		change(j, func(f *line.ReworkDecided) bool { f.Invalidates = f.Invalidates[1:]; return true })
	}, "is not the one that its recipe orders"},
	{"a rework of what is not at the bench", func(j *journal) {
		after(j, func(r line.Record, f line.PackStarted) (line.Record, bool) {
			r.Station, r.Fact = "ST900", line.ReworkDecided{Step: line.Weld, Build: 2}
			return r, true
		})
	}, "waits for no decision at the bench"},
	{"a pack out of turn", func(j *journal) {
		change(j, func(f *line.PackStarted) bool { f.Number = 7; return true })
	}, "number 7 of order ess, is begun; next is ESS-P2-000001, number 1 of order ess"},
	{"a pack is begun twice", func(j *journal) {
		after(j, func(r line.Record, f line.PackStarted) (line.Record, bool) { r.Pack = "ESS-P2-000009"; return r, true })
	}, "has no cells yet"},
}

// spoiledStory are of the line as a whole.
var spoiledStory = []spoiled{
	{"a fence that was before", func(j *journal) {
		after(j, func(r line.Record, f line.LineStarted) (line.Record, bool) { return r, true })
	}, "incarnation 1 begins after incarnation 1"},
	{"real parts among simulated ones", func(j *journal) {
		after(j, func(r line.Record, f line.LineStarted) (line.Record, bool) {
			r.Fact = line.LineStarted{Fence: 2}
			return r, true
		})
	}, "simulated records and real parts"},
	{"another text of a recipe", func(j *journal) {
		change(j, func(f *line.RecipePinned) bool { f.Source += "\n# more power"; return true })
	}, "another hash"},
	{"an order for what is not pinned", func(j *journal) {
		change(j, func(f *line.OrderAdded) bool { f.Hash = "0123"; return true })
		j.records = j.records[:slices.IndexFunc(j.records, func(r line.Record) bool { _, is := r.Fact.(line.PackStarted); return is })]
	}, "no recipe with the hash 0123 is pinned"},
	{"an alarm that stands", func(j *journal) {
		after(j, func(r line.Record, f line.AlarmRaised) (line.Record, bool) { return r, true })
	}, "stands already"},
	{"an alarm that does not stand", func(j *journal) {
		after(j, func(r line.Record, f line.AlarmCleared) (line.Record, bool) { return r, true })
	}, "does not stand"},
	{"a station of another line", func(j *journal) {
		for i, r := range j.records {
			if _, ok := r.Fact.(line.StateChanged); ok {
				j.records[i].Station, j.records = "ST555", j.records[:i+1]
				return
			}
		}
	}, `the configuration has no station "ST555"`},
	{"the end is cut off", func(j *journal) {
		i := slices.IndexFunc(j.records, func(r line.Record) bool {
			f, is := r.Fact.(line.PackDisposed)
			return is && f.Disposition == line.Released
		})
		j.records = j.records[:i]
	}, "the journal ends, and with its last entry this was decided"},
}

// A journal that is spoiled at one place is contradicted there, and the replay says what does not agree.
func TestAReplayContradictsWhatNoLineWouldDecide(t *testing.T) {
	r := newRig(t, 1, "")
	for _, f := range []string{"weld-nok ST060.welder at joint 3", "drop-comms ST070.meter after 20s for 5s"} {
		fault, err := simulator.ParseFault(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Plant.Inject(r.Now, fault); err != nil {
			t.Fatal(err)
		}
	}
	r.setUp(sampleOrders()[:2]...)
	r.finish(20 * time.Minute)
	r.agrees()
	for _, s := range slices.Concat(spoiledActs, spoiledFlow, spoiledStory) {
		t.Run(s.name, func(t *testing.T) { r.contradicted(t, s) })
	}
}

// contradicted spoils the rig's journal and asks for the first contradiction.
func (r *rig) contradicted(t *testing.T, s spoiled) {
	t.Helper()
	j := &journal{t, slices.Clone(r.memory.Records)}
	s.spoil(j)
	replay, err := r.review(j.records)
	if len(replay.Contradictions) == 0 || !strings.Contains(replay.Contradictions[0].Text, s.doubt) {
		t.Errorf("of %d entries the contradictions are %+v (%v), want first: %s", len(j.records), replay.Contradictions, err, s.doubt)
	}
}

// What is about a pack that never was cannot be followed, and the replay says where.
func TestAReplayStopsWhereNothingFollows(t *testing.T) {
	r := newRig(t, 1, "")
	r.setUp(sampleOrders()[:1]...)
	r.finish(20 * time.Minute)
	j := &journal{t, slices.Clone(r.memory.Records)}
	j.records = slices.DeleteFunc(j.records, func(rec line.Record) bool { _, is := rec.Fact.(line.PackStarted); return is })
	if _, err := r.review(j.records); err == nil || !strings.Contains(err.Error(), "cannot follow from the entries before it") {
		t.Errorf("it says %v", err)
	}
}
