package alarms_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"linectl/alarms"
	"linectl/line"

	"pgregory.net/rapid"
)

// TestWhateverHappensNoAlarmIsLostOrInvented lets faults come and go, people ask for anything and time pass, and holds after
// every step that the book is what its records say, and that the records are a legal life of every alarm.
func TestWhateverHappensNoAlarmIsLostOrInvented(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newRoom()
		began := map[string]int{} // how often each fault that has no on-delay began
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			id := "ST060/" + rapid.SampledFrom(made).Draw(t, "alarm").Condition
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				if !r.stands[id] {
					began[id]++
				}
				r.set(id, true)
			case 1:
				r.set(id, false)
			case 2:
				_ = r.ask(rapid.SampledFrom([]line.Command{
					line.AcknowledgeAlarm{Alarm: id},
					line.AcknowledgeAlarm{Alarm: id, Occurrence: rapid.IntRange(1, 5).Draw(t, "n")},
					line.ConfirmAlarm{Alarm: id},
					line.CommentAlarm{Alarm: id, Comment: "x"},
					line.ShelveAlarm{Alarm: id, For: 90 * time.Minute},
					line.ShelveAlarm{Alarm: id, OneShot: true},
					line.UnshelveAlarm{Alarm: id},
					line.ResetAlarm{Alarm: id},
					line.DisableAlarm{Alarm: id},
					line.DisableAlarm{Alarm: id, Back: true},
				}).Draw(t, "asked"))
			case 3:
				r.at.State = rapid.SampledFrom([]string{"Execute", "Stopped", "Held"}).Draw(t, "state")
				r.look()
			case 4:
				r.wait(time.Duration(rapid.IntRange(1, 240).Draw(t, "minutes")) * time.Minute)
			}
			r.hold(t, began)
		}
	})
}

// hold checks the book against its records and its rules.
func (r *room) hold(t *rapid.T, began map[string]int) {
	var replayed alarms.Book
	for _, rec := range r.journal {
		replayed.Apply(rec)
	}
	if live, again := r.book.All(), replayed.All(); !reflect.DeepEqual(live, again) {
		t.Fatalf("a restart gives another list:\n%+v\n%+v", live, again)
	}
	lives := map[string]*life{}
	for i, rec := range r.journal {
		id := reflect.ValueOf(rec.Fact).FieldByName("Alarm").String()
		if lives[id] == nil {
			lives[id] = &life{unseen: map[int]bool{}}
		}
		if err := lives[id].follow(rec); err != nil {
			t.Fatalf("record %d, %s of %s: %v", i, line.FactName(rec.Fact), id, err)
		}
	}
	for _, d := range made {
		id := "ST060/" + d.Condition
		a, known := r.book.Find(id)
		if d.OnDelay == 0 && a.Occurrence != began[id] {
			t.Fatalf("%s began %d times and was raised %d times", id, began[id], a.Occurrence)
		}
		if d.OnDelay+d.OffDelay == 0 && a.Active != r.stands[id] {
			t.Fatalf("%s stands %t and is active %t", id, r.stands[id], a.Active)
		}
		if !known {
			continue
		}
		listed := map[int]bool{}
		for _, e := range r.book.All() {
			if e.Alarm == id {
				for n := e.Occurrence - e.Repeats; n <= e.Occurrence; n++ {
					listed[n] = true
				}
			}
		}
		for n := range lives[id].unseen {
			if !listed[n] {
				t.Fatalf("occurrence %d of %s was never acknowledged and is not in the list", n, id)
			}
		}
		if a.Shelf != nil && (a.Severity >= line.NeverShelved || !r.now.Before(a.Shelf.Until)) {
			t.Fatalf("%s of severity %d is shelved until %v at %v", id, a.Severity, a.Shelf.Until, r.now)
		}
	}
}

// life follows the records of one alarm on its own, and says which of them may not come where it comes.
type life struct {
	n      int // occurrences
	active bool
	unseen map[int]bool
	until  time.Time // shelved
	off    bool      // out of service
}

func (l *life) follow(rec line.Record) error {
	legal := true
	switch f := rec.Fact.(type) {
	case line.AlarmRaised:
		legal = !l.active
		l.n++
		l.active, l.unseen[l.n] = true, true
	case line.AlarmCleared:
		legal = l.active
		l.active = false
	case line.AlarmAcknowledged:
		legal = false // unless somebody has something to see
		for n := range l.unseen {
			if f.Occurrence == 0 || n <= f.Occurrence && n >= f.Occurrence-f.Repeats {
				legal = true
				delete(l.unseen, n)
			}
		}
	case line.AlarmRepeated:
		legal = l.active && l.until.IsZero() && !l.off
		l.unseen[l.n] = true
	case line.AlarmShelved:
		legal = l.n > 0 && l.until.IsZero() && f.Why != "" && f.By != "" && f.Until.Sub(rec.At) <= line.MaxShelved
		l.until = f.Until
	case line.AlarmUnshelved:
		legal = !l.until.IsZero() && (f.By != "" || f.Why != "")
		l.until = time.Time{}
	case line.AlarmReset:
		legal = !l.active && !l.unseen[l.n]
	case line.AlarmOutOfService:
		legal = l.off == f.Back
		l.off = !f.Back
	}
	if !legal {
		return fmt.Errorf("not legal here: %+v after %+v", rec.Fact, *l)
	}
	return nil
}
