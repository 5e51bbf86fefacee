package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/traceability"
)

func newReport() *cobra.Command {
	c := &cobra.Command{Use: "report", Short: "Works out from the records what a line has done"}
	c.AddCommand(newReportShift())
	return c
}

// shiftReport is one shift from the records alone: it needs no running line, and must say what the line says.
type shiftReport struct {
	Shift string `json:"shift"`
	traceability.Effort
	Ends    time.Time      `json:"ends"`
	Plan    int            `json:"plan"` // packs that the longest takt allows until To; 0 without a takt
	Figures []shiftFigures `json:"figures"`
}

// shiftFigures are those of ISO 22400-2 of one station; -1 where one cannot be told.
type shiftFigures struct {
	Station       line.StationID `json:"station"`
	Availability  float64        `json:"availability"`
	Effectiveness float64        `json:"effectiveness"`
	Quality       float64        `json:"quality"`
}

func newReportShift() *cobra.Command {
	var data, config, at string
	var asJSON bool
	c := &cobra.Command{
		Use: "shift", Short: "Reports a shift: packs against the plan, losses by station and cause, OEE", Args: cobra.NoArgs,
		Long: `Reports a shift from the records: packs that ended, each station's time while something was ordered, and what it lost by which
cause, its own or its neighbours'. The line counts the same while it runs and shows it to its operators; this command counts anew.

Shifts and takts stand in line.yaml; without --config shifts begin at 06:00, 14:00 and 22:00 UTC and there is no takt.`,
		Example: "  linectl report shift --config line.yaml\n  linectl report shift --at 2026-11-23T09:00:00Z --json",
	}
	c.Flags().StringVar(&data, "data", defaultData, "data directory of the supervisor")
	c.Flags().StringVar(&config, "config", "", "line.yaml with the shifts and takts")
	c.Flags().StringVar(&at, "at", "", "a moment of the shift, for example 2026-11-23T09:00:00Z (default: now)")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		now := time.Now()
		when := now
		if at != "" {
			var err error
			if when, err = time.Parse(time.RFC3339, at); err != nil {
				return usagef("--at %q is no time; want the form 2026-11-23T09:00:00Z", at)
			}
		}
		cfg := &Config{}
		if config != "" {
			var err error
			if cfg, err = readConfig(config); err != nil {
				return err
			}
		}
		reader, err := traceability.OpenReader(data)
		if err != nil {
			return err
		}
		defer reader.Close()
		report, err := reportShift(c, reader, cfg, when, now)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(c, report)
		}
		return writeShift(c.OutOrStdout(), report)
	}
	return c
}

func reportShift(c *cobra.Command, reader *traceability.Reader, cfg *Config, when, now time.Time) (*shiftReport, error) {
	plan, err := cfg.Shifts.plan()
	if err != nil {
		return nil, err
	}
	shift, takts, names := plan.At(when), map[line.StationID]time.Duration{}, []line.StationID(nil)
	longest := time.Duration(0)
	for _, s := range cfg.Stations {
		names = append(names, s.ID)
		takts[s.ID] = s.Takt
		if s.Kind != line.Receive && s.Kind != line.Sort && s.Kind != line.Bench { // those of cells, and no station of a takt
			longest = max(longest, s.Takt)
		}
	}
	until := shift.Ends
	if now.Before(until) {
		until = now
	}
	report := &shiftReport{Shift: shift.Name, Ends: shift.Ends, Figures: []shiftFigures{}}
	if report.Effort, err = reader.Effort(c.Context(), shift.Began, until, names...); err != nil {
		return nil, err
	}
	if longest > 0 {
		report.Plan = int(max(0, until.Sub(shift.Began)) / longest)
	}
	for _, s := range report.Stations {
		f := shiftFigures{Station: s.Station}
		f.Availability, f.Effectiveness, f.Quality = s.Figures(takts[s.Station])
		report.Figures = append(report.Figures, f)
	}
	return report, nil
}

// writeShift shows the report to people.
func writeShift(out io.Writer, r *shiftReport) error {
	fmt.Fprintf(out, "Shift %s, until %s UTC: good %d, NOK %d, first pass %d", r.Shift, r.To.Format("2 Jan 15:04"), r.Good, r.NOK, r.FirstPass)
	if r.Plan > 0 {
		fmt.Fprintf(out, ", plan %d", r.Plan)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\n\nSTATION\tWORKED\tPLANNED\tPARTS\tGOOD\tAVAILABILITY\tEFFECTIVENESS\tQUALITY")
	for i, s := range r.Stations {
		f := r.Figures[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", s.Station, s.Work.Round(time.Second), s.Planned.Round(time.Second), s.Produced, s.Effort.Good,
			percent(f.Availability), percent(f.Effectiveness), percent(f.Quality))
	}
	if len(r.Losses) > 0 {
		fmt.Fprintln(w, "\nLOST\tTIMES\tSTATION\tWHOSE\tCAUSE")
	}
	for _, l := range r.Losses {
		whose := "own"
		if !l.Own {
			whose = "others'"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", l.For.Round(time.Second), l.Times, l.Station, whose, l.Cause)
	}
	return w.Flush()
}

// percent says a ratio, or that it cannot be told.
func percent(ratio float64) string {
	if ratio < 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*ratio)
}
