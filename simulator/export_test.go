package simulator

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"linectl/line"
)

// PowerCycle lets one device lose its power and boot again; its retained memory stays.
func (p *Plant) PowerCycle(id line.DeviceID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.powerUp(p.devices[id])
}

// World writes down the whole state of the world, in an order of its own.
func (p *Plant) World() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	w := &p.world
	fmt.Fprintln(&b, w.n, p.born, w.made, w.bins, w.retests)
	for _, name := range slices.Sorted(maps.Keys(w.parts)) {
		part := w.parts[name]
		fmt.Fprintln(&b, name, part.code, part.where)
		if part.pack != nil {
			for _, slot := range slices.Sorted(maps.Keys(part.pack.slots)) {
				fmt.Fprintln(&b, "slot", slot, *part.pack.slots[slot])
			}
			fmt.Fprintln(&b, part.pack.joints, part.pack.firmware)
		}
	}
	for _, s := range slices.Sorted(maps.Keys(w.nests)) {
		fmt.Fprintln(&b, "nest", s, w.nests[s].name)
	}
	for _, s := range slices.Sorted(maps.Keys(w.infeeds)) {
		for _, part := range w.infeeds[s] {
			fmt.Fprintln(&b, "infeed", s, part.name)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(w.stored)) {
		fmt.Fprintln(&b, "stored", code, w.stored[code].name)
	}
	tools := map[toolKey]tool{}
	for k, t := range w.tools {
		tools[k] = *t
	}
	fmt.Fprintln(&b, "tools", tools)
	for _, name := range slices.Sorted(maps.Keys(w.acts)) {
		fmt.Fprintln(&b, name, w.acts[name]) // fmt sorts maps
	}
	return b.String()
}

// ForgetWaveform lets a device make its waveform anew at the next question.
func (p *Plant) ForgetWaveform(id line.DeviceID) { p.devices[id].area = nil }

// InjectForTest lets a fault into the plant behind the faces, by its text.
func (f *Faces) InjectForTest(text string) error {
	fault, err := ParseFault(text)
	if err != nil {
		return err
	}
	_, err = f.plant.Inject(time.Now(), fault)
	return err
}
