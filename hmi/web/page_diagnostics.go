package web

import (
	"context"
	"time"
)

var diagnosticsPage = Page{
	Name: "diagnostics", Path: "/diagnostics", Title: "Diagnostics", More: true, Data: func(v *View) any { return diagnostics(v) },
	Read: func(ctx context.Context, ask asker, _ *View) (any, error) { return ask.server(ctx) }, Again: 10 * time.Second,
}

// serverStatus is what the gateway says of itself as an OPC UA server.
type serverStatus struct {
	State   string
	Version string
	Product string
	Started time.Time
}

// diagnosticsView is what whoever looks for a fault wants to see at one place.
type diagnosticsView struct {
	Stations []deviceList
	Down     int // devices that do not answer
	Values   int // that this session watches
	Server   *serverStatus
}

// deviceList is the devices of a station.
type deviceList struct {
	Station string
	Devices []string
}

func diagnostics(v *View) *diagnosticsView {
	d := &diagnosticsView{Values: len(v.values)}
	for _, id := range v.Stations {
		list := deviceList{id, v.Names(id + ".Devices")}
		for _, one := range list.Devices {
			d.Down += order(!v.Bool(one + ".Up"))
		}
		d.Stations = append(d.Stations, list)
	}
	if v.Leaf != nil {
		d.Server, _ = v.Leaf.Data.(*serverStatus)
	}
	return d
}

// Milliseconds writes a time that a node gives in milliseconds.
func (v *View) Milliseconds(node string) string {
	return v.Span(time.Duration(v.Number(node) * float64(time.Millisecond)))
}
