package simulator

import (
	"math"

	"linectl/line"
)

// measureCell is the sorting tester: voltage by four wires, 1 kHz resistance, and the voltage lost since the supplier's date.
func measureCell(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "cell tester")
	c := a.part.cell
	temperature := dice.within(25, 0.4, 23.4, 26.6)
	contact := dice.within(0.05, 0.015, 0.01, 0.12)
	acir := c.acir * (1 - 0.012*(temperature-25)) * dice.within(1, 0.003, 0.988, 1.012)
	if dice.chance(p.cfg.Defects.Contact) {
		contact, acir = dice.between(0.8, 2), math.NaN() // the probe does not touch
	}
	if f := p.standing(DirtyProbe, d); f != nil {
		contact, acir = contact+f.by(), acir*1.3
	}
	a.set("ocv", c.ocv+dice.within(0, 0.05e-3, -0.2e-3, 0.2e-3))
	a.set("acir", acir)
	a.set("temperature", temperature)
	a.set("selfDischarge", c.drain*dice.within(1, 0.02, 0.92, 1.08))
	a.set("contactResistance", contact)
}

func measureStacking(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "stacking")
	a.set("polarity", 1)
	if a.struck(CellReversed) {
		a.set("polarity", 0)
	}
	a.echo = string(a.cell.cell.code)
	a.set("heightStep", dice.within(0.1e-3, 0.035e-3, 0, 0.24e-3))
	a.set("insertForce", dice.within(95, 7, 68, 122))
}

func measureCompression(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "compression")
	a.set("compressionForce", a.param(0, 4000)*dice.within(1, 0.008, 0.97, 1.03))
	a.set("moduleLength", a.part.pack.product.ModuleM+dice.within(0, 0.15e-3, -0.6e-3, 0.6e-3))
}

// measureModule weighs the gap filler; a product that needs none has none to weigh.
func measureModule(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "module")
	if filler := a.param(0, 0); filler > 0 {
		a.set("fillerMass", filler*dice.within(1, 0.01, 0.96, 1.04))
		a.set("mixRatio", dice.within(100, 0.6, 97.6, 102.4))
	}
	if a.struck(AdhesiveGelled) {
		a.set("mixRatio", dice.between(80, 90))
	}
	a.set("placeForce", a.part.pack.product.PlaceN*dice.within(1, 0.06, 0.76, 1.24))
}

// measureScrew is the nutrunner: torque control, angle monitored.
func measureScrew(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "screw")
	low, high := a.param(1, 30), a.param(2, 90)
	half := (high - low) / 2
	angle := low + half + half*dice.within(0, 0.15, -0.6, 0.6)
	if a.attempt == 1 && dice.chance(p.cfg.Defects.Screw) || a.struck(ScrewNOK) {
		angle, a.outcome, a.reason = low*0.4, line.OutcomeNOK, reasonAngle // cross-threaded
	}
	a.set("torque", a.param(0, 20)*dice.within(1, 0.008, 0.97, 1.03))
	a.set("angle", angle)
}

func measureHarness(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "harness")
	a.set("tapOrder", 1)
	if a.struck(HarnessSwap) {
		a.set("tapOrder", 0)
	}
	a.set("bootTime", dice.within(3.5, 0.4, 2, 5))
}

func measureFlash(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "flash")
	a.set("firmwareRead", a.param(0, 0))
	if a.struck(WrongFirmware) {
		a.set("firmwareRead", a.param(0, 0)-1)
	}
	a.set("troubleCodes", 0)
	if a.attempt == 1 && dice.chance(p.cfg.Defects.EOLStep) {
		a.set("troubleCodes", 1)
	}
}

// measureLeak is a pressure decay test. A leaking pack leaks until someone has resealed it: from the third test on it is tight.
func measureLeak(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "leak")
	product := a.part.pack.product
	rate := product.LeakSccm * dice.within(1, 0.12, 0.55, 1.45)
	defect := p.roll("leak defect", a.part.name, 0, 0)
	if leaks, seal := defect.chance(p.cfg.Defects.Leak), defect.chance(0.4); leaks && (a.attempt == 1 || seal && a.attempt <= 2) || a.struck(Leak) {
		rate = product.LeakSccm * dice.between(4.5, 8)
	}
	drift := dice.within(0.03, 0.02, 0, 0.1)
	if a.struck(WarmPack) {
		drift, rate = -a.by(WarmPack), rate*4 // what cools down loses pressure
	}
	measure := a.param(2, 60)
	a.set("leakRate", rate)
	a.set("pressureStart", a.param(0, 4000)*dice.within(1, 0.004, 0.988, 1.012))
	a.set("pressureDrop", rate*1.69e-3*measure/(product.VolumeL*1e-3))
	a.set("temperatureDrift", drift)
}

func measureShippingSOC(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "charge")
	a.set("shippingSOC", a.param(0, 30)+dice.within(0, 0.2, -0.7, 0.7))
}

func measureLabel(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "label")
	a.set("labelGrade", 4)
	if dice.chance(0.2) {
		a.set("labelGrade", 3)
	}
}
