package opcua

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/awcullen/opcua/ua"
)

const maxLogins = 512 // remembered at a time; one that is forgotten is asked for again

// credential is what a person has shown to the server library, which knows a session's person by that alone: a name and a
// password, or a certificate with whose key they have signed.
type credential struct{ user, password, certificate string }

// credentialOf takes it from the library's identity of a session.
func credentialOf(identity any) (credential, bool) {
	switch who := identity.(type) {
	case ua.UserNameIdentity:
		return credential{user: who.UserName, password: who.Password}, true
	case ua.X509Identity:
		return credential{certificate: string(who.Certificate)}, true
	}
	return credential{}, false
}

// sha256Of names a certificate: the first, where there is a chain.
func sha256Of(chain []byte) (string, error) {
	list, err := x509.ParseCertificates(chain)
	if err != nil || len(list) == 0 {
		return "", ua.BadIdentityTokenInvalid
	}
	sum := sha256.Sum256(list[0].Raw)
	return hex.EncodeToString(sum[:]), nil
}

// logins remembers who has logged in. The library asks for the roles at every request, so what was shown is the key; a password
// itself is not kept here.
type logins struct {
	by            Authenticator
	byCertificate CertificateAuthenticator
	once          sync.Once
	salt          [32]byte

	mu    sync.Mutex
	kept  map[[32]byte]*remembered
	clock uint64 // counts uses
}

type remembered struct {
	Login
	since time.Time // asked for at that time, or later
	used  uint64
}

// key is asked for twice for every value that a client reads: a hash of all at once, with the salt before it, and no memory taken
// for a password.
func (l *logins) key(who credential) [32]byte {
	l.once.Do(func() { _, _ = rand.Read(l.salt[:]) }) // it never fails
	var room [256]byte
	text := append(append(append(append(room[:0], l.salt[:]...), who.user...), 0), who.password...)
	return sha256.Sum256(append(append(text, 0), who.certificate...))
}

// begin asks the authenticator, always.
func (l *logins) begin(ctx context.Context, who credential, source string) (login Login, err error) {
	k, asked := l.key(who), time.Now()
	if who.certificate != "" {
		var thumbprint string
		if thumbprint, err = sha256Of([]byte(who.certificate)); err == nil {
			login, err = l.byCertificate.AuthenticateCertificate(ctx, thumbprint, source)
		}
	} else {
		login, err = l.by.Authenticate(ctx, who.user, who.password, source)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if errors.Is(err, ErrAway) { // nobody was refused
		return Login{}, err
	}
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
	l.kept[k] = &remembered{login, asked, l.clock}
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
func (l *logins) known(who credential) Login {
	k := l.key(who)
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

// before reports whether it is a person's login, and from before a time.
func (r *remembered) before(user string, at time.Time) bool {
	return r != nil && r.User == user && r.since.Before(at)
}

// knownBefore does so for the login of what was shown.
func (l *logins) knownBefore(who credential, user string, at time.Time) bool {
	k := l.key(who)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept[k].before(user, at)
}

// drop forgets the logins of a person from before a time.
func (l *logins) drop(user string, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for k, r := range l.kept {
		if r.before(user, at) {
			delete(l.kept, k)
		}
	}
}
