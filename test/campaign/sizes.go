package campaign

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

// Sizes are what a fault is drawn with where it has a size, in the catalogue's unit: within what the line makes good by itself, about
// what the catalogue has, and well beyond it.
var Sizes = map[simulator.FaultName][]float64{
	simulator.SlowAnswers:     {0.02, 0.3, 1, 5},
	simulator.FlappingLink:    {0.1, 0.4, 2},
	simulator.StaleStatus:     {0.1, 0.5, 3},
	simulator.ModbusException: {1, 2, 3, 4, 5, 6, 8, 10, 11},
	simulator.LateDuplicate:   {0.05, 0.4, 1.5, 6, 30},
	simulator.DuplicateDone:   {0.02, 0.2, 1},
	simulator.OldResult:       {0.05, 0.3, 0.9, 3},

	simulator.SlowCommit: {0.3, 5, 20},
	simulator.ClockAhead: {0.5, 30, 3600, 86400, 1e7},
	simulator.ClockBack:  {0.5, 30, 3600, 86400, 1e7},

	simulator.SlowDevice:    {1.2, 3, 12},
	simulator.MasterDrift:   {0.3, 5, 30},
	simulator.SensorNoise:   {0.5, 20, 100},
	simulator.DirtyProbe:    {0.1, 0.8, 5},
	simulator.TipWear:       {300, 4000, 20000},
	simulator.DirtyGlass:    {10, 60, 90},
	simulator.Gap:           {0.02, 0.15, 0.6},
	simulator.OverPower:     {1.05, 1.4, 2},
	simulator.WarmPack:      {0.1, 0.6, 3},
	simulator.ColdPack:      {2, 18, 40},
	simulator.InsulationLow: {0.01, 0.2, 900},
}

// drawSizes says how much of each fault there is, where there is more and less, and lets some wait for one pack. It has dice of its
// own, as drawClasses has: a seed that draws no such fault is the shift that it was.
func (p *Plan) drawSizes(chance *rand.Rand) {
	for i := range p.Faults {
		f := &p.Faults[i].Fault
		if sizes := Sizes[f.Name]; len(sizes) > 0 {
			f.By = sizes[chance.IntN(len(sizes))]
		}
		if f.Name == simulator.StaleStatus && p.knowsNoTokens(f.Target) {
			f.By = min(f.By, staleMost)
		}
		if f.Target != simulator.Host && holdsPacks(f.Target) && chance.IntN(8) == 0 {
			first := p.Orders[chance.IntN(len(p.Orders))].Product
			f.Part = fmt.Sprintf("%s-%06d", first, 1+chance.IntN(2))
		}
	}
}

// staleMost is how old, in seconds, a status of a device that knows no tokens may be that a campaign lets it show. From an older one no
// driver can tell that the device has begun since, or of which of two jobs alike its result is (docs/handshake.md).
const staleMost = 0.5

// knowsNoTokens reports whether a target is, or has, a device that knows no tokens.
func (p *Plan) knowsNoTokens(target string) bool {
	for id := range p.Classes {
		if strings.HasPrefix(string(id), target) {
			return true
		}
	}
	return false
}

// holdsPacks reports whether packs come to a station, or to the one of a device. What comes to the others has no name before it is there.
func holdsPacks(target string) bool {
	for _, place := range virtual.Reference() {
		if string(place.ID) == target[:len(place.ID)] {
			return place.Kind != line.Receive && place.Kind != line.Sort
		}
	}
	return false
}
