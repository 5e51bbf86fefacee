package traceability

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"

	"linectl/line"
)

// oldRecords makes a directory of records that the first schema wrote.
func oldRecords(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
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
	return dir
}

// Records that the first schema wrote are brought up to date, and a rebuild of them finds nothing else than the migration did.
func TestOldRecordsAreBroughtUpToDate(t *testing.T) {
	upToDate(t, oldRecords(t))
}

// upToDate opens the records that oldRecords made, by whatever they went through, and looks whether all of them is there.
func upToDate(t *testing.T, dir string) {
	t.Helper()
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

// Story: an upgrade is killed in the middle of a migration, after its first statement or when all of it is done but not yet for good.
// The start after it finds the schema as it was before that migration, and completes it.
func TestAMigrationThatIsCutIsMadeAnew(t *testing.T) {
	for to := 2; to <= newestSchema(t); to++ {
		for _, where := range []string{"first", "last"} {
			t.Run(fmt.Sprintf("to schema %d, after the %s statement", to, where), func(t *testing.T) {
				t.Parallel()
				dir := oldRecords(t)
				child := exec.CommandContext(t.Context(), os.Args[0])
				child.Env = append(os.Environ(), upgradeDirectory+"="+dir, fmt.Sprintf("%s=%d %s", upgradeDies, to, where))
				out, err := child.CombinedOutput()
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Fatalf("the upgrade was not killed: %v: %s", err, out)
				}
				if got := schemaOf(t, dir); got != to-1 {
					t.Errorf("after the kill the schema is %d, want %d", got, to-1)
				}
				upToDate(t, dir)
				if got := schemaOf(t, dir); got != newestSchema(t) {
					t.Errorf("after the next start the schema is %d, want %d", got, newestSchema(t))
				}
			})
		}
	}
}

func newestSchema(t *testing.T) int {
	t.Helper()
	files, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d migrations, %v", len(files), err)
	}
	return len(files)
}

func schemaOf(t *testing.T, dir string) (version int) {
	t.Helper()
	name, err := dsn(dir, "mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(t.Context(), "SELECT MAX(version_id) FROM goose_db_version").Scan(&version); err != nil {
		t.Fatal(err)
	}
	return version
}

// upgradeDirectory tells the test binary that it is an upgrade, upgradeDies in which migration and after which of its statements it is killed.
const (
	upgradeDirectory = "LINECTL_TEST_UPGRADE"
	upgradeDies      = "LINECTL_TEST_UPGRADE_DIES"
)

// upgradeUntilKilled brings records up to date as migrate does, by migrations of which one has a deadly statement in it.
func upgradeUntilKilled(dir, dies string) error {
	var to int
	var where string
	if _, err := fmt.Sscan(dies, &to, &where); err != nil {
		return err
	}
	sql.Register("deadly", &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		return c.RegisterFunc("die", func() int { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }, false)
	}})
	files := fstest.MapFS{}
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return err
	}
	for i, name := range names {
		source, err := fs.ReadFile(migrationFiles, name)
		if err != nil {
			return err
		}
		text := string(source)
		if i+1 == to && where == "first" {
			text = strings.Replace(text, ";\n", ";\nSELECT die();\n", 1)
		} else if i+1 == to {
			text += "\nSELECT die();\n"
		}
		files[path.Base(name)] = &fstest.MapFile{Data: []byte(text)}
	}
	name, err := dsn(dir, "_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_foreign_keys=1")
	if err != nil {
		return err
	}
	db, err := sql.Open("deadly", name)
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = provider.Up(context.Background())
	return err
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
