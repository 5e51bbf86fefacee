package opcua_test

import (
	"context"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
	"linectl/line"
)

var dialogFields = []string{"ConditionName", "EventType", "DialogState/Id", "Retain", "Prompt", "ResponseOptionSet", "LastResponse", "DefaultResponse", "SourceName"}

// respond answers a question by its condition.
func respond(t *testing.T, c *gopcua.Client, condition *ua.NodeID, n int32) ua.StatusCode {
	t.Helper()
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{
		ObjectID: condition, MethodID: ua.NewNumericNodeID(0, id.DialogConditionType_Respond), InputArguments: []*ua.Variant{ua.MustVariant(n)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// TestAnySpaceAsks is the part of the contract of opcua.Space that is about questions: they are told at once and to whoever comes
// later, take one of their answers while they wait, and none afterwards.
func TestAnySpaceAsks(t *testing.T) {
	t.Parallel()
	acts := make(chan opcua.AlarmAct, 10)
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), func(o *opcua.Options) {
		o.OnAlarm = func(_ context.Context, _ opcua.Caller, a opcua.AlarmAct) (opcua.Status, string) {
			acts <- a
			return opcua.Done, ""
		}
	})
	if err := b.server.Declare(opcua.Object{Browse: opcua.Browse{ID: opcua.Own("Thing"), Name: "Thing"}, Events: true}); err != nil {
		t.Fatal(err)
	}
	b.serve(t)
	question := opcua.Dialog{Source: opcua.Own("Thing"), Answer: -1, At: at, PromptSnapshot: line.PromptSnapshot{
		Prompt: "ST900/decide/P1/1", Text: "ready", Options: []string{"Start", "Reset"},
	}}
	if err := b.server.Prompt(question); err != nil {
		t.Fatal(err)
	}
	c := b.mustDial(t, login{locale: "zh"})
	w := watchWhere(t, c, ua.NewNumericNodeID(0, id.Server), dialogFields)
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{
		ObjectID: ua.NewNumericNodeID(0, id.ConditionType), MethodID: ua.NewNumericNodeID(0, id.ConditionType_ConditionRefresh),
		InputArguments: []*ua.Variant{ua.MustVariant(w.sub.SubscriptionID)},
	})
	if err != nil || res.StatusCode != ua.StatusOK {
		t.Fatalf("refresh: %v %v", res, err)
	}
	next(t, w.events) // the refresh begins
	e := next(t, w.events)
	condition := e[len(e)-1].NodeID()
	if e[0].Value() != "ST900/decide/P1/1" || e[1].NodeID().IntID() != id.DialogConditionType || e[2].Value() != true || e[3].Value() != true ||
		e[6].Value() != int32(-1) || e[7].Value() != int32(-1) || e[8].Value() != "Thing" {
		t.Errorf("the question is told as %v", e)
	}
	if text, options := e[4].Value().(*ua.LocalizedText), e[5].Value().([]*ua.LocalizedText); text.Text != "就绪" || len(options) != 2 || options[0].Text != "按启动" {
		t.Errorf("in the language of the session it is %v %v", text, options)
	}
	if got := targets(t, c, condition, id.HasTypeDefinition, ua.BrowseDirectionForward); len(got) != 1 || got[0].IntID() != id.DialogConditionType {
		t.Errorf("the condition is a %v", got)
	}
	for n, want := range map[int32]ua.StatusCode{-1: ua.StatusBadDialogResponseInvalid, 2: ua.StatusBadDialogResponseInvalid, 1: ua.StatusOK} {
		if got := respond(t, c, condition, n); got != want {
			t.Errorf("answer %d: %v", n, got)
		}
	}
	if a := <-acts; a.Verb != opcua.RespondToDialog || a.Alarm != "ST900/decide/P1/1" || a.Option != "Reset" {
		t.Errorf("the answer came as %+v", a)
	}
	question.Gone, question.Answer = true, 1
	if err := b.server.Prompt(question); err != nil {
		t.Fatal(err)
	}
	next(t, w.events) // the refresh ends
	if e := next(t, w.events); e[2].Value() != false || e[3].Value() != false || e[6].Value() != int32(1) {
		t.Errorf("its end is told as %v", e)
	}
	if got := respond(t, c, condition, 1); got == ua.StatusOK {
		t.Error("a question that has gone took an answer")
	}
	if v := attribute(t, c, condition, ua.AttributeIDBrowseName); v.Status == ua.StatusOK {
		t.Error("its condition is still there")
	}
}

// A question of the line reaches the HMI, and the answer the line; who may not answer is told so, and so is why the line refuses.
func TestAnOperatorAnswersTheLine(t *testing.T) {
	t.Parallel()
	p := newPlant()
	waiting := p.now.Prompts
	p.now.Prompts = nil
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	w := watchWhere(t, c, node(t, c, "Line"), dialogFields, where(ua.FilterOperatorOfType, ua.NewNumericNodeID(0, id.DialogConditionType)))
	p.change(func(p *plant) { p.now.Prompts = waiting })
	e := next(t, w.events)
	condition := e[len(e)-1].NodeID()
	if e[4].Value().(*ua.LocalizedText).Text != waiting[0].Text || e[8].Value() != "Line" {
		t.Fatalf("the question is told as %v", e)
	}
	viewer := b.mustDial(t, login{user: "vera", password: "vera-password"})
	if got := respond(t, viewer, condition, 0); got != ua.StatusBadUserAccessDenied {
		t.Errorf("a viewer's answer: %v", got)
	}
	p.change(func(p *plant) {
		p.answer = func(line.Request) (line.Reply, error) {
			return line.Reply{Text: "EV-P1-000001 is held: release it first"}, nil
		}
	})
	if got := respond(t, c, condition, 1); got != ua.StatusBadInvalidState {
		t.Errorf("an answer that the line refuses: %v", got)
	}
	eventually(t, "the reason", func() bool {
		return read(t, c, "Line.LastRefusal").Value.Value().(*ua.LocalizedText).Text == "EV-P1-000001 is held: release it first"
	})
	p.change(func(p *plant) { p.answer = nil })
	if got := respond(t, c, condition, 0); got != ua.StatusOK {
		t.Errorf("an answer: %v", got)
	}
	asked := p.requests()
	if last := asked[len(asked)-1]; last.Command != (line.AnswerPrompt{Prompt: waiting[0].Prompt, Option: "rework"}) || last.Why == "" {
		t.Errorf("the line was asked %+v", last)
	}
	p.change(func(p *plant) { p.now.Prompts = nil })
	if e := next(t, w.events); e[2].Value() != false || e[6].Value() != int32(0) {
		t.Errorf("its end is told as %v", e)
	}
}

// The first-out alarm names itself, those that follow name it; a latched one is released by the standard's method.
func TestAlarmsFollowTheFirst(t *testing.T) {
	t.Parallel()
	p := newPlant()
	follower := p.now.Alarms[0]
	follower.Alarm, follower.Station, follower.Group, follower.Latched, follower.Changed = "ST070/held", "ST070", "ST060/held", true, at.Add(time.Second)
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	w := watchWhere(t, c, node(t, c, "ST070"), []string{"ConditionName", "FirstInGroupFlag", "FirstInGroup", "Group", "LatchedState/Id"})
	p.change(func(p *plant) { p.now.Alarms = append(p.now.Alarms, follower) })
	e := next(t, w.events)
	if e[0].Value() != "ST070/held" || e[1].Value() != false || e[2].NodeID().StringID() != "Alarm.ST060/held" || e[3].Value() != "ST060/held" || e[4].Value() != true {
		t.Errorf("the follower is told as %v", e)
	}
	res, err := c.Call(t.Context(), &ua.CallMethodRequest{ObjectID: e[5].NodeID(), MethodID: ua.NewNumericNodeID(0, id.AlarmConditionType_Reset)})
	if err != nil || res.StatusCode != ua.StatusOK {
		t.Fatalf("Reset: %v %v", res, err)
	}
	asked := p.requests()
	if last := asked[len(asked)-1]; last.Command != (line.ResetAlarm{Alarm: "ST070/held"}) {
		t.Errorf("the line was asked %+v", last)
	}
}

func TestTheAlarmsAreMeasured(t *testing.T) {
	t.Parallel()
	p := newPlant()
	p.now.Metrics = line.AlarmMetrics{Since: at, Count: 12, CurrentRate: 3, MaximumRate: 7, AverageRate: 0.5, MaximumActive: time.Minute, MaximumUnacknowledged: 2 * time.Minute, Repeats: 1}
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	c := b.mustDial(t, login{})
	eventually(t, "the line is shown", good(t, c, "ST060.State"))
	for name, want := range map[string]any{
		"AlarmCount": uint32(12), "CurrentAlarmRate": 3.0, "MaximumAlarmRate": 7.0, "AverageAlarmRate": 0.5, "MaximumActiveState": 60000.0, "MaximumUnAck": 120000.0,
		"MaximumReAlarmCount": uint32(1), "StartTime": at, "CurrentAlarmRate.Rate": uint16(10),
	} {
		if v := read(t, c, "Line.AlarmMetrics."+name); v.Status != ua.StatusOK || v.Value.Value() != want {
			t.Errorf("%s is %v (%v), want %v", name, v.Value, v.Status, want)
		}
	}
	if got := targets(t, c, node(t, c, "Line.AlarmMetrics"), id.HasTypeDefinition, ua.BrowseDirectionForward); len(got) != 1 || got[0].IntID() != id.AlarmMetricsType {
		t.Errorf("it is a %v", got)
	}
}
