package traceability

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"linectl/line"
)

// waveformDir holds the waveforms below the data directory: the file of a waveform is named by the SHA-256 of its contents and
// lies in a directory named by the first two digits, waveforms/3f/3fa9….
const waveformDir = "waveforms"

func waveformPath(dir, hash string) string {
	return filepath.Join(dir, waveformDir, hash[:2], hash)
}

// KeepWaveform makes a waveform durable, file and directories, before the result that names it is recorded. It never writes over
// a file: one that is there with the same contents is made durable once more, one with other contents is an error. A file that
// no record names, as a crash between the two leaves it, does no harm: nobody looks at it. It may be called from any goroutine,
// and an error of it leaves the store alive: the result is then recorded without a waveform.
func (s *Store) KeepWaveform(encoding []byte) (hash string, err error) {
	hash = line.WaveformHash(encoding)
	path := waveformPath(s.dir, hash)
	folder := filepath.Dir(path)
	err = s.makeFolder(folder)
	if err == nil {
		err = place(folder, path, encoding)
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if err != nil {
		return "", fmt.Errorf("waveform %s: %w", hash, explain(s.dir, err))
	}
	return hash, nil
}

// makeFolder makes a folder and its name durable. That it is there already says little: a process may have been killed between
// the two. So the names are synced at the first use in the life of each store.
func (s *Store) makeFolder(folder string) error {
	_, known := s.folders.Load(folder)
	if _, err := os.Stat(folder); known && err == nil {
		return nil
	}
	err := os.MkdirAll(folder, 0o700)
	if err == nil {
		err = syncFolder(filepath.Join(s.dir, waveformDir))
	}
	if err == nil {
		err = syncFolder(s.dir)
	}
	if err == nil {
		s.folders.Store(folder, true)
	}
	return err
}

// place puts a file in its place as a whole or not at all, and syncs it.
func place(folder, path string, contents []byte) error {
	f, err := os.CreateTemp(folder, "unfinished-*")
	if err != nil {
		return err
	}
	_, err = f.Write(contents)
	if err == nil {
		err = f.Chmod(0o400)
	}
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Link(f.Name(), path) // fails if the name is taken
	}
	if err = errors.Join(err, os.Remove(f.Name())); errors.Is(err, fs.ErrExist) {
		return again(path, contents)
	}
	return err
}

// again proves that a file holds what was to be written, and syncs it.
func again(path string, contents []byte) error {
	f, err := os.Open(path) //nolint:gosec // the name is made of a hash
	if err != nil {
		return err
	}
	found, err := os.ReadFile(path) //nolint:gosec // as above
	if err == nil && !bytes.Equal(found, contents) {
		err = fmt.Errorf("%s is there and does not hold what its name says; keep it as evidence and restore the last backup", path)
	}
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

func syncFolder(path string) error {
	d, err := os.Open(path) //nolint:gosec // the name is made of a hash
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Waveform is a waveform with the act that it belongs to.
type Waveform struct {
	Hash       string         `json:"hash"`
	Seq        int64          `json:"seq"` // the journal entry of the result
	At         time.Time      `json:"at"`
	Station    line.StationID `json:"station"`
	Pack       line.PackID    `json:"pack"`
	Joint      int            `json:"joint"`
	Attempt    int            `json:"attempt"`
	Task       line.Task      `json:"task"`
	Verdict    line.Verdict   `json:"verdict"`
	RecipeHash string         `json:"recipe_hash"` // by which the pack is built
	Curve      line.Waveform  `json:"-"`
}

const waveformQuery = `SELECT j.seq, n.at_us, n.station, p.name, j.joint, j.attempt, j.task, j.verdict, r.hash
	FROM joints j JOIN packs p USING (pack_id) LEFT JOIN recipes r USING (recipe_id) JOIN journal n ON n.seq = j.seq WHERE j.waveform = ? ORDER BY j.seq LIMIT 1`

// Waveform returns the waveform with a hash. A hash that no record names is a *NotFoundError; a file that is missing or altered
// is an error that names it.
func (r *Reader) Waveform(ctx context.Context, hash string) (*Waveform, error) {
	found, err := list(ctx, r.db, func(w *Waveform) []any {
		return []any{
			&w.Seq,
			at{&w.At},
			text[line.StationID]{&w.Station},
			text[line.PackID]{&w.Pack},
			&w.Joint, &w.Attempt,
			whole[line.Task]{&w.Task},
			text[line.Verdict]{&w.Verdict},
			text[string]{&w.RecipeHash},
		}
	}, waveformQuery, hash)
	if err != nil {
		return nil, explain(r.dir, err)
	}
	if len(found) == 0 || !line.IsWaveformHash(hash) {
		return nil, &NotFoundError{ID: hash}
	}
	w := found[0]
	w.Hash = hash
	if w.Curve, err = readWaveform(r.dir, hash); err != nil {
		return nil, err
	}
	return &w, nil
}

// readWaveform reads a file and proves that it is what its name says.
func readWaveform(dir, hash string) (line.Waveform, error) {
	if !line.IsWaveformHash(hash) {
		return line.Waveform{}, fmt.Errorf("%q is no name of a waveform", hash)
	}
	path := waveformPath(dir, hash)
	contents, err := os.ReadFile(path) //nolint:gosec // the name is made of a hash
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return line.Waveform{}, fmt.Errorf("the file %s is missing; restore it from the last backup", path)
	case err != nil:
		return line.Waveform{}, fmt.Errorf("waveform: %w", err)
	case line.WaveformHash(contents) != hash:
		return line.Waveform{}, fmt.Errorf("the file %s was altered: its contents have the hash %s; restore it from the last backup", path, line.WaveformHash(contents))
	}
	w, err := line.DecodeWaveform(contents)
	if err != nil {
		return w, fmt.Errorf("the file %s: %w", path, err)
	}
	return w, nil
}
