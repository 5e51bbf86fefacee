package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linectl/examples"
	"linectl/recipes"
	"linectl/scenario"
)

const stories = "../examples/scenarios"

func known(t *testing.T) []*recipes.Recipe {
	t.Helper()
	all, err := recipes.Load(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func verdict(t *testing.T, s *scenario.Story) (*scenario.Report, string) {
	t.Helper()
	r, err := s.Run()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := scenario.Write(&b, []*scenario.Report{r}, false); err != nil {
		t.Fatal(err)
	}
	return r, b.String()
}

// Every story of the examples comes out as it says, and none does when what goes wrong in it is taken out: what it expects is not so
// by itself.
func TestStories(t *testing.T) {
	files, err := filepath.Glob(stories + "/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories in %s: %v", stories, err)
	}
	samples := known(t)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			t.Parallel()
			source, err := os.ReadFile(path) //nolint:gosec // of this repository
			if err != nil {
				t.Fatal(err)
			}
			s, err := scenario.Parse(path, source, samples)
			if err != nil {
				t.Fatal(err)
			}
			r, text := verdict(t, s)
			if !r.Passed {
				t.Errorf("%s", text)
			}
			bare := s.Bare()
			bare.Lasts = min(r.Lasted+time.Minute, 3*time.Minute) // what waits for the fault waits for ever
			r, _ = verdict(t, bare)
			unmet := 0
			for _, c := range r.Checks {
				if !c.Met && c.Line > 0 {
					unmet++
				}
			}
			if unmet == 0 {
				t.Error("without what goes wrong in it everything is as expected too: it shows nothing")
			}
		})
	}
}
