package supervisor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"linectl/line"
	"linectl/recipes"
	"linectl/stations"
)

// Config is what the line is made of.
type Config struct {
	Name      string // area and line, for people
	Version   string // of the program, for the record
	Simulated bool   // any device is virtual
	Stations  []StationConfig
	Shifts    line.ShiftPlan
	Recipes   []*recipes.Recipe
	Supplier  map[line.CellID]line.SupplierCell // all shipping notices
}

// StationConfig is one station. The order of the stations is the route; the bench comes last.
type StationConfig struct {
	ID      line.StationID
	Kind    line.Kind
	Title   string
	Buffer  int           // parts that may wait in front of it
	Takt    time.Duration // planned for a part, 0 if none is
	Devices []DeviceConfig
}

// DeviceConfig is one device of a station.
type DeviceConfig struct {
	ID        line.DeviceID
	Role      stations.Role
	Simulated bool
}

// approved returns the approved recipe of a product with the highest revision. The error names the products there are.
func (c Config) approved(product string) (*recipes.Recipe, error) {
	var best *recipes.Recipe
	var known []string
	for _, r := range c.Recipes {
		known = append(known, r.Product)
		if r.Product == product && r.Status == "approved" && (best == nil || newer(r.Revision, best.Revision)) {
			best = r
		}
	}
	if best == nil {
		slices.Sort(known)
		return nil, fmt.Errorf("no approved recipe for %q; products are %s", product, strings.Join(slices.Compact(known), " "))
	}
	return best, nil
}

// newer compares revisions: as numbers if they are, else as text.
func newer(a, b string) bool {
	x, err1 := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	if err1 == nil && err2 == nil {
		return x > y
	}
	return a > b
}
