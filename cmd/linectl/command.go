package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/packml"
)

func newCommand() *cobra.Command {
	c, _ := newAsker("command STATION|line COMMAND", "Gives a station, or the whole line, a PackML command", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			command, err := packml.ParseCommand(args[1])
			if err != nil {
				return nil, usagef("%v", err)
			}
			return line.Machine{Target: args[0], Command: command.String()}, nil
		})
	c.Long = `Gives a station, or the whole line, a PackML command: Reset, Start, Stop, Hold, Unhold, Abort, Clear, Complete …
Stop lets the running act end. Abort ends motion at once; an act that is cut off becomes UNKNOWN.`
	c.Example = "  linectl command line Reset\n  linectl command ST060 Stop --by Amna --why \"tip dress\""
	return c
}

func newRework() *cobra.Command {
	var scrap bool
	c, a := newAsker("rework PACK --by WHO --why REASON", "Decides on a pack: rework it, when it waits at the bench, or scrap it, wherever it waits", cobra.ExactArgs(1),
		func(args []string) (line.Command, error) {
			return line.DecideRework{Pack: line.PackID(args[0]), Scrap: scrap}, nil
		})
	c.Flags().BoolVar(&scrap, "scrap", false, "scrap it")
	mustSay(c, "by", "why")
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.by == "" || a.why == "" {
			return usagef("a decision wants --by and --why: they stand in the record of the pack")
		}
		return nil
	}
	return c
}

func newWriteOff() *cobra.Command {
	c, a := newAsker("writeoff STATION PART --by WHO --why REASON", "Says that a part which a station expects is gone and will not come", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			return line.WriteOff{Station: line.StationID(args[0]), Part: args[1]}, nil
		})
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.by == "" || a.why == "" {
			return usagef("to write a part off wants --by and --why: they stand in the record")
		}
		return nil
	}
	mustSay(c, "by", "why")
	c.Example = "  linectl writeoff ST020 LCTCB01L102001GA90000036 --by Amna --why \"fell off the conveyor\""
	return c
}

func newService() *cobra.Command {
	c, _ := newAsker("service STATION clean|dress|replace", "Says that a tool was cleaned, dressed or replaced", cobra.ExactArgs(2),
		func(args []string) (line.Command, error) {
			switch args[1] {
			case "clean", "dress", "replace":
				return line.ServiceTool{Station: line.StationID(args[0]), Action: args[1]}, nil
			}
			return nil, usagef("unknown service %q; known are clean, dress, replace", args[1])
		})
	return c
}

func newHold() *cobra.Command    { return holder("hold", "Keeps a pack or a lot from going on", false) }
func newRelease() *cobra.Command { return holder("release", "Lets a held pack or lot go on", true) }

func holder(name, short string, release bool) *cobra.Command {
	c, a := newAsker(name+" SUBJECT --why REASON", short, cobra.ExactArgs(1),
		func(args []string) (line.Command, error) { return line.Hold{Subject: args[0], Release: release}, nil })
	c.PreRunE = func(*cobra.Command, []string) error {
		if a.why == "" {
			return usagef("%s wants --why: the reason stands in the record", name)
		}
		return nil
	}
	mustSay(c, "why")
	c.Example = fmt.Sprintf("  linectl %s EV-P1-000001 --why \"case H-0042\"", name)
	return c
}
