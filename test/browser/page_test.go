package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// screen is a person at a browser of their own.
type screen struct {
	t    *testing.T
	s    *site
	ctx  context.Context
	lang string
	user string

	mu     sync.Mutex
	wrong  []string // errors of the console, requests to other origins
	absent bool     // the HMI is away on purpose: failed requests are no error
}

// The sizes of the screens that the HMI is made for.
type size struct{ w, h int64 }

var (
	panel10   = size{1280, 800}
	panelOld  = size{1024, 600}
	wallSize  = size{1920, 1080}
	languages = []string{"en", "ur", "zh"}
)

// open opens a browser of its own for a person and logs them in.
func (s *site) open(t *testing.T, user, lang string, z size) *screen {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chrome, chromedp.WithNewBrowserContext())
	p := &screen{t: t, s: s, ctx: ctx, lang: lang, user: user}
	t.Cleanup(func() {
		if t.Failed() {
			p.shot("FAILED-" + strings.ReplaceAll(t.Name(), "/", "-") + "-" + user)
		}
		cancel()
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, w := range p.wrong {
			t.Errorf("%s's browser: %s", user, w)
		}
	})
	if err := chromedp.Listen(ctx, p.watch); err != nil {
		t.Fatal(err)
	}
	p.run(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, log.Enable, cdp.Empty{})
		return err
	}))
	p.resize(z)
	p.run(chromedp.Navigate("http://" + s.hmi + "/login"))
	p.click(`input[name=lang][value=` + lang + `]`)
	p.enter(`input[name=user]`, user)
	p.enter(`input[name=password]`, password)
	p.click(`#login button`)
	p.until(20*time.Second, "logged in", `document.querySelector('#live')`)
	return p
}

func (p *screen) resize(z size) {
	p.t.Helper()
	p.run(chromedp.EmulateViewport(z.w, z.h))
}

// watch hears what the browser has to complain of.
func (p *screen) watch(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	complain := func(format string, args ...any) { p.wrong = append(p.wrong, fmt.Sprintf(format, args...)) }
	switch e := ev.(type) {
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			complain("console: %s %v", e.Type, e.Args)
		}
	case *runtime.EventExceptionThrown:
		complain("exception: %s %s:%d", e.ExceptionDetails.Text, e.ExceptionDetails.URL, e.ExceptionDetails.LineNumber)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && !(p.absent && e.Entry.Source == log.EntrySourceNetwork) {
			complain("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "http://"+p.s.hmi+"/") && !strings.HasPrefix(e.Request.URL, "data:") {
			complain("it asks another origin: %s", e.Request.URL)
		}
	}
}

func (p *screen) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		p.t.Fatalf("%s's browser: %v", p.user, err)
	}
}

// js evaluates an expression in the page.
func js[T any](p *screen, expression string) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 20*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatalf("%s's browser: %v in %.300s", p.user, err, expression)
	}
	return v
}

func (p *screen) visit(path string) {
	p.t.Helper()
	p.run(chromedp.Navigate("http://" + p.s.hmi + path))
	p.until(10*time.Second, path, `document.querySelector('#live main')`)
}

// text is what a person reads in an element; the whole page without a selector. White space is one blank.
func (p *screen) text(selector string) string {
	p.t.Helper()
	if selector == "" {
		selector = "body"
	}
	s := js[string](p, fmt.Sprintf(`(document.querySelector(%q)||{innerText:''}).innerText`, selector))
	return strings.Join(strings.Fields(s), " ")
}

// sees waits until an element says all of the texts, and returns how long that took.
func (p *screen) sees(most time.Duration, selector string, texts ...string) time.Duration {
	p.t.Helper()
	began := time.Now()
	for {
		have := p.text(selector)
		lacks := ""
		for _, want := range texts {
			if !strings.Contains(have, want) {
				lacks = want
			}
		}
		if lacks == "" {
			return time.Since(began)
		}
		if time.Since(began) > most {
			p.t.Fatalf("%s's screen does not say %q within %s; in %q it says:\n%s", p.user, lacks, most, selector, have)
		}
		time.Sleep(25 * time.Millisecond)
	}
}

// until waits until a JavaScript expression is true in the page.
func (p *screen) until(most time.Duration, what, expression string) time.Duration {
	p.t.Helper()
	return until(p.t, most, p.user+"'s screen: "+what, func() bool {
		return js[bool](p, "!!("+expression+")")
	})
}

// button finds a button by what a person reads first on it, in an element of the page.
func button(within, name string) string {
	return fmt.Sprintf(`[...document.querySelectorAll(%q)].flatMap(e => [...e.querySelectorAll('button, a')]).find(b => (b.querySelector('.label') || b).innerText.trim() === %q)`, within, name)
}

// presses clicks a button with the mouse.
func (p *screen) presses(within, name string) {
	p.t.Helper()
	find := button(within, name)
	p.until(5*time.Second, fmt.Sprintf("a button %q in %q", name, within), find)
	for range 3 {
		before := p.text("#said")
		p.mouse(find)
		for range 15 { // the screen answers a person within a third of a second; here other tests run beside it
			if js[bool](p, `!!document.querySelector('.busy, dialog[open]') || !(`+find+`)`) || p.text("#said") != before {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		p.t.Logf("%s presses %q again: nothing was to be seen", p.user, name)
	}
}

// mouse clicks in the middle of what an expression finds.
func (p *screen) mouse(find string) {
	p.t.Helper()
	type point struct{ X, Y float64 }
	var at point
	same := 0
	for range 60 { // until it stays where it is: a person does not click on what jumps
		now := js[point](p, `(() => { const b = `+find+`; if (!b) return {X: -1, Y: -1}; b.scrollIntoView({block: 'center'}); const r = b.getBoundingClientRect(); return {X: r.x + r.width / 2, Y: r.y + r.height / 2}; })()`)
		if same++; now != at || now.X < 0 {
			same = 0
		}
		if at = now; same == 5 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	p.run(chromedp.MouseClickXY(at.X, at.Y))
}

// click clicks on what a selector finds.
func (p *screen) click(selector string) {
	p.t.Helper()
	find := fmt.Sprintf("document.querySelector(%q)", selector)
	p.until(5*time.Second, selector, find)
	p.mouse(find)
}

// enter types into a field as a person does; what stood there goes.
func (p *screen) enter(selector, text string) {
	p.t.Helper()
	find := fmt.Sprintf("document.querySelector(%q)", selector)
	p.until(5*time.Second, selector, find)
	js[chromedp.Void](p, `(() => { const e = `+find+`; e.focus(); e.select && e.select(); })()`)
	if text == "" {
		text = kb.Delete
	}
	p.run(chromedp.KeyEvent(text))
}

// whyNot returns why a button cannot act; empty if it can.
func (p *screen) whyNot(within, name string) string {
	p.t.Helper()
	return js[string](p, `(() => { const b = `+button(within, name)+`; return b && b.getAttribute('aria-disabled') === 'true' ? b.querySelector('.why').innerText : ''; })()`)
}

// confirms answers the question that a command asks first.
func (p *screen) confirms(why string) {
	p.t.Helper()
	p.until(3*time.Second, "a question", `document.querySelector('dialog#ask[open]')`)
	if why != "" {
		p.enter(`#ask input[name=why]`, why)
	}
	p.click(`#ask button.yes`)
}

// key presses keys as at a keyboard.
func (p *screen) keys(keys string) {
	p.t.Helper()
	p.run(chromedp.KeyEvent(keys))
}

// tabTo goes with the Tab key until the focus is on what a person reads as name.
func (p *screen) tabTo(name string) {
	p.t.Helper()
	for range 120 {
		p.keys(kb.Tab)
		if js[string](p, `(() => { const e = document.activeElement; return e && e.matches('button, a, input, select') ? (e.querySelector('.label') || e).innerText.trim() : ''; })()`) == name {
			return
		}
	}
	p.t.Fatalf("%s's keyboard never comes to %q", p.user, name)
}

// shot takes a picture of the screen.
func (p *screen) shot(name string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 10*time.Second)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(shots, name+".png"), png, 0o644)
	}
	if err != nil {
		p.t.Errorf("picture %s: %v", name, err)
	}
}

// finding is one thing that axe finds.
type finding struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string `json:"html"`
		Summary string `json:"failureSummary"`
	} `json:"nodes"`
}

// accessible lets axe look at the page as it is.
func (p *screen) accessible() {
	p.t.Helper()
	if !js[bool](p, `typeof axe !== 'undefined'`) {
		js[chromedp.Void](p, axe)
	}
	raw := js[string](p, `axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(v => ({id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map(n => ({html: n.html.slice(0, 200), failureSummary: n.failureSummary}))}))))`)
	var list []finding
	if err := json.Unmarshal([]byte(raw), &list); err != nil {
		p.t.Fatal(err)
	}
	at := js[string](p, `location.pathname`)
	for _, f := range list {
		for _, n := range f.Nodes {
			p.t.Errorf("axe on %s in %s: %s: %s\n  %s\n  %s", at, p.lang, f.ID, f.Help, n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n  "))
		}
	}
}

// fits holds that nothing lies beside the screen and no text is cut off.
func (p *screen) fits() {
	p.t.Helper()
	wide := js[struct {
		Over int
		Who  []string
	}](p, `(() => { const w = document.documentElement.clientWidth; const who = [...document.querySelectorAll('main *, header *, footer *')].filter(e => { const r = e.getBoundingClientRect(); return r.width > 0 && !e.closest('.out') && (r.right > w + 1 || r.left < -1) && !e.closest('.scroll'); }).slice(0, 3).map(e => e.outerHTML.slice(0, 120)); return {Over: document.documentElement.scrollWidth - w, Who: who}; })()`)
	if wide.Over > 0 || len(wide.Who) > 0 {
		at := js[string](p, `location.pathname + ' ' + innerWidth + '×' + innerHeight`)
		p.t.Errorf("%s in %s: the page is %d px wider than the screen: %s", at, p.lang, wide.Over, strings.Join(wide.Who, "\n  "))
	}
}
