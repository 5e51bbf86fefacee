package web

import (
	"testing"
	"time"

	"linectl/packml"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// heard is a model to which the gateway has just said a few things.
func heard() *Model {
	m := NewModel(now.Add(-time.Minute))
	m.SetLink(Up, "", now)
	m.Hear("ST060.StateCurrent", Datum{int32(packml.Execute), Good, now}, now)
	m.Hear("ST060.State", Datum{Words{"Execute", "en"}, Good, now}, now)
	m.Hear("Line.Connected", Datum{true, Good, now}, now)
	m.Stations = []string{"ST060"}
	return m
}

func view(m *Model, at time.Time) *View {
	return &View{Model: m, Now: at, Lang: Languages[0], Page: &overviewPage, texts: catalogue{}}
}

// Nothing is believed that was not just heard: not when the gateway is silent, not when the link is gone, not when the gateway
// itself calls a value old.
func TestNothingOldIsShownAsGood(t *testing.T) {
	m := heard()
	if s := view(m, now.Add(3*time.Second)).Show("ST060.State"); s.Stale || s.Text != "Execute" {
		t.Errorf("after three seconds: %+v", s)
	}
	if s := view(m, now.Add(3*time.Second+time.Millisecond)).Show("ST060.State"); !s.Stale || s.Age != "3 s" || s.Text != "Execute" {
		t.Errorf("after more than three seconds: %+v", s)
	}
	if c := view(m, now.Add(4*time.Second)).Comms(); c != "gateway" {
		t.Errorf("a silent gateway is called %s", c)
	}
	m.SetLink(Dialling, "gone", now.Add(time.Second))
	if s := view(m, now.Add(time.Second)).Show("ST060.State"); !s.Stale {
		t.Errorf("with a lost link: %+v", s)
	}
	m = heard()
	m.Hear("ST060.State", Datum{Words{"Execute", "en"}, Old, now.Add(-5 * time.Second)}, now)
	if s := view(m, now).Show("ST060.State"); !s.Stale || s.Age != "5 s" {
		t.Errorf("what the gateway calls old: %+v", s)
	}
	m.Hear("ST060.State", Datum{nil, Old, now}, now)
	if s := view(m, now).Show("ST060.State"); !s.Stale || s.Text != "Execute" {
		t.Errorf("a bad value hides what was last known: %+v", s)
	}
	m.Hear("ST060.State", Datum{}, now)
	if s := view(m, now).Show("ST060.State"); !s.None {
		t.Errorf("what the line no longer says: %+v", s)
	}
}

// A new connection that has nothing to say yet makes nothing good that an old one has said.
func TestANewGatewayMakesNothingGoodByItself(t *testing.T) {
	m := heard()
	m.SetLink(Dialling, "gone", now.Add(time.Second))
	m.Heard = now.Add(2 * time.Second)
	m.SetLink(Up, "", now.Add(2*time.Second))
	v := view(m, now.Add(2*time.Second))
	if s := v.Show("ST060.State"); !s.Stale || s.Age != "2 s" {
		t.Errorf("what only the old connection has said: %+v", s)
	}
	m.Hear("ST060.State", Datum{nil, None, now.Add(2 * time.Second)}, now.Add(2*time.Second))
	if s := v.Show("ST060.State"); !s.None || s.Text != "" {
		t.Errorf("%+v", s)
	}
	m.Forget(func(node string) bool { return node == "Line.Connected" })
	if m.Has("ST060.StateCurrent") {
		t.Error("a node that is gone is still shown")
	}
}

func raised(name, event string, severity int, active, acked bool, at time.Time) Alarm {
	return Alarm{Name: name, Source: "ST060", EventID: event, Severity: severity, Active: active, Acked: acked, Retain: active || !acked, At: at}
}

func TestTheGravestAlarmStandsFirst(t *testing.T) {
	m := heard()
	for _, a := range []Alarm{
		raised("old warning", "1", 300, true, false, now.Add(-time.Hour)),
		raised("seen high", "2", 700, true, true, now.Add(-time.Minute)),
		raised("new high", "3", 650, true, false, now),
		raised("urgent, gone", "4", 900, false, false, now.Add(-time.Hour)),
		raised("new warning", "5", 350, true, false, now),
	} {
		m.Raise(a, now)
	}
	got := ""
	for _, a := range m.Standing() {
		got += a.Name + "; "
	}
	if want := "urgent, gone; new high; seen high; new warning; old warning; "; got != want {
		t.Errorf("the list is %s\nwant %s", got, want)
	}
	if first, ok := m.FirstOut(); !ok || first.Name != "seen high" {
		t.Errorf("first out is %q: a warning that came before, or one whose cause is gone, stops no line", first.Name)
	}
	shelved := raised("seen high", "6", 700, true, true, now)
	shelved.Shelved = true
	m.Raise(shelved, now)
	if len(m.Away()) != 1 || len(m.Standing()) != 4 {
		t.Errorf("a shelved alarm: %d away, %d standing", len(m.Away()), len(m.Standing()))
	}
}

// An emergency stop is one alarm to a person, whatever follows from it.
func TestConsequencesStandUnderTheirCause(t *testing.T) {
	m := heard()
	cause := raised("guard", "1", 500, true, false, now)
	m.Raise(cause, now)
	for _, name := range []string{"held", "starved", "slow"} {
		a := raised(name, name, 700, true, false, now.Add(time.Second))
		a.Group = "guard"
		m.Raise(a, now)
	}
	orphan := raised("orphan", "2", 600, true, false, now)
	orphan.Group = "over"
	m.Raise(orphan, now)
	groups := m.Groups()
	if len(groups) != 2 || groups[0].First.Name != "guard" || len(groups[0].Follows) != 3 || groups[1].First.Name != "orphan" {
		t.Errorf("%+v", groups)
	}
}

// After a refresh the list is what the gateway has told, whatever was there before, and nothing of it counts as new.
func TestARefreshMakesTheListWhole(t *testing.T) {
	m := heard()
	m.Raise(raised("a", "1", 700, true, false, now), now)
	m.Raise(raised("b", "1", 700, true, false, now), now)
	seen := len(m.Events)
	m.SetLink(Dialling, "gone", now)
	if m.Cleared {
		t.Error("the list counts as complete without a connection")
	}
	m.BeginRefresh(now)
	m.Raise(raised("a", "1", 700, true, false, now), now)
	m.Raise(raised("c", "1", 700, true, false, now), now)
	m.EndRefresh(now)
	if len(m.Alarms) != 2 || m.Alarms["b#"].Name != "" || !m.Cleared {
		t.Errorf("after the refresh: %+v", m.Alarms)
	}
	if len(m.Events) != seen+1 || m.Events[0].Name != "c" {
		t.Errorf("a refresh told as new: %d events after %d", len(m.Events), seen)
	}
}

// A button that cannot act says why, whatever the reason is.
func TestAButtonSaysWhyItCannotAct(t *testing.T) {
	m := heard()
	m.Methods["ST060.Start"] = Method{Object: "ST060", May: true, In: []Argument{{Name: requestID}}}
	m.Hear("ST060.Commands", Datum{[]string{"Start"}, Good, now}, now)
	m.Hear("ST060.CommandPossible", Datum{[]bool{false}, Good, now}, now)
	m.Hear("ST060.CommandWhyNot", Datum{[]Words{{"guard B2 is open: close it", "en"}}, Good, now}, now)
	if b := view(m, now).Command("ST060", "Start"); b.Why != "guard B2 is open: close it" {
		t.Errorf("refused in advance: %+v", b)
	}
	m.Hear("ST060.CommandPossible", Datum{[]bool{true}, Good, now}, now)
	if b := view(m, now).Command("ST060", "Start"); b.Why != "" {
		t.Errorf("possible: %+v", b)
	}
	if b := view(m, now).Command("ST060", "Reset"); b.Why != "the line has no such command" {
		t.Errorf("of no method: %+v", b)
	}
	if b := view(m, now.Add(time.Minute)).Command("ST060", "Start"); b.Why != "no connection to the line" {
		t.Errorf("without a connection: %+v", b)
	}
	m.Methods["ST060.Start"] = Method{Object: "ST060"}
	if b := view(m, now).Command("ST060", "Start"); b.Why != "your account may not do this" {
		t.Errorf("without the right: %+v", b)
	}
}

func TestAPatchBringsOnlyWhatHasChanged(t *testing.T) {
	if _, others := difference([]string{"a", "b"}, []string{"a", "b"}); others {
		t.Error("nothing has changed")
	}
	p, others := difference([]string{"a", "b", "c"}, []string{"a", "B", "c"})
	if !others || len(p.Some) != 1 || p.Some[1] != "B" || p.All != nil {
		t.Errorf("%+v", p)
	}
	if p, _ := difference([]string{"a"}, []string{"a", "b"}); len(p.All) != 2 {
		t.Errorf("another number of lines: %+v", p)
	}
}
