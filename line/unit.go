package line

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Unit is a unit as people write it, with its factor to the base unit in which linectl calculates and records.
type Unit struct {
	Symbol string  // as written, "mΩ"
	Base   string  // the unit of the record, "Ω"
	Factor float64 // Base = Symbol × Factor
	UNECE  string  // code of UNECE Recommendation 20, for OPC UA EUInformation
}

// units: the SI inside, and the field's units where SI would help nobody (Ah, °C, sccm, L/min, V/h).
var units = []Unit{
	{"V", "V", 1, "VLT"},
	{"mV", "V", 1e-3, "2Z"},
	{"kV", "V", 1e3, "KVT"},
	{"A", "A", 1, "AMP"},
	{"mA", "A", 1e-3, "4K"},
	{"kA", "A", 1e3, "B22"},
	{"Ω", "Ω", 1, "OHM"},
	{"mΩ", "Ω", 1e-3, "E45"},
	{"µΩ", "Ω", 1e-6, "B94"},
	{"MΩ", "Ω", 1e6, "B75"},
	{"kΩ", "Ω", 1e3, "B49"},
	{"Ah", "Ah", 1, "AMH"},
	{"W", "W", 1, "WTT"},
	{"kW", "W", 1e3, "KWT"},
	{"J", "J", 1, "JOU"},
	{"Hz", "Hz", 1, "HTZ"},
	{"N", "N", 1, "NEW"},
	{"kN", "N", 1e3, "B47"},
	{"N·m", "N·m", 1, "NU"},
	{"s", "s", 1, "SEC"},
	{"ms", "s", 1e-3, "C26"},
	{"min", "s", 60, "MIN"},
	{"h", "s", 3600, "HUR"},
	{"d", "s", 86400, "DAY"},
	{"m", "m", 1, "MTR"},
	{"mm", "m", 1e-3, "MMT"},
	{"µm", "m", 1e-6, "4H"},
	{"m/s", "m/s", 1, "MTS"},
	{"mm/s", "m/s", 1e-3, "C16"},
	{"kg", "kg", 1, "KGM"},
	{"g", "kg", 1e-3, "GRM"},
	{"Pa", "Pa", 1, "PAL"},
	{"mbar", "Pa", 100, "MBR"},
	{"bar", "Pa", 1e5, "BAR"},
	{"°C", "°C", 1, "CEL"},
	{"K", "K", 1, "KEL"},
	{"°", "°", 1, "DD"},
	{"%", "%", 1, "P1"},
	{"1", "1", 1, "C62"},
	{"sccm", "sccm", 1, ""},
	{"L/min", "L/min", 1, "L2"},
	{"V/h", "V/h", 1, ""},
	{"mV/h", "V/h", 1e-3, ""},
}

// ParseUnit finds a unit by its symbol. "u" stands for µ and "Ohm" for Ω. The error names the units that are known.
func ParseUnit(symbol string) (Unit, error) {
	s := strings.ReplaceAll(symbol, "Ohm", "Ω")
	if strings.HasPrefix(s, "u") {
		s = "µ" + s[1:]
	}
	s = strings.ReplaceAll(s, "\u03bc", "\u00b5") // Greek mu for the micro sign
	i := slices.IndexFunc(units, func(u Unit) bool { return u.Symbol == s })
	if i < 0 {
		known := make([]string, len(units))
		for i, u := range units {
			known[i] = u.Symbol
		}
		return Unit{}, fmt.Errorf("unknown unit %q; known units are %s", symbol, strings.Join(known, " "))
	}
	return units[i], nil
}

// UnitsOf lists the symbols in which a value of a base unit may be written: "m", "mm" and "µm" for "m".
func UnitsOf(base string) []string {
	var symbols []string
	for _, u := range units {
		if u.Base == base {
			symbols = append(symbols, u.Symbol)
		}
	}
	return symbols
}

// Format writes a value of a base unit with four significant digits in the unit's customary size: 0.000198 Ω is "198 µΩ".
func Format(value float64, base string) string {
	best := Unit{Symbol: base, Factor: 1}
	if base == "1" {
		return fmt.Sprintf("%.4g", value)
	}
	if scalable := base == "V" || base == "A" || base == "Ω" || base == "m" || base == "N" || base == "V/h" || base == "s" || base == "kg"; scalable && value != 0 {
		size := math.Abs(value)
		for _, u := range units {
			if u.Base == base && u.Symbol != "min" && u.Symbol != "h" && u.Symbol != "d" && size/u.Factor >= 0.9999 &&
				(size/best.Factor < 0.9999 || u.Factor > best.Factor) {
				best = u
			}
		}
		if size/best.Factor < 0.9999 { // smaller than one of everything: the smallest unit
			for _, u := range units {
				if u.Base == base && u.Factor < best.Factor {
					best = u
				}
			}
		}
	}
	return fmt.Sprintf("%.4g %s", value/best.Factor, best.Symbol)
}
