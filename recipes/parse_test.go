package recipes_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"linectl/line"
	"linectl/recipes"
)

var update = flag.Bool("update", false, "rewrite testdata/problems.golden")

func small(t testing.TB) string {
	t.Helper()
	source, err := os.ReadFile("testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

func TestParseReadsEveryField(t *testing.T) {
	r, err := recipes.Parse("small.yaml", []byte(small(t)))
	if err != nil {
		t.Fatal(err)
	}
	number := func(v float64) *float64 { return &v }
	hash := sha256.Sum256([]byte(small(t)))
	want := &recipes.Recipe{
		Product: "TST-1", Revision: "1", Title: "Small pack for the tests, 4S1P", Status: "approved", Author: "a.khan", Approver: "s.malik",
		Source: small(t), Hash: hex.EncodeToString(hash[:]),
		Chemistry: "LFP", Series: 4, Parallel: 1, Modules: 2, SerialPrefix: "TST1", NominalV: 12.8, CapacityAh: 105, MassKg: 9,
		Cell: recipes.Cell{
			Item: "LFP-105", Lane: 1, CodePattern: "^[A-Z0-9]{24}$", MinCodeGrade: "C", MaxAge: 180 * 24 * time.Hour, MaxLots: 1,
			MinSOC: 5, MaxSOC: 50, Remeasure: 2, Validity: 72 * time.Hour,
		},
		Matching:  recipes.Matching{Strategy: "window", CapacitySpread: 1, OCVSpread: 0.005, ACIRSpread: 0.00004},
		Materials: []recipes.Material{{Item: "busbar", Kind: line.Stack, Level: "lot", Quantity: 5, Unit: "1"}},
		Route: []recipes.Step{
			{Kind: line.Receive, Required: true},
			{Kind: line.Sort, Required: true},
			{Kind: line.Stack, Required: true},
			{Kind: line.Weld, Required: true, Needs: []recipes.Need{{Kind: line.Stack, Within: 8 * time.Hour}}},
			{Kind: line.Inspect, Required: true, Needs: []recipes.Need{{Kind: line.Weld}}},
			{Kind: line.EndOfLine, Required: true, Needs: []recipes.Need{{Kind: line.Inspect}}},
			{Kind: line.PackOut, Required: true, Needs: []recipes.Need{{Kind: line.EndOfLine}}},
		},
		Rework: []recipes.Rework{{
			Step: line.Weld, MaxPerIndex: 1, MaxPerPack: 2, Invalidates: []line.Kind{line.Inspect, line.EndOfLine}, Authorised: "ProcessEngineer",
		}},
		Weld: recipes.Weld{
			Task: line.TaskWeldLaser, Joints: 8, PerPosition: 4, HoldAfterNOK: 3, MaxNOK: 2, Waveform: "required",
			Envelope: []line.Band{{Channel: "power", Unit: "W", Points: []line.BandPoint{{TMs: 0, Low: 2500, High: 3100}, {TMs: 375, Low: 2600, High: 3000}}}},
		},
		Inspect: recipes.Inspect{PerAct: 4, RelativeMax: 1.3},
		EOL:     r.EOL,
	}
	if d := cmp.Diff(want, r, cmpopts.IgnoreUnexported(recipes.Recipe{})); d != "" {
		t.Error(d)
	}
	wantStep := recipes.EOLStep{
		Step: 14, Every: 50, Parameters: []line.Quantity{{Name: "rate", Value: 0.5, Unit: "1"}},
		Limits: []line.Limit{{Name: "capacity", Unit: "Ah", LSL: number(105), Code: "130-E-024", Retest: 1, Disposition: line.ToRework}},
	}
	if d := cmp.Diff(wantStep, r.EOL[13]); d != "" {
		t.Error(d)
	}
	wantStack := recipes.Process{
		Parameters: []recipes.Parameter{
			{Quantity: line.Quantity{Name: "force", Value: 4000, Unit: "N"}, Min: 3000, Max: 5000, Class: "critical"},
			{Quantity: line.Quantity{Name: "hold", Value: 20, Unit: "s"}, Min: 10, Max: 30, Class: "major"},
		},
		Limits: []line.Limit{{Name: "polarity", Unit: "1", LSL: number(1), USL: number(1), Code: "040-M-001", Disposition: line.HoldLine}},
	}
	if d := cmp.Diff(wantStack, r.Process(line.Stack)); d != "" {
		t.Error(d)
	}
	weld := r.Process(line.Weld)
	if d := cmp.Diff(&recipes.Tool{Name: "protective glass", Warn: 60, Limit: 80, Unit: "%", Action: "clean"}, weld.Tool); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]recipes.Sampling{{What: "two shear coupons", Every: 24}}, weld.Sampling); d != "" {
		t.Error(d)
	}
	depth, _ := weld.Limit("depth")
	if d := cmp.Diff([]float64{0.001, 0.00125, 0.0015}, []float64{*depth.LSL, *depth.Target, *depth.USL}); d != "" {
		t.Errorf("depth in m: %s", d)
	}
	wantMaster := &recipes.MasterCheck{Interval: 12 * time.Hour, References: []line.Limit{{
		Name: "reference1", Unit: "1", LSL: number(0.99), Target: number(1), USL: number(1.01),
	}}}
	if d := cmp.Diff(wantMaster, r.Process(line.Sort).Master); d != "" {
		t.Error(d)
	}
}

// TestProblems shows what a process engineer reads for each mistake. The texts stand in testdata/problems.golden.
func TestProblems(t *testing.T) {
	base := small(t)
	if _, err := recipes.Parse("small.yaml", []byte(base)); err != nil {
		t.Fatalf("the recipe without mistakes: %v", err)
	}
	var out bytes.Buffer
	for _, m := range mistakes {
		if n := strings.Count(base, m.old); m.old != "" && n != 1 {
			t.Fatalf("%s: %q stands %d times in the recipe, want once", m.name, m.old, n)
		}
		source := m.replacement
		if m.old != "" {
			source = strings.Replace(base, m.old, m.replacement, 1)
		}
		r, err := recipes.Parse("small.yaml", []byte(source))
		if err == nil {
			t.Errorf("%s: not noticed", m.name)
			continue
		}
		if r != nil {
			t.Errorf("%s: a recipe came with the error", m.name)
		}
		if len(recipes.Problems(err)) == 0 {
			t.Errorf("%s: %v is no list of problems", m.name, err)
		}
		fmt.Fprintf(&out, "== %s\n%v\n\n", m.name, err)
	}
	if *update {
		if err := os.WriteFile("testdata/problems.golden", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/problems.golden")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(out.String(), "\n")); d != "" {
		t.Errorf("texts changed; read them, then run with -update:\n%s", d)
	}
}

// TestEveryProblemIsReportedAtOnce makes several mistakes far apart.
func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	source := strings.NewReplacer("chemistry: LFP", "chemistry: lead", "parallel: 1", "parallel: 2", "max: 6000", "max: 2000",
		"step: 7,", "step: 8,", "usl: 33", "usl: 20").Replace(small(t))
	_, err := recipes.Parse("small.yaml", []byte(source))
	var fields []string
	last := 0
	for _, p := range recipes.Problems(err) {
		fields = append(fields, p.Field)
		if p.Line < last {
			t.Errorf("%s stands before its turn", p.Field)
		}
		last = p.Line
	}
	want := []string{
		"chemistry", "cell.quantity", "stations.weld.parameters.power.value", "stations.endofline.steps[7].step", "stations.packout.limits.shippingSOC.lsl",
	}
	if d := cmp.Diff(want, fields); d != "" {
		t.Error(d)
	}
}

func TestParseIsBounded(t *testing.T) {
	var keys strings.Builder
	for i := range 500 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	for name, tt := range map[string]struct{ source, want string }{
		"too long":      {strings.Repeat("# x\n", 20_000), "the file has 80000 bytes"},
		"too wide":      {"title: " + strings.Repeat("x", 2000), "line 1 has 2007 bytes"},
		"too deep":      {"title: " + strings.Repeat("[", 40), "more than 32 brackets are open"},
		"too many keys": {keys.String(), "more problems; mend these first"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := recipes.Parse("x.yaml", []byte(tt.source))
			if err == nil || !strings.Contains(err.Error(), tt.want) || len(recipes.Problems(err)) > 51 {
				t.Errorf("error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestLoad(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	good := small(t)
	second := strings.Replace(good, `revision: "1"`, `revision: "2"`, 1)
	all, err := recipes.Load(fstest.MapFS{"r/b.yaml": file(good), "r/a.yaml": file(second), "r/readme": file("")}, "r/*.yaml")
	if err != nil || len(all) != 2 || all[0].Revision != "2" || all[1].Revision != "1" {
		t.Fatalf("loaded %d recipes: %v", len(all), err)
	}
	for name, tt := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"nothing there":    {fstest.MapFS{}, "recipes r/*.yaml: no file of that name; put one file for each revision there"},
		"twice the same":   {fstest.MapFS{"r/a.yaml": file(good), "r/b.yaml": file(good)}, "r/b.yaml: revision: TST-1 revision 1 stands in a.yaml already"},
		"an empty file":    {fstest.MapFS{"r/a.yaml": file(good), "r/b.yaml": file("")}, "r/b.yaml: want one recipe, found 0"},
		"a broken file":    {fstest.MapFS{"r/a.yaml": file(strings.Replace(good, "LFP\n", "iron\n", 1))}, "r/a.yaml:7: chemistry"},
		"a folder instead": {fstest.MapFS{"r/a.yaml/x": file(good)}, "recipe r/a.yaml: "},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := recipes.Load(tt.files, "r/*.yaml")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %s", err, tt.want)
			}
			if all != nil {
				t.Error("recipes came with the error")
			}
		})
	}
}

// FuzzParse asks that any file gives either a recipe that can be built or problems that can be read.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small(f)))
	for _, m := range mistakes {
		if m.old == "" {
			f.Add([]byte(m.replacement))
			continue
		}
		f.Add([]byte(strings.Replace(small(f), m.old, m.replacement, 1)))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		r, err := recipes.Parse("fuzz.yaml", source)
		if err != nil {
			problems := recipes.Problems(err)
			if len(problems) == 0 {
				t.Fatalf("an error that is no list of problems: %v", err)
			}
			for _, p := range problems {
				if p.Text == "" || p.Line < 0 || p.Line > bytes.Count(source, []byte("\n"))+bytes.Count(source, []byte("\r"))+1 {
					t.Fatalf("problem without text or place: %+v", p)
				}
			}
			return
		}
		if r.Cells() < 1 || r.ModuleOf(r.Cells()) != r.Modules || r.GroupOf(r.Cells()) != r.Series || len(r.EOL) != line.EOLSteps {
			t.Fatalf("accepted a recipe that cannot be built: %+v", r)
		}
		for _, k := range line.Kinds {
			for _, l := range r.Process(k).Limits {
				if l.LSL == nil && l.USL == nil || l.LSL != nil && l.USL != nil && *l.LSL > *l.USL {
					t.Fatalf("accepted a limit that nothing meets or everything: %+v", l)
				}
			}
			for _, p := range r.Process(k).Parameters {
				if !(p.Min <= p.Value && p.Value <= p.Max) {
					t.Fatalf("accepted a value beyond the equipment's limits: %+v", p)
				}
			}
		}
	})
}
