package simulator

import (
	"math"
	"slices"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// jointDefect says what is wrong with a joint before it is welded: nothing, mostly. A rework finds it cleaned and clamped.
func (p *Plant) jointDefect(d *device, a *act) (bad bool) {
	dice := p.dice(d, a, "joint defect")
	if a.struck(WeldNOK) {
		return true
	}
	if a.attempt > 1 {
		return dice.chance(0.02)
	}
	return dice.chance(p.cfg.Defects.Joint)
}

// burntThrough is the area of a seam above which it is one through the whole sheet. A sound one has at most 1.15.
const burntThrough = 1.3

// wearOut lets the tools of the fault's station be worn by what is not their work.
func (p *Plant) wearOut(at time.Time, f *injected) {
	worn := []line.Task{line.TaskWeldResistance, line.TaskWeldUltrasonic}
	if f.Name == DirtyGlass {
		worn = []line.Task{line.TaskWeldLaser}
	}
	i := slices.IndexFunc(p.order, func(d *device) bool { return d.Kind == line.Weld && f.covers(d) })
	if i < 0 {
		return
	}
	for _, weld := range worn {
		p.emit(Event{At: at, What: Worn, Station: p.order[i].Station, Task: weld, Values: map[string]float64{"use": f.by()}})
	}
}

// wearOf is what one joint adds to the use of the tool: % of contamination of the glass, or hits.
func wearOf(t line.Task) float64 {
	if t == line.TaskWeldLaser {
		return 0.02
	}
	return 1
}

// wear returns the tool as this act finds it. A rework is done with a fresh tool of its own, so that when it happens cannot
// change the values of other joints.
func (p *Plant) wear(d *device, a *act) tool {
	if a.Flags&tags.FlagRework != 0 {
		return tool{}
	}
	return *p.world.tool(d.Station, line.Task(a.Task))
}

// weld writes the joint down as it really became.
func (p *Plant) weld(at time.Time, d *device, a *act, resistance, area float64) {
	e := a.event(at, d, Effect)
	e.Values = map[string]float64{"resistance": resistance, "area": area}
	p.emit(e)
	if a.Flags&tags.FlagRework == 0 {
		a.set("toolUse", p.world.tool(d.Station, line.Task(a.Task)).use)
	}
}

// weldLaser makes one seam: the gap takes depth and steps the plasma signal up, dirty glass takes power.
func weldLaser(p *Plant, at time.Time, d *device, a *act) {
	dice := p.dice(d, a, "laser")
	dirt := p.wear(d, a).use / 100
	gap := dice.within(0.025, 0.004, 0.008, 0.042) // mm
	if p.jointDefect(d, a) {
		gap = dice.between(0.12, 0.18)
	}
	gap += a.by(Gap)
	const usualGap = 0.025
	set := a.param(0, 2800) * max(1, a.by(OverPower))
	power := set * dice.normal(1, 0.004)
	line1 := set / 2800 * math.Sqrt(0.12/a.param(1, 0.12)) // energy in the keyhole against the usual
	atWork := 1 - 0.125*dirt                               // half of what the glass stops still reaches the joint
	depth := 1.25*line1*atWork - 6*(gap-usualGap) + dice.normal(0, 0.025)
	scatter := math.Abs(dice.normal(1, 0.1))
	if depth > 1.6 {
		scatter *= 2.5
	}
	depth = math.Max(depth, 0.1)
	area := math.Min(math.Max((depth-0.35)/0.9, 0.12), 1.15)
	if depth > 1.6 {
		area = burntThrough + 0.05
	}
	plasma := 1 + 8*(gap-usualGap) + dice.normal(0, 0.018)
	temperature := atWork - 0.8*(gap-usualGap) + dice.normal(0, 0.018)
	reflection := dice.normal(1, 0.02)
	a.set("weldPower", power)
	a.set("plasma", plasma)
	a.set("weldTemperature", temperature)
	a.set("backReflection", reflection)
	a.set("scatter", scatter)
	a.set("depth", depth*1e-3)
	a.course = &course{
		Task: line.TaskWeldLaser, Seed: p.dice(d, a, "laser waveform"),
		Shape: []float64{a.param(5, 45e-3) / a.param(1, 0.12), power, plasma, temperature, reflection, scatter, 8 * (gap - usualGap)},
	}
	p.weld(at, d, a, 18e-6/area*dice.within(1, 0.03, 0.9, 1.1), area)
}

// weldResistance makes one hit of two pulses. The contact part of the resistance dies away within the first pulse.
func weldResistance(p *Plant, at time.Time, d *device, a *act) {
	dice := p.dice(d, a, "resistance")
	t := p.wear(d, a)
	w := 1 + 0.15*t.use/400 + 0.20*t.life/6000 // the contact grows with wear
	const decay = 1.5e-3                       // s
	contact, bulk := 1.0e-3*dice.within(1, 0.06, 0.8, 1.2)/w, 0.53e-3*dice.within(1, 0.012, 0.96, 1.04)
	dirty := p.jointDefect(d, a)
	if dirty {
		contact *= dice.between(3.2, 4)
	}
	i1, t1, pause := a.param(0, 900), a.param(1, 3e-3), a.param(2, 3e-3)
	i2, t2 := a.param(3, 1600), a.param(4, 6e-3)
	current := dice.normal(1, 0.004)
	faded := func(from, to float64) float64 { return contact * decay * (math.Exp(-from/decay) - math.Exp(-to/decay)) }
	start2 := t1 + pause
	joule := current * current * (i1*i1*(bulk*t1+faded(0, t1)) + i2*i2*(bulk*t2+faded(start2, start2+t2)))
	nominal := i1*i1*(0.53e-3*t1+1.297e-6) + i2*i2*0.53e-3*t2
	effective := joule / nominal / math.Pow(w, 0.25)
	strength := math.Min(math.Max((effective-0.5)/0.5, 0), 1.1)
	if dirty { // the heat stays at the surface
		strength *= 0.3
	}
	force := a.param(5, 32)
	a.course = &course{
		Task: line.TaskWeldResistance, Seed: p.dice(d, a, "resistance waveform"),
		Shape: []float64{i1 * current, t1, pause, i2 * current, t2, bulk, contact, decay, joule},
	}
	a.set("currentRMS", current*math.Sqrt((i1*i1*t1+i2*i2*t2)/(t1+t2)))
	a.set("voltagePeak", math.Max(i1*(contact+bulk), i2*(bulk+contact*math.Exp(-start2/decay)))*current)
	a.set("energy", joule)
	a.set("rStart", contact+bulk)
	a.set("rDrop", 100*contact/(contact+bulk))
	a.set("setDown", math.Max(2e-6, 35e-6*strength*dice.within(1, 0.06, 0.8, 1.2)))
	a.set("force", force*dice.normal(1, 0.01))
	p.weld(at, d, a, 0.32e-3*dice.within(1, 0.04, 0.87, 1.13)/math.Max(strength, 0.1)*math.Max(1, strength), math.Min(strength, 1))
}

// weldUltrasonic makes one wire bond.
func weldUltrasonic(p *Plant, at time.Time, d *device, a *act) {
	dice := p.dice(d, a, "ultrasonic")
	area := dice.within(1, 0.03, 0.9, 1.1)
	if p.jointDefect(d, a) {
		area = dice.between(0.2, 0.4)
	}
	a.set("deformation", 35*area)
	current := dice.normal(0.25, 0.005)
	a.set("bondCurrent", current)
	a.set("frequencyShift", 120*area)
	a.course = &course{
		Task: line.TaskWeldUltrasonic, Seed: p.dice(d, a, "ultrasonic waveform"), Shape: []float64{a.param(2, 0.1), current, 35 * area, 120 * area},
	}
	p.weld(at, d, a, 0.4e-3/area, area)
}

func measurePosition(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "position")
	a.set("offsetX", dice.within(0, 0.04e-3, -0.16e-3, 0.16e-3))
	a.set("offsetY", dice.within(0, 0.04e-3, -0.16e-3, 0.16e-3))
	a.set("gap", dice.within(0.03e-3, 0.01e-3, 0.005e-3, 0.07e-3))
}

// measureJoints measures up to twenty joints from the act's index; one that is not welded cannot be measured.
func measureJoints(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "joint resistance")
	for i := range min(int(a.param(0, 1)), len(a.values)) {
		noise := dice.normal(1, 0.004)
		if j, ok := a.part.pack.joints[int(a.Index)+i]; ok {
			a.values[i] = j.resistance * noise
		}
	}
}

// lookAtJoints shows the worst of up to twenty joints. There is none worse than one that is burnt through.
func lookAtJoints(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "vision")
	worst, which := 1.0, int(a.Index)
	var burnt bool
	for i := range int(a.param(0, 1)) {
		j, ok := a.part.pack.joints[int(a.Index)+i]
		switch {
		case !ok:
			continue
		case j.area > burntThrough && !burnt:
			burnt, which = true, int(a.Index)+i
		case j.area < worst && !burnt:
			which = int(a.Index) + i
		}
		worst = min(worst, j.area)
	}
	seam := math.Min(97-60*math.Max(0, 0.8-worst)+dice.within(0, 0.8, -2.5, 2.5), 100)
	a.set("seamArea", seam)
	hole := dice.within(0.06e-3, 0.02e-3, 0, 0.14e-3)
	if burnt {
		hole = 0.6e-3
	}
	a.set("holeSize", hole)
	a.set("spatterSize", dice.within(0.12e-3, 0.04e-3, 0, 0.28e-3))
	a.set("positionError", dice.within(0.1e-3, 0.04e-3, 0, 0.26e-3))
	a.set("worstJoint", float64(which))
}
