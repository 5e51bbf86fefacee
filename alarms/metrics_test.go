package alarms_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"linectl/alarms"
	"linectl/line"

	"pgregory.net/rapid"
)

// told makes a history by hand.
type told []line.Record

func (h *told) at(after time.Duration, f line.Fact) {
	*h = append(*h, line.Record{At: noon.Add(after), Station: "ST060", Fact: f})
}

func TestMetricsOfADay(t *testing.T) {
	var h told
	h.at(-25*time.Hour, line.AlarmRaised{Alarm: "stale", Severity: 300})
	h.at(-25*time.Hour, line.AlarmAcknowledged{Alarm: "stale"})
	for i := range 12 { // a flood in the first ten minutes, of one that chatters
		at := time.Duration(i) * 20 * time.Second
		h.at(at, line.AlarmRaised{Alarm: "chatter", Severity: 300})
		h.at(at+time.Second, line.AlarmCleared{Alarm: "chatter"})
	}
	for i := range 6 { // it ebbs
		h.at(10*time.Minute+time.Duration(i)*time.Minute, line.AlarmRaised{Alarm: fmt.Sprint("ebb", i), Severity: 500})
	}
	h.at(12*time.Minute+time.Second, line.AlarmRaised{Alarm: "follower", Severity: 700, Group: "ebb2"})
	h.at(30*time.Minute, line.AlarmRaised{Alarm: "hidden", Severity: 700})
	h.at(30*time.Minute, line.AlarmSuppressed{Alarm: "hidden", Why: "stopped"})
	h.at(55*time.Minute, line.AlarmUnsuppressed{Alarm: "hidden"}) // now the operator is told
	h.at(56*time.Minute, line.AlarmAcknowledged{Alarm: "hidden"})
	h.at(57*time.Minute, line.AlarmShelved{Alarm: "hidden", Until: noon.Add(2 * time.Hour)})
	h.at(58*time.Minute, line.AlarmRepeated{Alarm: "ebb0"})
	h.at(59*time.Minute, line.AlarmRaised{Alarm: "hidden", Severity: 700}) // shelved: nobody is told
	h.at(2*time.Hour, line.AlarmRaised{Alarm: "after the end"})
	m := alarms.Measure(slices.Values(h), noon, noon.Add(time.Hour))
	if m.Alarms != 12+6+1 || m.Followers != 1 || m.Repeated != 1 || m.PerHour != 19 || m.WorstTen != 12 || m.LastTen != 1 {
		t.Errorf("counts: %+v", m)
	}
	if len(m.Floods) != 1 || m.Floods[0] != (alarms.Flood{From: noon, To: noon.Add(20 * time.Minute), Alarms: 18}) || math.Abs(m.Flood-2.0/6) > 1e-9 || math.Abs(m.Busy-1.0/6) > 1e-9 {
		t.Errorf("floods: %+v, time %v, busy %v", m.Floods, m.Flood, m.Busy)
	}
	if len(m.Stale) != 1 || m.Stale[0].Alarm != "stale" || len(m.Chattering) != 1 || m.Chattering[0] != (alarms.Count{Alarm: "chatter", Times: 10}) ||
		len(m.Fleeting) != 1 || m.Fleeting[0].Times != 12 || m.Top[0] != (alarms.Count{Alarm: "chatter", Times: 12}) {
		t.Errorf("stale %v, chattering %v, fleeting %v, top %v", m.Stale, m.Chattering, m.Fleeting, m.Top)
	}
	if math.Abs(m.Low-12.0/19) > 1e-9 || math.Abs(m.Medium-6.0/19) > 1e-9 || math.Abs(m.High-1.0/19) > 1e-9 {
		t.Errorf("mix %v %v %v", m.Low, m.Medium, m.High)
	}
	if m.LongestOn != time.Hour || m.LongestUnseen != time.Hour {
		t.Errorf("longest active %v, unacknowledged %v", m.LongestOn, m.LongestUnseen)
	}
	met := map[string]bool{}
	for _, f := range m.Findings() {
		met[f.What] = f.Met
	}
	if met["alarms an hour, on average"] || met["time in a flood"] || !met["stale alarms, over 24 h"] || met["chattering alarms"] {
		t.Errorf("findings: %v", met)
	}
}

func TestMetricsOfAQuietHour(t *testing.T) {
	m := alarms.Measure(slices.Values(told{}), noon, noon.Add(time.Hour))
	for _, f := range m.Findings() {
		if !f.Met {
			t.Errorf("nothing happened, and %s is not met: %v", f.What, f.Measured)
		}
	}
}

// Cutting the time in two must lose and invent nothing.
func TestMetricsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoom()
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			id := "ST060/" + rapid.SampledFrom(made).Draw(t, "alarm").Condition
			_ = r.event(rapid.SampledFrom([]string{"raise", "clear", "ack", "shelve", "once", "unshelve", "stop", "hold", "run", "disable", "enable"}).Draw(t, "event"), id)
			r.wait(time.Duration(rapid.IntRange(0, 120).Draw(t, "minutes")) * time.Minute)
		}
		end := r.now.Add(time.Second)
		cut := noon.Add(time.Duration(rapid.Int64Range(0, int64(end.Sub(noon))).Draw(t, "cut")))
		whole := alarms.Measure(slices.Values(r.journal), noon, end)
		one, two := alarms.Measure(slices.Values(r.journal), noon, cut), alarms.Measure(slices.Values(r.journal), cut, end)
		if whole.Alarms != one.Alarms+two.Alarms || whole.Followers != one.Followers+two.Followers || whole.Repeated != one.Repeated+two.Repeated {
			t.Fatalf("%+v is not %+v and %+v", whole, one, two)
		}
	})
}
