package simulator

import (
	"slices"
	"time"
)

// Host is the target of faults that happen to the computer on which the line runs: its disk and its clock.
const Host = "line"

// Disk is what the disk makes of one commit of the line's records.
type Disk struct {
	Fails bool          // the commit ends in an error
	Kept  bool          // although it failed, what it wrote is there at the next start
	Takes time.Duration // before it ends
}

// Commit asks what becomes of a commit of the line's records now. Only a world that owns the line as well as the plant can let it
// happen (Config.Host).
func (p *Plant) Commit(now time.Time) (d Disk) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	for _, f := range p.faults {
		switch {
		case f.Name == DiskFull && f.stage == stands:
			d.Fails = true
		case f.Name == SlowCommit && f.stage == stands:
			d.Takes = seconds(f.by())
		case (f.Name == FailedCommit || f.Name == FailedSync) && f.stage == armed:
			d.Fails, d.Kept = true, f.Name == FailedSync
			p.strikes(now, f, Event{})
			if f.struck >= f.times() {
				f.stage = over
			}
		}
	}
	return d
}

// Started is Clock at the start of the line that has this fence, and writes down that the clock is wrong then: a line goes on by the
// time that it finds.
func (p *Plant) Started(now time.Time, fence uint16) time.Duration {
	off := p.Clock(now)
	if off != 0 {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.emit(Event{At: now, What: Wrong, Fence: fence, Text: off.String()})
	}
	return off
}

// Clock is by how much the clock of the line's computer is wrong: it is ahead by so much.
func (p *Plant) Clock(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	var off time.Duration
	for _, f := range p.faults {
		switch {
		case f.stage != stands:
		case f.Name == ClockAhead:
			off += seconds(f.by())
		case f.Name == ClockBack:
			off -= seconds(f.by())
		case f.Name == ClockFrozen:
			off -= now.Sub(f.began)
		}
	}
	return off
}

// DiskLow reports whether the disk of the line's records is nearly full.
func (p *Plant) DiskLow(now time.Time) bool { return p.befalls(now, DiskLow) }

// Twice reports whether what a person asks for arrives twice now.
func (p *Plant) Twice(now time.Time) bool { return p.befalls(now, DoubleClick) }

// befalls reports whether a fault of this name stands at the line's computer.
func (p *Plant) befalls(now time.Time, name FaultName) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.faults) == 0 {
		return false
	}
	p.advance(now)
	return slices.ContainsFunc(p.faults, func(f *injected) bool { return f.stage == stands && f.Name == name })
}
