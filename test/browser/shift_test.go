package browser

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shiftReport is what linectl report shift prints of the present shift; it reads the records alone.
type shiftReport struct {
	Good   int `json:"good"`
	NOK    int `json:"nok"`
	Losses []struct {
		Station string `json:"station"`
		Cause   string `json:"cause"`
		Own     bool   `json:"own"`
	} `json:"losses"`
}

func (s *site) report(t *testing.T) (r shiftReport) {
	t.Helper()
	said := s.linectl(t, "", "report", "shift", "--config", filepath.Join(s.dir, "line.yaml"), "--data", s.records(), "--json")
	if err := json.Unmarshal([]byte(said), &r); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return r
}

// O9: what the screen says of the shift is what the records say, before and after the supervisor was killed; losses name who is to
// blame.
func TestO9TheShift(t *testing.T) {
	s := theLine(t)
	s.stocked(t)
	s.running(t)
	s.order(t, "ESS-P2", 1)
	s.emptied(t)
	s.calm(t)
	p := s.open(t, "amna", "en", panel10)
	want := s.report(t)
	if want.Good < 1 || len(want.Losses) == 0 {
		t.Fatalf("nothing was made this shift: %+v", want)
	}
	agrees := func(p *screen) {
		t.Helper()
		good := js[string](p, `[...document.querySelectorAll('.figures dl > div')].find(d => /Good this shift/.test(d.innerText)).querySelector('.big .v').firstChild.textContent.trim()`)
		nok := js[string](p, `[...document.querySelectorAll('.figures dl > div')].find(d => /NOK this shift/.test(d.innerText)).querySelector('.big .v').firstChild.textContent.trim()`)
		if good != fmt.Sprint(want.Good) || nok != fmt.Sprint(want.NOK) {
			t.Errorf("the screen counts %s good and %s NOK, the records %d and %d", good, nok, want.Good, want.NOK)
		}
		p.sees(3*time.Second, ".losses", "Most lost this shift")
		if n := js[int](p, `document.querySelectorAll('.losses li').length`); n != 3 {
			t.Errorf("%d losses are shown", n)
		}
		shown := p.text(".losses")
		for _, l := range want.Losses[:min(3, len(want.Losses))] {
			if blame := map[bool]string{true: "own", false: "by a neighbour"}[l.Own]; !strings.Contains(shown, l.Station+" "+l.Cause) || !strings.Contains(shown, blame) {
				t.Errorf("the records say that %s lost by %q (%s); the screen says %s", l.Station, l.Cause, blame, shown)
			}
		}
	}
	p.sees(10*time.Second, ".figures", "Good this shift")
	agrees(p)
	p.shot("o9-shift")
	p.accessible()

	p.away(func() {
		s.line.Kill()
		s.startLine(t)
	})
	p = s.open(t, "amna", "en", panel10)
	p.sees(20*time.Second, ".figures", "Good this shift")
	agrees(p)
	p.shot("o9-after-restart")
	s.running(t)
	s.calm(t)
}
