package recipes

import (
	"slices"
	"time"

	"linectl/line"
)

// Recipe is one revision of a product's recipe. It is never changed after Parse; share it freely.
type Recipe struct {
	Product  string `json:"product"` // EV-P1
	Revision string `json:"revision"`
	Title    string `json:"title"`  // in words, for people
	Status   string `json:"status"` // draft, approved or withdrawn; only an approved recipe may be ordered
	Author   string `json:"author"`
	Approver string `json:"approver"` // another person than the author

	Source string `json:"source"` // the file as it was read
	Hash   string `json:"hash"`   // SHA-256 of Source, hexadecimal

	Chemistry    string  `json:"chemistry"`     // LFP or NMC
	Series       int     `json:"series"`        // cells in series in a pack
	Parallel     int     `json:"parallel"`      // cells in parallel in each group
	Modules      int     `json:"modules"`       // modules of a pack; Series is a multiple of it
	SerialPrefix string  `json:"serial_prefix"` // of the serial issued at pack-out
	NominalV     float64 `json:"nominal_v"`     // V
	CapacityAh   float64 `json:"capacity_ah"`   // Ah
	MassKg       float64 `json:"mass_kg"`       // kg

	Cell      Cell       `json:"cell"`
	Matching  Matching   `json:"matching"`
	Materials []Material `json:"materials"` // consumables by lot, and parts by serial
	Route     []Step     `json:"route"`     // in order; receive and sort come first and concern cells
	Rework    []Rework   `json:"rework"`

	Weld     Weld      `json:"weld"`
	Inspect  Inspect   `json:"inspect"`
	Assemble Assemble  `json:"assemble"`
	EOL      []EOLStep `json:"eol"` // all seventeen, in order

	processes map[line.Kind]Process
	needs     map[line.Kind]map[line.Task]needs
}

// Cells returns the number of cells of a pack.
func (r *Recipe) Cells() int { return r.Series * r.Parallel }

// ModuleOf returns the module, from 1, that a slot from 1 to Cells belongs to. Slots are counted group by group.
func (r *Recipe) ModuleOf(slot int) int { return (slot-1)/(r.Cells()/r.Modules) + 1 }

// GroupOf returns the parallel group, from 1 to Series, of a slot.
func (r *Recipe) GroupOf(slot int) int { return (slot-1)/r.Parallel + 1 }

// Process returns what is set and asked at the stations of a kind. A kind that the recipe does not mention has none.
func (r *Recipe) Process(k line.Kind) Process { return r.processes[k] }

// Step returns the route step of a kind.
func (r *Recipe) Step(k line.Kind) (Step, bool) {
	i := slices.IndexFunc(r.Route, func(s Step) bool { return s.Kind == k })
	if i < 0 {
		return Step{}, false
	}
	return r.Route[i], true
}

// Cell is what the recipe asks of cells before they are measured.
type Cell struct {
	Item         string        `json:"item"`           // type, as in the supplier's shipping notice
	Lane         int           `json:"lane"`           // magazine lane of the receiving station that holds this type
	CodePattern  string        `json:"code_pattern"`   // regular expression that the code must match
	MinCodeGrade string        `json:"min_code_grade"` // A to F after ISO/IEC 15415; worse is rejected
	MaxAge       time.Duration `json:"max_age"`        // since production
	MaxLots      int           `json:"max_lots"`       // supplier lots in one pack
	MinSOC       float64       `json:"min_soc"`        // %, at receipt
	MaxSOC       float64       `json:"max_soc"`        // %
	Remeasure    int           `json:"remeasure"`      // how often a reading may be repeated
	Validity     time.Duration `json:"validity"`       // of a reading, until the cell is stacked
}

// Matching says how sets are built from the pool of good cells. Spreads are maximum minus minimum.
type Matching struct {
	Strategy            string  `json:"strategy"`              // "window" or "bins"
	CapacitySpread      float64 `json:"capacity_spread"`       // % of the mean, over the pack
	OCVSpread           float64 `json:"ocv_spread"`            // V, over the pack
	OCVSpreadGroup      float64 `json:"ocv_spread_group"`      // V, in a parallel group; 0 = not asked
	ACIRSpread          float64 `json:"acir_spread"`           // Ω, over the pack; 0 = not asked
	ACIRSpreadGroup     float64 `json:"acir_spread_group"`     // % of the group's mean, in a parallel group; 0 = not asked
	CapacitySpreadGroup float64 `json:"capacity_spread_group"` // % between the groups' sums; 0 = not asked
	MinCapacity         float64 `json:"min_capacity"`          // Ah, of the weakest parallel group's sum: the pack has no more; 0 = not asked
	CapacityBin         float64 `json:"capacity_bin"`          // Ah, width of a bin for "bins"
	OCVBin              float64 `json:"ocv_bin"`               // V, width of a bin for "bins"
	ACIRBin             float64 `json:"acir_bin"`              // Ω, width of a bin for "bins"
}

// Material is one line of the bill of material other than the cells.
type Material struct {
	Item     string    `json:"item"`
	Kind     line.Kind `json:"kind"`     // where it is used
	Level    string    `json:"level"`    // "lot" or "serial"
	Quantity float64   `json:"quantity"` // a pack
	Unit     string    `json:"unit"`     // base unit, "1" for pieces
}

// Step is one step of the route.
type Step struct {
	Kind     line.Kind `json:"kind"`
	Required bool      `json:"required"`
	Needs    []Need    `json:"needs"`
}

// Need is a step that must be OK for the present build state before another may begin.
type Need struct {
	Kind   line.Kind     `json:"kind"`
	Within time.Duration `json:"within"` // since its end; 0 = no limit
}

// Rework says what may be mended and what must be repeated afterwards.
type Rework struct {
	Step        line.Kind   `json:"step"`          // where the rework is done
	MaxPerIndex int         `json:"max_per_index"` // for example, re-welds of one joint
	MaxPerPack  int         `json:"max_per_pack"`  // for example, re-welded joints of one pack
	Invalidates []line.Kind `json:"invalidates"`   // steps that must be repeated
	Authorised  string      `json:"authorised"`    // the role that decides
}

// Parameter is one set value, with the equipment's hard limits. All in the base unit.
type Parameter struct {
	line.Quantity
	Min   float64 `json:"min"`
	Max   float64 `json:"max"`
	Class string  `json:"class"` // critical, major or minor
}

// Process is what is set and asked at one kind of station. All values are in base units.
type Process struct {
	Parameters []Parameter  `json:"parameters"`
	Limits     []line.Limit `json:"limits"`
	Master     *MasterCheck `json:"master"`
	Sampling   []Sampling   `json:"sampling"`
	Tool       *Tool        `json:"tool"`
}

// needs is what an act takes and is held to.
type needs struct {
	parameters []line.Quantity
	limits     []line.Limit
}

// Needs returns the parameters that a task takes at the stations of a kind, for its intent: all of them, or none when the product does
// without the task, as cells in holders do without compression. What the station itself decides is not among them. The limits are those of
// what the task measures. Both are the recipe's own and not to be changed.
func (r *Recipe) Needs(k line.Kind, t line.Task) ([]line.Quantity, []line.Limit) {
	n := r.needs[k][t]
	return n.parameters, n.limits
}

// prepare finds what each task needs, once: it is asked for at every act.
func (r *Recipe) prepare() {
	r.needs = map[line.Kind]map[line.Task]needs{}
	for k, p := range r.processes {
		r.needs[k] = map[line.Task]needs{}
		for t := line.TaskNone; t <= line.EOLStep(line.EOLSteps); t++ {
			if !t.Known() {
				continue
			}
			if n := p.needs(t.Spec()); n.parameters != nil || n.limits != nil {
				r.needs[k][t] = n
			}
		}
	}
}

// needs has no room behind its lists, so that who appends to one gets a list of his own.
func (p Process) needs(t line.TaskSpec) (n needs) {
	for _, field := range t.Params {
		for _, par := range p.Parameters {
			if par.Name == field.Name {
				n.parameters = append(n.parameters, par.Quantity)
			}
		}
	}
	for _, field := range t.Values {
		for _, l := range p.Limits {
			if l.Name == field.Name {
				n.limits = append(n.limits, l)
			}
		}
	}
	n.parameters, n.limits = slices.Clip(n.parameters), slices.Clip(n.limits)
	return n
}

// Limit returns the limit of a measurement. Without one the measurement is recorded and not judged.
func (p Process) Limit(name string) (line.Limit, bool) {
	i := slices.IndexFunc(p.Limits, func(l line.Limit) bool { return l.Name == name })
	if i < 0 {
		return line.Limit{}, false
	}
	return p.Limits[i], true
}

// MasterCheck is the check against a reference part that must have passed before production.
type MasterCheck struct {
	Interval   time.Duration `json:"interval"`
	References []line.Limit  `json:"references"` // reference1, reference2: target with limits
}

// Sampling is a destructive or extended check of some parts.
type Sampling struct {
	What  string `json:"what"`
	Every int    `json:"every"` // every n-th pack
}

// Tool is a wearing part: electrode, protective glass, probe.
type Tool struct {
	Name   string  `json:"name"`
	Warn   float64 `json:"warn"`   // use at which the operator is told
	Limit  float64 `json:"limit"`  // use at which the station stops at the end of the part
	Unit   string  `json:"unit"`   // "1" for hits, "%" for contamination
	Action string  `json:"action"` // what the operator does: clean, dress or replace
}

// Weld says how the joints of a pack are made.
type Weld struct {
	Task         line.Task `json:"task"`           // TaskWeldLaser, TaskWeldResistance or TaskWeldUltrasonic
	Joints       int       `json:"joints"`         // of a pack
	PerPosition  int       `json:"per_position"`   // joints within reach of one position of the head
	HoldAfterNOK int       `json:"hold_after_nok"` // consecutive NOK joints that hold the station
	MaxNOK       int       `json:"max_nok"`        // NOK joints of a pack above which it is scrapped, at least 1

	Waveform string      `json:"waveform"` // of each joint: optional, or required, when a joint without it is UNKNOWN
	Envelope []line.Band `json:"envelope"` // reference bands for people who look at the waveform; they judge nothing
}

// Inspect says how joints are measured.
type Inspect struct {
	PerAct      int     `json:"per_act"`      // joints a measurement, at most 20
	RelativeMax float64 `json:"relative_max"` // largest joint resistance as a multiple of the pack's median; 0 = not asked
}

// Assemble says what is put together.
type Assemble struct {
	Screws int `json:"screws"` // of a pack
}

// EOLStep is one step of the end-of-line test for this product.
type EOLStep struct {
	Step        int             `json:"step"`         // 1 to 17
	NotRequired string          `json:"not_required"` // why this product does not need it; empty = required
	Every       int             `json:"every"`        // every n-th pack; 0 or 1 = every pack
	Parameters  []line.Quantity `json:"parameters"`
	Limits      []line.Limit    `json:"limits"`
}
