package virtual

import (
	"slices"

	"linectl/line"
	"linectl/simulator"
	"linectl/stations"
	"linectl/supervisor"
)

// Place is a station of the reference line and what its devices do there.
type Place struct {
	ID    line.StationID
	Kind  line.Kind
	Roles []stations.Role
}

// Devices names the devices of the station, in the order of Roles: "ST060.welder".
func (p Place) Devices() []line.DeviceID {
	ids := make([]line.DeviceID, len(p.Roles))
	for i, role := range p.Roles {
		ids[i] = line.DeviceID(string(p.ID) + "." + string(role))
	}
	return ids
}

var reference = []Place{
	{"ST010", line.Receive, []stations.Role{stations.Scanner}},
	{"ST020", line.Sort, []stations.Role{stations.Tester, stations.Robot}},
	{"ST040", line.Stack, []stations.Role{stations.Robot}},
	{"ST060", line.Weld, []stations.Role{stations.Robot, stations.Welder}},
	{"ST070", line.Inspect, []stations.Role{stations.Meter, stations.Vision}},
	{"ST100", line.Assemble, []stations.Role{stations.Robot, stations.PLC}},
	{"ST120", line.LeakTest, []stations.Role{stations.Tester}},
	{"ST130", line.EndOfLine, []stations.Role{stations.Tester}},
	{"ST140", line.PackOut, []stations.Role{stations.Printer}},
	{"ST900", line.Bench, []stations.Role{stations.Terminal}},
}

// Reference returns the stations of the reference line, in the order of the route.
func Reference() []Place { return slices.Clone(reference) }

// Equip adds the stations of the reference line and their devices to what the supervisor and the plant are told, each station with
// room for four parts before it. Devices that classes does not name are of class A.
func Equip(l *supervisor.Config, plant *simulator.Config, classes map[line.DeviceID]line.DeviceClass) {
	plant.Host = true
	for _, p := range reference {
		s := supervisor.StationConfig{ID: p.ID, Kind: p.Kind, Title: string(p.Kind), Buffer: 4}
		for i, id := range p.Devices() {
			s.Devices = append(s.Devices, supervisor.DeviceConfig{ID: id, Role: p.Roles[i], Simulated: true})
			plant.Devices = append(plant.Devices, simulator.DeviceConfig{ID: id, Station: p.ID, Kind: p.Kind, Class: classes[id]})
		}
		l.Stations = append(l.Stations, s)
	}
}
