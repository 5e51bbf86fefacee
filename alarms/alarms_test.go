package alarms_test

import (
	"testing"
	"time"

	"linectl/alarms"
	"linectl/line"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// raise does what the line does: prepare, record, apply.
func raise(b *alarms.Book, at time.Duration, station line.StationID, id string) (line.AlarmRaised, bool) {
	a, news := b.Prepare(noon.Add(at), station, line.AlarmRaised{Alarm: id, Severity: line.SeverityHigh})
	if news {
		b.Apply(line.Record{At: noon.Add(at), Station: station, Fact: a})
	}
	return a, news
}

func TestOneFaultIsOneAlarmToTheOperator(t *testing.T) {
	var b alarms.Book
	raise(&b, 0, "ST060", "ST060/guard")
	follower, _ := raise(&b, time.Second, "ST060", "ST060/held")
	neighbour, _ := raise(&b, time.Second, "ST070", "ST070/link")
	late, _ := raise(&b, 10*time.Second, "ST060", "ST060/glass")
	if follower.Group != "ST060/guard" {
		t.Errorf("an alarm of the same station one second later stands alone: %+v", follower)
	}
	if neighbour.Group != "" || late.Group != "" {
		t.Errorf("another station's alarm or a late one was grouped: %+v, %+v", neighbour, late)
	}
}

// What only warns says what comes and not what came of another: two lots that run low are two things to see to. What they warn of
// follows from the first.
func TestAWarningFollowsFromNothing(t *testing.T) {
	var b alarms.Book
	low := func(id string) line.AlarmRaised {
		a, _ := b.Prepare(noon, "ST040", line.AlarmRaised{Alarm: id, Severity: line.SeverityLow})
		b.Apply(line.Record{At: noon, Station: "ST040", Fact: a})
		return a
	}
	first, second := low("ST040/material-low-busbar"), low("ST040/material-low-end-plate")
	if first.Group != "" || second.Group != "" {
		t.Errorf("%+v, %+v", first, second)
	}
	if held, _ := raise(&b, time.Second, "ST040", "ST040/held"); held.Group != first.Alarm {
		t.Errorf("what was warned of stands alone: %+v", held)
	}
}

func TestAlarmLeavesWhenGoneAndSeen(t *testing.T) {
	for _, order := range [][]line.Fact{
		{line.AlarmCleared{Alarm: "x"}, line.AlarmAcknowledged{Alarm: "x", By: "ali"}},
		{line.AlarmAcknowledged{Alarm: "x", By: "ali"}, line.AlarmCleared{Alarm: "x"}},
	} {
		var b alarms.Book
		raise(&b, 0, "ST060", "x")
		b.Apply(line.Record{Fact: order[0]})
		if !b.Open("x") {
			t.Errorf("after %T alone the alarm left the book", order[0])
		}
		b.Apply(line.Record{Fact: order[1]})
		if b.Open("x") {
			t.Errorf("after %T and %T the alarm is still in the book", order[0], order[1])
		}
	}
}

func TestBookHoldsEachAlarmOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var b alarms.Book
		active := map[string]bool{}
		for i := range rapid.IntRange(0, 40).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "alarm")
			switch rapid.IntRange(0, 2).Draw(t, "do") {
			case 0:
				_, news := raise(&b, time.Duration(i)*time.Second, "ST060", id)
				if news == active[id] {
					t.Fatalf("raising %s while active=%v was news=%v", id, active[id], news)
				}
				active[id] = true
			case 1:
				b.Apply(line.Record{Fact: line.AlarmCleared{Alarm: id}})
				active[id] = false
			case 2:
				b.Apply(line.Record{Fact: line.AlarmAcknowledged{Alarm: id}})
			}
			count := map[string]int{}
			for _, a := range b.All() {
				if a.Branch && a.Active {
					t.Fatalf("a past occurrence of %s is active", a.Alarm)
				}
				if !a.Branch {
					count[a.Alarm]++
				}
				if count[a.Alarm] > 1 {
					t.Fatalf("%s stands twice in the book", a.Alarm)
				}
			}
			if b.Active(id) != active[id] {
				t.Fatalf("%s active=%v, want %v", id, b.Active(id), active[id])
			}
		}
	})
}
