// Command linecheck holds the records of a line against the ground truth of its virtual plant and the histories of those who
// asked for things. It shares no code with linectl; see package checker.
//
// It reads the record store and changes nothing there. It exits with 0 when nothing is violated, 1 when something is or cannot be
// read, and 2 for a wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"linectl/checker"
	"linectl/checker/recordstore"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const help = `linecheck holds the records of a line against what physically happened in its virtual plant, and against what people were told. It
shares no code with linectl, so that a mistake of the line cannot hide here too. It changes nothing, and the line may run meanwhile.

  linecheck --truth plant/truth.jsonl --data linectl-data

It reads the ground truth that linectl simulate writes beside line.yaml, and the journal in the data directory of linectl run. Each
violation is printed with the number of its invariant and the event or entry where it was seen; the last line counts them.
docs/reliability.md has the invariants.

It exits with 0 when nothing is violated, 1 when something is or cannot be read, and 2 for a wrong usage.

`

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("linecheck", flag.ContinueOnError)
	flags.SetOutput(errs)
	truth := flags.String("truth", "", "ground truth of the virtual plant, truth.jsonl")
	data := flags.String("data", "", "data directory of the supervisor")
	asked := flags.String("asked", "", "history of requests, one JSON object a line (may be empty)")
	deaths := flags.String("deaths", "", "what was found at each start of the supervisor, one JSON object a line (may be empty)")
	ended := flags.Bool("ended", false, "the run came to an orderly end: nothing may be left open")
	most := flags.Int("most", 50, "violations that are printed")
	flags.Usage = func() {
		fmt.Fprint(errs, help)
		flags.PrintDefaults()
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if *truth == "" || *data == "" || flags.NArg() > 0 {
		fmt.Fprintln(errs, "linecheck wants --truth FILE and --data DIR; linecheck --help says what they are")
		return 2
	}
	e := checker.Evidence{Ended: *ended}
	err := read(*truth, func(r io.Reader) (err error) { e.Truth, err = checker.ReadTruth(r); return err })
	if err == nil && *asked != "" {
		err = read(*asked, func(r io.Reader) (err error) { e.Asked, err = checker.ReadAsked(r); return err })
	}
	if err == nil && *deaths != "" {
		err = read(*deaths, func(r io.Reader) (err error) { e.Deaths, err = checker.ReadDeaths(r); return err })
	}
	if err == nil {
		e.Journal, err = recordstore.Journal(context.Background(), *data)
	}
	var all []checker.Violation
	if err == nil {
		all, err = checker.Check(e)
	}
	if err != nil {
		fmt.Fprintln(errs, "linecheck:", err)
		return 1
	}
	fmt.Fprint(out, checker.Report(all, *most))
	fmt.Fprintf(out, "%d invariants, %d events, %d entries, %d requests: %d violations\n", len(checker.Invariants), len(e.Truth), len(e.Journal), len(e.Asked), len(all))
	if len(all) > 0 {
		return 1
	}
	return 0
}

func read(path string, from func(io.Reader) error) error {
	f, err := os.Open(path) //nolint:gosec // the caller names the file
	if err != nil {
		return err
	}
	defer f.Close()
	if err := from(f); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
