package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestWhatTheServerTellsABrowser holds the headers that keep a page from being framed, sniffed, kept or fed with foreign script.
func TestWhatTheServerTellsABrowser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	amna := b.logIn(t, "amna")
	res, err := amna.Do(amna.request(http.MethodGet, "/", "", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
	} {
		if got := res.Header.Get(header); !strings.Contains(got, want) {
			t.Errorf("%s is %q", header, got)
		}
	}
	for _, part := range []string{"frame-ancestors 'none'", "object-src 'none'", "base-uri 'none'"} {
		if policy := res.Header.Get("Content-Security-Policy"); !strings.Contains(policy, part) || strings.Contains(policy, "unsafe") {
			t.Errorf("the policy is %q", policy)
		}
	}
	_, body := amna.get("/station/ST060")
	for _, inline := range []string{" style=", " onclick=", "<script>", "<style", "http://", "https://"} {
		if strings.Contains(body, inline) {
			t.Errorf("the page has %q in it", inline)
		}
	}
}

// TestCookiesAndOtherSites: the session's cookie is for this site alone and new at each login, and nothing is commanded from elsewhere.
func TestCookiesAndOtherSites(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.browser(t)
	token := func() string {
		r := w.request(http.MethodPost, "/login", url.Values{"user": {"amna"}, "password": {"amna-password"}, "lang": {"en"}}.Encode(), "application/x-www-form-urlencoded")
		res, err := w.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		c := res.Cookies()[0]
		if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || len(c.Value) < 40 {
			t.Errorf("the cookie is %v", c)
		}
		return c.Value
	}
	first := token()
	second := token()
	if first == second {
		t.Error("two logins have the same token")
	}
	old := w.request(http.MethodGet, "/", "", "")
	old.Header.Set("Cookie", "linectl-hmi="+first)
	if status, _ := (&browser{t, &http.Client{CheckRedirect: w.CheckRedirect}, w.base}).do(old); status != http.StatusSeeOther {
		t.Errorf("the token from before the second login opens the page: %d", status)
	}
	order := `{"method":"ST060.Unhold","id":"1"}`
	bare := w.request(http.MethodPost, "/call", order, "application/json")
	foreign := w.request(http.MethodPost, "/call", order, "application/json")
	foreign.Header.Set("X-Linectl", "1")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	form := w.request(http.MethodPost, "/call", order, "text/plain")
	form.Header.Set("X-Linectl", "1")
	for what, r := range map[string]*http.Request{"without the page's header": bare, "from another site": foreign, "as a form": form} {
		if status, _ := w.do(r); status != http.StatusForbidden {
			t.Errorf("a command %s: %d", what, status)
		}
	}
	elsewhere := w.request(http.MethodGet, "/", "", "")
	elsewhere.Host = "evil.example"
	if status, _ := w.do(elsewhere); status != http.StatusMisdirectedRequest {
		t.Errorf("under a name that somebody else has pointed here: %d", status)
	}
	if status, body := w.do(w.request(http.MethodPost, "/call", strings.Repeat("x", 20<<10), "application/json")); status == http.StatusOK {
		t.Errorf("a body without end: %d %s", status, body)
	}
	if len(b.plant.requests()) != 0 {
		t.Errorf("the line was asked %+v", b.plant.requests())
	}
	if status, _ := w.form("/logout", nil); status != http.StatusSeeOther {
		t.Errorf("logout: %d", status)
	}
	if status, _ := w.get("/"); status != http.StatusSeeOther {
		t.Errorf("after the logout the page opens: %d", status)
	}
}

// A place to go on to after the login is on this server.
func TestALoginLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for next, want := range map[string]string{
		"/station/ST060": "/station/ST060", "//evil.example/": "/", "https://evil.example/": "/", `/\evil.example`: "/", "/login": "/", "": "/",
	} {
		w := b.browser(t)
		res, err := w.Do(w.request(http.MethodPost, "/login", url.Values{"user": {"vera"}, "password": {"vera-password"}, "next": {next}}.Encode(), "application/x-www-form-urlencoded"))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := res.Header.Get("Location"); got != want {
			t.Errorf("after a login with %q it goes on at %q", next, got)
		}
	}
}
