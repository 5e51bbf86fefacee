package main

import (
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/control"
	"linectl/line"
)

// demand calls a method with any inputs, and returns whether it was accepted and what was said.
func (b *hmiBench) demand(t *testing.T, c *gopcua.Client, object, method string, args ...any) (ua.StatusCode, string) {
	t.Helper()
	in := make([]*ua.Variant, len(args))
	for i, a := range args {
		in[i] = ua.MustVariant(a)
	}
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{ObjectID: b.node(t, c, object), MethodID: b.node(t, c, object+"."+method), InputArguments: in})
	if err != nil {
		t.Fatal(err)
	}
	if len(res.OutputArguments) < 2 {
		return res.StatusCode, ""
	}
	return res.StatusCode, res.OutputArguments[1].Value().(*ua.LocalizedText).Text
}

// TestTheModelIsTheLine asks a real line by the methods of the model: what is repeated is done once, whichever session repeats it,
// and what is refused says why.
func TestTheModelIsTheLine(t *testing.T) {
	b := newHMIBench(t)
	b.start(t, "--gateway-listen", b.address, "--no-hmi")
	b.accounts(t)
	client := control.Dial(defaultSocket(b.data))
	defer client.Close()
	if reply, err := client.AddUser(t.Context(), "", "test", "test", line.AddUser{User: "tariq", Roles: []line.Role{line.TeamLeader}}, benchPassword); err != nil || !reply.Accepted {
		t.Fatalf("add a user: %+v %v", reply, err)
	}
	b.await(t)
	one, err := b.dialAs(t, "tariq")
	if err != nil {
		t.Fatal(err)
	}
	other, err := b.dialAs(t, "tariq")
	if err != nil {
		t.Fatal(err)
	}
	status, said := b.demand(t, one, "Line", "AddOrder", "once", "ESS-P2", uint32(1), "order 1", "")
	if status != ua.StatusOK {
		t.Fatalf("an order: %v %s", status, said)
	}
	if status, again := b.demand(t, other, "Line", "AddOrder", "once", "ESS-P2", uint32(1), "order 1", ""); status != ua.StatusOK || again != said {
		t.Errorf("the same request from another session: %v %q, was %q", status, again, said)
	}
	if status, again := b.demand(t, other, "Line", "AddOrder", "once", "ESS-P2", uint32(1), "order 2", ""); status != ua.StatusUncertain || again == "" {
		t.Errorf("another request for the same order: %v %q", status, again)
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) { // a snapshot comes up to 50 ms after what it shows
		s, err := client.Snapshot(t.Context())
		if err != nil || len(s.Orders) > 1 || time.Now().After(end) {
			t.Fatalf("the line has the orders %+v, %v", s.Orders, err)
		}
		if len(s.Orders) == 1 {
			break
		}
	}
	if status, said := b.demand(t, one, "ST060", "SetUnitMode", "Setup", "", "new nozzle"); status != ua.StatusOK {
		t.Errorf("a mode while Stopped: %v %q", status, said)
	}
	if status, said := b.demand(t, one, "ST060", "SetUnitMode", "Sideways", "", "new nozzle"); status != ua.StatusUncertain || said == "" {
		t.Errorf("a mode that is none: %v %q", status, said)
	}
	if status, said := b.demand(t, one, "Line", "AnswerPrompt", "ST900/decide/nobody", "rework", "", "", ""); status != ua.StatusUncertain || said == "" {
		t.Errorf("an answer to no question: %v %q", status, said)
	}
	if status, said := b.demand(t, one, "ST060", "CheckMaster", "", ""); status != ua.StatusUncertain || said == "" {
		t.Errorf("a master check where there is none: %v %q", status, said)
	}
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		v, err := b.read(t, one, "ST060.PackML.Status.UnitModeCurrent")
		if err != nil {
			t.Fatal(err)
		}
		if v.Value.Value() == int32(4) {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the mode is %v", v.Value)
		}
	}
	// A line that has just started says of each station what it needs, and of itself where its records lie.
	for name, ok := range map[string]func(any) bool{
		"ST060.Commands":        func(v any) bool { return len(v.([]string)) == 8 },
		"ST060.PermissiveTexts": func(v any) bool { return len(v.([]*ua.LocalizedText)) > 2 },
		"Line.DiskFree":         func(v any) bool { return v.(float64) > 0 },
		"Line.DatabaseHealthy":  func(v any) bool { return v.(bool) },
		"Line.Recipes":          func(v any) bool { return len(v.([]string)) == 3 },
		"ST020.MasterCheck.Due": func(v any) bool { return v.(bool) },
	} {
		v, err := b.read(t, one, name)
		if err != nil || v.Status != ua.StatusOK || !ok(v.Value.Value()) {
			t.Errorf("%s is %v (%v), %v", name, v.Value, v.Status, err)
		}
	}
}
