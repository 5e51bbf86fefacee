package supervisor

import (
	"fmt"
	"time"

	"linectl/line"
	"linectl/stations"
)

// deviceOf returns a device of the line, or nil for one that is not configured any more.
func (l *Line) deviceOf(id line.DeviceID) *stations.Device {
	s := l.byDevice[id]
	if s == nil {
		return nil
	}
	for _, d := range s.devices {
		if d.ID == id {
			return d
		}
	}
	return nil
}

func (l *Line) quarantineSnapshots() []line.QuarantineSnapshot {
	var list []line.QuarantineSnapshot
	for _, id := range l.doubtful {
		list = append(list, l.quarantineSnapshot(l.packs[id]))
	}
	return list
}

func (l *Line) quarantineSnapshot(p *pack) line.QuarantineSnapshot {
	q := p.quarantine
	s := line.QuarantineSnapshot{
		Pack: p.id, Product: p.recipe.Product, Station: q.station, Since: q.since, Conclusion: conclusions[p.finding()],
		Evidence: p.evidence(), Inspected: q.inspected, Proposed: q.proposed, Void: l.voided(p) == "",
	}
	if p.doubt != nil {
		s.Device, s.Token, s.Act = p.doubt.Device, p.doubt.Token.String(), doubtName(p.doubt)
	}
	switch {
	case q.inspected == nil && l.voided(p) != "":
		s.Waits = l.voided(p)
	case q.inspected == nil || q.inspected.Proof == "":
		s.Waits = "somebody has to inspect it and say what was seen"
	case q.proposed == nil:
		s.Waits = "somebody has to propose what becomes of it, and another person to confirm that"
	default:
		s.Waits = fmt.Sprintf("%s has proposed: %s. Another person has to confirm or refuse it", q.proposed.By, q.proposed.Decision)
	}
	s.Choices = l.choices(p)
	return s
}

// choices weighs every decision. That looks through all acts of a step, and there is a snapshot twenty times a second; but once
// somebody has inspected the pack the answer changes by records about it only.
func (l *Line) choices(p *pack) []line.DecisionSnapshot {
	q := p.quarantine
	if q.choices != nil {
		return q.choices
	}
	var list []line.DecisionSnapshot
	for _, d := range line.Decisions {
		c := line.DecisionSnapshot{Decision: d, Possible: true, Text: consequences[d]}
		if _, err := l.decidable(p, d); err != nil {
			c.Possible, c.Text = false, errorText(err)
		}
		list = append(list, c)
	}
	if q.inspected != nil { // before that it hangs on the word of a device
		q.choices = list
	}
	return list
}

// weighAgain forgets what was weighed of a pack that a record is about.
func (l *Line) weighAgain(id line.PackID) {
	if p := l.packs[id]; id != "" && p != nil && p.quarantine != nil {
		p.quarantine.choices = nil
	}
}

var consequences = map[line.Decision]string{
	line.DecisionRework: "it is carried to the bench, and what is in doubt is made again with a new token",
	line.DecisionAccept: "it is carried to the bench, what is in doubt counts as done, and the rest of the step is made",
	line.DecisionScrap:  "it stays where it lies and is scrap",
}

// evidence says what is known of the act in doubt, in the operator's words.
func (p *pack) evidence() []string {
	d := p.doubt
	if d == nil {
		return []string{p.text}
	}
	e := d.Evidence
	list := []string{e.Why}
	switch {
	case d.result != nil:
		list = append(list, resultWords[d.result.Outcome])
		for _, m := range d.result.Measurements {
			list = append(list, m.String())
		}
		return list
	case !e.Class.Tokens():
		list = append(list, fmt.Sprintf("%s is of class %s and names no act: what it shows is of this one only as far as nobody else has worked with it", d.Device, e.Class))
	case e.RetainID != d.intent.RetainID:
		list = append(list, fmt.Sprintf("%s has forgotten everything since the act was ordered: what it says now is no evidence", d.Device))
	case e.Floor < d.Token:
		list = append(list, fmt.Sprintf("%s had not accepted act %s: the last that it had was %s", d.Device, d.Token, e.Floor))
	case e.Floor > d.Token:
		list = append(list, fmt.Sprintf("%s had gone on to act %s", d.Device, e.Floor))
	default:
		list = append(list, fmt.Sprintf("%s had accepted act %s", d.Device, d.Token), indexWords[e.IndexState])
	}
	if e.Class != line.ClassC { // it counts nothing
		list = append(list, fmt.Sprintf("effects counted by the device: %d before the act, %d after it", d.intent.Effects, e.EffectCount))
	}
	if e.LastPart != "" {
		list = append(list, "its scanner read "+e.LastPart)
	}
	if e.ReconnectAge > 0 {
		list = append(list, fmt.Sprintf("it had been away for %s", e.ReconnectAge.Round(time.Second)))
	}
	return list
}

var resultWords = map[line.Outcome]string{
	line.OutcomeNone: "the device gave no outcome", line.OutcomeOK: "the device itself says: good", line.OutcomeNOK: "the device itself says: not good",
	line.OutcomeUnknown: "the device itself cannot say how it ended", line.OutcomeAborted: "it was aborted in the middle",
}

var indexWords = map[uint16]string{
	0: "by the device's own account nothing was applied there",
	1: "by the device's own account energy may have been applied there",
	2: "by the device's own account it was finished there",
}
