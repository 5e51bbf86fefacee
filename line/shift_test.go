package line_test

import (
	"testing"
	"time"
	_ "time/tzdata" // also where the computer has no time zones

	"linectl/line"
)

func TestShiftsBeginByTheClockOnTheWall(t *testing.T) {
	load := func(name string) *time.Location {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return zone
	}
	three := []line.ClockTime{6 * 60, 14 * 60, 22 * 60}
	for _, tt := range []struct {
		plan        line.ShiftPlan
		at, name    string
		began, ends string
	}{
		{line.ShiftPlan{}, "2026-11-23T12:00:00Z", "23 Nov 06:00 to 14:00", "2026-11-23T06:00:00Z", "2026-11-23T14:00:00Z"},
		{line.ShiftPlan{}, "2026-11-23T14:00:00Z", "23 Nov 14:00 to 22:00", "2026-11-23T14:00:00Z", "2026-11-23T22:00:00Z"},
		{line.ShiftPlan{}, "2026-11-23T05:59:59Z", "22 Nov 22:00 to 06:00", "2026-11-22T22:00:00Z", "2026-11-23T06:00:00Z"},
		{line.ShiftPlan{Zone: load("Asia/Karachi"), Starts: three}, "2026-11-23T00:30:00Z", "22 Nov 22:00 to 06:00", "2026-11-22T17:00:00Z", "2026-11-23T01:00:00Z"},
		{line.ShiftPlan{Zone: load("Asia/Karachi"), Starts: three}, "2026-11-23T01:00:00Z", "23 Nov 06:00 to 14:00", "2026-11-23T01:00:00Z", "2026-11-23T09:00:00Z"},
		{line.ShiftPlan{Zone: load("Europe/Berlin"), Starts: three}, "2026-10-25T00:30:00Z", "24 Oct 22:00 to 06:00", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"}, // an hour longer
		{line.ShiftPlan{Starts: []line.ClockTime{8 * 60}}, "2026-11-23T07:00:00Z", "22 Nov 08:00 to 08:00", "2026-11-22T08:00:00Z", "2026-11-23T08:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, tt.at)
		if err != nil {
			t.Fatal(err)
		}
		s := tt.plan.At(at)
		if s.Name != tt.name || s.Began.Format(time.RFC3339) != tt.began || s.Ends.Format(time.RFC3339) != tt.ends || !s.Holds(at) {
			t.Errorf("at %s: %s, %s to %s; want %s, %s to %s", tt.at, s.Name, s.Began, s.Ends, tt.name, tt.began, tt.ends)
		}
	}
}

// Whatever the clock does in a year with two changes of it: shifts follow each other without a gap.
func TestShiftsLeaveNoGap(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	plan := line.ShiftPlan{Zone: zone, Starts: []line.ClockTime{2*60 + 30, 6 * 60, 14 * 60, 22 * 60}} // 02:30 is swallowed once and comes twice once
	s := plan.At(time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC))
	for range 365 * 4 {
		next := plan.At(s.Ends)
		if !next.Began.Equal(s.Ends) || !next.Ends.After(next.Began) {
			t.Fatalf("%+v is followed by %+v", s, next)
		}
		if last := plan.At(s.Ends.Add(-time.Second)); last != s {
			t.Fatalf("the last second of %+v belongs to %+v", s, last)
		}
		s = next
	}
}

func TestFiguresOfISO22400(t *testing.T) {
	a, e, q := line.Effort{Work: 6 * time.Hour, Planned: 8 * time.Hour, Produced: 40, Good: 38}.Figures(8 * time.Minute)
	if a != 0.75 || e < 0.888 || e > 0.889 || q != 0.95 {
		t.Errorf("%v %v %v", a, e, q)
	}
	if a, e, q := (line.Effort{}).Figures(0); a != -1 || e != -1 || q != -1 {
		t.Errorf("of nothing: %v %v %v", a, e, q)
	}
}
