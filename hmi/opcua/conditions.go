package opcua

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"linectl/line"
)

// noReason is the reason of what is done by a method of the standard that has no place for one.
const noReason = "done at an HMI that gives no reason"

// OnAlarm does what a client asks by the standard's own methods of conditions. They have no outputs: why something was refused
// stands in the LastRefusal of the station.
func (g *Gateway) OnAlarm(ctx context.Context, by Caller, a AlarmAct) (Status, string) {
	c, why := command(a)
	if !slices.ContainsFunc(by.Roles, func(r line.Role) bool { return slices.Contains(who(line.ActionOf(c, by.User)), r) }) {
		return Denied, "the caller's roles do not allow it"
	}
	reply, status := g.ask(ctx, by, "", why, c)
	if status == Refused {
		station, _, _ := strings.Cut(a.Alarm, "/")
		g.refuse(line.StationID(station), reply.Text)
		status = InvalidState
	}
	return status, reply.Text
}

func command(a AlarmAct) (c line.Command, why string) {
	switch a.Verb {
	case AcknowledgeAlarm:
		return line.AcknowledgeAlarm{Alarm: a.Alarm, Occurrence: a.Occurrence}, a.Comment
	case ConfirmAlarm:
		return line.ConfirmAlarm{Alarm: a.Alarm, Occurrence: a.Occurrence}, a.Comment
	case AddCommentToAlarm:
		return line.CommentAlarm{Alarm: a.Alarm, Comment: a.Comment}, a.Comment
	case TimedShelveAlarm:
		return line.ShelveAlarm{Alarm: a.Alarm, For: a.For}, reasonOf(a)
	case OneShotShelveAlarm:
		return line.ShelveAlarm{Alarm: a.Alarm, For: line.MaxShelved, OneShot: true}, reasonOf(a)
	case UnshelveAlarm:
		return line.UnshelveAlarm{Alarm: a.Alarm}, a.Comment
	case ResetLatchedAlarm:
		return line.ResetAlarm{Alarm: a.Alarm}, noReason
	case DisableAlarm:
		return line.DisableAlarm{Alarm: a.Alarm}, reasonOf(a)
	case EnableAlarm:
		return line.DisableAlarm{Alarm: a.Alarm, Back: true}, reasonOf(a)
	case RespondToDialog:
		return line.AnswerPrompt{Prompt: a.Alarm, Option: a.Option}, noReason
	}
	return nil, ""
}

// reasonOf is why somebody acts on an alarm: what they say, where the method has a place for it.
func reasonOf(a AlarmAct) string {
	if a.Comment == "" {
		return noReason
	}
	return a.Comment
}

// source is the object that a station's events come from: the line's, while the station has none.
func (g *Gateway) source(station line.StationID) ID {
	if g.built[station] {
		return Own(string(station))
	}
	return Own("Line")
}

// raise tells of alarms that have changed since the last snapshot, and of those that are over. An alarm stays in the
// supervisor's list until nobody has to do anything about it, so none is missed however long the gateway was away.
func (g *Gateway) raise(s *line.Snapshot, now time.Time) error {
	there := map[string]bool{}
	for _, a := range s.Alarms {
		there[occurrence(a.Alarm, a.Occurrence)] = true
	}
	for key, a := range g.known { // first: an end that came after the next occurrence of the same alarm would end that one for clients
		if there[key] {
			continue
		}
		a.Gone, a.Active, a.Acknowledged, a.Confirmed, a.Shelved, a.Changed = true, false, true, true, false, now
		if err := g.space.Raise(a); err != nil {
			return err
		}
		delete(g.known, key)
	}
	for _, a := range s.Alarms {
		key := occurrence(a.Alarm, a.Occurrence)
		if old, ok := g.known[key]; ok && old.AlarmSnapshot == a {
			continue
		}
		changed := Alarm{AlarmSnapshot: a, Source: g.source(a.Station)}
		if err := g.space.Raise(changed); err != nil {
			return err
		}
		g.known[key] = changed
	}
	return nil
}

// prompt tells of questions that are new or have changed, and of those that wait no more. The caller holds the mutex.
func (g *Gateway) prompt(s *line.Snapshot, now time.Time) error {
	there := map[string]bool{}
	for _, p := range s.Prompts {
		there[p.Prompt] = true
		if old, ok := g.asked[p.Prompt]; ok && reflect.DeepEqual(old.PromptSnapshot, p) {
			continue
		}
		d := Dialog{PromptSnapshot: p, Source: g.source(p.Station), Answer: -1, At: now}
		if err := g.space.Prompt(d); err != nil {
			return err
		}
		g.asked[p.Prompt] = d
	}
	for name, d := range g.asked {
		if there[name] {
			continue
		}
		d.Gone, d.At, d.Answer = true, now, slices.Index(d.Options, g.answered[name])
		if err := g.space.Prompt(d); err != nil {
			return err
		}
		delete(g.asked, name)
		delete(g.answered, name)
	}
	return nil
}

// noteAnswer keeps what a client answers, to be told with the end of the question; undo forgets it again when it was refused. What
// was answered elsewhere is not known. It is noted before the line is asked: its answer and the next snapshot come on two ways.
func (g *Gateway) noteAnswer(c line.Command) (undo func()) {
	answer, ok := c.(line.AnswerPrompt)
	if !ok {
		return func() {}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, waits := g.asked[answer.Prompt]; !waits {
		return func() {}
	}
	g.answered[answer.Prompt] = answer.Option
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		delete(g.answered, answer.Prompt)
	}
}

// metricNodes are the figures of the line's alarms (OPC 10000-9, 8). Its Reset is not offered: they are a fold of the journal.
func metricNodes() []Node {
	root := Own("Line.AlarmMetrics")
	part := func(name string, v Variable, help string) Node {
		v.Browse = Browse{ID: Own(root.Text + "." + name), Parent: root, Space: StandardSpace, Name: name, Help: help}
		return v
	}
	ms, inTen := &Unit{"ms", "C26"}, &Unit{"1/(10 min)", ""}
	nodes := []Node{
		Object{Browse: Browse{ID: root, Parent: Own("Line"), Name: "AlarmMetrics", Help: "How good the alarms were to the operator, since the journal began."}, Type: metricsType},
		part("AlarmCount", Variable{Kind: UInt32}, "Alarms annunciated."), part("StartTime", Variable{Kind: Moment}, "Since when is counted."),
		part("MaximumActiveState", Variable{Kind: Duration, Unit: ms, Range: &Range{0, 1e9}}, "The longest that an alarm was active."),
		part("MaximumUnAck", Variable{Kind: Duration, Unit: ms, Range: &Range{0, 1e9}}, "The longest that an alarm waited to be acknowledged."),
		part("MaximumReAlarmCount", Variable{Kind: UInt32}, "Alarms annunciated again after standing long."),
	}
	for _, name := range []string{"CurrentAlarmRate", "MaximumAlarmRate", "AverageAlarmRate"} {
		of := Own(root.Text + "." + name)
		nodes = append(nodes, part(name, Variable{Kind: Double, Type: rateType, Unit: inTen, Range: &Range{0, 100}}, "Alarms in ten minutes."),
			Variable{Browse: Browse{ID: Own(of.Text + ".Rate"), Parent: of, Space: StandardSpace, Name: "Rate", Help: "Minutes."}, Kind: UInt16, Property: true, Fixed: uint16(10)})
	}
	return nodes
}

func metricValues(s *line.Snapshot, q Quality) []Value {
	m := s.Metrics
	v := func(name string, value any) Value { return Value{Own("Line.AlarmMetrics." + name), value, q, s.At} }
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return []Value{
		v("AlarmCount", count(m.Count)), v("StartTime", moment(m.Since)), v("MaximumActiveState", ms(m.MaximumActive)),
		v("MaximumUnAck", ms(m.MaximumUnacknowledged)), v("MaximumReAlarmCount", count(m.Repeats)), v("CurrentAlarmRate", float64(m.CurrentRate)),
		v("MaximumAlarmRate", float64(m.MaximumRate)), v("AverageAlarmRate", m.AverageRate),
	}
}
