// Command linectl runs a robotic battery pack assembly line: the supervisor, its virtual plant, and what people ask of them.
//
// This package reads the configuration, wires the rooms together and talks to people at a terminal. It takes no decision
// about the line: what a command means is decided by the supervisor, what a record says by the store.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes of every command.
const (
	exitDone   = 0
	exitFailed = 1 // refused or failed; stderr says why
	exitUsage  = 2 // the command line is wrong; nothing was tried
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	began := false
	root := newRoot()
	root.PersistentPreRun = func(*cobra.Command, []string) { began = true }
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage), !began:
		fmt.Fprintf(stderr, "linectl: %v\nsee %s --help\n", err, cmd.CommandPath())
		return exitUsage
	case errors.Is(err, errSaid):
	default:
		fmt.Fprintf(stderr, "linectl: %v\n", err)
	}
	return exitFailed
}

// errSaid fails a command that has told its reader already.
var errSaid = errors.New("see above")

// usageError is a wrong command line that cobra itself cannot see.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "linectl",
		Short: "Runs a robotic battery pack assembly line",
		Long: `linectl runs a robotic battery pack assembly line: one supervisor per line, its devices over OPC UA and Modbus TCP,
a record of every pack, and a virtual plant that speaks the same protocols. It is not safety-rated.

Start with:  linectl demo`,
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		newDemo(), newSimulate(), newRun(), newGateway(), newHMI(), newCert(),
		newStatus(), newCommand(), newMode(), newPrompt(), newMaster(), newOrder(), newRework(), newWriteOff(), newQuarantine(), newCarry(), newMaterial(), newService(),
		newAlarm(), newHold(), newRelease(), newCheck(), newRecipe(), newTrace(), newReplay(), newReport(), newBench(), newVersion(), newFault(), newScenario(),
		newUser(), newSetUp(),
	)
	for _, c := range root.Commands() {
		group(c)
	}
	root.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return root
}

// group makes a command that only holds others say so when it is called without one of them, and every other say which arguments it wants.
func group(c *cobra.Command) {
	if !c.HasSubCommands() {
		arguments(c)
		return
	}
	for _, sub := range c.Commands() {
		group(sub)
	}
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("unknown command %q for %q", args[0], c.CommandPath())
		}
		return usagef("%s wants one of its commands", c.CommandPath())
	}
}

// arguments makes a command name the arguments that it wants when it is given others. Cobra counts them.
func arguments(c *cobra.Command) {
	fits := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		if fits(c, args) == nil {
			return nil
		}
		want := "wants " + strings.TrimPrefix(c.Use, c.Name()+" ")
		if fits(c, nil) == nil && fits(c, []string{"one"}) != nil {
			want = "takes no argument"
		}
		if len(args) > 0 {
			want += fmt.Sprintf("; it was given %q", args)
		}
		return usagef("%s %s", c.CommandPath(), want)
	}
}
