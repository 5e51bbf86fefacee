package accounts

import (
	"time"
)

// The delays. The first failures cost nothing, for people mistype; then each doubles the wait up to longest. Nobody is ever
// locked out: after longest at most a right password is taken.
const (
	freeFailures = 2                // failures that delay nothing
	firstDelay   = time.Second      // after the next one
	longest      = 30 * time.Second // and never more
	forgetAfter  = 15 * time.Minute // failures that nothing followed for so long are forgotten

	maxPlaces = 4096 // pairs of user and source that are remembered; the one that failed longest ago goes
	maxAtOnce = 8    // log-ins of one pair that may wait or be looked at, at the same time
)

// place is from where whom: the delay of one terminal does not delay another.
type place struct{ user, source string }

type failures struct {
	count int
	last  time.Time
	open  int // log-ins that are waiting or being looked at
}

// throttle decides how long a log-in must wait. It is a pure value: time is an argument.
type throttle struct {
	places map[place]*failures
}

func delayAfter(failed int) time.Duration {
	if failed <= freeFailures {
		return 0
	}
	d := firstDelay
	for range min(failed-freeFailures-1, 10) {
		d *= 2
	}
	return min(d, longest)
}

// ask says how long a log-in that comes now must wait before it is looked at: longest at most, whatever happened before and
// whatever others do while it waits. It is not ok where too many of the same place are open already. Each ask that is ok wants
// one done.
func (t *throttle) ask(now time.Time, at place) (wait time.Duration, ok bool) {
	if t.places == nil {
		t.places = map[place]*failures{}
	}
	f := t.places[at]
	if f == nil {
		if len(t.places) >= maxPlaces && !t.dropOldest() {
			return 0, false
		}
		f = &failures{}
		t.places[at] = f
	}
	if f.count > 0 && now.Sub(f.last) > forgetAfter {
		f.count = 0
	}
	if f.open >= maxAtOnce {
		return 0, false
	}
	f.open++
	return min(longest, max(0, f.last.Add(delayAfter(f.count)).Sub(now))), true
}

// done says how a log-in ended that was asked for: looked at and right, looked at and wrong, or not looked at. It returns how
// often it has failed there in a row.
func (t *throttle) done(now time.Time, at place, looked, right bool) int {
	f := t.places[at]
	f.open--
	switch {
	case looked && right:
		f.count = 0
	case looked:
		f.count++
		f.last = now
	}
	if f.count == 0 && f.open == 0 {
		delete(t.places, at)
	}
	return f.count
}

// dropOldest forgets the place that failed longest ago and at which nobody waits, and reports whether there was one.
func (t *throttle) dropOldest() bool {
	var oldest place
	found := false
	for at, f := range t.places {
		if f.open == 0 && (!found || f.last.Before(t.places[oldest].last)) {
			oldest, found = at, true
		}
	}
	delete(t.places, oldest)
	return found
}

// worthNoting thins out what is recorded of failures: the first, second, fourth, eighth … in a row.
func worthNoting(count int) bool { return count > 0 && count&(count-1) == 0 }

// bucket bounds how many failures are recorded in a while, for everybody together: the journal is for ever, and strangers must
// not fill it.
type bucket struct {
	left int
	next time.Time
}

const (
	notesAtOnce = 30
	notesEvery  = time.Minute // one more
)

func (b *bucket) take(now time.Time) bool {
	if b.next.IsZero() {
		b.left, b.next = notesAtOnce, now.Add(notesEvery)
	}
	for !now.Before(b.next) && b.left < notesAtOnce {
		b.left++
		b.next = b.next.Add(notesEvery)
	}
	if b.left == notesAtOnce {
		b.next = now.Add(notesEvery)
	}
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}
