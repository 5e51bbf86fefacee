package simulator

import (
	"math"

	"linectl/line"
)

// electrics is what the tester's terminals would meet: the pack as its cells and joints make it.
type electrics struct {
	voltage  float64 // V at rest
	spread   float64 // V between the highest and the lowest group
	acir     float64 // Ω at 1 kHz, terminals to terminals
	dcir     float64 // Ω in a pulse of ten seconds
	capacity float64 // Ah of the weakest group
	soc      float64 // % mean of the cells
}

// electricsOf adds up the pack. A slot without a cell or a joint that was never made opens the circuit: nothing can be measured.
func electricsOf(in *pack) electrics {
	open := math.NaN()
	broken := electrics{open, open, open, open, open, open}
	product := in.product
	e := electrics{capacity: math.Inf(1)}
	low, high := math.Inf(1), math.Inf(-1)
	for group := range product.Series {
		var voltage, siemens, capacity float64
		for i := range product.Parallel {
			c := in.slots[group*product.Parallel+i+1]
			if c == nil {
				return broken
			}
			voltage += c.ocv / float64(product.Parallel)
			siemens += 1 / c.acir
			capacity += c.capacity
			e.soc += c.soc / float64(product.Series*product.Parallel)
		}
		low, high = math.Min(low, voltage), math.Max(high, voltage)
		e.voltage += voltage
		e.acir += 1 / siemens
		e.dcir += product.DCIRRatio / siemens
		e.capacity = math.Min(e.capacity, capacity)
	}
	var joints float64
	for n := 1; n <= product.Joints; n++ { // in order: a sum of floats depends on it
		j, welded := in.joints[n]
		if !welded {
			return broken
		}
		joints += j.resistance * product.JointsInPath / float64(product.Joints)
	}
	e.spread, e.acir, e.dcir = high-low, e.acir+joints+product.LinksACIR, e.dcir+joints+product.LinksDCIR
	return e
}

// stepFails says whether a step of the end-of-line test fails. Most failures are of the test itself and pass when repeated; a
// fifth are of the pack and pass only from the third time on, when someone has had it on the bench.
func (p *Plant) stepFails(a *act) bool {
	defect := p.roll("step defect", a.part.name, int(a.Task), 0)
	fails, lasting := defect.chance(p.cfg.Defects.EOLStep), defect.chance(0.2)
	return a.struck(StepNOK) || fails && (a.attempt == 1 || lasting && a.attempt == 2)
}

// measureStep runs one step of the end-of-line test (the seventeen steps in the order of the standard sequence).
func measureStep(p *Plant, d *device, a *act) {
	dice := p.dice(d, a, "end of line")
	a.set("testTemperature", dice.within(25, 0.3, 23.8, 26.2))
	if a.struck(ColdPack) {
		a.set("testTemperature", a.by(ColdPack))
	}
	good, bad := 1.0, 0.0
	if p.stepFails(a) {
		good, bad = 0, 1
	}
	// pick is the good value, or the bad one if the step fails.
	pick := func(g, b float64) float64 { return g*good + b*bad }
	product := a.part.pack.product
	switch step := int(a.Task-uint16(line.EOLStep1)) + 1; step {
	case 1:
		a.set("identity", good)
	case 2:
		a.set("supplyCurrent", product.SupplyA*pick(dice.within(1, 0.04, 0.86, 1.14), 4))
	case 3:
		a.set("firmwareRead", a.part.pack.firmware)
		a.set("troubleCodes", bad)
	case 4:
		a.set("loopsDetected", pick(100, 83))
		a.set("detectTime", dice.within(0.06, 0.006, 0.036, 0.084))
	case 5:
		a.set("insulationPlus", product.InsulationMΩ*1e6*pick(dice.lognormal(1, 0.3), 0.004))
		if a.struck(InsulationLow) {
			a.set("insulationPlus", a.by(InsulationLow)*1e6)
		}
		a.set("insulationMinus", product.InsulationMΩ*1e6*dice.lognormal(1, 0.3))
	case 6:
		a.set("leakageCurrent", pick(dice.within(0.2e-3, 0.03e-3, 0.08e-3, 0.32e-3), 3e-3))
	case 7:
		a.set("bondingResistance", pick(dice.within(15e-3, 2e-3, 7e-3, 23e-3), 0.15))
	case 10:
		a.set("prechargeTime", pick(dice.within(0.18, 0.012, 0.13, 0.23), 0.45))
		a.set("prechargeLevel", dice.within(97.5, 0.4, 96, 99))
		if a.struck(ContactorWelded) { // there is nothing left to charge
			a.set("prechargeTime", 0)
			a.set("prechargeLevel", 100)
			a.outcome, a.reason = line.OutcomeNOK, reasonContactor
		}
	case 11:
		a.set("currentError", pick(math.Abs(dice.within(0, 0.1, -0.36, 0.36)), 1.6))
	case 15:
		a.set("protection", good)
	case 16:
		a.set("checksumErrors", 3*bad)
	default:
		measurePack(a, step, &dice, pick)
	}
}

// measurePack are the steps that show the pack's own cells and joints.
func measurePack(a *act, step int, dice *dice, pick func(g, b float64) float64) {
	in := a.part.pack
	e := electricsOf(in)
	switch step {
	case 8:
		a.set("packVoltage", e.voltage*dice.within(1, 0.00005, 0.9998, 1.0002))
		a.set("cellVoltageSpread", pick(e.spread+math.Abs(dice.within(0, 0.2e-3, -0.8e-3, 0.8e-3)), 0.035))
		a.set("voltageDeviation", pick(math.Abs(dice.within(0, 0.06, -0.24, 0.24)), 0.9)+0*e.voltage) // no pack, no reading
	case 9:
		a.set("temperatureSpread", pick(dice.within(1, 0.2, 0.3, 1.8), 4.5))
	case 12:
		if a.struck(ColdPack) {
			e.dcir *= 1 + 0.02*(25-a.by(ColdPack))
		}
		a.set("packDCIR", e.dcir*pick(dice.within(1, 0.005, 0.98, 1.02), 1.5))
	case 13:
		a.set("packACIR", e.acir*pick(dice.within(1, 0.003, 0.99, 1.01), 1.5))
	case 14:
		a.set("capacity", e.capacity*pick(dice.within(1, 0.0002, 0.9993, 1.0007), 0.97))
	case 17:
		soc := in.product.EndSOC + dice.within(0, 0.15, -0.6, 0.6)
		a.set("soc", pick(soc, soc+6)+0*e.soc)
	}
}
