package accounts

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// Whatever failed before, and whatever fails while it waits, a right password is looked at after 30 s at most.
func TestNoFailuresKeepARightPasswordOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var th throttle
		now := noon
		user := rapid.SampledFrom([]string{"amna", "omar"})
		source := rapid.SampledFrom([]string{"panel 1", "panel 2"})
		var open []place
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Second)).Draw(t, "later")))
			if len(open) > 0 && rapid.Bool().Draw(t, "one fails") {
				th.done(now, open[0], true, false)
				open = open[1:]
				continue
			}
			at := place{user.Draw(t, "user"), source.Draw(t, "source")}
			if wait, ok := th.ask(now, at); ok {
				if wait < 0 || wait > longest {
					t.Fatalf("a log-in waits %v", wait)
				}
				open = append(open, at)
			}
		}
		for _, at := range open { // the others have come to their end
			th.done(now, at, true, false)
		}
		at := place{"amna", "panel 1"}
		wait, ok := th.ask(now, at)
		if !ok || wait > 30*time.Second {
			t.Fatalf("a right password waits %v, taken %t", wait, ok)
		}
		if n := th.done(now.Add(wait), at, true, true); n != 0 {
			t.Fatalf("%d failures after a right one", n)
		}
		if wait, _ := th.ask(now.Add(wait), at); wait != 0 {
			t.Fatalf("the next one waits %v", wait)
		}
	})
}

func TestDelays(t *testing.T) {
	for failed, want := range map[int]time.Duration{0: 0, 1: 0, 2: 0, 3: 1, 4: 2, 5: 4, 6: 8, 7: 16, 8: 30, 9: 30, 1 << 40: 30} {
		if got := delayAfter(failed); got != want*time.Second {
			t.Errorf("after %d failures %v, want %v s", failed, got, want)
		}
	}
}

// Strangers who make up names and addresses fill neither the memory nor the journal.
func TestFailuresAreBounded(t *testing.T) {
	var th throttle
	var notes bucket
	written := 0
	for i := range 3 * maxPlaces {
		now := noon.Add(time.Duration(i) * time.Millisecond)
		at := place{fmt.Sprint("user ", i), "far away"}
		if _, ok := th.ask(now, at); !ok {
			t.Fatal("refused")
		}
		if worthNoting(th.done(now, at, true, false)) && notes.take(now) {
			written++
		}
	}
	if len(th.places) > maxPlaces || written > notesAtOnce {
		t.Errorf("%d places, %d records", len(th.places), written)
	}
	if _, known := th.places[place{fmt.Sprint("user ", 3*maxPlaces-1), "far away"}]; !known {
		t.Error("the latest failure is forgotten")
	}
	for i := range 3600 { // one a second for an hour
		if notes.take(noon.Add(time.Hour + time.Duration(i)*time.Second)) {
			written++
		}
	}
	if written > 2*notesAtOnce+61 {
		t.Errorf("%d records", written)
	}
}

func TestSessionsAreBoundedInTimeAndNumber(t *testing.T) {
	var s sessions
	s.begin(noon, "a", "amna", line.ByPassword)
	if _, ok := s.use(noon.Add(idleFor-1), "a"); !ok {
		t.Error("ended too early")
	}
	if o, ok := s.use(noon.Add(2*idleFor-2), "a"); !ok || !o.expires().Equal(noon.Add(3*idleFor-2)) {
		t.Errorf("not prolonged: %v", o.expires())
	}
	if _, ok := s.use(noon.Add(3*idleFor), "a"); ok {
		t.Error("idle and open")
	}
	s.begin(noon, "b", "amna", line.ByPassword)
	last := noon
	for ; ; last = last.Add(idleFor / 2) {
		if _, ok := s.use(last, "b"); !ok {
			break
		}
	}
	if !last.Equal(noon.Add(longestSession)) {
		t.Errorf("a session that is always used lasts %v", last.Sub(noon))
	}
	for i := range 2000 {
		s.begin(noon.Add(time.Duration(i)), fmt.Sprint(i), fmt.Sprint("user ", i%100), line.ByPassword)
	}
	if len(s.open) != maxSessions {
		t.Errorf("%d sessions", len(s.open))
	}
	for i := range maxPerUser + 3 {
		s.begin(noon.Add(time.Hour/4+time.Duration(i)), fmt.Sprint("sana ", i), "sana", line.ByPassword)
	}
	count := 0
	for _, o := range s.open {
		if o.user == "sana" {
			count++
		}
	}
	_, first := s.use(noon.Add(time.Hour/4), "sana 0")
	_, latest := s.use(noon.Add(time.Hour/4), fmt.Sprint("sana ", maxPerUser+2))
	if count != maxPerUser || first || !latest {
		t.Errorf("%d sessions of one user, first %t, latest %t", count, first, latest)
	}
}

// FuzzFile holds that no file makes a panic, and that what is accepted is written again as it was.
func FuzzFile(f *testing.F) {
	body, err := encode(map[string]proof{"amna": {1, nobody}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"format":"linectl-accounts-1","sum":"","proofs":[]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		proofs, err := decode(body)
		if err != nil {
			return
		}
		again, err := encode(proofs)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decode(again); err != nil || len(back) != len(proofs) {
			t.Fatalf("%v", err)
		}
		for user := range proofs {
			if err := line.CheckUserName(user); err != nil {
				t.Fatal(err)
			}
		}
	})
}
