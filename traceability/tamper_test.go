package traceability

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linectl/line"
)

// A thousand random edits of single journal rows, careful enough to leave everything else alone: each is found, at the row
// that was touched or at the place where it was.
func TestEveryEditOfTheJournalIsFound(t *testing.T) {
	h := newHistory()
	h.pack(1, 7)
	s := h.stored(t, t.TempDir())
	original, err := readRows(t.Context(), s.reader.db, "", 1, 10_000)
	if err != nil || len(original) != len(h.records) {
		t.Fatalf("%d rows, %v", len(original), err)
	}
	chance := rand.New(rand.NewPCG(1, 2))
	for n := range 1000 {
		rows := append([]row(nil), original...)
		i := chance.IntN(len(rows) - 1)
		r := &rows[i]
		what := chance.IntN(8)
		switch what {
		case 0:
			r.body = []byte(strings.Replace(string(r.body), `"`, `'`, 1))
		case 1:
			r.body = append([]byte(nil), r.body...)
			r.body[chance.IntN(len(r.body))] ^= 1 << chance.IntN(7)
		case 2:
			r.kind += "x"
		case 3:
			r.pack += "1"
		case 4: // A character moves from one field to the next.
			r.station, r.pack = "S"+r.station, strings.TrimPrefix(r.pack, "S")
		case 5:
			r.micros += chance.Int64N(1000) - 500
			if r.micros == original[i].micros {
				r.micros++
			}
		case 6:
			rows = append(rows[:i], rows[i+1:]...)
		case 7:
			r.hash = append([]byte(nil), r.hash...)
			r.hash[chance.IntN(32)] ^= 1 << chance.IntN(8)
		}
		head, found := newChain(), uint64(0)
		for k, r := range rows {
			if _, broken := head.follow(uint64(k+1), r); broken != nil {
				found = broken.Seq
				break
			}
		}
		if found != uint64(i+1) {
			t.Fatalf("edit %d (kind %d) of entry %d was found at %d", n, what, i+1, found)
		}
	}
}

// Edits by somebody with SQL in any table, also removal of the journal's end, are found by the verification.
func TestEditsWithSQLAreFound(t *testing.T) {
	h := newHistory()
	h.pack(1, 7)
	h.add("ST060", "", line.StateChanged{From: "Idle", To: "Starting", Cause: "test"})
	dir := t.TempDir()
	if err := h.stored(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	clean, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	chance := rand.New(rand.NewPCG(3, 4))
	last := len(h.records)
	edits := []string{
		"UPDATE journal SET body = replace(body, '\"OK\"', '\"ok\"') WHERE seq = (SELECT MAX(seq) FROM journal WHERE body LIKE '%\"OK\"%')",
		fmt.Sprintf("DELETE FROM journal WHERE seq = %d", last),
		"DELETE FROM journal WHERE seq = 1", "DELETE FROM journal WHERE seq = 77", "DELETE FROM journal",
		"INSERT INTO journal SELECT 0, kind, pack, station, at_us, body, hash FROM journal WHERE seq = 5",
		fmt.Sprintf("INSERT INTO journal SELECT %d, kind, pack, station, at_us, body, hash FROM journal WHERE seq = 5", last+1),
		"UPDATE store SET fence = 0", "UPDATE packs SET state = 'scrapped'", "UPDATE measurements SET value = 3 WHERE seq = 70 AND ordinal = 0",
		"DELETE FROM joints WHERE joint = 7", "UPDATE pack_cells SET placed_cell = 'X' WHERE slot = 1", "DROP INDEX pack_cells_lot",
	}
	for _, table := range folded {
		edits = append(edits, "DELETE FROM "+table+" WHERE rowid = 1", "anything in "+table, "anything in "+table)
	}
	found := 0
	for _, edit := range edits {
		spoilt := t.TempDir()
		if err := os.WriteFile(filepath.Join(spoilt, fileName), clean, 0o600); err != nil {
			t.Fatal(err)
		}
		if !spoil(t, spoilt, edit, chance) {
			continue
		}
		r, err := OpenReader(spoilt)
		if err != nil {
			t.Fatal(err)
		}
		report, err := r.Verify(t.Context())
		if err != nil || len(report.Problems) == 0 {
			t.Errorf("%s: not found (%v)", edit, err)
		}
		found++
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found < 60 {
		t.Errorf("only %d edits changed anything", found)
	}
}

// spoil edits the database in dir, lifting the triggers for the time of the edit, and reports whether it changed anything.
func spoil(t *testing.T, dir, edit string, chance *rand.Rand) bool {
	t.Helper()
	db, err := sql.Open("sqlite3", filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	triggers, err := list(t.Context(), db, func(s *[2]string) []any { return []any{&s[0], &s[1]} }, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
	if err != nil || len(triggers) != 2 {
		t.Fatalf("%v, %v", triggers, err)
	}
	for _, tr := range triggers {
		if _, err := db.ExecContext(t.Context(), "DROP TRIGGER "+tr[0]); err != nil {
			t.Fatal(err)
		}
	}
	if table, ok := strings.CutPrefix(edit, "anything in "); ok {
		edit = anything(t, db, table, chance)
	} else if strings.Contains(edit, "rowid") {
		table := strings.Fields(edit)[2]
		edit = "DELETE FROM " + table + " WHERE (SELECT COUNT(*) FROM " + table + ") > 0"
	}
	result, err := db.ExecContext(t.Context(), edit)
	if err != nil {
		if strings.Contains(err.Error(), "constraint") {
			return false // The database itself has refused it.
		}
		t.Fatalf("%s: %v", edit, err)
	}
	changed, _ := result.RowsAffected()
	for _, tr := range triggers {
		if _, err := db.ExecContext(t.Context(), tr[1]); err != nil {
			t.Fatal(err)
		}
	}
	return changed > 0 || strings.HasPrefix(edit, "DROP")
}

// anything makes an edit of one column of one row.
func anything(t *testing.T, db *sql.DB, table string, chance *rand.Rand) string {
	t.Helper()
	columns, err := list(t.Context(), db, func(c *[2]string) []any { return []any{&c[0], &c[1]} }, "SELECT name, type FROM pragma_table_info(?)", table)
	if err != nil {
		t.Fatal(err)
	}
	c := columns[chance.IntN(len(columns))]
	change := map[string]string{"TEXT": c[0] + " || 'x'", "INTEGER": c[0] + " + 1000000", "REAL": c[0] + " + 0.5", "BLOB": "x'00'"}[c[1]]
	return fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s IS NOT NULL", table, c[0], change, c[0])
}
