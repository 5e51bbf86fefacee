package simulator

import "math"

// stick lets an instrument that is stuck show what it showed when it last was at a good value: what a task measures first while
// it is stuck, it measures for ever. What the act did to the part, and its outcome, are not the instrument's.
func (p *Plant) stick(d *device, a *act) {
	if p.standing(SensorStuck, d) == nil {
		d.stuck = nil
		return
	}
	if d.stuck == nil {
		d.stuck = map[uint16][24]float64{}
	}
	before, known := d.stuck[a.Task]
	if !known {
		d.stuck[a.Task] = a.values
		return
	}
	for i, v := range before {
		if !math.IsNaN(v) && !math.IsNaN(a.values[i]) {
			a.values[i] = v
		}
	}
}
