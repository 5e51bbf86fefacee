package simulator

import (
	"slices"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// Most polls find a device as the poll before them did. Whoever drives the plant on a clock of his own asks a device by its place in
// Devices whether this is one of them, and saves himself the block.

// Revision counts whatever may have changed what a device shows, its heartbeat left out, or what its wire does with it: each command,
// each event at its station, each fault that begins or ends. Between them time alone changes nothing; where it does
// (restless), while the heartbeat stands still, and for a plant that cannot go on, it is 0.
func (p *Plant) Revision(place int) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d := p.order[place]; d.frozen == nil && p.broken == nil && !p.restless(d) {
		return d.revision
	}
	return 0
}

// unsteady are the faults under which no poll is like the one before it.
var unsteady = []FaultName{StaleStatus, ReorderedReplies, FlappingLink, DamagedCommand}

// restless reports whether what a device shows, or what its wire does with it, changes with time alone: by a fault that shows the past,
// lets the wire come and go, or lets no query be heard.
func (p *Plant) restless(d *device) bool {
	return d.past.old != nil || len(p.faults) > 0 &&
		slices.ContainsFunc(p.faults, func(f *injected) bool {
			return f.stage == stands && slices.Contains(unsteady, f.Name) && f.covers(d)
		})
}

// Changes counts all that Revision counts, of all devices, and returns with it when the next event of the plant is due; the zero time
// where none is.
func (p *Plant) Changes() (n uint64, next time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.calendar) > 0 {
		next = p.calendar[0].at
	}
	return p.changes, next
}

// Pass is Repeat for many rounds of the past, where nothing was due between: so many reads, and the last query that was heard (the zero
// time = none).
func (p *Plant) Pass(place, reads int, heard time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d := p.order[place]
	d.heartbeat += uint16(reads) //nolint:gosec // it turns over
	if !heard.IsZero() {
		d.heard = heard
	}
}

// Repeat is Command with a query (nil = none) and then Status, for a device that shows what it showed at a revision: it hears the query
// and its heartbeat counts the read. Where anything may have changed since, or would change by the query, Repeat returns false and nothing
// has happened but time. It is for a wire that was not disturbed at that revision.
func (p *Plant) Repeat(now time.Time, place int, since uint64, query *tags.Command) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	d := p.order[place]
	if d.revision != since || d.frozen != nil || p.broken != nil {
		return false
	}
	if query != nil {
		if query.Op != tags.OpQuery || d.Class.Tokens() && query.Fence != d.retained.Fence {
			return false
		}
		d.heard = now
	}
	d.heartbeat++
	return true
}

// touch says that what the devices of a station show may have changed.
func (p *Plant) touch(s line.StationID) {
	p.changes++
	for _, d := range p.order {
		if d.Station == s {
			d.revision++
		}
	}
}

// touchAll says that what any device shows, or what becomes of it on the wire, may have changed: by a fault.
func (p *Plant) touchAll() {
	p.changes++
	for _, d := range p.order {
		d.revision++
	}
}
