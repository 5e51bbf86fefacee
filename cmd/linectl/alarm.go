package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linectl/alarms"
	"linectl/line"
)

func newAlarm() *cobra.Command {
	c := &cobra.Command{Use: "alarm", Short: "Shows alarms and sees to them"}
	c.AddCommand(
		newAlarmList(), newAlarmAck(), newAlarmConfirm(), newAlarmComment(), newAlarmShelve(), newAlarmUnshelve(), newAlarmReset(),
		newAlarmDisable(), newAlarmEnable(), newAlarmReport(),
	)
	return c
}

func newAlarmList() *cobra.Command {
	return newReader(&cobra.Command{
		Use: "list", Short: "Lists the alarms: open, past and not yet acknowledged, shelved, suppressed, out of service", Args: cobra.NoArgs,
	}, func(c *cobra.Command, s line.Snapshot, asJSON bool, _ []string) error {
		if asJSON {
			return printJSON(c, append([]line.AlarmSnapshot{}, s.Alarms...))
		}
		if len(s.Alarms) == 0 {
			_, err := fmt.Fprintln(c.OutOrStdout(), "no alarms")
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), "ALARMS, in the order in which they were raised")
		for _, a := range s.Alarms {
			if err := writeAlarm(c.OutOrStdout(), a); err != nil {
				return err
			}
		}
		return nil
	})
}

// occurrenceFlag lets a command mean one occurrence of an alarm.
func occurrenceFlag(c *cobra.Command, n *int) {
	c.Flags().IntVar(n, "occurrence", 0, "only this occurrence, by its number in alarm list (default: the present one and all past ones)")
}

func newAlarmAck() *cobra.Command {
	var n int
	c, _ := newAsker("ack ALARM", "Says that you have seen an alarm; --why becomes its comment", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) {
			return line.AcknowledgeAlarm{Alarm: args[0], Occurrence: n}, nil
		})
	occurrenceFlag(c, &n)
	c.Example = "  linectl alarm ack ST060/held"
	return c
}

func newAlarmConfirm() *cobra.Command {
	var n int
	c, _ := newAsker("confirm ALARM", "Says that what an alarm asked for was done; --why becomes its comment", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) {
			return line.ConfirmAlarm{Alarm: args[0], Occurrence: n}, nil
		})
	occurrenceFlag(c, &n)
	c.Example = "  linectl alarm confirm ST060/outcome-unknown --why \"joint 23 inspected: welded\""
	return c
}

func newAlarmComment() *cobra.Command {
	var n int
	c, _ := newAsker("comment ALARM TEXT", "Notes something on an alarm", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			return line.CommentAlarm{Alarm: args[0], Occurrence: n, Comment: args[1]}, nil
		})
	c.Flags().IntVar(&n, "occurrence", 0, "a past occurrence, by its number in alarm list (default: the present one)")
	c.Example = "  linectl alarm comment ST060/held \"glass ordered, comes at 14:00\""
	return c
}

func newAlarmShelve() *cobra.Command {
	var span time.Duration
	var once bool
	c, a := newAsker("shelve ALARM --for TIME|--once --why REASON", "Puts an alarm out of sight for a time; it returns alone", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) {
			return line.ShelveAlarm{Alarm: args[0], For: span, OneShot: once}, nil
		})
	c.Flags().DurationVar(&span, "for", 0, "how long, at most 8h")
	c.Flags().BoolVar(&once, "once", false, "only until its cause is gone")
	c.PreRunE = func(*cobra.Command, []string) error {
		switch {
		case a.why == "":
			return usagef("shelve wants --why: the reason stands in the record")
		case span == 0 && !once:
			return usagef("shelve wants --for, such as --for 1h, or --once")
		case span < 0 || span > line.MaxShelved:
			return usagef("--for %s: an alarm is shelved for at most %s", span, line.MaxShelved)
		}
		return nil
	}
	c.Example = "  linectl alarm shelve ST100/part-refused --for 1h --why \"pads come with the next truck\""
	return c
}

func newAlarmUnshelve() *cobra.Command {
	c, _ := newAsker("unshelve ALARM", "Puts a shelved alarm back before its time", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) { return line.UnshelveAlarm{Alarm: args[0]}, nil })
	return c
}

func newAlarmReset() *cobra.Command {
	c, _ := newAsker("reset ALARM", "Releases a latched alarm whose cause is gone", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) { return line.ResetAlarm{Alarm: args[0]}, nil })
	c.Example = "  linectl alarm reset ST060/aborted"
	return c
}

func newAlarmDisable() *cobra.Command {
	return alarmService("disable", "Takes an alarm out of service until somebody puts it back", false)
}

func newAlarmEnable() *cobra.Command {
	return alarmService("enable", "Puts an alarm back in service", true)
}

func alarmService(name, short string, back bool) *cobra.Command {
	c, a := newAsker(name+" ALARM --why REASON", short, cobra.ExactArgs(1),
		func(args []string) (line.Command, error) { return line.DisableAlarm{Alarm: args[0], Back: back}, nil })
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.why == "" {
			return usagef("%s wants --why: the reason stands in the record", name)
		}
		return nil
	}
	return c
}

// writeAlarm shows one entry of the alarm list: what, how it stands, what to do.
func writeAlarm(out io.Writer, a line.AlarmSnapshot) error {
	state := []string{alarms.State(a.State).String()}
	if a.Branch {
		state = append(state, fmt.Sprintf("past occurrence %d", a.Occurrence))
	}
	if a.Repeats > 0 {
		state = append(state, fmt.Sprintf("stands for %d more", a.Repeats))
	}
	if a.Acknowledged && !a.Confirmed {
		state = append(state, "to be confirmed")
	}
	if a.Shelved {
		state = append(state, fmt.Sprintf("until %s by %s: %s", a.ShelvedUntil.Local().Format("15:04:05"), a.ShelvedBy, a.ShelvedWhy))
	}
	if a.Suppressed != "" {
		state = append(state, a.Suppressed)
	}
	if a.Group != "" {
		state = append(state, "follows from "+a.Group)
	}
	fmt.Fprintf(out, "  %s  %4d  %s  [%s] %s\n      %s\n", a.Since.Local().Format("15:04:05"), a.Severity, a.Alarm, a.State, strings.Join(state, ", "), a.Text)
	if a.Comment != "" {
		fmt.Fprintf(out, "      %s notes: %s\n", dash(a.CommentBy), a.Comment)
	}
	_, err := fmt.Fprintf(out, "      what to do: %s\n", dash(a.Action))
	return err
}
