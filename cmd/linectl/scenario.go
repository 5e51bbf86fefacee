package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"linectl/examples"
	"linectl/recipes"
	"linectl/scenario"
)

func newScenario() *cobra.Command {
	c := &cobra.Command{
		Use: "scenario", Short: "Lets the reference line live through stories of faults, and judges what came of it",
		Long: `Lets the reference line live through stories of faults, and judges what came of it. A story is a YAML file: what is ordered, what
goes wrong at which moment, what people do about it, and what must then be so. docs/scenarios.md says how to write one;
examples/scenarios has one for each way in which a line is known to fail. Nothing is touched: line, plant and time are virtual.`,
	}
	c.AddCommand(newScenarioRun())
	return c
}

func newScenarioRun() *cobra.Command {
	var asJSON, every bool
	c := &cobra.Command{
		Use: "run FILE…", Short: "Runs stories; exits 1 if one does not come out as expected, 2 if one cannot be read", Args: cobra.MinimumNArgs(1),
		Example: "  linectl scenario run examples/scenarios/*.yaml",
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().BoolVarP(&every, "verbose", "v", false, "tell also what happened in stories that came out as expected")
	c.RunE = func(c *cobra.Command, args []string) error {
		stories, err := readStories(args)
		if err != nil {
			return err
		}
		var all []*scenario.Report
		failed := 0
		for _, s := range stories {
			r, err := s.Run()
			if err != nil {
				return err
			}
			if !r.Passed {
				failed++
			}
			all = append(all, r)
		}
		if asJSON {
			err = printJSON(c, all)
		} else {
			err = scenario.Write(c.OutOrStdout(), all, every)
		}
		if err == nil && failed > 0 {
			err = fmt.Errorf("%d of %d stories did not come out as expected", failed, len(all))
		}
		return err
	}
	return c
}

// readStories reads files of stories. What is wrong in any of them is wrong usage: nothing was tried.
func readStories(paths []string) ([]*scenario.Story, error) {
	known, err := recipes.Load(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		return nil, err
	}
	var stories []*scenario.Story
	var errs []error
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			errs = append(errs, fmt.Errorf("%s is a directory: name the files in it, %s", path, filepath.Join(path, "*.yaml")))
			continue
		}
		source, err := os.ReadFile(path) //nolint:gosec // the user names the file
		if err != nil {
			errs = append(errs, err)
			continue
		}
		s, err := scenario.Parse(path, source, known)
		errs = append(errs, err)
		stories = append(stories, s)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &usageError{err.Error()}
	}
	return stories, nil
}
