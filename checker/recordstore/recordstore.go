// Package recordstore reads the journal of a record store for the checker. It looks at the one table that is the truth, changes
// nothing, and shares no code with what writes it.
package recordstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "github.com/mattn/go-sqlite3" // the driver

	"linectl/checker"
)

// Journal reads the whole journal in the data directory of a supervisor, in its order. The supervisor may run meanwhile.
func Journal(ctx context.Context, data string) (all []checker.Entry, err error) {
	return entries(ctx, data, "")
}

// Last reads the last entry of a journal; all zero where it has none.
func Last(ctx context.Context, data string) (checker.Entry, error) {
	all, err := entries(ctx, data, " DESC LIMIT 1")
	if err != nil || len(all) == 0 {
		return checker.Entry{}, err
	}
	return all[0], nil
}

func entries(ctx context.Context, data, order string) (all []checker.Entry, err error) {
	path, err := filepath.Abs(filepath.Join(data, "records.db"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no records in %s: name the data directory of linectl run, in which records.db is", data)
	} else if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", (&url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_query_only=1"}).String())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.QueryContext(ctx, "SELECT seq, kind, pack, station, at_us, body, hash FROM journal ORDER BY seq"+order)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer rows.Close()
	for rows.Next() {
		var e checker.Entry
		if err := rows.Scan(&e.Seq, &e.Kind, &e.Pack, &e.Station, &e.Micros, &e.Body, &e.Hash); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, e)
	}
	return all, rows.Err()
}
