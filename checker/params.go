package checker

import (
	"fmt"
	"hash/fnv"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// blocks are the parameters of each task in the order of the command block. A test step has those of its task.
var blocks = map[int][]string{
	1: {"destination"}, 2: {"bin", "lane"}, 4: {"service"}, 10: {"lane"}, 31: {"lane", "orientation"}, 32: {"force", "hold"},
	41: {"power", "speed", "wobbleAmplitude", "wobbleFrequency", "focusOffset", "seamLength", "gasFlow"},
	42: {"pulse1Current", "pulse1Time", "pause", "pulse2Current", "pulse2Time", "electrodeForce", "squeeze", "hold"},
	43: {"bondForce", "bondPower", "bondTime"}, 50: {"count"}, 51: {"count"}, 60: {"fillerMass"}, 61: {"torque", "angleMin", "angleMax"},
	63: {"firmware"}, 70: {"pressure", "settle", "measure"}, 90: {"soc"},
	103: {"firmware"}, 105: {"testVoltage", "duration"}, 106: {"testVoltage", "duration"}, 107: {"testCurrent"}, 111: {"testCurrent"},
	112: {"pulseRate", "duration"}, 114: {"rate"}, 116: {"duration"},
}

// sections are the parts of a recipe that give a task its parameters.
var sections = map[int]string{32: "stack", 41: "weld", 42: "weld", 43: "weld", 60: "assemble", 61: "assemble", 63: "assemble", 70: "leaktest", 90: "packout"}

// Units of recipes in base units.
var units = map[string]float64{
	"1": 1, "%": 1, "°": 1, "V": 1, "A": 1, "kA": 1e3, "W": 1, "N": 1, "kN": 1e3, "N·m": 1, "s": 1, "ms": 1e-3, "min": 60, "mm": 1e-3, "µm": 1e-6,
	"mm/s": 1e-3, "Hz": 1, "L/min": 1, "g": 1e-3, "kg": 1, "Pa": 1, "kPa": 1e3, "mbar": 100, "bar": 1e5,
}

// madeBy holds the parameters that a device has had in its hands against those on record, and those on record against the text of the
// recipe by which the pack is built.
func madeBy(r *run, bad func(string, string, ...any)) {
	for i := range r.Truth {
		h := &r.Truth[i]
		in := r.intents[h.Token]
		if h.Params == "" || in == nil || h.Task == 0 {
			continue
		}
		if want := in.paramsHash(); h.Params != want {
			bad(h.where(), "the device had other parameters than the intent in entry %d", in.Seq)
		}
	}
	texts := map[string]map[string]map[string]float64{}
	for _, k := range r.of("recipe-pinned") {
		texts[k.fact.Hash] = parameters(k.Source)
	}
	for _, k := range r.of("intent") {
		section := texts[k.RecipeHash][sections[k.Task]]
		if sections[k.Task] == "" || section == nil {
			continue
		}
		for _, p := range k.Params {
			if want, given := section[p.Name]; !given || math.Abs(p.Value-want) > 1e-9*math.Abs(want) {
				bad(k.where(), "%s is %g %s, the recipe says %g", p.Name, p.Value, p.Unit, want)
			}
		}
	}
}

// paramsHash is how the plant names sixteen numbers.
func (k *known) paramsHash() string {
	var block [16]float32
	for i := range block {
		block[i] = float32(math.NaN())
		if i < len(blocks[k.Task]) {
			for _, p := range k.Params {
				if p.Name == blocks[k.Task][i] {
					block[i] = float32(p.Value)
				}
			}
		}
	}
	h := fnv.New64a()
	for _, v := range block {
		bits := math.Float32bits(v)
		_, _ = h.Write([]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}) // it never fails
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

var (
	stationPart   = regexp.MustCompile(`^  ([a-z]+):`)
	parameterWord = regexp.MustCompile(`^      (\w+): \{value: ([-+.0-9e]+), unit: "?([^",}]+)"?`)
)

// parameters reads those of each station from a recipe's text, in base units. The steps of the end-of-line test stand deeper.
func parameters(source string) map[string]map[string]float64 {
	all, section := map[string]map[string]float64{}, ""
	for row := range strings.Lines(source) {
		if m := stationPart.FindStringSubmatch(row); m != nil {
			section = m[1]
		}
		m := parameterWord.FindStringSubmatch(row)
		if m == nil {
			continue
		}
		if all[section] == nil {
			all[section] = map[string]float64{}
		}
		value, err := strconv.ParseFloat(m[2], 64)
		if factor := units[m[3]]; err == nil && factor != 0 {
			all[section][m[1]] = value * factor
		}
	}
	return all
}

// oneText asks for one text of each revision, and for one order of each name.
func oneText(r *run, bad func(string, string, ...any)) {
	texts, orders := map[string]*known{}, map[string]*known{}
	for _, k := range r.of("recipe-pinned", "order-added", "pack-started") {
		revision := k.Product + " " + k.Revision
		switch {
		case k.Kind == "recipe-pinned" && texts[revision] != nil && texts[revision].fact.Hash != k.fact.Hash:
			bad(k.where(), "revision %s has had another text, in entry %d", revision, texts[revision].Seq)
		case k.Kind == "recipe-pinned":
			texts[revision] = k
		case k.Kind == "order-added" && orders[k.Order] != nil:
			bad(k.where(), "order %s was added before, in entry %d", k.Order, orders[k.Order].Seq)
		case k.Kind == "order-added":
			orders[k.Order] = k
		case orders[k.Order] != nil && orders[k.Order].fact.Hash != k.fact.Hash:
			bad(k.where(), "the pack is bound to recipe %.12s… and its order %s is not", k.fact.Hash, k.Order)
		}
	}
}
