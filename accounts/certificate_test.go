package accounts

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// TestWhoLogsInByCertificate: the account to which it belongs, in its time, while the account may log in. All others are told
// the same.
func TestWhoLogsInByCertificate(t *testing.T) {
	k, b := newKeeper(t, "amna", "gone", "late", "early")
	now := time.Now()
	for i := range b.accounts {
		b.accounts[i].Certificate = &line.UserCertificate{Thumbprint: strings.Repeat(string(rune('a'+i)), 64), From: now.Add(-time.Hour), Until: now.Add(time.Hour)}
	}
	b.accounts[1].Disabled = true
	b.accounts[2].Certificate.Until = now.Add(-time.Minute)
	b.accounts[3].Certificate.From = now.Add(time.Minute)
	for _, thumbprint := range []string{strings.Repeat("b", 64), strings.Repeat("c", 64), strings.Repeat("d", 64), strings.Repeat("e", 64), ""} {
		if s, err := k.LogInByCertificate(t.Context(), thumbprint, "panel 1"); !errors.Is(err, ErrLogIn) {
			t.Errorf("%.4s: %+v %v", thumbprint, s, err)
		}
	}
	s, err := k.LogInByCertificate(t.Context(), strings.Repeat("a", 64), "panel 1")
	if err != nil || s.User != "amna" {
		t.Fatalf("%+v %v", s, err)
	}
	if who, err := k.Who(s.Token); err != nil || who.User != "amna" || who.Proof != line.ByCertificate || s.Proof != line.ByCertificate {
		t.Errorf("the session is %+v, %v", who, err)
	}
	if w := b.words(); !strings.Contains(w, "amna line.LogIn{certificate, panel 1}") {
		t.Errorf("recorded is %s", w)
	}
	b.fail = errors.New("disk full")
	if s, err := k.LogInByCertificate(t.Context(), strings.Repeat("a", 64), "panel 1"); err == nil {
		t.Errorf("a log-in that could not be recorded opened %+v", s)
	}
}
