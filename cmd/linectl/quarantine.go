package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
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
			return writeQuarantine(c.OutOrStdout(), q, s)
		}
		return fmt.Errorf("no pack %s waits in quarantine; linectl quarantine list says which do", args[0])
	})
}

// writeQuarantine shows what is known of a pack: the conclusion first, then what it rests on, then what can be done.
func writeQuarantine(out io.Writer, q line.QuarantineSnapshot, s line.Snapshot) error {
	fmt.Fprintf(out, "%s, in quarantine since %s\n", q.Pack, q.Since.UTC().Format(time.RFC3339))
	if q.Act != "" {
		fmt.Fprintf(out, "in doubt: %s at %s (act %s of %s)\n", q.Act, q.Station, q.Token, q.Device)
	}
	fmt.Fprintln(out, q.Conclusion)
	for _, e := range q.Evidence {
		fmt.Fprintf(out, "  - %s\n", e)
	}
	if i := q.Inspected; i != nil {
		fmt.Fprintf(out, "inspected by %s: %s: %s\n", named(i.By, i.Proof), i.Saw, i.Remark)
	}
	if p := q.Proposed; p != nil {
		fmt.Fprintf(out, "proposed by %s: %s: %s\n", named(p.By, p.Proof), p.Decision, p.Why)
	}
	if q.Waits != "" {
		fmt.Fprintf(out, "waits: %s\n", q.Waits)
	}
	if q.Proposed == nil { // else the one that was proposed is to be answered first
		for _, c := range q.Choices {
			word := "can be decided"
			if !c.Possible {
				word = "not possible"
			}
			fmt.Fprintf(out, "%-6s  %s: %s\n", c.Decision, word, c.Text)
		}
	}
	more, commands := nextOf(q, s)
	for i, next := range commands {
		word := "next:"
		if i > 0 {
			word = more
		}
		fmt.Fprintf(out, "%-6s  %s\n", word, next)
	}
	return nil
}

// nextOf says what a person can type next about a pack, if it is on people, and with which word one command follows another.
func nextOf(q line.QuarantineSnapshot, s line.Snapshot) (more string, commands []string) {
	if p := q.Proposed; p != nil {
		decide := fmt.Sprintf("linectl quarantine decide %s %s", q.Pack, p.Decision)
		return "or:", []string{decide + " --confirm --as USER --why REASON", decide + " --refuse --as USER --why REASON"}
	}
	if ways := waysOut(q.Pack, s); len(ways) > 0 {
		return "then:", ways
	}
	var can []string
	for _, c := range q.Choices {
		if c.Possible {
			can = append(can, string(c.Decision))
		}
	}
	switch {
	case len(can) > 0:
		return "", []string{fmt.Sprintf("linectl quarantine decide %s %s --as USER --why REASON", q.Pack, strings.Join(can, "|"))}
	case q.Void:
		return "", []string{fmt.Sprintf("linectl quarantine inspect %s done|not-done|unclear --as USER --why WHAT", q.Pack)}
	}
	return "", nil
}

// waysOut are the commands that let a station go on which still holds a pack: only then does the pack come to the store where people
// may look at it. A power failure, the usual reason, leaves the station Aborted.
func waysOut(pack line.PackID, s line.Snapshot) (commands []string) {
	ways := map[string][]string{
		"Aborted": {"Clear", "Reset", "Start"}, "Stopped": {"Reset", "Start"}, "Complete": {"Reset", "Start"}, "Idle": {"Start"}, "Held": {"Unhold"},
	}
	for _, st := range s.Stations {
		if st.Pack != pack {
			continue
		}
		for _, command := range ways[st.State] {
			commands = append(commands, fmt.Sprintf("linectl command %s %s", st.Station, command))
		}
	}
	return commands
}

const inPersonHelp = `You log in for it: the password is asked for at the terminal and not shown, or read from --password-file, a file that only you may
read. The record says that it was you. An account with the role is made with linectl user add; its first one with linectl setup.`

// named says of a person how their identity was shown.
func named(by string, p line.Proof) string {
	if p == "" {
		return by + " (by name only)"
	}
	return fmt.Sprintf("%s (logged in, %s)", by, p)
}

func newQuarantineInspect() *cobra.Command {
	c, a := newAsker("inspect PACK done|not-done|unclear --as USER --why WHAT", "Says what was seen of a pack in quarantine", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			saw := line.Seen(args[1])
			if !slices.Contains([]line.Seen{line.SeenDone, line.SeenNotDone, line.SeenUnclear}, saw) {
				return nil, usagef("%q is nothing that can be seen; say done, not-done or unclear", args[1])
			}
			return line.InspectQuarantine{Pack: line.PackID(args[0]), Saw: saw}, nil
		})
	c.Long = "Says what was seen of a pack in quarantine. TeamLeader, Maintenance and Quality may inspect.\n" + inPersonHelp
	c.Example = "  linectl quarantine inspect EV-P1-000001 done --as omar --why \"joint 12 is whole, 21 µΩ by hand\""
	inPerson(c, a, "an inspection wants --why: what was looked at, and what was seen")
	return c
}

func newQuarantineDecide() *cobra.Command {
	var confirm, refuse bool
	c, a := newAsker("decide PACK rework|accept|scrap --as USER --why REASON", "Proposes what becomes of a pack in quarantine; another person confirms or refuses it", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			if confirm && refuse {
				return nil, usagef("say --confirm or --refuse, not both")
			}
			if !slices.Contains(line.Decisions, line.Decision(args[1])) {
				return nil, usagef("%q is no decision; decisions are rework, accept and scrap", args[1])
			}
			return line.DecideQuarantine{Pack: line.PackID(args[0]), Decision: line.Decision(args[1]), Confirm: confirm, Refuse: refuse}, nil
		})
	c.Flags().BoolVar(&confirm, "confirm", false, "confirm what another person has proposed")
	c.Flags().BoolVar(&refuse, "refuse", false, "refuse what was proposed, so that something else can be")
	c.Long = `Proposes what becomes of a pack in quarantine: rework, accept or scrap. It is done when another person confirms it; either may refuse it.
TeamLeader and Quality may decide.
` + inPersonHelp
	c.Example = "  linectl quarantine decide EV-P1-000001 rework --as amna --why \"joint 12 is open\"\n" +
		"  linectl quarantine decide EV-P1-000001 rework --confirm --as sana --why \"seen too\""
	inPerson(c, a, "a decision wants --why: it stands in the record of the pack")
	return c
}
