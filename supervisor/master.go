package supervisor

import (
	"time"

	"linectl/line"
)

// masterSnapshot shows the check against the reference part, or nil where none is measured.
func (l *Line) masterSnapshot(now time.Time, s *station) *line.MasterSnapshot {
	r := l.runs(s)
	if !s.HasMaster() || r == nil || r.Process(s.cfg.Kind).Master == nil {
		return nil
	}
	last := s.Master()
	return &line.MasterSnapshot{Due: s.MasterDue(now, r), Verdict: last.Verdict, ValidUntil: last.ValidUntil}
}
