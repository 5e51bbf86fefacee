package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"linectl/line"
)

func TestAnOperatorSeesTheLineAndCommandsIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	amna := b.logIn(t, "amna")
	eventually(t, "the line is shown", amna.shows("/", "SIMULATED", "ST060 ST060.welder holds by itself", "Do next: remove the cause, then Unhold",
		"First alarm: 2 ST060 station holds open the gun, clear the tip", "ST070 Inspection", "starved by ST060", "22 / 96"))
	if a := amna.call("ST060.Unhold", "tip cleared", nil); a.Outcome != "done" || a.Text != "ready" {
		t.Errorf("Unhold: %+v", a)
	}
	asked := b.plant.requests()
	if len(asked) != 1 || asked[0].By != "amna" || asked[0].Why != "tip cleared" || asked[0].Command != (line.Machine{Target: "ST060", Command: "Unhold"}) {
		t.Errorf("the line was asked %+v", asked)
	}
	b.plant.change(func(p *plant) {
		p.reply = func(line.Request) (line.Reply, error) { return line.Reply{Text: "Reset, then Start"}, nil }
	})
	if a := amna.call("ST060.Start", "", nil); a.Outcome != "refused" || a.Text != "Reset, then Start" {
		t.Errorf("a refusal came as %+v", a)
	}
}

func TestWhoMayOnlyLookIsToldSo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	vera := b.logIn(t, "vera")
	eventually(t, "the line is shown", vera.shows("/", "Welding", "Stop your account may not do this"))
	if a := vera.call("ST060.Unhold", "", nil); a.Outcome != "denied" {
		t.Errorf("a viewer's command: %+v", a)
	}
	if len(b.plant.requests()) != 0 {
		t.Error("a viewer's command reached the line")
	}
}

func TestNobodyComesInWithoutALogin(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.browser(t)
	for _, user := range []string{"amna", "nobody"} {
		status, body := w.form("/login", url.Values{"user": {user}, "password": {"wrong"}, "lang": {"en"}})
		if status != http.StatusForbidden || !strings.Contains(body, "name or password is wrong") {
			t.Errorf("%s with a wrong password: %d", user, status)
		}
	}
	for path, want := range map[string]int{"/": http.StatusSeeOther, "/station/ST060": http.StatusSeeOther, "/live?page=/": http.StatusUnauthorized} {
		if status, body := w.get(path); status != want || strings.Contains(body, "ST070") {
			t.Errorf("%s without a login: %d", path, status)
		}
	}
	r := w.request(http.MethodPost, "/call", `{"method":"ST060.Unhold","id":"1"}`, "application/json")
	r.Header.Set("X-Linectl", "1")
	if status, _ := w.do(r); status != http.StatusUnauthorized {
		t.Errorf("a command without a login: %d", status)
	}
	b.plant.change(func(p *plant) { p.away = true })
	status, body := w.form("/login", url.Values{"user": {"amna"}, "password": {"amna-password"}, "lang": {"en"}})
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "the line&#39;s program is away") {
		t.Errorf("a login while the supervisor is away: %d", status)
	}
}
