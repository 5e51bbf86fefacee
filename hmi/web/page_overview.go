package web

import (
	"strings"
	"time"

	"linectl/packml"
)

var overviewPage = Page{Name: "overview", Path: "/", Title: "Line", Menu: true, Data: func(v *View) any { return overview(v) }}

// wallPage is the overview for a screen that is read from across the hall: bigger, and without anything to press.
var wallPage = Page{Name: "wall", Path: "/wall", Title: "Wall screen", Bare: true, Data: func(v *View) any { return overview(v) }}

// lineView is what the overview shows.
type lineView struct {
	Look     string
	Lead     string // station that keeps the line from running
	Reason   Shown  // without the station's name before it, which stands there already
	Tiles    []tile
	First    *Alarm
	Devices  int
	Up       int
	Commands []Button
	Losses   []loss
}

// loss is what the shift lost time to.
type loss struct {
	Station string
	Cause   Words
	Own     bool // not by a neighbour
	For     string
	Times   int
}

// topLosses is how many of them are shown.
const topLosses = 3

// losses returns what the shift lost most time to, the longest first.
func losses(v *View) []loss {
	var list []loss
	causes, own, spans, times := v.Texts("Line.LossCauses"), v.Bools("Line.LossOwn"), v.Numbers("Line.LossDurations"), v.Numbers("Line.LossCounts")
	for i, station := range v.Names("Line.LossStations") {
		if i >= len(causes) || i >= len(own) || i >= len(spans) || i >= len(times) || len(list) == topLosses {
			break // the lists are heard one after the other
		}
		list = append(list, loss{station, causes[i], own[i], v.Span(time.Duration(spans[i] * float64(time.Second))), int(times[i])})
	}
	return list
}

// tile is one station on the overview.
type tile struct {
	ID    string
	Look  string
	Since string
	Alarm *Alarm // the gravest that is active
	Wait  string // "blocked" or "starved", if a neighbour keeps it
	Stale bool
	Done  int
	Of    int
	Parts int // that wait before it
	Mode  string
	Sim   bool
}

func overview(v *View) *lineView {
	reason := v.Show("Line.ReasonText")
	reason.Text = strings.TrimPrefix(reason.Text, v.Name("Line.StateStation")+" ")
	o := &lineView{Reason: reason, Look: v.Look("Line"), Lead: v.Name("Line.StateStation"), Losses: losses(v)}
	if a, ok := v.FirstOut(); ok {
		o.First = &a
	}
	for _, id := range v.Stations {
		o.Tiles = append(o.Tiles, newTile(v, id))
		o.Devices += len(v.Names(id + ".Devices"))
		o.Up += v.Whole(id + ".DevicesUp")
	}
	if !v.Page.Bare {
		for _, c := range []string{"Reset", "Start", "Stop"} {
			o.Commands = append(o.Commands, v.Command("Line", c))
		}
	}
	return o
}

func newTile(v *View, id string) tile {
	t := tile{
		ID: id, Look: v.Look(id), Since: v.Since(v.InState(id)), Stale: v.Stale(id + ".StateCurrent"), Done: v.Whole(id + ".StepDone"),
		Of: v.Whole(id + ".StepOf"), Parts: v.Whole(id + ".Waiting"), Sim: v.Bool(id + ".Simulated"),
	}
	if a, ok := v.Gravest(id); ok {
		t.Alarm = &a
	}
	switch {
	case v.Bool(id + ".EquipmentBlocked"):
		t.Wait = "blocked"
	case v.Bool(id + ".EquipmentStarved"):
		t.Wait = "starved"
	}
	if mode := v.ModeOf(id); mode != packml.Production.String() {
		t.Mode = mode
	}
	return t
}

// ModeOf is the unit mode of a station, or of the line, by its English name: Production where nothing is said.
func (v *View) ModeOf(object string) string {
	if n := v.Whole(object + ".UnitModeCurrent"); n > 0 && n <= int(packml.MasterCheck) {
		return packml.Mode(n).String()
	}
	return packml.Production.String()
}

// Percent is a share in whole percent, 0 to 100.
func (v *View) Percent(part, whole float64) int {
	if whole <= 0 {
		return 0
	}
	return int(min(max(100*part/whole, 0), 100))
}

// Short is a part's name without what its pack says already.
func (v *View) Short(part, pack string) string { return strings.TrimPrefix(part, pack+"/") }
