package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
)

func newQuarantine() *cobra.Command {
	c := &cobra.Command{Use: "quarantine", Short: "Shows packs of which nobody knows what was done to them, and decides on them"}
	c.AddCommand(newQuarantineList(), newQuarantineShow(), newQuarantineInspect(), newQuarantineDecide())
	return c
}

func newQuarantineList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "Lists the packs that wait in quarantine, the oldest first", Args: cobra.NoArgs}
	return newReader(c, func(c *cobra.Command, s line.Snapshot, asJSON bool, _ []string) error {
		if asJSON {
			return printJSON(c, append([]line.QuarantineSnapshot{}, s.Quarantine...))
		}
		if len(s.Quarantine) == 0 {
			_, err := fmt.Fprintln(c.OutOrStdout(), "nothing waits in quarantine")
			return err
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PACK\tFOR\tSTATION\tACT\tCONCLUSION\tWAITS FOR")
		for _, q := range s.Quarantine {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", q.Pack, s.At.Sub(q.Since).Round(time.Second), q.Station, dash(q.Act), q.Conclusion, dash(q.Waits))
		}
		return w.Flush()
	})
}

func newQuarantineShow() *cobra.Command {
	c := &cobra.Command{Use: "show PACK", Short: "Shows the evidence of a pack in quarantine and what can be decided", Args: cobra.ExactArgs(1)}
	return newReader(c, func(c *cobra.Command, s line.Snapshot, asJSON bool, args []string) error {
		for _, q := range s.Quarantine {
			if string(q.Pack) != args[0] {
				continue
			}
			if asJSON {
				return printJSON(c, q)
			}
			return writeQuarantine(c.OutOrStdout(), q)
		}
		return fmt.Errorf("no pack %s waits in quarantine; linectl quarantine list says which do", args[0])
	})
}

// writeQuarantine shows what is known of a pack: the conclusion first, then what it rests on, then what can be done.
func writeQuarantine(out io.Writer, q line.QuarantineSnapshot) error {
	fmt.Fprintf(out, "%s, in quarantine since %s\n", q.Pack, q.Since.UTC().Format(time.RFC3339))
	if q.Act != "" {
		fmt.Fprintf(out, "in doubt: %s at %s (act %s of %s)\n", q.Act, q.Station, q.Token, q.Device)
	}
	fmt.Fprintln(out, q.Conclusion)
	for _, e := range q.Evidence {
		fmt.Fprintf(out, "  - %s\n", e)
	}
	if i := q.Inspected; i != nil {
		fmt.Fprintf(out, "inspected by %s: %s: %s\n", i.By, i.Saw, i.Remark)
	}
	if p := q.Proposed; p != nil {
		fmt.Fprintf(out, "proposed by %s: %s: %s\n", p.By, p.Decision, p.Why)
	}
	if q.Waits != "" {
		fmt.Fprintf(out, "waits: %s\n", q.Waits)
	}
	for _, c := range q.Choices {
		word := "can be decided"
		if !c.Possible {
			word = "not possible"
		}
		if _, err := fmt.Fprintf(out, "%-6s  %s: %s\n", c.Decision, word, c.Text); err != nil {
			return err
		}
	}
	return nil
}

func newQuarantineInspect() *cobra.Command {
	c, a := newAsker("inspect PACK done|not-done|unclear --by WHO --why WHAT", "Says what was seen of a pack in quarantine", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			return line.InspectQuarantine{Pack: line.PackID(args[0]), Saw: line.Seen(args[1])}, nil
		})
	c.Example = "  linectl quarantine inspect EV-P1-000001 done --by Omar --why \"joint 12 is whole, 21 µΩ by hand\""
	namedAndWhy(c, a, "an inspection wants --by and --why: who has looked, and what was seen")
	return c
}

func newQuarantineDecide() *cobra.Command {
	var confirm, refuse bool
	c, a := newAsker("decide PACK rework|accept|scrap --by WHO --why REASON", "Proposes what becomes of a pack in quarantine; another person confirms or refuses it", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			if confirm && refuse {
				return nil, usagef("say --confirm or --refuse, not both")
			}
			return line.DecideQuarantine{Pack: line.PackID(args[0]), Decision: line.Decision(args[1]), Confirm: confirm, Refuse: refuse}, nil
		})
	c.Flags().BoolVar(&confirm, "confirm", false, "confirm what another person has proposed")
	c.Flags().BoolVar(&refuse, "refuse", false, "refuse what was proposed, so that something else can be")
	c.Example = "  linectl quarantine decide EV-P1-000001 rework --by Amna --why \"joint 12 is open\"\n" +
		"  linectl quarantine decide EV-P1-000001 rework --confirm --by Sana --why \"seen too\""
	namedAndWhy(c, a, "a decision wants --by and --why: they stand in the record of the pack")
	return c
}

// namedAndWhy makes a command refuse to go without a name and a reason.
func namedAndWhy(c *cobra.Command, a *asker, text string) {
	mustSay(c, "by", "why")
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.by == "" || a.why == "" {
			return usagef("%s", text)
		}
		return nil
	}
}
