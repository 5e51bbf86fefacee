package supervisor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"linectl/line"
)

// audited records who asked for what and what came of it, accepted or refused.
func (l *Line) audited(now time.Time, q line.Request, words, before string, reply line.Reply) {
	after := l.present(q.Command)
	l.Record(line.Record{At: now, Fact: line.CommandApplied{
		Request: q.ID, By: q.By, Why: q.Why, Command: words, Accepted: reply.Accepted, Reply: reply.Text,
		Account: q.Account, Origin: q.Origin, Roles: l.rolesOf(q), Old: before, New: after,
	}})
}

// present says in words how that stands now which a command concerns: asked before and after, it is the old and the new value
// of the audit.
func (l *Line) present(c line.Command) string {
	switch c := c.(type) {
	case line.Machine:
		if s := l.byID[line.StationID(c.Target)]; s != nil {
			return s.State().String()
		}
		return l.states()
	case line.CheckMaster:
		if s := l.byID[c.Station]; s != nil {
			return s.masterWords()
		}
	case line.AnswerPrompt:
		return l.presentPrompt(c)
	case line.SetMode:
		if s := l.byID[line.StationID(c.Target)]; s != nil {
			return "mode " + s.Mode().String()
		}
		return l.modes()
	case line.AddOrder:
		for _, o := range l.orders {
			if o.Order == c.Order {
				return fmt.Sprintf("%d × %s revision %s", o.Quantity, o.Product, o.Revision)
			}
		}
	case line.DecideRework:
		if p := l.packs[c.Pack]; p != nil {
			return fmt.Sprintf("%s, build %d", p.state, p.build)
		}
	case line.WriteOff:
		if s := l.byID[c.Station]; s != nil && slices.Contains(s.infeed, c.Part) {
			return "expected at " + string(c.Station)
		}
		return "not expected"
	case line.InspectQuarantine:
		return l.presentQuarantine(c.Pack)
	case line.DecideQuarantine:
		return l.presentQuarantine(c.Pack)
	case line.Hold:
		if h, ok := l.holds[c.Subject]; ok {
			return fmt.Sprintf("held by %s: %s", h.By, h.Reason)
		}
		return "not held"
	case line.LoadMaterial:
		if m, ok := l.material[materialKey{c.Station, c.Item}]; ok {
			return fmt.Sprintf("lot %s, %.6g left", m.Lot, m.Quantity)
		}
		return "no lot"
	case line.ServiceTool:
		if s := l.byID[c.Station]; s != nil {
			if tool := l.tool(s, c.Action); tool != "" {
				return fmt.Sprintf("%s used %.6g", tool, s.ToolUse(tool))
			}
		}
	case line.AddUser:
		return l.presentAccount(c.User)
	case line.ChangeRoles:
		return l.presentAccount(c.User)
	case line.DisableUser:
		return l.presentAccount(c.User)
	case line.BindCertificate:
		return l.presentCertificate(c.User)
	case line.ChangePassword:
		if a, ok := l.accounts.find(c.User); ok {
			return fmt.Sprintf("password %d", a.Passwords)
		}
	default: // an alarm's, below
		return l.presentAlarm(c)
	}
	return ""
}

// states counts the stations by their state, in the order of the route: "3 Stopped, 11 Idle".
func (l *Line) states() string {
	return tally(l.stations, func(s *station) string { return s.State().String() })
}

// tally counts stations by what is said of them, in the order of the route.
func tally(stations []*station, say func(*station) string) string {
	count := map[string]int{}
	var order []string
	for _, s := range stations {
		name := say(s)
		if count[name] == 0 {
			order = append(order, name)
		}
		count[name]++
	}
	for i, name := range order {
		order[i] = fmt.Sprintf("%d %s", count[name], name)
	}
	return strings.Join(order, ", ")
}

func (l *Line) presentAccount(user string) string {
	a, ok := l.accounts.find(user)
	switch {
	case !ok:
		return "no account"
	case a.Disabled:
		return line.RoleNames(a.Roles) + ", disabled"
	}
	return line.RoleNames(a.Roles)
}

// presentAlarm says how the alarm stands that a command is about.
func (l *Line) presentAlarm(c line.Command) string {
	var id string
	switch c := c.(type) {
	case line.AcknowledgeAlarm:
		id = c.Alarm
	case line.ConfirmAlarm:
		id = c.Alarm
	case line.CommentAlarm:
		id = c.Alarm
	case line.ShelveAlarm:
		id = c.Alarm
	case line.UnshelveAlarm:
		id = c.Alarm
	case line.ResetAlarm:
		id = c.Alarm
	case line.DisableAlarm:
		id = c.Alarm
	default:
		return ""
	}
	for _, a := range l.alarms.All() {
		if a.Alarm == id {
			return alarmWords(alarmSnapshot(a))
		}
	}
	return "not in the list"
}

func alarmWords(a line.AlarmSnapshot) string {
	var words []string
	for _, w := range []struct {
		is        bool
		text, not string
	}{
		{a.Active, "active", "cause gone"},
		{a.Acknowledged, "acknowledged", "not acknowledged"},
		{a.Shelved, "shelved", ""},
		{a.OutOfService, "out of service", ""},
		{a.Comment != "", "comment: " + a.Comment, ""},
	} {
		switch {
		case w.is:
			words = append(words, w.text)
		case w.not != "":
			words = append(words, w.not)
		}
	}
	return strings.Join(words, ", ")
}
