package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"linectl/line"
)

// action is a kind of thing that a person may or may not do.
type action string

// The actions, as they are said to people: "amna (Viewer) may not operate stations".
const (
	operate      action = "operate stations"
	loadMaterial action = "load material"
	serviceTools action = "service tools"
	seeToAlarms  action = "see to alarms"
	retireAlarms action = "take alarms out of service"
	addOrders    action = "add orders"
	routeRework  action = "decide on rework"
	scrapPacks   action = "scrap packs"
	writeOffs    action = "write parts off"
	holdParts    action = "hold parts and release holds"
	keepAccounts action = "keep accounts"
	ownPassword  action = "change their own password"
	logIn        action = "log in"
	noteFailures action = "note failed log-ins"
)

// permissions is the whole matrix: who may do what. What does not stand here nobody may do, the owner of the computer
// included. Nobody at all may edit history.
var permissions = map[action][]line.Role{
	operate:      {line.Operator, line.TeamLeader, line.Maintenance},
	loadMaterial: {line.Operator, line.TeamLeader, line.Maintenance},
	serviceTools: {line.Operator, line.TeamLeader, line.Maintenance},
	seeToAlarms:  {line.Operator, line.TeamLeader, line.Maintenance},
	retireAlarms: {line.Maintenance},
	addOrders:    {line.TeamLeader},
	routeRework:  {line.TeamLeader},
	scrapPacks:   {line.TeamLeader, line.Quality},
	writeOffs:    {line.TeamLeader, line.Quality}, // it scraps the pack that is gone
	holdParts:    {line.Quality},
	keepAccounts: {line.Admin},
	ownPassword:  line.Roles,
	logIn:        line.Roles,
	noteFailures: nil, // the edge's own
}

// actionOf says which action a command is; account is who asks for it. The zero action is none, and permitted to nobody: so is
// a command that somebody adds and does not name here.
func actionOf(c line.Command, account string) action {
	switch c := c.(type) {
	case line.Machine:
		return operate
	case line.LoadMaterial:
		return loadMaterial
	case line.ServiceTool:
		return serviceTools
	case line.AcknowledgeAlarm, line.ConfirmAlarm, line.CommentAlarm, line.ShelveAlarm, line.UnshelveAlarm, line.ResetAlarm:
		return seeToAlarms
	case line.DisableAlarm:
		return retireAlarms
	case line.AddOrder:
		return addOrders
	case line.DecideRework:
		if c.Scrap {
			return scrapPacks
		}
		return routeRework
	case line.WriteOff:
		return writeOffs
	case line.Hold:
		return holdParts
	case line.ChangePassword:
		if c.User == account {
			return ownPassword
		}
		return keepAccounts
	case line.AddUser, line.ChangeRoles, line.DisableUser:
		return keepAccounts
	case line.LogIn:
		return logIn
	case line.NoteFailedLogIns:
		return noteFailures
	default:
		return ""
	}
}

// errNobody refuses a request whose asker no edge has found out.
var errNobody = errors.New("nobody has logged in; log in first")

// permit decides whether a request may be done, by the roles that its account has now: a role that was taken away a moment ago
// is gone, whatever session is open. The error says who may.
func (l *Line) permit(q line.Request) error {
	a := actionOf(q.Command, q.Account)
	allowed, known := permissions[a]
	if !known {
		return fmt.Errorf("nobody may ask for %T", q.Command)
	}
	switch q.Origin {
	case line.FromItself:
		if a == noteFailures || a == operate || a == keepAccounts && len(l.accounts) == 0 { // the first account has nobody to add it
			return nil
		}
		return fmt.Errorf("linectl itself may not %s", a)
	case line.FromLocal: // the socket is the owner's alone, and so is the journal
		if q.Account == "" {
			return errNobody
		}
		if a == logIn || a == noteFailures {
			return fmt.Errorf("%s may not %s over the control socket", q.Account, a)
		}
		return nil
	case line.FromSession:
	default:
		return errNobody
	}
	who, ok := l.accounts.find(q.Account)
	switch {
	case !ok:
		return fmt.Errorf("there is no account %.40q", q.Account)
	case who.Disabled:
		return fmt.Errorf("the account %s is disabled; an Admin can let it in again", who.User)
	case !who.Has(allowed...):
		return fmt.Errorf("%s (%s) may not %s; %s", who.User, line.RoleNames(who.Roles), a, whoMay(allowed))
	}
	return nil
}

func whoMay(roles []line.Role) string {
	if len(roles) == 0 {
		return "nobody may"
	}
	return strings.Join(strings.Split(line.RoleNames(roles), ", "), " or ") + " may"
}

// rolesOf returns the roles with which a request was decided on.
func (l *Line) rolesOf(q line.Request) []line.Role {
	if q.Origin != line.FromSession {
		return nil
	}
	who, _ := l.accounts.find(q.Account)
	return slices.Clone(who.Roles)
}
