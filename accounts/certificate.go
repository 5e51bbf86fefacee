package accounts

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"linectl/line"
)

// LogInByCertificate opens a session for the person to whom a certificate belongs, by its SHA-256 thumbprint. The caller has seen
// the person sign with its key; here is only known whose it is, whether it is in time, and whether the account may log in.
// Source is as for LogIn. The error is ErrLogIn for an unknown certificate, one that is out of time and a disabled account alike.
func (k *Keeper) LogInByCertificate(ctx context.Context, thumbprint, source string) (Session, error) {
	a, ok := k.owner(thumbprint, time.Now())
	if !ok {
		k.mu.Lock()
		note := k.notes.take(time.Now())
		k.mu.Unlock()
		if note {
			k.noteFailure(ctx, a.User, source, 1)
		}
		return Session{}, ErrLogIn
	}
	return k.begin(ctx, a.User, "certificate, "+source, line.ByCertificate)
}

// owner finds the account of a certificate, and whether it may log in with it now.
func (k *Keeper) owner(thumbprint string, now time.Time) (line.Account, bool) {
	for _, a := range k.line.Snapshot().Accounts {
		if a.Certificate != nil && a.Certificate.Thumbprint == thumbprint {
			return a, !a.Disabled && a.Certificate.Valid(now)
		}
	}
	return line.Account{}, false
}

// begin records a log-in and opens a session.
func (k *Keeper) begin(ctx context.Context, user, source string, proof line.Proof) (Session, error) {
	reply, err := k.line.Do(ctx, line.Request{By: user, Account: user, Origin: line.FromSession, Command: line.LogIn{Source: clip(source)}})
	switch {
	case err != nil:
		return Session{}, fmt.Errorf("the log-in could not be recorded: %w", err)
	case !reply.Accepted: // disabled a moment ago
		return Session{}, ErrLogIn
	}
	a, _ := k.account(user)
	token := rand.Text()
	k.mu.Lock()
	defer k.mu.Unlock()
	return Session{Token: token, User: user, Roles: a.Roles, Expires: k.sessions.begin(time.Now(), token, user, proof), Proof: proof}, nil
}
