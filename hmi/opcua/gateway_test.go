package opcua_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"github.com/google/go-cmp/cmp"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
	"linectl/line"
)

// plant is a supervisor as small as a gateway needs one.
type plant struct {
	mu      sync.Mutex
	now     line.Snapshot
	away    bool
	mute    bool            // there, and says nothing
	early   <-chan struct{} // until then it says an empty snapshot
	cut     chan struct{}
	asked   []line.Request
	journal []line.Entry
	session string // the one that it knows
	door    opcua.Authenticator
	answer  func(line.Request) (line.Reply, error)
}

func newPlant() *plant {
	return &plant{cut: make(chan struct{}), session: "session of amna", now: line.Snapshot{
		Line: "acme/lahore/packs/L1", Simulated: true, Good: 3, NOK: 1, FirstPass: 2, Seq: 77,
		Stations: []line.StationSnapshot{
			{Station: "ST060", Kind: line.Weld, Title: "Welding", State: "Held", Reason: "ST060.welder holds by itself", NextAction: "remove the cause, then Unhold", Mode: "Production", Commands: []line.CommandSnapshot{{Command: "Start", WhyNot: "Reset, then Start"}, {Command: "Stop", Possible: true}}, Since: at, StopReason: "electrode stuck at joint 23", Cycle: 90 * time.Second, Takt: time.Minute, Processed: 4, Defective: 1, Permissives: []line.PermissiveSnapshot{{Given: true, Text: "guard closed at ST060.robot"}, {Text: "ST060.welder does not answer: not connected yet"}}, Safety: line.SafetySnapshot{Known: true, GuardOpen: true}, Consumables: []line.ConsumableSnapshot{{Item: "gap-filler", Lot: "G33", Unit: "g", Remaining: 30, Loaded: 120, PerPack: 15, Lasts: 2 * time.Minute, Expiry: at}}, Master: &line.MasterSnapshot{Due: true, Verdict: line.NOK, At: at, Steps: []string{"put the reference part in"}}, Part: "EV-P1-000001", Pack: "EV-P1-000001", Done: 22, Of: 96, Tool: "glass", ToolAction: "clean", ToolUse: 30, ToolLimit: 40, Devices: []line.DeviceSnapshot{{Device: "ST060.robot", Up: true, Simulated: true, State: "Held"}, {Device: "ST060.welder", Reason: "not connected yet", State: "Undefined"}}},
			{Station: "ST070", Kind: line.Inspect, Title: "Inspection", State: "Suspended", Reason: "starved by ST060", Mode: "Production"},
		},
		Recipes: []string{"EV-P1/3"}, Host: line.HostSnapshot{Known: true, ClockSynced: true, StoreWrites: true, DiskFree: 5e9, DiskSize: 1e10},
		Shift:   line.ShiftSnapshot{Name: "early", Began: at, Plan: 6, Good: 3, NOK: 1, FirstPass: 2, Availability: 0.5, Effectiveness: 0.8, Quality: -1, Losses: []line.Loss{{Station: "ST060", Cause: "electrode stuck at joint 23", Own: true, For: 90 * time.Second, Times: 2}}},
		Prompts: []line.PromptSnapshot{{Prompt: "ST900/decide/EV-P1-000001", Station: "ST900", Pack: "EV-P1-000001", Text: "EV-P1-000001 waits for your decision", Options: []string{"rework", "scrap"}, Since: at}},
		Packs:   []line.PackSnapshot{{Pack: "EV-P1-000001", Product: "EV-P1"}},
		Orders:  []line.OrderSnapshot{{Order: "4711", Product: "EV-P1", Revision: "3", Quantity: 5, Started: 4, Released: 3}},
		Alarms:  []line.AlarmSnapshot{{Alarm: "ST060/held", Station: "ST060", Occurrence: 1, Severity: 700, Text: "station holds", Action: "close the guard", Active: true, Since: at, Changed: at}},
	}}
}

func (p *plant) Snapshots(ctx context.Context, see func(line.Snapshot) error) error {
	for {
		p.mu.Lock()
		s, away, mute, cut := p.now, p.away, p.mute, p.cut
		p.mu.Unlock()
		if away {
			return errors.New("the socket is away")
		}
		if !mute {
			s.At = time.Now().UTC()
			select {
			case <-p.early:
			default:
				if p.early != nil {
					s = line.Snapshot{}
				}
			}
			if err := see(s); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-cut:
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Events plays the journal that the plant has.
func (p *plant) Events(ctx context.Context, from uint64, see func(line.Entry) error) error {
	for {
		p.mu.Lock()
		away, cut := p.away, p.cut
		var entries []line.Entry
		for _, e := range p.journal {
			if e.Seq >= from {
				entries = append(entries, e)
			}
		}
		p.mu.Unlock()
		if away {
			return errors.New("the socket is away")
		}
		for _, e := range entries {
			if err := see(e); err != nil {
				return err
			}
			from = e.Seq + 1
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-cut:
		}
	}
}

func (p *plant) Ask(_ context.Context, session string, r line.Request) (line.Reply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if session != p.session {
		return line.Reply{}, opcua.ErrNoSession
	}
	p.asked = append(p.asked, r)
	if p.answer != nil {
		return p.answer(r)
	}
	return line.Reply{Accepted: true, Text: "8 stations follow"}, nil
}

func (p *plant) change(how func(*plant)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	how(p)
	close(p.cut)
	p.cut = make(chan struct{})
}

func (p *plant) requests() []line.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]line.Request(nil), p.asked...)
}

// open runs a gateway for a plant.
func open(t testing.TB, p *plant, dir, address string) *bench {
	t.Helper()
	var g *opcua.Gateway
	b := newBench(t, dir, address, func(o *opcua.Options) {
		if p.door != nil {
			o.Logins = p.door
		}
		o.OnAlarm = func(ctx context.Context, by opcua.Caller, a opcua.AlarmAct) (opcua.Status, string) {
			return g.OnAlarm(ctx, by, a)
		}
	})
	var err error
	if g, err = opcua.NewGateway(p, b.server, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	b.gateway = g
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { g.Run(ctx); close(done) }()
	t.Cleanup(func() { cancel(); <-done })
	b.serve(t)
	return b
}

// eventually waits until a value is as it should be.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func good(t testing.TB, c *gopcua.Client, name string) func() bool {
	return func() bool { return read(t, c, name).Status == ua.StatusOK }
}

func TestAnOperatorSeesTheLine(t *testing.T) {
	t.Parallel()
	b := open(t, newPlant(), t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST070.State"))
	for name, want := range map[string]any{
		"Line.Name": "acme/lahore/packs/L1", "Line.Good": uint32(3), "Line.StateCurrent": int32(11), "Line.StateStation": "ST060", "Line.Order": "4711",
		"Line.AlarmsHigh": uint32(1), "Line.AlarmsUnacknowledged": uint32(1), "Line.Connected": true, "Line.FirstPassYield": 50.0,
		"ST060.StateCurrent": int32(11), "ST060.PartId": "EV-P1-000001", "ST060.Product": "EV-P1", "ST060.StepDone": uint32(22), "ST060.StepOf": uint32(96),
		"ST060.ToolLife": 25.0, "ST060.DevicesUp": uint32(1), "ST060.Simulated": true, "ST060.welder.Up": false,
		"Line.UnitModeCurrent": int32(1), "Line.ShiftName": "early", "Line.ShiftPlan": uint32(6), "Line.Availability": 50.0, "Line.TimeSynced": true, "Line.DiskFree": 5.0,
		"ST060.StateSince": at, "ST060.UnitModeCurrent": int32(1), "ST060.CycleTime": 90.0, "ST060.TaktTime": 60.0, "ST060.Processed": uint32(4), "ST060.Defective": uint32(1),
		"ST060.GuardOpen": true, "ST060.EmergencyStop": false, "ST060.gap-filler.Remaining": 30.0, "ST060.gap-filler.Life": 25.0, "ST060.gap-filler.Lot": "G33",
		"ST060.MasterCheck.Due": true, "ST060.PackML.Status.UnitModeCurrent": int32(1), "Machine.MachineryOperationMode.CurrentState.Number": uint32(3),
		"ST070.EquipmentStarved": true, "ST070.EquipmentBlocked": false, "ST070.Simulated": false,
		"ST060.PackML.Status.StateCurrent": int32(11), "ST060.PackML.ExecuteState.CurrentState.Number": uint32(11),
		"ST060.PackML.MachineState.CurrentState.Number": uint32(18), "ST060.PackML.BaseStateMachine.CurrentState.Number": uint32(19),
		"Machine.MachineryItemState.CurrentState.Number": uint32(2), "Machine.Identification.SerialNumber": "acme/lahore/packs/L1",
	} {
		if v := read(t, c, name); v.Status != ua.StatusOK || v.Value.Value() != want {
			t.Errorf("%s is %v (%v), want %v", name, v.Value.Value(), v.Status, want)
		}
	}
	for name, want := range map[string]string{
		"ST060.ReasonText": "ST060.welder holds by itself", "ST060.NextAction": "remove the cause, then Unhold", "Line.ReasonText": "ST060.welder holds by itself",
		"ST070.ReasonText": "starved by ST060", "ST060.PackML.ExecuteState.CurrentState": "Held",
	} {
		if v := read(t, c, name).Value.Value().(*ua.LocalizedText); v.Text != want {
			t.Errorf("%s is %q", name, v.Text)
		}
	}
	texts := read(t, c, "ST060.PermissiveTexts").Value.Value().([]*ua.LocalizedText)
	states := read(t, c, "ST060.PermissiveStates").Value.Value().([]bool)
	if len(texts) != 2 || texts[1].Text != "ST060.welder does not answer: not connected yet" || !states[0] || states[1] {
		t.Errorf("permissives are %v %v", texts, states)
	}
	for name, want := range map[string]any{
		"Line.LossCauses": []string{"electrode stuck at joint 23"}, "Line.LossDurations": []float64{90}, "Line.LossOwn": []bool{true}, "Line.Prompts": []string{"ST900/decide/EV-P1-000001"},
		"Line.PromptOptions": []string{"rework|scrap"}, "ST060.Commands": []string{"Start", "Stop"}, "ST060.CommandPossible": []bool{false, true}, "ST060.CommandWhyNot": []string{"Reset, then Start", ""},
		"ST060.ConsumableItems": []string{"gap-filler"}, "ST060.ConsumableLasts": []float64{120}, "ST060.ConsumableUnits": []string{"g"},
		"ST060.ConsumableExpiry": []time.Time{at}, "ST060.MasterCheck.Steps": []string{"put the reference part in"}, "Line.Recipes": []string{"EV-P1/3"},
	} {
		v := read(t, c, name).Value.Value()
		if texts, ok := v.([]*ua.LocalizedText); ok {
			plain := make([]string, len(texts))
			for i, text := range texts {
				plain[i] = text.Text
			}
			v = plain
		}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	// What nobody can tell is no zero.
	for _, name := range []string{"ST070.GuardOpen", "Line.OEE", "Line.QualityRatio"} {
		if v := read(t, c, name); v.Status != ua.StatusBadWaitingForInitialData {
			t.Errorf("%s is %v (%v)", name, v.Value, v.Status)
		}
	}
}

// A result is a fact of the journal: the gateway reads on where it was when the supervisor comes again.
func TestTheLastResultIsShown(t *testing.T) {
	t.Parallel()
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	if v := read(t, c, "ST060.LastResult.ResultEvaluation"); v.Status != ua.StatusBadWaitingForInitialData {
		t.Errorf("before any result: %v", v.Status)
	}
	done := func(seq uint64, verdict line.Verdict) line.Entry {
		return line.Entry{Seq: seq, Record: line.Record{At: at, Station: "ST060", Fact: line.StepDone{Part: "EV-P1-000001", Step: line.Weld, Verdict: verdict, Text: "joint 23 is weak"}}}
	}
	p.change(func(p *plant) { p.journal = []line.Entry{done(77, line.Unknown), done(78, line.NOK)} })
	evaluation := func(want int32) func() bool {
		return func() bool {
			v := read(t, c, "ST060.LastResult.ResultEvaluation")
			return v.Status == ua.StatusOK && v.Value.Value() == want
		}
	}
	eventually(t, "NOK", evaluation(2))
	for name, want := range map[string]any{"ResultId": "78", "PartId": "EV-P1-000001", "StepId": "weld", "CreationTime": at, "IsSimulated": true} {
		if v := read(t, c, "ST060.LastResult."+name).Value.Value(); v != want {
			t.Errorf("%s is %v, want %v", name, v, want)
		}
	}
	p.change(func(p *plant) { p.away = true })
	p.change(func(p *plant) { p.away = false; p.journal = append(p.journal, done(79, line.OK)) })
	eventually(t, "OK", evaluation(1))
}

// A value that the supervisor has not just said is never Good, whether the socket is gone or only silent.
func TestNothingOldIsGood(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*plant, bool){
		"away": func(p *plant, gone bool) { p.away = gone }, "silent": func(p *plant, gone bool) { p.mute = gone },
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
			c := b.mustDial(t, login{})
			eventually(t, "the line is shown", good(t, c, "ST060.StateCurrent"))
			p.change(func(p *plant) { leave(p, true) })
			eventually(t, "the supervisor is missed", func() bool { return read(t, c, "Line.Connected").Value.Value() == false })
			for _, name := range []string{"ST060.StateCurrent", "ST060.ReasonText", "Line.Good", "ST060.PackML.Status.StateCurrent", "Machine.MachineryItemState.CurrentState", "JobOrders.JobOrderID", "ST060.welder.Up"} {
				if v := read(t, c, name); v.Status != ua.StatusUncertainLastUsableValue || time.Since(v.SourceTimestamp) < time.Millisecond {
					t.Errorf("%s is %v of %v", name, v.Status, v.SourceTimestamp)
				}
			}
			eventually(t, "the age is told", func() bool { return read(t, c, "Line.HeartbeatAge").Value.Value().(float64) > 1 })
			p.change(func(p *plant) { leave(p, false); p.now.Good = 4 })
			eventually(t, "it is back", good(t, c, "Line.Good"))
			if v := read(t, c, "Line.Good").Value.Value(); v != uint32(4) {
				t.Errorf("after the return Good is %v", v)
			}
		})
	}
}

// A supervisor that has just started answers before its line has begun. What it has not said is not shown: least of all a line that
// has built nothing.
func TestALineThatHasNotBegunIsNotShown(t *testing.T) {
	t.Parallel()
	p := newPlant()
	begun := make(chan struct{})
	p.early = begun
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	for range 20 {
		if v := read(t, c, "Line.Good"); v.Status != ua.StatusBadWaitingForInitialData {
			t.Fatalf("before the line has begun: %v %v", v.Value.Value(), v.Status)
		}
		time.Sleep(10 * time.Millisecond)
	}
	close(begun)
	eventually(t, "the line is shown", good(t, c, "Line.Good"))
}

// A watcher of a gateway that is killed and started again never hears Good of a value that is not so any more.
func TestAGatewayRestartsUnderItsWatchers(t *testing.T) {
	t.Parallel()
	p, dir, address := newPlant(), t.TempDir(), testnet.FreeAddress(t)
	b := open(t, p, dir, address)
	eventually(t, "the line is shown", good(t, b.mustDial(t, login{}), "Line.Good"))
	b.stop()
	p.change(func(p *plant) { p.now.Good = 9; p.away = true })
	b = open(t, p, dir, address)
	c := b.mustDial(t, login{})
	if v := read(t, c, "Line.Good"); v.Status != ua.StatusBadWaitingForInitialData {
		t.Errorf("before the supervisor spoke: %v %v", v.Value.Value(), v.Status)
	}
	p.change(func(p *plant) { p.away = false })
	eventually(t, "the line is shown", good(t, c, "Line.Good"))
	if v := read(t, c, "Line.Good").Value.Value(); v != uint32(9) {
		t.Errorf("Good is %v", v)
	}
}

func TestAnOperatorCommands(t *testing.T) {
	t.Parallel()
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	res := call(t, c, "Line", "Line.Reset", "r1", "shift start")
	if res.StatusCode != ua.StatusOK || res.OutputArguments[0].Value() != true {
		t.Fatalf("%+v", res)
	}
	asked := p.requests()[0]
	if asked.By != "amna" || asked.Why != "shift start" || asked.ID != "opcua/amna/r1" || asked.Command != (line.Machine{Target: "line", Command: "Reset"}) {
		t.Errorf("the line was asked %+v", asked)
	}
	p.change(func(p *plant) {
		p.answer = func(line.Request) (line.Reply, error) { return line.Reply{Text: "Reset, then Start"}, nil }
	})
	res = call(t, c, "ST060", "ST060.Start", "", "")
	if res.StatusCode != ua.StatusUncertain || res.OutputArguments[0].Value() != false || res.OutputArguments[1].Value().(*ua.LocalizedText).Text != "Reset, then Start" {
		t.Errorf("a refusal came as %+v", res)
	}
	if res := call(t, c, "ST060.PackML.ExecuteState", "ST060.PackML.ExecuteState.Start"); res.StatusCode != ua.StatusBadInvalidState {
		t.Errorf("a refusal by the standard's method came as %v", res.StatusCode)
	}
	if v := read(t, c, "ST060.LastRefusal").Value.Value().(*ua.LocalizedText); v.Text != "Reset, then Start" {
		t.Errorf("the last refusal is %q", v.Text)
	}
	if res := call(t, c, "Line", "Line.AddOrder", "4712", "EV-P1", uint32(2), "", ""); res.StatusCode != ua.StatusBadUserAccessDenied {
		t.Errorf("an operator adds an order: %v", res.StatusCode)
	}
	if res := call(t, c, "ST070", "ST060.Start", "", ""); res.StatusCode != ua.StatusBadMethodInvalid {
		t.Errorf("a method of another station: %v", res.StatusCode)
	}
	p.change(func(p *plant) {
		p.answer = func(line.Request) (line.Reply, error) { return line.Reply{}, errors.New("gone") }
	})
	if res := call(t, c, "ST060", "ST060.Stop", "", ""); res.StatusCode != ua.StatusBadRequestTimeout {
		t.Errorf("without an answer: %v", res.StatusCode)
	}
}

// turnstile gives every login a session of its own.
type turnstile struct {
	logins atomic.Int32
	closed atomic.Bool // nobody is there to be asked
}

func (d *turnstile) Authenticate(ctx context.Context, user, password, source string) (opcua.Login, error) {
	if d.closed.Load() {
		return opcua.Login{}, fmt.Errorf("%w: no answer", opcua.ErrAway)
	}
	l, err := door{}.Authenticate(ctx, user, password, source)
	l.Session = fmt.Sprintf("session %d of %s", d.logins.Add(1), user)
	return l, err
}

// The supervisor forgets logins at its restart; an operator need not log in again by hand, and nobody becomes anybody else.
func TestALoginOutlivesTheSupervisor(t *testing.T) {
	t.Parallel()
	p := newPlant()
	d := &turnstile{}
	p.door, p.session = d, "session 1 of amna"
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	stop := func() ua.StatusCode { return call(t, c, "Line", "Line.Stop", "", "").StatusCode }
	if s := stop(); s != ua.StatusOK {
		t.Errorf("with the session of the login: %v", s)
	}
	p.change(func(p *plant) { p.session = "session 2 of amna" })
	d.closed.Store(true)
	for range 2 {
		if s := stop(); s != ua.StatusBadResourceUnavailable || len(p.requests()) != 1 {
			t.Errorf("when nobody can be asked who she is: %v", s)
		}
	}
	d.closed.Store(false)
	if s := stop(); s != ua.StatusOK || len(p.requests()) != 2 {
		t.Errorf("when the supervisor has forgotten it: %v", s)
	}
	p.change(func(p *plant) { p.session = "of somebody else" })
	if s := stop(); s != ua.StatusBadUserAccessDenied || len(p.requests()) != 2 {
		t.Errorf("when it knows no session of hers: %v", s)
	}
}
