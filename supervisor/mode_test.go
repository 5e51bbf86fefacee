package supervisor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"
)

func (d *desk) mode(target, mode string) line.Reply {
	return d.ask(line.SetMode{Target: target, Mode: mode})
}

// A technician takes a station into Maintenance: nobody starts it, everybody sees who took it, and it is still so after a restart.
func TestMaintenanceIsSafeAndSurvives(t *testing.T) {
	d := newDesk(t)
	d.running("ST060", "")
	if r := d.mode("ST060", "Maintenance"); r.Accepted || r.Text != "cannot change the mode of ST060 while Execute; Stop it first" {
		t.Fatalf("%+v", r)
	}
	d.ask(line.Machine{Target: "ST060", Command: "Stop"})
	d.status("ST060", packml.Stopped, "")

	out := d.Step(d.now, supervisor.Asked{Request: line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Why: "change the tip", Command: line.SetMode{Target: "ST060", Mode: "maintenance"}}})
	if !out.Replies[0].Accepted || out.Replies[0].Text != "ST060 is in mode Maintenance" {
		t.Fatalf("%+v", out.Replies)
	}
	told := map[line.DeviceID]uint16{}
	for _, j := range out.Jobs {
		if j.Op == line.UnitMode {
			told[j.Device] = j.Machine
		}
	}
	if fmt.Sprint(told) != "map[ST060.robot:2 ST060.welder:2]" {
		t.Errorf("devices were told %v", told)
	}
	i := slices.IndexFunc(out.Records, func(r line.Record) bool { _, is := r.Fact.(line.CommandApplied); return is })
	if audit := out.Records[i].Fact.(line.CommandApplied); audit.Old != "mode Production" || audit.New != "mode Maintenance" || audit.Command != "set ST060 to mode maintenance" {
		t.Errorf("audit %+v", audit)
	}

	d.ask(line.Machine{Target: "ST060", Command: "Reset"})
	d.status("ST060", packml.Idle, "")
	start := d.ask(line.Machine{Target: "ST060", Command: "Start"})
	if start.Accepted || !strings.Contains(start.Text, "ST060 is in mode Maintenance: no order runs; set it to Production first") {
		t.Errorf("%+v", start)
	}
	if s := d.station("ST060"); s.Mode != "Maintenance" || s.ModeBy != "ali" || !s.ModeSince.Equal(noon) || !strings.Contains(s.Reason, "in mode Maintenance by ali since 23 Nov 12:00 UTC: change the tip") {
		t.Errorf("shown as %+v", s)
	}

	again, err := supervisor.New(d.config, 2)
	if err != nil {
		t.Fatal(err)
	}
	again.Apply(line.Record{At: noon, Station: "ST060", Fact: line.ModeChanged{From: "Production", To: "Maintenance", By: "ali", Why: "change the tip"}})
	again.Apply(line.Record{At: noon, Station: "ST060", Fact: line.StateChanged{From: "Resetting", To: "Idle"}})
	again.Resume(noon)
	later := &desk{Line: again, t: t, now: noon, config: d.config}
	if s := later.station("ST060"); s.Mode != "Maintenance" || s.State != "Stopped" {
		t.Errorf("came back %s in mode %s", s.State, s.Mode)
	}
	back := again.Step(noon, supervisor.Told{Event: line.DeviceStatus{Device: "ST060.robot", RetainID: 1, BootEpoch: 2, Machine: uint16(packml.Stopped), Mode: 1}})
	if len(back.Jobs) != 1 || back.Jobs[0].Op != line.UnitMode || back.Jobs[0].Machine != uint16(packml.Maintenance) {
		t.Errorf("a device that comes back in Production is told %+v", back.Jobs)
	}
}

func TestRefusedModesSayWhy(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct{ target, mode, want string }{
		{"ST060", "Production", "ST060 is in mode Production already"},
		{"ST060", "DryRun", "a person sets Production, Maintenance, Manual, Setup; DryRun is not among them"},
		{"ST060", "Dance", `unknown mode "Dance"; known are Production, Maintenance`},
		{"ST077", "Manual", "no station ST077; stations are ST010"},
		{"line", "Production", "every station is in mode Production already"},
	} {
		if r := d.mode(tt.target, tt.mode); r.Accepted || !strings.Contains(r.Text, tt.want) {
			t.Errorf("%s to %s: %+v, want it refused with %q", tt.target, tt.mode, r, tt.want)
		}
	}
	d.running("ST070", "")
	if r := d.mode("line", "Setup"); r.Accepted || !strings.Contains(r.Text, "no mode was changed: cannot change the mode of ST070 while Execute") || d.station("ST060").Mode != "Production" {
		t.Errorf("%+v; ST060 is in %s", r, d.station("ST060").Mode)
	}
	d.ask(line.Machine{Target: "line", Command: "Stop"})
	d.status("ST070", packml.Stopped, "")
	if r := d.mode("line", "Setup"); !r.Accepted || d.station("ST900").Mode != "Setup" {
		t.Errorf("%+v", r)
	}
}

// A device that somebody has switched to manual at its panel keeps its station from starting, and nobody switches it back for him.
func TestDeviceInAnotherModeIsNamed(t *testing.T) {
	d := newDesk(t)
	d.status("ST060", packml.Stopped, "")
	d.ask(line.Machine{Target: "ST060", Command: "Reset"})
	d.status("ST060", packml.Idle, "")
	out := d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{Device: "ST060.robot", RetainID: 1, BootEpoch: 1, Machine: uint16(packml.Idle), Permissives: ^uint32(0), Mode: uint16(packml.Manual)}})
	if len(out.Jobs) != 0 {
		t.Errorf("it is told %+v", out.Jobs)
	}
	d.Step(d.now, supervisor.Told{Event: line.DeviceLost{Device: "ST060.robot", Reason: "cable"}})
	back := d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{Device: "ST060.robot", RetainID: 1, BootEpoch: 2, Machine: uint16(packml.Idle), Permissives: ^uint32(0), Mode: uint16(packml.Manual)}})
	if len(back.Jobs) != 0 {
		t.Errorf("when it is back it is told %+v", back.Jobs)
	}
	if r := d.ask(line.Machine{Target: "ST060", Command: "Start"}); r.Accepted || !strings.Contains(r.Text, "ST060.robot is in mode Manual: switch it to Production at its panel") {
		t.Errorf("%+v", r)
	}
}

// The telegram that carries a mode to a device may be lost: it is told again until it has taken it, and not after.
func TestDeviceIsToldItsModeUntilItTakesIt(t *testing.T) {
	d := newDesk(t)
	status := func(mode packml.Mode) supervisor.Output {
		return d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{Device: "ST060.robot", RetainID: 1, BootEpoch: 1, Machine: uint16(packml.Stopped), Permissives: ^uint32(0), Mode: uint16(mode)}})
	}
	status(packml.Production)
	d.mode("ST060", "Maintenance")
	for range 2 {
		if out := d.tick(2 * time.Second); len(out.Jobs) != 1 || out.Jobs[0].Op != line.UnitMode || out.Jobs[0].Device != "ST060.robot" {
			t.Fatalf("%+v", out.Jobs)
		}
	}
	status(packml.Maintenance)
	if out := d.tick(2 * time.Second); len(out.Jobs) != 0 {
		t.Errorf("it has taken it and is told %+v", out.Jobs)
	}
	status(packml.Manual)
	if out := d.tick(2 * time.Second); len(out.Jobs) != 0 {
		t.Errorf("it was switched at its panel and is told %+v", out.Jobs)
	}
}

// Whatever modes are asked for in whatever states: what a replay of the journal says is what the line says, and no station that
// is not in Production ever executes.
func TestModesAreAFoldOfTheJournal(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDesk(t)
		var journal []line.Record
		step := func(in supervisor.Input) {
			journal = append(journal, d.Step(d.now, in).Records...)
		}
		states := []packml.State{packml.Stopped, packml.Idle, packml.Execute, packml.Held, packml.Aborted}
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			var c line.Command = line.SetMode{Target: rapid.SampledFrom([]string{"ST060", "line"}).Draw(rt, "target"), Mode: rapid.SampledFrom([]string{"Production", "Maintenance", "Manual", "Setup"}).Draw(rt, "mode")}
			if rapid.Bool().Draw(rt, "machine") {
				c = line.Machine{Target: "ST060", Command: rapid.SampledFrom([]string{"Reset", "Start", "Stop", "Abort", "Clear", "Hold"}).Draw(rt, "command")}
			}
			step(supervisor.Asked{Request: line.Request{By: "ali", Account: "local:ali", Origin: line.FromLocal, Why: "test", Command: c}})
			state := rapid.SampledFrom(states).Draw(rt, "devices")
			for _, device := range []line.DeviceID{"ST060.robot", "ST060.welder"} {
				step(supervisor.Told{Event: line.DeviceStatus{Device: device, RetainID: 1, BootEpoch: 1, Machine: uint16(state), Permissives: ^uint32(0)}})
			}
			if s := d.station("ST060"); s.Mode != "Production" && (s.State == "Starting" || s.State == "Execute") {
				rt.Fatalf("in mode %s and %s", s.Mode, s.State)
			}
		}
		again, err := supervisor.New(d.config, 2)
		if err != nil {
			rt.Fatal(err)
		}
		for _, r := range journal {
			again.Apply(r)
		}
		live, replayed := d.Snapshot(d.now), again.Snapshot(d.now)
		for i, s := range live.Stations {
			r := replayed.Stations[i]
			if s.Mode != r.Mode || s.ModeBy != r.ModeBy || !s.ModeSince.Equal(r.ModeSince) || s.State != r.State || s.StopReason != r.StopReason || !s.Since.Equal(r.Since) {
				rt.Fatalf("live %+v\nreplayed %+v", s, r)
			}
		}
	})
}

// In maintenance the work at the station means nothing: its process alarms are out of sight, and back with the mode.
func TestMaintenanceHidesProcessAlarms(t *testing.T) {
	d := newDesk(t)
	d.material("ST100", noon.Add(time.Hour))
	d.packAt("ST100", line.Stack, line.Weld, line.Inspect)
	d.fact("ST100", "", line.MaterialLoaded{Item: "screw-m6", Lot: "S1", Quantity: 1, Expiry: noon.Add(time.Hour)})
	d.status("ST100", packml.Stopped, "")
	d.ask(line.Machine{Target: "ST100", Command: "Reset"})
	d.status("ST100", packml.Idle, "")
	low := func() line.AlarmSnapshot { return d.active()["ST100/material-low-screw-m6"] }
	if a := low(); !a.Active || a.Suppressed != "" {
		t.Fatalf("%+v", a)
	}
	d.mode("ST100", "Maintenance")
	if a := low(); a.Suppressed != "the station is in maintenance" {
		t.Errorf("%+v", a)
	}
	d.mode("ST100", "Production")
	if a := low(); a.Suppressed != "" {
		t.Errorf("%+v", a)
	}
}
