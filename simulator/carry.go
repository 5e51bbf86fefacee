package simulator

import (
	"fmt"
	"time"

	"linectl/line"
)

// Carry is a person who takes a pack out of quarantine and puts it at the entry of a station. The error says why that cannot be done.
func (p *Plant) Carry(now time.Time, pack line.PackID, to line.StationID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(now)
	part := p.world.parts[string(pack)]
	if part == nil || part.pack == nil || part.where != string(line.Quarantine) {
		return fmt.Errorf("%s does not lie in %s", pack, line.Quarantine)
	}
	if there, ok := p.stationOf(float64(to.Number())); !ok || there == line.Quarantine {
		return fmt.Errorf("the plant has no station %s", to)
	}
	p.emit(Event{At: now, What: Carried, Station: line.Quarantine, Part: string(pack), To: string(to)})
	part.ready = now.Add(p.scaled(travel))
	p.schedule(due{at: part.ready, what: arrive, station: to})
	return nil
}
