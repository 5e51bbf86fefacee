package virtual_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"linectl/line"
	"linectl/simulator"
	"linectl/virtual"
)

// classed gives each device of the reference line a class.
func classed(class func() line.DeviceClass) map[line.DeviceID]line.DeviceClass {
	classes := map[line.DeviceID]line.DeviceClass{}
	for _, place := range virtual.Reference() {
		for _, id := range place.Devices() {
			classes[id] = class()
		}
	}
	return classes
}

// drawn lets a seed choose the classes: a third of the devices each.
func drawn(seed uint64) map[line.DeviceID]line.DeviceClass {
	chance := rand.New(rand.NewPCG(seed, 3))
	return classed(func() line.DeviceClass {
		return []line.DeviceClass{line.ClassA, line.ClassB, line.ClassC}[chance.IntN(3)]
	})
}

func only(class line.DeviceClass) map[line.DeviceID]line.DeviceClass {
	return classed(func() line.DeviceClass { return class })
}

// TestOnePackOfEachProductByEveryClass builds with devices of one class only: as well as with tokens, as long as nothing goes wrong.
func TestOnePackOfEachProductByEveryClass(t *testing.T) {
	for _, class := range []line.DeviceClass{line.ClassB, line.ClassC} {
		t.Run(string(class), func(t *testing.T) {
			r := newClassedRig(t, 1, "", only(class))
			r.setUp(sampleOrders()...)
			snap := r.finish(20 * time.Minute)
			if snap.Good != 3 {
				t.Errorf("%d good packs, want 3\n%s", snap.Good, r.picture())
			}
			r.checkTruth()
			for _, rec := range r.memory.Records {
				switch f := rec.Fact.(type) {
				case line.ActQuarantined:
					t.Errorf("%v was given up though nothing went wrong: %s", f.Token, f.Evidence.Why)
				case line.ActDone:
					if f.Class != class {
						t.Fatalf("the result of %v does not say that the device of class %s named no token", f.Token, class)
					}
				default: // not of interest here
				}
			}
		})
	}
}

// TestMixedClassesSupervisorKilled kills the supervisor again and again beside devices of all classes.
func TestMixedClassesSupervisorKilled(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 1))
			r := newClassedRig(t, seed+1, "", drawn(seed))
			store := &mortal{kept: &r.memory.Records}
			r.Store = store
			r.setUp(sampleOrders()...)
			for range 20 {
				store.in, store.durable = 1+chance.IntN(60), chance.IntN(2) == 0
				if _, err := r.Run(10*time.Minute, r.attended()); !errors.Is(err, errPowerCut) {
					break // all packs are finished
				}
				r.restart()
				r.start()
			}
			store.in = 0
			r.finish(20 * time.Minute)
			r.checkTruth()
		})
	}
}

// TestMixedClassesDevicesFail lets everything that a link and a controller can do happen to devices of all classes.
func TestMixedClassesDevicesFail(t *testing.T) {
	for i, classes := range []map[line.DeviceID]line.DeviceClass{drawn(0), drawn(1), drawn(2), only(line.ClassB), only(line.ClassC)} {
		seed := uint64(i) //nolint:gosec // five
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			chance := rand.New(rand.NewPCG(seed, 4))
			r := newClassedRig(t, seed+1, "", classes)
			r.setUp(sampleOrders()...)
			devices := r.Plant.Devices()
			for range 25 {
				if done, _ := r.Run(time.Duration(chance.IntN(5000))*time.Millisecond, r.attended()); done {
					break
				}
				f := simulator.Fault{Target: string(devices[chance.IntN(len(devices))])}
				if chance.IntN(2) == 0 {
					f.Target, f.Noun, f.Index = "ST060.welder", line.NounJoint, 1+chance.IntN(30) // in the middle of the weld
				}
				switch chance.IntN(5) {
				case 0:
					f.Name = simulator.PLCReboot
				case 1:
					f.Name = simulator.PLCRebootForgets
				case 2:
					f.Name, f.For = simulator.LostAck, time.Duration(1+chance.IntN(4))*time.Second
				case 3:
					f.Name, f.For = simulator.DropComms, time.Duration(1+chance.IntN(4))*time.Second
				default:
					f.Name, f.For = simulator.SlowAnswers, time.Duration(1+chance.IntN(4))*time.Second
				}
				if _, err := r.Plant.Inject(r.Now, f); err != nil {
					t.Fatal(err)
				}
			}
			r.finish(20 * time.Minute)
			r.checkTruth()
		})
	}
}

// TestAPackOfADeviceWithoutTokensComesOutOfQuarantine lets a welder that knows no tokens lose its power in a weld: nobody can ask it
// whether the weld is void, so the supervisor waits until nothing can be on its way any more, again after its own restart.
func TestAPackOfADeviceWithoutTokensComesOutOfQuarantine(t *testing.T) {
	for _, class := range []line.DeviceClass{line.ClassB, line.ClassC} {
		for d, saw := range map[line.Decision]line.Seen{line.DecisionAccept: line.SeenDone, line.DecisionRework: line.SeenNotDone, line.DecisionScrap: line.SeenUnclear} {
			t.Run(string(class)+" "+string(d), func(t *testing.T) {
				r := newClassedRig(t, 1, "", map[line.DeviceID]line.DeviceClass{"ST060.welder": class})
				r.quarantined()
				r.restart()
				if s := r.Line.Snapshot(r.Now); s.Quarantine[0].Void {
					t.Error("a supervisor that has just started takes the weld for void without having looked at the welder")
				}
				q := r.inspectable()
				before := len(r.joint(q))
				decided(t, r, q, saw, d)
				want := before
				if d == line.DecisionRework {
					want++
				}
				if after := len(r.joint(q)); after != want {
					t.Errorf("joint 5 was welded %d times, want %d", after, want)
				}
				r.checkTruth()
			})
		}
	}
}

// TestADeviceThatNamesNoReasonHoldsAnotherCell lets the scanner at receipt report the code of another cell than the one in the nest. The
// device refuses to move what it does not hold. One of class B does not say why, yet the station does, and goes on with what lies there.
func TestADeviceThatNamesNoReasonHoldsAnotherCell(t *testing.T) {
	const scanner = "ST010.scanner"
	for _, class := range []line.DeviceClass{line.ClassA, line.ClassB} {
		t.Run(string(class), func(t *testing.T) {
			r := newClassedRig(t, 1, "", map[line.DeviceID]line.DeviceClass{scanner: class})
			r.inject("wrong-part-echo ST010 times 1")
			r.setUp(line.AddOrder{Order: "one", Product: "ESS-P2", Quantity: 1})
			if snap := r.finish(20 * time.Minute); snap.Good != 1 {
				t.Errorf("%d good\n%s", snap.Good, r.picture())
			}
			refused := 0
			for _, rec := range r.memory.Records {
				if f, ok := rec.Fact.(line.ActRefused); ok {
					refused++
					if f.Device != scanner || f.Reason != line.RejectPart {
						t.Errorf("%s: %v: %s", f.Device, f.Reason, f.Text)
					}
				}
			}
			if refused != 1 {
				t.Errorf("it refused %d times, want once", refused)
			}
			r.checkTruth()
		})
	}
}
