package browser

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"

	"linectl/line"
	"linectl/packml"
)

// O2: Amna starts the line with one sequence and sees each station come up; the station that is refused says what it lacks.
func TestO2StartTheLine(t *testing.T) {
	s := theLine(t)
	s.stopped(t)
	noted := s.snapshot(t).Seq
	mend := s.fault(t, "local-enable-off ST070.meter")
	defer mend()
	p := s.open(t, "amna", "en", panel10)
	p.sees(5*time.Second, `[data-key="ST060"]`, "Stopped")
	p.fits()
	p.accessible()
	p.shot("o2-stopped")
	p.presses(".headline", "Reset")
	p.sees(5*time.Second, "#said", "local enable missing at ST070.meter: turn the key at the cell")
	p.sees(5*time.Second, `[data-key="ST060"]`, "Idle")
	p.sees(time.Second, `[data-key="ST070"]`, "Stopped")
	p.shot("o2-permissive-missing")

	// The key is turned; the rest of the sequence from the keyboard alone.
	mend()
	until(t, 5*time.Second, "the key is seen", func() bool { return s.station(t, "ST070").Permissives != nil && s.given(t, "ST070") })
	p.until(5*time.Second, "Reset can act", button(".headline", "Reset")+`?.getAttribute('aria-disabled') === null`)
	p.tabTo("Reset")
	p.keys(kb.Enter)
	p.sees(5*time.Second, `[data-key="ST070"]`, "Idle")
	p.visit("/")
	p.until(5*time.Second, "Start can act", button(".headline", "Start")+`?.getAttribute('aria-disabled') === null`)
	p.tabTo("Start")
	p.keys(kb.Enter)
	for _, id := range []string{"ST010", "ST020", "ST040", "ST060", "ST070", "ST100", "ST120", "ST130", "ST140"} {
		p.sees(10*time.Second, `[data-key="`+id+`"]`, id)
		p.until(10*time.Second, id+" in Execute or waiting", `/Execute|Suspended/.test(document.querySelector('[data-key="`+id+`"]').innerText)`)
	}
	p.shot("o2-started")
	s.noStateSkipped(t, noted)
}

// given reports whether a station lacks nothing for a start.
func (s *site) given(t *testing.T, id line.StationID) bool {
	for _, p := range s.station(t, id).Permissives {
		if !p.Given && p.For == line.ForStart {
			return false
		}
	}
	return true
}

// noStateSkipped reads the event log: every station goes from state to state along the edges of PackML, from where it was.
func (s *site) noStateSkipped(t *testing.T, from uint64) {
	t.Helper()
	edges := map[[2]string]bool{}
	for _, e := range packml.Table() {
		edges[[2]string{e.From.String(), e.To.String()}] = true
	}
	last, n, enough := map[line.StationID]string{}, 0, errors.New("enough")
	to := s.snapshot(t).Seq
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	err := s.client.Events(ctx, from+1, func(e line.Entry) error {
		if f, ok := e.Record.Fact.(line.StateChanged); ok {
			n++
			if was := last[e.Record.Station]; was != "" && was != f.From || !edges[[2]string{f.From, f.To}] {
				t.Errorf("%s goes from %s to %s; it was %s", e.Record.Station, f.From, f.To, was)
			}
			last[e.Record.Station] = f.To
		}
		if e.Seq >= to {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n < 9*4 {
		t.Errorf("%d changes of state read: %v", n, err)
	}
}
