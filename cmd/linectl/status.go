package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linectl/line"
)

func newStatus() *cobra.Command {
	return newReader(&cobra.Command{
		Use: "status", Short: "Shows the line: stations, packs, orders, holds, alarms and what to do about them", Args: cobra.NoArgs,
	}, func(c *cobra.Command, s line.Snapshot, asJSON bool, _ []string) error {
		if asJSON {
			return printJSON(c, s)
		}
		return writeStatus(c.OutOrStdout(), s)
	})
}

// writeStatus shows a snapshot to people: what runs, what does not and why, and what to do.
func writeStatus(out io.Writer, s line.Snapshot) error {
	mark := ""
	if s.Simulated {
		mark = "  [SIMULATED]"
	}
	fmt.Fprintf(out, "%s%s   %s   good %d, NOK %d, first pass %d   cells: %d received, %d rejected, %d in the pool\n\n",
		s.Line, mark, s.At.Local().Format("2006-01-02 15:04:05"), s.Good, s.NOK, s.FirstPass, s.Cells.Received, s.Cells.Rejected, s.Cells.Pool)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STATION\tSTATE\tPART\tPROGRESS\tWAITING\tREASON")
	for _, st := range s.Stations {
		fmt.Fprintf(w, "%s %s\t%s\t%s\t%s\t%d\t%s\n", st.Station, st.Title, st.State, dash(st.Part), progress(st), st.Waiting, why(st))
	}
	if len(s.Packs) > 0 {
		fmt.Fprintln(w, "\nPACK\tSTATE\tAT\tPROGRESS\tSERIAL\t")
		for _, p := range s.Packs {
			fmt.Fprintf(w, "%s\t%s\t%s\t%.0f %%\t%s\t%s\n", p.Pack, p.State, dash(string(p.At)), 100*p.Progress, dash(p.Serial), p.Text)
		}
	}
	statusOrders(w, s.Orders)
	if len(s.Holds) > 0 {
		fmt.Fprintln(w, "\nHELD\tBY\tREASON")
		for _, h := range s.Holds {
			fmt.Fprintf(w, "%s\t%s\t%s\n", h.Subject, h.By, h.Reason)
		}
	}
	if len(s.Quarantine) > 0 {
		fmt.Fprintln(w, "\nIN QUARANTINE (linectl quarantine show)\tSINCE\tWAITS")
		for _, q := range s.Quarantine {
			fmt.Fprintf(w, "%s\t%s\t%s\n", q.Pack, q.Since.Local().Format("2006-01-02 15:04"), q.Waits)
		}
	}
	if len(s.Prompts) > 0 {
		fmt.Fprintln(w, "\nASKED (linectl prompt answer)\tANSWERS\tQUESTION")
		for _, q := range s.Prompts {
			fmt.Fprintf(w, "%s\t%s\t%s\n", q.Prompt, strings.Join(q.Options, ", "), q.Text)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(s.Alarms) == 0 {
		_, err := fmt.Fprintln(out, "\nno alarms")
		return err
	}
	fmt.Fprintln(out, "\nALARMS, the gravest first")
	for _, a := range gravest(s.Alarms) {
		if err := writeAlarm(out, a); err != nil {
			return err
		}
	}
	return nil
}

// statusOrders lists the orders that are open, and those that are short: every pack has ended and not every one was released.
func statusOrders(w io.Writer, orders []line.OrderSnapshot) {
	heading := "\nORDER\tPRODUCT\tPACKS\tSTARTED\tRELEASED\tSCRAPPED\tQUARANTINED\t"
	for _, o := range orders {
		state := "open"
		switch missing := o.Quantity - o.Released; {
		case missing <= 0:
			continue
		case o.Released+o.Scrapped+o.Quarantined >= o.Quantity:
			state = fmt.Sprintf("short of %d", missing)
		}
		if heading != "" {
			fmt.Fprintln(w, heading)
			heading = ""
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", o.Order, o.Product, o.Quantity, o.Started, o.Released, o.Scrapped, o.Quarantined, state)
	}
}

// gravest returns the alarms by severity, and the older of equals first.
func gravest(list []line.AlarmSnapshot) []line.AlarmSnapshot {
	return slices.SortedStableFunc(slices.Values(list), func(a, b line.AlarmSnapshot) int {
		return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Since.Compare(b.Since))
	})
}

func why(s line.StationSnapshot) string {
	reason := s.Reason
	for _, d := range s.Devices {
		if !d.Up && !strings.Contains(reason, string(d.Device)) {
			reason = strings.TrimPrefix(fmt.Sprintf("%s; %s: %s", reason, d.Device, dash(d.Reason)), "; ")
		}
	}
	if s.NextAction != "" {
		reason += " → " + s.NextAction
	}
	return dash(reason)
}

func progress(s line.StationSnapshot) string {
	switch {
	case s.Of > 0 && s.Act != "":
		return fmt.Sprintf("%d/%d %s", s.Done, s.Of, s.Act)
	case s.Of > 0:
		return fmt.Sprintf("%d/%d", s.Done, s.Of)
	}
	return dash(s.Act)
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
