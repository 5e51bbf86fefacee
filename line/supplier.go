package line

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SupplierCell is what a supplier says of one cell in the advance shipping notice.
type SupplierCell struct {
	Cell          CellID    `json:"cell"`
	Item          string    `json:"item"` // cell type, as in the recipe's bill of material
	Lot           LotID     `json:"lot"`
	Produced      time.Time `json:"produced"`    // UTC day
	CapacityAh    float64   `json:"capacity_ah"` // Ah
	OCV           float64   `json:"ocv"`         // V, at MeasuredAt
	MeasuredAt    time.Time `json:"measured_at"` // UTC
	ACIR          float64   `json:"acir"`        // Ω at 1 kHz
	StateOfCharge float64   `json:"soc"`         // %
	Grade         string    `json:"grade"`       // supplier's grade
}

var supplierColumns = []string{"cell", "item", "lot", "produced", "capacity_ah", "ocv_v", "measured_at", "acir_ohm", "soc_percent", "grade"}

// ParseShippingNotice reads an advance shipping notice: CSV with the header that WriteShippingNotice writes. Errors name the
// line and column; one bad row refuses the whole file, because half a notice would let the rest of a lot in unseen.
func ParseShippingNotice(r io.Reader) ([]SupplierCell, error) {
	rows := csv.NewReader(r)
	rows.FieldsPerRecord = len(supplierColumns)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("shipping notice: %w", err)
	}
	if !slices.Equal(header, supplierColumns) {
		return nil, fmt.Errorf("shipping notice: line 1: want the columns %s", strings.Join(supplierColumns, ","))
	}
	var cells []SupplierCell
	seen := map[CellID]int{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return cells, nil
		}
		if err != nil {
			return nil, fmt.Errorf("shipping notice: %w", err)
		}
		at, _ := rows.FieldPos(0)
		c, err := parseSupplierCell(row)
		if err != nil {
			return nil, fmt.Errorf("shipping notice: line %d: %w", at, err)
		}
		if first, dup := seen[c.Cell]; dup {
			return nil, fmt.Errorf("shipping notice: line %d: cell %s stands on line %d already; ask the supplier which is right", at, c.Cell, first)
		}
		seen[c.Cell] = at
		cells = append(cells, c)
	}
}

func parseSupplierCell(row []string) (c SupplierCell, err error) {
	number := func(i int) float64 {
		v, e := strconv.ParseFloat(row[i], 64)
		if e != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			err = errors.Join(err, fmt.Errorf("%s: %q is no number of zero or more", supplierColumns[i], row[i]))
		}
		return v
	}
	when := func(i int, layout string) time.Time {
		t, e := time.Parse(layout, row[i])
		if e != nil {
			err = errors.Join(err, fmt.Errorf("%s: %q is not of the form %s", supplierColumns[i], row[i], layout))
		}
		return t.UTC()
	}
	text := func(i int) string {
		s := strings.Clone(row[i])
		if s == "" || len(s) > 32 || strings.IndexFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e }) >= 0 {
			err = errors.Join(err, fmt.Errorf("%s: %q is not 1 to 32 ASCII characters", supplierColumns[i], row[i]))
		}
		return s
	}
	c = SupplierCell{
		Cell: CellID(text(0)), Item: text(1), Lot: LotID(text(2)), Produced: when(3, time.DateOnly), CapacityAh: number(4), OCV: number(5),
		MeasuredAt: when(6, time.RFC3339), ACIR: number(7), StateOfCharge: number(8), Grade: text(9),
	}
	return c, err
}

// WriteShippingNotice writes what ParseShippingNotice reads.
func WriteShippingNotice(w io.Writer, cells []SupplierCell) error {
	out := csv.NewWriter(w)
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	if err := out.Write(supplierColumns); err != nil {
		return err
	}
	for _, c := range cells {
		err := out.Write([]string{
			string(c.Cell), c.Item, string(c.Lot), c.Produced.UTC().Format(time.DateOnly), number(c.CapacityAh), number(c.OCV),
			c.MeasuredAt.UTC().Format(time.RFC3339), number(c.ACIR), number(c.StateOfCharge), c.Grade,
		})
		if err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
