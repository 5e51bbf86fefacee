package checker

import (
	"slices"
	"strconv"
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

// jump is a time in which the clock of the line's computer was wrong by so much.
type jump struct {
	from, to time.Time
	by       time.Duration
}

// jumps are all such times, by the ground truth. One that does not say how long it lasts is not known to have ended.
func (r *run) jumps() []jump {
	var all []jump
	for _, h := range r.happened("fault") {
		words := strings.Fields(h.Text) // "clock-back line for 3.2s by 60"
		if len(words) == 0 || words[0] != "clock-ahead" && words[0] != "clock-back" {
			continue
		}
		j := jump{h.At, h.At.Add(24 * 365 * time.Hour), by(h, time.Hour)}
		if m := lasts.FindStringSubmatch(h.Text); m != nil {
			if d, err := time.ParseDuration(m[1]); err == nil {
				j.to = h.At.Add(d)
			}
		}
		if words[0] == "clock-back" {
			j.by = -j.by
		}
		all = append(all, j)
	}
	return all
}

// by is the size of a fault that is given in seconds, or what it is where the fault does not say.
func by(fault *Happening, unsaid time.Duration) time.Duration {
	words := strings.Fields(fault.Text)
	for i := 0; i+1 < len(words); i++ {
		if words[i] != "by" {
			continue
		}
		if s, err := strconv.ParseFloat(words[i+1], 64); err == nil {
			return time.Duration(s * float64(time.Second))
		}
	}
	return unsaid
}

// setOff finds by how much the times of each start of the line are wrong. A line goes on by the time that the computer's clock had at
// its start. What the plant has written down of that start is believed first; else, of what that can have been, it is the one by which
// the start is the first possible after the last entry before it. A clock that stands shows the moment at which it stopped, when a
// start with a right clock was possible too. A time on record is cut to the microsecond, so the true one is up to that much later.
func (r *run) setOff() {
	jumps, wrong := r.jumps(), r.happened("clock")
	if len(jumps) == 0 && len(wrong) == 0 {
		return
	}
	wrongAt := func(at time.Time) (off time.Duration) {
		for _, j := range jumps {
			if !at.Before(j.from) && at.Before(j.to) {
				off += j.by
			}
		}
		return off
	}
	candidates := []time.Duration{0}
	for _, j := range jumps {
		candidates = append(candidates, wrongAt(j.from))
	}
	for _, h := range wrong {
		if by, err := time.ParseDuration(h.Text); err == nil {
			candidates = append(candidates, by)
		}
	}
	var off time.Duration
	var last time.Time
	for i := range r.entries {
		k := &r.entries[i]
		if k.Kind == "line-started" {
			var first time.Time
			told := false
			for _, c := range candidates {
				at := k.At().Add(-c)
				written := c != 0 && r.startedWrong(at, c)
				if !at.Add(time.Microsecond).After(last) || !written && (told || c != 0 && wrongAt(at) != c) {
					continue
				}
				if first.IsZero() || written && !told || at.Before(first) {
					first, off, told = at, c, written
				}
			}
		}
		k.off = off
		last = k.At()
	}
}

// startedWrong reports whether the plant has written down that the line was started at a moment while its clock was wrong by so much.
func (r *run) startedWrong(at time.Time, by time.Duration) bool {
	return slices.ContainsFunc(r.happened("clock"), func(h *Happening) bool {
		return h.Text == by.String() && h.At.Sub(at).Abs() <= clockError
	})
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
	return r.unheard(in, k)
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
