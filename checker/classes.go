package checker

import (
	"slices"
	"strings"
	"time"
)

// A device of class B or C is told no token, and the ground truth of its acts names none. What it does is of the act that was ordered
// from it last: an act is ordered only while such a device stands idle. The record itself says of which class a device is.

// plain reports whether a device knows no tokens.
func plain(class string) bool { return class != "" && class != "A" }

// attribute gives everything that a device without tokens has done the token of the act that was ordered from it last, so that every
// invariant which asks for a token judges it like the others. What was done before anything was ordered keeps none, and so does what
// a device does without a token that knows them: both are violations of I2.
func (r *run) attribute() {
	r.Truth = slices.Clone(r.Truth)
	ordered := map[string][]*known{}
	for _, k := range r.of("intent") {
		ordered[k.Device] = append(ordered[k.Device], k)
	}
	for i := range r.Truth {
		h := &r.Truth[i]
		if h.Device == "" || h.Token != "" {
			continue
		}
		all := ordered[h.Device]
		n := len(all) - 1
		for n >= 0 && !all[n].At().Before(h.At.Truncate(time.Microsecond)) {
			n-- // in the very microsecond of an order it cannot have been carried out yet
		}
		if n >= 0 && plain(all[n].Class) {
			h.Token = all[n].Token
		}
	}
}

// setOff finds by how much the times of each start of the line are wrong. A line goes on by the time that the computer's clock had at
// its start, so what it records is off by one and the same span until the next. The plant writes down how wrong the clock was, and for
// which fence: nothing is guessed from the faults, for a start whose first entry was lost, and the next, may show the same time.
func (r *run) setOff() {
	wrong := map[int]time.Duration{} // by fence
	for _, h := range r.happened("clock") {
		if by, err := time.ParseDuration(h.Text); err == nil {
			wrong[h.Fence] = by
		}
	}
	var off time.Duration
	for i := range r.entries {
		k := &r.entries[i]
		if k.Kind == "line-started" {
			off = wrong[k.Fence]
		}
		k.off = off
	}
}

// destroyed are the faults after which a device cannot say what became of the act that it was in.
var destroyed = []string{"plc-reboot", "plc-reboot-forgets", "e-stop", "e-stop-not-reset", "protective-stop", "old-result"}

// refusing are the faults in which a device does not begin an act for want of something. It says so in an alarm, and of the act nothing.
var refusing = []string{"consumable-empty", "gripper-loss"}

// excused reports whether something had happened while an act was open that destroys the evidence of it. A device that remembers
// tokens loses it only by what happens to itself. One that counts cannot tell a job that was not begun from a counter that was lost
// while its counter stands at nought. One that has only a start bit can prove nothing once the bit is down, or an error is shown.
func (r *run) excused(k *known) bool {
	in := r.intents[k.Token]
	for _, t := range r.troubles() {
		station, _, _ := strings.Cut(t.at, ".")
		meanwhile := !t.At.After(k.At().Add(clockError)) && (in == nil || t.reaches(in.At()))
		if station == k.Station && slices.Contains(destroyed, t.name) && meanwhile {
			return true
		}
	}
	if r.diedBetween(k) {
		return true
	}
	if in == nil || !plain(in.Class) || in.Class == "B" && in.Effects > 0 {
		return false
	}
	return r.unheard(in, k) || r.misnamed(in)
}

// misnamed reports whether a device was told to move a part that it did not hold, by a name that it had itself given in its scan, because
// a fault had struck just that scan. It refuses and does nothing; but to one that knows no tokens a refusal is an error like any other.
func (r *run) misnamed(in *known) bool {
	var scan *known
	for _, k := range r.of("act-done") {
		if k.Device == in.Device && k.Seq < in.Seq {
			scan = k
		}
	}
	if scan == nil || in.Part == "" || scan.Part != in.Part || !r.untouched(in.Token) {
		return false
	}
	struck, another := false, false
	for i := range r.Truth {
		switch h := &r.Truth[i]; {
		case h.Token != scan.Token:
		case h.What == "fault":
			struck = struck || faultName(h) == "wrong-part-echo"
		case h.What == "measured":
			another = h.Cell != "" && h.Cell != in.Part
		}
	}
	return struck && another
}

// unheard reports whether a command or an answer may have been lost, or refused, between an intent and its end: the supervisor died
// meanwhile, or something at the station stood in the way, or had until so lately that the line may go by what it said then.
func (r *run) unheard(in, end *known) bool {
	for _, k := range r.of("line-started") {
		if k.Seq > in.Seq && k.Seq < end.Seq {
			return true
		}
	}
	for _, h := range r.happened("fault") {
		if h.Device == in.Device && slices.Contains(refusing, faultName(h)) && !h.At.Before(in.At()) && !h.At.After(end.At().Add(clockError)) {
			return true
		}
	}
	for _, t := range r.troubles() {
		if station, _, _ := strings.Cut(t.at, "."); station == end.Station && t.lasting && !t.At.After(end.At().Add(clockError)) && t.until.Add(seenWithin).After(in.At()) {
			return true
		}
	}
	return false
}
