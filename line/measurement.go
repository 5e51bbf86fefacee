package line

import (
	"fmt"
	"math"
)

// Quantity is a named number with its base unit, for example {"power", 2800, "W"}.
type Quantity struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Limit is what a recipe asks of one measurement, in the base unit. A nil bound is open. Bounds themselves are inside.
type Limit struct {
	Name        string      `json:"name"`
	Unit        string      `json:"unit"`
	LSL         *float64    `json:"lsl,omitempty"`    // lower specification limit
	Target      *float64    `json:"target,omitempty"` // what the process aims at; not judged
	USL         *float64    `json:"usl,omitempty"`    // upper specification limit
	Code        string      `json:"code,omitempty"`   // NOK code, <station><class><number>: 060-W-010
	Retest      int         `json:"retest,omitempty"` // how often the act may be repeated when NOK
	Disposition Disposition `json:"disposition,omitempty"`
}

// Disposition is what becomes of a part whose measurement is outside its limits.
type Disposition string

// The dispositions a limit may name. The zero Disposition is Continue.
const (
	Continue  Disposition = "continue" // go on at this station; the step is NOK all the same
	ToRework  Disposition = "rework"   // finish here, then the bench
	ToScrap   Disposition = "scrap"    // finish here, then out
	HoldLine  Disposition = "hold"     // hold the station and call
	ToReject  Disposition = "reject"   // a cell: into its reject bin
	ToInspect Disposition = "inspect"  // let the next inspection decide
)

// Judge compares a value with the limit. A value that is not a finite number was not measured and is UNKNOWN, and so is one that no
// instrument can have measured.
func (l Limit) Judge(value float64) Verdict {
	switch {
	case !Field{l.Name, l.Unit}.Plausible(value):
		return Unknown
	case l.LSL != nil && value < *l.LSL, l.USL != nil && value > *l.USL:
		return NOK
	}
	return OK
}

// Measure makes the measurement that goes into the record: the value beside the limits it was judged by.
func (l Limit) Measure(index int, value float64) Measurement {
	m := Measurement{Name: l.Name, Index: index, Unit: l.Unit, LSL: l.LSL, USL: l.USL, Verdict: l.Judge(value)}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return m
	}
	m.Value = &value
	if m.Verdict == NOK {
		m.Code = l.Code
	}
	return m
}

// Measurement is one measured value as recorded: with the limits in force, so that no later recipe can change its meaning.
type Measurement struct {
	Name    string   `json:"name"`
	Index   int      `json:"index,omitempty"` // joint, slot, module or screw; 0 where there is only one
	Value   *float64 `json:"value"`           // base unit; nil when the device gave no finite number
	Unit    string   `json:"unit"`
	LSL     *float64 `json:"lsl,omitempty"`
	USL     *float64 `json:"usl,omitempty"`
	Verdict Verdict  `json:"verdict,omitempty"` // empty for a value that no limit judges
	Code    string   `json:"code,omitempty"`    // NOK code, when NOK
}

// Limit returns the limit by which the value was judged, as far as it is on record. What is judged again must be judged by it: what an
// instrument can have shown at all hangs on the value's name and unit.
func (m Measurement) Limit() Limit {
	return Limit{Name: m.Name, Unit: m.Unit, LSL: m.LSL, USL: m.USL, Code: m.Code}
}

// String says the measurement in the operator's words: "energy 7.1 J < 9 J".
func (m Measurement) String() string {
	name := m.Name
	if m.Index > 0 {
		name = fmt.Sprintf("%s %d", name, m.Index)
	}
	switch {
	case m.Value == nil:
		return name + " not measured"
	case m.Verdict == Unknown:
		return fmt.Sprintf("%s %s cannot be: look at the instrument", name, Format(*m.Value, m.Unit))
	case m.LSL != nil && *m.Value < *m.LSL:
		return fmt.Sprintf("%s %s < %s", name, Format(*m.Value, m.Unit), Format(*m.LSL, m.Unit))
	case m.USL != nil && *m.Value > *m.USL:
		return fmt.Sprintf("%s %s > %s", name, Format(*m.Value, m.Unit), Format(*m.USL, m.Unit))
	}
	return fmt.Sprintf("%s %s", name, Format(*m.Value, m.Unit))
}
