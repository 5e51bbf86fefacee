package campaign

import (
	"fmt"
	"math/rand/v2"
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
	return b.String()
}

var products = []string{"ESS-P2", "DRN-P3", "EV-P1"}

// Draw makes the plan of a seed: one or two packs, up to six faults of the catalogue where they can strike, up to four kills.
func Draw(seed uint64) Plan {
	chance := rand.New(rand.NewPCG(seed, 0x6c696e65))
	p := Plan{Seed: seed}
	for i := range 1 + chance.IntN(3) {
		product := products[min(chance.IntN(5), 3)%3] // a small pack more often than a large one
		p.Orders = append(p.Orders, line.AddOrder{Order: line.OrderID(fmt.Sprintf("o%d", i+1)), Product: product, Quantity: 1})
	}
	for range chance.IntN(7) {
		p.Faults = append(p.Faults, drawFault(chance))
	}
	for range chance.IntN(5) {
		p.Kills = append(p.Kills, Kill{Append: 1 + chance.IntN(300), Durable: chance.IntN(2) == 0})
	}
	return p
}

// drawFault takes any fault, anywhere: one that can never happen there is refused by the plant and does no harm.
func drawFault(chance *rand.Rand) Timed {
	kind := simulator.Catalogue[chance.IntN(len(simulator.Catalogue))]
	places := virtual.Reference()
	at := places[chance.IntN(len(places))]
	f := simulator.Fault{Name: kind.Name, Target: string(at.ID)}
	if chance.IntN(2) == 0 {
		f.Target = string(at.Devices()[chance.IntN(len(at.Roles))])
	}
	switch {
	case kind.Strikes != nil:
		f.Times = 1 + chance.IntN(3)
	case !kind.Once || kind.For > 0:
		f.For = time.Duration(1+chance.IntN(20)) * time.Second
	}
	if kind.Strikes == nil && chance.IntN(3) == 0 {
		f.Noun, f.Index = line.NounJoint, 1+chance.IntN(30)
	}
	return Timed{At: time.Duration(chance.IntN(25_000)) * time.Millisecond, Fault: f}
}
