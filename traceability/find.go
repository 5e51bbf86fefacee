package traceability

import (
	"context"
	"fmt"

	"linectl/line"
)

// find looks a pack up by working identity, serial, module or the code of a cell in it, and says by what it was found.
func find(ctx context.Context, q querier, id string) (summary Summary, found string, err error) {
	type hit struct {
		pack  int64
		found string
	}
	hits, err := list(ctx, q, func(h *hit) []any { return []any{&h.pack, &h.found} }, findQuery, id, id, id, id)
	if err != nil {
		return summary, "", err
	}
	if len(hits) == 0 {
		return summary, "", &NotFoundError{ID: id}
	}
	h := hits[len(hits)-1] // A cell of a pack that was given up may have been used again: the last one has it.
	packs, err := list(ctx, q, summaryFields, summarySelect+" WHERE p.pack_id = ?", h.pack)
	if err != nil {
		return summary, "", err
	}
	return packs[0], h.found, nil
}

const findQuery = `SELECT pack_id, 'pack' FROM packs WHERE name = ?
	UNION ALL SELECT pack_id, 'serial of pack ' || name FROM packs WHERE serial = ?
	UNION ALL SELECT pack_id, 'module ' || number FROM modules WHERE name = ?
	UNION ALL SELECT pc.pack_id, 'cell in slot ' || pc.slot FROM cells c JOIN pack_cells pc ON pc.cell_id = c.cell_id WHERE c.code = ?`

// Cell is all that the records hold about one cell.
type Cell struct {
	Cell     line.CellID    `json:"cell"`
	Item     string         `json:"item"`
	Lot      line.LotID     `json:"lot"`
	Receipts []Receipt      `json:"receipts"`
	Gradings []Grading      `json:"gradings"`
	Station  line.StationID `json:"station"` // where it was seen last by itself
	Uses     []CellUse      `json:"uses"`
}

// CellUse says in which pack and slot a cell is.
type CellUse struct {
	Pack   line.PackID    `json:"pack"`
	Serial string         `json:"serial,omitempty"`
	State  line.PackState `json:"state"`
	Module int            `json:"module"`
	Group  int            `json:"group"`
	Slot   int            `json:"slot"`
	Placed bool           `json:"placed"` // false: reserved only
}

// Cell returns the history of a cell, whether it is in a pack or not.
func (r *Reader) Cell(ctx context.Context, code line.CellID) (c Cell, err error) {
	err = r.view(ctx, func(q querier) error {
		type key struct {
			id int64
			Cell
		}
		found, err := list(ctx, q, func(k *key) []any {
			return []any{&k.id, text[line.CellID]{&k.Cell.Cell}, &k.Item, text[line.LotID]{&k.Lot}, text[line.StationID]{&k.Station}}
		}, `SELECT c.cell_id, c.code, c.item, l.name, p.station FROM cells c LEFT JOIN lots l USING (lot_id)
			LEFT JOIN positions p ON p.part = c.code WHERE c.code = ?`, string(code))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return &NotFoundError{ID: string(code)}
		}
		c = found[0].Cell
		place := PlaceCell{identifier: found[0].id}
		if err := readCellHistory(ctx, q, &place); err != nil {
			return err
		}
		c.Receipts, c.Gradings = place.Receipts, place.Gradings
		c.Uses, err = list(ctx, q, func(u *CellUse) []any {
			return []any{
				text[line.PackID]{&u.Pack}, text[string]{&u.Serial}, text[line.PackState]{&u.State}, &u.Module, &u.Group, &u.Slot, &u.Placed,
			}
		}, `SELECT p.name, p.serial, p.state, pc.module_no, pc.group_no, pc.slot, pc.placed_seq IS NOT NULL
			FROM pack_cells pc JOIN packs p USING (pack_id) WHERE pc.cell_id = ? ORDER BY pc.reserved_seq`, found[0].id)
		return err
	})
	return c, err
}

// readCellHistory fills in the receipts and gradings of a cell.
func readCellHistory(ctx context.Context, q querier, c *PlaceCell) (err error) {
	c.Receipts, err = list(ctx, q, func(r *Receipt) []any {
		return []any{
			&r.Seq, at{&r.At}, text[line.StationID]{&r.Station}, text[line.Verdict]{&r.Verdict}, &r.Bin, &r.Reason, fromJSON{&r.Supplier},
		}
	}, "SELECT seq, at_us, station, verdict, bin, reason, supplier FROM receipts WHERE cell_id = ? ORDER BY seq", c.identifier)
	if err != nil {
		return fmt.Errorf("receipts of cell %s: %w", c.Cell, err)
	}
	c.Gradings, err = list(ctx, q, func(g *Grading) []any {
		return []any{
			&g.Seq, at{&g.At}, text[line.StationID]{&g.Station}, &g.Attempt, &g.CapacityAh, text[line.Verdict]{&g.Verdict}, &g.Bin, &g.Lane, &g.Reason,
		}
	}, "SELECT seq, at_us, station, attempt, capacity_ah, verdict, bin, lane, reason FROM gradings WHERE cell_id = ? ORDER BY seq", c.identifier)
	if err != nil {
		return fmt.Errorf("gradings of cell %s: %w", c.Cell, err)
	}
	for i := range c.Gradings {
		g := &c.Gradings[i]
		readings, err := readMeasurements(ctx, q, "m.pack_id = 0 AND m.seq = ?", g.Seq)
		if err != nil {
			return fmt.Errorf("readings of cell %s: %w", c.Cell, err)
		}
		g.Measurements = readings[g.Seq]
	}
	return nil
}
