package supervisor

import (
	"maps"
	"time"

	"linectl/line"
)

// lossesShown is how many losses a snapshot names.
const lossesShown = 20

// shift counts the present shift as a fold of the journal: whatever it says, the records of the same span say too.
type shift struct {
	plan line.ShiftPlan
	line.Shift
	heard time.Time // of the last record

	ordered, ended       int                  // packs, of all orders
	good, nok, firstPass int                  // packs that ended in the shift
	doubtful             map[line.PackID]bool // of them, those in quarantine
	stations             []worker
	index                map[line.StationID]int
}

// worker is how a station spends its time in the shift.
type worker struct {
	known  bool // the line has run since
	does   line.Working
	cause  string
	since  time.Time // up to here its time is counted
	effort line.Effort
	losses map[string]spent // by cause
}

type spent struct {
	total time.Duration
	times int
}

func newShift(plan line.ShiftPlan, stations []StationConfig) shift {
	s := shift{plan: plan, stations: make([]worker, len(stations)), index: map[line.StationID]int{}, doubtful: map[line.PackID]bool{}}
	for i, one := range stations {
		s.index[one.ID] = i
	}
	return s
}

// open reports whether something is ordered and not finished: only then is time planned.
func (s *shift) open() bool { return s.ordered > s.ended }

// follow follows one record.
func (s *shift) follow(r line.Record) {
	_, starts := r.Fact.(line.LineStarted)
	if starts {
		s.cut()
	}
	if !r.At.Before(s.Ends) {
		s.roll(r.At)
	}
	inside := !r.At.Before(s.Began) // the clock may have been put back
	i, atStation := s.index[r.Station]
	switch f := r.Fact.(type) {
	case line.LineStarted:
		s.begin(r.At)
	case line.StateChanged:
		if atStation {
			s.count(i, r.At).changed(f)
		}
	case line.OrderAdded:
		s.countAll(r.At)
		s.ordered += f.Quantity
	case line.PackDisposed:
		s.countAll(r.At)
		s.ended++
		if inside {
			s.disposed(r.Pack, f)
		}
	case line.QuarantineDecided:
		s.countAll(r.At)
		s.ended--
		if s.doubtful[r.Pack] {
			delete(s.doubtful, r.Pack)
			s.nok--
		}
	default: // takes no time, and is no pack's end
	}
	s.heard = r.At
}

func (s *shift) disposed(p line.PackID, f line.PackDisposed) {
	if f.Disposition == line.Quarantined {
		s.doubtful[p] = true
	}
	switch {
	case f.Disposition != line.Released:
		s.nok++
	case f.FirstPass:
		s.firstPass++
		s.good++
	default:
		s.good++
	}
}

// finished counts a part that a station has finished.
func (s *shift) finished(at time.Time, station line.StationID, good bool) {
	i, known := s.index[station]
	if !known || !s.Holds(at) {
		return
	}
	s.stations[i].effort.Produced++
	if good {
		s.stations[i].effort.Good++
	}
}

// roll ends the shift and begins the one that holds a moment. What goes on goes on in the new one.
func (s *shift) roll(to time.Time) {
	s.Shift = s.plan.At(to)
	s.good, s.nok, s.firstPass = 0, 0, 0
	clear(s.doubtful)
	for i := range s.stations {
		w := &s.stations[i]
		*w = worker{known: w.known, does: w.does, cause: w.cause, since: s.Began}
		if w.known && w.does != line.Works {
			w.losses = map[string]spent{w.cause: {times: 1}}
		}
	}
}

// cut is a start of the line after another one: whatever worked or waited did so until the last that was heard of it, and nobody
// was there since.
func (s *shift) cut() {
	for i := range s.stations {
		if w := &s.stations[i]; w.known && w.does != line.Down {
			s.count(i, s.heard).stop(line.Down, line.Restarted)
		}
	}
}

// begin lets the time of stations run that no start of the line has known yet.
func (s *shift) begin(at time.Time) {
	for i := range s.stations {
		if w := &s.stations[i]; !w.known {
			w.known, w.since = true, later(at, s.Began)
			w.stop(line.Down, line.NotStarted)
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// count adds the time of a station up to a moment and returns the station.
func (s *shift) count(i int, at time.Time) *worker {
	w := &s.stations[i]
	w.effort, w.losses = w.upTo(at, s.open(), true)
	w.since = later(at, s.Began)
	return w
}

func (s *shift) countAll(at time.Time) {
	for i := range s.stations {
		if s.stations[i].known {
			s.count(i, at)
		}
	}
}

// upTo returns what the station has done up to a moment. Unless it may keep the map, the losses that it returns are its own copy.
func (w *worker) upTo(at time.Time, planned, keep bool) (line.Effort, map[string]spent) {
	effort, losses := w.effort, w.losses
	took := at.Sub(w.since)
	if !w.known || !planned || took <= 0 {
		return effort, losses
	}
	effort.Planned += took
	if w.does == line.Works {
		effort.Work += took
		return effort, losses
	}
	if !keep {
		losses = make(map[string]spent, len(w.losses)+1)
		maps.Copy(losses, w.losses)
	}
	one := losses[w.cause]
	one.total += took
	losses[w.cause] = one
	return effort, losses
}

// changed follows a change of state. Within one stop the first cause is the cause.
func (w *worker) changed(f line.StateChanged) {
	does := line.WorkingIn(f.To)
	switch {
	case does == line.StayAs, does == line.Down && w.does == line.Down, does == line.Waits && w.does == line.Waits:
	case does == line.Works:
		w.does, w.cause = does, ""
	default:
		w.stop(does, f.Cause)
	}
}

// stop begins a loss.
func (w *worker) stop(does line.Working, cause string) {
	w.does, w.cause = does, cause
	if w.losses == nil {
		w.losses = map[string]spent{}
	}
	one := w.losses[cause]
	one.times++
	w.losses[cause] = one
}

// shiftSnapshot shows the shift that holds now.
func (l *Line) shiftSnapshot(now time.Time) line.ShiftSnapshot {
	s := l.shift
	if !now.Before(s.Ends) { // nothing was recorded in the present shift yet
		s.stations = append([]worker(nil), s.stations...)
		s.roll(now)
	}
	out := line.ShiftSnapshot{
		Name: s.Name, Began: s.Began, Ends: s.Ends, Good: s.good, NOK: s.nok, FirstPass: s.firstPass,
		Availability: -1, Effectiveness: -1, Quality: -1,
	}
	efforts := make([]line.Effort, len(s.stations))
	for i := range s.stations {
		w := &s.stations[i]
		effort, losses := w.upTo(now, s.open(), false)
		efforts[i] = effort
		for cause, one := range losses {
			if one.total > 0 && line.IsLoss(cause) {
				out.Losses = append(out.Losses, line.Loss{Station: l.stations[i].ID, Cause: cause, Own: line.OwnLoss(cause), For: one.total, Times: one.times})
			}
		}
	}
	line.SortLosses(out.Losses)
	out.Losses = out.Losses[:min(len(out.Losses), lossesShown)]
	if i := l.bottleneck(efforts); i >= 0 {
		takt := l.stations[i].cfg.Takt
		out.Bottleneck = l.stations[i].ID
		out.Availability, out.Effectiveness, out.Quality = efforts[i].Figures(takt)
		if takt > 0 {
			out.Plan = int(now.Sub(s.Began) / takt)
		}
	}
	return out
}

// bottleneck returns the station of the packs' route that limits the line: that with the longest takt, or, where none is set, the one
// that worked longest; -1 while nothing has worked.
func (l *Line) bottleneck(efforts []line.Effort) int {
	best := -1
	better := func(i, than int) bool {
		a, b := l.stations[i].cfg.Takt, l.stations[than].cfg.Takt
		if a != b {
			return a > b
		}
		return a == 0 && efforts[i].Work > efforts[than].Work
	}
	for i, s := range l.stations {
		if k := s.cfg.Kind; k == line.Receive || k == line.Sort || k == line.Bench || s.cfg.Takt == 0 && efforts[i].Work == 0 {
			continue
		}
		if best < 0 || better(i, best) {
			best = i
		}
	}
	return best
}
