package traceability

import (
	"context"
	"math"
	"strings"
	"time"

	"linectl/line"
)

// Hit is a pack that a search has found, and by what.
type Hit struct {
	Summary
	Found string `json:"found"` // "pack", "serial", "module 2", "cell in slot 7", "lot of cells", "lot of a consumable", "order", "product"
}

// hitQuery finds packs by what belongs to one or a few of them. Text 1 and 2 span every name that begins with the text.
const hitQuery = `WITH hit (pack_id, found) AS (
	SELECT pack_id, 'pack' FROM packs WHERE name >= ?1 AND name < ?2
	UNION ALL SELECT pack_id, 'serial' FROM packs WHERE serial = ?1
	UNION ALL SELECT pack_id, 'module ' || number FROM modules WHERE name = ?1
	UNION ALL SELECT pc.pack_id, 'cell in slot ' || pc.slot FROM cells c JOIN pack_cells pc USING (cell_id) WHERE c.code = ?1
	UNION ALL SELECT pc.pack_id, 'lot of cells' FROM lots l JOIN pack_cells pc USING (lot_id) WHERE l.name = ?1
	UNION ALL SELECT pl.pack_id, 'lot of a consumable' FROM lots l JOIN pack_lots pl USING (lot_id) WHERE l.name = ?1
	UNION ALL SELECT p.pack_id, 'order' FROM orders o JOIN packs p USING (order_id) WHERE o.name = ?1)
	SELECT pack_id, MIN(found) FROM hit WHERE pack_id < ?3 GROUP BY pack_id ORDER BY pack_id DESC LIMIT ?4`

// productQuery walks back through the packs of a product, or of all products.
const productQuery = "SELECT pack_id, CASE ?1 WHEN '' THEN 'pack' ELSE 'product' END FROM packs WHERE pack_id < ?2 AND ?1 IN ('', product) ORDER BY pack_id DESC LIMIT ?3"

// Search returns packs by any identity: the beginning of a working identity, or a serial, module, cell, lot, order or product.
// An empty text means every pack. The newest come first, limit at most; before is where to go on, 0 at first, and the number
// that comes back is the before of the next page, 0 when there is none.
func (r *Reader) Search(ctx context.Context, id string, before int64, limit int) (hits []Hit, next int64, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	id = strings.TrimSpace(id)
	type key struct {
		pack  int64
		found string
	}
	fields := func(k *key) []any { return []any{&k.pack, &k.found} }
	err = r.view(ctx, func(q querier) error {
		var keys []key
		products, err := list(ctx, q, func(n *int) []any { return []any{n} }, "SELECT COUNT(*) FROM recipes WHERE product = ?", id)
		if err != nil {
			return err
		}
		if id == "" || products[0] > 0 {
			keys, err = list(ctx, q, fields, productQuery, id, before, limit+1)
		} else {
			keys, err = list(ctx, q, fields, hitQuery, id, id+"\U0010ffff", before, limit+1)
		}
		if err != nil {
			return err
		}
		if len(keys) > limit {
			keys = keys[:limit]
			next = keys[limit-1].pack
		}
		hits = make([]Hit, 0, len(keys))
		for _, k := range keys {
			packs, err := list(ctx, q, summaryFields, summarySelect+" WHERE p.pack_id = ?", k.pack)
			if err != nil {
				return err
			}
			hits = append(hits, Hit{packs[0], k.found})
		}
		return nil
	})
	return hits, next, err
}

// Order is one order with what became of its packs.
type Order struct {
	Order       line.OrderID `json:"order"`
	Product     string       `json:"product"`
	Revision    string       `json:"revision"`
	Quantity    int          `json:"quantity"`
	Added       time.Time    `json:"added"`
	Started     int          `json:"started"`
	Released    int          `json:"released"`
	Scrapped    int          `json:"scrapped"`
	Quarantined int          `json:"quarantined"`
	FirstPass   int          `json:"first_pass"`
	Ended       *time.Time   `json:"ended"` // when the last pack got its disposition; nil while packs are owed
	id          int64
}

const orderQuery = `SELECT o.order_id, o.name, o.product, r.revision, o.quantity, o.at_us, COUNT(p.pack_id), COALESCE(SUM(p.state = 'released'), 0),
	COALESCE(SUM(p.state = 'scrapped'), 0), COALESCE(SUM(p.state = 'quarantined'), 0), COALESCE(SUM(p.state = 'released' AND ` + clean + `), 0),
	CASE WHEN COUNT(p.disposed_us) >= o.quantity THEN MAX(p.disposed_us) END
	FROM orders o LEFT JOIN recipes r ON r.recipe_id = o.recipe_id LEFT JOIN packs p ON p.order_id = o.order_id
	WHERE o.order_id < ? GROUP BY o.order_id ORDER BY o.order_id DESC LIMIT ?`

// Orders returns orders, the newest first, as Search pages them.
func (r *Reader) Orders(ctx context.Context, before int64, limit int) (orders []Order, next int64, err error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	orders, err = list(ctx, r.db, func(o *Order) []any {
		return []any{
			&o.id,
			text[line.OrderID]{&o.Order},
			&o.Product,
			text[string]{&o.Revision},
			&o.Quantity,
			at{&o.Added},
			&o.Started, &o.Released,
			&o.Scrapped, &o.Quarantined, &o.FirstPass,
			maybeAt{&o.Ended},
		}
	}, orderQuery, before, limit+1)
	if err != nil {
		return nil, 0, explain(r.dir, err)
	}
	if len(orders) > limit {
		orders = orders[:limit]
		next = orders[limit-1].id
	}
	return orders, next, nil
}
