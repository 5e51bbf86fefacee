package virtual_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

// inject lets a fault into the plant by its text.
func (r *rig) inject(text string) {
	r.t.Helper()
	f, err := simulator.ParseFault(text)
	if err == nil {
		_, err = r.Plant.Inject(r.Now, f)
	}
	if err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
}

// TestEveryFaultOfTheCatalogue injects each fault into a running line, waits until the line says what an operator must read, ends
// the fault, and lets the operator bring the line back to work: every pack must then get its disposition, and no joint may have
// been welded twice without a person's order.
func TestEveryFaultOfTheCatalogue(t *testing.T) {
	const drone, ess, ev = "DRN-P3", "ESS-P2", "EV-P1"
	tested := map[simulator.FaultName]bool{}
	for _, tt := range []struct {
		fault   string
		product string
		says    string // in the reason or next action of a station, in an alarm's text, or in what a pack tells
	}{
		{"electrode-stuck ST060.welder at joint 23 of DRN-P3-000001", drone, "electrode stuck at joint 23: ST060.welder"},
		{"material-jam ST040.robot at slot 5", ess, "material jam at slot 5: ST040.robot"},
		{"weld-nok ST060 at joint 7 of ESS-P2-000001", ess, "joint resistance"},
		{"screw-nok ST100 at screw 2", ess, "fasten screw 2: device says NOK"},
		{"step-nok ST130 at step 5 times 9", ess, "insulationPlus"},
		{"leak ST120 of EV-P1-000001 times 9", ev, "leakRate"},
		{"no-value ST070.meter at joint 1 times 9", ess, "jointResistance"},
		{"wrong-part-echo ST120 of EV-P1-000001 times 9", ev, `the device answered for part "EV-P1-000009"`},
		{"drop-comms ST060.welder at joint 3 for 20s", ess, "ST060.welder does not answer"},
		{"lost-ack ST060.welder at joint 3", ess, "ST060.welder does not answer"},
		{"slow-answers ST060.welder by 3", ess, "ST060.welder does not answer"},
		{"stale-heartbeat ST060.welder for 10s", ess, "ST060.welder does not answer"},
		{"plc-reboot ST060.welder at joint 3", ess, "laser weld of unknown outcome"},
		{"plc-reboot-forgets ST060.welder at joint 3", ess, "laser weld of unknown outcome"},
		{"e-stop ST060 after 20s", ess, "emergency stop"},
		{"protective-stop ST100", ess, "protective stop at ST100.robot: clear the cell"},
		{"guard-open ST060", ess, "guard open at ST060.robot: close the guard"},
		{"local-enable-off ST060", ess, "local enable missing at ST060.robot: turn the key at the cell"},
		{"not-automatic ST060", ess, "automatic is not selected at ST060.robot"},
		{"air-low ST040", ess, "air pressure low at ST040.robot: open the air supply"},
		{"barcode-unreadable ST010 for 5s", ess, "ST010"},
		{"wrong-part ST120", ev, "EV-P1-000009"},
		{"master-drift ST130 by 10", ess, "master check is NOK"},
		{"slow-device ST120 by 5000", ev, "takes longer than"},
		{"tester-timeout ST120", ev, "takes longer than"},
		{"cell-reversed ST040 at slot 3", ess, "polarity"},
		{"cell-swap ST040 at slot 3", ess, "the device answered for part"},
		{"wrong-lot ST010", ess, "this magazine lane is for LFP-280"},
		{"dirty-probe ST020", ess, "contactResistance"},
		{"tip-wear ST060", drone, "electrodes"},
		{"dirty-glass ST060", ess, "protective glass"},
		{"gap ST060 at joint 5", ess, "plasma"},
		{"over-power ST060 at joint 5", ess, "weldPower"},
		{"adhesive-gelled ST100 of EV-P1-000001", ev, "mixRatio"},
		{"harness-swap ST100", ess, "tapOrder"},
		{"wrong-firmware ST100", ess, "firmwareRead"},
		{"warm-pack ST120", ev, "leakRate"},
		{"ir-leak ST130", ess, "insulationPlus"},
		{"contactor-welded ST130", ev, "precharge and contactors 10: device says NOK"},
		{"cold-pack ST130", ess, "testTemperature"},
		{"label-reprint ST140", ess, "the device answered for part"},
		{"sensor-stuck ST130", ess, "master check is NOK"},
		{"recipe-edited ST060", ess, "its own recipe was changed"},
		{"late-duplicate ST060.welder at joint 3", ess, ""},
		{"endianness-swap ST060.welder after 20s", ess, "the device sends words in the order CDAB"},
		{"duplicate-done ST060.welder at joint 3", ess, ""},
		{"old-result ST060.welder at joint 3", ess, ""},
		{"old-result ST060.welder at joint 3 by 3", ess, "the device says done but holds the result of another job"},
		{"old-result ST070.meter at joint 1 by 3", ess, "the device says done but holds the result of another job"},
		{"stale-status ST060 for 60s", ess, ""},
		{"reordered-replies ST060 for 60s", ess, ""},
		{"torn-block ST060.welder for 5s", ess, "its status is changed while it is read, time and again; look at its program"},
		{"damaged-command ST060.welder for 5s", ess, "did not hear the supervisor: ST060.welder"},
		{"modbus-exception ST060.welder for 5s", ess, "a failure of its own (Modbus exception 4)"},
		{"modbus-exception ST060.welder for 5s by 2", ess, "correct unit, command_base, status_base"},
		{"modbus-exception ST060.welder for 5s by 6", ess, "it answers that it is busy with something else (Modbus exception 6)"},
		{"modbus-exception ST060.welder for 5s by 11", ess, "its gateway answers that it cannot reach it"},
		{"flapping-link ST060.welder for 60s", ess, "ST060.welder"},
		{"flapping-link ST060.welder for 20s by 2", ess, "ST060.welder does not answer"},
		{"magazine-empty ST010 for 20s", ess, "magazine lane 2 of ST010 is empty"},
		{"consumable-empty ST100 at screw 3", ess, "consumable used up at screw 3: ST100.plc"},
		{"gripper-loss ST040 at slot 3", ess, "gripper holds nothing at slot 3: ST040.robot"},
		{"duplicate-code ST010", ess, "this code was received before; ask Quality"},
		{"value-out-of-range ST070.meter at joint 1 times 9", ess, "cannot be: look at the instrument"},
		{"value-out-of-range ST060 at joint 4", ess, "weldPower 4"},
		{"sensor-noise ST020 for 10s", ess, "master check is NOK"},
		{"bms-no-reply ST100", ess, "connect BMS: device says NOK, reason 5"},
		{"e-stop-not-reset ST060 after 20s", ess, "local enable missing at ST060.robot: turn the key at the cell"},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			r := newRig(t, 3, "")
			r.plantC.Defects = &simulator.Defects{}
			r.Replug(r.plant(r.Now))
			f, err := simulator.ParseFault(tt.fault)
			if err != nil {
				t.Fatal(err)
			}
			tested[f.Name] = true
			r.setUp(line.AddOrder{Order: "one", Product: tt.product, Quantity: 1})
			r.inject(tt.fault)
			said := func(w *virtual.World) bool {
				if !strings.Contains(r.words(), tt.says) {
					r.answer(w.Line.Snapshot(w.Now))
				}
				return r.Plant.Faults(w.Now)[0].Struck > 0 && strings.Contains(r.words(), tt.says)
			}
			if ok, err := r.Run(20*time.Minute, said); !ok || err != nil {
				t.Fatalf("the line never said %q: %v\n%s", tt.says, err, r.picture())
			}
			r.Plant.Clear(r.Now, "all")
			r.finish(30 * time.Minute)
			r.onceWelded()
		})
	}
	for _, k := range simulator.Catalogue {
		if !tested[k.Name] && !k.Host { // those are tried in TestTheDiskFails
			t.Errorf("%s is in the catalogue and in no story here", k.Name)
		}
	}
}

// words is all that the line says to people now.
func (r *rig) words() string {
	s := r.Line.Snapshot(r.Now)
	var b strings.Builder
	for _, st := range s.Stations {
		b.WriteString(string(st.Station) + " " + st.Reason + " " + st.NextAction + "\n")
	}
	for _, a := range s.Alarms {
		b.WriteString(a.Text + " " + a.Action + "\n")
	}
	for _, p := range s.Prompts {
		b.WriteString(p.Text + "\n")
	}
	for _, p := range s.Packs {
		b.WriteString(string(p.Pack) + " " + p.Text + "\n")
	}
	for _, rec := range r.memory.Records {
		switch f := rec.Fact.(type) {
		case line.ActDone:
			if f.Verdict != line.OK {
				b.WriteString(f.Text + "\n")
			}
		case line.ActRefused:
			b.WriteString(f.Text + "\n")
		case line.CellReceived:
			b.WriteString(f.Reason + "\n")
		default: // nothing that a fault does is told there
		}
	}
	return b.String()
}

// onceWelded holds the plant's ground truth to: one weld a joint, unless a person has ordered another.
func (r *rig) onceWelded() {
	r.t.Helper()
	welded := map[string]map[int]int{}
	for _, e := range r.truth {
		if e.What != simulator.Effect || e.Rework || !strings.Contains(e.Task.String(), "weld") && e.Task != line.TaskWeldUltrasonic {
			continue
		}
		if welded[e.Part] == nil {
			welded[e.Part] = map[int]int{}
		}
		if welded[e.Part][e.Index]++; welded[e.Part][e.Index] > 1 {
			r.t.Errorf("%s: joint %d was welded %d times", e.Part, e.Index, welded[e.Part][e.Index])
		}
	}
}

// TestTheDiskFails lets commits fail while a pack is built: the supervisor must end, be started again, and build the pack once.
func TestTheDiskFails(t *testing.T) {
	for _, fault := range []string{"disk-full line after 3s for 4s", "failed-commit line after 2s times 3", "failed-sync line after 2s times 3", "slow-commit line after 1s for 20s by 2"} {
		t.Run(fault, func(t *testing.T) {
			r := newRig(t, 3, "")
			r.plantC.Defects = &simulator.Defects{}
			r.Replug(r.plant(r.Now))
			r.setUp(line.AddOrder{Order: "one", Product: "ESS-P2", Quantity: 1})
			r.inject(fault)
			ends := 0
			for {
				done, err := r.Run(20*time.Minute, r.attended())
				if done {
					break
				}
				if !errors.Is(err, virtual.ErrDisk) || ends > 100 {
					t.Fatalf("%v after %d ends\n%s", err, ends, r.picture())
				}
				ends++
				r.Now = r.Now.Add(time.Second)
				r.fence++
				r.World.Restart(r.replayed(), r.fence)
			}
			if slow := strings.HasPrefix(fault, "slow"); slow != (ends == 0) || r.Plant.Faults(r.Now)[0].Struck == 0 {
				t.Errorf("the supervisor has ended %d times, struck %d", ends, r.Plant.Faults(r.Now)[0].Struck)
			}
			if s := r.Line.Snapshot(r.Now); s.Good+s.NOK != 1 {
				t.Errorf("%d good, %d NOK", s.Good, s.NOK)
			}
			r.onceWelded()
			r.checkTruth()
		})
	}
}

// TestTheClockJumps sets the computer's clock while a pack is built: nothing becomes overdue or ends otherwise by it, no second pack
// is begun, and a supervisor that is started again takes the time that it finds.
func TestTheClockJumps(t *testing.T) {
	for fault, says := range map[string]string{"clock-ahead line by 36000": "10h0m0s ahead of", "clock-back line by 36000": "10h0m0s behind", "clock-frozen line": "behind", "clock-back line by 315576000": "87660h0m0s behind"} {
		t.Run(fault, func(t *testing.T) {
			r := newRig(t, 3, "")
			r.plantC.Defects = &simulator.Defects{}
			r.Replug(r.plant(r.Now))
			r.setUp(line.AddOrder{Order: "one", Product: "ESS-P2", Quantity: 1})
			r.inject(fault)
			r.answered(5*time.Second, "the line says it", func() bool { return strings.Contains(r.words(), says) })
			r.finish(20 * time.Minute)
			if s := r.Line.Snapshot(r.Now); s.Good != 1 || strings.Contains(r.words(), "takes longer than") {
				t.Errorf("%d good\n%s", s.Good, r.picture())
			}
			r.ask(line.AddOrder{Order: "two", Product: "ESS-P2", Quantity: 1})
			if first := r.Line.Snapshot(r.Now).Stations[0]; !strings.Contains(first.Reason, "the computer's clock is ") {
				t.Errorf("%s says %q", first.Station, first.Reason)
			}
			if _, err := r.Run(30*time.Second, nil); err != nil {
				t.Fatal(err)
			}
			snap := r.Line.Snapshot(r.Now)
			if len(snap.Packs) != 0 {
				t.Errorf("a pack was begun: %+v", snap.Packs)
			}
			if !slices.ContainsFunc(snap.Alarms, func(a line.AlarmSnapshot) bool {
				return a.Alarm == "line/clock-set" && a.Active && strings.Contains(a.Action, "restart linectl")
			}) {
				t.Errorf("no alarm asks for a restart: %+v", snap.Alarms)
			}
			r.fence++
			r.World.Restart(r.replayed(), r.fence)
			r.start()
			r.finish(20 * time.Minute)
			r.onceWelded()
		})
	}
}

// TestTheDiskFillsUp lets logs fill the disk of the records while a pack is built: it is finished, no second one is begun, a supervisor
// that is started meanwhile finds the same, and the line goes on by itself when there is room.
func TestTheDiskFillsUp(t *testing.T) {
	r := newRig(t, 3, "")
	r.plantC.Defects = &simulator.Defects{}
	r.Replug(r.plant(r.Now))
	r.setUp(line.AddOrder{Order: "one", Product: "ESS-P2", Quantity: 1})
	r.inject("disk-low line after 3s")
	says := func() bool { return r.stands("line/disk-low") }
	r.answered(5*time.Second, "the line says it", says)
	r.finish(20 * time.Minute)
	r.ask(line.AddOrder{Order: "two", Product: "ESS-P2", Quantity: 1})
	for range 2 {
		if _, err := r.Run(30*time.Second, nil); err != nil {
			t.Fatal(err)
		}
		snap := r.Line.Snapshot(r.Now)
		if len(snap.Packs) != 0 || snap.Good != 1 || !says() {
			t.Fatalf("%d good, a pack was begun: %+v\n%s", snap.Good, snap.Packs, r.picture())
		}
		r.fence++
		r.World.Restart(r.replayed(), r.fence)
		r.start()
	}
	r.Plant.Clear(r.Now, "disk-low")
	r.finish(20 * time.Minute)
	if s := r.Line.Snapshot(r.Now); s.Good != 2 || says() {
		t.Errorf("%d good\n%s", s.Good, r.picture())
	}
	r.onceWelded()
	r.checkTruth()
}

// TestClicksArriveTwice lets every request of a person arrive twice: each is carried out once, and both are answered alike.
func TestClicksArriveTwice(t *testing.T) {
	r := newRig(t, 3, "")
	r.plantC.Defects = &simulator.Defects{}
	r.Replug(r.plant(r.Now))
	r.inject("double-click line")
	r.setUp(line.AddOrder{Order: "one", Product: "ESS-P2", Quantity: 1})
	r.finish(20 * time.Minute)
	asked, applied := r.asked, map[string]int{}
	for _, rec := range r.memory.Records {
		if f, is := rec.Fact.(line.CommandApplied); is {
			applied[f.Request]++
		}
	}
	if len(applied) == 0 || len(applied) > asked {
		t.Errorf("%d requests, %d on record", asked, len(applied))
	}
	for request, n := range applied {
		if n != 1 {
			t.Errorf("request %s stands %d times on record", request, n)
		}
	}
	if s := r.Line.Snapshot(r.Now); s.Good != 1 {
		t.Errorf("%d good\n%s", s.Good, r.picture())
	}
}
