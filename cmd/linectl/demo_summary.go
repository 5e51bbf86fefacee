package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"linectl/line"
	"linectl/traceability"
)

// summary tells what was built, what was not good, where the records lie and how to look further. The error says what keeps
// the demo from having passed.
func (d *demo) summary(ctx context.Context, orders []line.AddOrder, c *comparison, report traceability.Report, verified bool) error {
	r, err := traceability.OpenReader(filepath.Join(d.dir, demoRecords))
	if err != nil {
		return err
	}
	defer r.Close()
	packs, err := d.packs(ctx, r, orders)
	if err != nil {
		return err
	}
	ordered := 0
	for _, o := range orders {
		ordered += o.Quantity
	}
	var errs []error
	w := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nPACK\tDISPOSITION\tSERIAL\tTOOK\tFIRST PASS\tJOINTS\tNOK JOINTS\tREWORK\tNOTE")
	finished := 0
	for _, p := range packs {
		if p.Ended != nil {
			finished++
		}
		joints, bad := jointsOf(p)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", p.Pack, p.State, dash(p.Serial), took(p.Summary), yes(p.FirstPass), joints, bad, len(p.Reworks), reason(p))
		if p.State == line.Released && len(p.Missing) > 0 {
			errs = append(errs, fmt.Errorf("demo: %s is released and lacks: %s", p.Pack, strings.Join(p.Missing, "; ")))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if finished < ordered && !d.forever {
		errs = append(errs, fmt.Errorf("demo: %d of %d packs have a disposition", finished, ordered))
	}
	d.tellCells()
	d.tellProof(c, report, verified)
	d.tellWhere(packs)
	return errors.Join(errs...)
}

// lastPacks is how many packs a demo without end shows in its summary.
const lastPacks = 20

// packs returns the dossiers of what this demo ordered; of a demo without end, the last ones.
func (d *demo) packs(ctx context.Context, r *traceability.Reader, orders []line.AddOrder) ([]*traceability.Dossier, error) {
	var all []*traceability.Dossier
	filters := make([]traceability.Filter, 0, len(orders))
	for _, o := range orders {
		filters = append(filters, traceability.Filter{Order: o.Order})
	}
	if d.forever {
		filters = []traceability.Filter{{Limit: math.MaxInt32}}
	}
	for _, f := range filters {
		list, err := r.List(ctx, f)
		if err != nil {
			return nil, err
		}
		if d.forever {
			list = list[max(0, len(list)-lastPacks):]
		}
		for _, p := range list {
			dossier, err := wholeDossier(ctx, r, string(p.Pack))
			if err != nil {
				return nil, err
			}
			all = append(all, dossier)
		}
	}
	return all, nil
}

// jointsOf counts the joints of a pack, and those that were not good at first.
func jointsOf(d *traceability.Dossier) (joints, bad int) {
	nok := map[int]bool{}
	for _, j := range d.Joints {
		for _, w := range j.Welds {
			if w.Verdict != line.OK {
				nok[j.Joint] = true
			}
		}
	}
	for _, s := range d.Steps {
		if s.Step == line.Inspect {
			for _, i := range s.NOK {
				nok[i] = true
			}
		}
	}
	return len(d.Joints), len(nok)
}

func reason(d *traceability.Dossier) string {
	if n := len(d.Dispositions); n > 0 && d.State != line.Released {
		return d.Dispositions[n-1].Reason
	}
	return ""
}

func (d *demo) tellCells() {
	c := d.last.Cells
	var bins []string
	for _, b := range slices.Sorted(maps.Keys(c.Bins)) {
		bins = append(bins, fmt.Sprintf("NG%d %d", b, c.Bins[b]))
	}
	fmt.Fprintf(d.out, "\ncells: %d received, %d rejected (%s), %d good ones wait for the next packs\n", c.Received, c.Rejected, dash(strings.Join(bins, ", ")), c.Pool)
}

func (d *demo) tellProof(c *comparison, report traceability.Report, verified bool) {
	if c != nil && len(c.differ) == 0 {
		fmt.Fprintf(d.out, "ground truth: %d cells, %d joints and %d weld readings agree with the records, none differs\n", c.cells, c.joints, c.values)
	} else if c != nil {
		fmt.Fprintf(d.out, "ground truth: %d DIFFERENCES\n", len(c.differ))
	}
	if verified {
		fmt.Fprintf(d.out, "journal: %d entries, %d releases recomputed, %d acts open, the chain verifies\n", report.Entries, report.Released, len(report.OpenIntents))
	} else {
		fmt.Fprintln(d.out, "journal: NOT VERIFIED")
	}
	fmt.Fprintf(d.out, "time: %v in all\n", time.Since(d.began).Round(100*time.Millisecond))
}

// tellWhere prints commands that work as they stand.
func (d *demo) tellWhere(packs []*traceability.Dossier) {
	me, data := myself(), filepath.Join(d.dir, demoRecords)
	fmt.Fprintf(d.out, "\nthe records lie in %s; look further with\n", data)
	if len(packs) > 0 {
		fmt.Fprintf(d.out, "  %s trace pack %s --data %s\n", me, packs[len(packs)-1].Pack, data)
		if lot := aLot(packs); lot != "" {
			fmt.Fprintf(d.out, "  %s trace where-used %s --data %s\n", me, lot, data)
		}
	}
	fmt.Fprintf(d.out, "  %s trace list --data %s\n  %s trace verify --data %s\n", me, data, me, data)
	if len(packs) > 0 {
		fmt.Fprintf(d.out, "  %s recipe show %s --config %s\n", me, packs[0].Product, d.config)
	}
}

func aLot(packs []*traceability.Dossier) line.LotID {
	for _, p := range packs {
		for _, m := range p.Modules {
			for _, c := range m.Cells {
				if c.Lot != "" {
					return c.Lot
				}
			}
		}
	}
	return ""
}

// myself returns how this program is called: a program made by go run is gone when it ends.
func myself() string {
	self, err := os.Executable()
	if err != nil || strings.Contains(self, "go-build") {
		return "go run ./cmd/linectl"
	}
	return self
}
