package line

import (
	"fmt"
	"math"
)

// Task is what a device is asked to do: the number in the command block. Each is described by its TaskSpec.
type Task uint16

// The tasks, by station. EOLStep1 to EOLStep17 are the steps of the end-of-line test in their order.
const (
	TaskNone Task = 0

	TaskRelease    Task = 1 // let the part go to another place; the part is the one in the nest
	TaskPlaceCell  Task = 2 // put the cell in the nest onto the conveyor, a lane or a reject bin
	TaskMaster     Task = 3 // measure the built-in reference part
	TaskServiceTip Task = 4 // clean the glass, dress or replace the electrode

	TaskScanCell    Task = 10 // index the magazine and read the next cell's code
	TaskMeasureCell Task = 20 // open-circuit voltage, 1 kHz resistance, temperature, self-discharge
	TaskBindCarrier Task = 30 // write the pack's identity to an empty carrier
	TaskStackCell   Task = 31 // pick the cell with this code and place it into a slot
	TaskCompress    Task = 32 // compress one module to force and length

	TaskPosition       Task = 40 // move the weld head to a field of joints and measure the gap
	TaskWeldLaser      Task = 41 // one seam
	TaskWeldResistance Task = 42 // one hit
	TaskWeldUltrasonic Task = 43 // one wire

	TaskJointResistance Task = 50 // four-wire resistance of up to 20 joints
	TaskVision          Task = 51 // look at up to 20 joints

	TaskPlaceModule Task = 60 // dispense gap filler and set one module into the tray
	TaskFasten      Task = 61 // one screw
	TaskConnectBMS  Task = 62 // harness check and power-up
	TaskFlashBMS    Task = 63 // firmware and configuration
	TaskLeakTest    Task = 70

	TaskAdjustSOC Task = 90 // charge or discharge to the shipping state of charge
	TaskLabel     Task = 91 // print the serial, apply, read it back; the part in the block is the serial

	EOLStep1 Task = 101 // identity; step n is EOLStep1 + n - 1, up to 117
)

// EOLSteps is the number of steps of the end-of-line test.
const EOLSteps = 17

// EOLStep returns the task of end-of-line step n, 1 to 17.
func EOLStep(n int) Task { return EOLStep1 + Task(n-1) }

// Field is one number of a block: a name and its base unit.
type Field struct {
	Name string
	Unit string
}

// TaskSpec says what the numbers of a task's blocks mean and whether the act may be repeated.
type TaskSpec struct {
	Task   Task
	Name   string
	Params []Field // at most 16, in the order of the command block
	Values []Field // at most 24, in the order of the status block
	// Repeat > 0: Values has one field which stands that many times, for indexes from the act's index upward.
	Repeat int
	// Repeatable acts may be asked for again with a new token when their result was NOK; the others leave a mark that
	// stays (a seam, a bead, a written label) and only a person may order another.
	Repeatable bool
	// Waveform names the channels of the waveform that a device may offer with the result; none = the act has no course.
	Waveform []Field
}

func f(name, unit string) Field { return Field{name, unit} }

var taskSpecs = func() map[Task]TaskSpec {
	eol := func(n int, name string, params []Field, values ...Field) TaskSpec {
		return TaskSpec{Task: EOLStep(n), Name: name, Params: params, Values: append(values, f("testTemperature", "°C")), Repeatable: n != 6}
	}
	specs := []TaskSpec{
		{Task: TaskRelease, Name: "release part", Params: []Field{f("destination", "1")}},
		{Task: TaskPlaceCell, Name: "place cell", Params: []Field{f("bin", "1"), f("lane", "1")}},
		{Task: TaskMaster, Name: "master check", Values: []Field{f("reference1", "1"), f("reference2", "1")}, Repeatable: true},
		{Task: TaskServiceTip, Name: "service tool", Params: []Field{f("service", "1")}, Values: []Field{f("toolUse", "1")}, Repeatable: true},
		{Task: TaskScanCell, Name: "scan cell", Params: []Field{f("lane", "1")}, Values: []Field{f("codeGrade", "1"), f("scanAttempts", "1")}, Repeatable: true},
		{
			Task: TaskMeasureCell, Name: "measure cell", Repeatable: true,
			Values: []Field{f("ocv", "V"), f("acir", "Ω"), f("temperature", "°C"), f("selfDischarge", "V/h"), f("contactResistance", "Ω")},
		},
		{Task: TaskBindCarrier, Name: "bind carrier", Repeatable: true},
		{
			Task: TaskStackCell, Name: "stack cell", Params: []Field{f("lane", "1"), f("orientation", "1")},
			Values: []Field{f("polarity", "1"), f("heightStep", "m"), f("insertForce", "N")},
		},
		{
			Task: TaskCompress, Name: "compress module", Params: []Field{f("force", "N"), f("hold", "s")},
			Values: []Field{f("compressionForce", "N"), f("moduleLength", "m")},
		},
		{Task: TaskPosition, Name: "position weld head", Values: []Field{f("offsetX", "m"), f("offsetY", "m"), f("gap", "m")}, Repeatable: true},
		{
			Task: TaskWeldLaser, Name: "laser weld",
			Params: []Field{
				f("power", "W"), f("speed", "m/s"), f("wobbleAmplitude", "m"), f("wobbleFrequency", "Hz"),
				f("focusOffset", "m"), f("seamLength", "m"), f("gasFlow", "L/min"),
			},
			Values: []Field{
				f("weldPower", "W"), f("plasma", "1"), f("weldTemperature", "1"), f("backReflection", "1"),
				f("scatter", "1"), f("depth", "m"), f("toolUse", "1"),
			},
			Waveform: []Field{f("power", "W"), f("plume", "1"), f("temperature", "1"), f("backReflection", "1")},
		},
		{
			Task: TaskWeldResistance, Name: "resistance weld",
			Params: []Field{
				f("pulse1Current", "A"), f("pulse1Time", "s"), f("pause", "s"), f("pulse2Current", "A"), f("pulse2Time", "s"),
				f("electrodeForce", "N"), f("squeeze", "s"), f("hold", "s"),
			},
			Values: []Field{
				f("currentRMS", "A"), f("voltagePeak", "V"), f("energy", "J"), f("rStart", "Ω"), f("rDrop", "%"),
				f("setDown", "m"), f("force", "N"), f("toolUse", "1"),
			},
			Waveform: []Field{f("current", "A"), f("voltage", "V"), f("resistance", "Ω")},
		},
		{
			Task: TaskWeldUltrasonic, Name: "ultrasonic bond",
			Params:   []Field{f("bondForce", "N"), f("bondPower", "W"), f("bondTime", "s")},
			Values:   []Field{f("deformation", "%"), f("bondCurrent", "A"), f("frequencyShift", "Hz"), f("toolUse", "1")},
			Waveform: []Field{f("current", "A"), f("deformation", "%"), f("frequencyShift", "Hz")},
		},
		{Task: TaskJointResistance, Name: "joint resistance", Params: []Field{f("count", "1")}, Values: []Field{f("jointResistance", "Ω")}, Repeat: 20, Repeatable: true},
		{
			Task: TaskVision, Name: "seam vision", Params: []Field{f("count", "1")}, Repeatable: true,
			Values: []Field{f("seamArea", "%"), f("holeSize", "m"), f("spatterSize", "m"), f("positionError", "m"), f("worstJoint", "1")},
		},
		{
			Task: TaskPlaceModule, Name: "place module", Params: []Field{f("fillerMass", "kg")},
			Values: []Field{f("fillerMass", "kg"), f("mixRatio", "%"), f("placeForce", "N")},
		},
		{
			Task: TaskFasten, Name: "fasten screw", Params: []Field{f("torque", "N·m"), f("angleMin", "°"), f("angleMax", "°")},
			Values: []Field{f("torque", "N·m"), f("angle", "°")},
		},
		{Task: TaskConnectBMS, Name: "connect BMS", Values: []Field{f("tapOrder", "1"), f("bootTime", "s")}, Repeatable: true},
		{Task: TaskFlashBMS, Name: "flash BMS", Params: []Field{f("firmware", "1")}, Values: []Field{f("firmwareRead", "1"), f("troubleCodes", "1")}, Repeatable: true},
		{
			Task: TaskLeakTest, Name: "leak test", Repeatable: true,
			Params: []Field{f("pressure", "Pa"), f("settle", "s"), f("measure", "s")},
			Values: []Field{f("leakRate", "sccm"), f("pressureStart", "Pa"), f("pressureDrop", "Pa"), f("temperatureDrift", "K")},
		},
		{Task: TaskAdjustSOC, Name: "adjust state of charge", Params: []Field{f("soc", "%")}, Values: []Field{f("shippingSOC", "%")}, Repeatable: true},
		{Task: TaskLabel, Name: "print and verify label", Values: []Field{f("labelGrade", "1")}},

		eol(1, "identity", nil, f("identity", "1")),
		eol(2, "supply current and BMS wake-up", nil, f("supplyCurrent", "A")),
		eol(3, "firmware, configuration, trouble codes", []Field{f("firmware", "1")}, f("firmwareRead", "1"), f("troubleCodes", "1")),
		eol(4, "high-voltage interlock loop", nil, f("loopsDetected", "%"), f("detectTime", "s")),
		eol(5, "insulation resistance", []Field{f("testVoltage", "V"), f("duration", "s")}, f("insulationPlus", "Ω"), f("insulationMinus", "Ω")),
		eol(6, "withstand voltage", []Field{f("testVoltage", "V"), f("duration", "s")}, f("leakageCurrent", "A")),
		eol(7, "equipotential bonding", []Field{f("testCurrent", "A")}, f("bondingResistance", "Ω")),
		eol(8, "pack voltage", nil, f("packVoltage", "V"), f("cellVoltageSpread", "V"), f("voltageDeviation", "%")),
		eol(9, "temperature sensors", nil, f("temperatureSpread", "K")),
		eol(10, "precharge and contactors", nil, f("prechargeTime", "s"), f("prechargeLevel", "%")),
		eol(11, "current sensor", []Field{f("testCurrent", "A")}, f("currentError", "%")),
		eol(12, "pulse resistance", []Field{f("pulseRate", "1"), f("duration", "s")}, f("packDCIR", "Ω")),
		eol(13, "1 kHz resistance", nil, f("packACIR", "Ω")),
		eol(14, "capacity", []Field{f("rate", "1")}, f("capacity", "Ah")),
		eol(15, "protection", nil, f("protection", "1")),
		eol(16, "communication soak and balancing", []Field{f("duration", "s")}, f("checksumErrors", "1")),
		eol(17, "state of charge", nil, f("soc", "%")),
	}
	m := make(map[Task]TaskSpec, len(specs))
	for _, s := range specs {
		m[s.Task] = s
	}
	return m
}()

// Spec describes a task. Asking for a number that is no task is a programming error and panics.
func (t Task) Spec() TaskSpec {
	s, ok := taskSpecs[t]
	if !ok {
		panic(fmt.Sprintf("line: no task %d", t))
	}
	return s
}

// Known reports whether the number is a task.
func (t Task) Known() bool { _, ok := taskSpecs[t]; return ok }

func (t Task) String() string {
	if s, ok := taskSpecs[t]; ok {
		return s.Name
	}
	return fmt.Sprintf("task %d", t)
}

// Block puts named parameters into the order of the command block. What is not given is NaN. A name that the task does not
// have is an error, for a parameter that silently goes nowhere would be a weld made wrong.
func (s TaskSpec) Block(params []Quantity) (block [16]float32, err error) {
	for i := range block {
		block[i] = float32(math.NaN())
	}
next:
	for _, p := range params {
		for i, field := range s.Params {
			if field.Name == p.Name {
				block[i] = float32(p.Value)
				continue next
			}
		}
		return block, fmt.Errorf("task %q has no parameter %q", s.Name, p.Name)
	}
	return block, nil
}
