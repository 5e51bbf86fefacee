package supervisor

import (
	"fmt"
	"time"

	"linectl/line"
)

// forPart lists what must be given before the station takes its next part: tool, reference part and consumables of the product
// that runs. Nothing is asked for while nothing is ordered.
func (l *Line) forPart(now time.Time, s *station) []line.PermissiveSnapshot {
	r := l.runs(s)
	if r == nil {
		return nil
	}
	var list []line.PermissiveSnapshot
	add := func(given bool, text string) {
		list = append(list, line.PermissiveSnapshot{Given: given, Text: text, For: line.ForPart})
	}
	if h, held := l.holds[string(s.ID)]; held {
		add(false, fmt.Sprintf("%s is held by %s: %s", s.ID, h.By, h.Reason))
	}
	if t := r.Process(s.cfg.Kind).Tool; t != nil && t.Limit > 0 {
		inWork := s.Visit() != nil // its own welds are no reason against it: whether the tool lasts for the next part is asked when that comes
		if why := worn(s, r, inWork); why != "" {
			add(false, why)
		} else {
			add(true, fmt.Sprintf("%s used %s of %s", t.Name, line.Format(s.ToolUse(t.Name), t.Unit), line.Format(t.Limit, t.Unit)))
		}
	}
	if r.Process(s.cfg.Kind).Master != nil && s.HasMaster() {
		if s.MasterDue(now, r) {
			add(false, "master check due: the station makes it before the next part")
		} else {
			add(true, "master check valid until "+s.Master().ValidUntil.UTC().Format("2 Jan 15:04 MST"))
		}
	}
	for _, m := range r.Materials {
		if m.Kind != s.cfg.Kind {
			continue
		}
		if err := l.lacksMaterial(now, s, m); err != nil {
			add(false, err.Error())
		} else {
			add(true, fmt.Sprintf("lot %s of %s loaded", l.material[materialKey{s.ID, m.Item}].Lot, m.Item))
		}
	}
	return list
}
