package web

var stationPage = Page{Name: "station", Path: "/station/{id}", Title: "Station", Data: func(v *View) any {
	if !v.HasStation(v.Arg) && len(v.Stations) > 0 {
		return nil
	}
	return station(v)
}}

// stationView is what a station's page shows.
type stationView struct {
	tile
	Commands    []Button
	Permissives []permissive
	Devices     []string
	Alarms      []Alarm
	Before      string // the neighbours, to step to
	After       string
}

// permissive is one thing that must be given before Start.
type permissive struct {
	Text  Words
	Given bool
}

func station(v *View) *stationView {
	id := v.Arg
	s := &stationView{tile: newTile(v, id), Commands: v.Commands(id), Devices: v.Devices[id]}
	given := v.Bools(id + ".PermissiveStates")
	for i, text := range v.Texts(id + ".PermissiveTexts") {
		s.Permissives = append(s.Permissives, permissive{text, i < len(given) && given[i]})
	}
	for _, a := range v.Standing() {
		if a.Source == id {
			s.Alarms = append(s.Alarms, a)
		}
	}
	for i, other := range v.Stations {
		if other != id {
			continue
		}
		if i > 0 {
			s.Before = v.Stations[i-1]
		}
		if i+1 < len(v.Stations) {
			s.After = v.Stations[i+1]
		}
	}
	return s
}
