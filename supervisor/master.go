package supervisor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
)

// masterLog is what is remembered of a station's checks against its reference part, as a fold of its records.
type masterLog struct {
	last     line.MasterChecked // its verdict is empty before the first
	at       time.Time          // of the last
	good     time.Time          // of the last good one
	failed   int                // how many were not good
	measured []string           // parts finished since the last good one, oldest first
}

func (m *masterLog) checked(at time.Time, f line.MasterChecked) {
	m.last, m.at = f, at
	if f.Verdict == line.OK {
		m.good, m.measured = at, nil
		return
	}
	m.failed++
}

// finished keeps a part until the next good check. Before the first one none is taken where a check is asked for.
func (m *masterLog) finished(part string) {
	if !m.good.IsZero() {
		m.measured = append(m.measured, part)
	}
}

// bad reports whether the last check was not good: what was measured since the last good one is in doubt.
func (m *masterLog) bad() bool { return m.last.Verdict != "" && m.last.Verdict != line.OK }

// why says what the last check measured that is not as it should be.
func (m *masterLog) why() string {
	for _, v := range m.last.Measurements {
		if v.Verdict != line.OK && v.Verdict != "" {
			return v.String()
		}
	}
	return "it is " + string(m.last.Verdict)
}

// suspects are the parts that a failed check puts in doubt: none while the last check was good.
func (s *station) suspects() []string {
	if !s.figures.masters.bad() {
		return nil
	}
	return slices.Clone(s.figures.masters.measured)
}

// masterCheck returns the check by which the station measures its reference part: that of the product that runs, or of any that
// asks for one; nil where none does.
func (l *Line) masterCheck(s *station) *recipes.MasterCheck {
	if !s.HasMaster() {
		return nil
	}
	if r := l.runs(s); r != nil {
		if check := r.Process(s.cfg.Kind).Master; check != nil {
			return check
		}
	}
	for _, r := range l.cfg.Recipes {
		if check := r.Process(s.cfg.Kind).Master; check != nil {
			return check
		}
	}
	return nil
}

// checkMaster makes the station measure its reference part before it takes another part.
func (l *Line) checkMaster(now time.Time, c line.CheckMaster, q line.Request) (string, error) {
	s, err := l.named(string(c.Station))
	if err != nil {
		return "", err
	}
	state := s.State()
	switch {
	case l.masterCheck(s) == nil:
		return "", fmt.Errorf("%s measures no reference part; those that do are %s", s.ID, l.withMaster())
	case s.MasterAsked():
		return "", fmt.Errorf("%s is asked for its master check already", s.ID)
	case s.figures.masters.bad() && (state == packml.Held || state == packml.Holding):
		return "", fmt.Errorf("%s holds for its master check: Unhold it, and the check is made again", s.ID)
	case state != packml.Execute && state != packml.Suspended && state != packml.Suspending && state != packml.Unsuspending:
		return "", fmt.Errorf("%s is %s and measures nothing; bring it to Execute first", s.ID, state)
	}
	l.Record(line.Record{At: now, Station: s.ID, Fact: line.MasterAsked{By: q.By, Why: q.Why}})
	if s.Visit() != nil {
		return fmt.Sprintf("%s measures its reference part when %s has left", s.ID, s.Visit().Part), nil
	}
	return fmt.Sprintf("%s measures its reference part now", s.ID), nil
}

func (l *Line) withMaster() string {
	var names []string
	for _, s := range l.stations {
		if l.masterCheck(s) != nil {
			names = append(names, string(s.ID))
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}

// makeMaster makes a check that a person has asked for, or that was not good, between two parts. Any other is made when the next
// part has come. It reports whether anything was done, and whether the
// station is taken up by it.
func (l *Line) makeMaster(now time.Time, s *station) (done, busy bool) {
	check := l.masterCheck(s)
	if check == nil || !s.MasterAsked() && !s.figures.masters.bad() {
		return false, false
	}
	if s.Rest(now, "") { // from Suspended: there is something to do
		return true, true
	}
	return s.State() == packml.Execute && s.CheckMaster(now, *check), true
}

// masterSnapshot shows the check against the reference part, or nil where none is measured.
func (l *Line) masterSnapshot(now time.Time, s *station) *line.MasterSnapshot {
	check := l.masterCheck(s)
	if check == nil {
		return nil
	}
	log := &s.figures.masters
	m := &line.MasterSnapshot{
		Verdict: log.last.Verdict, At: log.at, LastGood: log.good, Suspect: s.suspects(), Steps: masterSteps(s, check),
		Due: s.MasterAsked() || log.last.Verdict != line.OK || !now.Before(log.last.ValidUntil),
	}
	if log.last.Verdict == line.OK {
		m.ValidUntil = log.last.ValidUntil
	}
	return m
}

// masterSteps guides a person through the check, in order.
func masterSteps(s *station, check *recipes.MasterCheck) []string {
	steps := []string{
		fmt.Sprintf("bring %s to Execute and let the part in its nest leave", s.ID),
		"ask for the master check: the station measures its built-in reference part",
	}
	for _, r := range check.References {
		steps = append(steps, fmt.Sprintf("compare %s: allowed is %s", r.Name, span(r)))
	}
	return append(steps,
		fmt.Sprintf("passed: parts are taken for %s", shortly(check.Interval)),
		"failed: hold what was measured since the last good check, see to instrument and reference part, then Unhold; the check is made again",
	)
}

// span says which values a limit allows.
func span(l line.Limit) string {
	switch {
	case l.LSL != nil && l.USL != nil:
		return fmt.Sprintf("%s to %s", line.Format(*l.LSL, l.Unit), line.Format(*l.USL, l.Unit))
	case l.LSL != nil:
		return "at least " + line.Format(*l.LSL, l.Unit)
	case l.USL != nil:
		return "at most " + line.Format(*l.USL, l.Unit)
	}
	return "any value"
}

// shortly says a time span without the parts that are zero: "12h", not "12h0m0s".
func shortly(d time.Duration) string {
	text := d.Round(time.Second).String()
	if text = strings.TrimSuffix(text, "m0s"); text != d.Round(time.Second).String() {
		text = strings.TrimSuffix(text+"m", "h0m")
		if !strings.HasSuffix(text, "m") {
			text += "h"
		}
	}
	return text
}

// doubt says what the last check, which was not good, measured, and what is in doubt because of it.
func (s *station) doubt() string {
	log := &s.figures.masters
	text := fmt.Sprintf("master check of %s failed: %s", s.ID, log.why())
	if log.good.IsZero() || len(log.measured) == 0 {
		return text + "; no part was measured since the last good check"
	}
	return fmt.Sprintf("%s; hold what was measured since %s: %s", text, log.good.UTC().Format("2 Jan 15:04 MST"), someOf(log.measured))
}

// someOf lists names, and of a long list the first and how many more there are.
func someOf(names []string) string {
	const shown = 8
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// holdable lists the packs in process that a failed check puts in doubt and nobody holds yet: those measured themselves, and those
// that cells are built into which were measured.
func (l *Line) holdable(s *station) []line.PackID {
	suspect := map[string]bool{}
	for _, part := range s.suspects() {
		suspect[part] = true
	}
	var packs []line.PackID
	for _, p := range l.live {
		in := suspect[string(p.id)] || slices.ContainsFunc(p.set, func(c line.SlotCell) bool { return suspect[string(c.Cell)] })
		if _, held := l.holds[string(p.id)]; in && !held && !p.disposed() {
			packs = append(packs, p.id)
		}
	}
	return packs
}

// masterWords says how the check stands, for the audit.
func (s *station) masterWords() string {
	switch log := &s.figures.masters; {
	case s.MasterAsked():
		return "master check asked for"
	case log.last.Verdict == "":
		return "no master check yet"
	default:
		return fmt.Sprintf("master check %s at %s", log.last.Verdict, log.at.UTC().Format("2 Jan 15:04 MST"))
	}
}
