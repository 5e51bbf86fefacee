package campaign_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"linectl/checker"
	"linectl/line"
	"linectl/test/campaign"
)

// The environment says how much is tried: make sim sets it, a plain go test does a little.
const (
	seedsWanted   = "SEEDS"            // trials
	firstSeed     = "FIRST"            // seed of the first
	mutantsWanted = "MUTANTS"          // "all" mutants, or those that are found quickly
	untilFailure  = "CAMPAIGN_MUTANT"  // set in the process that has a mutant compiled in: end at the first violation
	mutantSeeds   = 1000               // within which a mutant must be found
	foundMark     = "VIOLATION FOUND " // with the number of the trial
	notFoundMark  = "NOT FOUND"
)

func TestMain(m *testing.M) {
	if os.Getenv(untilFailure) != "" {
		os.Exit(look())
	}
	debug.SetGCPercent(400) // many short shifts: memory is cheaper than looking through it
	code := m.Run()
	if sum.trials > 0 {
		fmt.Println(sum)
	}
	os.Exit(code)
}

// look is all that a process does which has a mutant compiled in: it goes on until a trial is violated.
func look() int {
	for seed := range uint64(mutantSeeds) {
		out, err := campaign.Run(campaign.Draw(seed + 1))
		if err != nil {
			fmt.Println(err)
			return 1
		}
		if len(out.Violations) > 0 {
			fmt.Printf("%s%d %s\n", foundMark, seed+1, out.Violations[0])
			return 0
		}
	}
	fmt.Println(notFoundMark)
	return 0
}

func wanted(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%q is no number of trials", name, text)
	}
	return n
}

// keptPlans are those by which a campaign has found a mistake that is mended since; docs/reliability.md says which. They are kept
// as they were drawn, for a seed draws something else when the catalogue grows.
func keptPlans(t *testing.T) []campaign.Plan {
	t.Helper()
	names, err := filepath.Glob("testdata/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("no plan is kept: %v", err)
	}
	plans := make([]campaign.Plan, len(names))
	for i, name := range names {
		text, err := os.ReadFile(name) //nolint:gosec // ours
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &plans[i]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return plans
}

func violated(p campaign.Plan) bool {
	out, err := campaign.Run(p)
	return err == nil && len(out.Violations) > 0
}

// Of the trials, so many are lived through on a real record store, and so many twice.
const (
	everyOnDisk = 20
	everyTwice  = 50
)

// live lives through a plan. One that fails is made smaller and told.
func live(t *testing.T, p campaign.Plan) {
	seed := p.Seed
	var out campaign.Outcome
	var err error
	onDisk := seed%everyOnDisk == 0
	if onDisk {
		d := newDatabase(t)
		out, err = campaign.RunOn(p, d)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(d.dir); err != nil {
			t.Fatal(err)
		}
	} else {
		out, err = campaign.Run(p)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, p)
	}
	sum.add(out, onDisk)
	if len(out.Violations) > 0 {
		small := campaign.Shrink(p, violated)
		again, _ := campaign.Run(small)
		t.Errorf("seed %d, on disk %t: %s%s%s", seed, onDisk, checker.Report(out.Violations, 5), small, checker.Report(again.Violations, 5))
	}
	if seed%everyTwice == 1 {
		two, err := campaign.Run(p)
		if err != nil || two.Hash != out.Hash || out.Records == 0 {
			t.Errorf("seed %d: %d records and then %d, %x and then %x, %v", seed, out.Records, two.Records, out.Hash[:4], two.Hash[:4], err)
		}
		sum.again()
	}
}

// TestCampaign lives through the seeds from FIRST (1) on, as many shifts at a time as there are cores.
func TestCampaign(t *testing.T) {
	n, first := wanted(t, seedsWanted, 100), wanted(t, firstSeed, 1)
	kept := keptPlans(t)
	t.Run("shifts", func(t *testing.T) {
		next := make(chan campaign.Plan)
		for range runtime.GOMAXPROCS(0) {
			t.Run("core", func(t *testing.T) {
				t.Parallel()
				for p := range next {
					live(t, p)
				}
			})
		}
		go func() {
			defer close(next)
			for _, p := range kept {
				next <- p
			}
			for i := range n {
				next <- campaign.Draw(uint64(first + i)) //nolint:gosec // counts up
			}
		}()
	})
	t.Logf("seeds %d to %d and %d kept plans: %d on disk, %d twice, %d kills, %d records, packs %v",
		first, first+n-1, len(kept), sum.onDisk, sum.twice, sum.kills, sum.records, sum.packs)
	t.Logf("faults %v", sum.struck)
	if sum.packs[line.Released] == 0 || n >= 25 && (sum.kills == 0 || len(sum.struck) < 8) {
		t.Error("too little has happened for this to show anything")
	}
}

// TestMutantsAreFound compiles one mistake after the other into the product and lets a campaign look for it.
func TestMutantsAreFound(t *testing.T) {
	chosen := slices.Clone(campaign.Mutants)
	if os.Getenv(mutantsWanted) != "all" {
		chosen = slices.DeleteFunc(chosen, func(m campaign.Mutant) bool { return !slices.Contains(campaign.Quick, m.Name) })
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	sum.mutants = len(chosen)
	for _, m := range chosen {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			where := seek(t, root, m)
			if where == "" {
				t.Fatalf("%d trials did not find that %s", mutantSeeds, m.Name)
			}
			if seed, err := strconv.ParseUint(strings.Fields(where)[0], 10, 64); err == nil && violated(campaign.Draw(seed)) {
				t.Fatalf("trial %d is violated without the mutant too; mend that first", seed)
			}
			sum.caught()
			t.Logf("found in trial %s", where)
		})
	}
}

// seek runs the campaign with a mutant and returns the trial that found it, and how.
func seek(t *testing.T, root string, m campaign.Mutant) string {
	t.Helper()
	path := filepath.Join(root, m.File)
	source, err := os.ReadFile(path) //nolint:gosec // of this module
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(source), m.Old); n != 1 {
		t.Fatalf("what is to be changed stands %d times in %s; the mutant is out of date", n, m.File)
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.Old, m.New, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, body, 0o600); err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-vet=off", "-timeout=30m", "-overlay", overlay, "-v", ".") //nolint:gosec // this test itself
	run.Env = append(os.Environ(), untilFailure+"=1")
	out, err := run.CombinedOutput()
	text := string(out)
	switch {
	case strings.Contains(text, foundMark):
		_, where, _ := strings.Cut(text, foundMark)
		where, _, _ = strings.Cut(where, "\n")
		return where
	case strings.Contains(text, "panic:"):
		_, where, _ := strings.Cut(text, "panic:")
		where, _, _ = strings.Cut(where, "\n")
		return "that ended in a panic:" + where
	case strings.Contains(text, notFoundMark):
		return ""
	}
	t.Fatalf("the mutant does not compile: %v\n%s", err, text)
	return ""
}
