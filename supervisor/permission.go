package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"linectl/line"
)

// errNobody refuses a request whose asker no edge has found out.
var errNobody = errors.New("nobody has logged in; log in first")

// permit decides whether a request may be done, by the roles that its account has now: a role that was taken away a moment ago
// is gone, whatever session is open. The error says who may.
func (l *Line) permit(q line.Request) error {
	a := line.ActionOf(q.Command, q.Account)
	allowed, known := line.WhoMay(a)
	if !known {
		return fmt.Errorf("nobody may ask for %T", q.Command)
	}
	switch q.Origin {
	case line.FromItself:
		if a == line.MayNoteFailures || a == line.MayOperate || a == line.MayKeepAccounts && len(l.accounts) == 0 { // the first account has nobody to add it
			return nil
		}
		return fmt.Errorf("linectl itself may not %s", a)
	case line.FromLocal: // the socket is the owner's alone, and so is the journal
		if q.Account == "" {
			return errNobody
		}
		if a == line.MayLogIn || a == line.MayNoteFailures {
			return fmt.Errorf("%s may not %s over the control socket", q.Account, a)
		}
		if a.InPerson() {
			return l.logInFirst(a, allowed)
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
	case a.InPerson() && q.Proof != line.ByPassword:
		return fmt.Errorf("%s has logged in with a certificate, which the gateway has seen and the line has not; to %s log in with the password", who.User, a)
	}
	return nil
}

// logInFirst refuses what nobody may do by name only, and says how one shows who one is.
func (l *Line) logInFirst(a line.Action, allowed []line.Role) error {
	may := func(x line.Account) bool { return !x.Disabled && x.Has(allowed...) }
	how := "with linectl: --as USER"
	switch {
	case len(l.accounts) == 0:
		how = "nobody has an account yet: make the first one with linectl setup, as linectl run has said when it began, and then linectl user add USER " + string(allowed[0])
	case !slices.ContainsFunc(l.accounts, may):
		how = "no account has that role yet: linectl user add USER " + string(allowed[0])
	}
	return fmt.Errorf("to %s you log in with your own account, so that the record can say who it was; %s (%s)", a, whoMay(allowed), how)
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
