package stations_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"linectl/line"
	"linectl/stations"
)

// A reference part is judged by one rule, when it is measured and when the record is reviewed: what no instrument can have shown is
// UNKNOWN, whichever bound it is beyond, and the station takes no part on it.
func TestAReferencePartIsJudgedByOneRule(t *testing.T) {
	nan := float32(math.NaN())
	for _, tt := range []struct {
		name    string
		values  [2]float32
		outcome line.Outcome
		want    line.Verdict
		says    string
	}{
		{"good", [2]float32{1, 1}, line.OutcomeOK, line.OK, ""},
		{"too high", [2]float32{1.5, 1}, line.OutcomeOK, line.NOK, "reference1 1.5 > 1.02"},
		{"the device says no", [2]float32{1, 1}, line.OutcomeNOK, line.NOK, "master check: device says NOK, reason 0"},
		{"beyond every bound", [2]float32{1e30, 1}, line.OutcomeOK, line.Unknown, "reference1 1e+30 cannot be: look at the instrument"},
		{"below every bound", [2]float32{1, -1e30}, line.OutcomeOK, line.Unknown, "reference2 -1e+30 cannot be: look at the instrument"},
		{"impossible, and too high", [2]float32{1e30, 1.5}, line.OutcomeOK, line.Unknown, "reference1 1e+30 cannot be: look at the instrument"},
		{"impossible, and the device says no", [2]float32{1e30, 1}, line.OutcomeNOK, line.Unknown, "master check: device says NOK, reason 0"},
		{"no number", [2]float32{nan, 1}, line.OutcomeOK, line.Unknown, "reference1 not measured"},
		{"aborted", [2]float32{1, 1}, line.OutcomeAborted, line.Unknown, "master check was aborted"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := endOfLine(t)
			s.run(t)
			ran := len(s.journal)
			if !s.CheckMaster(s.now, *s.recipe.Process(line.EndOfLine).Master) {
				t.Fatal("the reference part is not asked for")
			}
			e := line.ActFinished{Device: s.Open().Device, Token: s.Open().Token, Outcome: tt.outcome}
			copy(e.Values[:], tt.values[:])
			s.Handle(s.now, e)
			s.settle()

			done, checked := s.journal[ran+1].Fact.(line.ActDone), s.Master()
			if done.Verdict != tt.want || checked.Verdict != tt.want || done.Text != tt.says {
				t.Errorf("it is %s: %q, and the check %s; want %s: %q", done.Verdict, done.Text, checked.Verdict, tt.want, tt.says)
			}
			good := tt.want == line.OK
			if s.MasterDue(s.now, s.recipe) == good || (s.State().String() == "Execute") != good {
				t.Errorf("the station is %s, and its check is due: %t", s.State(), s.MasterDue(s.now, s.recipe))
			}
			reviewReference(t, s.journal)
		})
	}
}

func endOfLine(t *testing.T) *story {
	t.Helper()
	s := &story{kind: line.EndOfLine, recipe: sampleRecipe(t, "ESS-P2"), now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	s.fresh(t)
	return s
}

// fresh gives the story a station that knows nothing.
func (s *story) fresh(t *testing.T) {
	t.Helper()
	roles, err := stations.Roles(s.kind)
	if err != nil {
		t.Fatal(err)
	}
	s.devices = nil
	for _, role := range roles {
		s.devices = append(s.devices, &stations.Device{ID: line.DeviceID("ST1." + string(role)), Role: role})
	}
	if s.Machine, err = stations.New("ST1", s.kind, string(s.kind), s.devices, s); err != nil {
		t.Fatal(err)
	}
}

// reviewReference lets a station that has only the journal follow it: it doubts nothing, and would doubt every other verdict.
func reviewReference(t *testing.T, journal []line.Record) {
	t.Helper()
	s := endOfLine(t)
	reviewed := 0
	for _, r := range journal {
		if doubt := s.Review(r); doubt != "" {
			t.Errorf("%s: %s", line.FactName(r.Fact), doubt)
		}
		for _, other := range []line.Verdict{line.OK, line.NOK, line.Unknown} {
			wrong := r
			switch f := r.Fact.(type) {
			case line.ActDone:
				if f.Verdict == other {
					continue
				}
				f.Verdict, f.Measurements = other, slices.Clone(f.Measurements)
				wrong.Fact = f
			case line.MasterChecked:
				if f.Verdict == other {
					continue
				}
				f.Verdict = other
				wrong.Fact = f
			default:
				continue
			}
			reviewed++
			if s.Review(wrong) == "" {
				t.Errorf("%s: %s is believed", line.FactName(r.Fact), other)
			}
		}
		s.Apply(r)
	}
	if reviewed != 4 {
		t.Errorf("%d wrong verdicts were reviewed, want 2 of the act and 2 of the check", reviewed)
	}
}
