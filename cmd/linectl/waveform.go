package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/recipes"
	"linectl/traceability"
)

func newTraceWaveform() *cobra.Command {
	var r records
	var asCSV bool
	c := &cobra.Command{
		Use: "waveform HASH", Short: "Shows the waveform of a weld beside the reference band of its recipe", Args: cobra.ExactArgs(1),
		Long: `Shows the waveform of a weld, by its hash as linectl trace pack names it, beside the reference band of the recipe by which the
pack was built. The file is compared with its hash first. How much lies outside the band is said for people: no verdict follows
from it, the limits of the scalars alone judge a weld.`,
		Example: "  linectl trace waveform 3fa9… --csv > joint23.csv",
	}
	r.flags(c)
	c.Flags().BoolVar(&asCSV, "csv", false, "print CSV: a row a sample, with the band beside each channel")
	c.MarkFlagsMutuallyExclusive("csv", "json")
	c.RunE = func(c *cobra.Command, args []string) error {
		return r.read(func(t *traceability.Reader) error {
			w, err := readWaveform(c.Context(), t, args[0])
			if err != nil {
				return err
			}
			switch {
			case r.json:
				return printJSON(c, w)
			case asCSV:
				return w.writeCSV(c.OutOrStdout())
			}
			return w.write(c.OutOrStdout())
		})
	}
	return c
}

// weldWaveform is a waveform with its act and the reference bands of the recipe by which the pack was built.
type weldWaveform struct {
	*traceability.Waveform
	IntervalUs     float64         `json:"interval_us"`
	Channels       []channelInBand `json:"channels"`
	OutsidePercent *float64        `json:"outside_percent"` // of all samples that have a band; null if none has
	compared       []line.Compared // the same, for computing
}

// channelInBand is one channel as JSON shows it.
type channelInBand struct {
	Name           string     `json:"name"`
	Unit           string     `json:"unit"`
	Samples        []float32  `json:"samples"`
	Band           *line.Band `json:"band"` // null where the recipe gives none
	OutsidePercent *float64   `json:"outside_percent"`
}

// readWaveform reads a waveform by its hash and puts the bands of the pack's pinned recipe beside it.
func readWaveform(ctx context.Context, t *traceability.Reader, hash string) (*weldWaveform, error) {
	w, err := t.Waveform(ctx, strings.ToLower(strings.TrimSpace(hash)))
	var missing *traceability.NotFoundError
	switch {
	case errors.As(err, &missing):
		return nil, fmt.Errorf("no weld has the waveform %q; linectl trace pack names the waveforms of a pack", hash)
	case err != nil:
		return nil, err
	}
	var bands []line.Band
	if w.RecipeHash != "" {
		source, err := t.RecipeSource(ctx, w.RecipeHash)
		if err != nil {
			return nil, err
		}
		r, err := recipes.Parse("pinned recipe "+w.RecipeHash[:min(12, len(w.RecipeHash))], []byte(source))
		if err != nil {
			return nil, err
		}
		bands = r.Weld.Envelope
	}
	compared, outside := w.Curve.Compare(bands)
	all := &weldWaveform{Waveform: w, IntervalUs: float64(w.Curve.Interval) / 1e3, OutsidePercent: known(outside), compared: compared}
	for _, c := range compared {
		all.Channels = append(all.Channels, channelInBand{c.Name, c.Unit, c.Samples, c.Band, known(c.OutsidePercent)})
	}
	return all, nil
}

// known is nil for what is no number: JSON has none for it.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func (w *weldWaveform) write(out io.Writer) error {
	fmt.Fprintf(out, "%s %d of %s at %s, attempt %d, %s, %s (entry %d)\n", w.Task, w.Joint, w.Pack, w.Station, w.Attempt, dash(string(w.Verdict)), stamp(w.At), w.Seq)
	n := len(w.compared[0].Samples)
	fmt.Fprintf(out, "%d samples, one every %v, over %v\n\n", n, w.Curve.Interval, w.Curve.At(n))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CHANNEL\tLEAST\tMEAN\tMOST\tOUTSIDE ITS BAND")
	for _, c := range w.compared {
		least, most, sum := math.Inf(1), math.Inf(-1), 0.0
		for _, v := range c.Samples {
			least, most, sum = math.Min(least, float64(v)), math.Max(most, float64(v)), sum+float64(v)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", c.Name, line.Format(least, c.Unit), line.Format(sum/float64(n), c.Unit), line.Format(most, c.Unit), outside(c.OutsidePercent))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "\nthe band is for looking at: the verdict follows from the limits alone")
	return err
}

func outside(percent float64) string {
	if math.IsNaN(percent) {
		return "no band"
	}
	return fmt.Sprintf("%.1f %%", percent)
}

// writeCSV writes a row a sample. Where there is no band its columns are empty.
func (w *weldWaveform) writeCSV(out io.Writer) error {
	number := func(v float64) string {
		if math.IsNaN(v) {
			return ""
		}
		return strconv.FormatFloat(v, 'g', 8, 64)
	}
	rows := csv.NewWriter(out)
	head := []string{"t_ms"}
	for _, c := range w.compared {
		head = append(head, fmt.Sprintf("%s [%s]", c.Name, c.Unit), c.Name+" low", c.Name+" high")
	}
	if err := rows.Write(head); err != nil {
		return err
	}
	for i := range w.compared[0].Samples {
		row := []string{number(w.Curve.At(i).Seconds() * 1e3)}
		for _, c := range w.compared {
			row = append(row, strconv.FormatFloat(float64(c.Samples[i]), 'g', -1, 32), number(c.Low[i]), number(c.High[i]))
		}
		if err := rows.Write(row); err != nil {
			return err
		}
	}
	rows.Flush()
	return rows.Error()
}
