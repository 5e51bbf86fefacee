package line

import (
	"fmt"
	"slices"
	"strings"
)

// Role is a part that a person plays at the line. What each may do stands in one table, permissions; a person may have
// several.
type Role string

// The roles.
const (
	Viewer          Role = "Viewer"
	Operator        Role = "Operator"
	TeamLeader      Role = "TeamLeader"
	Maintenance     Role = "Maintenance"
	ProcessEngineer Role = "ProcessEngineer"
	Quality         Role = "Quality"
	Commissioning   Role = "Commissioning"
	Admin           Role = "Admin"
)

// Roles lists every role.
var Roles = []Role{Viewer, Operator, TeamLeader, Maintenance, ProcessEngineer, Quality, Commissioning, Admin}

// ParseRole finds a role by its name, in whatever case. The error names the roles that there are.
func ParseRole(name string) (Role, error) {
	for _, r := range Roles {
		if strings.EqualFold(string(r), name) {
			return r, nil
		}
	}
	return "", fmt.Errorf("no role %q; roles are %s", name, RoleNames(Roles))
}

// RoleNames writes roles for people: "Operator, Quality".
func RoleNames(roles []Role) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}

// CheckUserName refuses a name that no account can have. Names are 2 to 32 lower-case letters, digits, dots, dashes and
// underscores and begin with a letter, so that one person is not two by a capital letter, and no account looks like a user of
// the computer, local:amna.
func CheckUserName(name string) error {
	outside := func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789._-", r) }
	if len(name) < 2 || len(name) > 32 || name[0] < 'a' || name[0] > 'z' || strings.ContainsFunc(name, outside) {
		return fmt.Errorf("%.40q is no user name: want 2 to 32 of a-z, 0-9, dot, dash and underscore, beginning with a letter", name)
	}
	return nil
}

// Origin is how the asker of a request is known. The edge that took the request in fills it, never the asker; the zero Origin
// is nobody, who may do nothing.
type Origin string

// The origins.
const (
	FromLocal   Origin = "local"   // over the control socket, which only the owner of this computer's linectl may open
	FromSession Origin = "session" // a person who has logged in with an account
	FromItself  Origin = "linectl" // the supervisor on its own behalf
)

// Proof is how somebody has shown who they are; none for a name that was only typed, and in records from before there was one.
type Proof string

// The proofs.
const (
	ByPassword    Proof = "password"    // the supervisor has compared it itself
	ByCertificate Proof = "certificate" // the gateway has seen a signature with its key, and the supervisor believes it that
)

// Account is one person who may log in, as the journal tells it. What proves the password is not in it.
type Account struct {
	User      string `json:"user"`
	Roles     []Role `json:"roles"`
	Disabled  bool   `json:"disabled,omitempty"`
	Passwords int    `json:"passwords"` // the present password is the so-manieth of this account
	// Certificate is what the person may log in with instead; nil if there is none.
	Certificate *UserCertificate `json:"certificate,omitempty"`
}

// Has reports whether the account has one of the roles.
func (a Account) Has(roles ...Role) bool {
	return slices.ContainsFunc(a.Roles, func(r Role) bool { return slices.Contains(roles, r) })
}

// UserAdded makes an account. Its name is never given to another person.
type UserAdded struct {
	User  string `json:"user"`
	Roles []Role `json:"roles"`
	By    string `json:"by"`
	Why   string `json:"why,omitempty"`
}

// RoleChanged gives an account other roles, from the next command on.
type RoleChanged struct {
	User string `json:"user"`
	Old  []Role `json:"old"`
	New  []Role `json:"new"`
	By   string `json:"by"`
	Why  string `json:"why,omitempty"`
}

// UserDisabled ends an account, or with Back lets it in again. From the next command on nothing is done for it, whatever
// session is open.
type UserDisabled struct {
	User string `json:"user"`
	Back bool   `json:"back,omitempty"`
	By   string `json:"by"`
	Why  string `json:"why,omitempty"`
}

// PasswordChanged says that an account has a new password: the Number-th, from 1. Nothing about the password itself is ever
// recorded.
type PasswordChanged struct {
	User   string `json:"user"`
	Number int    `json:"number"`
	By     string `json:"by"`
	Why    string `json:"why,omitempty"`
}

// AddUser makes an account. It goes through the edge that keeps the passwords, never alone.
type AddUser struct {
	User  string `json:"user"`
	Roles []Role `json:"roles"`
}

// ChangeRoles gives an account other roles, instead of those that it has.
type ChangeRoles struct {
	User  string `json:"user"`
	Roles []Role `json:"roles"`
}

// DisableUser ends an account, or with Back lets it in again.
type DisableUser struct {
	User string `json:"user"`
	Back bool   `json:"back,omitempty"`
}

// ChangePassword notes that an account gets a new password. It goes through the edge that keeps the passwords, never alone.
type ChangePassword struct {
	User string `json:"user"`
}

// LogIn notes that somebody has proven to be who the account says.
type LogIn struct {
	Source string `json:"source"` // where from: a terminal, an address
}

// NoteFailedLogIns notes that somebody has tried to log in, and failed Count times since it last went well. Edges thin these out.
type NoteFailedLogIns struct {
	User   string `json:"user"` // "unknown" where there is no such account: people type passwords into that field
	Source string `json:"source"`
	Count  int    `json:"count"`
}

func (UserAdded) fact()       {}
func (RoleChanged) fact()     {}
func (UserDisabled) fact()    {}
func (PasswordChanged) fact() {}

func (AddUser) command()          {}
func (ChangeRoles) command()      {}
func (DisableUser) command()      {}
func (ChangePassword) command()   {}
func (LogIn) command()            {}
func (NoteFailedLogIns) command() {}
