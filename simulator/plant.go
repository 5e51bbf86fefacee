// Package simulator is the virtual plant: the devices of a line with the device rules of the job handshake, the parts that go
// through them with plausible physics, and the two protocol faces by which a supervisor talks to them. It is part of the
// product: lines are commissioned against it.
//
// It knows nothing of recipes, limits or verdicts, and nothing of the supervisor: it does what its devices are told, refuses
// what equipment refuses, and writes down what truly happened (ReadTruth). Plant has no clock and starts no goroutine: time is
// an argument, and only the faces (Serve) look at a clock. No number that it shows is a statement about a real cell.
package simulator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// Plant is the world and all devices as one deterministic value. Its methods may be called from any goroutine.
type Plant struct {
	mu         sync.Mutex
	cfg        Config
	dir        string    // empty: nothing is kept in files
	born       time.Time // when the plant was set up: the dates of its cells hang on it
	devices    map[line.DeviceID]*device
	order      []*device // as configured
	calendar   calendar
	serial     uint64
	world      world
	truth      *truthLog
	faults     []*injected // in the order of injection
	injections int
	changes    uint64 // see Changes
	broken     error  // a file could not be written: nothing more may happen
}

// New makes a plant, or brings one up again from what stands in dir: the ground truth, the devices' retained memories and the
// shipping notices. Every device boots: its boot epoch rises, and an act that was in flight is Interrupted. With an empty dir
// nothing is kept in files. Errors name the file and what to do.
func New(cfg Config, dir string, now time.Time) (*Plant, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	p := &Plant{cfg: cfg, dir: dir, devices: map[line.DeviceID]*device{}, world: newWorld()}
	if err := p.open(now); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	for _, c := range cfg.Devices {
		d, err := p.boot(c, now)
		if err != nil { // the device closed its own file
			return nil, errors.Join(err, p.Close())
		}
		p.order = append(p.order, d)
		p.devices[c.ID] = d
	}
	for s, queue := range p.world.infeeds { // what stood at an entry is taken when its turn comes
		if len(queue) > 0 {
			p.schedule(due{at: now, what: arrive, station: s})
		}
	}
	return p, nil
}

// open folds the ground truth, or begins it.
func (p *Plant) open(now time.Time) error {
	p.born = now.UTC()
	var events []Event
	if p.dir != "" {
		if err := os.MkdirAll(filepath.Join(p.dir, "retained"), 0o700); err != nil {
			return fmt.Errorf("virtual plant: %w", err)
		}
		var err error
		if p.truth, events, err = openTruth(filepath.Join(p.dir, "truth.jsonl")); err != nil {
			return err
		}
	}
	seed := strconv.FormatUint(p.cfg.Seed, 10)
	if len(events) == 0 {
		p.emit(Event{At: p.born, What: Begun, Text: seed})
	} else if events[0].What != Begun || events[0].Text != seed {
		return fmt.Errorf("virtual plant: %s was begun with seed %s, not %s; give that seed or another directory", p.dir, events[0].Text, seed)
	}
	if err := p.fold(events); err != nil {
		return err
	}
	if p.dir != "" && p.broken == nil {
		return p.writeNotices()
	}
	return p.broken
}

// fold brings the world to where the ground truth ends. A file that is whole but tells of what cannot have been, a part that
// left a nest in which none lay, was altered by someone: that is an error of the file and not of the plant.
func (p *Plant) fold(events []Event) (err error) {
	n := uint64(0)
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s:%d: cannot follow from what stands before: %v; start the plant in a new directory", p.truth.path, n, r)
		}
	}()
	for _, e := range events {
		n = e.N
		p.apply(e)
	}
	return nil
}

// Close closes the plant's files. After it every command is refused.
func (p *Plant) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.truth == nil {
		return nil
	}
	err := p.truth.file.Close()
	for _, d := range p.order {
		err = errors.Join(err, d.memory.file.Close())
	}
	p.truth = nil
	p.broken = errors.Join(p.broken, os.ErrClosed)
	return err
}

// Devices lists the plant's devices in the order of the configuration.
func (p *Plant) Devices() []line.DeviceID {
	ids := make([]line.DeviceID, len(p.order))
	for i, d := range p.order {
		ids[i] = d.ID
	}
	return ids
}

// Command gives a device a command block that its face found whole (device rule 1) and returns 0, or why the device refuses.
// A device that the plant does not have is a programming error and panics.
func (p *Plant) Command(now time.Time, id line.DeviceID, c tags.Command) line.RejectReason {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	d := p.device(id)
	p.touch(d.Station)
	return p.receive(now, d, c)
}

// receive is what a device does with a whole block, and what it remembers of a refusal.
func (p *Plant) receive(now time.Time, d *device, c tags.Command) line.RejectReason {
	if p.standing(DamagedCommand, d) != nil {
		d.rejected, d.rejectReason = 0, line.RejectBlock
		return line.RejectBlock
	}
	if !d.Class.Tokens() {
		return p.plain(now, d, c)
	}
	reason := p.judge(now, d, c)
	if reason != 0 {
		d.rejected, d.rejectReason = c.Token, reason
	}
	return reason
}

// Damaged tells a device that a command block arrived which is not whole: it has no effect, reason 1 (device rule 1).
func (p *Plant) Damaged(id line.DeviceID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.device(id)
	p.touch(d.Station)
	d.rejected, d.rejectReason = 0, line.RejectBlock
}

// Status returns a device's status block. Its heartbeat counts the reads.
func (p *Plant) Status(now time.Time, id line.DeviceID) tags.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	d := p.device(id)
	if d.frozen != nil {
		return *d.frozen
	}
	return p.shown(now, d, p.status(d))
}

func (p *Plant) device(id line.DeviceID) *device {
	d, ok := p.devices[id]
	if !ok {
		panic(fmt.Sprintf("simulator: no device %s in this plant", id))
	}
	return d
}

// stationOf returns the station with a number, if the plant has it. The quarantine store and the way out always exist.
func (p *Plant) stationOf(number float64) (line.StationID, bool) {
	if number == float64(line.Quarantine.Number()) {
		return line.Quarantine, true
	}
	if number == float64(line.Shipped.Number()) {
		return line.Shipped, true
	}
	i := slices.IndexFunc(p.order, func(d *device) bool { return float64(d.Station.Number()) == number })
	if i < 0 {
		return "", false
	}
	return p.order[i].Station, true
}

// firstOf returns the first station of a kind.
func (p *Plant) firstOf(k line.Kind) (line.StationID, bool) {
	i := slices.IndexFunc(p.order, func(d *device) bool { return d.Kind == k })
	if i < 0 {
		return "", false
	}
	return p.order[i].Station, true
}
