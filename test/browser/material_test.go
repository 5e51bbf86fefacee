package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// loads fills in the form of a station's page by which material is loaded, as a person does.
func (p *screen) loads(item, lot string, quantity int, until time.Time) {
	p.t.Helper()
	if !js[bool](p, `!!document.querySelector('form[data-call$="LoadMaterial"]').closest('details').open`) {
		p.click(`details:has(form[data-call$="LoadMaterial"]) summary`)
	}
	form := `form[data-call$="LoadMaterial"]`
	js[bool](p, fmt.Sprintf(`(() => { const f = document.querySelector(%q); f.elements.Item.value = %q; f.elements.Expiry.value = %q; return true; })()`, form, item, until.Format(time.DateOnly)))
	p.enter(form+` [name=Lot]`, lot)
	p.enter(form+` [name=Quantity]`, fmt.Sprint(quantity))
	p.click(form + ` button`)
}

// O6 and O7: the labels run out. Amna is warned before, the station stops after a whole part and not within one, a lot that has
// expired is refused in words, and the right one lets the station go on at once.
func TestO6MaterialRunsOutAndO7IsLoaded(t *testing.T) {
	s := theLine(t)
	s.stocked(t)
	s.running(t)
	s.emptied(t)
	s.calm(t)
	s.must(t, line.LoadMaterial{Station: "ST140", Item: "label", Lot: "LBL-7", Quantity: 2, Expiry: time.Now().AddDate(0, 3, 0).UTC()})
	first := s.order(t, "ESS-P2", 3)
	p := s.open(t, "amna", "en", panel10)
	p.visit("/alarms")
	p.sees(30*time.Second, ".alarm.p4", "ST140", "label runs out at ST140: lot LBL-7 has 2 left, for 2 packs")
	p.shot("o6-warning")
	p.visit("/station/ST140")
	p.sees(3*time.Second, `[data-key="label"]`, "label", "lot LBL-7", "2", "fetch new")
	p.shot("o6-station")
	p.accessible()
	stop := s.attend(t)
	p.sees(90*time.Second, ".headline .reason", "lot LBL-7 of label is used up: fetch a new one")
	stop()
	st := s.station(t, "ST140")
	if st.Act != "" || st.Done != 0 {
		t.Errorf("it stops within a part: %s, %d of %d", st.Act, st.Done, st.Of)
	}
	p.shot("o6-used-up")

	// O7: the wrong lot.
	yesterday := time.Now().AddDate(0, 0, -2)
	p.loads("label", "LBL-0", 500, yesterday)
	p.sees(3*time.Second, "#said", "lot LBL-0 expired", "fetch a new one")
	p.sees(time.Second, ".headline .reason", "lot LBL-7 of label is used up")
	p.shot("o7-expired")

	// The right one.
	from := s.snapshot(t).Seq
	p.loads("label", "LBL-8", 500, time.Now().AddDate(0, 2, 0))
	took := p.until(5*time.Second, "it goes on", `!/used up/.test(document.querySelector('.headline .reason').innerText)`)
	if took > time.Second {
		t.Errorf("the station goes on %s after the right lot was loaded", took)
	}
	p.shot("o7-goes-on")
	if !s.recorded(t, from, func(r line.Record) bool {
		f, ok := r.Fact.(line.MaterialLoaded)
		return ok && f.Lot == "LBL-8" && f.By == "amna" && r.Station == "ST140" && !r.At.IsZero()
	}) {
		t.Error("the journal does not say when amna loaded which lot")
	}
	s.emptied(t)
	if said := s.linectl(t, "", "trace", "pack", string(first), "--data", s.records(), "--json"); !strings.Contains(said, "LBL-7") {
		t.Errorf("the dossier of %s does not name its lot of labels", first)
	}
	s.calm(t)
}

// attend answers what the line asks for in the background, until it is told to stop.
func (s *site) attend(t *testing.T) (stop func()) {
	t.Helper()
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-over:
				return
			case <-time.After(200 * time.Millisecond):
			}
			if snap, err := s.client.Snapshot(t.Context()); err == nil {
				s.attended(snap)
			}
		}
	}()
	return func() { close(over); <-done }
}
