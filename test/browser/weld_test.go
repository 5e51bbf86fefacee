package browser

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
)

// atWelder brings a pack of the product to ST060, which is Idle, with as many ESS packs behind it as fill the line up to ST040.
func (s *site) atWelder(t *testing.T, product string, behind int) line.PackID {
	t.Helper()
	s.stocked(t)
	s.running(t)
	s.emptied(t)
	s.calm(t)
	s.must(t, line.Machine{Target: "ST060", Command: "Stop"})
	pack := s.order(t, product, 1)
	if behind > 0 {
		s.order(t, "ESS-P2", behind)
	}
	until(t, 90*time.Second, string(pack)+" lies in ST060", func() bool {
		for _, p := range s.snapshot(t).Packs {
			if p.Pack == pack && p.At == "ST060" {
				return true
			}
		}
		return false
	})
	until(t, time.Minute, "ST060 is Idle", func() bool {
		st := s.station(t, "ST060").State
		if st == "Stopped" {
			_, _ = s.ask(line.Machine{Target: "ST060", Command: "Reset"})
		}
		return st == "Idle"
	})
	return pack
}

// order orders packs and returns the id that the first will have.
func (s *site) order(t *testing.T, product string, n int) line.PackID {
	t.Helper()
	known := map[line.PackID]bool{}
	for _, p := range s.snapshot(t).Packs {
		known[p.Pack] = true
	}
	s.asked++
	s.must(t, line.AddOrder{Order: line.OrderID(fmt.Sprintf("story-%d", s.asked)), Product: product, Quantity: n})
	var id line.PackID
	until(t, time.Minute, "the order has a pack", func() bool {
		for _, p := range s.snapshot(t).Packs {
			if p.Product == product && !known[p.Pack] && (id == "" || p.Pack < id) {
				id = p.Pack
			}
		}
		return id != ""
	})
	return id
}

// emptied lets every pack leave the line; the decisions that it waits for are made as quickly as possible.
func (s *site) emptied(t *testing.T) {
	t.Helper()
	until(t, 120*time.Second, "no pack is in process", func() bool {
		snap := s.snapshot(t)
		s.attended(snap)
		left := 0
		for _, o := range snap.Orders {
			left += o.Quantity - o.Released - o.Scrapped - o.Quarantined
		}
		if left > 0 {
			time.Sleep(100 * time.Millisecond)
		}
		return left == 0
	})
}

// attended does what an operator does while the line runs, once.
func (s *site) attended(snap line.Snapshot) {
	for _, p := range snap.Prompts {
		option := p.Options[0]
		for _, o := range p.Options {
			if o == "scrap" {
				option = o
			}
		}
		s.asked++
		input := ""
		if p.Input != "" {
			input = fmt.Sprintf("S-%d-%d", s.asked, time.Now().UnixMilli())
		}
		_, _ = s.ask(line.AnswerPrompt{Prompt: p.Prompt, Option: option, Input: input})
	}
	for _, st := range snap.Stations {
		if c := map[string]string{"Aborted": "Clear", "Stopped": "Reset", "Idle": "Start", "Held": "Unhold"}[st.State]; c != "" {
			_, _ = s.ask(line.Machine{Target: string(st.Station), Command: c})
		}
	}
}

// struck returns when a fault struck last, by the plant's own word.
func (s *site) struck(t *testing.T, name simulator.FaultName) time.Time {
	t.Helper()
	var at time.Time
	for _, e := range s.truth(t) {
		if e.What == simulator.Struck && strings.HasPrefix(e.Text, string(name)+" ") {
			at = e.At
		}
	}
	return at
}

// welds counts how often each joint of a pack was physically welded.
func (s *site) welds(t *testing.T, pack line.PackID) map[int]int {
	t.Helper()
	n := map[int]int{}
	for _, e := range s.truth(t) {
		if e.What == simulator.Effect && e.Part == string(pack) && (e.Task == line.TaskWeldLaser || e.Task == line.TaskWeldResistance || e.Task == line.TaskWeldUltrasonic) {
			n[e.Index]++
		}
	}
	return n
}

// O1: an electrode sticks. Amna sees at a glance which station stops the line, why, and what to do; the neighbours say that they
// wait for it, and one alarm is annunciated.
func TestO1WhichStationStopsTheLine(t *testing.T) {
	s := theLine(t)
	pack := s.atWelder(t, "DRN-P3", 2)
	defer s.fault(t, "electrode-stuck ST060.welder at joint 23 of "+string(pack))()
	p := s.open(t, "amna", "en", panel10)
	urdu, chinese, wall := s.open(t, "amna", "ur", panel10), s.open(t, "bilal", "zh", panelOld), s.open(t, "viktor", "en", wallSize)
	wall.visit("/wall")
	p.sees(90*time.Second, `[data-key="ST040"]`, "blocked by ST060")
	p.quiet()
	s.must(t, line.Machine{Target: "ST060", Command: "Start"})
	p.sees(30*time.Second, `[data-key="ST060"]`, "Held", "electrode stuck at joint 23: ST060.welder")
	p.sees(time.Second, ".headline", "ST060", "electrode stuck at joint 23: ST060.welder", "Do next: open the gun, clear the tip, then Unhold")
	if took := time.Since(s.struck(t, simulator.ElectrodeStuck)); took > 2*time.Second {
		t.Errorf("the overview says it %s after it happened", took)
	}
	p.sees(time.Second, `[data-key="ST040"]`, "blocked by ST060")
	p.sees(10*time.Second, `[data-key="ST070"]`, "starved by ST060")
	p.shot("o1-weld-stuck")
	p.fits()
	p.accessible()

	wall.sees(time.Second, ".headline", "electrode stuck at joint 23: ST060.welder")
	wall.fits()
	wall.accessible()
	wall.shot("o1-weld-stuck-wall")
	for _, other := range []*screen{urdu, chinese} {
		other.until(time.Second, "ST060 is marked", `document.querySelector('[data-key="ST060"] .tile.held')`)
		other.fits()
		other.accessible()
		other.shot("o1-weld-stuck-" + other.lang)
	}

	// One alarm is annunciated, with cause, consequence and action.
	p.visit("/alarms")
	p.sees(3*time.Second, ".alarm.unseen", "ST060", "electrode stuck at joint 23", "open the gun, clear the tip, then Unhold")
	if n := js[int](p, `document.querySelectorAll('.alarm.unseen').length`); n != 1 {
		t.Errorf("%d alarms are annunciated: %s", n, p.text("main"))
	}
	p.shot("o1-one-alarm")

	// The tip is cleared, and the station goes on where it was.
	p.visit("/station/ST060")
	p.shot("o1-station")
	p.accessible()
	p.presses("main", "Unhold")
	p.sees(5*time.Second, ".headline", "Execute")
	s.emptied(t)
	for joint, n := range s.welds(t, pack) {
		if n != 1 {
			t.Errorf("joint %d was welded %d times", joint, n)
		}
	}
}

// O3: Stop lets the seam end; Abort ends motion at once, and the joint that it cut is UNKNOWN, not OK.
func TestO3StopAndAbort(t *testing.T) {
	s := theLine(t)
	pack := s.atWelder(t, "ESS-P2", 0)
	slow := s.fault(t, "slow-device ST060.welder by 600") // a seam of 1 s takes 3 s at a speed of 200
	defer slow()
	p := s.open(t, "amna", "en", panel10)
	p.visit("/station/ST060")
	p.presses("main", "Start")
	p.sees(20*time.Second, "main", "laser weld 1")

	began := time.Now()
	p.presses("main", "Stop")
	p.sees(3*time.Second, ".headline .word", "Stopping")
	p.shot("o3-stopping")
	p.sees(10*time.Second, ".headline .word", "Stopped")
	if took := time.Since(began); took < 500*time.Millisecond {
		t.Errorf("Stop took %s: it did not wait for the seam", took)
	}
	if st := s.station(t, "ST060"); st.Done != 2 || st.Of < 30 { // the position of the head, and the seam
		t.Errorf("Stop did not wait for the seam: %d acts of %d are done", st.Done, st.Of)
	}
	p.sees(3*time.Second, "main", "2 of ")
	p.shot("o3-stopped")

	p.presses("main", "Reset")
	p.sees(5*time.Second, ".headline", "Idle")
	p.presses("main", "Start")
	p.sees(20*time.Second, "main", "laser weld 2")
	until(t, 10*time.Second, "the laser is on", func() bool { return s.welds(t, pack)[2] == 1 })
	p.presses("main", "Abort")
	p.confirms("smoke")
	p.sees(3*time.Second, ".headline .word", "Aborted")
	p.sees(5*time.Second, "main", "UNKNOWN")
	p.shot("o3-aborted")
	p.accessible()
	p.visit("/alarms")
	p.sees(3*time.Second, "main", "laser weld 2: device cannot say how it ended")
	p.shot("o3-unknown")

	// Such an alarm is hidden by nobody (O5).
	p.click(`.alarm.p1 summary`)
	if why := p.whyNot(".alarm.p1", "Shelve"); why != "an alarm this grave is never shelved" {
		t.Errorf("Shelve says %q", why)
	}
	if r, err := s.ask(line.ShelveAlarm{Alarm: "ST060/outcome-unknown", For: time.Hour}); err != nil || r.Accepted {
		t.Errorf("a doubt about a part is shelved: %+v %v", r, err)
	}
	slow()
	s.emptied(t)
	if n := s.welds(t, pack)[2]; n != 1 {
		t.Errorf("the joint that was cut was welded %d times", n)
	}
	for _, d := range s.snapshot(t).Packs {
		if d.Pack == pack && d.State != line.Quarantined {
			t.Errorf("the pack with the joint that was cut is %s", d.State)
		}
	}
	s.order(t, "ESS-P2", 1) // the doubt is over when the next part is in the nest
	s.emptied(t)
	s.calm(t)
}
