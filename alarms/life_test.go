package alarms_test

import (
	"testing"
	"time"

	"linectl/alarms"
	"linectl/line"
)

// made is the table that the tests of this page work with: one alarm for each way of being treated.
var made = []alarms.Definition{
	{Condition: "plain", Severity: 500, Class: alarms.Process, Title: "plain"},
	{Condition: "latched", Severity: 500, Class: alarms.Equipment, Title: "latched", Latch: true},
	{Condition: "confirmed", Severity: 500, Class: alarms.Person, Title: "confirmed", Confirm: true},
	{Condition: "grave", Severity: 900, Class: alarms.Equipment, Title: "grave"},
	{Condition: "slow", Severity: 500, Class: alarms.Equipment, Title: "slow", OnDelay: 5 * time.Second, OffDelay: 3 * time.Second},
	{Condition: "again", Severity: 500, Class: alarms.Equipment, Title: "again", Again: time.Hour},
}

// room is a book with the faults that stand, on a clock of its own.
type room struct {
	book    alarms.Book
	watch   *alarms.Watch
	now     time.Time
	stands  map[string]bool
	at      alarms.Circumstance
	journal []line.Record
}

func newRoom() *room {
	return &room{watch: alarms.NewWatch(made), now: noon, stands: map[string]bool{}, at: alarms.Circumstance{State: "Held"}}
}

func (r *room) record(rec line.Record) {
	r.journal = append(r.journal, rec)
	r.book.Apply(rec)
}

// look lets the watch see the faults in the order of the table.
func (r *room) look() {
	var standing []alarms.Standing
	for _, d := range made {
		if id := "ST060/" + d.Condition; r.stands[id] {
			standing = append(standing, alarms.Standing{Station: "ST060", Alarm: line.AlarmRaised{Alarm: id}})
		}
	}
	r.watch.Look(r.now, &r.book, standing, func(line.StationID) alarms.Circumstance { return r.at }, r.record)
}

func (r *room) set(id string, stands bool) {
	r.stands[id] = stands
	r.look()
}

// wait lets time pass in seconds, as the line looks.
func (r *room) wait(d time.Duration) {
	for end := r.now.Add(d); r.now.Before(end); {
		step := time.Second
		if d > 10*time.Minute {
			step = time.Minute
		}
		r.now = r.now.Add(step)
		r.look()
	}
}

func (r *room) ask(c line.Command) error {
	rec, _, err := r.book.Do(r.now, line.Request{By: "ali", Why: "because", Command: c})
	if err == nil {
		r.record(rec)
		r.look()
	}
	return err
}

func (r *room) state(id string) alarms.State {
	a, _ := r.book.Find(id)
	if a.Alarm == "" {
		return alarms.Normal
	}
	return a.State()
}

// events by the letters of the table below.
func (r *room) event(e, id string) error {
	switch e {
	case "raise":
		r.set(id, true)
	case "clear":
		r.set(id, false)
	case "ack":
		return r.ask(line.AcknowledgeAlarm{Alarm: id})
	case "reset":
		return r.ask(line.ResetAlarm{Alarm: id})
	case "shelve":
		return r.ask(line.ShelveAlarm{Alarm: id, For: time.Hour})
	case "once":
		return r.ask(line.ShelveAlarm{Alarm: id, OneShot: true})
	case "unshelve":
		return r.ask(line.UnshelveAlarm{Alarm: id})
	case "hour":
		r.wait(time.Hour + time.Minute)
	case "stop":
		r.at.State = "Stopped"
		r.look()
	case "hold":
		r.at.State = "Held"
		r.look()
	case "run":
		r.at.State = "Execute"
		r.look()
	case "disable":
		return r.ask(line.DisableAlarm{Alarm: id})
	case "enable":
		return r.ask(line.DisableAlarm{Alarm: id, Back: true})
	}
	return nil
}

// roads lead a new alarm into each state; G, H and I are reached from B.
var roads = map[alarms.State][]string{
	"A": {"raise", "clear", "ack"},
	"B": {"raise"},
	"C": {"raise", "ack"},
	"D": {"raise", "clear"},
	"E": {"raise", "clear"},
	"F": {"raise", "clear", "ack"},
	"G": {"raise", "shelve"},
	"H": {"stop", "raise"},
	"I": {"raise", "disable"},
}

// TestStateTable is every state of ISA-18.2 with every event, written out: the state that follows, or "-" where a person's request
// is refused and nothing changes. E and F are those of a latched alarm, all others of a plain one of class process.
func TestStateTable(t *testing.T) {
	events := []string{"raise", "clear", "ack", "reset", "shelve", "once", "unshelve", "hour", "stop", "hold", "run", "disable", "enable"}
	table := map[alarms.State][]string{
		//     raise clear ack  reset shelv once unsh hour stop hold run  disab enabl
		"A": {"B", "A", "-", "-", "G", "G", "-", "A", "A", "A", "A", "I", "-"},
		"B": {"B", "D", "C", "-", "G", "G", "-", "B", "H", "B", "B", "I", "-"},
		"C": {"C", "A", "-", "-", "G", "G", "-", "C", "H", "C", "C", "I", "-"},
		"D": {"B", "D", "A", "-", "G", "G", "-", "D", "H", "D", "D", "I", "-"},
		"E": {"B", "E", "F", "-", "G", "G", "-", "E", "E", "E", "E", "I", "-"},
		"F": {"B", "F", "-", "A", "G", "G", "-", "F", "F", "F", "A", "I", "-"},
		"G": {"G", "G", "G", "-", "-", "-", "B", "B", "G", "G", "G", "I", "-"},
		"H": {"H", "H", "H", "-", "G", "G", "-", "H", "H", "B", "B", "I", "-"},
		"I": {"I", "I", "I", "-", "I", "I", "-", "I", "I", "I", "I", "-", "B"},
	}
	for from, row := range table {
		for i, want := range row {
			id := "ST060/plain"
			if from == alarms.LatchedUnseen || from == alarms.LatchedSeen {
				id = "ST060/latched"
			}
			r := newRoom()
			for _, e := range roads[from] {
				if err := r.event(e, id); err != nil {
					t.Fatalf("on the way to %s: %s: %v", from, e, err)
				}
			}
			if got := r.state(id); got != from {
				t.Fatalf("%v leads to %s, not to %s", roads[from], got, from)
			}
			err := r.event(events[i], id)
			got := string(r.state(id))
			switch {
			case want == "-" && (err == nil || got != string(from)):
				t.Errorf("%s in %s: error %v, state %s; want it refused", events[i], from, err, got)
			case want != "-" && (err != nil || got != want):
				t.Errorf("%s in %s: error %v, state %s; want %s", events[i], from, err, got, want)
			}
		}
	}
}

func TestConfirmationComesAfterAcknowledgement(t *testing.T) {
	const id = "ST060/confirmed"
	r := newRoom()
	r.set(id, true)
	if err := r.ask(line.ConfirmAlarm{Alarm: id}); err == nil {
		t.Error("confirmed before it was acknowledged")
	}
	if err := r.ask(line.AcknowledgeAlarm{Alarm: id}); err != nil {
		t.Fatal(err)
	}
	r.set(id, false)
	if got := r.state(id); got != alarms.ReturnedUnseen || !r.book.Open(id) {
		t.Errorf("gone and not confirmed it is in %s, open %t", got, r.book.Open(id))
	}
	if err := r.ask(line.ConfirmAlarm{Alarm: id}); err != nil {
		t.Fatal(err)
	}
	if r.book.Open(id) {
		t.Error("it stays after it was confirmed")
	}
}

func TestWhatIsNotConfirmedStaysBesideTheNextOne(t *testing.T) {
	const id = "ST060/confirmed"
	r := newRoom()
	r.set(id, true)
	if err := r.ask(line.AcknowledgeAlarm{Alarm: id}); err != nil {
		t.Fatal(err)
	}
	r.set(id, false)
	r.set(id, true)
	all := r.book.All()
	if len(all) != 2 || !all[0].Branch || !all[0].Acknowledged || all[0].Confirmed {
		t.Fatalf("%+v", all)
	}
	if err := r.ask(line.ConfirmAlarm{Alarm: id, Occurrence: 1}); err != nil || len(r.book.All()) != 1 {
		t.Errorf("%v, %d entries", err, len(r.book.All()))
	}
}

func TestLatchedAlarmIsNotResetWhileItsCauseIsThere(t *testing.T) {
	const id = "ST060/latched"
	r := newRoom()
	r.set(id, true)
	if err := r.ask(line.AcknowledgeAlarm{Alarm: id}); err != nil {
		t.Fatal(err)
	}
	if err := r.ask(line.ResetAlarm{Alarm: id}); err == nil {
		t.Error("it was reset while its cause is there")
	}
	r.set(id, false)
	if got := r.state(id); got != alarms.LatchedSeen {
		t.Errorf("it is in %s", got)
	}
}

func TestDelays(t *testing.T) {
	const id = "ST060/slow"
	r := newRoom()
	r.set(id, true)
	r.wait(4 * time.Second)
	r.set(id, false)
	r.set(id, true)
	r.wait(4 * time.Second)
	if r.book.Open(id) {
		t.Error("two short faults of 4 s raised an alarm with an on-delay of 5 s")
	}
	r.wait(time.Second)
	if !r.book.Active(id) {
		t.Error("not raised after 5 s")
	}
	r.set(id, false)
	r.wait(2 * time.Second)
	r.set(id, true)
	r.set(id, false)
	r.wait(2 * time.Second)
	if !r.book.Active(id) {
		t.Error("cleared before its cause was gone for 3 s")
	}
	r.wait(time.Second)
	if a, _ := r.book.Find(id); a.Active || a.Occurrence != 1 {
		t.Errorf("active %t, occurrence %d", a.Active, a.Occurrence)
	}
}

func TestStandingAlarmIsAnnunciatedAgain(t *testing.T) {
	const id = "ST060/again"
	r := newRoom()
	r.set(id, true)
	if err := r.ask(line.AcknowledgeAlarm{Alarm: id}); err != nil {
		t.Fatal(err)
	}
	r.wait(59 * time.Minute)
	if got := r.state(id); got != alarms.Acknowledged {
		t.Errorf("%s after 59 minutes", got)
	}
	r.wait(time.Minute)
	if a, _ := r.book.Find(id); a.State() != alarms.Unacknowledged || !a.Since.Equal(noon) {
		t.Errorf("%s since %v after an hour", a.State(), a.Since)
	}
	if err := r.ask(line.ShelveAlarm{Alarm: id, For: 8 * time.Hour}); err != nil {
		t.Fatal(err)
	}
	n := len(r.journal)
	r.wait(2 * time.Hour)
	if len(r.journal) != n {
		t.Errorf("a shelved alarm was annunciated again: %+v", r.journal[n:])
	}
}

func TestPastOccurrencesStayUntilAcknowledged(t *testing.T) {
	const id = "ST060/plain"
	r := newRoom()
	for range 20 {
		r.set(id, true)
		r.now = r.now.Add(time.Minute)
		r.set(id, false)
	}
	r.set(id, true)
	all := r.book.All()
	last := all[len(all)-2]
	if len(all) != 17 || !last.Branch || last.Occurrence != 20 || last.Repeats != 4 || all[0].Occurrence != 1 {
		t.Fatalf("%d entries, the last past one %+v", len(all), last)
	}
	if err := r.ask(line.AcknowledgeAlarm{Alarm: id, Occurrence: 20}); err != nil {
		t.Fatal(err)
	}
	if f := r.journal[len(r.journal)-1].Fact.(line.AlarmAcknowledged); f.Repeats != 4 {
		t.Errorf("the acknowledgement of 17 to 20 says %+v", f)
	}
	if got := r.state(id); got != alarms.Unacknowledged || len(r.book.All()) != 16 {
		t.Errorf("the present one is %s, %d entries", got, len(r.book.All()))
	}
	if err := r.ask(line.AcknowledgeAlarm{Alarm: id, Occurrence: 20}); err == nil {
		t.Error("acknowledged twice")
	}
	if err := r.ask(line.AcknowledgeAlarm{Alarm: id}); err != nil || len(r.book.All()) != 1 {
		t.Errorf("%v, %d entries after all were acknowledged", err, len(r.book.All()))
	}
}

func TestShelving(t *testing.T) {
	const id = "ST060/plain"
	tests := []struct {
		name string
		q    line.Request
		want bool
	}{
		{"an hour", line.Request{By: "ali", Why: "sensor on order", Command: line.ShelveAlarm{Alarm: id, For: time.Hour}}, true},
		{"eight hours", line.Request{By: "ali", Why: "x", Command: line.ShelveAlarm{Alarm: id, For: 8 * time.Hour}}, true},
		{"longer", line.Request{By: "ali", Why: "x", Command: line.ShelveAlarm{Alarm: id, For: 8*time.Hour + 1}}, false},
		{"no time", line.Request{By: "ali", Why: "x", Command: line.ShelveAlarm{Alarm: id}}, false},
		{"negative", line.Request{By: "ali", Why: "x", Command: line.ShelveAlarm{Alarm: id, For: -1, OneShot: true}}, false},
		{"no reason", line.Request{By: "ali", Why: " ", Command: line.ShelveAlarm{Alarm: id, For: time.Hour}}, false},
		{"nobody", line.Request{Why: "x", Command: line.ShelveAlarm{Alarm: id, For: time.Hour}}, false},
		{"hazard", line.Request{By: "ali", Why: "x", Command: line.ShelveAlarm{Alarm: "ST060/grave", For: time.Hour}}, false},
		{"hazard out of service", line.Request{By: "ali", Why: "x", Command: line.DisableAlarm{Alarm: "ST060/grave"}}, false},
		{"unknown", line.Request{By: "ali", Why: "x", Command: line.ShelveAlarm{Alarm: "ST060/none", For: time.Hour}}, false},
	}
	for _, tt := range tests {
		r := newRoom()
		r.set("ST060/grave", true)
		r.set(id, true)
		if _, _, err := r.book.Do(r.now, tt.q); (err == nil) != tt.want {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	r := newRoom()
	r.set(id, true)
	if err := r.ask(line.ShelveAlarm{Alarm: id, OneShot: true}); err != nil {
		t.Fatal(err)
	}
	r.set(id, false)
	if got := r.state(id); got != alarms.ReturnedUnseen {
		t.Errorf("shelved once, it is in %s after its cause went", got)
	}
	r.record(line.Record{At: r.now, Station: "ST060", Fact: line.AlarmShelved{Alarm: id, Until: r.now.Add(time.Hour), By: "ali", Why: "x"}})
	r.record(line.Record{At: r.now, Station: "ST060", Fact: line.AlarmRaised{Alarm: id, Severity: 800}})
	r.look()
	if a, _ := r.book.Find(id); a.Shelf != nil {
		t.Error("an alarm that came back graver stays shelved")
	}
}
