package traceability

import (
	"context"
	"time"

	"linectl/line"
)

// Use says how much of a lot is in one pack.
type Use struct {
	Pack     line.PackID    `json:"pack"`
	Product  string         `json:"product"`
	Serial   string         `json:"serial,omitempty"`
	State    line.PackState `json:"state"`
	Station  line.StationID `json:"station"` // where the pack is
	Item     string         `json:"item"`
	Cells    int            `json:"cells"`    // of a lot of cells
	Placed   int            `json:"placed"`   // of those, the cells that are in their slots already
	Quantity float64        `json:"quantity"` // of a lot of a consumable
}

const whereUsedQuery = `SELECT p.name, p.product, p.serial, p.state, p.station, l.item, COUNT(*), COUNT(pc.placed_seq), 0.0, p.pack_id
	FROM lots l JOIN pack_cells pc USING (lot_id) JOIN packs p USING (pack_id) WHERE l.name = ? GROUP BY l.lot_id, p.pack_id
	UNION ALL SELECT p.name, p.product, p.serial, p.state, p.station, l.item, 0, 0, SUM(pl.quantity), p.pack_id
	FROM lots l JOIN pack_lots pl USING (lot_id) JOIN packs p USING (pack_id) WHERE l.name = ? GROUP BY l.lot_id, p.pack_id
	ORDER BY 10, 6`

// WhereUsed returns the packs that contain something of a lot, of cells or of a consumable, in the order in which they
// began. A lot that the records do not know is a *NotFoundError; a lot that no pack has is an empty answer.
func (r *Reader) WhereUsed(ctx context.Context, lot line.LotID) (uses []Use, err error) {
	err = r.view(ctx, func(q querier) error {
		known, err := list(ctx, q, func(n *int) []any { return []any{n} }, "SELECT COUNT(*) FROM lots WHERE name = ?", string(lot))
		if err != nil {
			return err
		}
		if known[0] == 0 {
			return &NotFoundError{ID: string(lot)}
		}
		var id int64
		uses, err = list(ctx, q, func(u *Use) []any {
			return []any{
				text[line.PackID]{&u.Pack},
				&u.Product,
				text[string]{&u.Serial},
				text[line.PackState]{&u.State},
				text[line.StationID]{&u.Station},
				&u.Item, &u.Cells, &u.Placed, &u.Quantity, &id,
			}
		}, whereUsedQuery, string(lot), string(lot))
		return err
	})
	return uses, err
}

// Statistics are the moments of one measured characteristic.
type Statistics struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean"` // base unit
	Sum2  float64 `json:"sum2"` // sum of squared differences from the mean
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
}

const statisticsQuery = `WITH c AS (SELECT characteristic_id FROM characteristics WHERE station = ? AND name = ?),
	v AS (SELECT m.value FROM c JOIN measurements m USING (characteristic_id) WHERE m.at_us >= ? AND m.at_us < ? AND m.value IS NOT NULL)
	SELECT COUNT(*), COALESCE(AVG(value), 0), COALESCE(SUM((value - (SELECT AVG(value) FROM v)) * (value - (SELECT AVG(value) FROM v))), 0),
	COALESCE(MIN(value), 0), COALESCE(MAX(value), 0) FROM v`

// Statistics returns the moments of all values of a characteristic at a station that were recorded from since until before
// until. Values that were not measured do not count.
func (r *Reader) Statistics(ctx context.Context, station line.StationID, name string, since, until time.Time) (s Statistics, err error) {
	err = r.db.QueryRowContext(ctx, statisticsQuery, string(station), name, since.UnixMicro(), until.UnixMicro()).
		Scan(&s.Count, &s.Mean, &s.Sum2, &s.Min, &s.Max)
	if err != nil {
		return s, explain(r.dir, err)
	}
	return s, nil
}
