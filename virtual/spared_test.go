package virtual_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

// disturbed builds packs with devices of other classes whose wires and controllers fail, and returns all that was recorded and all
// that physically happened, as text.
func disturbed(t *testing.T, seed uint64, every bool, class func(line.DeviceID) line.DeviceClass) []string {
	t.Helper()
	chance := rand.New(rand.NewPCG(seed, 5))
	classes := map[line.DeviceID]line.DeviceClass{}
	for _, s := range virtual.Reference() {
		for _, id := range s.Devices() {
			classes[id] = class(id)
		}
	}
	r := newClassedRig(t, seed, "", classes)
	r.EveryBlock = every
	r.setUp(sampleOrders()...)
	devices := r.Plant.Devices()
	names := []simulator.FaultName{
		simulator.PLCReboot, simulator.PLCRebootForgets, simulator.LostAck, simulator.DropComms, simulator.SlowAnswers, simulator.StaleHeartbeat, simulator.RecipeEdited,
		simulator.StaleStatus, simulator.ReorderedReplies, simulator.FlappingLink, simulator.TornBlock, simulator.DamagedCommand, simulator.ModbusException,
	}
	for range 25 {
		if done, _ := r.Run(time.Duration(chance.IntN(5000))*time.Millisecond, r.attended()); done {
			break
		}
		f := simulator.Fault{Name: names[chance.IntN(len(names))], Target: string(devices[chance.IntN(len(devices))])}
		if f.Name != simulator.PLCReboot && f.Name != simulator.PLCRebootForgets {
			f.For = time.Duration(50+chance.IntN(4000)) * time.Millisecond
		}
		if _, err := r.World.Inject(f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Run(20*time.Minute, r.attended()); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, rec := range r.memory.Records {
		b, err := json.Marshal(rec.Fact)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, fmt.Sprint(rec.At.UnixNano(), rec.Station, rec.Pack, line.FactName(rec.Fact), string(b)))
	}
	for _, e := range r.truth {
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(b))
	}
	return all
}

// TestSparedBlocksChangeNothingOfAnyClass builds packs twice by each class of devices: with every block of a status made, and with those
// left out that would show nothing new. The journals and the truths must be the same. (Package campaign does it with class A.)
func TestSparedBlocksChangeNothingOfAnyClass(t *testing.T) {
	for seed, classes := range []string{"A", "B", "C", "ABC", "ABC", "BC"} {
		t.Run(classes, func(t *testing.T) {
			class := func() func(line.DeviceID) line.DeviceClass {
				chance := rand.New(rand.NewPCG(uint64(seed), 3))
				return func(line.DeviceID) line.DeviceClass {
					i := chance.IntN(len(classes))
					return line.DeviceClass(classes[i : i+1])
				}
			}
			spared, every := disturbed(t, uint64(seed), false, class()), disturbed(t, uint64(seed), true, class())
			if len(spared) < 500 {
				t.Errorf("only %d entries: too little has happened", len(spared))
			}
			if !slices.Equal(spared, every) {
				for i := range min(len(spared), len(every)) {
					if spared[i] != every[i] {
						t.Fatalf("entry %d:\n%s\n%s", i, spared[i], every[i])
					}
				}
				t.Fatalf("%d entries and %d", len(spared), len(every))
			}
		})
	}
}
