package simulator

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"linectl/line"
)

// lotSize is the number of cells of a supplier's lot.
const lotSize = 400

// cell is one physical cell with its true properties. They follow from the seed, the lane and the number alone.
type cell struct {
	lane, number int    // magazine lane and place in it, from 1
	body         string // "lane-number": no two cells share it
	code         line.CellID
	item         string
	lot          line.LotID
	capacity     float64 // Ah
	acir         float64 // Ω at 25 °C
	soc          float64 // %
	ocv          float64 // V
	drain        float64 // V/h, self-discharge
	grade        float64 // of the code after ISO/IEC 15415: 4 for A down to 0 for F
	unreadable   bool
	unlisted     bool // stands in no shipping notice
}

// reads is what a scanner reads on the cell.
func (c *cell) reads() string {
	if c.unreadable {
		return ""
	}
	return string(c.code)
}

func (e Event) lane() int {
	lane, _, _ := strings.Cut(e.Body, "-")
	n, _ := strconv.Atoi(lane)
	return n
}

func (e Event) number() int {
	_, number, _ := strings.Cut(e.Body, "-")
	n, _ := strconv.Atoi(number)
	return n
}

// population returns the n-th cell of a magazine lane.
func (p *Plant) population(lane, number int) *cell {
	product := p.productOfLane(lane)
	defects := p.cfg.Defects
	body := fmt.Sprintf("%d-%d", lane, number)
	lot := (number - 1) / lotSize
	c := &cell{
		lane: lane, number: number, body: body, item: product.Item, lot: p.lotName(lane, lot), code: p.code(product, lane, number),
	}
	lotDice := p.roll("lot", product.Item, lot, 0)
	mean := product.Ah * (1 + lotDice.within(0, 0.0015, -0.004, 0.004))
	d := p.roll("cell", body, 0, 0)
	c.capacity = d.within(mean, product.AhSigma, product.AhRated, mean+4*product.AhSigma)
	c.acir = product.ACIR * math.Exp(d.within(0, product.ACIRSigma, -3.5*product.ACIRSigma, 3.5*product.ACIRSigma))
	c.soc = d.within(product.SOC, product.SOCSigma, product.SOC-4*product.SOCSigma, product.SOC+4*product.SOCSigma)
	c.drain = d.lognormal(product.Drain, 0.25)
	c.grade = 4
	if d.chance(0.1) {
		c.grade = 3
	}
	c.ocv = openCircuit(product.Chemistry, c.soc)
	bad := p.roll("cell defect", body, 0, 0)
	if bad.chance(defects.OCV) {
		c.ocv = bad.between(product.OCVMin-0.030, product.OCVMin-0.003)
	}
	if bad.chance(defects.ACIR) {
		c.acir = product.ACIR * bad.between(1.4, 1.8)
	}
	if bad.chance(defects.SelfDrain) {
		c.drain = product.Drain * bad.between(8, 12)
	}
	c.unreadable = bad.chance(defects.Unreadable)
	if bad.chance(defects.Grade) {
		c.grade = math.Floor(bad.between(0, 2))
	}
	c.unlisted = bad.chance(defects.Unlisted)
	if bad.chance(defects.Duplicate) && number > 1 {
		c.code = p.code(product, lane, max(1, number-1-int(bad.between(0, 20))))
	}
	return c
}

func (p *Plant) productOfLane(lane int) Product {
	for _, product := range p.cfg.Products {
		if product.Lane == lane {
			return product
		}
	}
	panic(fmt.Sprintf("simulator: no product takes cells from magazine lane %d", lane))
}

func (p *Plant) hasLane(lane int) bool {
	for _, product := range p.cfg.Products {
		if product.Lane == lane {
			return true
		}
	}
	return false
}

// lotName is unique among all lots of the plant: item letter, seed and number.
func (p *Plant) lotName(lane, lot int) line.LotID {
	return line.LotID(fmt.Sprintf("L%d%05d", lane, (p.cfg.Seed%100)*1000+uint64(lot)+1))
}

// code writes the 24 characters of GB/T 34014-2017: maker, type C, chemistry, specification, lot, day, serial of the day.
func (p *Plant) code(product Product, lane, number int) line.CellID {
	chemistry := "B" // LFP
	if product.Chemistry != "LFP" {
		chemistry = "E" // ternary
	}
	lot := (number - 1) / lotSize
	return line.CellID(fmt.Sprintf("LCTC%s%02d%s%s%07d", chemistry, lane, p.lotName(lane, lot), dayCode(p.producedOn(lot)), number))
}

// producedOn is the day on which a lot was made: some weeks before the plant was set up.
func (p *Plant) producedOn(lot int) time.Time {
	return p.born.UTC().Truncate(24*time.Hour).AddDate(0, 0, -45-lot%15)
}

// dayCode writes a day in three characters (GB/T 34014-2017): year from 2011 = 1, month, day; I, O and Q are not used.
func dayCode(t time.Time) string {
	const years = "123456789ABCDEFGHJKLMNPRSTUVWXYZ"
	const days = "123456789ABCDEFGHJKLMNPRSTUVWXY"
	return string([]byte{years[(t.Year()-2011+len(years))%len(years)], days[int(t.Month())-1], days[t.Day()-1]})
}

// curve is open-circuit voltage over state of charge, %.
type curve [][2]float64

var curves = map[string]curve{
	"LFP": {{0, 2.80}, {5, 3.05}, {10, 3.19}, {20, 3.24}, {30, 3.283}, {40, 3.294}, {50, 3.298}, {70, 3.325}, {90, 3.338}, {100, 3.42}},
	"NMC": {{0, 3.20}, {10, 3.42}, {20, 3.52}, {30, 3.60}, {40, 3.64}, {50, 3.70}, {70, 3.88}, {90, 4.07}, {100, 4.18}},
}

// openCircuit is the voltage of a rested cell at 25 °C, between the points of its chemistry's curve.
func openCircuit(chemistry string, soc float64) float64 {
	c := curves[chemistry]
	for i := 1; i < len(c); i++ {
		if soc <= c[i][0] || i == len(c)-1 {
			a, b := c[i-1], c[i]
			return a[1] + (b[1]-a[1])*(soc-a[0])/(b[0]-a[0])
		}
	}
	return math.NaN()
}
