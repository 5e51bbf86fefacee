package supervisor

import "time"

// clock is the line's time: the computer's time at the start, and then the time that has truly passed. A jump of the computer's
// clock, by NTP or by a person, makes no act overdue and puts no record before the one that it follows from.
type clock struct{ begun time.Time }

func newClock() clock { return clock{time.Now()} }

// now is the time as the records keep it, so that the line and a replay of its journal see the same.
func (c clock) now() time.Time {
	return c.begun.Add(time.Since(c.begun)).UTC().Truncate(time.Microsecond)
}

// off is how far the computer's clock has gone ahead of the line's time since the start; below zero it is behind.
func (c clock) off() time.Duration { return time.Now().Round(0).Sub(c.now()) }

// clockTolerance is how far the computer's clock may stand from the line's time before the line begins no more packs.
const clockTolerance = time.Second

// clockMoved takes in how far the computer's clock is off. What is within the tolerance of what is known says nothing new.
func (l *Line) clockMoved(off time.Duration) {
	if (off-l.clockOff).Abs() > clockTolerance || off.Abs() <= clockTolerance && l.clockWrong() {
		l.clockOff, l.dirty = off.Round(time.Second), true
	}
}

// clockWrong reports whether the computer's clock is not the line's time any more. Packs that are begun are finished by the line's
// own time; none is begun of which the record would carry a time that nobody outside shares.
func (l *Line) clockWrong() bool { return l.clockOff.Abs() > clockTolerance }
