package traceability

import (
	"context"
	"time"

	"linectl/line"
)

// Summary is one pack in one line. FirstPass is recomputed from the raw results: released, and nothing in its way that was
// not good the first time.
type Summary struct {
	Pack       line.PackID    `json:"pack"`
	Product    string         `json:"product"`
	Order      line.OrderID   `json:"order"`
	Number     int            `json:"number"` // n-th of its order
	Revision   string         `json:"revision"`
	RecipeHash string         `json:"recipe_hash"`
	Simulated  bool           `json:"simulated"`
	State      line.PackState `json:"state"`
	Station    line.StationID `json:"station"`
	Build      int            `json:"build"`
	Serial     string         `json:"serial,omitempty"`
	FirstPass  bool           `json:"first_pass"`
	Begun      time.Time      `json:"begun"`
	Ended      *time.Time     `json:"ended"` // nil while the pack is on the line
	id         int64
	seq        int64
	endSeq     int64
}

// Filter chooses packs. The zero value of a field asks nothing.
type Filter struct {
	Product string
	Order   line.OrderID
	State   line.PackState
	Station line.StationID
	Since   time.Time // begun at or after
	Until   time.Time // begun before
	After   line.PackID
	Limit   int // 0 means 1,000
}

// clean is true of a pack whose every step and act was good at once. It stands in the summary and in the yield, so that
// there is one meaning of first pass. Task 1 only lets the part go: the next scanner proves that it went.
const clean = `NOT EXISTS (SELECT 1 FROM reworks r WHERE r.pack_id = p.pack_id)
	AND NOT EXISTS (SELECT 1 FROM steps s WHERE s.pack_id = p.pack_id AND (s.clean = 0 OR s.verdict <> 'OK'))
	AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.pack_id = p.pack_id AND a.task <> 1 AND (a.verdict IN ('NOK', 'UNKNOWN') OR a.attempt > 1))`

const summarySelect = `SELECT p.pack_id, p.seq, p.disposed_seq, p.name, p.product, o.name, p.number, r.revision, r.hash, p.simulated, p.state, p.station,
	p.build, p.serial, p.state = 'released' AND ` + clean + `, p.at_us, p.disposed_us
	FROM packs p LEFT JOIN orders o USING (order_id) LEFT JOIN recipes r ON r.recipe_id = p.recipe_id`

func summaryFields(s *Summary) []any {
	return []any{
		&s.id, &s.seq,
		whole[int64]{&s.endSeq},
		text[line.PackID]{&s.Pack},
		&s.Product,
		text[line.OrderID]{&s.Order},
		&s.Number,
		text[string]{&s.Revision},
		text[string]{&s.RecipeHash},
		&s.Simulated,
		text[line.PackState]{&s.State},
		text[line.StationID]{&s.Station},
		&s.Build,
		text[string]{&s.Serial},
		&s.FirstPass,
		at{&s.Begun},
		maybeAt{&s.Ended},
	}
}

// listQuery returns the pack list's query. It walks the packs in the order in which they began.
func listQuery(f Filter) (query string, args []any) {
	query = summarySelect + " WHERE p.pack_id > COALESCE((SELECT pack_id FROM packs WHERE name = ?), 0)"
	args = []any{string(f.After)}
	and := func(condition string, value any) {
		query += " AND " + condition
		args = append(args, value)
	}
	if f.Product != "" {
		and("p.product = ?", f.Product)
	}
	if f.Order != "" {
		and("o.name = ?", string(f.Order))
	}
	if f.State != "" {
		and("p.state = ?", string(f.State))
	}
	if f.Station != "" {
		and("p.station = ?", string(f.Station))
	}
	if !f.Since.IsZero() {
		and("p.at_us >= ?", f.Since.UnixMicro())
	}
	if !f.Until.IsZero() {
		and("p.at_us < ?", f.Until.UnixMicro())
	}
	if f.Limit <= 0 {
		f.Limit = 1000
	}
	return query + " ORDER BY p.pack_id LIMIT ?", append(args, f.Limit)
}

// List returns the packs that a filter chooses, in the order in which they began. To go on, ask again with After set to the
// last one.
func (r *Reader) List(ctx context.Context, f Filter) ([]Summary, error) {
	query, args := listQuery(f)
	packs, err := list(ctx, r.db, summaryFields, query, args...)
	if err != nil {
		return nil, explain(r.dir, err)
	}
	return packs, nil
}

// Yield counts packs. FirstPass counts only released packs in whose way everything was good the first time.
type Yield struct {
	Begun       int `json:"begun"`
	Released    int `json:"released"`
	Scrapped    int `json:"scrapped"`
	Quarantined int `json:"quarantined"`
	FirstPass   int `json:"first_pass"`
}

// Yield counts the packs of a product, or of all products when it is empty.
func (r *Reader) Yield(ctx context.Context, product string) (y Yield, err error) {
	err = r.db.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(SUM(state = 'released'), 0), COALESCE(SUM(state = 'scrapped'), 0),
		COALESCE(SUM(state = 'quarantined'), 0), COALESCE(SUM(state = 'released' AND `+clean+`), 0) FROM packs p WHERE ? IN ('', product)`,
		product).Scan(&y.Begun, &y.Released, &y.Scrapped, &y.Quarantined, &y.FirstPass)
	if err != nil {
		return y, explain(r.dir, err)
	}
	return y, nil
}

// RecipeSource returns the whole text of a recipe revision by its hash, as it was pinned.
func (r *Reader) RecipeSource(ctx context.Context, hash string) (string, error) {
	sources, err := list(ctx, r.db, func(s *string) []any { return []any{text[string]{s}} },
		"SELECT source FROM recipes WHERE hash = ? AND source IS NOT NULL", hash)
	if err != nil {
		return "", explain(r.dir, err)
	}
	if len(sources) == 0 {
		return "", &NotFoundError{ID: hash}
	}
	return sources[0], nil
}
