// Package accounts keeps what proves who somebody is: the hashes of passwords in a file of their own, the delay after failed
// log-ins, and the sessions of those who have logged in.
//
// It does not know who may do what, nor who has an account: roles and accounts are facts in the journal, and the supervisor
// decides by them where a command is applied. No password, hash or token ever leaves it for a record or a log.
package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"linectl/line"
)

// ErrLogIn is the one answer to every log-in that fails, whether there is such a user or not.
var ErrLogIn = errors.New("user or password is wrong")

// ErrSetUp is the one answer to every set-up that fails for its token.
var ErrSetUp = errors.New("this is not the set-up token, or the set-up is over; the token is printed by linectl run while there is no account; " +
	"where there is one, linectl user add USER Admin makes an Admin")

// Line is what the keeper asks of the supervisor: to record what happens to accounts, and which there are.
type Line interface {
	Do(ctx context.Context, r line.Request) (line.Reply, error)
	Snapshot() line.Snapshot
	Changed() <-chan struct{}
}

// Keeper logs people in and out and keeps their passwords. Its methods may be called from many goroutines at once.
type Keeper struct {
	path string
	line Line
	hash *hasher

	changing sync.Mutex // one change of a password at a time: what is recorded and what is in the file stay in step

	mu       sync.Mutex // guards the rest
	proofs   map[string]proof
	throttle throttle
	notes    bucket
	sessions sessions
	setUp    string // one-time token, empty when the set-up is over
}

// Open reads the file, which need not be there. First says that there is no account yet: then there is a set-up token.
func Open(path string, l Line, first bool) (*Keeper, error) {
	proofs, err := load(path)
	if err != nil {
		return nil, err
	}
	k := &Keeper{path: path, line: l, hash: newHasher(), proofs: proofs}
	if first {
		k.setUp = rand.Text()
	}
	return k, nil
}

// SetUpToken returns the token with which the first account may be made, or nothing when the set-up is over.
func (k *Keeper) SetUpToken() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.setUp
}

// account finds an account as it is now.
func (k *Keeper) account(user string) (line.Account, bool) {
	all := k.line.Snapshot().Accounts
	if i := slices.IndexFunc(all, func(a line.Account) bool { return a.User == user }); i >= 0 {
		return all[i], true
	}
	return line.Account{}, false
}

// LogIn opens a session. Source says where the log-in comes from, an address or the name of a terminal: failures delay the
// next log-in of the same user from the same source, by 30 s at most. The error is ErrLogIn for an unknown user, a wrong
// password and a disabled account alike, ErrBusy when too many ask at once, and another one when it could not be recorded.
func (k *Keeper) LogIn(ctx context.Context, user, password, source string) (Session, error) {
	if err := k.prove(ctx, user, password, source); err != nil {
		return Session{}, err
	}
	return k.begin(ctx, user, source, line.ByPassword)
}

// prove waits as long as former failures ask for, and compares the password.
func (k *Keeper) prove(ctx context.Context, user, password, source string) error {
	if k.line.Snapshot().At.IsZero() {
		return errors.New("the line has not begun yet; try again")
	}
	at := place{clip(user), clip(source)}
	k.mu.Lock()
	wait, ok := k.throttle.ask(time.Now(), at)
	k.mu.Unlock()
	if !ok {
		return ErrBusy
	}
	right, err := k.look(ctx, wait, user, password)
	k.mu.Lock()
	now := time.Now()
	count := k.throttle.done(now, at, err == nil, right)
	note := err == nil && !right && worthNoting(count) && k.notes.take(now)
	k.mu.Unlock()
	if note {
		k.noteFailure(ctx, user, source, count)
	}
	switch {
	case err != nil:
		return err
	case !right:
		return ErrLogIn
	}
	return nil
}

func (k *Keeper) look(ctx context.Context, wait time.Duration, user, password string) (bool, error) {
	if wait > 0 {
		t := time.NewTimer(wait)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	if len(password) > maxPassword {
		password = "" // no account has it; it costs the same
	}
	return k.hash.fits(ctx, k.proof(user), password)
}

// proof returns what proves a user, or nothing if there is no such account, it is disabled, or the file holds another password
// than the one that the journal knows of: an old file that was put back opens nothing.
func (k *Keeper) proof(user string) phc {
	a, ok := k.account(user)
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.proofs[user]
	if !ok || a.Disabled || p.number != a.Passwords {
		return phc{}
	}
	return p.hash
}

// noteFailure records a failure. If it cannot be recorded the line has ended, and nobody gets in anyway.
func (k *Keeper) noteFailure(ctx context.Context, user, source string, count int) {
	if _, ok := k.account(user); !ok {
		user = "somebody unknown"
	}
	_, _ = k.line.Do(ctx, line.Request{
		By: "linectl", Account: "linectl", Origin: line.FromItself, Command: line.NoteFailedLogIns{User: user, Source: clip(source), Count: count},
	})
}

// clip keeps what a stranger typed short and fit for a screen.
func clip(text string) string {
	short := []rune{}
	for _, r := range text {
		if len(short) == 64 {
			break
		}
		if r < 0x20 || r == 0x7f || r == 0xfffd {
			r = '?'
		}
		short = append(short, r)
	}
	return string(short)
}

// Who returns the session of a token and prolongs it.
func (k *Keeper) Who(token string) (Session, error) {
	k.mu.Lock()
	o, ok := k.sessions.use(time.Now(), token)
	k.mu.Unlock()
	if !ok {
		return Session{}, ErrNoSession
	}
	a, ok := k.account(o.user)
	if !ok || a.Disabled {
		k.LogOut(token)
		return Session{}, ErrNoSession
	}
	return Session{Token: token, User: o.user, Roles: a.Roles, Expires: o.expires(), Proof: o.proof}, nil
}

// LogOut ends a session.
func (k *Keeper) LogOut(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.sessions.end(token)
}

// Add makes an account with its first password. The request says who asks; its command is AddUser.
func (k *Keeper) Add(ctx context.Context, q line.Request, password string) (line.Reply, error) {
	c, ok := q.Command.(line.AddUser)
	if !ok {
		return line.Reply{}, fmt.Errorf("%T adds no account", q.Command)
	}
	return k.change(ctx, q, c.User, password)
}

// SetPassword gives an account a new password and ends its sessions. The request says who asks; its command is
// ChangePassword. Whoever changes their own with a session must know the old one; source is as for LogIn.
func (k *Keeper) SetPassword(ctx context.Context, q line.Request, old, password, source string) (line.Reply, error) {
	c, ok := q.Command.(line.ChangePassword)
	if !ok {
		return line.Reply{}, fmt.Errorf("%T changes no password", q.Command)
	}
	if q.Origin == line.FromSession && q.Account == c.User {
		if err := k.prove(ctx, c.User, old, source); err != nil {
			return line.Reply{}, err
		}
	}
	return k.change(ctx, q, c.User, password)
}

// change records a new password and then keeps it. If this process dies in between the account has no password that is taken,
// and somebody gives it one again: never a password that nobody recorded.
func (k *Keeper) change(ctx context.Context, q line.Request, user, password string) (line.Reply, error) {
	refuse := func(err error) (line.Reply, error) { return line.Reply{Request: q.ID, Text: err.Error()}, nil }
	if err := CheckPassword(user, password); err != nil {
		return refuse(err)
	}
	hash, err := k.hash.hash(ctx, password)
	if err != nil {
		return line.Reply{}, err
	}
	q.ID = rand.Text() // always a new one: the file could not be put in step with an answer given before
	k.changing.Lock()
	defer k.changing.Unlock()
	before, _ := k.account(user)
	reply, err := k.line.Do(ctx, q)
	if err != nil || !reply.Accepted {
		return reply, err
	}
	number, err := k.numberAfter(ctx, user, before.Passwords)
	if err != nil {
		return line.Reply{}, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	next := maps.Clone(k.proofs)
	next[user] = proof{number, hash}
	if err := save(k.path, next); err != nil {
		return line.Reply{}, fmt.Errorf("the change is recorded, but the password could not be kept, so give %s one again: %w", user, err)
	}
	k.proofs, k.setUp = next, ""
	k.sessions.endAll(user)
	return reply, nil
}

// numberAfter waits until the snapshot shows the password that was just recorded.
func (k *Keeper) numberAfter(ctx context.Context, user string, before int) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		changed := k.line.Changed()
		if a, ok := k.account(user); ok && a.Passwords > before {
			return a.Passwords, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, fmt.Errorf("the change is recorded, but the line does not show it, so give %s a password again: %w", user, ctx.Err())
		}
	}
}

// SetUp makes the first account, an Admin, for whoever has the token. It works once.
func (k *Keeper) SetUp(ctx context.Context, token, user, password string) (line.Reply, error) {
	want := k.SetUpToken()
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(token)) != 1 {
		return line.Reply{}, ErrSetUp
	}
	return k.Add(ctx, line.Request{
		By: user, Why: "set-up token", Account: "set-up", Origin: line.FromItself, Command: line.AddUser{User: user, Roles: []line.Role{line.Admin}},
	}, password)
}
