package main

import (
	"slices"
	"testing"
	"time"

	"linectl/line"
)

func testOperator(t *testing.T) *operator {
	t.Helper()
	f := &lineFiles{config: &Config{}}
	if err := f.readRecipes("../../examples/reference/recipes"); err != nil {
		t.Fatal(err)
	}
	return newOperator([]line.AddOrder{{Product: "EV-P1", Quantity: 2}}, f.recipes)
}

func TestOperatorBeginsWithMaterialAndOrders(t *testing.T) {
	o := testOperator(t)
	asks := o.decide(time.Now(), line.Snapshot{Fence: 7, Stations: []line.StationSnapshot{{Station: "ST100", Kind: line.Assemble, State: "Stopped", Mode: "Production"}}})
	var filler, orders, resets int
	for _, a := range asks {
		if a.By != operatorName || a.ID == "" {
			t.Errorf("a request without a name or a number: %+v", a)
		}
		switch c := a.Command.(type) {
		case line.LoadMaterial:
			if c.Item == "gap-filler" {
				filler++
				if c.Station != "ST100" || c.Quantity < 2*1.44 {
					t.Errorf("gap filler for two packs: %+v", c)
				}
			}
		case line.AddOrder:
			orders++
			if c.Order != "demo-7-1" || c.Quantity != 2 {
				t.Errorf("order %+v", c)
			}
		case line.Machine:
			resets++
		default:
			t.Errorf("nobody told it to ask for %+v", c)
		}
	}
	if filler != 1 || orders != 1 || resets != 1 {
		t.Errorf("asked %d times for gap filler, %d orders, %d resets", filler, orders, resets)
	}
}

func TestOperatorBringsAStationBackStepByStep(t *testing.T) {
	o := testOperator(t)
	o.greeted = true
	now := time.Now()
	for _, tt := range []struct {
		st   line.StationSnapshot
		want []line.Command
	}{
		{line.StationSnapshot{State: "Aborted"}, []line.Command{line.Machine{Target: "ST060", Command: "Clear"}}},
		{line.StationSnapshot{State: "Stopped"}, []line.Command{line.Machine{Target: "ST060", Command: "Reset"}}},
		{line.StationSnapshot{State: "Idle"}, []line.Command{line.Machine{Target: "ST060", Command: "Start"}}},
		{line.StationSnapshot{State: "Execute"}, nil},
		{line.StationSnapshot{State: "Suspended"}, nil},
		{line.StationSnapshot{State: "Holding"}, nil},
		{line.StationSnapshot{State: "Held", Reason: "guard open"}, []line.Command{line.Machine{Target: "ST060", Command: "Unhold"}}},
		{line.StationSnapshot{State: "Stopped", Mode: "Maintenance"}, nil},
	} {
		tt.st.Station, tt.st.Kind = "ST060", line.Weld
		if tt.st.Mode == "" {
			tt.st.Mode = "Production"
		}
		now = now.Add(time.Hour)
		asks := o.decide(now, line.Snapshot{Stations: []line.StationSnapshot{tt.st}})
		if len(asks) != len(tt.want) {
			t.Errorf("%s: asked %+v, want %+v", tt.st.State, asks, tt.want)
			continue
		}
		for i := range asks {
			if asks[i].Command != tt.want[i] {
				t.Errorf("%s: asked %+v, want %+v", tt.st.State, asks[i].Command, tt.want[i])
			}
		}
		if again := o.decide(now.Add(operatorPause/2), line.Snapshot{Stations: []line.StationSnapshot{tt.st}}); len(again) != 0 {
			t.Errorf("%s: asked again at once", tt.st.State)
		}
	}
}

func TestOperatorAnswersWhatTheLineAsks(t *testing.T) {
	o := testOperator(t)
	o.greeted = true
	ask := func(prompt string, options ...string) line.PromptSnapshot {
		return line.PromptSnapshot{Prompt: prompt, Options: options}
	}
	asks := o.decide(time.Now(), line.Snapshot{Fence: 7, Prompts: []line.PromptSnapshot{
		ask("ST900/decide/EV-P1-000001/1", "rework", "scrap"), ask("ST900/decide/EV-P1-000002/3", "scrap"), ask("ST060/tool/glass/1", "clean"),
		ask("ST100/serial/bms-400a/EV-P1-000001/1", "scanned"), ask("ST100/serial/bms-400a/EV-P1-000002/1", "scanned"),
		ask("ST060/missing/EV-P1-000003/1", "write off"), ask("ST070/master/1", "hold the suspects", "measure again"),
	}})
	var got []line.Command
	for _, a := range asks {
		if a.Why == "" {
			t.Errorf("%+v without a reason", a)
		}
		got = append(got, a.Command)
	}
	if want := []line.Command{
		line.AnswerPrompt{Prompt: "ST900/decide/EV-P1-000001/1", Option: "rework"},
		line.AnswerPrompt{Prompt: "ST900/decide/EV-P1-000002/3", Option: "scrap"},
		line.AnswerPrompt{Prompt: "ST060/tool/glass/1", Option: "clean"},
		line.AnswerPrompt{Prompt: "ST100/serial/bms-400a/EV-P1-000001/1", Option: "scanned", Input: "S7-00004"},
		line.AnswerPrompt{Prompt: "ST100/serial/bms-400a/EV-P1-000002/1", Option: "scanned", Input: "S7-00005"},
	}; !slices.Equal(got, want) {
		t.Errorf("answers %+v\nwant %+v", got, want)
	}
}

func TestOperatorIsDoneWhenEveryPackHasADisposition(t *testing.T) {
	o := testOperator(t)
	o.decide(time.Now(), line.Snapshot{Fence: 7})
	for _, tt := range []struct {
		have line.OrderSnapshot
		want bool
	}{
		{line.OrderSnapshot{Order: "demo-7-1", Started: 2, Released: 1}, false},
		{line.OrderSnapshot{Order: "another", Released: 2}, false},
		{line.OrderSnapshot{Order: "demo-7-1", Released: 1, Quarantined: 1}, true},
		{line.OrderSnapshot{Order: "demo-7-1", Scrapped: 2}, true},
	} {
		if got := o.done(line.Snapshot{Orders: []line.OrderSnapshot{tt.have}}); got != tt.want {
			t.Errorf("%+v: done %v", tt.have, got)
		}
	}
	leaving := line.Snapshot{
		Orders:   []line.OrderSnapshot{{Order: "demo-7-1", Released: 2}},
		Stations: []line.StationSnapshot{{Station: "ST140", Devices: []line.DeviceSnapshot{{Open: "7-90"}}}},
	}
	if o.done(leaving) {
		t.Error("done while the last pack is still leaving")
	}
}

func TestOperatorLeavesAloneWhatAPersonHasStopped(t *testing.T) {
	stopped := func(why string) line.Snapshot {
		return line.Snapshot{Stations: []line.StationSnapshot{{Station: "ST060", Kind: line.Weld, State: "Stopped", Mode: "Production", Reason: why}}}
	}
	for _, tt := range []struct {
		first, then string
		resets      int
	}{
		{"not started yet", "Stop by engineer", 0},
		{"not started yet", "Stop by " + operatorName, 1},
		{"not started yet", "Stop by supervisor", 1},
		{"Stop by engineer", "Stop by engineer", 1}, // in a demo before this one
	} {
		o := testOperator(t)
		o.begin(time.Now(), stopped(tt.first))
		o.greeted = true
		if n := len(o.decide(time.Now(), stopped(tt.then))); n != tt.resets {
			t.Errorf("%q, then %q: %d requests, want %d", tt.first, tt.then, n, tt.resets)
		}
	}
}
