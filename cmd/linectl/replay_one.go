package main

import (
	"context"
	"fmt"
	"slices"

	"linectl/line"
	"linectl/supervisor"
	"linectl/traceability"
)

// known refuses a station or pack that these records cannot be about: nothing would be shown, as of one to which nothing happened.
func (r *replayer) known(ctx context.Context, reader *traceability.Reader, cfg supervisor.Config) error {
	var stations []line.StationID
	for _, s := range cfg.Stations {
		stations = append(stations, s.ID)
	}
	if r.station != "" && !slices.Contains(stations, line.StationID(r.station)) {
		return fmt.Errorf("no station %s; there are %s", r.station, words(stations))
	}
	if r.pack == "" {
		return nil
	}
	all, err := allPacks(ctx, reader)
	if err != nil || slices.ContainsFunc(all, func(p traceability.Summary) bool { return string(p.Pack) == r.pack }) {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("no pack %s; none has begun yet", r.pack)
	}
	return fmt.Errorf("no pack %s; there are %d, from %s to %s, and linectl trace list names them", r.pack, len(all), all[0].Pack, all[len(all)-1].Pack)
}

// kept leaves of a state what is of the station or pack that was asked for. Orders and holds are of the whole line: a lot that is held may be in
// any pack.
func (r *replayer) kept(s line.Snapshot) line.Snapshot {
	if r.station == "" && r.pack == "" {
		return s
	}
	station := func(id line.StationID) bool { return r.station == "" || string(id) == r.station }
	pack := func(id line.PackID) bool { return r.pack == "" || string(id) == r.pack }
	s.Packs = slices.DeleteFunc(slices.Clone(s.Packs), func(p line.PackSnapshot) bool { return !station(p.At) || !pack(p.Pack) })
	there := map[line.StationID]bool{line.StationID(r.station): true}
	for _, p := range s.Packs {
		there[p.At] = true
	}
	delete(there, "") // a pack that waits for its cells is at no station
	s.Stations = slices.DeleteFunc(slices.Clone(s.Stations), func(st line.StationSnapshot) bool { return !there[st.Station] })
	s.Prompts = slices.DeleteFunc(slices.Clone(s.Prompts), func(p line.PromptSnapshot) bool { return !station(p.Station) || !pack(p.Pack) })
	s.Alarms = slices.DeleteFunc(slices.Clone(s.Alarms), func(a line.AlarmSnapshot) bool { return !there[a.Station] })
	s.Quarantine = slices.DeleteFunc(slices.Clone(s.Quarantine), func(q line.QuarantineSnapshot) bool { return !station(q.Station) || !pack(q.Pack) })
	return s
}
