package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/packml"
)

func newMode() *cobra.Command {
	c, a := newAsker("mode STATION|line MODE --why REASON", "Sets the unit mode of a station, or of the whole line", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			mode, err := packml.ParseMode(args[1])
			if err != nil {
				return nil, usagef("%v", err)
			}
			return line.SetMode{Target: args[0], Mode: mode.String()}, nil
		})
	c.Long = `Sets the unit mode: Production, Maintenance, Manual or Setup. It changes in Stopped, Idle and Aborted only. A station that is not in
Production is not started, and gets no job; it keeps its mode over every restart.`
	c.Example = "  linectl mode ST060 Maintenance --why \"change the tip\"\n  linectl mode ST060 Production --why \"tip changed\""
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.why == "" {
			return usagef("mode wants --why: the reason stands in the record and on every screen")
		}
		return nil
	}
	mustSay(c, "why")
	return c
}

func newMaster() *cobra.Command {
	c, _ := newAsker("master STATION", "Makes a station measure its reference part before it takes another part", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) {
			return line.CheckMaster{Station: line.StationID(args[0])}, nil
		})
	c.Example = "  linectl master ST070 --why \"start of the shift\""
	return c
}

func newPrompt() *cobra.Command {
	c := &cobra.Command{Use: "prompt", Short: "Shows and answers what the line asks people"}
	var input string
	answer, _ := newAsker("answer PROMPT OPTION", "Answers a question of the line", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			return line.AnswerPrompt{Prompt: args[0], Option: args[1], Input: input}, nil
		})
	answer.Flags().StringVar(&input, "input", "", "what was scanned or typed, where the question wants something")
	answer.Example = "  linectl prompt answer ST900/decide/EV-P1-000001/1 rework --why \"joint 23 welded again\"\n" +
		"  linectl prompt answer ST100/serial/bms-400a/EV-P1-000001/1 scanned --input BMS-4711"
	c.AddCommand(newPromptList(), answer)
	return c
}

func newPromptList() *cobra.Command {
	return newReader(&cobra.Command{Use: "list", Short: "Lists the questions that wait, the oldest first", Args: cobra.NoArgs}, func(c *cobra.Command, s line.Snapshot, asJSON bool, _ []string) error {
		if asJSON {
			return printJSON(c, append([]line.PromptSnapshot{}, s.Prompts...))
		}
		if len(s.Prompts) == 0 {
			_, err := fmt.Fprintln(c.OutOrStdout(), "the line asks nothing")
			return err
		}
		w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PROMPT\tFOR\tANSWERS\tWANTS\tQUESTION")
		for _, q := range s.Prompts {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", q.Prompt, s.At.Sub(q.Since).Round(time.Second), strings.Join(q.Options, ", "), dash(q.Input), q.Text)
		}
		return w.Flush()
	})
}
