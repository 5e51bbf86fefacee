package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"linectl/traceability"
)

// writeReport shows what verification found.
func writeReport(out io.Writer, r traceability.Report) error {
	for _, p := range r.Problems {
		if p.Seq > 0 {
			fmt.Fprintf(out, "entry %d: %s\n", p.Seq, p.What)
			continue
		}
		fmt.Fprintln(out, p.What)
	}
	for _, i := range r.OpenIntents {
		fmt.Fprintf(out, "open: entry %d, %s asked %s for %s at index %d of %s, and the result is not there yet\n", i.Seq, i.Station, i.Device, i.Task, i.Index, i.Part)
	}
	_, err := fmt.Fprintf(out, "%d entries, %d released packs recomputed, %d waveforms read, %d acts open, %d problems\nhead %s\n",
		r.Entries, r.Released, r.Waveforms, len(r.OpenIntents), len(r.Problems), r.Head)
	return err
}

// reportError is nil when verification found nothing wrong.
func reportError(r traceability.Report) error {
	if len(r.Problems) == 0 {
		return nil
	}
	first := r.Problems[0]
	return fmt.Errorf("the records do not verify: %d problems, the first: entry %d: %s", len(r.Problems), first.Seq, first.What)
}

// verifyRecords verifies the records in a directory. Open acts are no error: the next start of the line finds out about them.
func verifyRecords(ctx context.Context, dir string) (traceability.Report, error) {
	r, err := traceability.OpenReader(dir)
	if err != nil {
		return traceability.Report{}, err
	}
	defer r.Close()
	report, err := r.Verify(ctx)
	if err == nil {
		err = reportError(report)
	}
	return report, err
}

func writeUses(out io.Writer, lot string, uses []traceability.Use) error {
	if len(uses) == 0 {
		_, err := fmt.Fprintf(out, "no pack contains anything of lot %s\n", lot)
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PACK\tSTATE\tAT\tSERIAL\tITEM\tAMOUNT")
	for _, u := range uses {
		amount := fmt.Sprintf("%.4g", u.Quantity)
		if u.Cells > 0 {
			amount = fmt.Sprintf("%d cells, %d placed", u.Cells, u.Placed)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", u.Pack, u.State, dash(string(u.Station)), dash(u.Serial), u.Item, amount)
	}
	return w.Flush()
}
