package main

import (
	"context"
	"fmt"

	"linectl/line"
	"linectl/traceability"
)

// compare holds the line's state against the store's tables: two folds of one journal, by code that has nothing in common.
func (r *replayed) compare(ctx context.Context, reader *traceability.Reader, s line.Snapshot) error {
	packs, err := allPacks(ctx, reader)
	if err != nil {
		return err
	}
	more, err := reader.Entries(ctx, s.Seq+1, 1)
	if err != nil {
		return err
	}
	if len(more) > 0 {
		r.Skipped = "the line has gone on meanwhile; stop it, or replay a copy"
		return nil
	}
	r.packs(packs, s)
	r.orders(packs, s)
	return nil
}

// allPacks lists every pack of the records, in the order in which they were begun.
func allPacks(ctx context.Context, reader *traceability.Reader) (packs []traceability.Summary, err error) {
	for f := (traceability.Filter{Limit: 1000}); ; {
		page, err := reader.List(ctx, f)
		packs = append(packs, page...)
		if err != nil || len(page) < f.Limit {
			return packs, err
		}
		f.After = page[len(page)-1].Pack
	}
}

func (r *replayed) differs(format string, args ...any) {
	r.Tables = append(r.Tables, fmt.Sprintf(format, args...))
}

// packs compares how every pack ended, and where each of the others is.
func (r *replayed) packs(tables []traceability.Summary, s line.Snapshot) {
	good, first := 0, 0
	live := map[line.PackID]line.PackSnapshot{}
	for _, p := range s.Packs {
		live[p.Pack] = p
	}
	for _, t := range tables {
		if t.State == line.Released {
			good++
		}
		if t.FirstPass {
			first++
		}
		p, on := live[t.Pack]
		delete(live, t.Pack)
		switch {
		case on && (p.State != t.State || p.At != t.Station || p.Serial != "" && t.Serial != "" && p.Serial != t.Serial):
			r.differs("%s is %s at %s, and by the replay %s at %s", t.Pack, t.State, dash(string(t.Station)), p.State, dash(string(p.At)))
		case !on && (t.State == line.InProcess || t.State == line.InRework):
			r.differs("%s is %s, and by the replay it is not on the line", t.Pack, t.State)
		}
	}
	for id, p := range live {
		r.differs("%s is %s by the replay, and not known", id, p.State)
	}
	if good != s.Good || first != s.FirstPass {
		r.differs("good %d, first pass %d; by the replay good %d, first pass %d", good, first, s.Good, s.FirstPass)
	}
}

// orders compares what has become of every order.
func (r *replayed) orders(tables []traceability.Summary, s line.Snapshot) {
	ended := map[line.OrderID]map[line.PackState]int{}
	for _, t := range tables {
		if ended[t.Order] == nil {
			ended[t.Order] = map[line.PackState]int{}
		}
		ended[t.Order][t.State]++
	}
	for _, o := range s.Orders {
		e := ended[o.Order]
		if e[line.Released] != o.Released || e[line.Scrapped] != o.Scrapped || e[line.Quarantined] != o.Quarantined {
			r.differs("order %s has %d released, %d scrapped, %d quarantined; by the replay %d, %d, %d", o.Order,
				e[line.Released], e[line.Scrapped], e[line.Quarantined], o.Released, o.Scrapped, o.Quarantined)
		}
	}
}
