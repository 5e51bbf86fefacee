package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
)

// What one hash costs: OWASP's least for Argon2id. At most two are made at a time, so an attacker's log-ins take 38 MiB and no
// more; hashWait and hashQueue bound how long and how many others wait.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32

	hashSlots = 2
	hashQueue = 64
	hashWait  = 10 * time.Second
)

// ErrBusy says that too many people log in at the same time, or one of them too often. Nothing was looked at.
var ErrBusy = errors.New("too many log-ins at the same time; wait half a minute and try again")

// hasher makes and compares password hashes, a bounded number at a time.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int32
	made    atomic.Int64 // hashes so far; by their number tests see that every log-in costs the same
}

func newHasher() *hasher { return &hasher{slots: make(chan struct{}, hashSlots)} }

// enter waits for a slot, boundedly, and returns how to give it back.
func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	if h.waiting.Add(1) > hashQueue {
		h.waiting.Add(-1)
		return nil, ErrBusy
	}
	defer h.waiting.Add(-1)
	late := time.NewTimer(hashWait)
	defer late.Stop()
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-late.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// phc is a hash in the text form of the Password Hashing Competition.
type phc struct {
	salt, key []byte
}

var phcHead = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, memoryKiB, passes, lanes)

func (p phc) String() string {
	b := base64.RawStdEncoding
	return phcHead + b.EncodeToString(p.salt) + "$" + b.EncodeToString(p.key)
}

// parsePHC reads what String wrote. Any other cost is an error: a cheaper hash would be a gift to whoever has stolen the file.
func parsePHC(text string) (p phc, err error) {
	rest, ok := strings.CutPrefix(text, phcHead)
	salt, key, two := strings.Cut(rest, "$")
	if !ok || !two {
		return p, fmt.Errorf("a hash that does not begin with %s", phcHead)
	}
	b := base64.RawStdEncoding.Strict()
	if p.salt, err = b.DecodeString(salt); err != nil {
		return p, fmt.Errorf("salt of a hash: %w", err)
	}
	if p.key, err = b.DecodeString(key); err != nil {
		return p, fmt.Errorf("key of a hash: %w", err)
	}
	if len(p.salt) != saltBytes || len(p.key) != keyBytes {
		return p, fmt.Errorf("a hash with %d bytes of salt and %d of key; want %d and %d", len(p.salt), len(p.key), saltBytes, keyBytes)
	}
	return p, nil
}

func (h *hasher) key(ctx context.Context, salt []byte, password string) ([]byte, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	h.made.Add(1)
	return argon2.IDKey([]byte(password), salt, passes, memoryKiB, lanes, keyBytes), nil
}

// hash makes the hash of a new password.
func (h *hasher) hash(ctx context.Context, password string) (phc, error) {
	p := phc{salt: make([]byte, saltBytes)}
	_, _ = rand.Read(p.salt) // it never fails: the process would end
	var err error
	p.key, err = h.key(ctx, p.salt, password)
	return p, err
}

// nobody is compared with where there is no account: it costs what a real one costs, and no password fits.
var nobody = phc{salt: make([]byte, saltBytes), key: make([]byte, keyBytes)}

// fits compares a password with a hash, or with nobody's if there is none. It always makes exactly one hash.
func (h *hasher) fits(ctx context.Context, p phc, password string) (bool, error) {
	known := len(p.key) == keyBytes
	if !known {
		p = nobody
	}
	key, err := h.key(ctx, p.salt, password)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, p.key) == 1 && known, nil
}
