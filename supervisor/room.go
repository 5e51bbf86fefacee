package supervisor

import "fmt"

// Room is what the edge has measured of the disk on which the records lie, each time anew: the bytes that are left for this user, and
// the bytes that it has.
type Room struct{ Free, Size float64 }

// The room that is kept for the packs in work. A pack of the samples leaves about 3.5 MB of records and waveforms, and not more than a
// dozen packs are in work: the rest is for what else writes to this disk meanwhile. A small disk cannot give as much.
const (
	reserveMost  = 256e6 // bytes
	reserveShare = 0.1   // of a small disk
	roomAgain    = 1.25  // of the reserve, until packs are begun again
)

func (r Room) reserve() float64 { return min(reserveMost, r.Size*reserveShare) }

// roomMeasured takes in how much room there is. What is low stays so until there is a good deal more than the reserve.
func (l *Line) roomMeasured(r Room) {
	before, enough := l.short, r.reserve()
	if before != "" {
		enough *= roomAgain
	}
	switch {
	case r.Free >= enough:
		l.short = ""
	case before == "":
		l.short = fmt.Sprintf("the disk of the records has less than %.3g MB left: no pack is begun", enough/1e6)
	}
	l.dirty = l.dirty || l.short != before
}

// closed says why the line begins no pack although there are orders, or "" when it does. Packs that are begun are finished: what is
// closed is the beginning of a record that could not be finished, or of which nobody outside would share the time.
func (l *Line) closed() string {
	if l.clockWrong() {
		return l.clockWords()
	}
	return l.short
}
