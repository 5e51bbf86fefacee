package browser

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// Every page in every language, on a 10-inch panel, an older one and a wall screen: nothing beside the screen, nothing that axe
// finds, and the page says which language it is in.
func TestEveryPageInEveryLanguage(t *testing.T) {
	s := theLine(t)
	s.running(t)
	defer s.fault(t, "guard-open ST070")() // so that there is something to see
	for _, lang := range languages {
		p := s.open(t, "amna", lang, panel10)
		p.sees(5*time.Second, `[data-key="ST070"]`, "ST070")
		p.until(5*time.Second, "the fault shows", `document.querySelector('[data-key="ST070"] .tile.held')`)
		paths := js[[]string](p, `[...document.querySelectorAll('header nav a')].map(a => a.getAttribute('href'))`)
		for _, path := range append(paths, "/station/ST060", "/station/ST070", "/wall") {
			p.visit(path)
			for _, z := range []size{panelOld, panel10, wallSize} {
				p.resize(z)
				p.fits()
			}
			p.resize(panel10)
			p.accessible()
			name := strings.Trim(strings.ReplaceAll(path, "/", "-"), "-")
			p.shot("page-" + lang + "-" + name)
			if have := js[string](p, `document.documentElement.lang + ' ' + document.documentElement.dir`); have != lang+" "+map[bool]string{true: "rtl", false: "ltr"}[lang == "ur"] {
				t.Errorf("%s in %s says it is %s", path, lang, have)
			}
		}
	}
}

// A change of state is on the screen within 500 ms at p95, from the supervisor's record to the page as the browser holds it.
func TestHowSoonAChangeIsOnTheScreen(t *testing.T) {
	s := theLine(t)
	s.running(t)
	s.calm(t)
	ids := []line.StationID{"ST040", "ST060", "ST100", "ST120", "ST140"}
	p := s.open(t, "amna", "en", panel10)
	p.sees(5*time.Second, `[data-key="ST140"]`, "ST140")
	js[bool](p, `(() => { window.seen = {}; const look = () => { for (const li of document.querySelectorAll('.tiles li')) { const w = li.querySelector('.word').innerText.trim(); const l = window.seen[li.dataset.key] ||= []; if (!l.length || l[l.length - 1][0] !== w) l.push([w, Date.now()]); } }; new MutationObserver(look).observe(document.querySelector('#live'), {subtree: true, childList: true, characterData: true}); look(); return true; })()`)
	from := s.snapshot(t).Seq
	for range 10 {
		for _, c := range []struct{ command, to string }{{"Hold", "Held"}, {"Unhold", ""}} {
			for _, id := range ids {
				until(t, 10*time.Second, string(id)+" takes "+c.command, func() bool {
					r, err := s.ask(line.Machine{Target: string(id), Command: c.command})
					return err == nil && r.Accepted
				})
			}
			for _, id := range ids {
				want := fmt.Sprintf(`/Held/.test(document.querySelector('[data-key="%s"] .word').innerText) === %v`, id, c.to == "Held")
				p.until(10*time.Second, string(id)+" after "+c.command, want)
			}
		}
	}
	seen := js[map[string][][2]any](p, `window.seen`)
	recorded := map[string][]time.Time{}
	to, enough := s.snapshot(t).Seq, errors.New("enough")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_ = s.client.Events(ctx, from+1, func(e line.Entry) error {
		if f, ok := e.Record.Fact.(line.StateChanged); ok && (f.To == "Held" || f.From == "Held") {
			key := string(e.Record.Station)
			recorded[key] = append(recorded[key], e.Record.At)
		}
		if e.Seq >= to {
			return enough
		}
		return nil
	})
	var took []time.Duration
	for _, id := range ids {
		var shown []time.Time // every entry into Held and the first word after it
		held := false
		for _, w := range seen[string(id)] {
			if now := w[0] == "Held"; now != held {
				held = now
				shown = append(shown, time.UnixMilli(int64(w[1].(float64))))
			}
		}
		if len(shown) != len(recorded[string(id)]) {
			t.Errorf("%s: %d changes are recorded, %d were on the screen", id, len(recorded[string(id)]), len(shown))
			continue
		}
		for i, at := range shown {
			took = append(took, at.Sub(recorded[string(id)][i]))
		}
	}
	slices.Sort(took)
	if len(took) < 100 {
		t.Fatalf("%d changes measured", len(took))
	}
	p50, p95 := took[len(took)/2], took[len(took)*95/100]
	t.Logf("record to screen, %d changes: p50 %s, p95 %s, longest %s", len(took), p50, p95, took[len(took)-1])
	if p95 > time.Second { // the figure is 500 ms on a machine that does nothing else
		t.Errorf("p95 is %s", p95)
	}
}
