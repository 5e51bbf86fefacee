package simulator_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
	"linectl/simulator"
)

// reference is the reference line's devices.
func reference() []simulator.DeviceConfig {
	of := func(k line.Kind, ids ...line.DeviceID) (cs []simulator.DeviceConfig) {
		for _, id := range ids {
			cs = append(cs, simulator.DeviceConfig{ID: id, Station: id.Station(), Kind: k})
		}
		return cs
	}
	var all []simulator.DeviceConfig
	all = append(all, of(line.Receive, "ST010.scanner")...)
	all = append(all, of(line.Sort, "ST020.tester", "ST020.robot")...)
	all = append(all, of(line.Stack, "ST040.robot")...)
	all = append(all, of(line.Weld, "ST060.robot", "ST060.welder")...)
	all = append(all, of(line.Inspect, "ST070.meter", "ST070.vision")...)
	all = append(all, of(line.Assemble, "ST100.robot", "ST100.plc")...)
	all = append(all, of(line.LeakTest, "ST120.tester")...)
	all = append(all, of(line.EndOfLine, "ST130.tester")...)
	all = append(all, of(line.PackOut, "ST140.printer")...)
	return append(all, of(line.Bench, "ST900.terminal")...)
}

// supervisor is what a test uses in place of one: it gives commands, lets time pass and acknowledges. It is a plain client of
// the device rules and knows nothing of the plant's inside.
type supervisor struct {
	t     testing.TB
	plant *simulator.Plant
	now   time.Time
	fence uint16
	seq   uint64
}

var epoch = time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)

func newSupervisor(t testing.TB, cfg simulator.Config, dir string) *supervisor {
	t.Helper()
	if cfg.Devices == nil {
		cfg.Devices = reference()
	}
	plant, err := simulator.New(cfg, dir, epoch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plant.Close() })
	s := &supervisor{t: t, plant: plant, now: epoch, fence: 1}
	for _, id := range plant.Devices() {
		s.start(id)
	}
	return s
}

// start brings a device from Stopped or Aborted to Execute.
func (s *supervisor) start(id line.DeviceID) {
	s.t.Helper()
	for _, c := range []packml.Command{packml.CmdClear, packml.CmdReset, packml.CmdStart} {
		s.send(id, tags.Command{Op: tags.OpMachine, Task: uint16(c)}) // Clear is refused in Stopped
		s.pass(100 * time.Millisecond)
	}
	if got := packml.State(s.plant.Status(s.now, id).Machine); got != packml.Execute {
		s.t.Fatalf("%s is %s after Reset and Start", id, got)
	}
}

func (s *supervisor) send(id line.DeviceID, c tags.Command) line.RejectReason {
	c.Fence, c.BootEpoch = s.fence, s.plant.Status(s.now, id).BootEpoch
	return s.plant.Command(s.now, id, c)
}

// pass lets time go by, with a heartbeat to every device each half second.
func (s *supervisor) pass(d time.Duration) {
	for end := s.now.Add(d); s.now.Before(end); {
		s.now = s.now.Add(min(500*time.Millisecond, end.Sub(s.now)))
		for _, id := range s.plant.Devices() {
			s.send(id, tags.Command{Op: tags.OpQuery})
		}
	}
}

func (s *supervisor) token() line.Token {
	s.seq++
	return line.NewToken(s.fence, s.seq)
}

// job is one act as a test asks for it.
type job struct {
	device line.DeviceID
	task   line.Task
	part   string
	index  int
	rework bool
	params []float64
}

func (j job) command(t line.Token) tags.Command {
	c := tags.Command{Token: t, Op: tags.OpExecute, Task: uint16(j.task), Part: j.part, Index: uint16(j.index)}
	if j.rework {
		c.Flags = tags.FlagRework
	}
	for i := range c.Params {
		c.Params[i] = float32(math.NaN())
	}
	for i, v := range j.params {
		c.Params[i] = float32(v)
	}
	return c
}

// do runs one act to its acknowledged end and returns the status that showed the result.
func (s *supervisor) do(j job) tags.Status {
	s.t.Helper()
	token := s.token()
	if r := s.send(j.device, j.command(token)); r != 0 {
		s.t.Fatalf("%s refuses %s of %q index %d: %s", j.device, j.task, j.part, j.index, r)
	}
	for range 10_000 {
		if st := s.plant.Status(s.now, j.device); st.LastCompleted == token {
			s.send(j.device, tags.Command{Op: tags.OpAcknowledge, Token: token})
			return st
		}
		next, ok := s.plant.Next()
		if !ok {
			break
		}
		s.pass(max(next.Sub(s.now), time.Millisecond))
	}
	s.t.Fatalf("%s never finishes %s of %q", j.device, j.task, j.part)
	return tags.Status{}
}

// awaits waits until a part lies in the nest of a device's station and returns its name.
func (s *supervisor) awaits(id line.DeviceID) string {
	s.t.Helper()
	for range 1000 {
		if st := s.plant.Status(s.now, id); st.Sensors&line.SensorPartPresent != 0 && st.Phase == line.PhaseIdle {
			return st.Part
		}
		s.pass(20 * time.Millisecond)
	}
	s.t.Fatalf("no part comes to %s", id)
	return ""
}

// value reads a value of a status block by its name.
func value(st tags.Status, task line.Task, name string) float64 {
	for i, f := range task.Spec().Values {
		if f.Name == name {
			return float64(st.Values[i])
		}
	}
	panic(fmt.Sprintf("no value %s of %s", name, task))
}
