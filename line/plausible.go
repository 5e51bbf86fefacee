package line

import "math"

// span is what an instrument can show at all.
type span struct{ low, high float64 }

// spans are so wide that nothing which happens on a line of battery packs lies outside them, bad cells and short circuits included:
// a reading that does is none. Below zero there is room for what noise makes of nothing.
var spans = map[string]span{
	"1": {-1e5, 1e9}, "%": {-1e4, 1e4}, "V": {-2e3, 2e3}, "A": {-1e5, 1e5}, "Ω": {-1e-3, 1e13}, "W": {-10, 1e6}, "J": {-10, 1e6},
	"N": {-1e4, 1e6}, "N·m": {-1e3, 1e3}, "m": {-10, 10}, "s": {-1e-3, 1e6}, "°C": {-273.15, 2e3}, "K": {-500, 500}, "Pa": {-2e5, 1e7},
	"sccm": {-10, 1e5}, "Hz": {-1e7, 1e7}, "°": {-1e5, 1e5}, "kg": {-1, 1e4}, "V/h": {-1, 1e3}, "Ah": {-1, 1e5},
}

// scales are values that are grades or yes and no: of them more is known than of their unit.
var scales = map[string]span{
	"codeGrade": {0, 4}, "labelGrade": {0, 4}, "polarity": {0, 1}, "tapOrder": {0, 1}, "identity": {0, 1}, "protection": {0, 1},
}

// Plausible reports whether a value is a number that an instrument can have shown for the field, good or bad.
func (f Field) Plausible(value float64) bool {
	s, known := scales[f.Name]
	if !known {
		s, known = spans[f.Unit]
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return false
	}
	return !known || value >= s.low && value <= s.high
}
