package simulator

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"linectl/line"
)

// suppliersLag is how long before the plant was set up its cells had been measured by their supplier.
const suppliersLag = 96 * time.Hour

// writeNotices writes the suppliers' shipping notices of the whole population, one file a lot, where they do not stand yet.
func (p *Plant) writeNotices() error {
	dir := filepath.Join(p.dir, "asn")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("shipping notices: %w", err)
	}
	for _, product := range p.cfg.Products {
		for lot := 0; lot*lotSize < p.cfg.CellsPerLane; lot++ {
			path := filepath.Join(dir, fmt.Sprintf("%s-%s.csv", product.Item, p.lotName(product.Lane, lot)))
			if _, err := os.Stat(path); err == nil {
				continue
			} else if !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("shipping notices: %w", err)
			}
			if err := writeNotice(path, p.Notice(product.Lane, lot)); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeNotice writes aside and renames, so that no half notice is ever read.
func writeNotice(path string, cells []line.SupplierCell) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600) //nolint:gosec // the plant made the name
	if err != nil {
		return fmt.Errorf("shipping notice: %w", err)
	}
	err = errors.Join(line.WriteShippingNotice(f, cells), f.Close())
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("shipping notice %s: %w", path, err)
	}
	return nil
}

// Notice returns what the supplier of a magazine lane says of its lot number lot, from 0: a line without files hands these to
// the supervisor itself. Cells that stand in the plant but in no notice are left out, and no code stands twice.
func (p *Plant) Notice(lane, lot int) []line.SupplierCell {
	var cells []line.SupplierCell
	seen := map[line.CellID]bool{}
	for number := lot*lotSize + 1; number <= min((lot+1)*lotSize, p.cfg.CellsPerLane); number++ {
		c := p.population(lane, number)
		own := p.code(p.productOfLane(lane), lane, number)
		if c.unlisted || c.code != own || seen[c.code] {
			continue
		}
		seen[c.code] = true
		dice := p.roll("supplier", c.body, 0, 0)
		cells = append(cells, line.SupplierCell{
			Cell: c.code, Item: c.item, Lot: c.lot, Produced: p.producedOn(lot), CapacityAh: rounded(c.capacity*dice.normal(1, 0.0003), 1e4),
			OCV: rounded(c.ocv+c.drain*suppliersLag.Hours()+dice.normal(0, 0.00005), 1e5), MeasuredAt: p.born.Truncate(24 * time.Hour).Add(-suppliersLag),
			ACIR: rounded(c.acir*dice.normal(1, 0.003), 1e7), StateOfCharge: rounded(c.soc, 10), Grade: "A",
		})
	}
	return cells
}

// Notices returns every shipping notice of the population.
func (p *Plant) Notices() []line.SupplierCell {
	var all []line.SupplierCell
	for _, product := range p.cfg.Products {
		for lot := 0; lot*lotSize < p.cfg.CellsPerLane; lot++ {
			all = append(all, p.Notice(product.Lane, lot)...)
		}
	}
	return all
}

func rounded(v, steps float64) float64 { return float64(int64(v*steps+0.5)) / steps }
