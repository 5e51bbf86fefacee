package traceability

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linectl/line"
)

// Every series, asked for any span in either direction and in pages of any size, equals what walking through the records gives.
func TestPointsEqualWalkingTheRecords(t *testing.T) {
	h := newHistory()
	h.add("ST100", "", line.MaterialLoaded{Item: "gap-filler", Lot: "GF-7", Quantity: 0.5, By: "amina"})
	for n := 1; n <= 8; n++ {
		h.add("ST060", "", line.StateChanged{From: "Suspended", To: "Execute", Cause: "there is work again"})
		h.pack(n, n%3)
		h.add("ST060", "", line.StateChanged{From: "Execute", To: "Suspended", Cause: "starved by ST040"})
		h.add("", line.PackID(fmt.Sprintf("ESS-P2-9%05d", n)), line.PackDisposed{Disposition: line.Scrapped, Reason: "dropped"})
		if n == 4 {
			h.now = h.now.Add(-3 * time.Second) // the clock was set back: the records of that time lie among those before
			h.add("ST060", "", line.ToolServiced{Tool: "glass", Action: "clean", By: "amina"})
			h.add("ST100", "", line.MaterialLoaded{Item: "gap-filler", Lot: "GF-8", Quantity: 9, By: "amina"})
			h.add("ST100", "", line.MaterialLoaded{Item: "gap-filler", Lot: "GF-7", Quantity: 10, By: "amina"})
		}
	}
	s := h.stored(t, t.TempDir())
	chance := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // which spans are tried
	moment := func() time.Time {
		return h.records[chance.IntN(len(h.records))].At.Add(time.Duration(chance.IntN(3)-1) * time.Microsecond)
	}
	for _, of := range []Series{
		{Kind: ReleasedCount},
		{Kind: NotOKCount},
		{Kind: FirstPassCount},
		{Kind: ProcessedCount, Station: "ST060"},
		{Kind: DefectiveCount, Station: "ST070"},
		{Kind: StateSeries, Station: "ST060"},
		{Kind: ToolUse, Station: "ST060"},
		{Kind: Remaining, Station: "ST100", Name: "gap-filler"},
		{Kind: Measured, Station: "ST060", Name: "weldPower"},
	} {
		whole := walk(h.records, of)
		if len(whole) < 2 {
			t.Fatalf("%v: %d points are no test", of, len(whole))
		}
		for range 40 {
			from, to := moment(), moment()
			var want []Point
			for _, p := range whole {
				if low, high := order(from, to); !p.At.Before(low) && !p.At.After(high) {
					want = append(want, p)
				}
			}
			if from.After(to) {
				slices.Reverse(want)
			}
			var got []Point
			size := 1 + chance.IntN(30)
			for {
				page, err := s.Reader().Points(t.Context(), of, from, to, len(got), size)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, page...)
				if len(page) < size {
					break
				}
			}
			if !slices.EqualFunc(got, want, func(a, b Point) bool { return a.At.Equal(b.At) && a.Text == b.Text && near(a.Value, b.Value) }) {
				t.Fatalf("%v from %s to %s in pages of %d:\n got %v\nwant %v", of, from, to, size, got, want)
			}
		}
	}
	if got, err := s.Reader().Points(t.Context(), Series{Kind: "no such"}, h.records[0].At, h.now, 0, 1); err == nil {
		t.Errorf("an unknown series has %v", got)
	}
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }

func order(a, b time.Time) (low, high time.Time) {
	if a.After(b) {
		return b, a
	}
	return a, b
}

// walk makes a series by walking through the records, then by time.
func walk(records []line.Record, of Series) []Point {
	var points []Point
	stock, lot := 0.0, line.LotID("")
	counts := of.Kind != StateSeries && of.Kind != ToolUse && of.Kind != Remaining && of.Kind != Measured
	add := func(r line.Record, v float64, text string) {
		points = append(points, Point{At: r.At.Truncate(time.Microsecond).UTC(), Value: v, Text: text})
	}
	for _, r := range records {
		here := r.Station == of.Station
		switch f := r.Fact.(type) {
		case line.PackDisposed:
			released := f.Disposition == line.Released
			if of.Kind == ReleasedCount && released || of.Kind == NotOKCount && !released || of.Kind == FirstPassCount && released && f.FirstPass {
				add(r, 1, "")
			}
		case line.StepDone:
			if here && (of.Kind == ProcessedCount || of.Kind == DefectiveCount && f.Verdict != line.OK) {
				add(r, 1, "")
			}
			for _, u := range f.Used {
				if of.Kind == Remaining && here && u.Item == of.Name && u.Lot == lot {
					stock -= u.Quantity
					add(r, max(stock, 0), "")
				}
			}
		case line.MaterialLoaded:
			if of.Kind == Remaining && here && f.Item == of.Name {
				stock, lot = f.Quantity, f.Lot
				add(r, stock, "")
			}
		case line.StateChanged:
			if of.Kind == StateSeries && here {
				add(r, 0, f.To)
			}
		case line.ToolServiced:
			if of.Kind == ToolUse && here {
				add(r, 0, "")
			}
		case line.ActDone:
			for _, m := range f.Measurements {
				if here && m.Value != nil && (of.Kind == Measured && m.Name == of.Name || of.Kind == ToolUse && m.Name == "toolUse") {
					add(r, *m.Value, "")
				}
			}
		default:
		}
	}
	slices.SortStableFunc(points, func(a, b Point) int { return a.At.Compare(b.At) })
	for i := range points {
		if counts {
			points[i].Value = float64(i + 1)
		}
	}
	return points
}

// The last result of each characteristic is that of the newest act, and the plans of all series go through keys.
func TestCharacteristicsHaveTheirLastResult(t *testing.T) {
	h := newHistory()
	for n := 1; n <= 3; n++ {
		h.pack(n, 0)
	}
	s := h.stored(t, t.TempDir())
	all, err := s.Reader().Characteristics(t.Context())
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, c := range all {
		points := walk(h.records, Series{Kind: Measured, Station: c.Station, Name: c.Name})
		if last := points[len(points)-1]; !last.At.Equal(c.At) || last.Value != c.Value || c.Unit == "" || c.LSL == nil {
			t.Errorf("%+v, want %+v", c, last)
		}
	}
}

// What happened to alarms is told with the occurrence as it stood then.
func TestAlarmStepsTellTheLife(t *testing.T) {
	h := newHistory()
	for _, f := range []line.Fact{
		line.AlarmRaised{Alarm: "ST060/held", Text: "held", Severity: 700},
		line.AlarmAcknowledged{Alarm: "ST060/held", Occurrence: 1, By: "ali", Comment: "seen"},
		line.AlarmCleared{Alarm: "ST060/held"},
		line.AlarmRaised{Alarm: "ST060/held", Text: "held again", Severity: 700},
		line.AlarmShelved{Alarm: "ST060/held", By: "ali", Why: "spare part on order"},
	} {
		h.add("ST060", "", f)
	}
	h.add("ST070", "", line.AlarmRaised{Alarm: "ST070/held", Severity: 700})
	s := h.stored(t, t.TempDir())
	tell := func(station line.StationID, from, to time.Time, size int) (told []string) {
		for {
			page, err := s.Reader().AlarmSteps(t.Context(), station, from, to, len(told), size)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range page {
				told = append(told, fmt.Sprintf("%s#%d %s active %v acknowledged %v %s", a.Alarm, a.Occurrence, a.Step, a.Active, a.Acknowledged, a.Why))
			}
			if len(page) < size {
				return told
			}
		}
	}
	want := []string{
		"ST060/held#1 raised active true acknowledged false ", "ST060/held#1 acknowledged active true acknowledged true seen",
		"ST060/held#1 cleared active false acknowledged true ", "ST060/held#2 raised active true acknowledged false ",
		"ST060/held#2 shelved active true acknowledged false spare part on order",
	}
	if got := tell("ST060", benchAt, h.now, 2); !slices.Equal(got, want) {
		t.Errorf("forwards %q", got)
	}
	slices.Reverse(want)
	if got := tell("ST060", h.now, benchAt, 3); !slices.Equal(got, want) {
		t.Errorf("backwards %q", got)
	}
	if got := tell("", benchAt, h.now, 10); len(got) != 6 {
		t.Errorf("of all stations: %q", got)
	}
}
