package simulator

import (
	"fmt"
	"strings"
	"time"

	"linectl/line"
)

// world is where everything is and what has been done to it: a fold of the ground truth and nothing else.
type world struct {
	n       uint64                     // events so far
	made    map[int]int                // cells taken from each magazine lane
	parts   map[string]*part           // by name: pack id, or body of a cell
	nests   map[line.StationID]*part   // one part a station
	infeeds map[line.StationID][]*part // in order of arrival
	stored  map[line.CellID]*part      // cell store, by code
	bins    map[string]int             // cells in each reject bin, "ST010 bin 5"
	tools   map[toolKey]*tool          // wear of welding tools
	acts    map[string]map[work]int    // how often each task was done at each index of a part; forgotten when the part is gone
	retests map[line.StationID]int     // master checks done, for their dice
	labels  map[line.StationID]string  // the serial that was printed last
}

// part is a cell or a pack build.
type part struct {
	name  string    // pack id, or body of the cell
	code  string    // what a scanner reads on it; empty when unreadable
	cell  *cell     // nil for a pack
	pack  *pack     // nil for a cell
	where string    // station, "bin …" or "lane …"
	ready time.Time // when it stands at the entry of its next station; zero after a restart: it stands there
}

// pack is what has physically been built on one carrier.
type pack struct {
	product  Product
	slots    map[int]*cell
	joints   map[int]joint
	firmware float64
}

// joint is a weld as it really is.
type joint struct {
	resistance float64 // Ω
	area       float64 // sound part of the seam, 1 = whole
}

// toolKey names a tool: a welding cell may have one for each of its technologies.
type toolKey struct {
	station line.StationID
	weld    line.Task
}

// tool is the wearing part of a welding station.
type tool struct {
	use  float64 // glass: contamination, %; electrode: hits since it was dressed
	life float64 // hits since the electrode was replaced
}

// work is one thing done to a part.
type work struct {
	task  line.Task
	index int
}

func newWorld() world {
	return world{
		made: map[int]int{}, parts: map[string]*part{}, nests: map[line.StationID]*part{}, infeeds: map[line.StationID][]*part{},
		stored: map[line.CellID]*part{}, bins: map[string]int{}, tools: map[toolKey]*tool{}, acts: map[string]map[work]int{},
		retests: map[line.StationID]int{}, labels: map[line.StationID]string{},
	}
}

// apply folds one event into the world.
func (p *Plant) apply(e Event) {
	w := &p.world
	w.n = e.N
	switch e.What {
	case Begun:
		p.born = e.At
	case Made:
		c := p.population(e.lane(), e.number())
		c.code = e.Cell // a fault may have given it another's
		w.made[c.lane] = c.number
		w.nests[e.Station] = w.add(&part{name: c.body, code: c.reads(), cell: c, where: string(e.Station)})
	case Moved, Exit:
		w.move(e)
	case Arrived:
		queue := w.infeeds[e.Station]
		w.nests[e.Station], w.infeeds[e.Station] = queue[0], queue[1:]
		queue[0].where = string(e.Station)
	case Carried:
		moved := w.parts[e.Part]
		moved.where = e.To
		w.infeeds[line.StationID(e.To)] = append(w.infeeds[line.StationID(e.To)], moved)
	case Placed:
		in, c := w.parts[e.Part], w.parts[e.Body]
		in.pack.slots[e.Index] = c.cell
		delete(w.stored, c.cell.code)
		w.forget(c)
		w.count(e)
	case Effect:
		w.count(e)
		p.applyEffect(e)
	case Measured:
		if e.Attempt > 0 && e.Task.Spec().Repeatable { // the others were counted when the energy came
			w.count(e)
		}
		p.applyMeasured(e)
	case Serviced:
		w.serviced(e)
	case Worn:
		t := w.tool(e.Station, e.Task)
		t.use += e.Values["use"]
		t.life += e.Values["use"]
	case Freed, Fenced, Wrong: // of a memory or a clock, not of the world
	case Struck: // what it does to the world are events of their own
	}
}

func (w *world) add(n *part) *part {
	w.parts[n.name] = n
	return n
}

func (w *world) count(e Event) {
	if w.acts[e.Part] == nil {
		w.acts[e.Part] = map[work]int{}
	}
	w.acts[e.Part][work{e.Task, e.Index}]++
}

// forget drops what nobody can ask about any more, so that a plant may run for months. That a pack was here is remembered: no
// second one may have its name.
func (w *world) forget(gone *part) {
	delete(w.acts, gone.name)
	if gone.pack == nil {
		delete(w.parts, gone.name)
		return
	}
	gone.pack = &pack{product: gone.pack.product}
}

func (w *world) move(e Event) {
	moved := w.nests[e.Station]
	delete(w.nests, e.Station)
	moved.where = e.To
	switch {
	case e.What == Exit && e.To == string(line.Quarantine) && moved.pack != nil:
		// it lies there until somebody carries it back
	case e.What == Exit:
		w.forget(moved)
	case strings.HasPrefix(e.To, "bin "):
		w.bins[string(e.Station)+" "+e.To]++
		w.forget(moved)
	case strings.HasPrefix(e.To, "lane "):
		w.stored[moved.cell.code] = moved
	default:
		w.infeeds[line.StationID(e.To)] = append(w.infeeds[line.StationID(e.To)], moved)
	}
}

// applyEffect changes the part by what was irreversibly done to it.
func (p *Plant) applyEffect(e Event) {
	w := &p.world
	switch e.Task {
	case line.TaskBindCarrier:
		product, ok := p.productOf(e.Part)
		if !ok {
			panic(fmt.Sprintf("simulator: ground truth event %d binds %q, which is of no product of this plant", e.N, e.Part))
		}
		in, bound := w.parts[e.Part]
		if !bound {
			in = w.add(&part{name: e.Part, code: e.Part, pack: &pack{product: product, slots: map[int]*cell{}, joints: map[int]joint{}}})
		}
		in.where = string(e.Station)
		w.nests[e.Station] = in
	case line.TaskWeldLaser, line.TaskWeldResistance, line.TaskWeldUltrasonic:
		in := w.parts[e.Part]
		in.pack.joints[e.Index] = joint{resistance: e.Values["resistance"], area: e.Values["area"]}
		if !e.Rework {
			t := w.tool(e.Station, e.Task)
			t.use += wearOf(e.Task)
			t.life++
		}
	case line.TaskLabel:
		w.labels[e.Station] = e.Text
	default: // a screw, a bead: done is all there is to it
	}
}

// applyMeasured remembers what an act left in the pack without wearing anything.
func (p *Plant) applyMeasured(e Event) {
	if e.Task == line.TaskMaster {
		p.world.retests[e.Station]++
		return
	}
	in := p.world.parts[e.Part]
	if in == nil || in.pack == nil {
		return
	}
	if e.Task == line.TaskFlashBMS {
		in.pack.firmware = e.Values["firmwareRead"]
	}
}

func (w *world) tool(s line.StationID, weld line.Task) *tool {
	key := toolKey{s, weld}
	t, ok := w.tools[key]
	if !ok {
		t = &tool{}
		w.tools[key] = t
	}
	return t
}

// serviced makes the glass clean, or the tips like new.
func (w *world) serviced(e Event) {
	if e.Text == "clean" {
		w.tool(e.Station, line.TaskWeldLaser).use = 0
		return
	}
	for _, weld := range []line.Task{line.TaskWeldResistance, line.TaskWeldUltrasonic} {
		t := w.tool(e.Station, weld)
		t.use = 0
		if e.Text == "replace" {
			t.life = 0
		}
	}
}

// reads is what a scanner reads in the nest of a station; empty for an empty nest and for an unreadable code.
func (w *world) reads(s line.StationID) string {
	if in := w.nests[s]; in != nil {
		return in.code
	}
	return ""
}
