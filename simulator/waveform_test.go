package simulator_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"linectl/line"
	"linectl/plc/tags"
	"linectl/simulator"
)

// joints welds the joints of one pack with the parameters of its recipe and calls see with each result and waveform.
func joints(t testing.TB, s *supervisor, product, pack string, n int, see func(joint int, st tags.Status, w line.Waveform)) {
	t.Helper()
	r := sampleRecipes(t)[product]
	s.do(job{device: "ST040.robot", task: line.TaskBindCarrier, part: pack})
	s.release("ST040.robot", pack, 60)
	s.awaits("ST060.robot")
	params := blocks(t, r, line.Weld, r.Weld.Task)
	for j := 1; j <= n; j++ {
		st := s.do(job{device: "ST060.welder", task: r.Weld.Task, part: pack, index: j, params: params})
		see(j, st, s.waveform(t, st.LastCompleted))
	}
	s.release("ST060.robot", pack, 910)
}

func (s *supervisor) waveform(t testing.TB, token line.Token) line.Waveform {
	t.Helper()
	sealed, err := tags.DecodeWaveform(s.plant.Waveform(s.now, "ST060.welder"), token)
	if err != nil {
		t.Fatal(err)
	}
	w, err := line.DecodeWaveform(sealed.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func signal(w line.Waveform, name string) []float32 {
	c, _ := w.Channel(name)
	return c.Samples
}

// agree fails when two numbers differ by more than a share.
func agree(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got/want-1) > share || math.IsNaN(got) {
		t.Errorf("%s: the curve says %g, the result %g", what, got, want)
	}
}

func moments(v []float32) (mean, deviation float64) {
	var s stats
	for _, x := range v {
		s.add(float64(x))
	}
	return s.mean(), s.deviation()
}

// The scalars of a hit are what an instrument would compute from its curve.
func TestAHitsScalarsFollowFromItsCurve(t *testing.T) {
	s := newSupervisor(t, simulator.Config{Seed: 7, Speed: 1000, Defects: &simulator.Defects{Joint: 0.1}}, "")
	joints(t, s, "DRN-P3", "DRN-P3-000001", 150, func(joint int, st tags.Status, w line.Waveform) {
		scalar := func(name string) float64 { return value(st, line.TaskWeldResistance, name) }
		current, voltage, resistance := signal(w, "current"), signal(w, "voltage"), signal(w, "resistance")
		dt := w.Interval.Seconds()
		var energy, squares, peak, flowing float64
		for i := range current {
			energy += float64(current[i]) * float64(voltage[i]) * dt
			squares += float64(current[i]) * float64(current[i]) * dt
			peak = math.Max(peak, float64(voltage[i]))
			if current[i] > 0 {
				flowing += dt
				agree(t, "v = i·r", float64(voltage[i]), float64(current[i])*float64(resistance[i]), 1e-5)
			}
		}
		name := func(of string) string { return fmt.Sprintf("joint %d, %s", joint, of) }
		agree(t, name("energy"), energy, scalar("energy"), 1e-4)
		agree(t, name("RMS current"), math.Sqrt(squares/flowing), scalar("currentRMS"), 1e-3)
		agree(t, name("peak voltage"), peak, scalar("voltagePeak"), 0.08) // in the first sample the current is still rising
		agree(t, name("first resistance"), float64(resistance[0]), scalar("rStart"), 0.04)
		if rest := resistance[len(resistance)-1]; 100*(1-float64(rest)/float64(resistance[0])) < scalar("rDrop")-6 {
			t.Errorf("joint %d: the resistance fell from %g to %g, the result says by %g %%", joint, resistance[0], rest, scalar("rDrop"))
		}
		if n := len(current); n != 300 {
			t.Errorf("12 ms at 25 kHz are 300 samples, not %d", n)
		}
	})
}

// A seam's channels have the means that its result says; where there is a gap the plume steps up and stays, and the reflection
// hardly shows it; where the weld goes too deep the plume scatters.
func TestASeamShowsItsGapInThePlume(t *testing.T) {
	s := newSupervisor(t, simulator.Config{Seed: 7, Speed: 1000, Defects: &simulator.Defects{Joint: 0.1}}, "")
	gaps := 0
	joints(t, s, "EV-P1", "EV-P1-000001", 208, func(joint int, st tags.Status, w line.Waveform) {
		scalar := func(name string) float64 { return value(st, line.TaskWeldLaser, name) }
		for channel, name := range map[string]string{"power": "weldPower", "plume": "plasma", "temperature": "weldTemperature", "backReflection": "backReflection"} {
			mean, _ := moments(signal(w, channel))
			agree(t, fmt.Sprintf("joint %d, mean %s", joint, channel), mean, scalar(name), 1e-4)
		}
		plume := signal(w, "plume")
		if len(plume) != 375 {
			t.Fatalf("45 mm at 120 mm/s are 375 ms, not %d", len(plume))
		}
		before, scatter := moments(plume[:90])
		after, _ := moments(plume[len(plume)-180:])
		agree(t, fmt.Sprintf("joint %d, scatter", joint), scatter/0.05, scalar("scatter"), 0.25)
		reflection := signal(w, "backReflection")
		early, _ := moments(reflection[:90])
		late, _ := moments(reflection[len(reflection)-180:])
		if gap := scalar("plasma") > 1.5; gap {
			gaps++
			if after-before < 0.8 || math.Abs(late-early) > 0.05 {
				t.Errorf("joint %d has a gap: plume %g, then %g; reflection %g, then %g", joint, before, after, early, late)
			}
		} else if math.Abs(after-before) > 0.4 {
			t.Errorf("joint %d has no gap, yet the plume steps from %g to %g", joint, before, after)
		}
	})
	if gaps < 5 {
		t.Errorf("only %d of 208 joints have a gap at a rate of 10 %%", gaps)
	}
	deep := newSupervisor(t, simulator.Config{Seed: 7, Speed: 1000, Defects: &simulator.Defects{}}, "")
	deep.do(job{device: "ST040.robot", task: line.TaskBindCarrier, part: "EV-P1-000002"})
	deep.release("ST040.robot", "EV-P1-000002", 60)
	deep.awaits("ST060.robot")
	st := deep.do(job{device: "ST060.welder", task: line.TaskWeldLaser, part: "EV-P1-000002", index: 1, params: []float64{4500, 0.12, 0.4e-3, 250, 0, 45e-3, 15}})
	if _, scatter := moments(signal(deep.waveform(t, st.LastCompleted), "plume")[:90]); scatter < 2*0.05*0.8 {
		t.Errorf("a weld that goes too deep scatters by %g", scatter)
	}
}

// The same seed gives the same bytes, whatever the speed; another joint, or the same one made again, gives others. A device that
// loses its power keeps the waveform with the result.
func TestAWaveformIsMadeOfTheSeed(t *testing.T) {
	run := func(speed float64, dir string) (areas [][]byte, s *supervisor) {
		s = newSupervisor(t, simulator.Config{Seed: 11, Speed: speed}, dir)
		for _, product := range []string{"DRN-P3", "ESS-P2"} {
			joints(t, s, product, product+"-000001", 20, func(_ int, st tags.Status, _ line.Waveform) {
				sealed, err := tags.DecodeWaveform(s.plant.Waveform(s.now, "ST060.welder"), st.LastCompleted)
				if err != nil {
					t.Fatal(err)
				}
				areas = append(areas, sealed.Bytes)
			})
		}
		return areas, s
	}
	dir := t.TempDir()
	first, s := run(1000, dir)
	second, _ := run(60, "")
	seen := map[string]bool{}
	for i := range first {
		if !bytes.Equal(first[i], second[i]) {
			t.Errorf("weld %d differs at another speed", i+1)
		}
		if hash := line.WaveformHash(first[i]); seen[hash] {
			t.Errorf("weld %d has the waveform of another", i+1)
		} else {
			seen[hash] = true
		}
	}
	before := s.plant.Waveform(s.now, "ST060.welder")
	if err := s.plant.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := simulator.New(simulator.Config{Seed: 11, Speed: 1000, Devices: reference()}, dir, s.now)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if after := again.Waveform(s.now, "ST060.welder"); !bytes.Equal(before, after) {
		t.Errorf("after a power failure the area is %d bytes, before it %d", len(after), len(before))
	}
}

// An act without a course offers none, and so does a device that has done nothing yet.
func TestAnActWithoutACourseHasNoWaveform(t *testing.T) {
	s := newSupervisor(t, simulator.Config{Seed: 7, Speed: 1000}, "")
	for _, id := range []line.DeviceID{"ST060.welder", "ST010.scanner"} {
		if _, err := tags.WaveformSize(s.plant.Waveform(s.now, id), 1); err == nil {
			t.Errorf("%s has a waveform", id)
		}
	}
}

// The reference bands of the sample recipes fit the good welds of the plant, and show the bad ones.
func TestTheSampleBandsTellGoodFromBad(t *testing.T) {
	for product, clean := range map[string]float64{"EV-P1": 1, "DRN-P3": 1} {
		t.Run(product, func(t *testing.T) {
			r := sampleRecipes(t)[product]
			s := newSupervisor(t, simulator.Config{Seed: 7, Speed: 1000, Defects: &simulator.Defects{Joint: 0.1}}, "")
			var good, bad stats
			worst := map[string]float64{}
			joints(t, s, product, product+"-000001", r.Weld.Joints, func(joint int, st tags.Status, w line.Waveform) {
				c := tally{}
				c.judge(r, line.Weld, r.Weld.Task, st.Values, 0)
				nok := false
				for _, n := range c {
					nok = nok || n.nok > 0
				}
				channels, outside := w.Compare(r.Weld.Envelope)
				if nok {
					bad.add(outside)
					return
				}
				good.add(outside)
				for _, ch := range channels {
					worst[ch.Name] = math.Max(worst[ch.Name], ch.OutsidePercent)
				}
				if outside > 5 {
					t.Errorf("joint %d is good and yet %.1f %% outside", joint, outside)
				}
			})
			t.Logf("outside: %.0f good ones %s %%, %.0f bad ones %s %%; of the good the worst channels %v", good.n, good, bad.n, bad, worst)
			if good.mean() > clean || good.n < 100 {
				t.Errorf("good welds lie %.2f %% outside", good.mean())
			}
			if bad.n < 5 || bad.mean() < 10 {
				t.Errorf("%.0f bad welds lie only %.1f %% outside", bad.n, bad.mean())
			}
		})
	}
}

// BenchmarkWaveform is what the waveform of one weld costs the plant.
func BenchmarkWaveform(b *testing.B) {
	for _, product := range []string{"EV-P1", "DRN-P3"} {
		b.Run(product, func(b *testing.B) {
			s := newSupervisor(b, simulator.Config{Seed: 7, Speed: 1000}, "")
			joints(b, s, product, product+"-000001", 1, func(int, tags.Status, line.Waveform) {})
			b.ReportAllocs()
			for b.Loop() {
				s.plant.ForgetWaveform("ST060.welder")
				s.plant.Waveform(s.now, "ST060.welder")
			}
		})
	}
}
