package opcua

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"math"
	"sync"
)

const maxLogins = 512 // remembered at a time; one that is forgotten is asked for again

// logins remembers who has logged in. The server library knows a session's person by the name and password alone, and asks
// for the roles at every request, so both together are the key; the password itself is not kept here.
type logins struct {
	by   Authenticator
	once sync.Once
	salt [32]byte

	mu    sync.Mutex
	kept  map[[32]byte]*remembered
	clock uint64 // counts uses
}

type remembered struct {
	Login
	used uint64
}

// key is asked for twice for every value that a client reads: a hash of all at once, with the salt before it, and no memory taken.
func (l *logins) key(user, password string) [32]byte {
	l.once.Do(func() { _, _ = rand.Read(l.salt[:]) }) // it never fails
	var room [256]byte
	text := append(append(append(append(room[:0], l.salt[:]...), user...), 0), password...)
	return sha256.Sum256(text)
}

// begin asks the authenticator, always.
func (l *logins) begin(ctx context.Context, user, password, source string) (Login, error) {
	k := l.key(user, password)
	login, err := l.by.Authenticate(ctx, user, password, source)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		delete(l.kept, k) // a person whose account was taken away has no session left that may do anything
		return Login{}, err
	}
	if l.kept == nil {
		l.kept = map[[32]byte]*remembered{}
	}
	if len(l.kept) >= maxLogins {
		l.forget()
	}
	l.clock++
	l.kept[k] = &remembered{login, l.clock}
	return login, nil
}

// forget drops the login that was used longest ago. There are more places than sessions, so it is one that has ended.
func (l *logins) forget() {
	var oldest [32]byte
	least := uint64(math.MaxUint64)
	for k, r := range l.kept {
		if r.used < least {
			oldest, least = k, r.used
		}
	}
	delete(l.kept, oldest)
}

// known returns the login of a session's person, or one without roles.
func (l *logins) known(user, password string) Login {
	k := l.key(user, password)
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.kept[k]
	if r == nil {
		return Login{}
	}
	l.clock++
	r.used = l.clock
	return r.Login
}

// drop forgets a person.
func (l *logins) drop(user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, r := range l.kept {
		if r.User == user {
			delete(l.kept, k)
		}
	}
}
