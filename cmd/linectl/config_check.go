package main

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linectl/line"
	"linectl/plc/tags"
	"linectl/stations"
)

var stationName = regexp.MustCompile(`^ST[0-9]{3}$`)

// check judges what the file says. It finds everything that can be found without opening another file or a connection.
func (c *Config) check() error {
	k := &checker{problems: problems{path: c.path, text: c.text}, c: c}
	for _, name := range []struct{ key, value string }{
		{"enterprise", c.Enterprise}, {"site", c.Site}, {"area", c.Area}, {"line", c.Line}, {"recipes", c.Recipes}, {"asn", c.ASN},
	} {
		if name.value == "" {
			k.say("", "%q is missing", name.key)
		}
	}
	if _, err := c.Shifts.plan(); err != nil {
		k.say("shifts", "%v", err)
	}
	if len(c.Stations) == 0 {
		k.say("stations", "a line has at least one station")
	}
	first := map[line.StationID]string{}
	kinds := map[line.Kind]string{}
	for i := range c.Stations {
		at := fmt.Sprintf("stations[%d]", i)
		s := &c.Stations[i]
		if other, twice := first[s.ID]; twice {
			k.say(at+".id", "station %s stands on line %d already", s.ID, c.lines[other])
		}
		if other, twice := kinds[s.Kind]; twice {
			k.say(at+".kind", "a second station of kind %q (the first on line %d); parallel stations are not supported yet", s.Kind, c.lines[other])
		}
		first[s.ID], kinds[s.Kind] = at+".id", at+".kind"
		k.station(at, s)
	}
	k.conflicts()
	return k.err()
}

// checker collects the problems of one configuration.
type checker struct {
	problems
	c *Config
}

// say adds a problem at a place of the file, or at the nearest place around it that the file has.
func (k *checker) say(at, format string, args ...any) {
	for at != "" && k.c.lines[at] == 0 {
		i := strings.LastIndexAny(at, ".[")
		at = at[:max(i, 0)]
	}
	n := k.c.lines[at]
	if at == "" {
		n = 0
	}
	k.add(n, format, args...)
}

func (k *checker) station(at string, s *Station) {
	if !stationName.MatchString(string(s.ID)) || s.ID == line.Quarantine || s.ID == line.Shipped {
		k.say(at+".id", "%q is no name for a station; want ST and three digits, and not %s or %s", s.ID, line.Quarantine, line.Shipped)
	}
	want, err := stations.Roles(s.Kind)
	if err != nil {
		k.say(at+".kind", "%v", err)
		return
	}
	if s.Buffer < 0 || s.Buffer > 1000 {
		k.say(at+".buffer", "a buffer of %d parts; want 0 to 1000", s.Buffer)
	}
	if s.Takt < 0 {
		k.say(at+".takt", "a takt of %v; want a time such as 90s", s.Takt)
	}
	have := map[stations.Role]int{}
	for j := range s.Devices {
		d := &s.Devices[j]
		here := fmt.Sprintf("%s.devices[%d]", at, j)
		if !slices.Contains(want, d.Role) {
			k.say(here+".role", "a station of kind %q has no device with the role %q; its roles are %s", s.Kind, d.Role, words(want))
		}
		if have[d.Role]++; have[d.Role] > 1 {
			k.say(here+".role", "a second %s at %s", d.Role, s.ID)
		}
		k.device(here, d)
	}
	for _, role := range want {
		if have[role] == 0 {
			k.say(at+".devices", "%s of kind %q has no %s; add a device with role: %s", s.ID, s.Kind, role, role)
		}
	}
}

func (k *checker) device(at string, d *Device) {
	host, port, err := net.SplitHostPort(d.Address)
	if n, bad := strconv.Atoi(port); err != nil || host == "" || bad != nil || n < 1 || n > 65535 {
		k.say(at+".address", "%q is no address; want host:port", d.Address)
	} else if ip := net.ParseIP(host); d.simulated && (ip == nil || !ip.IsLoopback()) {
		k.say(at+".address", "a simulated device is on loopback only, not on %s; say simulated: false if it is a real one", host)
	}
	k.class(at, d)
	if _, err := tags.ParseWordOrder(string(d.WordOrder)); err != nil {
		k.say(at+".word_order", "%v", err)
	}
	var foreign []string
	switch d.Protocol {
	case protocolModbus:
		k.registers(at, d)
		foreign = []string{"face", "namespace", "object", "username", "password_file", "certificate", "waveform"}
	case protocolOPCUA:
		if d.Face != tags.FaceMethod && d.Face != tags.FaceBlocks {
			k.say(at+".face", "unknown face %q; known are %s and %s", d.Face, tags.FaceMethod, tags.FaceBlocks)
		}
		if d.Username == "" || d.PasswordFile == "" {
			k.say(at, "%s: an OPC UA device wants a username and a password_file; nobody logs in without", d.id)
		}
		foreign = []string{"unit", "command_base", "status_base", "waveform_base"}
	default:
		k.say(at+".protocol", "unknown protocol %q; known are %s and %s", d.Protocol, protocolModbus, protocolOPCUA)
		return
	}
	for _, key := range foreign {
		if _, stands := k.c.lines[at+"."+key]; stands {
			k.say(at+"."+key, "%s means nothing to a device on %s", key, d.Protocol)
		}
	}
}

// class looks at what the class of a device makes of the other keys.
func (k *checker) class(at string, d *Device) {
	switch {
	case d.Class.Promise() == "":
		k.say(at+".class", "unknown class %q; known are A, B and C", d.Class)
	case d.Class.Tokens():
	case d.Protocol == protocolOPCUA && d.Face == tags.FaceMethod:
		k.say(at+".face", "a device of class %s has no method with a token; leave face out", d.Class)
	case d.Waveform || d.WaveformBase != nil:
		k.say(at, "%s: a waveform is named by the token of its act, and a device of class %s knows none; leave waveform and waveform_base out", d.id, d.Class)
	}
}

func (k *checker) registers(at string, d *Device) {
	if d.Unit < 1 || d.Unit > 247 {
		k.say(at+".unit", "unit %d; want 1 to 247", d.Unit)
	}
	command, status := *d.CommandBase, *d.StatusBase
	commands, statuses := d.blocks()
	for key, r := range map[string]struct{ base, n int }{"command_base": {command, commands}, "status_base": {status, statuses}} {
		if r.base < 0 || r.base+r.n > 1<<16 {
			k.say(at+"."+key, "%s %d: the block of %d registers does not fit into 0 to 65535", key, r.base, r.n)
		}
	}
	if overlap(command, commands, status, statuses) {
		k.say(at+".status_base", "%s: registers overlap: the command block takes %d to %d, the status block %d to %d",
			d.id, command, command+commands-1, status, status+statuses-1)
	}
	k.waveform(at, d)
}

// waveform looks at the area that a device may have beside its blocks. How long it is follows from the longest waveform, which
// this file does not say; the first piece of it is always read whole.
func (k *checker) waveform(at string, d *Device) {
	if d.WaveformBase == nil {
		return
	}
	base := *d.WaveformBase
	if base < 1 || base+tags.PieceRegisters > 1<<16 {
		k.say(at+".waveform_base", "waveform_base %d; want 1 to %d, or no key at all where the device offers no waveforms", base, 1<<16-tags.PieceRegisters)
		return
	}
	for _, b := range []struct {
		name    string
		base, n int
	}{{"command", *d.CommandBase, tags.CommandRegisters}, {"status", *d.StatusBase, tags.StatusRegisters}} {
		if overlap(base, tags.PieceRegisters, b.base, b.n) {
			k.say(at+".waveform_base", "%s: registers overlap: the waveform area begins at %d, the %s block takes %d to %d", d.id, base, b.name, b.base, b.base+b.n-1)
		}
	}
}

func overlap(a, n, b, m int) bool { return a < b+m && b < a+n }

// conflicts finds devices that answer at one place.
func (k *checker) conflicts() {
	type placed struct {
		d  *Device
		at string
	}
	byAddress := map[string][]placed{}
	for i := range k.c.Stations {
		for j := range k.c.Stations[i].Devices {
			d := &k.c.Stations[i].Devices[j]
			here := placed{d, fmt.Sprintf("stations[%d].devices[%d]", i, j)}
			for _, other := range byAddress[d.Address] {
				why := clash(d, other.d)
				if why != "" {
					k.say(here.at+".address", "%s and %s (line %d) %s", d.id, other.d.id, k.c.lines[other.at+".address"], why)
				}
			}
			if d.Address != "" {
				byAddress[d.Address] = append(byAddress[d.Address], here)
			}
		}
	}
}

// clash says why two devices cannot share their address, or nothing.
func clash(a, b *Device) string {
	switch {
	case a.Protocol != b.Protocol:
		return "speak different protocols at one address"
	case a.simulated && b.simulated:
		return "have one address; every simulated device listens on its own port"
	case a.Protocol == protocolOPCUA && a.Object == b.Object && a.Namespace == b.Namespace:
		return "are one object at one address"
	case a.Protocol == protocolModbus && a.Unit == b.Unit:
		ac, as := a.blocks()
		bc, bs := b.blocks()
		for _, x := range []struct{ base, n int }{{*a.CommandBase, ac}, {*a.StatusBase, as}} {
			for _, y := range []struct{ base, n int }{{*b.CommandBase, bc}, {*b.StatusBase, bs}} {
				if overlap(x.base, x.n, y.base, y.n) {
					return fmt.Sprintf("share registers at one address: %d to %d and %d to %d", x.base, x.base+x.n-1, y.base, y.base+y.n-1)
				}
			}
		}
	}
	return ""
}

func words[T ~string](list []T) string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
