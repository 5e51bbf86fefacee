package campaign

import (
	"fmt"
	"strings"
	"time"

	"linectl/checker"
	"linectl/line"
	"linectl/virtual"
)

// ask asks the line as the operator, and notes what the operator was told.
func (t *trial) ask(c line.Command) { t.says("operator", c) }

// says asks the line as a person.
func (t *trial) says(who string, c line.Command) {
	t.request++
	q := line.Request{ID: fmt.Sprintf("%d-%d", t.fence, t.request), By: who, Account: "local:operator", Origin: line.FromLocal, Why: "campaign", Command: c}
	if who != "operator" { // one of the people who decide on what lies in quarantine
		q.Account, q.Origin, q.Proof = who, line.FromSession, line.ByPassword
	}
	t.told(q, t.World.Ask(q))
	if t.request%7 == 0 && !t.died() { // a double click, or an HMI that asks again after silence
		t.told(q, t.World.Ask(q))
	}
}

// told notes what a person was told.
func (t *trial) told(q line.Request, reply line.Reply) {
	told := checker.Ask{Request: q.ID, By: q.By, Told: "refused"}
	switch {
	case t.died():
		told.Told = "nothing"
	case reply.Accepted:
		told.Told = "done"
	}
	t.asked = append(t.asked, told)
}

// setUp makes accounts, loads material, adds the orders and starts the line.
func (t *trial) setUp() {
	t.hire()
	for _, r := range t.config.Recipes {
		for _, m := range r.Materials {
			if m.Level != "lot" {
				continue
			}
			for _, s := range virtual.Reference() {
				if s.Kind == m.Kind {
					t.insist(line.LoadMaterial{Station: s.ID, Item: m.Item, Lot: line.LotID("L-" + m.Item), Quantity: 1e6, Expiry: morning.Add(1000 * time.Hour)})
				}
			}
		}
	}
	for _, o := range t.Orders {
		t.insist(o)
	}
}

// insist asks until the line has answered: a supervisor that dies meanwhile is started again.
func (t *trial) insist(c line.Command) {
	for {
		t.ask(c)
		if !t.died() {
			return
		}
		t.restart()
	}
}

// patience is how long the operator looks for a part before it is written off.
const patience = 2 * time.Minute

// attend does what an operator does, once. It reports whether everything that was ordered is done.
func (t *trial) attend(s line.Snapshot) bool {
	for _, q := range s.Prompts {
		a := line.AnswerPrompt{Prompt: q.Prompt, Option: q.Options[0]}
		switch {
		case strings.Contains(q.Prompt, "/serial/"):
			a.Input = fmt.Sprintf("S%d-%d", t.fence, t.request)
		case strings.Contains(q.Prompt, "/missing/") && s.At.Sub(q.Since) < patience:
			continue // it may still come
		case strings.Contains(q.Prompt, "/decide/") && s.Stations[len(s.Stations)-1].State != "Execute":
			continue
		}
		if t.ask(a); t.died() {
			return true
		}
	}
	commands := map[string]string{"Aborted": "Clear", "Stopped": "Reset", "Idle": "Start", "Held": "Unhold", "Complete": "Reset"}
	for _, st := range s.Stations {
		if c := commands[st.State]; c != "" {
			if t.ask(line.Machine{Target: string(st.Station), Command: c}); t.died() {
				return true
			}
		}
	}
	if t.seeTo(s.Alarms); t.died() {
		return true
	}
	if t.quarantine(s); t.store.died {
		return true
	}
	done := 0
	for _, o := range s.Orders {
		if o.Released+o.Scrapped+o.Quarantined >= o.Quantity {
			done++
		}
	}
	if done < len(s.Orders) || len(s.Packs) > 0 || t.decides() && len(s.Quarantine) > 0 {
		return false
	}
	if s.At.Sub(morning) >= t.stretch(shift) {
		return true
	}
	more := t.Orders[len(s.Orders)%len(t.Orders)]
	more.Order = line.OrderID(fmt.Sprintf("more%d", len(s.Orders)))
	t.ask(more)
	return t.died()
}

// seeTo acknowledges one alarm at a time, and leaves some alone for long.
func (t *trial) seeTo(list []line.AlarmSnapshot) {
	for _, a := range list {
		if !a.Acknowledged && t.request%3 > 0 {
			t.ask(line.AcknowledgeAlarm{Alarm: a.Alarm, Occurrence: a.Occurrence})
			return
		}
	}
}

// picture says where everything stands.
func (t *trial) picture() string {
	s := t.Line.Snapshot(t.Time())
	var b strings.Builder
	for _, st := range s.Stations {
		fmt.Fprintf(&b, "%s %s %s; ", st.Station, st.State, st.Reason)
	}
	for _, p := range s.Packs {
		fmt.Fprintf(&b, "%s at %s %s; ", p.Pack, p.At, p.Text)
	}
	return b.String()
}
