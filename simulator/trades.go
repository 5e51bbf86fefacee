package simulator

import (
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"time"

	"linectl/line"
)

// partRule is which part the command of a task must name.
type partRule uint8

const (
	packInNest   partRule = iota + 1 // the pack that the nest's scanner reads
	cellInNest                       // the cell that the nest's scanner reads
	nextCell                         // none: the code is about to be read
	newLabel                         // the serial to print; a pack must lie in the nest
	anyPart                          // none or the one in the nest
	emptyCarrier                     // the pack that an empty carrier is to be bound to
	inGripper                        // a cell of the store; a pack must lie in the nest
)

// trade is what the plant knows of a task: how long it takes, what equipment refuses, and what it does to the part.
type trade struct {
	takes  time.Duration
	part   partRule
	mark   bool // leaves a mark that stays: refused a second time at the same index without the rework flag
	limits []hardLimit

	energise func(p *Plant, at time.Time, d *device, a *act) // what cannot be taken back
	measure  func(p *Plant, d *device, a *act)               // what the instruments show at the end
}

// counts reports whether the act changes the world at all and so raises the device's effect count.
func (t trade) counts() bool { return t.energise != nil }

func (t trade) duration(a *act) time.Duration {
	if task := line.Task(a.Task); task >= line.EOLStep1 {
		return stepTakes[task-line.EOLStep1]
	}
	return t.takes
}

// hardLimit is the equipment's own limit of one parameter, in the order of the task's parameters.
type hardLimit struct {
	low, high float64
	needed    bool // refused when not given
}

func (t trade) withinLimits(params [16]float32) bool {
	for i, l := range t.limits {
		v := float64(params[i])
		if math.IsNaN(v) {
			if l.needed {
				return false
			}
			continue
		}
		if margin := 1e-6 * math.Max(math.Abs(l.low), math.Abs(l.high)); v < l.low-margin || v > l.high+margin { // float32 rounds
			return false
		}
	}
	return true
}

// param returns a parameter of the command, or what equipment takes when none was given.
func (a *act) param(i int, otherwise float64) float64 {
	if v := float64(a.Params[i]); !math.IsNaN(v) {
		return v
	}
	return otherwise
}

// set latches a value by its name in the task's description.
func (a *act) set(name string, v float64) {
	for i, f := range line.Task(a.Task).Spec().Values {
		if f.Name == name {
			a.values[i] = v
			return
		}
	}
	panic(fmt.Sprintf("simulator: task %d has no value %q", a.Task, name))
}

// key is what an act is counted by: the part and the work on it. A cell's place in a pack is counted for the pack.
func (a *act) key(d *device) (name string, w work) {
	w = work{task: line.Task(a.Task), index: int(a.Index)}
	switch {
	case trades[w.task].part == emptyCarrier:
		return a.Part, w
	case a.part != nil:
		return a.part.name, w
	}
	return string(d.Station), w
}

func (p *Plant) dice(d *device, a *act, purpose string) dice {
	name, w := a.key(d)
	return p.roll(purpose, name, int(w.task)<<16|w.index, a.attempt)
}

// event begins an event of the ground truth for an act.
func (a *act) event(at time.Time, d *device, w What) Event {
	name, _ := a.key(d)
	e := Event{
		At: at, What: w, Station: d.Station, Device: d.ID, Index: int(a.Index), Task: line.Task(a.Task), Attempt: a.attempt,
		Rework: a.Flags&1 != 0, Token: a.Token, Fence: a.Fence, Params: a.paramsHash(), Part: name,
	}
	if a.part != nil && a.part.cell != nil {
		e.Cell, e.Body = a.part.cell.code, a.part.cell.body
	}
	return e
}

// paramsHash names the parameters as they came. What is not a number is one thing, whichever of its bits a protocol sends.
func (a *act) paramsHash() string {
	h := fnv.New64a()
	for _, v := range a.Params {
		bits := math.Float32bits(v)
		if math.IsNaN(float64(v)) {
			bits = math.Float32bits(float32(math.NaN()))
		}
		_, _ = h.Write([]byte{byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits)}) // a hash never fails
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// measured is the event that says what the instruments showed.
func (a *act) measured(at time.Time, d *device) Event {
	e := a.event(at, d, Measured)
	e.Values = map[string]float64{}
	spec := e.Task.Spec()
	for i, v := range a.values {
		v = float64(float32(v)) // as the status block shows it
		switch {
		case math.IsNaN(v), math.IsInf(v, 0): // no number
		case spec.Repeat > 0:
			e.Values[fmt.Sprintf("%s %d", spec.Values[0].Name, int(a.Index)+i)] = v
		default:
			e.Values[spec.Values[i].Name] = v
		}
	}
	return e
}

// skills is which tasks the devices of each kind of station know.
type skills map[line.Kind][]line.Task

func (s skills) has(k line.Kind, t line.Task) bool {
	return slices.Contains(s[k], t)
}

var repertoire = func() skills {
	s := skills{
		line.Receive:  {line.TaskScanCell, line.TaskPlaceCell},
		line.Sort:     {line.TaskMeasureCell, line.TaskPlaceCell},
		line.Stack:    {line.TaskBindCarrier, line.TaskStackCell, line.TaskCompress},
		line.Weld:     {line.TaskPosition, line.TaskWeldLaser, line.TaskWeldResistance, line.TaskWeldUltrasonic, line.TaskServiceTip},
		line.Inspect:  {line.TaskJointResistance, line.TaskVision},
		line.Assemble: {line.TaskPlaceModule, line.TaskFasten, line.TaskConnectBMS, line.TaskFlashBMS},
		line.LeakTest: {line.TaskLeakTest},
		line.PackOut:  {line.TaskAdjustSOC, line.TaskLabel},
		line.Bench:    {},
	}
	for n := range line.EOLSteps {
		s[line.EndOfLine] = append(s[line.EndOfLine], line.EOLStep(n+1))
	}
	for k := range s {
		s[k] = append(s[k], line.TaskRelease, line.TaskMaster)
	}
	return s
}()

// trades is filled in init, because what tasks do refers back to it.
var trades map[line.Task]trade

func init() {
	s := func(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }
	need := func(low, high float64) hardLimit { return hardLimit{low, high, true} }
	may := func(low, high float64) hardLimit { return hardLimit{low, high, false} }
	trades = map[line.Task]trade{
		line.TaskRelease:   {takes: s(1), part: packInNest, limits: []hardLimit{need(1, 999)}, energise: release},
		line.TaskPlaceCell: {takes: s(0.8), part: cellInNest, limits: []hardLimit{need(0, 8), may(0, 99)}, energise: placeCell},
		line.TaskMaster:    {takes: s(10), part: anyPart, measure: measureMaster},
		line.TaskServiceTip: {
			takes: s(20), part: anyPart, limits: []hardLimit{may(0, 9)}, energise: serviceTool, measure: measureService,
		},
		line.TaskScanCell:    {takes: s(0.8), part: nextCell, limits: []hardLimit{need(1, 99)}, energise: nextFromMagazine, measure: scanCell},
		line.TaskMeasureCell: {takes: s(1.5), part: cellInNest, measure: measureCell},
		line.TaskBindCarrier: {takes: s(2), part: emptyCarrier, energise: effect},
		line.TaskStackCell:   {takes: s(2), part: inGripper, limits: []hardLimit{may(0, 99), may(0, 1)}, energise: stackCell, measure: measureStacking},
		line.TaskCompress: {
			takes: s(10), part: packInNest, mark: true, limits: []hardLimit{need(500, 8000), may(1, 60)}, energise: effect, measure: measureCompression,
		},
		line.TaskPosition: {takes: s(1.5), part: packInNest, measure: measurePosition},
		line.TaskWeldLaser: {
			takes: s(1), part: packInNest, mark: true, energise: weldLaser,
			limits: []hardLimit{
				need(1500, 6000), need(0.06, 0.25), may(0.2e-3, 1e-3), may(100, 500), may(-1e-3, 1e-3), need(20e-3, 80e-3), may(10, 25),
			},
		},
		line.TaskWeldResistance: {
			takes: s(1), part: packInNest, mark: true, energise: weldResistance,
			limits: []hardLimit{
				need(500, 1500), need(1e-3, 5e-3), may(1e-3, 10e-3), need(800, 3000), need(3e-3, 15e-3), need(15, 60), may(0.05, 0.2), may(0.02, 0.1),
			},
		},
		line.TaskWeldUltrasonic: {
			takes: s(0.8), part: packInNest, mark: true, energise: weldUltrasonic,
			limits: []hardLimit{need(2, 15), need(1, 100), need(0.06, 0.2)},
		},
		line.TaskJointResistance: {takes: s(8), part: packInNest, limits: []hardLimit{need(1, 20)}, measure: measureJoints},
		line.TaskVision:          {takes: s(6), part: packInNest, limits: []hardLimit{need(1, 20)}, measure: lookAtJoints},
		line.TaskPlaceModule: {
			takes: s(15), part: packInNest, mark: true, limits: []hardLimit{may(0, 0.5)}, energise: effect, measure: measureModule,
		},
		line.TaskFasten: {
			takes: s(4), part: packInNest, mark: true, limits: []hardLimit{need(1, 60), may(0, 360), may(0, 360)}, energise: effect, measure: measureScrew,
		},
		line.TaskConnectBMS: {takes: s(60), part: packInNest, measure: measureHarness},
		line.TaskFlashBMS:   {takes: s(40), part: packInNest, limits: []hardLimit{need(1, 1<<24)}, measure: measureFlash},
		line.TaskLeakTest:   {takes: s(120), part: packInNest, limits: []hardLimit{need(500, 20000), may(5, 300), may(5, 300)}, measure: measureLeak},
		line.TaskAdjustSOC:  {takes: s(60), part: packInNest, limits: []hardLimit{need(5, 60)}, measure: measureShippingSOC},
		line.TaskLabel:      {takes: s(8), part: newLabel, mark: true, energise: effect, measure: measureLabel},
	}
	for n := range line.EOLSteps {
		t := trade{part: packInNest, measure: measureStep}
		if !line.EOLStep(n + 1).Spec().Repeatable { // withstand voltage: its stress adds up
			t.mark, t.energise = true, effect
		}
		trades[line.EOLStep(n+1)] = t
	}
}

// stepTakes is how long each step of the end-of-line test takes.
var stepTakes = [line.EOLSteps]time.Duration{
	5 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 60 * time.Second, 15 * time.Second, 10 * time.Second,
	10 * time.Second, 10 * time.Second, 15 * time.Second, 20 * time.Second, 30 * time.Second, 10 * time.Second, 60 * time.Second,
	30 * time.Second, 60 * time.Second, 10 * time.Second,
}
