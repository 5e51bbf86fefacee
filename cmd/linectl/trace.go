package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/recipes"
	"linectl/traceability"
)

func newTrace() *cobra.Command {
	c := &cobra.Command{Use: "trace", Short: "Answers questions from the records"}
	c.AddCommand(newTracePack(), newTraceList(), newTraceWhereUsed(), newTraceWaveform(), newTraceVerify())
	return c
}

// records is the flag of every command that reads the records, beside a running supervisor or without one.
type records struct {
	data string
	json bool
}

func (r *records) flags(c *cobra.Command) {
	c.Flags().StringVar(&r.data, "data", defaultData, "data directory with the records")
	c.Flags().BoolVar(&r.json, "json", false, "print JSON")
}

// read opens the records, lets ask have its answer and closes them.
func (r *records) read(ask func(*traceability.Reader) error) error {
	reader, err := traceability.OpenReader(r.data)
	if err != nil {
		return err
	}
	defer reader.Close()
	return ask(reader)
}

func newTracePack() *cobra.Command {
	var r records
	c := &cobra.Command{
		Use: "pack ID", Short: "Shows everything about one pack, found by its id, serial, a module or the code of a cell in it", Args: cobra.ExactArgs(1),
		Example: "  linectl trace pack EV-P1-000001\n  linectl trace pack EV-P1-000001 --json",
	}
	r.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return r.read(func(t *traceability.Reader) error {
			d, err := wholeDossier(c.Context(), t, args[0])
			if err != nil {
				return noPack(c.Context(), t, args[0], err)
			}
			if r.json {
				return printJSON(c, d)
			}
			return writeDossier(c.OutOrStdout(), d)
		})
	}
	return c
}

func newTraceList() *cobra.Command {
	var r records
	var f traceability.Filter
	var order, state string
	c := &cobra.Command{Use: "list", Short: "Lists packs", Args: cobra.NoArgs}
	r.flags(c)
	c.Flags().StringVar(&f.Product, "product", "", "of this product only")
	c.Flags().StringVar(&order, "order", "", "of this order only")
	c.Flags().StringVar(&state, "state", "", `in this state only: "in process", rework, released, scrapped or quarantined`)
	c.Flags().IntVar(&f.Limit, "limit", 0, "at most so many")
	c.RunE = func(c *cobra.Command, _ []string) error {
		f.Order, f.State = line.OrderID(order), line.PackState(state)
		if states := []line.PackState{line.InProcess, line.InRework, line.Released, line.Scrapped, line.Quarantined}; state != "" && !slices.Contains(states, f.State) {
			return usagef("unknown state %q; known are %s", state, words(states))
		}
		return r.read(func(t *traceability.Reader) error {
			packs, err := t.List(c.Context(), f)
			if err != nil {
				return err
			}
			if r.json {
				return printJSON(c, packs)
			}
			w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "PACK\tORDER\tSTATE\tAT\tSERIAL\tFIRST PASS\tBEGUN\tTOOK")
			for _, p := range packs {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Pack, p.Order, p.State, dash(string(p.Station)), dash(p.Serial), yes(p.FirstPass), stamp(p.Begun), took(p))
			}
			return w.Flush()
		})
	}
	return c
}

func newTraceWhereUsed() *cobra.Command {
	var r records
	c := &cobra.Command{
		Use: "where-used LOT", Short: "Lists the packs that contain something of a lot, of cells or of a consumable", Args: cobra.ExactArgs(1),
	}
	r.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		return r.read(func(t *traceability.Reader) error {
			uses, err := t.WhereUsed(c.Context(), line.LotID(args[0]))
			if err != nil {
				return noLot(c.Context(), t, args[0], err)
			}
			if r.json {
				return printJSON(c, uses)
			}
			return writeUses(c.OutOrStdout(), args[0], uses)
		})
	}
	return c
}

// noLot says of a name that is not found as a lot what else it is.
func noLot(ctx context.Context, t *traceability.Reader, name string, err error) error {
	var missing *traceability.NotFoundError
	if !errors.As(err, &missing) {
		return err
	}
	switch _, cell := t.Cell(ctx, line.CellID(name)); {
	case cell == nil:
		return fmt.Errorf("%s is a cell, not a lot; linectl trace pack %s shows the pack that it is in", name, name)
	case errors.As(cell, &missing):
		return fmt.Errorf("no lot, cell or material of that name: %q; the dossier of a pack names its lots", name)
	default:
		return cell
	}
}

// noPack says of a name that is not found as a pack, or something in it, whether it is a lot.
func noPack(ctx context.Context, t *traceability.Reader, name string, err error) error {
	var missing *traceability.NotFoundError
	if !errors.As(err, &missing) || missing.ID != name {
		return err
	}
	if _, lot := t.WhereUsed(ctx, line.LotID(name)); lot != nil {
		return err
	}
	return fmt.Errorf("%s is a lot, not a pack; linectl trace where-used %s lists the packs that contain something of it", name, name)
}

func newTraceVerify() *cobra.Command {
	var r records
	c := &cobra.Command{
		Use: "verify", Short: "Recomputes the journal's chain and every released pack from raw evidence; exits 1 if anything is wrong", Args: cobra.NoArgs,
	}
	r.flags(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return r.read(func(t *traceability.Reader) error {
			report, err := t.Verify(c.Context())
			if err != nil {
				return err
			}
			if r.json {
				if err := printJSON(c, report); err != nil {
					return err
				}
			} else if err := writeReport(c.OutOrStdout(), report); err != nil {
				return err
			}
			return reportError(report)
		})
	}
	return c
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// took says how long a pack was on the line.
func took(p traceability.Summary) string {
	if p.Ended == nil {
		return "-"
	}
	return p.Ended.Sub(p.Begun).Round(10 * time.Millisecond).String()
}

// wholeDossier returns a pack's dossier, with every step of its pinned recipe that has no good result named as missing.
func wholeDossier(ctx context.Context, t *traceability.Reader, id string) (*traceability.Dossier, error) {
	d, err := t.Pack(ctx, id)
	if err != nil {
		return nil, err
	}
	source, err := t.RecipeSource(ctx, d.RecipeHash)
	if err != nil {
		return nil, err
	}
	r, err := recipes.Parse("pinned recipe "+d.RecipeHash[:min(12, len(d.RecipeHash))], []byte(source))
	if err != nil {
		return nil, err
	}
	var required []line.Kind
	for _, s := range r.Route {
		if s.Required && s.Kind != line.Receive && s.Kind != line.Sort { // these two concern cells, not packs
			required = append(required, s.Kind)
		}
	}
	d.Require(required)
	return d, nil
}
