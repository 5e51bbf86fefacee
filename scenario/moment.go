package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/alarms"
	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
)

// moment says when an event happens. The zero moment is at once: when everything before it in the story has happened.
type moment struct {
	after   time.Duration // so long after the rest of it holds
	noun    string        // an act at this place, which begins; a noun of package line
	index   int
	pack    line.PackID
	station line.StationID
	state   string // the station is in this state
	alarm   string // this alarm stands
	prompt  string // a question whose identity begins so waits
}

const momentForms = `want a time (20s), a place (joint 12 of ST060, joint 12 of ESS-P2-000001 at ST060), a state (ST060 is Held), ` +
	`a part (ESS-P2-000001 at ST060), alarm ST060/held, or prompt ST900/decide; any of them with "5s after" before it`

// moment reads the text of at.
func (s *Story) moment(text string) (m moment, err error) {
	if text == "" || text == "once" {
		return m, nil
	}
	if span, rest, ok := strings.Cut(text, " after "); ok {
		if m, err = s.moment(rest); err == nil {
			m.after, err = parseSpan(span)
		}
		return m, err
	}
	w := strings.Fields(text)
	switch {
	case len(w) == 1:
		m.after, err = parseSpan(w[0])
		if err != nil {
			err = fmt.Errorf("%q: %s", text, momentForms)
		}
	case len(w) == 2 && w[0] == "alarm":
		m.alarm, err = w[1], knownAlarm(w[1])
	case len(w) == 2 && w[0] == "prompt":
		m.prompt = w[1]
		_, err = s.question(w[1])
	case len(w) == 3 && w[1] == "is":
		m.station, m.state = line.StationID(w[0]), w[2]
		err = knownState(w[0], w[2])
	case len(w) == 3 && w[1] == "at":
		m.pack, m.station = line.PackID(w[0]), line.StationID(w[2])
		if err = s.pack(w[0]); err == nil {
			err = comesTo(w[2])
		}
	case (len(w) == 4 || len(w) == 6 && w[4] == "at") && w[2] == "of":
		err = s.momentOfAct(&m, w)
	default:
		err = fmt.Errorf("%q: %s", text, momentForms)
	}
	return m, err
}

func (s *Story) momentOfAct(m *moment, w []string) error {
	m.noun = w[0]
	station := w[3]
	if len(w) == 6 {
		m.pack, station = line.PackID(w[3]), w[5]
		if err := s.pack(w[3]); err != nil {
			return err
		}
	}
	p, err := place(station)
	if err != nil {
		return err
	}
	m.station = p.ID
	m.index, err = strconv.Atoi(w[1])
	if err != nil {
		return fmt.Errorf("%q is no number of a %s", w[1], m.noun)
	}
	if err := s.existing(m.noun, m.index, m.pack); err != nil {
		return err
	}
	return s.worked(p, m.noun, m.index)
}

// comesTo checks that packs lie in the nest of a station.
func comesTo(station string) error {
	packs := func(k line.Kind) bool { return k != line.Receive && k != line.Sort }
	p, err := place(station)
	if err == nil && !packs(p.Kind) {
		err = fmt.Errorf("no pack comes to %s, only cells do; packs come to %s", station, placesWhere(packs))
	}
	return err
}

// existing checks that there is such a joint, slot, … in a pack that is ordered.
func (s *Story) existing(noun string, index int, pack line.PackID) error {
	if s.unordered {
		return nil
	}
	most := 0
	for _, o := range s.Orders {
		r := s.recipe(o.Product)
		if r == nil || pack != "" && !strings.HasPrefix(string(pack), o.Product+"-") {
			continue
		}
		n, ok := places(r)[noun]
		if !ok {
			return fmt.Errorf("%q is no place of an act: want joint, slot, module, screw or step", noun)
		}
		most = max(most, n)
	}
	if index < 1 || index > most {
		return fmt.Errorf("there is no %s %d: what is ordered has %d", noun, index, most)
	}
	return nil
}

// places counts the places of a product at which acts are done.
func places(r *recipes.Recipe) map[string]int {
	return map[string]int{
		line.NounJoint: r.Weld.Joints, line.NounSlot: r.Cells(), line.NounModule: r.Modules, line.NounScrew: r.Assemble.Screws, line.NounStep: line.EOLSteps,
	}
}

func knownState(station, state string) error {
	if _, err := place(station); err != nil {
		return err
	}
	st, err := packml.ParseState(state)
	if err == nil && st.String() != state {
		err = fmt.Errorf("%q: write %s", state, st)
	}
	return err
}

// knownAlarm refuses the identity of an alarm that can never be raised. An asterisk at its end stands for any rest.
func knownAlarm(id string) error {
	station, condition, ok := strings.Cut(id, "/")
	if !ok {
		return fmt.Errorf("%q is no alarm; alarms are named as ST060/held", id)
	}
	if station != "line" {
		if _, err := place(station); err != nil {
			return err
		}
	}
	if _, ok := alarms.Define(id); ok {
		return nil
	}
	var conditions []string
	for _, d := range alarms.Table() {
		conditions = append(conditions, d.Condition)
	}
	if prefix, many := strings.CutSuffix(condition, "*"); many && slices.ContainsFunc(conditions, func(c string) bool { return strings.HasPrefix(c, prefix) }) {
		return nil
	}
	return fmt.Errorf("there is no alarm %q; conditions are %s", condition, strings.Join(conditions, ", "))
}

// holds reports whether what the moment waits for is so, apart from its delay.
func (m moment) holds(r *run) bool {
	switch {
	case m.noun != "":
		return r.begun(m)
	case m.alarm == "" && m.prompt == "" && m.station == "":
		return true
	}
	snap := r.Line.Snapshot(r.Now)
	switch {
	case m.alarm != "":
		return slices.ContainsFunc(snap.Alarms, func(a line.AlarmSnapshot) bool { return a.Active && fits(m.alarm, a.Alarm) })
	case m.prompt != "":
		return slices.ContainsFunc(snap.Prompts, func(q line.PromptSnapshot) bool { return strings.HasPrefix(q.Prompt, m.prompt) })
	default:
		return slices.ContainsFunc(snap.Stations, func(st line.StationSnapshot) bool {
			return st.Station == m.station && (m.state == "" || st.State == m.state) && (m.pack == "" || st.Pack == m.pack)
		})
	}
}

// fits compares an identity with what was asked for, which may end in an asterisk.
func fits(want, have string) bool {
	prefix, many := strings.CutSuffix(want, "*")
	return have == want || many && strings.HasPrefix(have, prefix)
}
