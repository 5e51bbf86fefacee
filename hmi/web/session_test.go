package web

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func aSession(may bool) *session {
	l := newLink(&Gate{}, person{"amna", "secret", "en"}, slog.New(slog.DiscardHandler))
	l.model.Methods["Line.Stop"] = Method{Object: "Line", May: may, In: []Argument{{Name: requestID}}}
	l.model.Methods["Line.ReadPart"] = Method{Object: "Line", May: true} // everybody reads
	return &session{user: "amna", began: now, link: l, lang: "en", secret: sha256.Sum256([]byte("secret")), seen: now, touched: now}
}

// Commands fall asleep when nobody touches the screen, and only the password wakes them; the view stays.
func TestCommandsFallAsleep(t *testing.T) {
	o := aSession(true)
	later := now.Add(commandsSleep + time.Second)
	if o.asleep(now.Add(commandsSleep)) || !o.asleep(later) {
		t.Error("commands do not sleep after their time")
	}
	o.touch(later)
	if !o.asleep(later) {
		t.Error("a touch woke what only the password may wake")
	}
	for n := 1; n <= maxWrong; n++ {
		if right, enough := o.wake("wrong", later); right || enough != (n == maxWrong) {
			t.Errorf("wrong password %d: right %v, enough %v", n, right, enough)
		}
	}
	if right, _ := o.wake("secret", later); !right || o.asleep(later) {
		t.Error("the password does not wake them")
	}
	o.touch(later.Add(time.Minute))
	if o.asleep(later.Add(commandsSleep + 30*time.Second)) {
		t.Error("a touch does not keep them awake")
	}
}

func TestASessionEnds(t *testing.T) {
	o := aSession(true)
	if o.ended(now.Add(unseenEnds)) || !o.ended(now.Add(unseenEnds+time.Second)) {
		t.Error("a session that nobody has seen does not end in its time")
	}
	leave := o.stream(func() {})
	if o.ended(now.Add(sessionEnds)) || !o.ended(now.Add(sessionEnds+time.Second)) {
		t.Error("a session with an open page does not end with the shift")
	}
	leave()
	wall := aSession(false)
	wall.stream(func() {})
	if wall.ended(now.Add(sessionEnds+time.Second)) || !wall.ended(now.Add(watcherEnds+time.Second)) {
		t.Error("a screen on a wall goes dark with the shift, or never")
	}
	refused := aSession(true)
	refused.link.model.SetLink(Refused, "disabled", now)
	if !refused.ended(now) {
		t.Error("whom the line does not take any more is still logged in")
	}
}

// The page that has watched longest makes room for one more.
func TestPagesOfOneSessionAreCounted(t *testing.T) {
	o := aSession(true)
	ended := make([]bool, maxStreams+1)
	for i := range ended {
		o.stream(func() { ended[i] = true })
	}
	for i, e := range ended {
		if e != (i == 0) {
			t.Errorf("stream %d ended: %v", i, e)
		}
	}
}

func TestSessionsAreCounted(t *testing.T) {
	var s sessions
	defer s.closeAll()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	open := func(user string, at time.Time) string {
		l := newLink(&Gate{Pinned: func() ([]byte, error) { return nil, gone.Err() }}, person{user, "x", "en"}, slog.New(slog.DiscardHandler))
		return s.add(user, "x", "en", l, func(context.Context) {}, at)
	}
	first := open("amna", now)
	for i := range maxOfUser - 1 {
		open("amna", now.Add(time.Duration(i+1)*time.Second))
	}
	other := open("vera", now)
	open("amna", now.Add(time.Minute))
	if s.all[first] != nil || s.all[other] == nil || len(s.all) != maxOfUser+1 {
		t.Errorf("%d sessions; the oldest of the same person is there: %v", len(s.all), s.all[first] != nil)
	}
}

// Over HTTPS the cookie is bound to this host and to encryption, by its name.
func TestTheCookieOverHTTPS(t *testing.T) {
	dir := t.TempDir()
	crt, err := OwnCertificate(dir, []string{"localhost", "127.0.0.1", "0.0.0.0", "panel.plant"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := crt.Leaf.VerifyHostname("panel.plant"); err != nil || crt.Leaf.VerifyHostname("0.0.0.0") == nil {
		t.Errorf("the certificate is for %v %v", crt.Leaf.DNSNames, crt.Leaf.IPAddresses)
	}
	again, err := OwnCertificate(dir, []string{"panel.plant"}, time.Now())
	if err != nil || !again.Leaf.Equal(crt.Leaf) {
		t.Errorf("a second start makes another certificate: %v", err)
	}
	for what, anew := range map[string]func() (*x509.Certificate, error){
		"another host": func() (*x509.Certificate, error) {
			c, err := OwnCertificate(dir, []string{"other.plant"}, time.Now())
			return c.Leaf, err
		},
		"the last month": func() (*x509.Certificate, error) {
			c, err := OwnCertificate(dir, []string{"other.plant"}, time.Now().Add(httpsLasts-httpsAnew+time.Hour))
			return c.Leaf, err
		},
	} {
		if made, err := anew(); err != nil || made.Equal(crt.Leaf) {
			t.Errorf("%s: the old certificate stays: %v", what, err)
		}
	}
	s, err := NewServer(Options{Gate: &Gate{}, Secure: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	setCookie(w, s.secure, "token")
	if c := w.Header().Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-linectl=token; Path=/;") || !strings.Contains(c, "; Secure") || strings.Contains(c, "Domain") {
		t.Errorf("the cookie is %s", c)
	}
	w = httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://panel.plant/", nil))
	if w.Code != http.StatusSeeOther || w.Header().Get("Strict-Transport-Security") == "" {
		t.Errorf("over https: %d %v", w.Code, w.Header())
	}
}
