package traceability

import (
	"database/sql"
	"io/fs"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"linectl/line"
)

// Records that the first schema wrote are brought up to date, and a rebuild of them finds nothing else than the migration did.
func TestOldRecordsAreBroughtUpToDate(t *testing.T) {
	dir := t.TempDir()
	if err := mark(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	name, err := dsn(dir, "_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	c := newChain()
	for i, fact := range []line.Fact{
		line.AlarmRaised{Alarm: "ST060/held"},
		line.AlarmRaised{Alarm: "ST070/held"},
		line.AlarmCleared{Alarm: "ST060/held"},
		line.AlarmRaised{Alarm: "ST060/held"},
		line.AlarmAcknowledged{Alarm: "ST060/held", By: "ali"},
		line.StateChanged{From: "Stopped", To: "Resetting", Cause: `Reset by "ali"`},
	} {
		r, err := encode(uint64(i+1), line.Record{At: time.UnixMicro(int64(i)), Station: "ST060", Fact: fact})
		if err != nil {
			t.Fatal(err)
		}
		hash := c.next(r)
		exec("INSERT INTO journal (seq, kind, pack, station, at_us, body, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
			int64(r.seq), r.kind, r.pack, r.station, r.micros, string(r.body), hash[:])
		switch fact := fact.(type) { // as the first schema's fold did
		case line.AlarmRaised:
			exec(`INSERT INTO alarms (seq, at_us, alarm, station, pack_id, severity, text, cause, consequence, action, group_name)
				VALUES (?, ?, ?, 'ST060', 0, 0, '', '', '', '', '')`, r.seq, r.micros, fact.Alarm)
		case line.AlarmCleared:
			exec("UPDATE alarms SET cleared_seq = ?, cleared_us = ? WHERE alarm = ? AND cleared_seq IS NULL", r.seq, r.micros, fact.Alarm)
		case line.AlarmAcknowledged:
			exec("UPDATE alarms SET acknowledged_seq = ?, acknowledged_us = ?, acknowledged_by = ? WHERE alarm = ? AND acknowledged_seq IS NULL",
				r.seq, r.micros, fact.By, fact.Alarm)
		case line.StateChanged:
			exec("INSERT INTO stations (station, state, cause, seq, at_us) VALUES ('ST060', ?, ?, ?, ?)", fact.To, fact.Cause, r.seq, r.micros)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s := openStore(t, dir)
	if n := len(dumpTable(t, s, "alarm_actions")); n != 1 {
		t.Errorf("%d actions on alarms, want the one acknowledgement", n)
	}
	got, err := list(t.Context(), s.reader.db, func(n *int) []any { return []any{n} }, "SELECT occurrence FROM alarms ORDER BY seq")
	if err != nil || len(got) != 3 || got[0] != 1 || got[1] != 1 || got[2] != 2 {
		t.Errorf("occurrences %v, %v; want 1 1 2", got, err)
	}
	if n := len(dumpTable(t, s, "state_changes")); n != 1 {
		t.Errorf("%d changes of state, want one", n)
	}
	sameAfterRebuild(t, s)
}

// One past occurrence can be acknowledged without the others; whoever asks later finds who did what and why.
func TestAlarmLifeIsKept(t *testing.T) {
	s := openStore(t, t.TempDir())
	until := time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)
	var records []line.Record
	for _, f := range []line.Fact{
		line.AlarmRaised{Alarm: "a"},
		line.AlarmCleared{Alarm: "a"},
		line.AlarmRaised{Alarm: "a"},
		line.AlarmCleared{Alarm: "a"},
		line.AlarmRaised{Alarm: "a"},
		line.AlarmAcknowledged{Alarm: "a", Occurrence: 2, By: "ali", Comment: "seen"},
		line.AlarmConfirmed{Alarm: "a", Occurrence: 3, Repeats: 1, By: "ali"},
		line.AlarmShelved{Alarm: "a", Until: until, By: "ali", Why: "sensor on order"},
		line.AlarmReset{Alarm: "a", By: "sana"},
	} {
		records = append(records, line.Record{At: until, Station: "ST060", Fact: f})
	}
	if _, err := s.Append(records); err != nil {
		t.Fatal(err)
	}
	type life struct{ acknowledged, confirmed, reset string }
	got, err := list(t.Context(), s.reader.db, func(l *life) []any { return []any{&l.acknowledged, &l.confirmed, &l.reset} },
		"SELECT COALESCE(acknowledged_by, ''), COALESCE(confirmed_by, ''), COALESCE(reset_by, '') FROM alarms ORDER BY occurrence")
	if err != nil || len(got) != 3 || got[0] != (life{}) || got[1] != (life{"ali", "ali", ""}) || got[2] != (life{"", "ali", "sana"}) {
		t.Errorf("%+v, %v", got, err)
	}
	shelves, err := list(t.Context(), s.reader.db, func(s *string) []any { return []any{s} },
		"SELECT actor || ' ' || why || ' ' || until_us FROM alarm_actions WHERE action = 'shelved'")
	if err != nil || len(shelves) != 1 || shelves[0] != "ali sensor on order 1795438800000000" {
		t.Errorf("%q, %v; want until %d", shelves, err, until.UnixMicro())
	}
	sameAfterRebuild(t, s)
}
