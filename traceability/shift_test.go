package traceability

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// Story: somebody types whatever stands on the paper in their hand and gets the packs, the newest first, page by page.
func TestAnyIdentityFindsItsPacks(t *testing.T) {
	h := newHistory()
	for n := 1; n <= 12; n++ {
		h.pack(n, n%5)
	}
	s := h.stored(t, t.TempDir())
	for _, want := range []struct {
		id, found string
		packs     []int
	}{
		{"", "pack", []int{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"ESS-P2-00001", "pack", []int{12, 11, 10}},
		{"SN000003", "serial", []int{3}},
		{"ESS-P2-000004-M02", "module 2", []int{4}},
		{"04QCE76314400JC2R0000020", "cell in slot 4", []int{2}},
		{"L-001", "lot of cells", []int{12, 11, 10, 9}},
		{" GF-7 ", "lot of a consumable", []int{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"O-1", "order", []int{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"ESS-P2", "product", []int{12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		{"no such thing", "", []int{}},
	} {
		got := []int{}
		for before, pages := int64(0), 0; pages == 0 || before > 0; pages++ {
			hits, next, err := s.Reader().Search(t.Context(), want.id, before, 5)
			if err != nil {
				t.Fatal(err)
			}
			for _, hit := range hits {
				got = append(got, hit.Number)
				if hit.Found != want.found {
					t.Errorf("%q found %s by %q, want %q", want.id, hit.Pack, hit.Found, want.found)
				}
			}
			before = next
		}
		if !slices.Equal(got, want.packs) {
			t.Errorf("%q finds packs %v, want %v", want.id, got, want.packs)
		}
	}
	orders, next, err := s.Reader().Orders(t.Context(), 0, 10)
	if err != nil || next != 0 || len(orders) != 1 || orders[0].Started != 12 || orders[0].Released != 12 || orders[0].FirstPass != 2 || orders[0].Ended != nil {
		t.Errorf("orders %+v, %d, %v", orders, next, err)
	}
}

// A shift's figures equal those of counting the records one by one, wherever its edges lie.
func TestShiftEqualsCountingTheRecords(t *testing.T) {
	h := newHistory()
	h.add("ST060", "", line.StateChanged{From: "Stopped", To: "Execute", Cause: "Start by amina"})
	for n := 1; n <= 9; n++ {
		h.add("ST060", "", line.StateChanged{From: "Execute", To: "Suspending", Cause: "starved by ST040"})
		h.add("ST060", "", line.StateChanged{From: "Suspending", To: "Suspended", Cause: "starved by ST040"})
		h.pack(n, n%3)
		h.add("ST060", "", line.StateChanged{From: "Suspended", To: "Execute", Cause: "there is work again"})
		h.add("ST070", "", line.AlarmRaised{Alarm: "ST070/drift", Text: fmt.Sprint("drift ", n), Severity: 500})
		h.pack(100+n, 0)
		h.add("ST070", "", line.AlarmCleared{Alarm: "ST070/drift"})
	}
	s := h.stored(t, t.TempDir())
	last := h.records[len(h.records)-1].At
	for _, edges := range [][2]time.Time{
		{benchAt, last.Add(time.Second)},
		{h.records[700].At, h.records[1400].At},
		{h.records[3].At, h.records[703].At.Add(time.Microsecond)},
		{last.Add(time.Hour), last.Add(2 * time.Hour)},
		{h.records[6].At, h.records[7].At},
	} {
		got, err := s.Reader().Shift(t.Context(), edges[0], edges[1])
		if err != nil {
			t.Fatal(err)
		}
		if want := countShift(h.records, edges[0], edges[1]); summaryOf(got) != want {
			t.Errorf("%s to %s:\n got %s\nwant %s", edges[0], edges[1], summaryOf(got), want)
		}
	}
}

func summaryOf(s Shift) string {
	var b strings.Builder
	fmt.Fprintf(&b, "begun %d released %d first pass %d", s.Begun, s.Released, s.FirstPass)
	for _, n := range s.NOK {
		fmt.Fprintf(&b, "; %s %s %d", n.Station, n.Code, n.Count)
	}
	for _, a := range s.Alarms {
		fmt.Fprintf(&b, "; %s %d times, active %.6f", a.Alarm, a.Count, a.Active)
	}
	for _, l := range s.Losses {
		fmt.Fprintf(&b, "; lost %s %s %v %.6f", l.Station, l.Cause, l.Own, l.Seconds)
	}
	for _, c := range s.Stations {
		if c.Station == "ST060" {
			fmt.Fprintf(&b, "; welded %d", c.Processed)
		}
	}
	return b.String()
}

// countShift counts by walking through the records.
func countShift(records []line.Record, from, to time.Time) string {
	var s Shift
	nok, processed := 0, 0
	alarm := AlarmCount{Alarm: "ST070/drift"}
	var raised, left time.Time // zero: it does not stand, it executes
	var cause string
	lost := map[string]time.Duration{}
	within := func(since, until time.Time) time.Duration {
		if since.Before(from) {
			since = from
		}
		if until.After(to) {
			until = to
		}
		return max(until.Sub(since), 0)
	}
	for _, r := range records {
		in := !r.At.Before(from) && r.At.Before(to)
		switch f := r.Fact.(type) {
		case line.PackStarted:
			s.Begun += one(in)
		case line.PackDisposed:
			s.Released += one(in)
			s.FirstPass += one(in && f.FirstPass)
		case line.ActDone:
			nok += one(in && f.Verdict == line.NOK)
		case line.StepDone:
			processed += one(in && r.Station == "ST060")
		case line.AlarmRaised:
			raised = r.At
			alarm.Count += one(in)
		case line.AlarmCleared:
			alarm.Active += within(raised, r.At).Seconds()
		case line.StateChanged:
			switch {
			case f.From == "Execute":
				left, cause = r.At, f.Cause
			case f.To == "Execute" && !left.IsZero():
				lost[cause] += within(left, r.At)
			}
		default:
		}
	}
	if nok > 0 {
		s.NOK = []NOKCount{{Station: "ST070", Code: "060-W-010", Count: nok}}
	}
	if alarm.Active > 0 {
		s.Alarms = []AlarmCount{alarm}
	}
	for c, d := range lost {
		if d > 0 {
			s.Losses = append(s.Losses, StationLoss{Station: "ST060", Cause: c, Seconds: d.Seconds()})
		}
	}
	s.Stations = []StationCount{{Station: "ST060", Processed: processed}}
	return summaryOf(s)
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// The audit is read page by page, the newest first, and only what lies in the span.
func TestAuditIsPaged(t *testing.T) {
	h := newHistory()
	for n := range 25 {
		h.add("ST060", "", line.CommandApplied{Request: fmt.Sprint(n), By: "amina", Command: "Reset ST060", Account: "amina", Roles: []line.Role{line.Operator}, Origin: line.FromSession})
	}
	since, until := h.records[len(h.records)-22].At, h.records[len(h.records)-2].At
	s := h.stored(t, t.TempDir())
	var got []string
	for before, pages := int64(0), 0; pages == 0 || before > 0; pages++ {
		page, next, err := s.Reader().Audit(t.Context(), since, until, before, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page {
			got = append(got, a.Request)
			if a.Account != "amina" || !slices.Equal(a.Roles, []line.Role{line.Operator}) {
				t.Errorf("%+v", a)
			}
		}
		before = next
	}
	if want := "22 21 20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3"; strings.Join(got, " ") != want {
		t.Errorf("requests %v, want %s", got, want)
	}
}
