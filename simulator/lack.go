package simulator

import (
	"math"
	"slices"
	"time"

	"linectl/line"
)

// beforehand are the faults that strike an act before the device takes it: it does not begin, and holds with this alarm.
var beforehand = map[FaultName]uint16{ConsumableEmpty: line.AlarmConsumableEmpty, GripperLoss: line.AlarmGripperEmpty}

// lacks reports whether something that the act needs is missing: the device holds then, and nothing was done.
func (p *Plant) lacks(now time.Time, d *device, a *act) bool {
	for _, f := range p.faults {
		if f.stage != armed || beforehand[f.Name] == 0 || !f.covers(d) || !f.meets(a) || !slices.Contains(f.kind.Strikes, line.Task(a.Task)) {
			continue
		}
		p.strikes(now, f, a.event(now, d, Struck))
		if f.struck >= f.times() {
			f.stage = over
		}
		p.hold(now, d, beforehand[f.Name])
		return true
	}
	return false
}

// impossible are the readings of an instrument that shows what cannot be, in their turn.
var impossible = []float64{1e30, -1e30, math.Inf(1)}

// spoil is what faults make of the values that the act has measured.
func (p *Plant) spoil(d *device, a *act) {
	if f := p.standing(SensorNoise, d); f != nil {
		p.scatter(d, a, f.by()/100)
	}
	if a.struck(BMSNoReply) {
		a.outcome, a.reason = line.OutcomeNOK, reasonNoReply
	}
	for i := range a.values {
		switch {
		case a.struck(NoValue), a.struck(BMSNoReply):
			a.values[i] = math.NaN()
		case a.struck(ValueOutOfRange) && !math.IsNaN(a.values[i]):
			a.values[i] = impossible[(int(a.Token)+a.attempt)%len(impossible)]
		}
	}
}

// scatter lets the values that are readings, and not counts or yes and no, scatter by a share of themselves.
func (p *Plant) scatter(d *device, a *act, share float64) {
	dice := p.dice(d, a, "noise")
	spec := line.Task(a.Task).Spec()
	for i := range a.values {
		if i >= len(spec.Values) && spec.Repeat == 0 {
			return
		}
		if field := spec.Values[min(i, len(spec.Values)-1)]; field.Unit != "1" || line.Task(a.Task) == line.TaskMaster {
			a.values[i] *= 1 + dice.within(0, share/2, -share, share)
		}
	}
}
