package alarms_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"linectl/alarms"
	"linectl/line"

	"pgregory.net/rapid"
)

func TestMeter(t *testing.T) {
	var b alarms.Book
	var m alarms.Meter
	at := func(after time.Duration, f line.Fact) {
		m.Follow(&b, line.Record{At: noon.Add(after), Station: "ST060", Fact: f})
	}
	m.Begin(noon.Add(-time.Hour))
	for i := range 3 {
		at(time.Duration(i)*time.Minute, line.AlarmRaised{Alarm: fmt.Sprint(i)})
	}
	at(3*time.Minute, line.AlarmRaised{Alarm: "follower", Group: "2"})
	at(4*time.Minute, line.AlarmRaised{Alarm: "hidden"})
	at(4*time.Minute, line.AlarmSuppressed{Alarm: "hidden", Why: "stopped"})
	at(4*time.Minute, line.AlarmAcknowledged{Alarm: "1"})
	at(5*time.Minute, line.AlarmCleared{Alarm: "0"})
	for _, id := range []string{"0", "2", "follower", "hidden"} {
		at(6*time.Minute, line.AlarmAcknowledged{Alarm: id})
	}
	at(6*time.Minute, line.AlarmRepeated{Alarm: "1"})
	want := line.AlarmMetrics{
		Since: noon.Add(-time.Hour), Count: 4, CurrentRate: 4, MaximumRate: 4, AverageRate: 4.0 / 7, MaximumActive: 9 * time.Minute,
		MaximumUnacknowledged: 6 * time.Minute, Repeats: 1,
	}
	if got := m.Metrics(noon.Add(10*time.Minute-time.Second), &b); got.CurrentRate != 4 {
		t.Errorf("after nearly ten minutes the rate is %d", got.CurrentRate)
	}
	got := m.Metrics(noon.Add(10*time.Minute), &b)
	want.CurrentRate, want.MaximumActive = 3, 9*time.Minute // "1" has stood since minute 1
	if got != want {
		t.Errorf("\n%+v, want\n%+v", got, want)
	}
}

// The meter that runs along and the measure of the whole history count the same.
func TestMeterAgreesWithMeasure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoom()
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			id := "ST060/" + rapid.SampledFrom(made).Draw(t, "alarm").Condition
			_ = r.event(rapid.SampledFrom([]string{"raise", "clear", "ack", "shelve", "unshelve", "stop", "hold", "disable", "enable"}).Draw(t, "event"), id)
			r.wait(time.Duration(rapid.IntRange(0, 120).Draw(t, "minutes")) * time.Minute)
		}
		var b alarms.Book
		var m alarms.Meter
		for _, rec := range r.journal {
			m.Follow(&b, rec)
		}
		end := r.now.Add(time.Second)
		whole, running := alarms.Measure(slices.Values(r.journal), noon, end), m.Metrics(end, &b)
		if whole.Alarms != running.Count || whole.Repeated != running.Repeats {
			t.Fatalf("%+v and %+v", whole, running)
		}
	})
}
