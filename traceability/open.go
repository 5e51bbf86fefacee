package traceability

import (
	"context"
	"database/sql"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
)

// fileName is the database in the data directory; SQLite keeps its -wal and -shm files beside it.
const fileName = "records.db"

// applicationID stands in the header of the database file and says that it is ours: "LINE".
const applicationID = 0x4C494E45

//go:embed migrations/*.sql
var migrationFiles embed.FS

// dsn makes the data source name of the database in dir with SQLite's own and the driver's parameters.
func dsn(dir, parameters string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return "", fmt.Errorf("data directory %s: %w", dir, err)
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: parameters}).String(), nil
}

// fileState tells a fresh database file from one of ours. Any other file is an error: it is left as it is. Where somebody died in
// mark, a journal lies beside the file: what the header says then is undone as soon as SQLite opens it, so the file counts as fresh.
func fileState(dir string) (fresh bool, err error) {
	f, err := os.Open(filepath.Join(dir, fileName))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, explain(dir, err)
	}
	defer f.Close()
	header := make([]byte, 100)
	n, err := io.ReadFull(f, header)
	switch {
	case n == 0:
		return true, nil
	case err != nil || string(header[:16]) != "SQLite format 3\x00" || binary.BigEndian.Uint32(header[68:]) != applicationID:
		return false, fmt.Errorf("%s is not a linectl record store; move it away or choose another --data", filepath.Join(dir, fileName))
	}
	_, err = os.Stat(filepath.Join(dir, fileName+"-journal"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// openWriter opens the one connection that writes, prepares a fresh file, and brings the schema up to date. It proves that
// commits are durable by reading the setting back, because the driver is compiled with another default.
func openWriter(ctx context.Context, dir string) (*sql.DB, error) {
	fresh, err := fileState(dir)
	if err != nil {
		return nil, err
	}
	if fresh {
		if err := mark(ctx, dir); err != nil {
			return nil, err
		}
	}
	name, err := dsn(dir, "_journal_mode=WAL&_synchronous=FULL&_txlock=immediate&_busy_timeout=5000&_foreign_keys=1")
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		return nil, explain(dir, err)
	}
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(1)
	var mode string
	var synchronous int
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
	if err == nil {
		err = db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous)
	}
	if err == nil && (mode != "wal" || synchronous != 2) {
		err = fmt.Errorf("commits would not be durable: journal mode %s, synchronous %d; want wal and 2", mode, synchronous)
	}
	if err == nil {
		err = migrate(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(explain(dir, err), db.Close())
	}
	return db, nil
}

// mark creates the database file, readable by its owner only, and writes into its header that it is ours. It does so before
// the file enters WAL mode, so that the header is never only in the -wal file.
func mark(ctx context.Context, dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, fileName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return explain(dir, err)
	}
	if err := f.Close(); err != nil {
		return explain(dir, err)
	}
	name, err := dsn(dir, "_synchronous=FULL")
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite3", name)
	if err != nil {
		return explain(dir, err)
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID))
	if err = errors.Join(err, db.Close()); err != nil {
		return explain(dir, err)
	}
	return nil
}

// migrate brings the schema up to what this program knows. A newer schema is an error: an older program would not keep
// every table of it.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	current, known, err := provider.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > known {
		return fmt.Errorf("written by a newer linectl (schema %d, this one knows %d); use that version or a later one", current, known)
	}
	_, err = provider.Up(ctx)
	return err
}

// explain says what an error of the file system or of SQLite means for the person at the line, and what to do.
func explain(dir string, err error) error {
	var lite sqlite3.Error
	errors.As(err, &lite)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), lite.Code == sqlite3.ErrReadonly, lite.Code == sqlite3.ErrPerm:
		return fmt.Errorf("data directory %s cannot be written; give this user write access or choose another --data: %w", dir, err)
	case errors.Is(err, syscall.ENOSPC), lite.Code == sqlite3.ErrFull:
		return fmt.Errorf("disk full at data directory %s; free space and start again: %w", dir, err)
	case lite.Code == sqlite3.ErrNotADB:
		return fmt.Errorf("%s is not a linectl record store; move it away or choose another --data: %w", filepath.Join(dir, fileName), err)
	case lite.Code == sqlite3.ErrCorrupt:
		return fmt.Errorf("record store in %s is damaged; keep a copy of the directory and restore the last backup: %w", dir, err)
	case lite.Code == sqlite3.ErrIoErr:
		return fmt.Errorf("disk error at data directory %s; check the disk, then start again: %w", dir, err)
	}
	return fmt.Errorf("record store in %s: %w", dir, err)
}
