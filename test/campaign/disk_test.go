package campaign_test

import (
	"context"
	"os"
	"testing"

	"linectl/checker"
	"linectl/checker/recordstore"
	"linectl/line"
	"linectl/test/campaign"
	"linectl/traceability"
)

// database is a real record store in a directory.
type database struct {
	dir string
	*traceability.Store
}

func newDatabase(t testing.TB) *database {
	t.Helper()
	in := "/dev/shm" // what a sync is worth is shown elsewhere (test/powerloss); here it would only take time
	if _, err := os.Stat(in); err != nil {
		in = ""
	}
	dir, err := os.MkdirTemp(in, "campaign")
	if err != nil {
		t.Fatal(err)
	}
	d := &database{dir: dir}
	if d.Store, err = traceability.Open(d.dir); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *database) Reopen() ([]line.Record, error) {
	if err := d.Close(); err != nil {
		return nil, err
	}
	var err error
	if d.Store, err = traceability.Open(d.dir); err != nil {
		return nil, err
	}
	var all []line.Record
	err = d.Replay(1, func(e line.Entry) error {
		all = append(all, e.Record)
		return nil
	})
	return all, err
}

var _ campaign.Disk = (*database)(nil)

// Rows reads the journal past the store, as another program does.
func (d *database) Rows() ([]checker.Entry, error) {
	return recordstore.Journal(context.Background(), d.dir)
}

var _ campaign.Rows = (*database)(nil)
