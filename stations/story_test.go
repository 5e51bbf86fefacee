package stations_test

import (
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"linectl/examples"
	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
	"linectl/stations"

	"github.com/cockroachdb/datadriven"
)

// TestStories plays what happened at one station, one file an incident. Run with -rewrite to accept what is shown, and read the
// difference before committing it.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		var s *story
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.Cmd == "station" {
				s = newStory(t, d)
				return s.told()
			}
			return s.play(t, d)
		})
	})
}

// story is one station, its devices as a person would play them, and what it recorded and sent.
type story struct {
	*stations.Machine
	kind    line.Kind
	recipe  *recipes.Recipe
	devices []*stations.Device
	now     time.Time
	tokens  uint64
	out     strings.Builder
	journal []line.Record
}

func (s *story) Record(r line.Record) {
	s.journal = append(s.journal, r)
	s.Apply(r)
	switch f := r.Fact.(type) {
	case line.StateChanged:
		fmt.Fprintf(&s.out, "state %s → %s: %s\n", f.From, f.To, f.Cause)
	case line.Intent:
		fmt.Fprintf(&s.out, "intent %d %s, part %s, attempt %d%s\n", f.Token.Sequence(), f.Name, f.Part, f.Attempt, map[bool]string{true: ", rework"}[f.Rework])
	case line.ActDone:
		fmt.Fprintf(&s.out, "done %d %s %s%s%s%s\n", f.Token.Sequence(), f.Verdict, f.Code, prefixed(" — ", f.Text), prefixed(", waveform ", f.Waveform), prefixed(", no waveform: ", f.NoWaveform))
	case line.PartArrived:
		s.enter(f.Part)
		fmt.Fprintf(&s.out, "arrived %s\n", f.Part)
	default:
		fmt.Fprintf(&s.out, "%s %+v\n", line.FactName(f), f)
	}
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

func (s *story) Send(j line.Job) {
	switch j.Op {
	case line.MachineCommand:
		fmt.Fprintf(&s.out, "  to %s: %s\n", j.Device, packml.Command(j.Machine))
	case line.Execute, line.Reconcile, line.Acknowledge:
		fmt.Fprintf(&s.out, "  to %s: %s %d\n", j.Device, map[line.Op]string{line.Execute: "execute", line.Reconcile: "reconcile", line.Acknowledge: "acknowledge"}[j.Op], j.Token.Sequence())
	default:
		fmt.Fprintf(&s.out, "  to %s: op %d\n", j.Device, j.Op)
	}
}

func (s *story) Token() line.Token { s.tokens++; return line.NewToken(1, s.tokens) }

func (s *story) told() string {
	text := s.out.String()
	s.out.Reset()
	if text == "" {
		return "nothing\n"
	}
	return text
}

func (s *story) enter(part string) {
	v := stations.Visit{Part: part, Pack: line.PackID(part), Number: 1, Build: 1, Recipe: s.recipe, Serial: "SERIAL1"}
	for slot := 1; slot <= s.recipe.Cells(); slot++ {
		v.Set = append(v.Set, line.SlotCell{
			Slot: slot, Group: s.recipe.GroupOf(slot), Module: s.recipe.ModuleOf(slot), Cell: line.CellID(fmt.Sprintf("CELL%03d", slot)), Lane: 1,
		})
	}
	s.Enter(&v)
}

func sampleRecipe(t testing.TB, product string) *recipes.Recipe {
	t.Helper()
	name := "reference/recipes/" + product + ".yaml"
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

// demanding is the recipe as it were if it required the waveform of each joint.
func demanding(t *testing.T, r *recipes.Recipe) *recipes.Recipe {
	t.Helper()
	r, err := recipes.Parse(r.Product, []byte(strings.Replace(r.Source, "waveform: optional", "waveform: required", 1)))
	if err != nil || !r.Weld.NeedsWaveform() {
		t.Fatalf("%v; the recipe asks for no waveform", err)
	}
	return r
}

func newStory(t *testing.T, d *datadriven.TestData) *story {
	var kind, product string
	d.ScanArgs(t, "kind", &kind)
	d.ScanArgs(t, "recipe", &product)
	s := &story{kind: line.Kind(kind), recipe: sampleRecipe(t, product), now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	if d.HasArg("waveform-required") {
		s.recipe = demanding(t, s.recipe)
	}
	s.fresh(t)
	return s
}

// play does what the person at the story's keyboard says.
func (s *story) play(t *testing.T, d *datadriven.TestData) string {
	s.now = s.now.Add(time.Second)
	switch d.Cmd {
	case "up": // every device answers, at rest
		for _, dev := range s.devices {
			s.report(dev, packml.Stopped, line.PhaseIdle, "")
		}
	case "running": // every device answers, and the operator has started the station
		s.run(t)
	case "lost":
		for _, dev := range s.devices {
			if d.HasArg(string(dev.Role)) {
				s.Handle(s.now, line.DeviceLost{Device: dev.ID, Reason: "connection reset"})
			}
		}
	case "device": // device ROLE STATE [interrupted]
		for _, dev := range s.devices {
			if string(dev.Role) == d.CmdArgs[0].Key {
				state, err := packml.ParseState(d.CmdArgs[1].Key)
				if err != nil {
					t.Fatal(err)
				}
				phase := line.PhaseIdle
				if d.HasArg("interrupted") {
					phase = line.PhaseInterrupted
				}
				s.report(dev, state, phase, "")
			}
		}
	case "command":
		c, err := packml.ParseCommand(d.CmdArgs[0].Key)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Command(s.now, c, c.String()+" by operator"); err != nil {
			return "refused: " + err.Error() + "\n"
		}
	case "follow": // the devices go where they are told until nothing moves
		s.follow()
	case "begin":
		s.Begin(s.now, stations.Visit{Part: d.CmdArgs[0].Key, Pack: line.PackID(d.CmdArgs[0].Key)})
	case "finish":
		s.finish(t, d)
	case "unknown":
		s.Handle(s.now, line.ActUnknown{Device: s.Open().Device, Token: s.Open().Token, Evidence: line.Evidence{Why: "power was lost"}})
	case "rejected":
		var reason int
		d.ScanArgs(t, "reason", &reason)
		s.Handle(s.now, line.ActRejected{Device: s.Open().Device, Token: s.Open().Token, Reason: line.RejectReason(reason)})
	case "notbegun":
		s.Handle(s.now, line.ActNotBegun{Device: s.Open().Device, Token: s.Open().Token})
	case "restart":
		s.restart(t)
	case "close":
		fmt.Fprintf(&s.out, "%+v\n", s.Close())
	default:
		t.Fatalf("no such thing in a story: %s", d.Cmd)
	}
	if d.Cmd != "restart" {
		s.settle()
	}
	return s.told()
}

// run takes the station from rest to Execute without telling of it.
func (s *story) run(t *testing.T) {
	for _, dev := range s.devices {
		s.report(dev, packml.Stopped, line.PhaseIdle, "")
	}
	for _, c := range []packml.Command{packml.CmdReset, packml.CmdStart} {
		if err := s.Command(s.now, c, "operator"); err != nil {
			t.Fatal(err)
		}
		s.follow()
	}
	s.out.Reset()
}

// settle lets the station do what it can by itself.
func (s *story) settle() {
	for s.Settle(s.now) || s.Watch(s.now) || s.Visit() != nil && s.Advance(s.now) {
		continue
	}
}

func (s *story) report(d *stations.Device, state packml.State, phase line.Phase, part string) {
	s.Handle(s.now, line.DeviceStatus{
		Device: d.ID, RetainID: 7, BootEpoch: 1, Machine: uint16(state), Phase: phase, Permissives: math.MaxUint32, Part: part,
	})
}

// follow lets every device arrive where the station wants it.
func (s *story) follow() {
	goals := map[packml.State]packml.State{
		packml.Resetting: packml.Idle, packml.Starting: packml.Execute, packml.Unholding: packml.Execute, packml.Unsuspending: packml.Execute,
		packml.Holding: packml.Held, packml.Suspending: packml.Suspended, packml.Stopping: packml.Stopped, packml.Clearing: packml.Stopped,
		packml.Aborting: packml.Aborted,
	}
	for goal, acting := goals[s.State()]; acting; goal, acting = goals[s.State()] {
		for _, d := range s.devices {
			if d.Up {
				s.report(d, goal, line.PhaseIdle, "")
			}
		}
		before := s.State()
		s.Settle(s.now)
		if s.State() == before {
			return
		}
	}
}

// finish answers the open act: every judged value at its target, but for those named. times=N answers N acts alike.
func (s *story) finish(t *testing.T, d *datadriven.TestData) {
	times := 1
	d.MaybeScanArgs(t, "times", &times)
	for range times {
		in := s.Open()
		if in == nil {
			fmt.Fprintf(&s.out, "nothing is open\n")
			return
		}
		e := line.ActFinished{Device: in.Device, Token: in.Token, Outcome: line.OutcomeOK, Part: in.Part, Index: in.Index}
		d.MaybeScanArgs(t, "part", &e.Part)
		if d.HasArg("waveform") {
			e.Waveform = &line.EncodedWaveform{Hash: "3fa9"}
		}
		if d.HasArg("torn") {
			e.NoWaveform = "the waveform was damaged"
		}
		switch {
		case d.HasArg("nok"):
			e.Outcome = line.OutcomeNOK
		case d.HasArg("aborted"):
			e.Outcome = line.OutcomeAborted
		}
		s.values(t, d, in.Task, &e)
		s.Handle(s.now, e)
		s.settle()
	}
}

func (s *story) values(t *testing.T, d *datadriven.TestData, task line.Task, e *line.ActFinished) {
	spec, process := task.Spec(), s.recipe.Process(s.kind)
	for i := range e.Values {
		e.Values[i] = float32(math.NaN())
	}
	for i := range max(len(spec.Values), spec.Repeat) {
		field := spec.Values[min(i, len(spec.Values)-1)]
		if l, ok := process.Limit(field.Name); ok {
			e.Values[i] = float32(middle(l))
		}
		if text := ""; d.MaybeScanArgs(t, field.Name, &text) {
			v, err := strconv.ParseFloat(text, 32)
			if err != nil {
				t.Fatal(err)
			}
			e.Values[i] = float32(v)
		}
	}
}

func middle(l line.Limit) float64 {
	switch {
	case l.Target != nil:
		return *l.Target
	case l.LSL != nil && l.USL != nil:
		return (*l.LSL + *l.USL) / 2
	case l.LSL != nil:
		return *l.LSL * 1.1
	case l.USL != nil:
		return *l.USL / 2
	}
	return 0
}

// restart throws everything away but the journal.
func (s *story) restart(t *testing.T) {
	for i, d := range s.devices {
		s.devices[i] = &stations.Device{ID: d.ID, Role: d.Role}
	}
	m, err := stations.New("ST1", s.kind, "", s.devices, s)
	if err != nil {
		t.Fatal(err)
	}
	s.Machine = m
	for _, r := range s.journal {
		if f, ok := r.Fact.(line.PartArrived); ok {
			s.enter(f.Part)
			continue
		}
		m.Apply(r)
	}
	s.Resume(s.now)
}
