package checker

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// chained recomputes each hash: SHA-256 of the hash before it and of the row's fields, each after its length in four bytes.
func chained(r *run, bad func(string, string, ...any)) {
	var last [sha256.Size]byte
	for i := range r.entries {
		k := &r.entries[i]
		if k.Seq != uint64(i+1) { //nolint:gosec // counts up
			bad(k.where(), "it should be number %d", i+1)
			return
		}
		if len(k.Entry.Hash) == 0 {
			continue
		}
		b := bytes.Clone(last[:])
		field := func(v []byte) {
			b = append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...) //nolint:gosec // a row is small
		}
		field(binary.BigEndian.AppendUint64(nil, k.Seq))
		for _, text := range []string{k.Kind, k.Entry.Pack, k.Station} {
			field([]byte(text))
		}
		field(binary.BigEndian.AppendUint64(nil, uint64(k.Micros))) //nolint:gosec // after 1970
		field(k.Body)
		last = sha256.Sum256(b)
		if !bytes.Equal(last[:], k.Entry.Hash) {
			bad(k.where(), "its hash does not follow from the entries before it")
			return
		}
	}
}

func toldTheTruth(r *run, bad func(string, string, ...any)) {
	applied := map[string]int{}
	for _, k := range r.of("command-applied") {
		if k.Accepted {
			applied[k.Request]++
		}
	}
	for _, a := range r.Asked {
		n := applied[a.Request]
		switch {
		case a.Told == "done" && n != 1:
			bad("request "+a.Request, "%s was told that it is done, and it is %s on record", a.By, times(n))
		case a.Told == "refused" && n != 0:
			bad("request "+a.Request, "%s was told that it is refused, and it was done", a.By)
		case n > 1:
			bad("request "+a.Request, "of %s was done %s", a.By, times(n))
		}
	}
}

// edges are those of ISA-TR88.00.02-2022, by the state that they leave. Stop and Abort are below.
var edges = map[string][]string{
	"Stopped": {"Resetting"}, "Resetting": {"Idle"}, "Idle": {"Starting"}, "Starting": {"Execute", "Holding"},
	"Execute": {"Holding", "Suspending", "Completing"}, "Holding": {"Held"}, "Held": {"Unholding", "Completing"},
	"Unholding": {"Execute", "Holding"}, "Suspending": {"Suspended", "Holding"}, "Suspended": {"Unsuspending", "Holding", "Completing"},
	"Unsuspending": {"Execute", "Holding"}, "Completing": {"Complete", "Holding"}, "Complete": {"Resetting", "Holding"},
	"Aborted": {"Clearing"}, "Clearing": {"Stopped"}, "Stopping": {"Stopped"}, "Aborting": {"Aborted"},
}

func legal(from, to string) bool {
	switch to {
	case "Stopping":
		return !slices.Contains([]string{"Stopped", "Stopping", "Clearing", "Aborting", "Aborted"}, from)
	case "Aborting":
		return from != "Aborting" && from != "Aborted"
	}
	return slices.Contains(edges[from], to)
}

// legalStates follows each station. A start of the supervisor may find any state and makes it Stopped or Aborted.
func legalStates(r *run, bad func(string, string, ...any)) {
	now := map[string]string{}
	fresh := map[string]bool{}
	for _, k := range r.of("line-started", "state-changed") {
		if k.Kind == "line-started" {
			for station := range now {
				fresh[station] = true
			}
			continue
		}
		restart := fresh[k.Station] && (k.To == "Stopped" || k.To == "Aborted")
		switch before, seen := now[k.Station]; {
		case seen && before != k.From:
			bad(k.where(), "%s leaves %s and was in %s", k.Station, k.From, before)
		case !legal(k.From, k.To) && !restart:
			bad(k.where(), "PackML has no way from %s to %s", k.From, k.To)
		case k.Cause == "":
			bad(k.where(), "%s goes to %s without a cause", k.Station, k.To)
		}
		now[k.Station] = k.To
		delete(fresh, k.Station)
	}
}

func orderlyAlarms(r *run, bad func(string, string, ...any)) {
	active := map[string]bool{}
	for _, k := range r.of("alarm-raised", "alarm-cleared") {
		raised := k.Kind == "alarm-raised"
		if raised == active[k.Alarm] {
			bad(k.where(), "%s stands already: %t", k.Alarm, active[k.Alarm])
		}
		active[k.Alarm] = raised
	}
}

func atRest(r *run, bad func(string, string, ...any)) {
	if !r.Ended {
		return
	}
	last := map[string]*known{}
	for _, k := range r.of("state-changed") {
		last[k.Station] = k
	}
	for station, k := range last {
		if !slices.Contains([]string{"Stopped", "Idle", "Suspended", "Held", "Complete", "Aborted", "Execute"}, k.To) {
			bad(k.where(), "%s has stayed in %s", station, k.To)
		}
	}
}
