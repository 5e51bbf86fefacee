package stations_test

import (
	"math"
	"testing"

	"linectl/line"
	"linectl/stations"
)

// TestWhatNobodyAskedForIsOnRecord shows values for which the act has no limit: as after a restart, which forgets those of a reference
// part. Every number that was shown is on record, also one that cannot be; only what is no number was not measured. None is judged.
func TestWhatNobodyAskedForIsOnRecord(t *testing.T) {
	act := stations.Act{Task: line.TaskMaster}
	for _, tt := range []struct {
		shown float64
		kept  bool
	}{{3.7, true}, {0, true}, {-1e30, true}, {1e30, true}, {math.NaN(), false}, {math.Inf(1), false}, {math.Inf(-1), false}} {
		told := line.ActFinished{Outcome: line.OutcomeOK}
		for i := range told.Values {
			told.Values[i] = float32(math.NaN())
		}
		told.Values[1] = float32(tt.shown)
		j := act.Judge(told)
		switch {
		case !tt.kept && len(j.Measurements) != 0:
			t.Errorf("%g was shown, on record is %v", tt.shown, j.Measurements)
		case tt.kept && (len(j.Measurements) != 1 || j.Measurements[0].Value == nil || float32(*j.Measurements[0].Value) != float32(tt.shown)):
			t.Errorf("%g was shown, on record is %v", tt.shown, j.Measurements)
		case j.Verdict != line.OK || tt.kept && j.Measurements[0].Verdict != "":
			t.Errorf("%g was judged: %+v", tt.shown, j)
		}
	}
}
