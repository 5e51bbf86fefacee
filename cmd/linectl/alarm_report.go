package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/alarms"
	"linectl/line"
	"linectl/traceability"
)

// alarmReport is what the JSON of a report holds.
type alarmReport struct {
	alarms.Metrics
	Findings []alarms.Finding `json:"findings"`
}

func newAlarmReport() *cobra.Command {
	var r records
	var last time.Duration
	c := &cobra.Command{
		Use: "report", Short: "Says how good the alarms were to the operator, after ISA-18.2", Args: cobra.NoArgs,
		Example: "  linectl alarm report --last 8h",
	}
	r.flags(c)
	c.Flags().DurationVar(&last, "last", 24*time.Hour, "over this time up to now")
	c.PreRunE = func(*cobra.Command, []string) error {
		if last <= 0 {
			return usagef("--last %s: want a time such as 8h", last)
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		now := time.Now().UTC()
		return r.read(func(t *traceability.Reader) error {
			history, failed := journal(c.Context(), t)
			m := alarms.Measure(history, now.Add(-last), now)
			if err := failed(); err != nil {
				return err
			}
			if r.json {
				return printJSON(c, alarmReport{m, m.Findings()})
			}
			return writeAlarmReport(c.OutOrStdout(), m)
		})
	}
	return c
}

// journal walks over all records in their order. Whoever has walked asks failed whether that was all of them.
func journal(ctx context.Context, t *traceability.Reader) (records iter.Seq[line.Record], failed func() error) {
	var err error
	records = func(yield func(line.Record) bool) {
		err = t.Replay(ctx, 1, func(e line.Entry) error {
			if !yield(e.Record) {
				return errEnough
			}
			return nil
		})
		if errors.Is(err, errEnough) {
			err = nil
		}
	}
	return records, func() error { return err }
}

// errEnough ends a walk over the journal whose reader wants no more.
var errEnough = errors.New("enough")

func writeAlarmReport(out io.Writer, m alarms.Metrics) error {
	fmt.Fprintf(out, "Alarms from %s to %s: %d annunciated, %d of them again after standing long; %d more followed from a first one\n\n",
		stamp(m.From), stamp(m.To), m.Alarms, m.Repeated, m.Followers)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FIGURE\tMEASURED\tSHOULD BE\t")
	for _, f := range m.Findings() {
		mark := "ok"
		if !f.Met {
			mark = "NOT MET"
		}
		fmt.Fprintf(w, "%s\t%.4g %s\t%s\t%s\n", f.What, f.Measured, f.Unit, f.Target, mark)
	}
	fmt.Fprintf(w, "longest active\t%s\t\t\n", m.LongestOn.Round(time.Second))
	fmt.Fprintf(w, "longest not acknowledged\t%s\t\t\n", m.LongestUnseen.Round(time.Second))
	for _, list := range []struct {
		title string
		of    []alarms.Count
	}{{"MOST FREQUENT", m.Top}, {"CHATTERING", m.Chattering}, {"FLEETING", m.Fleeting}} {
		if len(list.of) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n%s\tTIMES\t\t\n", list.title)
		for _, c := range list.of {
			fmt.Fprintf(w, "%s\t%d\t\t\n", c.Alarm, c.Times)
		}
	}
	for i, f := range m.Floods {
		if i == 0 {
			fmt.Fprintln(w, "\nFLOOD\tALARMS\tUNTIL\t")
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t\n", stamp(f.From), f.Alarms, stamp(f.To))
	}
	for i, s := range m.Stale {
		if i == 0 {
			fmt.Fprintln(w, "\nSTALE\tSINCE\t\t")
		}
		fmt.Fprintf(w, "%s\t%s\t\t\n", s.Alarm, stamp(s.Since))
	}
	return w.Flush()
}
