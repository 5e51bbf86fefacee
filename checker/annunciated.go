package checker

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// toldWithin is when a condition must be told as an alarm at the latest, and its end: the line looks once in a second.
const toldWithin = 1500 * time.Millisecond

// standing follows one alarm.
type standingAlarm struct {
	active bool
	since  time.Time // of the last change
}

// ofState are the conditions that a station's state is, by the alarm that says it.
var ofState = map[string][]string{"held": {"Holding", "Held"}, "aborted": {"Aborting", "Aborted"}}

// toldAsAlarm holds the state of each station against its alarms: what lasts is told, once, and what is told is so. So it is with acts of
// unknown outcome.
func toldAsAlarm(r *run, bad func(string, string, ...any)) {
	if !r.Timed {
		return
	}
	state, alarm := map[string]stand{}, map[string]standingAlarm{}
	said := map[string]bool{}
	var previous time.Time
	for i := range r.entries {
		k := &r.entries[i]
		now := k.At()
		if k.Kind == "line-started" { // its time may be another one
			for id, a := range alarm {
				alarm[id] = standingAlarm{a.active, now}
			}
			for s, at := range state {
				state[s] = stand{at.state, now, at.entry}
			}
		} else if i > 0 {
			r.stateTold(state, alarm, previous, now, said, bad)
		}
		previous = now
		switch k.Kind {
		case "state-changed":
			if at := state[k.Station]; !sameCondition(at.state, k.To) {
				state[k.Station] = stand{k.To, now, k}
			}
		case "alarm-raised", "alarm-cleared":
			alarm[k.Alarm] = standingAlarm{k.Kind == "alarm-raised", now}
		}
	}
}

// stand is a state that a station has, and since when.
type stand struct {
	state string
	since time.Time
	entry *known
}

func sameCondition(a, b string) bool {
	for _, states := range ofState {
		if slices.Contains(states, a) && slices.Contains(states, b) {
			return true
		}
	}
	return false
}

func (r *run) stateTold(state map[string]stand, alarm map[string]standingAlarm, before, now time.Time, said map[string]bool, bad func(string, string, ...any)) {
	if now.Sub(before) > toldWithin { // nothing was written meanwhile: what is to be told is told in this very moment
		now = before
	}
	for station, s := range state {
		for id, states := range ofState {
			name := station + "/" + id
			is, a := slices.Contains(states, s.state), alarm[name]
			if is == a.active || now.Sub(s.since) <= toldWithin || now.Sub(a.since) <= toldWithin || said[name] {
				continue
			}
			said[name] = true
			if is {
				bad(s.entry.where(), "%s is %s since %v, and %s is not raised", station, s.state, now.Sub(s.since), name)
			} else {
				bad(s.entry.where(), "%s is %s since %v, and %s stands", station, s.state, now.Sub(s.since), name)
			}
		}
	}
}

// silent are the faults in which a device is not heard of; briefly so are those in which it may not be for a moment.
var (
	silent  = []string{"drop-comms", "stale-heartbeat", "endianness-swap"}
	briefly = []string{
		"lost-ack", "slow-answers", "plc-reboot", "plc-reboot-forgets", "stale-status", "torn-block", "modbus-exception", "flapping-link",
	}
)

// lostWithin is when a device that is not heard of must be told as lost: its time-outs, and the line's look.
const lostWithin = 3 * time.Second

// lostDevices holds the silence of devices in the plant against the alarms about it: each that lasts is told, once; none is told without.
func lostDevices(r *run, bad func(string, string, ...any)) {
	if !r.Timed {
		return
	}
	devices := map[string]bool{}
	for _, k := range r.of("intent") {
		devices[k.Device] = true
	}
	var disturbed []trouble
	for _, t := range r.troubles() {
		if slices.Contains(silent, t.name) || slices.Contains(briefly, t.name) || t.at == "line" {
			disturbed = append(disturbed, t)
		}
	}
	told := r.of("alarm-raised", "alarm-cleared", "line-started")
	for _, device := range slices.Sorted(maps.Keys(devices)) {
		station, role, _ := strings.Cut(device, ".")
		id := station + "/device-lost-" + role
		for _, t := range disturbed {
			if (t.at == device || t.at == station) && slices.Contains(silent, t.name) && t.lasting {
				lostFor(t, id, disturbed, told, bad)
			}
		}
		var started time.Time
		for _, k := range told {
			switch {
			case k.Kind == "line-started":
				started = k.At()
			case k.Alarm != id || k.Kind != "alarm-raised" || k.At().Sub(started) <= againWithin:
			case !slices.ContainsFunc(disturbed, func(t trouble) bool {
				return (t.at == device || t.at == station || t.at == "line") && !t.At.After(k.At()) && t.reaches(k.At())
			}):
				bad(k.where(), "%s is said to be lost, and nothing has happened to it", device)
			}
		}
	}
}

// lostFor asks for the one alarm of one silence. While the supervisor was down, or something else disturbed the device or the line's
// computer, there may be none or another.
func lostFor(t trouble, id string, disturbed []trouble, told []*known, bad func(string, string, ...any)) {
	station, _, _ := strings.Cut(id, "/")
	from, active, raised := t.At, false, 0
	for _, other := range disturbed {
		meanwhile := other.At.Before(t.until.Add(againWithin)) && other.reaches(t.At)
		if other.Happening != t.Happening && other.concerns(station) && meanwhile {
			return
		}
	}
	for _, k := range told {
		switch {
		case k.At().After(t.until):
		case k.Kind == "line-started":
			from = later(from, k.At())
		case k.Alarm != id:
		case k.At().After(from.Add(lostWithin)) && raised == 0 && !active: // too late
		default:
			active = k.Kind == "alarm-raised"
			if active && !k.At().Before(t.At) {
				raised++
			}
		}
	}
	switch {
	case t.until.Sub(from) <= lostWithin:
	case !active && raised == 0:
		bad(t.where(), "it lasts for %v, and %s is not raised within %v", t.until.Sub(t.At), id, lostWithin)
	case raised > 1:
		bad(t.where(), "%s is raised %s for it", id, times(raised))
	}
}
