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
		rows, err := s.reader.db.QueryContext(t.Context(), "SELECT * FROM "+name+" ORDER BY 1, 2")
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			row := make([]any, len(columns))
			into := make([]any, len(columns))
			for i := range row {
				into[i] = &row[i]
			}
			if err := rows.Scan(into...); err != nil {
				t.Fatal(err)
			}
			tables[name] = append(tables[name], fmt.Sprintf("%v", row))
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return tables
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
