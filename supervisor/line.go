// Package supervisor is the whole line as one deterministic value: which pack goes where, what must be true before it may, what
// each station does next, and what is said about it. Time and everything that happens are inputs; what is to be done comes
// out, in an order that is written on the type.
//
// The line does no I/O, starts no goroutine, reads no clock and draws no random number; loop.go is its one interpreter and
// the only file here that does. It is no safety function: it asks and shows, and never resets one.
package supervisor

import (
	"errors"
	"fmt"
	"time"

	"linectl/alarms"
	"linectl/line"
	"linectl/packml"
	"linectl/recipes"
	"linectl/stations"
)

// Input is what happens to the line.
//
//sumtype:decl
type Input interface{ input() }

// Tick says that time has passed, and by how much the computer's clock stands ahead of the line's time.
type Tick struct{ ClockOff time.Duration }

// Told is what the edge of a device tells.
type Told struct{ Event line.DeviceEvent }

// Asked is what a person asks for.
type Asked struct{ Request line.Request }

// Read is what the edge has read of the certificates that the line's connections depend on: all of them, each time.
type Read struct{ Certificates []line.Certificate }

func (Tick) input()  {}
func (Room) input()  {}
func (Read) input()  {}
func (Told) input()  {}
func (Asked) input() {}

// Output is what must now be done, in the order of its fields. Its slices are valid until the next Step.
type Output struct {
	Stops   []line.Job    // sent at once: stopping never waits for a disk
	Records []line.Record // durable before anything below
	Jobs    []line.Job    // to devices
	Replies []line.Reply  // answers to operators: an acknowledged command is a recorded one
}

// Line is the line. It is not safe for use by several goroutines: one loop owns it.
//
// What must survive a restart changes only by Apply, so replaying the journal rebuilds it. The rest is what the devices tell.
type Line struct {
	cfg      Config
	fence    uint16
	stations []*station // in the order of the route, the bench last
	byDevice map[line.DeviceID]*station
	byID     map[line.StationID]*station

	opened   *line.LineStarted          // the incarnation that wrote last
	recipes  map[string]*recipes.Recipe // by hash
	sequence uint64                     // of the last token
	orders   []*order
	packs    map[line.PackID]*pack
	doubtful []line.PackID // packs in quarantine, in the order in which they came there
	live     []*pack       // in the order they were started, disposed ones leave
	numbers  map[string]int
	serials  map[string]int
	sets     []line.PackID // packs with a set that wait for the stacking station
	cells    cellStore
	holds    map[string]line.HoldSet
	material map[materialKey]stock
	lots     map[line.LotID]bool // of cells and consumables, all that were ever heard of
	alarms   alarms.Book
	watch    *alarms.Watch
	meter    alarms.Meter
	answered replies
	accounts accounts
	counts   counts
	shift    shift
	refused  refusals // no state: only words that are not made twice

	certificates []line.Certificate // as last read; nil while nobody has read them

	clockOff time.Duration // by how much the computer's clock stands ahead of the line's time; never recorded: a start sets it right
	short    string        // what is said of the disk of the records while it is nearly full; never recorded: a start measures it
	dirty    bool          // something happened since the faults were last looked at
	overdue  time.Time
	standing []alarms.Standing // what stood when it was last looked; used again
	out      Output
}

type counts struct{ good, nok, firstPass int }

// New makes a line that has not seen anything yet. The fence is this incarnation's, durable before New is called.
// The error names every station that cannot work as configured.
func New(cfg Config, fence uint16) (*Line, error) {
	l := &Line{
		cfg: cfg, fence: fence,
		byDevice: map[line.DeviceID]*station{}, byID: map[line.StationID]*station{}, recipes: map[string]*recipes.Recipe{},
		packs: map[line.PackID]*pack{}, numbers: map[string]int{}, serials: map[string]int{}, holds: map[string]line.HoldSet{},
		material: map[materialKey]stock{}, lots: map[line.LotID]bool{}, cells: newCellStore(), refused: refusals{}, watch: alarms.NewWatch(alarms.Table()),
	}
	for _, c := range cfg.Supplier {
		l.lots[c.Lot] = true
	}
	for _, r := range cfg.Recipes {
		l.recipes[r.Hash] = r
	}
	l.shift = newShift(cfg.Shifts, cfg.Stations)
	for i, sc := range cfg.Stations {
		s := &station{cfg: sc, items: cfg.items(sc.Kind)}
		devices := make([]*stations.Device, len(sc.Devices))
		for j, d := range sc.Devices {
			devices[j] = &stations.Device{ID: d.ID, Role: d.Role, Simulated: d.Simulated}
			if l.byDevice[d.ID] != nil {
				return nil, fmt.Errorf("device %s stands twice in the configuration", d.ID)
			}
			l.byDevice[d.ID] = s
		}
		m, err := stations.New(sc.ID, sc.Kind, sc.Title, devices, l)
		if err != nil {
			return nil, err
		}
		s.Machine, s.devices = m, devices
		if l.byID[sc.ID] != nil {
			return nil, fmt.Errorf("station %s stands twice in the configuration", sc.ID)
		}
		l.byID[sc.ID] = s
		l.stations = append(l.stations, s)
		s.blocked, s.starved = "blocked by "+string(sc.ID), "no part has come"
		switch {
		case sc.Kind == line.Bench:
			s.starved = line.NothingToRework
		case i > 0:
			l.stations[i-1].after = s
			s.starved = "starved by " + string(l.stations[i-1].ID)
		}
	}
	for _, k := range []line.Kind{line.Receive, line.Sort, line.Stack, line.PackOut, line.Bench} {
		if l.ofKind(k) == nil {
			return nil, fmt.Errorf("the line has no station of kind %s, without which no pack can go through it", k)
		}
	}
	return l, nil
}

// Record decides: the record will be written, and is true from now on.
func (l *Line) Record(r line.Record) {
	l.out.Records = append(l.out.Records, r)
	l.Apply(r)
}

// Send gives a device a job. A stop goes out at once; everything else waits until what was recorded is durable.
func (l *Line) Send(j line.Job) {
	if c := packml.Command(j.Machine); j.Op == line.MachineCommand && (c == packml.CmdStop || c == packml.CmdAbort) {
		l.out.Stops = append(l.out.Stops, j)
		return
	}
	l.out.Jobs = append(l.out.Jobs, j)
}

// Token returns a token that was never used before. The sequence is kept by the intents that carry it.
func (l *Line) Token() line.Token { return line.NewToken(l.fence, l.sequence+1) }

// Fits refuses a journal that is not this line's: simulated records and real parts never come together. Ask after the journal has
// been replayed and before Resume.
func (l *Line) Fits() error {
	if l.opened == nil || l.opened.Simulated == l.cfg.Simulated {
		return nil
	}
	if l.opened.Simulated {
		return errors.New("these records are simulated and the line has real devices only; choose another data directory")
	}
	return errors.New("these records are of real parts and a device of the line is simulated; choose another data directory")
}

// Resume opens this incarnation after the journal has been replayed: no station comes back executing, and every act that was
// open is asked about before anything moves.
func (l *Line) Resume(now time.Time) Output {
	l.begin()
	l.Record(line.Record{At: now, Fact: line.LineStarted{Fence: l.fence, Version: l.cfg.Version, Simulated: l.cfg.Simulated}})
	for _, s := range l.stations {
		s.Resume(now)
	}
	l.dirty = true
	return l.out
}

// Step decides. It does no I/O, starts no goroutine, reads no clock, draws no random number.
func (l *Line) Step(now time.Time, in Input) Output {
	l.begin()
	switch in := in.(type) {
	case Tick:
		l.clockMoved(in.ClockOff)
	case Told:
		if s := l.byDevice[in.Event.Source()]; s != nil {
			s.Handle(now, in.Event)
			l.voidAgain(in.Event)
		}
		l.dirty = true
	case Room:
		l.roomMeasured(in)
	case Read:
		l.certificates = append([]line.Certificate{}, in.Certificates...)
		l.dirty = true
	case Asked:
		l.answer(now, in.Request)
		l.dirty = true
	}
	for range 2 * len(l.stations) { // a bound, not a count: each pass does at least one thing
		if !l.flow(now) {
			break
		}
		l.dirty = true
	}
	l.annunciate(now)
	return l.out
}

func (l *Line) begin() {
	l.out = Output{Stops: l.out.Stops[:0], Records: l.out.Records[:0], Jobs: l.out.Jobs[:0], Replies: l.out.Replies[:0]}
}
