package supervisor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/stations"
)

// Glance is of Snapshot what asks somebody to act, and costs little: in which state each station is, the questions that wait, what
// lies in quarantine, orders, packs and alarms. All else is left empty.
func (l *Line) Glance(now time.Time) line.Snapshot {
	snap := line.Snapshot{At: now, Line: l.cfg.Name, Simulated: l.cfg.Simulated, Fence: l.fence, Stations: make([]line.StationSnapshot, len(l.stations))}
	for i, s := range l.stations {
		snap.Stations[i] = line.StationSnapshot{Station: s.ID, Kind: s.cfg.Kind, Title: s.cfg.Title, State: s.State().String()}
	}
	snap.Prompts = l.promptSnapshots(now)
	snap.Quarantine = l.quarantineSnapshots()
	for _, o := range l.orders {
		snap.Orders = append(snap.Orders, line.OrderSnapshot{
			Order: o.Order, Product: o.Product, Revision: o.Revision, Quantity: o.Quantity, Started: o.started,
			Released: o.released, Scrapped: o.scrapped, Quarantined: o.quarantined,
		})
	}
	for _, p := range l.live {
		snap.Packs = append(snap.Packs, p.snapshot())
	}
	for _, a := range l.alarms.All() {
		snap.Alarms = append(snap.Alarms, alarmSnapshot(a))
	}
	return snap
}

// Snapshot shows the line as it is, for its faces. It shares nothing with the line.
func (l *Line) Snapshot(now time.Time) line.Snapshot {
	snap := l.Glance(now)
	snap.Good, snap.NOK, snap.FirstPass, snap.Accounts = l.counts.good, l.counts.nok, l.counts.firstPass, l.accounts
	snap.Cells = l.cells.counts
	snap.Cells.Bins = maps.Clone(l.cells.counts.Bins)
	for _, r := range l.cfg.Recipes {
		snap.Recipes = append(snap.Recipes, r.Product+"/"+r.Revision)
	}
	for i, s := range l.stations {
		snap.Stations[i] = l.stationSnapshot(now, s)
	}
	snap.Commands = l.commandsOfLine(snap.Stations)
	snap.Shift = l.shiftSnapshot(now)
	for _, subject := range slices.Sorted(maps.Keys(l.holds)) {
		snap.Holds = append(snap.Holds, l.holds[subject])
	}
	snap.Metrics = l.meter.Metrics(now, &l.alarms)
	return snap
}

func (p *pack) snapshot() line.PackSnapshot {
	s := line.PackSnapshot{
		Pack: p.id, Order: p.order.Order, Product: p.recipe.Product, State: p.state, At: p.at, Serial: p.serial, Text: p.text,
	}
	if p.planned > 0 {
		s.Progress = min(1, float64(p.done)/float64(p.planned))
	}
	if p.disposed() && p.state != line.Quarantined {
		s.Progress = 1
	}
	return s
}

func (l *Line) stationSnapshot(now time.Time, s *station) line.StationSnapshot {
	out := line.StationSnapshot{
		Station: s.ID, Kind: s.cfg.Kind, Title: s.cfg.Title, State: s.State().String(), Act: s.Act(), Waiting: len(s.infeed),
		Since: s.figures.since, Mode: s.Mode().String(), ModeBy: s.figures.mode.By, ModeSince: s.figures.moded, StopReason: s.figures.first, Safety: s.Safety(), Consumables: l.consumables(s),
		Processed: s.figures.processed, Defective: s.figures.defective, Cycle: s.figures.cycle(), Takt: s.cfg.Takt,
		Permissives: append(s.Permissives(), l.forPart(now, s)...), Commands: l.commandsOf(s), Master: l.masterSnapshot(now, s),
	}
	if v := s.Visit(); v != nil {
		out.Part, out.Pack, out.Done, out.Of = v.Part, v.Pack, v.Done(), s.Planned()
		if v.Recipe != nil {
			if t := v.Recipe.Process(s.cfg.Kind).Tool; t != nil {
				out.ToolUse, out.ToolLimit, out.Tool, out.ToolAction = s.ToolUse(t.Name), t.Limit, t.Name, t.Action
			}
		}
	}
	out.Reason, out.NextAction = l.words(s)
	for _, d := range s.devices {
		out.Devices = append(out.Devices, deviceSnapshot(s, d))
	}
	return out
}

func deviceSnapshot(s *station, d *stations.Device) line.DeviceSnapshot {
	out := line.DeviceSnapshot{Device: d.ID, Up: d.Up, Reason: d.Down, Simulated: d.Simulated, State: d.State().String(), Phase: d.Status.Phase}
	if !d.Up && d.Down == "" {
		out.Reason = "not connected yet"
	}
	if in := s.Open(); in != nil && in.Device == d.ID {
		out.Open = in.Token.String()
	}
	return out
}

// words says why the station is as it is, and what to do next, as the operator would.
func (l *Line) words(s *station) (reason, next string) {
	switch st := s.State(); {
	case !s.Reconciled():
		return "finding out what became of " + s.Act(), "wait"
	case s.Mode() != packml.Production && (st == packml.Stopped || st == packml.Idle):
		return s.modeWords(), "set it to Production when the work is done"
	case st == packml.Aborted:
		return s.Cause(), s.Remedy()
	case st == packml.Stopped && s.Cause() == "":
		return "not started yet", "Reset, then Start"
	case st == packml.Stopped:
		return s.Cause(), "Reset, then Start"
	case st == packml.Idle:
		return "ready", "Start"
	case st == packml.Held:
		return s.Cause(), s.Remedy()
	case st == packml.Complete:
		return s.Cause(), "Reset"
	case s.cfg.Kind == line.Bench && s.Visit() != nil && !s.Closed():
		return fmt.Sprintf("%s waits for your decision", s.Visit().Pack), "rework it, or scrap it, with the reason"
	case s.stuck != "":
		return s.stuck, refusalAction(s.stuck)
	case s.Waiting() != "":
		return s.Waiting(), ""
	case s.Act() != "" && s.Visit() != nil && !strings.Contains(s.Act(), "release"):
		return fmt.Sprintf("%s of %s", s.Act(), s.Visit().Part), ""
	case s.Act() != "":
		return s.Act(), ""
	}
	return s.Cause(), ""
}
