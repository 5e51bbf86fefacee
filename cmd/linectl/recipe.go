package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/recipes"
)

func newRecipe() *cobra.Command {
	c := &cobra.Command{Use: "recipe", Short: "Validates recipes and shows them"}
	c.AddCommand(newRecipeValidate(), newRecipeShow())
	return c
}

// validRecipe is a recipe file in which nothing is wrong.
type validRecipe struct {
	File     string `json:"file"`
	Product  string `json:"product"`
	Revision string `json:"revision"`
	Status   string `json:"status"`
	Hash     string `json:"hash"`
}

func newRecipeValidate() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{Use: "validate FILE…", Short: "Reads recipe files and names everything that is wrong in them", Args: cobra.MinimumNArgs(1)}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON of the files in which nothing is wrong")
	c.RunE = func(c *cobra.Command, args []string) error {
		var errs []error
		valid := []validRecipe{}
		for _, name := range args {
			source, err := os.ReadFile(name) //nolint:gosec // the user names the file
			if err != nil {
				errs = append(errs, fmt.Errorf("recipe: %w", err))
				continue
			}
			r, err := recipes.Parse(name, source)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			valid = append(valid, validRecipe{name, r.Product, r.Revision, r.Status, r.Hash})
		}
		if asJSON {
			return errors.Join(append(errs, printJSON(c, valid))...)
		}
		for _, r := range valid {
			fmt.Fprintf(c.OutOrStdout(), "%s: %s revision %s (%s), hash %.12s: no problem found\n", r.File, r.Product, r.Revision, r.Status, r.Hash)
		}
		return errors.Join(errs...)
	}
	return c
}

func newRecipeShow() *cobra.Command {
	var config, revision string
	var asJSON bool
	c := &cobra.Command{
		Use: "show PRODUCT|FILE", Short: "Shows a recipe: route, parameters with the equipment's limits, and what is asked of each measurement", Args: cobra.ExactArgs(1),
	}
	c.Flags().StringVar(&config, "config", "line.yaml", "line whose recipe is meant, when a product is named")
	c.Flags().StringVar(&revision, "revision", "", "revision, when there is more than one")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		r, err := findRecipe(args[0], config, revision)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(c, withStations(r))
		}
		return writeRecipe(c.OutOrStdout(), r)
	}
	return c
}

// withStations adds to a recipe what is set and asked at its stations, which the recipe gives only when it is asked.
func withStations(r *recipes.Recipe) any {
	stations := map[line.Kind]recipes.Process{}
	for _, k := range line.Kinds {
		if p := r.Process(k); len(p.Parameters)+len(p.Limits)+len(p.Sampling) > 0 || p.Master != nil || p.Tool != nil {
			stations[k] = p
		}
	}
	return struct {
		*recipes.Recipe
		Stations map[line.Kind]recipes.Process `json:"stations"`
	}{r, stations}
}

func findRecipe(name, config, revision string) (*recipes.Recipe, error) {
	if strings.HasSuffix(name, ".yaml") {
		source, err := os.ReadFile(name) //nolint:gosec // the user names the file
		if err != nil {
			return nil, fmt.Errorf("recipe: %w", err)
		}
		return recipes.Parse(name, source)
	}
	cfg, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	l := &lineFiles{config: cfg}
	if err := l.readRecipes(cfg.at(cfg.Recipes)); err != nil {
		return nil, err
	}
	var found []*recipes.Recipe
	var known []string
	for _, r := range l.recipes {
		known = append(known, r.Product+" "+r.Revision)
		if r.Product == name && (revision == "" || r.Revision == revision) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no recipe %s %s; there are %s", name, revision, strings.Join(known, ", "))
	}
	return nil, fmt.Errorf("more than one revision of %s; name one with --revision; there are %s", name, strings.Join(known, ", "))
}

func writeRecipe(out io.Writer, r *recipes.Recipe) error {
	fmt.Fprintf(out, "%s revision %s: %s\n%s; written by %s, approved by %s, hash %s\n", r.Product, r.Revision, r.Title, r.Status, r.Author, dash(r.Approver), r.Hash)
	fmt.Fprintf(out, "%s %dS%dP in %d modules, %d cells %s, %.4g V, %.4g Ah, %.4g kg, weld: %s of %d joints\n\n",
		r.Chemistry, r.Series, r.Parallel, r.Modules, r.Cells(), r.Cell.Item, r.NominalV, r.CapacityAh, r.MassKg, r.Weld.Task, r.Weld.Joints)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ROUTE\tNEEDS")
	for _, s := range r.Route {
		fmt.Fprintf(w, "%s\t%s\n", s.Kind, needs(s))
	}
	for _, k := range line.Kinds {
		writeProcess(w, k, r.Process(k))
		if k == line.Weld {
			writeEnvelope(w, r.Weld)
		}
	}
	if len(r.EOL) > 0 {
		writeEOL(w, r.EOL)
	}
	if len(r.Materials) > 0 {
		fmt.Fprintln(w, "\nMATERIAL\tAT\tBY\tA PACK")
		for _, m := range r.Materials {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", m.Item, m.Kind, m.Level, amount(m.Quantity, m.Unit))
		}
	}
	return w.Flush()
}

func needs(s recipes.Step) string {
	var list []string
	for _, n := range s.Needs {
		text := string(n.Kind)
		if n.Within > 0 {
			text += fmt.Sprintf(" within %v", n.Within)
		}
		list = append(list, text)
	}
	return dash(strings.Join(list, ", "))
}

func writeProcess(w io.Writer, k line.Kind, p recipes.Process) {
	if len(p.Parameters)+len(p.Limits) == 0 {
		return
	}
	name := strings.ToUpper(string(k))
	if len(p.Parameters) > 0 {
		fmt.Fprintf(w, "\n%s\tSET\tEQUIPMENT\tCLASS\n", name)
		name = "measured"
	} else {
		fmt.Fprintln(w)
	}
	for _, q := range p.Parameters {
		fmt.Fprintf(w, "%s\t%s\t%s to %s\t%s\n", q.Name, amount(q.Value, q.Unit), amount(q.Min, q.Unit), amount(q.Max, q.Unit), dash(q.Class))
	}
	if len(p.Limits) > 0 {
		fmt.Fprintf(w, "%s\tLIMITS\tNOK CODE\tIF NOK\n", name)
		writeLimits(w, p.Limits)
	}
	if m := p.Master; m != nil {
		fmt.Fprintf(w, "master check\tevery %v\t\t\n", m.Interval)
		writeLimits(w, m.References)
	}
	if t := p.Tool; t != nil {
		fmt.Fprintf(w, "tool: %s\twarns at %s\tstops at %s\t%s\n", t.Name, amount(t.Warn, t.Unit), amount(t.Limit, t.Unit), t.Action)
	}
	for _, s := range p.Sampling {
		fmt.Fprintf(w, "sample: %s\tevery %s pack\t\t\n", s.What, ordinal(s.Every))
	}
}

// writeEnvelope shows whether the waveform is asked for, and its reference bands point by point.
func writeEnvelope(w io.Writer, weld recipes.Weld) {
	if weld.Joints == 0 {
		return
	}
	fmt.Fprintf(w, "waveform\t%s\t\t\n", weld.Waveform)
	for _, b := range weld.Envelope {
		fmt.Fprintf(w, "band of %s\t%d points, %g to %g ms\tjudges nothing\t\n", b.Channel, len(b.Points), b.Points[0].TMs, b.Points[len(b.Points)-1].TMs)
		for _, p := range b.Points {
			fmt.Fprintf(w, "  at %g ms\t%s\t\t\n", p.TMs, bounds(&p.Low, &p.High, b.Unit))
		}
	}
}

func writeLimits(w io.Writer, limits []line.Limit) {
	for _, l := range limits {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", l.Name, bounds(l.LSL, l.USL, l.Unit), dash(l.Code), dash(string(l.Disposition)))
	}
}

func writeEOL(w io.Writer, steps []recipes.EOLStep) {
	fmt.Fprintln(w, "\nEND-OF-LINE STEP\tSET OR LIMITS\tNOK CODE\tIF NOK")
	for _, s := range steps {
		note := ""
		if s.NotRequired != "" {
			note = "not required: " + s.NotRequired
		} else if s.Every > 1 {
			note = fmt.Sprintf("every %s pack", ordinal(s.Every))
		}
		fmt.Fprintf(w, "%d %s\t%s\t\t\n", s.Step, line.EOLStep(s.Step), note)
		for _, q := range s.Parameters {
			fmt.Fprintf(w, "  %s\t%s\t\t\n", q.Name, amount(q.Value, q.Unit))
		}
		for _, l := range s.Limits {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", l.Name, bounds(l.LSL, l.USL, l.Unit), dash(l.Code), dash(string(l.Disposition)))
		}
	}
}

// ordinal writes 1st, 2nd, 3rd, 4th, 11th, 21st.
func ordinal(n int) string {
	ending := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			ending = "st"
		case 2:
			ending = "nd"
		case 3:
			ending = "rd"
		}
	}
	return strconv.Itoa(n) + ending
}

// bounds writes specification limits in words: "4 mΩ to 9 mΩ", "at most 30 µΩ".
func bounds(lsl, usl *float64, unit string) string {
	switch {
	case lsl != nil && usl != nil && *lsl == *usl:
		return "exactly " + amount(*lsl, unit)
	case lsl != nil && usl != nil:
		return amount(*lsl, unit) + " to " + amount(*usl, unit)
	case lsl != nil:
		return "at least " + amount(*lsl, unit)
	case usl != nil:
		return "at most " + amount(*usl, unit)
	}
	return "recorded only"
}

// amount writes a value for people; a whole number without a unit is written out: firmware 1050003, not 1.05e+06.
func amount(value float64, unit string) string {
	if unit == "1" && value == math.Trunc(value) && math.Abs(value) < 1e15 {
		return strconv.FormatFloat(value, 'f', 0, 64)
	}
	return line.Format(value, unit)
}
