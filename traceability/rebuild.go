package traceability

import (
	"context"
	"fmt"
	"slices"

	"linectl/line"
)

// folded lists every table that is a fold of the journal, parents before their children.
var folded = []string{
	"line_starts", "recipes", "orders", "packs", "modules", "lots", "cells", "receipts", "gradings", "reservations", "pack_cells",
	"devices", "attempts", "open_intents", "characteristics", "measurements", "joints", "steps", "moves", "positions", "reworks",
	"invalidations", "dispositions", "holds", "alarms", "alarm_actions", "actions", "materials", "loaded", "pack_lots", "tools", "masters", "stations",
	"account_changes", "state_changes", "quarantine_words",
}

// rebuild empties the folded tables and folds the journal into them again.
func (w *writer) rebuild() error {
	return w.transaction(func() error {
		w.fold.exec("PRAGMA defer_foreign_keys = 1")
		for _, table := range slices.Backward(folded) {
			w.fold.exec("DELETE FROM " + table)
		}
		w.fold.caches = newCaches()
		return w.foldAll(context.Background())
	})
}

func (w *writer) foldAll(ctx context.Context) error {
	for from := uint64(1); ; from += page {
		rows, err := readRows(ctx, w.conn, "", from, page)
		if err != nil {
			return err
		}
		for _, r := range rows {
			fact, err := line.DecodeFact(r.kind, r.body)
			if err != nil {
				return fmt.Errorf("journal entry %d: %w", r.seq, err)
			}
			w.fold.entry(r, fact)
		}
		if len(rows) < page || w.fold.err != nil {
			return w.fold.err
		}
	}
}
