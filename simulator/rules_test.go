package simulator_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
	"linectl/simulator"
)

// atWelder brings an ESS pack into the nest of ST060.
func atWelder(t testing.TB, cfg simulator.Config, dir string) (s *supervisor, pack string) {
	t.Helper()
	if cfg.Defects == nil {
		cfg.Defects = &simulator.Defects{}
	}
	cfg.Speed = 10
	s = newSupervisor(t, cfg, dir)
	pack = "ESS-P2-000001"
	s.do(job{device: "ST040.robot", task: line.TaskBindCarrier, part: pack})
	s.release("ST040.robot", pack, 60)
	s.awaits("ST060.welder")
	return s, pack
}

var seam = []float64{2800, 0.12, 0.4e-3, 250, 0, 45e-3, 15}

func weldJob(pack string, joint int) job {
	return job{device: "ST060.welder", task: line.TaskWeldLaser, part: pack, index: joint, params: seam}
}

func TestADeviceRefusesWhatTheRulesRefuse(t *testing.T) {
	const welder = line.DeviceID("ST060.welder")
	send := func(s *supervisor, change func(*tags.Command)) line.RejectReason {
		c := weldJob("ESS-P2-000001", 2).command(s.token())
		c.Fence, c.BootEpoch = s.fence, s.plant.Status(s.now, welder).BootEpoch
		change(&c)
		return s.plant.Command(s.now, welder, c)
	}
	for _, tt := range []struct {
		name   string
		before func(*supervisor)
		change func(*tags.Command)
		want   line.RejectReason
	}{
		{"all is well", nil, func(*tags.Command) {}, 0},
		{"a supervisor that was replaced", func(s *supervisor) { s.fence = 7; s.send(welder, tags.Command{Op: tags.OpQuery}) }, func(c *tags.Command) { c.Fence = 6 }, line.RejectStaleFence},
		{"the device was restarted meanwhile", nil, func(c *tags.Command) { c.BootEpoch++ }, line.RejectStaleEpoch},
		{"a late duplicate", nil, func(c *tags.Command) { c.Token = 1 }, line.RejectOldToken},
		{"power beyond the laser's own limit", nil, func(c *tags.Command) { c.Params[0] = 9000 }, line.RejectRecipe},
		{"no power given", nil, func(c *tags.Command) { c.Params[0] = float32(math.NaN()) }, line.RejectRecipe},
		{"another pack", nil, func(c *tags.Command) { c.Part = "ESS-P2-000002" }, line.RejectPart},
		{"no pack named", nil, func(c *tags.Command) { c.Part = "" }, line.RejectPart},
		{"joint is welded already", nil, func(c *tags.Command) { c.Index = 1 }, line.RejectIndexDone},
		{"joint is welded already, rework", nil, func(c *tags.Command) { c.Index = 1; c.Flags = tags.FlagRework }, 0},
		{"a task of another station", nil, func(c *tags.Command) { c.Task = uint16(line.TaskLeakTest) }, line.RejectNotPermitted},
		{"a task that is none", nil, func(c *tags.Command) { c.Task = 9999 }, line.RejectNotPermitted},
		{"an opcode that is none", nil, func(c *tags.Command) { c.Op = 77 }, line.RejectBlock},
		{"a dry run in production", nil, func(c *tags.Command) { c.Flags = tags.FlagDryRun }, line.RejectMode},
		{"the device is held", func(s *supervisor) {
			s.send(welder, tags.Command{Op: tags.OpMachine, Task: uint16(packml.CmdHold)})
		}, func(*tags.Command) {}, line.RejectNotPermitted},
		{"an act is running", func(s *supervisor) { s.send(welder, weldJob("ESS-P2-000001", 5).command(s.token())) }, func(*tags.Command) {}, line.RejectBusy},
		{"void while an act is running", func(s *supervisor) { s.send(welder, weldJob("ESS-P2-000001", 5).command(s.token())) }, func(c *tags.Command) { c.Op = tags.OpVoid }, line.RejectBusy},
		{"a PackML command that is not legal", nil, func(c *tags.Command) { c.Op, c.Task = tags.OpMachine, uint16(packml.CmdReset) }, line.RejectNotPermitted},
		{"another mode while working", nil, func(c *tags.Command) { c.Op, c.Task = tags.OpUnitMode, uint16(packml.Manual) }, line.RejectMode},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
			s.do(weldJob(pack, 1))
			if tt.before != nil {
				tt.before(s)
			}
			before := s.plant.Status(s.now, welder)
			got := send(s, tt.change)
			after := s.plant.Status(s.now, welder)
			if got != tt.want {
				t.Fatalf("reason %d (%s), want %d", got, got, tt.want)
			}
			if got == 0 {
				return
			}
			if after.RejectReason != got || after.Rejected == 0 {
				t.Errorf("status shows reason %d of token %s", after.RejectReason, after.Rejected)
			}
			if after.Floor != before.Floor || after.EffectCount != before.EffectCount || after.InFlight != before.InFlight {
				t.Errorf("a refused command left a trace: %+v, before %+v", after, before)
			}
		})
	}
}

func TestASecondWriteOfAnAcceptedTokenDoesNothing(t *testing.T) {
	s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
	c := weldJob(pack, 1).command(s.token())
	for range 3 {
		if r := s.send("ST060.welder", c); r != 0 {
			t.Fatal(r)
		}
		s.pass(time.Second)
	}
	st := s.plant.Status(s.now, "ST060.welder")
	if st.EffectCount != 1 || st.Phase != line.PhaseDone || st.LastCompleted != c.Token || st.IndexState != 2 || st.Part != pack || st.Index != 1 {
		t.Fatalf("after three writes: %+v", st)
	}
}

func TestAResultWaitsForItsAcknowledgementOverAPowerFailure(t *testing.T) {
	dir := t.TempDir()
	s, pack := atWelder(t, simulator.Config{Seed: 1}, dir)
	c := weldJob(pack, 1).command(s.token())
	s.send("ST060.welder", c)
	s.pass(time.Second)
	before := s.plant.Status(s.now, "ST060.welder")
	_ = s.plant.Close()
	plant := restart(t, s, dir, reference())
	after := plant.Status(s.now, "ST060.welder")
	if after.Phase != line.PhaseDone || after.LastCompleted != c.Token || after.BootEpoch != before.BootEpoch+1 || after.RetainID != before.RetainID {
		t.Fatalf("after the power failure: %+v", after)
	}
	for i := range before.Values {
		if math.Float32bits(before.Values[i]) != math.Float32bits(after.Values[i]) {
			t.Errorf("value %d was %g, is %g", i, before.Values[i], after.Values[i])
		}
	}
	s.send("ST060.welder", tags.Command{Op: tags.OpAcknowledge, Token: c.Token})
	if got := plant.Status(s.now, "ST060.welder").Phase; got != line.PhaseIdle {
		t.Errorf("phase %d after the acknowledgement", got)
	}
}

func TestAnInterruptedActStaysInterruptedUntilItIsVoided(t *testing.T) {
	for _, tt := range []struct {
		name    string
		after   time.Duration
		effects uint32
	}{{"before the energy", 10 * time.Millisecond, 0}, {"after the energy", 60 * time.Millisecond, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s, pack := atWelder(t, simulator.Config{Seed: 1}, dir) // an act takes 100 ms, its energy comes at 40 ms
			c := weldJob(pack, 1).command(s.token())
			s.send("ST060.welder", c)
			s.pass(tt.after)
			_ = s.plant.Close()
			plant := restart(t, s, dir, reference())
			s.pass(5 * time.Second)
			st := plant.Status(s.now, "ST060.welder")
			if st.Phase != line.PhaseInterrupted || st.InFlight != c.Token || st.Floor != c.Token || st.IndexState != 1 || st.EffectCount != tt.effects ||
				st.LastCompleted == c.Token || packml.State(st.Machine) != packml.Aborted {
				t.Fatalf("after the power failure: %+v", st)
			}
			s.start("ST060.welder")
			if r := s.send("ST060.welder", weldJob(pack, 2).command(s.token())); r != line.RejectBusy {
				t.Errorf("another act before the decision: reason %d", r)
			}
			s.send("ST060.welder", tags.Command{Op: tags.OpVoid, Token: c.Token})
			if st := plant.Status(s.now, "ST060.welder"); st.Phase != line.PhaseIdle || st.InFlight != 0 || st.Floor < c.Token {
				t.Fatalf("after the void: %+v", st)
			}
			if r := s.send("ST060.welder", c); r != 0 || plant.Status(s.now, "ST060.welder").Phase != line.PhaseIdle {
				t.Errorf("the voided token again: reason %d, phase %d", r, plant.Status(s.now, "ST060.welder").Phase)
			}
			want := line.RejectReason(0)
			if tt.effects == 1 {
				want = line.RejectIndexDone // the carrier's tag knows that the joint was fired
			}
			if r := s.send("ST060.welder", weldJob(pack, 1).command(s.token())); r != want {
				t.Errorf("the joint with a new token and no rework: reason %d, want %d", r, want)
			}
		})
	}
}

// weldingCell is a plant of few devices, for tests that restart it often.
func weldingCell() []simulator.DeviceConfig {
	return slices.DeleteFunc(reference(), func(d simulator.DeviceConfig) bool { return d.Kind != line.Stack && d.Kind != line.Weld })
}

// restart makes the plant anew from its directory, as after a kill.
func restart(t testing.TB, s *supervisor, dir string, devices []simulator.DeviceConfig) *simulator.Plant {
	t.Helper()
	plant, err := simulator.New(simulator.Config{Seed: 1, Speed: 10, Devices: devices, Defects: &simulator.Defects{}}, dir, s.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plant.Close() })
	s.plant = plant
	return plant
}

func TestADeviceHoldsWhenItsSupervisorFallsSilent(t *testing.T) {
	s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
	c := weldJob(pack, 1).command(s.token())
	s.send("ST060.welder", c)
	s.now = s.now.Add(1900 * time.Millisecond)
	if st := s.plant.Status(s.now, "ST060.welder"); packml.State(st.Machine) != packml.Execute {
		t.Fatalf("%s after 1.9 s of silence", packml.State(st.Machine))
	}
	s.now = s.now.Add(200 * time.Millisecond)
	st := s.plant.Status(s.now, "ST060.welder")
	if m := packml.State(st.Machine); m != packml.Held || st.FirstOut != line.AlarmSupervisorLost || st.Alarms != 1<<(st.FirstOut-1) {
		t.Fatalf("%s, alarms %b after 2.1 s of silence", m, st.Alarms)
	}
	if st.LastCompleted != c.Token || st.Phase != line.PhaseDone {
		t.Errorf("the result is gone: %+v", st)
	}
}

func TestHoldAndAbortInTheMiddleOfAnAct(t *testing.T) {
	for _, tt := range []struct {
		name    string
		command packml.Command
		after   time.Duration
		outcome line.Outcome
		state   packml.State
		index   uint16
	}{
		{"hold finishes the act first", packml.CmdHold, 10 * time.Millisecond, line.OutcomeOK, packml.Held, 2},
		{"stop finishes the act first", packml.CmdStop, 10 * time.Millisecond, line.OutcomeOK, packml.Stopped, 2},
		{"abort before the energy: nothing was done", packml.CmdAbort, 10 * time.Millisecond, line.OutcomeAborted, packml.Aborted, 0},
		{"abort after the energy: nobody can say", packml.CmdAbort, 60 * time.Millisecond, line.OutcomeUnknown, packml.Aborted, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, pack := atWelder(t, simulator.Config{Seed: 1}, "")
			c := weldJob(pack, 1).command(s.token())
			s.send("ST060.welder", c)
			s.pass(tt.after)
			s.send("ST060.welder", tags.Command{Op: tags.OpMachine, Task: uint16(tt.command)})
			s.pass(20 * time.Millisecond)
			if st := s.plant.Status(s.now, "ST060.welder"); !packml.State(st.Machine).Acting() && tt.command != packml.CmdAbort {
				t.Errorf("%s while the act is still running", packml.State(st.Machine))
			}
			s.pass(time.Second)
			st := s.plant.Status(s.now, "ST060.welder")
			if st.Outcome != tt.outcome || packml.State(st.Machine) != tt.state || st.IndexState != tt.index || st.LastCompleted != c.Token {
				t.Fatalf("%+v", st)
			}
		})
	}
}

// TestNoTokenHasTwoEffects lets any sequence of commands, times and power failures come, and counts what physically happened.
func TestNoTokenHasTwoEffects(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var events []simulator.Event
		witness := func(e simulator.Event) { events = append(events, e) }
		s, pack := atWelder(t, simulator.Config{Seed: 1, Devices: weldingCell(), Witness: witness}, "")
		const welder = line.DeviceID("ST060.welder")
		floor, effects, epoch := line.Token(0), uint32(0), uint32(0)
		for range rapid.IntRange(1, 40).Draw(rt, "commands") {
			switch rapid.IntRange(0, 9).Draw(rt, "kind") {
			case 0, 1, 2, 3:
				c := weldJob(pack, rapid.IntRange(1, 3).Draw(rt, "joint")).command(line.NewToken(1, 1000+rapid.Uint64Range(1, 6).Draw(rt, "token")))
				c.Flags = rapid.SampledFrom([]uint16{0, tags.FlagRework}).Draw(rt, "flags")
				s.send(welder, c)
			case 4:
				s.send(welder, tags.Command{Op: tags.OpVoid, Token: line.NewToken(1, 1000+rapid.Uint64Range(1, 6).Draw(rt, "token"))})
			case 5:
				s.send(welder, tags.Command{Op: tags.OpAcknowledge, Token: s.plant.Status(s.now, welder).LastCompleted})
			case 6: // from wherever it is to Execute, or somewhere else
				for _, m := range []packml.Command{packml.CmdClear, packml.CmdReset, packml.CmdStart, packml.CmdUnhold} {
					s.send(welder, tags.Command{Op: tags.OpMachine, Task: uint16(m)})
					s.pass(10 * time.Millisecond)
				}
			case 8:
				s.send(welder, tags.Command{Op: tags.OpMachine, Task: rapid.Uint16Range(1, 10).Draw(rt, "machine")})
			case 7:
				if err := s.plant.PowerCycle(welder); err != nil {
					rt.Fatal(err)
				}
			default:
				s.pass(time.Duration(rapid.IntRange(1, 300).Draw(rt, "ms")) * time.Millisecond)
			}
			st := s.plant.Status(s.now, welder)
			if st.Floor < floor || st.EffectCount < effects || st.BootEpoch < epoch {
				rt.Fatalf("went back: floor %s, effects %d, epoch %d; before %s, %d, %d", st.Floor, st.EffectCount, st.BootEpoch, floor, effects, epoch)
			}
			if st.InFlight != 0 && st.InFlight > st.Floor || (st.Phase == line.PhaseIdle) != (st.InFlight == 0) && st.Phase != line.PhaseDone {
				rt.Fatalf("phase %d with %s in flight and floor %s", st.Phase, st.InFlight, st.Floor)
			}
			floor, effects, epoch = st.Floor, st.EffectCount, st.BootEpoch
		}
		fired, joints := map[line.Token]int{}, map[int]int{}
		for _, e := range events {
			if e.What == simulator.Effect && e.Task == line.TaskWeldLaser {
				if fired[e.Token]++; fired[e.Token] > 1 {
					rt.Fatalf("token %s fired twice", e.Token)
				}
				if joints[e.Index]++; joints[e.Index] > 1 && !e.Rework {
					rt.Fatalf("joint %d was welded again without a rework", e.Index)
				}
			}
		}
		if uint32(len(fired)) > effects {
			rt.Fatalf("%d effects, the device counts %d", len(fired), effects)
		}
	})
}
