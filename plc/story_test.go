package plc

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"linectl/line"
	"linectl/plc/tags"
)

// TestStories tells, in testdata/stories, what the handshake does at every rule and in every cell of the failure matrix. What a device
// received stands behind an arrow, what the line was told without one; heartbeats are left out unless "heartbeats" is asked for.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata/stories", func(t *testing.T, path string) {
		s := &story{}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			return s.act(t, d)
		})
	})
}

type story struct {
	*rig
	start      time.Time
	heartbeats bool
	text       strings.Builder
}

func (s *story) act(t *testing.T, d *datadriven.TestData) string {
	s.text.Reset()
	if d.Cmd == "begin" {
		s.rig = newRig(t)
		s.heartbeats = d.HasArg("heartbeats")
		s.start = s.now
		s.hear = func(e line.DeviceEvent) { s.say(s.now, tell(e)) }
		s.saw = s.arrived
		s.dialled = func() { s.say(s.now, "dial") }
		if !d.HasArg("unconnected") {
			s.run(20 * time.Millisecond)
			s.text.Reset()
		}
		return ""
	}
	s.failer = t
	s.start = s.now
	switch d.Cmd {
	case "run":
		s.run(duration(t, d, 0))
		return s.text.String() + s.device()
	case "execute", "reconcile", "acknowledge":
		s.submit(s.job(t, d))
	case "command":
		s.submit(line.Job{Op: line.MachineCommand, Machine: uint16(number(t, d, "number"))})
	case "mode":
		s.submit(line.Job{Op: line.UnitMode, Machine: uint16(number(t, d, "number"))})
	case "wire":
		s.wire(t, d)
	case "device":
		s.change(t, d)
	case "reboot":
		s.cell.reboot(d.HasArg("forget"))
	case "restart":
		s.restart()
	case "other-supervisor":
		s.cell.FenceHighest = 99
	default:
		t.Fatalf("%s: no such command %q", d.Pos, d.Cmd)
	}
	return s.text.String()
}

func (s *story) job(t *testing.T, d *datadriven.TestData) line.Job {
	var token line.Token
	if err := token.UnmarshalText([]byte(text(t, d, "token"))); err != nil {
		t.Fatal(err)
	}
	j := line.Job{Token: token, Act: s.intent(token)}
	j.Op = map[string]line.Op{"execute": line.Execute, "reconcile": line.Reconcile, "acknowledge": line.Acknowledge}[d.Cmd]
	j.Act.Rework = d.HasArg("rework")
	if d.HasArg("part") {
		j.Act.Part = text(t, d, "part")
	}
	if d.HasArg("param") {
		j.Act.Params = []line.Quantity{{Name: text(t, d, "param"), Value: 1}}
	}
	return j
}

// wire sets what goes wrong on the wire.
func (s *story) wire(t *testing.T, d *datadriven.TestData) {
	for _, f := range []struct {
		name string
		n    *int
	}{
		{"drop", &s.dropWrites},
		{"deaf", &s.loseAnswers},
		{"blind", &s.failReads},
		{"stale", &s.staleReads},
		{"undialled", &s.failDials},
		{"dropvoid", &s.dropVoids},
	} {
		if d.HasArg(f.name) {
			*f.n = number(t, d, f.name)
		}
	}
	if d.HasArg("again") {
		after, err := time.ParseDuration(text(t, d, "again"))
		if err != nil {
			t.Fatal(err)
		}
		s.copies = append(s.copies, after)
	}
	s.failWith = nil
	switch {
	case d.HasArg("busy"):
		s.failWith = &PassingError{Err: fmt.Errorf("write command: exception 6, device busy")}
	case d.HasArg("magic"):
		s.failWith = &ConfigurationError{Address: "127.0.0.1:1502", Err: tags.ErrMagic, Remedy: "correct the word order"}
	}
}

func (s *story) change(t *testing.T, d *datadriven.TestData) {
	if d.HasArg("refuse") {
		s.cell.refuse = line.RejectReason(number(t, d, "refuse"))
		s.cell.once = d.HasArg("once")
	}
	if d.HasArg("state") {
		s.cell.Machine = uint16(number(t, d, "state"))
	}
	if d.HasArg("takes") {
		takes, err := time.ParseDuration(text(t, d, "takes"))
		if err != nil {
			t.Fatal(err)
		}
		s.cell.takes = takes
	}
	if d.HasArg("phase") {
		s.cell.Phase = line.Phase(number(t, d, "phase"))
	}
	if d.HasArg("outcome") {
		s.cell.outcome = line.Outcome(number(t, d, "outcome"))
	}
	if d.HasArg("alarms") {
		s.cell.Alarms = uint32(number(t, d, "alarms"))
	}
	s.cell.dead = d.HasArg("dead")
	s.cell.deafToCommands = d.HasArg("ignores-commands")
	s.cell.deafToAcks = d.HasArg("ignores-acks")
	s.cell.damaged = d.HasArg("damaged")
}

func (s *story) say(at time.Time, what string) {
	fmt.Fprintf(&s.text, "%5d ms  %s\n", at.Sub(s.start).Milliseconds(), what)
}

func (s *story) arrived(at time.Time, c tags.Command, refused line.RejectReason) {
	if c.Op == tags.OpQuery && !s.heartbeats {
		return
	}
	op := map[tags.Opcode]string{
		tags.OpExecute: "Execute", tags.OpVoid: "Void", tags.OpQuery: "Query", tags.OpAcknowledge: "Acknowledge",
		tags.OpMachine: "Command", tags.OpUnitMode: "Mode",
	}[c.Op]
	what := fmt.Sprintf("→ %s", op)
	switch c.Op {
	case tags.OpMachine, tags.OpUnitMode:
		what += fmt.Sprintf(" %d", c.Task)
	case tags.OpExecute, tags.OpVoid, tags.OpAcknowledge:
		what += fmt.Sprintf(" %v", c.Token)
	case tags.OpQuery:
	}
	if c.Flags&tags.FlagRework != 0 {
		what += ", rework"
	}
	what += fmt.Sprintf(" (fence %d, epoch %d)", c.Fence, c.BootEpoch)
	if refused != 0 {
		what += fmt.Sprintf(": refused, %s", refused)
	}
	s.say(at, what)
}

func (s *story) device() string {
	c := s.cell
	phase := []string{"idle", "accepted", "executing", "done", "fault", "interrupted"}[c.Phase]
	effects := 0
	for _, n := range c.effects {
		effects += n
	}
	return fmt.Sprintf("device is %s, floor %v, effects %d\n", phase, c.Floor, effects)
}

// tell writes an event as a story needs it.
func tell(e line.DeviceEvent) string {
	switch e := e.(type) {
	case line.DeviceStatus:
		return fmt.Sprintf("status: epoch %d, retain id %d, floor %v, phase %d, state %d, alarms %d", e.BootEpoch, e.RetainID, e.Floor, e.Phase, e.Machine, e.Alarms)
	case line.DeviceLost:
		if e.Configuration {
			return "lost, configuration: " + e.Reason
		}
		return "lost: " + e.Reason
	case line.ActFinished:
		var values []string
		for _, v := range e.Values {
			if !math.IsNaN(float64(v)) {
				values = append(values, fmt.Sprint(v))
			}
		}
		return fmt.Sprintf("finished %v: outcome %d, part %s, index %d, values %s", e.Token, e.Outcome, e.Part, e.Index, strings.Join(values, " "))
	case line.ActRejected:
		return fmt.Sprintf("refused %v: %s", e.Token, e.Reason)
	case line.ActUnknown:
		return fmt.Sprintf("unknown %v: %s (floor %v, phase %d, index state %d, away %v)", e.Token, e.Evidence.Why, e.Evidence.Floor, e.Evidence.Phase, e.Evidence.IndexState, e.Evidence.ReconnectAge)
	case line.ActNotBegun:
		return fmt.Sprintf("not begun %v", e.Token)
	default:
		return fmt.Sprintf("%#v", e)
	}
}

func text(t *testing.T, d *datadriven.TestData, key string) (v string) {
	t.Helper()
	d.ScanArgs(t, key, &v)
	return v
}

func number(t *testing.T, d *datadriven.TestData, key string) (v int) {
	t.Helper()
	d.ScanArgs(t, key, &v)
	return v
}

// duration reads an argument without a value, such as the 300ms of "run 300ms".
func duration(t *testing.T, d *datadriven.TestData, i int) time.Duration {
	t.Helper()
	v, err := time.ParseDuration(d.CmdArgs[i].Key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
