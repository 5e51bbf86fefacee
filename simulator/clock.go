package simulator

import (
	"container/heap"
	"time"

	"linectl/line"
	"linectl/plc/tags"
)

// what says what an event of the event clock does when its time has come.
type what uint8

const (
	energy   what = iota + 1 // the irreversible moment of an act
	finish                   // the end of an act
	settle                   // an acting PackML state is over
	watchdog                 // the supervisor may have gone silent
	arrive                   // a part stands at the entry of a station
	turn                     // an injected fault begins, waits or ends
	repeat                   // a command block arrives that the device has had before
	recall                   // a device says done once more
)

// due is one event that waits for its time.
type due struct {
	at      time.Time
	serial  uint64 // of scheduling: makes equal times deterministic
	what    what
	device  *device
	token   line.Token
	station line.StationID
	fault   *injected
	block   *tags.Command
}

// calendar is the heap of what is due, by time and serial.
type calendar []due

func (c calendar) Len() int      { return len(c) }
func (c calendar) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c calendar) Less(i, j int) bool {
	if c[i].at.Equal(c[j].at) {
		return c[i].serial < c[j].serial
	}
	return c[i].at.Before(c[j].at)
}

// Push is for container/heap only.
func (c *calendar) Push(x any) { *c = append(*c, x.(due)) }

// Pop is for container/heap only.
func (c *calendar) Pop() any {
	old := *c
	last := old[len(old)-1]
	*c = old[:len(old)-1]
	return last
}

func (p *Plant) schedule(d due) {
	p.serial++
	d.serial = p.serial
	heap.Push(&p.calendar, d)
}

// Next returns the time of the plant's next event of its own, and false if nothing is due.
func (p *Plant) Next() (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.calendar) == 0 {
		return time.Time{}, false
	}
	return p.calendar[0].at, true
}

// Advance lets everything happen that is due at or before now, each at its own time and in the order of their times.
// Time that goes backwards changes nothing. The error is of the truth log or of a retained memory that could not be
// written: the plant then does nothing more.
func (p *Plant) Advance(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	return p.broken
}

func (p *Plant) advance(now time.Time) {
	for len(p.calendar) > 0 && !p.calendar[0].at.After(now) && p.broken == nil {
		d := heap.Pop(&p.calendar).(due)
		switch d.what {
		case energy:
			p.touch(d.device.Station)
			p.energise(d.at, d.device, d.token)
		case finish:
			p.touch(d.device.Station)
			p.finish(d.at, d.device, d.token)
		case settle:
			p.touch(d.device.Station)
			p.settle(d.at, d.device)
		case watchdog:
			p.watch(d.at, d.device)
		case arrive:
			p.touch(d.station)
			p.take(d.at, d.station)
		case turn:
			p.turn(d.at, d.fault)
		case repeat:
			p.touch(d.device.Station)
			p.receive(d.at, d.device, *d.block)
		case recall:
			d.device.recall(d.token)
			p.touch(d.device.Station)
		}
	}
}

// scaled is a duration of the plant at its speed. Handshake and watchdog times are never scaled.
func (p *Plant) scaled(d time.Duration) time.Duration { return time.Duration(float64(d) / p.cfg.Speed) }
