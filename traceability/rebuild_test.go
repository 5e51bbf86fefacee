package traceability

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// dump reads every row of every folded table.
func dump(t testing.TB, s *Store) map[string][]string {
	t.Helper()
	tables := map[string][]string{}
	for _, name := range folded {
		tables[name] = dumpTable(t, s, name)
	}
	return tables
}

func dumpTable(t testing.TB, s *Store, name string) (all []string) {
	t.Helper()
	rows, err := s.reader.db.QueryContext(t.Context(), "SELECT * FROM "+name+" ORDER BY 1, 2")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprintf("%v", row))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func sameAfterRebuild(t testing.TB, s *Store) {
	t.Helper()
	before := dump(t, s)
	if err := s.Rebuild(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, dump(t, s)); diff != "" {
		t.Fatalf("a rebuild gives other tables (-folded +rebuilt):\n%s", diff)
	}
}
