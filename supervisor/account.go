package supervisor

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"linectl/line"
)

// maxAccounts bounds the accounts of one line. A line has some dozens of people.
const maxAccounts = 1000

// accounts are the people who may log in, a fold of the journal. The list is never changed in place, so a snapshot may show it.
type accounts []line.Account

func (a accounts) index(user string) int {
	return slices.IndexFunc(a, func(x line.Account) bool { return x.User == user })
}

func (a accounts) find(user string) (line.Account, bool) {
	if i := a.index(user); i >= 0 {
		return a[i], true
	}
	return line.Account{}, false
}

// apply follows the facts about accounts and leaves the others alone.
func (a accounts) apply(f line.Fact) accounts {
	change := func(user string, to func(*line.Account)) accounts {
		i := a.index(user)
		if i < 0 {
			return a
		}
		b := slices.Clone(a)
		to(&b[i])
		return b
	}
	switch f := f.(type) {
	case line.UserAdded:
		return append(slices.Clip(a), line.Account{User: f.User, Roles: f.Roles})
	case line.RoleChanged:
		return change(f.User, func(x *line.Account) { x.Roles = f.New })
	case line.UserDisabled:
		return change(f.User, func(x *line.Account) { x.Disabled = !f.Back })
	case line.PasswordChanged:
		return change(f.User, func(x *line.Account) { x.Passwords = f.Number })
	case line.CertificateBound:
		return change(f.User, func(x *line.Account) { x.Certificate = f.Certificate })
	default:
		return a
	}
}

// lastAdmin reports whether nobody would be left who keeps accounts if this one could not.
func (a accounts) lastAdmin(user string) bool {
	me, others := false, false
	for _, x := range a {
		if !x.Disabled && x.Has(line.Admin) {
			me, others = me || x.User == user, others || x.User != user
		}
	}
	return me && !others
}

func (l *Line) account(user string) (line.Account, error) {
	a, ok := l.accounts.find(user)
	if !ok {
		return a, fmt.Errorf("there is no account %.40q", user)
	}
	return a, nil
}

// checkRoles refuses roles that there are not, none at all, and the same twice.
func checkRoles(roles []line.Role) error {
	if len(roles) == 0 {
		return fmt.Errorf("an account needs a role; roles are %s", line.RoleNames(line.Roles))
	}
	for i, r := range roles {
		if !slices.Contains(line.Roles, r) {
			_, err := line.ParseRole(fmt.Sprintf("%.40s", r))
			return errors.Join(err, fmt.Errorf("write %q as it stands there", r))
		}
		if slices.Contains(roles[:i], r) {
			return fmt.Errorf("the role %s is named twice", r)
		}
	}
	return nil
}

func (l *Line) addUser(now time.Time, c line.AddUser, q line.Request) (string, error) {
	if err := errors.Join(line.CheckUserName(c.User), checkRoles(c.Roles)); err != nil {
		return "", err
	}
	if a, ok := l.accounts.find(c.User); ok {
		return "", fmt.Errorf("the account %s is there already (%s); a name is never given to another person", a.User, line.RoleNames(a.Roles))
	}
	if len(l.accounts) >= maxAccounts {
		return "", fmt.Errorf("there are %d accounts, more are not kept", maxAccounts)
	}
	l.Record(line.Record{At: now, Fact: line.UserAdded{User: c.User, Roles: slices.Clone(c.Roles), By: q.By, Why: q.Why}})
	l.Record(line.Record{At: now, Fact: line.PasswordChanged{User: c.User, Number: 1, By: q.By, Why: q.Why}})
	return fmt.Sprintf("%s is added as %s", c.User, line.RoleNames(c.Roles)), nil
}

func (l *Line) changeRoles(now time.Time, c line.ChangeRoles, q line.Request) (string, error) {
	a, err := l.account(c.User)
	if err := errors.Join(err, checkRoles(c.Roles)); err != nil {
		return "", err
	}
	switch {
	case slices.Equal(a.Roles, c.Roles):
		return "", fmt.Errorf("%s is %s already", a.User, line.RoleNames(a.Roles))
	case l.accounts.lastAdmin(c.User) && !slices.Contains(c.Roles, line.Admin):
		return "", fmt.Errorf("%s is the last Admin; make another one first", c.User)
	}
	l.Record(line.Record{At: now, Fact: line.RoleChanged{User: c.User, Old: a.Roles, New: slices.Clone(c.Roles), By: q.By, Why: q.Why}})
	return fmt.Sprintf("%s is %s from now on", c.User, line.RoleNames(c.Roles)), nil
}

func (l *Line) disableUser(now time.Time, c line.DisableUser, q line.Request) (string, error) {
	a, err := l.account(c.User)
	switch {
	case err != nil:
		return "", err
	case a.Disabled && !c.Back:
		return "", fmt.Errorf("the account %s is disabled already", a.User)
	case !a.Disabled && c.Back:
		return "", fmt.Errorf("the account %s is not disabled", a.User)
	case !c.Back && l.accounts.lastAdmin(c.User):
		return "", fmt.Errorf("%s is the last Admin; make another one first", c.User)
	}
	l.Record(line.Record{At: now, Fact: line.UserDisabled{User: c.User, Back: c.Back, By: q.By, Why: q.Why}})
	if c.Back {
		return c.User + " may log in again", nil
	}
	return c.User + " is disabled", nil
}

func (l *Line) changePassword(now time.Time, c line.ChangePassword, q line.Request) (string, error) {
	a, err := l.account(c.User)
	if err != nil {
		return "", err
	}
	l.Record(line.Record{At: now, Fact: line.PasswordChanged{User: c.User, Number: a.Passwords + 1, By: q.By, Why: q.Why}})
	return c.User + " has a new password", nil
}

// accountCommand is command for what concerns accounts.
func (l *Line) accountCommand(now time.Time, q line.Request) (words string, do doing) {
	switch c := q.Command.(type) {
	case line.AddUser:
		return fmt.Sprintf("add user %s as %s", c.User, line.RoleNames(c.Roles)), func() (string, error) { return l.addUser(now, c, q) }
	case line.ChangeRoles:
		return fmt.Sprintf("make %s %s", c.User, line.RoleNames(c.Roles)), func() (string, error) { return l.changeRoles(now, c, q) }
	case line.DisableUser:
		return fmt.Sprintf("disable %s, back %t", c.User, c.Back), func() (string, error) { return l.disableUser(now, c, q) }
	case line.BindCertificate:
		words := "take the certificate of " + c.User
		if c.Certificate != nil {
			words = fmt.Sprintf("let %s log in with the certificate %.16s", c.User, c.Certificate.Thumbprint)
		}
		return words, func() (string, error) { return l.bindCertificate(now, c, q) }
	case line.ChangePassword:
		return "change the password of " + c.User, func() (string, error) { return l.changePassword(now, c, q) }
	case line.LogIn:
		return "log in from " + c.Source, func() (string, error) { return "welcome " + q.Account, nil }
	case line.NoteFailedLogIns:
		return fmt.Sprintf("note that %s failed to log in from %s, times: %d", c.User, c.Source, c.Count), func() (string, error) { return "noted", nil }
	default:
		return "nothing", func() (string, error) { return "", errors.New("nothing was asked for") }
	}
}
