package checker

import (
	"regexp"
	"time"
)

// standing is how the ground truth words a fault that lasts and is known to end: "e-stop ST130 for 3.691s".
var standing = regexp.MustCompile(`^([a-z-]+) (\S+)(?: at \S+ \d+)?(?: of \S+)?(?: after \S+)? for (\S+)`)

// barred are the faults in which a device says that it must not be asked for anything; mute are those in which nobody hears it.
var (
	barred = map[string]bool{"e-stop": true, "guard-open": true, "not-automatic": true}
	mute   = map[string]bool{
		"drop-comms": true, "lost-ack": true, "slow-answers": true, "stale-heartbeat": true, "plc-reboot": true, "plc-reboot-forgets": true,
		"stale-status": true, "reordered-replies": true, "torn-block": true, "modbus-exception": true, "flapping-link": true,
	}
)

// seenWithin is when the line must know at the latest what a device says: the slow poll of 50 ms, one round over the wire and the
// line's own tick, with room to spare.
const seenWithin = 250 * time.Millisecond

// span is a time in which a fault stands at a station or a device of it.
type span struct {
	fault      *Happening
	name, at   string
	begin, end time.Time
}

// spans are those of all faults that last and are known to end.
func (r *run) spans() []span {
	var all []span
	for _, h := range r.happened("fault") {
		m := standing.FindStringSubmatch(h.Text)
		if m == nil {
			continue
		}
		if lasts, err := time.ParseDuration(m[3]); err == nil {
			all = append(all, span{h, m[1], m[2], h.At, h.At.Add(lasts)})
		}
	}
	return all
}

// heeded allows no intent for a device that says it must not be asked, once the line can know. While a device of the station is
// not to be heard, or is heard late, the line cannot; nor can it while it waits for a slow commit.
func heeded(r *run, bad func(string, string, ...any)) {
	var spans, silences []span
	for _, s := range r.spans() {
		switch {
		case barred[s.name]:
			s.begin = s.begin.Add(seenWithin)
			spans = append(spans, s)
		case mute[s.name]:
			s.end = s.end.Add(2 * time.Second) // until it is heard again
			silences = append(silences, s)
		case s.name == "slow-commit":
			s.end = s.end.Add(by(s.fault, commitFor) + seenWithin) // until the last one that began meanwhile is done, and what came is read
			silences = append(silences, s)
		}
	}
	covers := func(s span, device, station string, at time.Time) bool {
		return (s.at == device || s.at == station || s.at == "line") && !at.Before(s.begin) && at.Before(s.end)
	}
	for _, k := range r.of("intent") {
		silent := false
		for _, s := range silences {
			silent = silent || covers(s, k.Device, k.Station, k.At())
		}
		for _, s := range spans {
			if !silent && covers(s, k.Device, k.Station, k.At()) {
				bad(k.where(), "%s was asked %s after it had said %s", k.Device, k.At().Sub(s.fault.At), s.name)
			}
		}
	}
}
