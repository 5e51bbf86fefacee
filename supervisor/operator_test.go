package supervisor_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"
)

// told lets one device say that it is in a state with these permissives and this safety word.
func (d *desk) told(device line.DeviceID, state packml.State, permissives, safety uint32) {
	d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{
		Device: device, RetainID: 1, BootEpoch: 1, Machine: uint16(state), Permissives: permissives, Safety: safety,
	}})
}

func command(s line.StationSnapshot, name string) line.CommandSnapshot {
	return s.Commands[slices.IndexFunc(s.Commands, func(c line.CommandSnapshot) bool { return c.Command == name })]
}

// What a face shows as missing is what Start is refused for, in the same words, and both are gone together.
func TestStartNeedsWhatThePermissivesShow(t *testing.T) {
	all := uint32(math.MaxUint32)
	for _, tt := range []struct {
		name                string
		permissives, safety uint32
		want                string
	}{
		{"key not turned", all &^ line.PermissiveEnable, 0, "local enable missing at ST060.robot: turn the key at the cell"},
		{"guard open", all &^ line.PermissiveGuards, line.SafetyTold | line.SafetyGuardOpen, "guard open at ST060.robot: close the guard"},
		{"panel in manual", all &^ line.PermissiveAuto, 0, "automatic is not selected at ST060.robot: turn the selector to automatic"},
		{"no air", all &^ line.PermissiveAir, 0, "air pressure low at ST060.robot: open the air supply"},
		{"emergency stop", all &^ line.PermissiveEnable, line.SafetyTold | line.SafetyEmergencyStop, "emergency stop at ST060.robot: release it and acknowledge it at the cell"},
		{"a stop that leaves the permissives", all, line.SafetyTold | line.SafetyProtectiveStop, "protective stop at ST060.robot: clear the cell and acknowledge at the cell"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t)
			d.status("ST060", packml.Stopped, "")
			d.ask(line.Machine{Target: "ST060", Command: "Reset"})
			d.status("ST060", packml.Idle, "")
			d.told("ST060.robot", packml.Idle, tt.permissives, tt.safety)

			s := d.station("ST060")
			shown := slices.ContainsFunc(s.Permissives, func(p line.PermissiveSnapshot) bool { return !p.Given && p.Text == tt.want && p.For == line.ForStart })
			start := command(s, "Start")
			refused := d.ask(line.Machine{Target: "ST060", Command: "Start"})
			if !shown || start.Possible || !strings.Contains(start.WhyNot, tt.want) || refused.Accepted || refused.Text != start.WhyNot {
				t.Errorf("shown %t in %+v\nbutton %+v\nanswer %+v", shown, s.Permissives, start, refused)
			}
			if d.station("ST060").State != "Idle" {
				t.Errorf("a refused Start led to %s", d.station("ST060").State)
			}

			d.told("ST060.robot", packml.Idle, all, line.SafetyTold)
			s = d.station("ST060")
			if start := command(s, "Start"); !start.Possible || start.WhyNot != "" {
				t.Errorf("all is given and Start is %+v", start)
			}
			if r := d.ask(line.Machine{Target: "ST060", Command: "Start"}); !r.Accepted {
				t.Error(r.Text)
			}
		})
	}
}

// Every button of every station, in every state that a desk can bring it to: what it says is what happens.
func TestButtonsSayWhatHappens(t *testing.T) {
	for _, state := range []string{"Stopped", "Idle", "Execute", "Held", "Aborted"} {
		for _, name := range []string{"Reset", "Start", "Stop", "Hold", "Unhold", "Abort", "Clear", "Complete"} {
			d := newDesk(t)
			switch d.status("ST060", packml.Stopped, ""); state {
			case "Idle":
				d.ask(line.Machine{Target: "ST060", Command: "Reset"})
				d.status("ST060", packml.Idle, "")
			case "Execute", "Held":
				d.running("ST060", "")
				if state == "Held" {
					d.ask(line.Machine{Target: "ST060", Command: "Hold"})
					d.status("ST060", packml.Held, "")
				}
			case "Aborted":
				d.ask(line.Machine{Target: "ST060", Command: "Abort"})
				d.status("ST060", packml.Aborted, "")
			}
			s := d.station("ST060")
			if s.State != state {
				t.Fatalf("in %s, want %s", s.State, state)
			}
			button, answer := command(s, name), d.ask(line.Machine{Target: "ST060", Command: name})
			if button.Possible != answer.Accepted || !button.Possible && button.WhyNot != answer.Text {
				t.Errorf("%s in %s: button %+v, answer %+v", name, state, button, answer)
			}
		}
	}
}

func TestSafetyIsMirrored(t *testing.T) {
	d := newDesk(t)
	all := uint32(math.MaxUint32)
	d.status("ST060", packml.Stopped, "")
	if s := d.station("ST060").Safety; s.Known || !s.Automatic {
		t.Errorf("nobody has told anything of safety: %+v", s)
	}
	d.told("ST060.welder", packml.Stopped, all, line.SafetyTold)
	d.told("ST060.robot", packml.Stopped, all&^line.PermissiveAuto, line.SafetyTold|line.SafetyEmergencyStop|line.SafetyGuardOpen)
	if s, want := d.station("ST060").Safety, (line.SafetySnapshot{Known: true, EmergencyStop: true, GuardOpen: true}); s != want {
		t.Errorf("%+v, want %+v", s, want)
	}
	d.Step(d.now, supervisor.Told{Event: line.DeviceLost{Device: "ST060.robot", Reason: "no answer"}})
	if s := d.station("ST060").Safety; s.EmergencyStop || s.Automatic {
		t.Errorf("what a lost device said last is shown as now: %+v", s)
	}
}

// The first cause of a stop is kept while others follow from it, and goes when the station has left the stop.
func TestStopReasonIsTheFirst(t *testing.T) {
	d := newDesk(t)
	d.running("ST060", "")
	d.now = d.now.Add(time.Minute)
	d.told("ST060.robot", packml.Execute, math.MaxUint32&^line.PermissiveEnable, line.SafetyTold|line.SafetyEmergencyStop)
	d.told("ST060.robot", packml.Aborted, math.MaxUint32&^line.PermissiveEnable, line.SafetyTold|line.SafetyEmergencyStop)
	d.status("ST060", packml.Aborted, "")
	s := d.station("ST060")
	if want := "emergency stop at ST060.robot: release it and acknowledge it at the cell"; s.State != "Aborted" || s.StopReason != want {
		t.Errorf("%s because of %q, want Aborted because of %q", s.State, s.StopReason, want)
	}
	if !s.Since.Equal(d.now) {
		t.Errorf("since %s, want %s", s.Since, d.now)
	}
	d.ask(line.Machine{Target: "ST060", Command: "Clear"})
	d.status("ST060", packml.Stopped, "")
	if s := d.station("ST060"); s.State != "Stopped" || !strings.HasPrefix(s.StopReason, "emergency stop") {
		t.Errorf("%s because of %q", s.State, s.StopReason)
	}
	d.ask(line.Machine{Target: "ST060", Command: "Reset"})
	d.status("ST060", packml.Idle, "")
	if s := d.station("ST060"); s.State != "Idle" || s.StopReason != "" {
		t.Errorf("%s because of %q, want no reason any more", s.State, s.StopReason)
	}
}
