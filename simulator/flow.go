package simulator

import (
	"fmt"
	"time"

	"linectl/line"
)

// travel is how long a part is on its way from one station to the next.
const travel = 2 * time.Second

// reasons why a device says NOK by itself.
const (
	reasonUnreadable uint16 = 2
	reasonAngle      uint16 = 3
	reasonContactor  uint16 = 4
	reasonNoReply    uint16 = 5
)

// leave takes the part out of the nest; the next one at the entry is taken in, and the part arrives where it goes.
func (p *Plant) leave(at time.Time, d *device, a *act, to string) {
	e := a.event(at, d, Moved)
	e.To = to
	if to == string(line.Quarantine) || to == string(line.Shipped) {
		e.What = Exit
	}
	moved := a.part
	p.emit(e)
	moved.ready = at.Add(p.scaled(travel))
	p.schedule(due{at: moved.ready, what: arrive, station: line.StationID(to)})
	p.schedule(due{at: at, what: arrive, station: d.Station})
}

// take lets the first part at the entry of a station into its nest, if it is there and the nest is empty.
func (p *Plant) take(at time.Time, s line.StationID) {
	queue := p.world.infeeds[s]
	if len(queue) == 0 || p.world.nests[s] != nil || queue[0].ready.After(at) {
		return
	}
	e := Event{At: at, What: Arrived, Station: s, Part: queue[0].name}
	if c := queue[0].cell; c != nil {
		e.Cell, e.Body = c.code, c.body
	}
	p.emit(e)
}

// release sends the pack to another station.
func release(p *Plant, at time.Time, d *device, a *act) {
	to, ok := p.stationOf(a.param(0, 0))
	if !ok || to == d.Station {
		a.outcome = line.OutcomeNOK // the transfer has no such track: the part stays
		return
	}
	p.leave(at, d, a, string(to))
}

// placeCell puts the cell onto the conveyor, into its lane of the store, or into a reject bin.
func placeCell(p *Plant, at time.Time, d *device, a *act) {
	if bin := int(a.param(0, 0)); bin > 0 {
		p.leave(at, d, a, fmt.Sprintf("bin %d", bin))
		return
	}
	if next, ok := p.firstOf(line.Sort); ok && d.Kind == line.Receive {
		p.leave(at, d, a, string(next))
		return
	}
	p.leave(at, d, a, fmt.Sprintf("lane %d", int(a.param(1, 0))))
}

// indexes reports whether a scan will bring a cell out of its lane that is not the first of it.
func (p *Plant) indexes(d *device, a *act) bool {
	lane := int(a.param(0, 0))
	made := p.world.made[lane]
	return a.part == nil && p.hasLane(lane) && made > 0 && made < p.cfg.CellsPerLane && p.standing(MagazineEmpty, d) == nil
}

// nextFromMagazine puts the next cell of a lane into an empty nest.
func nextFromMagazine(p *Plant, at time.Time, d *device, a *act) {
	lane := int(a.param(0, 0))
	if a.struck(WrongLot) {
		lane = p.otherLane(lane)
	}
	number := p.world.made[lane] + 1
	if a.part != nil || !p.hasLane(lane) || number > p.cfg.CellsPerLane || p.standing(MagazineEmpty, d) != nil {
		return
	}
	c := p.population(lane, number)
	if a.struck(DuplicateCode) {
		c.code = p.population(lane, max(1, number-1)).code
	}
	e := a.event(at, d, Made)
	e.Part, e.Cell, e.Body = c.body, c.code, c.body
	e.Values = map[string]float64{"capacity": c.capacity, "acir": c.acir, "ocv": c.ocv, "soc": c.soc, "selfDischarge": c.drain}
	p.emit(e)
	a.part = p.world.nests[d.Station]
}

// otherLane is the magazine lane of another product; the same one where there is only one.
func (p *Plant) otherLane(lane int) int {
	for _, product := range p.cfg.Products {
		if product.Lane != lane {
			return product.Lane
		}
	}
	return lane
}

func scanCell(p *Plant, d *device, a *act) {
	switch {
	case a.part == nil || a.part.cell == nil:
		a.echo, a.outcome, a.reason = "", line.OutcomeNOK, line.ReasonMagazineEmpty
	case p.misread(d, a.part.code) == "":
		a.echo, a.outcome, a.reason = "", line.OutcomeNOK, reasonUnreadable
		a.set("codeGrade", 0)
		a.set("scanAttempts", 3)
	default:
		a.echo = p.misread(d, a.part.code)
		a.set("codeGrade", a.part.cell.grade)
		a.set("scanAttempts", 1)
	}
}

// stackCell puts the cell in the gripper into its slot.
func stackCell(p *Plant, at time.Time, d *device, a *act) {
	if other := p.otherCell(a.cell); a.struck(CellSwap) && other != nil {
		a.cell = other
	}
	e := a.event(at, d, Placed)
	e.Cell, e.Body = a.cell.cell.code, a.cell.cell.body
	p.emit(e)
}

// otherCell is another cell of the same type that the store holds: the one with the first code. It is nil where there is none.
func (p *Plant) otherCell(than *part) (other *part) {
	for code, c := range p.world.stored {
		if c != than && c.cell.item == than.cell.item && (other == nil || code < other.cell.code) {
			other = c
		}
	}
	return other
}

// printed is what stands on a label that was printed once more: the serial before it.
func (p *Plant) printed(d *device, a *act) string {
	if before := p.world.labels[d.Station]; before != "" && before != a.Part {
		return before
	}
	return foreign(a.Part)
}

// effect is an irreversible act of which it is enough to know that it was done.
func effect(p *Plant, at time.Time, d *device, a *act) {
	e := a.event(at, d, Effect)
	if line.Task(a.Task) == line.TaskLabel {
		e.Text = a.Part
		if a.struck(LabelReprint) {
			e.Text = p.printed(d, a)
		}
		a.echo = e.Text
	}
	p.emit(e)
}

// Services of a tool by their number in the parameter.
const (
	serviceClean   = 1
	serviceDress   = 2
	serviceReplace = 3
)

func serviceTool(p *Plant, at time.Time, d *device, a *act) {
	e := a.event(at, d, Serviced)
	e.Text = "dress"
	switch int(a.param(0, serviceDress)) {
	case serviceClean:
		e.Text = "clean"
	case serviceReplace:
		e.Text = "replace"
	}
	p.emit(e)
}

func measureService(p *Plant, d *device, a *act) {
	weld := line.TaskWeldResistance
	if int(a.param(0, serviceDress)) == serviceClean {
		weld = line.TaskWeldLaser
	}
	a.set("toolUse", p.world.tool(d.Station, weld).use)
}

func measureMaster(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "master")
	drift := 1.0
	if f := p.standing(MasterDrift, d); f != nil {
		drift += f.by() / 100
	}
	a.set("reference1", drift*dice.within(1, 0.0015, 0.995, 1.005))
	second := dice.within(1, 0.0015, 0.995, 1.005)
	if p.standing(SensorStuck, d) != nil {
		second = 0.2 // of what it should show: it goes on showing the first
	}
	a.set("reference2", second)
}
