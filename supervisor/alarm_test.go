package supervisor_test

import (
	"io/fs"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"linectl/alarms"
	"linectl/line"
	"linectl/packml"
	"linectl/supervisor"
)

// raisers are the only places from which an alarm comes, with the expressions that name one there. Where these name no
// severity, all alarms of the place have the one that severityOfAll finds there.
var raisers = map[string]*regexp.Regexp{
	"stations/fault.go":        regexp.MustCompile(`\badd\("([a-z-]+)"[^,]*, line\.Severity(Low|Medium|High|Urgent),`),
	"supervisor/warn.go":       regexp.MustCompile(`\badd\("([a-z-]+)"[^,]*, line\.Severity(Low|Medium|High|Urgent),`),
	"supervisor/annunciate.go": regexp.MustCompile(`\badd\("([a-z-]+)",()`),
}

var (
	raising       = regexp.MustCompile(`\badd\(`)
	severityOfAll = regexp.MustCompile(`Severity: line\.Severity(Low|Medium|High|Urgent)`)
)

// TestEveryAlarmIsInTheTable holds the source to the table, both ways: what can be raised is defined with the same severity, and
// what is defined can be raised; and nothing is raised from anywhere else.
func TestEveryAlarmIsInTheTable(t *testing.T) {
	severities := map[string]int{"Low": line.SeverityLow, "Medium": line.SeverityMedium, "High": line.SeverityHigh, "Urgent": line.SeverityUrgent}
	raised := map[string]bool{}
	root := os.DirFS("..")
	for name, expression := range raisers {
		source, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		matches := expression.FindAllStringSubmatch(string(source), -1)
		if n := len(raising.FindAll(source, -1)); n != len(matches) || n == 0 {
			t.Errorf("%s raises %d alarms, %d of them by a name and a severity that this test can read", name, n, len(matches))
		}
		all := severityOfAll.FindAllStringSubmatch(string(source), -1)
		for _, m := range matches {
			if m[2] == "" && len(all) == 1 {
				m[2] = all[0][1]
			}
			severity, ok := severities[m[2]]
			if !ok {
				t.Errorf("%s raises %s with no severity that this test can read", name, m[1])
			}
			d, ok := alarms.Define("ST060/" + m[1])
			if !ok {
				t.Errorf("%s raises %s, which is not in the table", name, m[1])
				continue
			}
			if d.Severity != severity {
				t.Errorf("%s raises %s with %d, the table says %d", name, m[1], severity, d.Severity)
			}
			raised[d.Condition] = true
		}
	}
	for _, d := range alarms.Table() {
		if !raised[d.Condition] {
			t.Errorf("nobody raises %s", d.Condition)
		}
	}
	for _, room := range []string{"stations", "supervisor"} {
		files, err := fs.Glob(root, room+"/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			source, err := fs.ReadFile(root, name)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(source), "AlarmRaised{"); n > 0 && raisers[name] == nil && !strings.HasSuffix(name, "_test.go") && name != "supervisor/apply.go" {
				t.Errorf("%s makes alarms of its own", name)
			}
		}
	}
}

// TestEveryAlarmSaysWhatToDo brings about every alarm of the table at a line, and reads what the operator is told.
func TestEveryAlarmSaysWhatToDo(t *testing.T) {
	const weld = line.StationID("ST060")
	scenes := map[string]func(*desk){
		"device-lost-*": func(d *desk) {
			d.running(weld, "")
			d.Step(d.now, supervisor.Told{Event: line.DeviceLost{Device: "ST060.welder", Reason: "connection reset"}})
		},
		"held": func(d *desk) {
			d.running(weld, "")
			d.ask(line.Machine{Target: string(weld), Command: "Hold"})
		},
		"aborted": func(d *desk) { d.ask(line.Machine{Target: string(weld), Command: "Abort"}) },
		"device-runs-*": func(d *desk) {
			d.running(weld, "")
			d.ask(line.Machine{Target: string(weld), Command: "Stop"})
			d.status(weld, packml.Stopped, "")
			d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{Device: "ST060.welder", RetainID: 1, BootEpoch: 1, Machine: uint16(packml.Execute), Permissives: math.MaxUint32}})
			d.tick(3 * time.Second)
		},
		"scanners-disagree": func(d *desk) {
			d.running(weld, "")
			d.Step(d.now, supervisor.Told{Event: line.DeviceStatus{
				Device: "ST060.welder", RetainID: 1, BootEpoch: 1, Machine: uint16(packml.Execute), Permissives: math.MaxUint32, Part: "ESS-P2-000001", Sensors: line.SensorPartPresent,
			}})
			d.tick(6 * time.Second)
		},
		"part-missing": func(d *desk) {
			d.material(weld, noon.Add(time.Hour))
			d.packAt(weld, line.Stack)
			d.running(weld, "")
			d.tick(3 * time.Minute)
		},
		"part-refused": func(d *desk) {
			d.running("ST100", string(d.packAt("ST100", line.Stack, line.Weld, line.Inspect)))
		},
		"overdue": func(d *desk) {
			d.material(weld, noon.Add(1000*time.Hour))
			d.running(weld, string(d.packAt(weld, line.Stack)))
			d.now = d.now.Add(24 * time.Hour)
			d.Step(d.now, supervisor.Tick{})
		},
		"outcome-unknown": func(d *desk) {
			d.material(weld, noon.Add(time.Hour))
			id := d.packAt(weld, line.Stack)
			d.fact(weld, id, line.PartArrived{Part: string(id)})
			token := line.NewToken(1, 77)
			d.fact(weld, id, line.Intent{Token: token, Device: "ST060.welder", Task: line.TaskWeldLaser, Part: string(id), Index: 1})
			d.fact(weld, id, line.ActQuarantined{
				Token: token, Device: "ST060.welder", Task: line.TaskWeldLaser, Part: string(id), Index: 1, Evidence: line.Evidence{Why: "power was lost"},
			})
			d.status(weld, packml.Stopped, string(id))
		},
		"master-check-failed": func(d *desk) {
			d.fact("ST070", "", line.MasterChecked{Verdict: line.NOK})
			d.status("ST070", packml.Stopped, "")
		},
		"clock-set":               func(d *desk) { d.Step(d.now, supervisor.Tick{ClockOff: time.Hour}) },
		"disk-low":                func(d *desk) { d.Step(d.now, supervisor.Room{Free: 1e6, Size: 1e11}) },
		"certificate-expired-*":   func(d *desk) { d.certificate(-time.Hour) },
		"certificate-last-days-*": func(d *desk) { d.certificate(13 * 24 * time.Hour) },
		"certificate-expires-*":   func(d *desk) { d.certificate(59 * 24 * time.Hour) },
		"material-low-*": func(d *desk) {
			d.material("ST100", noon.Add(time.Hour))
			d.packAt("ST100", line.Stack, line.Weld, line.Inspect)
			d.fact("ST100", "", line.MaterialLoaded{Item: "gap-filler", Lot: "G33", Quantity: 1e-6, Expiry: noon.Add(time.Hour)})
			d.status("ST100", packml.Stopped, "")
		},
		"tool-low": func(d *desk) {
			id := d.packAt(weld, line.Stack)
			d.fact(weld, id, line.PartArrived{Part: string(id)})
			tool, use := d.recipe.Process(line.Weld).Tool, 0.0
			use = tool.Warn
			token := line.NewToken(1, 78)
			d.fact(weld, id, line.Intent{Token: token, Device: "ST060.welder", Task: d.recipe.Weld.Task, Part: string(id), Index: 1})
			d.fact(weld, id, line.ActDone{
				Token: token, Device: "ST060.welder", Task: d.recipe.Weld.Task, Part: string(id), Index: 1, Verdict: line.OK,
				Measurements: []line.Measurement{{Name: "toolUse", Value: &use}},
			})
			d.status(weld, packml.Stopped, string(id))
		},
		"decision": func(d *desk) {
			id := d.packAt(weld, line.Stack)
			d.fact(weld, id, line.PartArrived{Part: string(id)})
			d.fact(weld, id, line.StepDone{Part: string(id), Step: line.Weld, Build: 1, Verdict: line.NOK, NOK: []int{23}, Next: line.ToRework, Text: "joint 23: energy 80 J of 100 J"})
			d.fact(weld, id, line.PartMoved{Part: string(id), To: "ST900"})
			d.fact("ST900", id, line.PartArrived{Part: string(id)})
			d.status("ST900", packml.Stopped, string(id))
		},
	}
	for _, def := range alarms.Table() {
		t.Run(def.Condition, func(t *testing.T) {
			d := newDesk(t)
			scenes[def.Condition](d)
			found := false
			for _, a := range d.Snapshot(d.now).Alarms {
				if have, ok := alarms.Define(a.Alarm); !ok || have.Condition != def.Condition {
					continue
				}
				found = true
				if a.Severity != def.Severity || a.Text == "" || a.Cause == "" || a.Consequence == "" || a.Action == "" {
					t.Errorf("%+v", a)
				}
				if a.Latched != def.Latch || a.Confirmed == def.Confirm {
					t.Errorf("it is not treated as the table says: %+v", a)
				}
			}
			if !found {
				t.Errorf("it is not raised; there are %+v", d.Snapshot(d.now).Alarms)
			}
		})
	}
}
