package simulator

import (
	"fmt"
	"strings"

	"linectl/line"
)

// Config describes a plant. Zero values of CellsPerLane, Defects and Products mean the defaults.
type Config struct {
	Seed         uint64
	Speed        float64 // divides the durations of acts and travel, and nothing else; at least 1
	Devices      []DeviceConfig
	CellsPerLane int // population of each magazine lane, default 3000
	Defects      *Defects
	Products     []Product
	Host         bool        // faults of the line's computer may be injected: whoever drives the plant asks Commit
	Witness      func(Event) // called for every event of the ground truth, under the plant's lock; nil = nobody
}

// DeviceConfig is one device of the plant.
type DeviceConfig struct {
	ID      line.DeviceID
	Station line.StationID
	Kind    line.Kind        // of the station: says which tasks the device knows
	Class   line.DeviceClass // what it remembers of its acts; empty is A
}

// Defects are the probabilities with which things go wrong.
type Defects struct {
	OCV        float64 // a cell: voltage outside its gate
	ACIR       float64 // a cell: resistance above its gate
	SelfDrain  float64 // a cell: self-discharge ten times the usual
	Unreadable float64 // a cell: code cannot be read
	Duplicate  float64 // a cell: carries the code of another
	Grade      float64 // a cell: code can be read but is graded D or F
	Unlisted   float64 // a cell: stands in no shipping notice
	Contact    float64 // a measurement of a cell: bad probe contact
	Joint      float64 // a joint: gap or dirt
	Screw      float64 // a screw: cross-threaded
	Leak       float64 // a pack: leaks at the first test
	EOLStep    float64 // a step of the end-of-line test: fails at first
}

// DefaultDefects are the rates of a line in good order.
func DefaultDefects() Defects {
	return Defects{
		OCV: 0.004, ACIR: 0.003, SelfDrain: 0.005, Unreadable: 0.004, Duplicate: 0.001, Grade: 0.003, Unlisted: 0.002, Contact: 0.001,
		Joint: 0.0025, Screw: 0.001, Leak: 0.01, EOLStep: 0.003,
	}
}

// Product is what the plant's physics must know of a product: its cells and how they are joined.
type Product struct {
	Name             string // EV-P1: the first part of every pack id
	Item             string // cell type
	Lane             int    // magazine lane that holds the cells
	Chemistry        string // LFP or NMC
	Series, Parallel int
	Welding          line.Task
	Joints           int

	Ah, AhSigma, AhRated float64 // Ah: population, and what the supplier guarantees
	ACIR, ACIRSigma      float64 // Ω, and the standard deviation of its logarithm
	SOC, SOCSigma        float64 // %
	Drain                float64 // V/h: median self-discharge
	OCVMin, OCVMax       float64 // V: gate that defects leave

	DCIRRatio    float64 // ten-second resistance of a cell over its 1 kHz resistance
	LinksACIR    float64 // Ω of links, fuse and contactors at 1 kHz
	LinksDCIR    float64 // Ω of the same in a pulse
	JointsInPath float64 // of the joints, how many are in series in the current's way
	VolumeL      float64 // L of air in the housing
	LeakSccm     float64 // sccm of a good housing
	InsulationMΩ float64 // median
	SupplyA      float64 // A of the woken BMS
	EndSOC       float64 // % at which the end-of-line test leaves the pack
	ModuleM      float64 // m: length of a compressed module
	PlaceN       float64 // N: force with which a module sits down
}

// DefaultProducts are the three sample products.
func DefaultProducts() []Product {
	return []Product{
		{
			Name: "EV-P1", Item: "LFP-105", Lane: 1, Chemistry: "LFP", Series: 104, Parallel: 1, Welding: line.TaskWeldLaser, Joints: 208,
			Ah: 105.8, AhSigma: 0.6, AhRated: 105.15, ACIR: 0.198e-3, ACIRSigma: 0.04, SOC: 30, SOCSigma: 0.5, Drain: 0.010e-3,
			OCVMin: 3.270, OCVMax: 3.310, DCIRRatio: 3.75, LinksACIR: 2.5e-3, LinksDCIR: 3.5e-3, JointsInPath: 208, VolumeL: 60, LeakSccm: 9,
			InsulationMΩ: 500, SupplyA: 0.4, EndSOC: 30, ModuleM: 0.560, PlaceN: 800,
		},
		{
			Name: "ESS-P2", Item: "LFP-280", Lane: 2, Chemistry: "LFP", Series: 16, Parallel: 1, Welding: line.TaskWeldLaser, Joints: 32,
			Ah: 283, AhSigma: 1.4, AhRated: 280.4, ACIR: 0.180e-3, ACIRSigma: 0.04, SOC: 30, SOCSigma: 0.5, Drain: 0.012e-3,
			OCVMin: 3.270, OCVMax: 3.310, DCIRRatio: 2.15, LinksACIR: 0.8e-3, LinksDCIR: 0.3e-3, JointsInPath: 32, VolumeL: 40, LeakSccm: 9,
			InsulationMΩ: 300, SupplyA: 0.3, EndSOC: 30, ModuleM: 0.560, PlaceN: 800,
		},
		{
			Name: "DRN-P3", Item: "NMC-21700-4.2", Lane: 3, Chemistry: "NMC", Series: 14, Parallel: 7, Welding: line.TaskWeldResistance, Joints: 392,
			Ah: 4.22, AhSigma: 0.024, AhRated: 4.204, ACIR: 12e-3, ACIRSigma: 0.04, SOC: 30, SOCSigma: 0.25, Drain: 0.014e-3,
			OCVMin: 3.550, OCVMax: 3.650, DCIRRatio: 1.5, LinksACIR: 2.2e-3, LinksDCIR: 4.2e-3, JointsInPath: 2, VolumeL: 5, LeakSccm: 1.5,
			InsulationMΩ: 200, SupplyA: 0.03, EndSOC: 27.5, ModuleM: 0.280, PlaceN: 250,
		},
	}
}

// productOf finds the product by a pack's id, "<product>-<number>".
func (p *Plant) productOf(pack string) (Product, bool) {
	i := strings.LastIndexByte(pack, '-')
	for _, product := range p.cfg.Products {
		if i > 0 && pack[:i] == product.Name {
			return product, true
		}
	}
	return Product{}, false
}

func (c *Config) complete() error {
	if c.Speed == 0 {
		c.Speed = 1
	}
	if c.Speed < 1 || c.Speed > 100_000 {
		return fmt.Errorf("virtual plant: speed %g is outside 1 to 100000", c.Speed)
	}
	if c.CellsPerLane == 0 {
		c.CellsPerLane = 3000
	}
	if c.CellsPerLane < 1 || c.CellsPerLane > 1_000_000 {
		return fmt.Errorf("virtual plant: %d cells a lane is outside 1 to 1000000", c.CellsPerLane)
	}
	if c.Defects == nil {
		d := DefaultDefects()
		c.Defects = &d
	}
	if c.Products == nil {
		c.Products = DefaultProducts()
	}
	seen := map[line.DeviceID]bool{}
	for _, d := range c.Devices {
		if _, ok := repertoire[d.Kind]; !ok {
			return fmt.Errorf("virtual plant: device %s: unknown kind of station %q; known are %v", d.ID, d.Kind, line.Kinds)
		}
		if seen[d.ID] {
			return fmt.Errorf("virtual plant: device %s is configured twice", d.ID)
		}
		if d.Class.Promise() == "" {
			return fmt.Errorf("virtual plant: device %s: no class %q; known are A, B and C", d.ID, d.Class)
		}
		seen[d.ID] = true
	}
	return nil
}
