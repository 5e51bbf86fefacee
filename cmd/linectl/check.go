package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/recipes"
)

func newCheck() *cobra.Command {
	var config string
	var offline bool
	c := &cobra.Command{
		Use: "check --config line.yaml", Short: "Checks the configuration, the recipes and the shipping notices before anything moves", Args: cobra.NoArgs,
		Long: `Checks what can be checked before anything moves: line.yaml, every recipe, every shipping notice, and whether they fit together.
Every problem is shown with its file and line. Without --offline it then reads every device once: address, login, tags and
word order. It writes nothing to a device.`,
	}
	c.Flags().StringVar(&config, "config", "", "line.yaml")
	c.Flags().BoolVar(&offline, "offline", false, "open no connection")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if config == "" {
			return usagef("check wants --config line.yaml")
		}
		l, err := loadLine(config)
		if err != nil {
			return err
		}
		out := c.OutOrStdout()
		fmt.Fprintf(out, "%s: line %s, %d stations, %d devices: no problem found\n", config, l.config.name(), len(l.config.Stations), l.config.count())
		for _, r := range l.recipes {
			fmt.Fprintf(out, "recipe %s revision %s, %s, hash %.12s: no problem found\n", r.Product, r.Revision, r.Status, r.Hash)
		}
		fmt.Fprintf(out, "shipping notices: %d cells: no problem found\n", len(l.cells))
		l.config.promises(out)
		for _, note := range l.notes {
			fmt.Fprintln(out, "note:", note)
		}
		if offline {
			return nil
		}
		return checkDevices(c, l.config)
	}
	return c
}

// lineFiles is everything that a line is described by, read and found to fit together.
type lineFiles struct {
	config  *Config
	recipes []*recipes.Recipe
	cells   []line.SupplierCell
	notes   []string // what is no error and worth knowing
}

// loadLine reads the configuration, the recipes and the shipping notices. The error holds everything that is wrong in any
// of them.
func loadLine(path string) (*lineFiles, error) {
	cfg, err := readConfig(path)
	if cfg == nil {
		return nil, err
	}
	l := &lineFiles{config: cfg}
	errs := []error{err}
	if cfg.Recipes != "" {
		errs = append(errs, l.readRecipes(cfg.at(cfg.Recipes)))
	}
	if cfg.ASN != "" {
		errs = append(errs, l.readNotices(cfg.at(cfg.ASN)))
	}
	errs = append(errs, l.passwords())
	if err == nil {
		errs = append(errs, l.routes())
	}
	return l, errors.Join(errs...)
}

func (l *lineFiles) readRecipes(dir string) error {
	all, err := recipes.Load(os.DirFS(dir), "*.yaml")
	if err != nil {
		return fmt.Errorf("recipes in %s: %w", dir, err)
	}
	if len(all) == 0 {
		return fmt.Errorf("recipes in %s: there is none; put one *.yaml a revision there", dir)
	}
	l.recipes = all
	return nil
}

func (l *lineFiles) readNotices(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return fmt.Errorf("shipping notices: %w", err)
	}
	if len(names) == 0 {
		if l.config.anySimulated() {
			l.notes = append(l.notes, fmt.Sprintf("no shipping notice in %s yet; the virtual plant writes its own at its first start", dir))
			return nil
		}
		return fmt.Errorf("shipping notices: no *.csv in %s; a cell without one cannot be received", dir)
	}
	var errs []error
	from := map[line.CellID]string{}
	for _, name := range names {
		cells, err := readNotice(name)
		errs = append(errs, err)
		for _, c := range cells {
			if first, twice := from[c.Cell]; twice {
				errs = append(errs, fmt.Errorf("%s: cell %s stands in %s already; ask the supplier which is right", name, c.Cell, first))
				break
			}
			from[c.Cell] = name
		}
		l.cells = append(l.cells, cells...)
	}
	return errors.Join(errs...)
}

func readNotice(name string) ([]line.SupplierCell, error) {
	f, err := os.Open(name) //nolint:gosec // found by a pattern in the configured directory
	if err != nil {
		return nil, fmt.Errorf("shipping notice: %w", err)
	}
	defer f.Close()
	cells, err := line.ParseShippingNotice(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return cells, nil
}

// passwords holds that the secrets of real devices are there and readable by their owner only, and notes who may be told them.
func (l *lineFiles) passwords() error {
	var errs []error
	l.config.devices(func(_ *Station, d *Device) {
		if d.Protocol != protocolOPCUA || d.PasswordFile == "" {
			return
		}
		if d.Certificate == "" {
			l.notes = append(l.notes, fmt.Sprintf("%s names no certificate: whoever answers at %s is trusted, the password included", d.id, d.Address))
		}
		path := l.config.at(d.PasswordFile)
		_, err := readPassword(path)
		if errors.Is(err, fs.ErrNotExist) && d.simulated {
			return // made at the first start of the virtual plant
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", d.id, err))
		}
	})
	return errors.Join(errs...)
}

// routes holds that the line has a station for every step of every recipe.
func (l *lineFiles) routes() error {
	var errs []error
	has := func(k line.Kind) bool {
		return slices.ContainsFunc(l.config.Stations, func(s Station) bool { return s.Kind == k })
	}
	for _, r := range l.recipes {
		var missing []line.Kind
		for _, step := range r.Route {
			if !has(step.Kind) {
				missing = append(missing, step.Kind)
			}
		}
		if len(missing) > 0 {
			errs = append(errs, fmt.Errorf("%s: recipe %s revision %s goes through stations that the line does not have: %s",
				l.config.path, r.Product, r.Revision, words(missing)))
		}
		if len(r.Rework) > 0 && !has(line.Bench) {
			errs = append(errs, fmt.Errorf("%s: recipe %s revision %s allows rework, and the line has no bench; add a station of kind bench", l.config.path, r.Product, r.Revision))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) count() (n int) {
	c.devices(func(*Station, *Device) { n++ })
	return n
}
