package browser

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"linectl/line"
)

// calm does what a person does about every alarm whose cause is gone, so that the next story begins with an empty list.
func (s *site) calm(t *testing.T) {
	t.Helper()
	left, began := 0, time.Now()
	until(t, time.Minute, "no alarm stands", func() bool {
		left = 0
		for _, st := range s.snapshot(t).Stations {
			if st.State == "Held" {
				_, _ = s.ask(line.Machine{Target: string(st.Station), Command: "Unhold"})
			}
		}
		for _, a := range s.snapshot(t).Alarms {
			if strings.HasSuffix(a.Alarm, "/tool-low") && a.Active {
				_, _ = s.ask(line.ServiceTool{Station: a.Station, Action: "dress"})
				_, _ = s.ask(line.ServiceTool{Station: a.Station, Action: "clean"})
			}
			if left++; time.Since(began) > 20*time.Second {
				t.Fatalf("this alarm does not go: %+v", a)
			}
			switch {
			case !a.Acknowledged:
				_, _ = s.ask(line.AcknowledgeAlarm{Alarm: a.Alarm})
			case a.Active:
			case a.Latched:
				_, _ = s.ask(line.ResetAlarm{Alarm: a.Alarm})
			case !a.Confirmed:
				_, _ = s.ask(line.ConfirmAlarm{Alarm: a.Alarm})
			}
			if a.Shelved {
				_, _ = s.ask(line.UnshelveAlarm{Alarm: a.Alarm})
			}
		}
		return left == 0
	})
}

// quiet waits until nothing on the screen asks to be seen.
func (p *screen) quiet() {
	p.t.Helper()
	p.s.calm(p.t)
	p.until(5*time.Second, "no alarm is annunciated", `!document.querySelector('.unseen')`)
}

// recorded looks for a fact in the journal from a sequence number on.
func (s *site) recorded(t *testing.T, from uint64, ok func(line.Record) bool) bool {
	t.Helper()
	to, enough, found := s.snapshot(t).Seq, errors.New("enough"), false
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_ = s.client.Events(ctx, from+1, func(e line.Entry) error {
		found = found || ok(e.Record)
		if found || e.Seq >= to {
			return enough
		}
		return nil
	})
	return found
}

// O4: an acknowledged alarm is steady and stays until its cause is gone, whatever is restarted meanwhile.
func TestO4Acknowledge(t *testing.T) {
	s := theLine(t)
	s.running(t)
	s.calm(t)
	mend := s.fault(t, "guard-open ST100")
	defer mend()
	p := s.open(t, "amna", "en", panel10)
	p.visit("/alarms")
	p.sees(5*time.Second, ".alarm.unseen", "ST100", "guard open at ST100", "active, not acknowledged")
	p.until(3*time.Second, "its sign flashes", `document.getAnimations().some(a => a.animationName == 'blink' && a.playState == 'running' && a.effect.target.closest('.alarm.unseen'))`)
	p.shot("o4-not-acknowledged")
	p.presses(".alarm.unseen", "Acknowledge")
	p.sees(3*time.Second, ".alarm", "guard open at ST100", "active, acknowledged")
	p.until(3*time.Second, "nothing flashes", `!document.querySelector('.alarm.unseen') && !document.getAnimations().some(a => a.animationName == 'blink')`)
	p.shot("o4-acknowledged")
	p.accessible()

	// The gateway and the HMI are killed; the line is not.
	p.away(func() {
		s.killChild(t, "gateway")
		s.killChild(t, "hmi")
		s.facesBack(t)
	})
	p = s.open(t, "amna", "en", panel10)
	p.visit("/alarms")
	p.sees(10*time.Second, ".alarm", "guard open at ST100", "active, acknowledged")
	p.until(time.Second, "it is not annunciated anew", `!document.querySelector('.alarm.unseen')`)
	p.shot("o4-after-restart")

	// The cause goes; only then does the alarm.
	mend()
	p.visit("/station/ST100")
	p.sees(5*time.Second, ".headline", "Held")
	until(t, 5*time.Second, "the guard is seen closed", func() bool { return s.given(t, "ST100") })
	p.presses("main", "Unhold")
	p.visit("/alarms")
	p.sees(5*time.Second, "main", "No alarm stands.")
}

// O5: a nuisance is shelved for an hour with a reason; it shows its timer, returns alone, and is on record with her name.
func TestO5Shelve(t *testing.T) {
	s := theLine(t)
	s.running(t)
	s.calm(t)
	defer s.fault(t, "air-low ST140")()
	from := s.snapshot(t).Seq
	p := s.open(t, "amna", "en", panel10)
	p.visit("/alarms")
	p.sees(5*time.Second, ".alarm", "air pressure low at ST140")
	p.click(`.alarm summary`)
	p.enter(`.alarm input[name=Why]`, "compressor is being repaired")
	p.shot("o5-shelving")
	p.presses(".alarm", "Shelve")
	p.sees(5*time.Second, ".alarm.away", "air pressure low at ST140", "returns in", "compressor is being repaired")
	p.shot("o5-shelved")
	p.accessible()
	if !s.recorded(t, from, func(r line.Record) bool {
		f, ok := r.Fact.(line.AlarmShelved)
		return ok && f.By == "amna" && f.Why == "compressor is being repaired" && f.Until.Sub(r.At) == time.Hour
	}) {
		t.Error("the journal does not say that amna shelved it for an hour, and why")
	}

	// It returns alone. An hour is too long for a test; the same alarm for two seconds.
	var id string
	for _, a := range s.snapshot(t).Alarms {
		if a.Station == "ST140" {
			id = a.Alarm
		}
	}
	s.must(t, line.UnshelveAlarm{Alarm: id})
	s.must(t, line.ShelveAlarm{Alarm: id, For: 2 * time.Second})
	p.sees(2*time.Second, ".alarm.away", "returns in")
	p.until(5*time.Second, "it is back in the list", `!document.querySelector('.alarm.away') && document.querySelector('.alarm')`)
}
