package supervisor

import (
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/stations"
)

// cyclesKept is over how many parts a station's pace is averaged where no takt is set.
const cyclesKept = 8

// figures are what a station has done so far, as a fold of its records.
type figures struct {
	since     time.Time // when it came into its present state
	first     string    // first cause of the present stop, empty while it works or waits
	arrived   time.Time // when the part in work came
	cycles    []time.Duration
	mode      line.ModeChanged // the last change; empty while it never was
	moded     time.Time        // when that was
	processed int
	defective int
	services  int       // of its tools
	masters   masterLog // checks against the reference part
}

// begin is the first start of the line: what never changed has been so since then.
func (f *figures) begin(at time.Time) {
	if f.since.IsZero() {
		f.since = at
	}
}

// follow follows a record of the station. The visit is the one that the record finds.
func (f *figures) follow(r line.Record, v *stations.Visit) {
	switch fact := r.Fact.(type) {
	case line.StateChanged:
		f.since = r.At
		f.stopped(fact)
	case line.ModeChanged:
		f.mode, f.moded = fact, r.At
	case line.ToolServiced:
		f.services++
	case line.MasterChecked:
		f.masters.checked(r.At, fact)
	case line.StepDone:
		f.finished(r.At, fact.Verdict)
		f.masters.finished(fact.Part)
	case line.PartMoved: // a cell has no step; one that was written off was not worked on
		if r.Pack == "" && v != nil && v.Part == fact.Part {
			f.finished(r.At, cellVerdict(v))
			f.masters.finished(fact.Part)
		}
	default: // no figure is made of it
	}
}

func cellVerdict(v *stations.Visit) line.Verdict {
	switch {
	case v.Graded != nil:
		return v.Graded.Verdict
	case v.Received != nil:
		return v.Received.Verdict
	}
	return v.Verdict
}

// stopped keeps the cause that came first until the station has left the stop: what follows from it is no cause.
func (f *figures) stopped(c line.StateChanged) {
	to, err := packml.ParseState(c.To)
	if err != nil {
		to = packml.Aborted // as the station takes it
	}
	switch to {
	case packml.Holding, packml.Held, packml.Aborting, packml.Aborted, packml.Stopping, packml.Stopped, packml.Completing, packml.Complete:
		if f.first == "" {
			f.first = c.Cause
		}
	case packml.Execute, packml.Suspended, packml.Resetting:
		f.first = ""
	default: // on the way
	}
}

func (f *figures) finished(at time.Time, v line.Verdict) {
	f.processed++
	if v != line.OK {
		f.defective++
	}
	if f.arrived.IsZero() || at.Before(f.arrived) {
		return
	}
	if len(f.cycles) == cyclesKept {
		f.cycles = append(f.cycles[:0], f.cycles[1:]...)
	}
	f.cycles = append(f.cycles, at.Sub(f.arrived))
}

// cycle returns how long the last part took.
func (f *figures) cycle() time.Duration {
	if len(f.cycles) == 0 {
		return 0
	}
	return f.cycles[len(f.cycles)-1]
}

// pace returns the time that a part takes here: the takt, or what the last parts took; 0 before the first.
func (s *station) pace() time.Duration {
	if s.cfg.Takt > 0 || len(s.figures.cycles) == 0 {
		return s.cfg.Takt
	}
	sum := time.Duration(0)
	for _, c := range s.figures.cycles {
		sum += c
	}
	return sum / time.Duration(len(s.figures.cycles))
}
