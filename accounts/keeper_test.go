package accounts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"linectl/line"
)

// book is as much of a line as the keeper sees: it records, and shows accounts.
type book struct {
	mu       sync.Mutex
	accounts []line.Account
	asked    []line.Request
	fail     error
	changed  chan struct{}
}

func newBook() *book { return &book{changed: make(chan struct{})} }

func (b *book) Do(_ context.Context, q line.Request) (line.Reply, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return line.Reply{}, b.fail
	}
	b.asked = append(b.asked, q)
	switch c := q.Command.(type) {
	case line.AddUser:
		b.accounts = append(b.accounts, line.Account{User: c.User, Roles: c.Roles, Passwords: 1})
	case line.ChangePassword:
		for i := range b.accounts {
			if b.accounts[i].User == c.User {
				b.accounts[i].Passwords++
			}
		}
	case line.DisableUser:
		for i := range b.accounts {
			if b.accounts[i].User == c.User {
				b.accounts[i].Disabled = true
			}
		}
	}
	return line.Reply{Request: q.ID, Accepted: true, Text: "done"}, nil
}

func (b *book) Snapshot() line.Snapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return line.Snapshot{At: time.Unix(1, 0), Accounts: append([]line.Account(nil), b.accounts...)}
}

func (b *book) Changed() <-chan struct{} { return b.changed }

// words are what was asked of the line, in short.
func (b *book) words() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var w []string
	for _, q := range b.asked {
		w = append(w, fmt.Sprintf("%s %T%v", q.Account, q.Command, q.Command))
	}
	return strings.Join(w, "; ")
}

const secret, other = "blue kettle on 7 wheels", "green ladder under 3 boats"

// newKeeper is a keeper in an empty directory with the accounts that are named, whose password is secret.
func newKeeper(t *testing.T, users ...string) (*Keeper, *book) {
	t.Helper()
	b := newBook()
	k, err := Open(filepath.Join(t.TempDir(), FileName), b, len(users) == 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range users {
		q := line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.AddUser{User: u, Roles: []line.Role{line.Operator}}}
		if r, err := k.Add(t.Context(), q, secret); err != nil || !r.Accepted {
			t.Fatal(r, err)
		}
	}
	return k, b
}

// The same answer, and the same work, for an unknown user, a wrong password, an old one and a disabled account. The work is
// counted in hashes: clocks are not asked.
func TestEveryFailureCostsAndSaysTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, b := newKeeper(t, "amna", "gone", "stale")
		b.accounts[1].Disabled = true
		b.accounts[2].Passwords = 2 // the journal knows a newer password than the file
		for i, user := range []string{"amna", "omar", "gone", "stale", "", strings.Repeat("x", 500), "amna\x00"} {
			for _, password := range []string{"wrong password", "", strings.Repeat("x", 100000), secret} {
				if user == "amna" && password == secret {
					continue
				}
				before := k.hash.made.Load()
				_, err := k.LogIn(t.Context(), user, password, fmt.Sprint("panel ", i))
				if made := k.hash.made.Load() - before; made != 1 || !errors.Is(err, ErrLogIn) || err.Error() != ErrLogIn.Error() {
					t.Errorf("%.20q: %d hashes, %v; want 1 and the one answer", user, made, err)
				}
			}
		}
		before := k.hash.made.Load()
		s, err := k.LogIn(t.Context(), "amna", secret, "panel 9")
		if err != nil || k.hash.made.Load()-before != 1 || s.User != "amna" || len(s.Token) < 26 || s.Roles[0] != line.Operator {
			t.Errorf("session %+v, %v", s, err)
		}
		if w := b.words(); strings.Contains(w, secret) || strings.Contains(w, "wrong") || strings.Contains(w, "omar") {
			t.Errorf("what was typed went into the records: %s", w)
		}
	})
}

// The third failure and those after it make the next log-in wait, up to 30 s, at that place only; a right one ends it.
func TestFailuresDelayTheirPlaceOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := newKeeper(t, "amna")
		try := func(password, source string, want time.Duration) {
			t.Helper()
			began := time.Now()
			_, err := k.LogIn(t.Context(), "amna", password, source)
			if (err == nil) != (password == secret) {
				t.Errorf("%v", err)
			}
			if took := time.Since(began); took != want {
				t.Errorf("took %v, want %v", took, want)
			}
		}
		for _, s := range []time.Duration{0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30} {
			try("wrong password", "panel 1", s*time.Second)
		}
		try(secret, "panel 2", 0)
		try(secret, "panel 1", 30*time.Second)
		try("wrong password", "panel 1", 0)
	})
}

func TestOnlySoManyWaitAtAPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := newKeeper(t, "amna")
		for range 4 {
			_, _ = k.LogIn(t.Context(), "amna", "wrong password", "panel 1")
		}
		var wait sync.WaitGroup
		for range maxAtOnce {
			wait.Go(func() { _, _ = k.LogIn(t.Context(), "amna", "wrong password", "panel 1") })
		}
		synctest.Wait()
		if _, err := k.LogIn(t.Context(), "amna", secret, "panel 1"); !errors.Is(err, ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
		if _, err := k.LogIn(t.Context(), "amna", secret, "panel 2"); err != nil {
			t.Errorf("another place: %v", err)
		}
		wait.Wait()
		if len(k.throttle.places) != 1 || k.throttle.places[place{"amna", "panel 1"}].open != 0 {
			t.Errorf("left over: %+v", k.throttle.places)
		}
	})
}

func TestTwoHashesAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher()
		var leave []func()
		for range hashSlots {
			l, err := h.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			leave = append(leave, l)
		}
		var wait sync.WaitGroup
		for range hashQueue {
			wait.Go(func() {
				if _, err := h.enter(t.Context()); !errors.Is(err, ErrBusy) {
					t.Errorf("a third hash began: %v", err)
				}
			})
		}
		synctest.Wait()
		began := time.Now()
		if _, err := h.enter(t.Context()); !errors.Is(err, ErrBusy) || time.Since(began) != 0 {
			t.Errorf("the queue has no end: %v", err)
		}
		wait.Wait()
		if took := time.Since(began); took != hashWait {
			t.Errorf("they waited %v", took)
		}
		leave[0]()
		if _, err := h.enter(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Nobody gets in whom the journal does not know of.
func TestNoSessionWithoutARecord(t *testing.T) {
	k, b := newKeeper(t, "amna")
	b.fail = errors.New("disk full")
	if s, err := k.LogIn(t.Context(), "amna", secret, "panel 1"); !errors.Is(err, b.fail) || s.Token != "" || len(k.sessions.open) != 0 {
		t.Errorf("session %+v, %v", s, err)
	}
	q := line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Command: line.ChangePassword{User: "amna"}}
	if _, err := k.SetPassword(t.Context(), q, "", other, ""); !errors.Is(err, b.fail) {
		t.Error(err)
	}
	b.fail = nil
	if _, err := k.LogIn(t.Context(), "amna", other, "panel 1"); !errors.Is(err, ErrLogIn) {
		t.Errorf("a password that nobody recorded opens: %v", err)
	}
	if _, err := k.LogIn(t.Context(), "amna", secret, "panel 1"); err != nil {
		t.Error(err)
	}
}

func TestSessionsEndWithTheirAccount(t *testing.T) {
	k, b := newKeeper(t, "amna", "omar")
	session := func(user string) string {
		s, err := k.LogIn(t.Context(), user, secret, "panel 1")
		if err != nil {
			t.Fatal(err)
		}
		return s.Token
	}
	out, disabled, changed := session("amna"), session("omar"), session("amna")
	k.LogOut(out)
	b.accounts[1].Disabled = true
	mine := line.Request{By: "amna", Account: "amna", Origin: line.FromSession, Command: line.ChangePassword{User: "amna"}}
	if _, err := k.SetPassword(t.Context(), mine, "wrong password", other, "panel 1"); !errors.Is(err, ErrLogIn) {
		t.Errorf("a session alone changes the password: %v", err)
	}
	if _, err := k.Who(changed); err != nil {
		t.Error(err)
	}
	if r, err := k.SetPassword(t.Context(), mine, secret, other, "panel 1"); err != nil || !r.Accepted {
		t.Error(r, err)
	}
	for name, token := range map[string]string{"logged out": out, "disabled": disabled, "new password": changed, "never was": "x", "empty": ""} {
		if _, err := k.Who(token); !errors.Is(err, ErrNoSession) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSetUpWorksOnce(t *testing.T) {
	k, b := newKeeper(t)
	token := k.SetUpToken()
	if len(token) < 26 {
		t.Fatalf("token %q", token)
	}
	if _, err := k.SetUp(t.Context(), "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "sana", secret); !errors.Is(err, ErrSetUp) {
		t.Error(err)
	}
	if r, err := k.SetUp(t.Context(), token, "sana", "sana"); err != nil || r.Accepted {
		t.Error(r, err)
	}
	if r, err := k.SetUp(t.Context(), token, "sana", secret); err != nil || !r.Accepted || b.accounts[0].Roles[0] != line.Admin {
		t.Error(r, err, b.accounts)
	}
	for _, tok := range []string{token, ""} {
		if _, err := k.SetUp(t.Context(), tok, "omar", secret); !errors.Is(err, ErrSetUp) {
			t.Errorf("a second time with %q: %v", tok, err)
		}
	}
}

// What the file holds survives a restart; what it must not be is refused with what to do.
func TestTheFile(t *testing.T) {
	k, b := newKeeper(t, "amna")
	again, err := Open(k.path, b, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.LogIn(t.Context(), "amna", secret, "panel 1"); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(k.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := filepath.Glob(k.path + ".new-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	good, err := os.ReadFile(k.path)
	if err != nil {
		t.Fatal(err)
	}
	edit := func(old, replacement string) func() error {
		return func() error {
			text := strings.Replace(string(good), old, replacement, 1)
			if text == string(good) {
				t.Fatalf("%q is not in the file", old)
			}
			return os.WriteFile(k.path, []byte(text), 0o600)
		}
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want string
	}{
		{"readable by the group", func() error { return os.Chmod(k.path, 0o640) }, "chmod 600 it, and give every account a new password"}, //nolint:gosec // the point of the test
		{"another name", edit(`"amna"`, `"omar"`), "it was edited"},
		{"another number", edit(`"number": 1`, `"number": 2`), "it was edited"},
		{"a cheaper hash", edit(`m=19456,t=2`, `m=8,t=1`), "it was edited"},
		{"an added key", edit(`"format"`, `"extra": 1, "format"`), `unknown field "extra"`},
		{"a newer format", edit(fileFormat, "linectl-accounts-2"), "was it written by a newer one?"},
		{"cut short", func() error { return os.WriteFile(k.path, good[:len(good)/2], 0o600) }, "not what linectl has written"},
		{"empty", func() error { return os.WriteFile(k.path, nil, 0o600) }, "not what linectl has written"},
		{"huge", func() error { return os.WriteFile(k.path, make([]byte, maxFile+2), 0o600) }, "longer than"},
		{"a link", func() error {
			return errors.Join(os.Rename(k.path, k.path+".real"), os.Symlink(k.path+".real", k.path))
		}, "accounts file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.do(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := errors.Join(os.Remove(k.path), os.WriteFile(k.path, good, 0o600)); err != nil {
					t.Fatal(err)
				}
			}()
			if _, err := Open(k.path, b, false); err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), k.path) {
				t.Errorf("%v, want it refused with %q", err, tt.want)
			}
		})
	}
}

func TestPasswordsThatAreRefused(t *testing.T) {
	for password, want := range map[string]string{
		"short": "fewer than 12", "ÄÖÜäöüßÄÖÜä": "fewer than 12", "Password1234": "among the first", "aaaaaaaaaaaaaa": "different characters",
		"my name is Amna, ok": "the name of its user", strings.Repeat("long enough ", 30): "longer than 256", "two\nlines of words": "no keyboard",
		secret: "", "دروازہ نیلا پہاڑ سات": "", "蓝色水壶在七个轮子上面跑得快": "",
	} {
		err := CheckPassword("amna", password)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", password, err, want)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the refusal repeats the password: %v", err)
		}
	}
}
