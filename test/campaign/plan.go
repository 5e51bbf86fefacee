package campaign

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

// Plan is everything that happens in a trial beside the work itself.
type Plan struct {
	Seed   uint64
	Orders []line.AddOrder
	Faults []Timed
	Kills  []Kill

	Classes map[line.DeviceID]line.DeviceClass `json:",omitempty"` // of devices that know no tokens; all others do
}

// Timed is a fault and when it is let into the plant, from the start of the line.
type Timed struct {
	At    time.Duration
	Fault simulator.Fault
}

// Kill ends the supervisor at an append to its store, counted from its last start: after the records became durable, or before.
type Kill struct {
	Append  int
	Durable bool
}

// String writes the plan so that a person sees what happens.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d\n", p.Seed)
	for _, o := range p.Orders {
		fmt.Fprintf(&b, "  order %s: %d × %s\n", o.Order, o.Quantity, o.Product)
	}
	for _, f := range p.Faults {
		fmt.Fprintf(&b, "  %v %s\n", f.At, f.Fault)
	}
	for _, k := range p.Kills {
		fmt.Fprintf(&b, "  the supervisor is killed at append %d, durable %t\n", k.Append, k.Durable)
	}
	for _, id := range slices.Sorted(maps.Keys(p.Classes)) {
		fmt.Fprintf(&b, "  %s is of class %s\n", id, p.Classes[id])
	}
	return b.String()
}

var products = []string{"ESS-P2", "DRN-P3", "EV-P1"}

// Draw makes the plan of a seed. A shift has a few kinds of faults and many of each, not a little of everything: what goes wrong in
// one place again and again meets itself, and most of what else would hide it does not happen. One shift in eight has none.
func Draw(seed uint64) Plan {
	chance := rand.New(rand.NewPCG(seed, 0x6c696e65))
	p := Plan{Seed: seed}
	for i := range 1 + chance.IntN(3) {
		product := products[min(chance.IntN(5), 3)%3] // a small pack more often than a large one
		p.Orders = append(p.Orders, line.AddOrder{Order: line.OrderID(fmt.Sprintf("o%d", i+1)), Product: product, Quantity: 1})
	}
	if chance.IntN(8) > 0 {
		kinds := chance.Perm(len(simulator.Catalogue))[:1+chance.IntN(5)]
		for range 1 + chance.IntN(5*len(kinds)) {
			p.Faults = append(p.Faults, drawFault(chance, simulator.Catalogue[kinds[chance.IntN(len(kinds))]]))
		}
	}
	apart := []int{20, 100, 400}[chance.IntN(3)] // appends
	for range max(0, chance.IntN(12)-4) {
		p.Kills = append(p.Kills, Kill{Append: 1 + chance.IntN(apart), Durable: chance.IntN(2) == 0})
	}
	p.drawClasses(rand.New(rand.NewPCG(seed, 0x636c6173)))
	p.drawSizes(rand.New(rand.NewPCG(seed, 0x73697a65)))
	return p
}

// drawClasses makes some devices in one shift of three, or all, ones that know no tokens. It has dice of its own, so that a seed that
// draws none of them is the shift that it was. Where a job is delivered twice there are none: nothing can prevent that such a device
// does it twice, and nobody may give it irreversible work on such a wire (docs/handshake.md).
func (p *Plan) drawClasses(chance *rand.Rand) {
	if chance.IntN(3) > 0 {
		return
	}
	p.Classes = map[line.DeviceID]line.DeviceClass{}
	share := []int{2, 5, 10}[chance.IntN(3)] // of ten
	for _, place := range virtual.Reference() {
		for _, id := range place.Devices() {
			class := []line.DeviceClass{line.ClassB, line.ClassC}[chance.IntN(2)]
			if drawn := chance.IntN(10) < share; drawn && !p.deliversTwice(place.ID, id) {
				p.Classes[id] = class
			}
		}
	}
}

func (p *Plan) deliversTwice(station line.StationID, id line.DeviceID) bool {
	return slices.ContainsFunc(p.Faults, func(f Timed) bool {
		return f.Fault.Name == simulator.LateDuplicate && (f.Fault.Target == string(station) || f.Fault.Target == string(id))
	})
}

// drawFault draws where and when a fault happens: at a station or a device of it where it can, in most of the hour.
func drawFault(chance *rand.Rand, kind simulator.FaultKind) Timed {
	places := virtual.Reference()
	at := places[chance.IntN(len(places))]
	for !kind.Host && !kind.Possible(at.Kind) {
		at = places[chance.IntN(len(places))]
	}
	f := simulator.Fault{Name: kind.Name, Target: string(at.ID)}
	switch {
	case kind.Host:
		f.Target = simulator.Host
	case chance.IntN(2) == 0:
		f.Target = string(at.Devices()[chance.IntN(len(at.Roles))])
	}
	switch {
	case kind.Strikes != nil:
		f.Times = 1 + chance.IntN(3)
	case !kind.Once || kind.For > 0:
		f.For = time.Duration(100+chance.IntN(10_000)) * time.Millisecond
	}
	if at.Kind == line.Weld && !kind.Host && chance.IntN(2) == 0 {
		f.Noun, f.Index = line.NounJoint, 1+chance.IntN(30)
	}
	return Timed{At: time.Duration(chance.Int64N(int64(shift * 9 / 10))).Truncate(time.Millisecond), Fault: f}
}
