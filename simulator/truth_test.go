package simulator_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linectl/line"
	"linectl/plc/tags"
	"linectl/simulator"
)

// TestTheWorldIsAFoldOfTheTruth kills the plant at every few steps of a pack's way and compares the world before and after.
func TestTheWorldIsAFoldOfTheTruth(t *testing.T) {
	dir := t.TempDir()
	cfg := simulator.Config{Seed: 1, Speed: 1000, Devices: reference(), CellsPerLane: 60}
	s := newSupervisor(t, cfg, dir)
	acts := 0
	kill := func(job, tags.Status) {
		if acts++; acts%9 != 0 {
			return
		}
		s.pass(10 * time.Millisecond)
		before := s.plant.World()
		if err := s.plant.Close(); err != nil {
			t.Fatal(err)
		}
		plant, err := simulator.New(cfg, dir, s.now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = plant.Close() })
		s.plant = plant
		if d := cmp.Diff(strings.Split(before, "\n"), strings.Split(plant.World(), "\n")); d != "" {
			t.Fatalf("after the kill at act %d (-before +after):\n%s", acts, d)
		}
		for _, id := range plant.Devices() {
			s.start(id)
		}
	}
	p := samples()[1]
	s.stack(p, "ESS-P2-000001")
	s.finish(p, "ESS-P2-000001", kill)
	if acts < 60 {
		t.Errorf("only %d acts", acts)
	}
}

func TestATornLastLineIsCutOff(t *testing.T) {
	dir := t.TempDir()
	s, pack := atWelder(t, simulator.Config{Seed: 1, Devices: weldingCell()}, dir)
	s.do(weldJob(pack, 1))
	_ = s.plant.Close()
	path := filepath.Join(dir, "truth.jsonl")
	whole, err := simulator.ReadTruth(path)
	if err != nil {
		t.Fatal(err)
	}
	data, _ := os.ReadFile(path)
	if err := os.WriteFile(path, data[:len(data)-7], 0o600); err != nil {
		t.Fatal(err)
	}
	torn, err := simulator.ReadTruth(path)
	if err != nil || len(torn) != len(whole)-1 {
		t.Fatalf("%d events of %d, %v", len(torn), len(whole), err)
	}
	restart(t, s, dir, weldingCell())
	for _, d := range weldingCell() {
		s.start(d.ID)
	}
	s.do(weldJob(pack, 2))
	again, err := simulator.ReadTruth(path)
	if err != nil || len(again) <= len(torn) {
		t.Fatalf("%d events, %v", len(again), err)
	}
}

func write(t *testing.T, path, data string) simulator.Config {
	t.Helper()
	if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return simulator.Config{Seed: 1}
}

func TestDamageAndForeignDirectoriesAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, dir string) simulator.Config
		want   string
	}{
		{"a line of the truth is altered", func(t *testing.T, dir string) simulator.Config {
			path := filepath.Join(dir, "truth.jsonl")
			data, _ := os.ReadFile(path)
			return write(t, path, strings.Replace(string(data), `{"n":3`, `{"n":4`, 1))
		}, "truth.jsonl:3: event 4, want 3; the ground truth is damaged"},
		{"a line of the truth is made up", func(t *testing.T, dir string) simulator.Config {
			path := filepath.Join(dir, "truth.jsonl")
			data, _ := os.ReadFile(path)
			return write(t, path, string(data)+fmt.Sprintf(`{"n":%d,"what":"arrived","station":"ST060"}`+"\n", strings.Count(string(data), "\n")+1))
		}, "cannot follow from what stands before"},
		{"another seed", func(*testing.T, string) simulator.Config { return simulator.Config{Seed: 2} }, "was begun with seed 1, not 2"},
		{"retained memory is garbage", func(t *testing.T, dir string) simulator.Config {
			return write(t, filepath.Join(dir, "retained", "ST060.welder.memory"), "{")
		}, "ST060.welder.memory: no slot of it is whole; remove the file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s, _ := atWelder(t, simulator.Config{Seed: 1, Devices: weldingCell()}, dir)
			_ = s.plant.Close()
			cfg := tt.damage(t, dir)
			cfg.Devices = weldingCell()
			if _, err := simulator.New(cfg, dir, s.now); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestNoticesListWhatIsInTheMagazines reads the shipping notices as a supervisor does, and scans the lanes.
func TestNoticesListWhatIsInTheMagazines(t *testing.T) {
	dir := t.TempDir()
	s := newSupervisor(t, simulator.Config{Seed: 4, Speed: 1000, CellsPerLane: 900}, dir)
	files, err := filepath.Glob(filepath.Join(dir, "asn", "*.csv"))
	if err != nil || len(files) != 9 {
		t.Fatalf("%d notices, want 9: three lots of three types; %v", len(files), err)
	}
	listed := map[line.CellID]line.SupplierCell{}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := line.ParseShippingNotice(f)
		if err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		for _, c := range cells {
			listed[c.Cell] = c
		}
	}
	if n := len(s.plant.Notices()); n != len(listed) || n < 2650 {
		t.Errorf("%d cells listed in files, %d by the plant, of 2700", len(listed), n)
	}
	missing, codes := 0, []string{}
	for range 900 {
		code := s.do(job{device: "ST010.scanner", task: line.TaskScanCell, params: []float64{2}}).Part
		if _, ok := listed[line.CellID(code)]; code != "" && !ok {
			missing++
		}
		if code != "" {
			codes = append(codes, code)
		}
		s.do(job{device: "ST010.scanner", task: line.TaskPlaceCell, part: code, params: []float64{5, 0}})
	}
	if missing == 0 || missing > 9 {
		t.Errorf("%d of 900 cells stand in no notice", missing)
	}
	slices.Sort(codes)
	if twice := len(codes) - len(slices.Compact(slices.Clone(codes))); twice > 5 {
		t.Errorf("%d codes were seen twice", twice)
	}
	st := s.do(job{device: "ST010.scanner", task: line.TaskScanCell, params: []float64{2}})
	if st.Outcome != line.OutcomeNOK || st.Reason != 1 || st.Sensors&line.SensorPartPresent != 0 {
		t.Errorf("an empty magazine: outcome %d, reason %d, sensors %b", st.Outcome, st.Reason, st.Sensors)
	}
}

func FuzzReadTruth(f *testing.F) {
	f.Add([]byte(`{"n":1,"at":"2026-11-23T06:00:00Z","what":"begun","text":"1"}` + "\n" + `{"n":2`))
	f.Add([]byte("{}\n"))
	f.Add([]byte(`{"n":1,"values":{"a":1e999}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "truth.jsonl")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		events, err := simulator.ReadTruth(path)
		if err != nil {
			return
		}
		for i, e := range events {
			if e.N != uint64(i+1) {
				t.Fatalf("event %d has number %d", i+1, e.N)
			}
		}
	})
}
