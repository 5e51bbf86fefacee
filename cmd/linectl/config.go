package main

import (
	"path/filepath"
	"slices"
	"time"

	"linectl/line"
	"linectl/plc/tags"
	"linectl/stations"
)

// Config is one line as line.yaml describes it. Relative paths in it start at the file's own directory.
type Config struct {
	Enterprise string    `yaml:"enterprise"` // ISA-95 names, from the largest to the smallest
	Site       string    `yaml:"site"`
	Area       string    `yaml:"area"`
	Line       string    `yaml:"line"`
	Simulated  bool      `yaml:"simulated"` // every device that does not say otherwise is virtual
	Recipes    string    `yaml:"recipes"`   // directory of *.yaml, one file a revision
	ASN        string    `yaml:"asn"`       // directory of *.csv, the suppliers' shipping notices
	PKI        string    `yaml:"pki"`       // directory of the supervisor's own certificate and key
	Socket     string    `yaml:"socket"`    // control socket; empty = control/linectl.sock in the data directory
	Shifts     Shifts    `yaml:"shifts"`    // when shifts begin; three in UTC unless said
	Stations   []Station `yaml:"stations"`  // in the order of the route

	path  string         // of the file
	lines map[string]int // line of every value by its place, "stations[0].devices[1].address"
	text  []string       // the file's lines
}

// Station is one station of the line.
type Station struct {
	ID      line.StationID `yaml:"id"`
	Kind    line.Kind      `yaml:"kind"`
	Title   string         `yaml:"title"`
	Buffer  int            `yaml:"buffer"` // parts that may wait before it
	Takt    time.Duration  `yaml:"takt"`   // planned time a part; 0 = none
	Devices []Device       `yaml:"devices"`
}

// Device is one device of a station and the way to it. Its identity is the station and its role, "ST060.welder".
type Device struct {
	Role      stations.Role    `yaml:"role"`
	Protocol  string           `yaml:"protocol"` // modbus or opcua
	Address   string           `yaml:"address"`  // host:port
	Class     line.DeviceClass `yaml:"class"`    // how much it can prove of its acts: A, B or C; A unless said
	Simulated *bool            `yaml:"simulated"`
	WordOrder tags.WordOrder   `yaml:"word_order"` // of numbers of 32 and 64 bits; ABCD unless said

	Unit        int  `yaml:"unit"`         // modbus: unit identifier
	CommandBase *int `yaml:"command_base"` // modbus: first register of the command block
	StatusBase  *int `yaml:"status_base"`  // modbus: first register of the status block

	WaveformBase *int `yaml:"waveform_base"` // modbus: first register of the waveform area; nothing = it offers none
	Waveform     bool `yaml:"waveform"`      // opcua: it offers the waveform area

	Face         tags.Face `yaml:"face"`          // opcua: method or blocks
	Namespace    string    `yaml:"namespace"`     // opcua: namespace URI
	Object       string    `yaml:"object"`        // opcua: the device's object; its identity unless said
	Username     string    `yaml:"username"`      // opcua
	PasswordFile string    `yaml:"password_file"` // opcua: the password is never in this file
	Certificate  string    `yaml:"certificate"`   // opcua: the device's certificate; none other is talked to

	id        line.DeviceID
	simulated bool
}

// The protocols.
const (
	protocolModbus = "modbus"
	protocolOPCUA  = "opcua"
)

// complete fills in what the file may leave out.
func (c *Config) complete() {
	if c.PKI == "" {
		c.PKI = "pki"
	}
	for i := range c.Stations {
		s := &c.Stations[i]
		if s.Title == "" {
			s.Title = string(s.Kind)
		}
		for j := range s.Devices {
			d := &s.Devices[j]
			d.id = line.DeviceID(string(s.ID) + "." + string(d.Role))
			d.simulated = c.Simulated
			if d.Simulated != nil {
				d.simulated = *d.Simulated
			}
			d.complete()
		}
	}
}

func (d *Device) complete() {
	if d.Class == "" {
		d.Class = line.ClassA
	}
	if d.WordOrder == "" {
		d.WordOrder = tags.ABCD
	}
	m := tags.DefaultModbusMap
	if d.Unit == 0 {
		d.Unit = int(m.Unit)
	}
	if d.CommandBase == nil {
		d.CommandBase = new(int(m.CommandBase))
	}
	if d.StatusBase == nil {
		d.StatusBase = new(int(m.StatusBase))
	}
	if d.Face == "" {
		d.Face = tags.FaceMethod
		if !d.Class.Tokens() {
			d.Face = tags.FaceBlocks
		}
	}
	if d.Namespace == "" {
		d.Namespace = tags.DefaultNamespace
	}
	if d.Object == "" {
		d.Object = string(d.id)
	}
}

// modbus returns the map of a checked device.
func (d *Device) modbus() tags.ModbusMap {
	m := tags.ModbusMap{Unit: byte(d.Unit), CommandBase: uint16(*d.CommandBase), StatusBase: uint16(*d.StatusBase), Order: d.WordOrder, Class: d.Class}
	if d.WaveformBase != nil {
		m.WaveformBase = uint16(*d.WaveformBase)
	}
	return m
}

// opcua returns the map of a checked device.
func (d *Device) opcua() tags.OPCUAMap {
	return tags.OPCUAMap{Namespace: d.Namespace, Object: d.Object, Face: d.Face, Order: d.WordOrder, Class: d.Class, Waveform: d.Waveform}
}

// blocks returns how many registers the device's two blocks take, the start register with the command.
func (d *Device) blocks() (command, status int) {
	if d.Class.Tokens() {
		return tags.CommandRegisters, tags.StatusRegisters
	}
	return tags.StartRegister + 1, tags.PlainStatusRegisters
}

// at returns a path of the file as the process must open it.
func (c *Config) at(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(c.path), path)
}

// name returns the line's ISA-95 name.
func (c *Config) name() string {
	return filepath.Join(c.Enterprise, c.Site, c.Area, c.Line)
}

// devices calls see with every device in the order of the route.
func (c *Config) devices(see func(*Station, *Device)) {
	for i := range c.Stations {
		for j := range c.Stations[i].Devices {
			see(&c.Stations[i], &c.Stations[i].Devices[j])
		}
	}
}

// anySimulated reports whether a device is virtual: such a line's records never hold real parts.
func (c *Config) anySimulated() bool {
	return slices.ContainsFunc(c.Stations, func(s Station) bool {
		return slices.ContainsFunc(s.Devices, func(d Device) bool { return d.simulated })
	})
}
