package campaign_test

import (
	"encoding/json"
	"errors"
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
	seedsWanted   = "SEEDS"     // trials
	firstSeed     = "FIRST"     // seed of the first
	mutantsWanted = "MUTANTS"   // "all" mutants, or those that are found quickly
	mutantTrials  = "TRIALS"    // seeds within which a mutant must be found, if not mutantSeeds
	seedsOnly     = "SEEDSONLY" // look for mutants by seeds alone, without the kept plans
	mutantSeeds   = 1000
)

func TestMain(m *testing.M) {
	debug.SetGCPercent(400) // many short shifts: memory is cheaper than looking through it
	code := m.Run()
	if sum.trials > 0 {
		fmt.Println(sum)
	}
	os.Exit(code)
}

func wanted(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s=%q is no number of trials", name, text)
	}
	return n
}

func violated(p campaign.Plan) bool {
	out, err := campaign.Run(p)
	return err == nil && len(out.Violations) > 0
}

// Of the trials, so many are lived through on a real record store, and so many twice: once in memory and once on a real store.
const (
	everyOnDisk = 20
	everyTwice  = 40 // of those on disk
)

// run lives through a plan, with its journal in a real record store or in memory.
func run(t *testing.T, p campaign.Plan, onDisk bool) (campaign.Outcome, error) {
	t.Helper()
	if !onDisk {
		return campaign.Run(p)
	}
	d := newDatabase(t)
	defer func() {
		if err := errors.Join(d.Close(), os.RemoveAll(d.dir)); err != nil {
			t.Error(err)
		}
	}()
	return campaign.RunOn(p, d)
}

// live lives through a plan. One that fails is made smaller and told.
func live(t *testing.T, p campaign.Plan) {
	onDisk := p.Seed%everyOnDisk == 0
	out, err := run(t, p, onDisk)
	if err != nil {
		t.Fatalf("%v\n%s", err, p)
	}
	sum.add(out, onDisk)
	if len(out.Violations) > 0 {
		t.Error(told(p, onDisk, out.Violations, campaign.Run))
	}
	if p.Seed%everyTwice == 0 {
		sameElsewhere(t, p, out, onDisk)
	}
}

// sameElsewhere lives through a plan once more, with its journal where it was not before, and asks for the same journal, entry for entry, and
// the same truth.
func sameElsewhere(t *testing.T, p campaign.Plan, one campaign.Outcome, onDisk bool) {
	t.Helper()
	two, err := run(t, p, !onDisk)
	if err != nil || one.Records == 0 || two.Hash != one.Hash || two.TruthHash != one.TruthHash || len(two.Violations) != len(one.Violations) {
		t.Errorf("seed %d: in memory and on disk it has left %d and %d records, journals %x and %x, truths %x and %x: %v\n%s", p.Seed,
			one.Records, two.Records, one.Hash[:4], two.Hash[:4], one.TruthHash[:4], two.TruthHash[:4], err, checker.Report(two.Violations, 5))
	}
	sum.again()
}

// told is what is said of a plan that is violated: how, the smallest one that still is, and how that is. It is made smaller in memory,
// where that takes least; what is violated on disk alone is told whole.
func told(p campaign.Plan, onDisk bool, how []checker.Violation, lives func(campaign.Plan) (campaign.Outcome, error)) string {
	var last []checker.Violation
	small, again := campaign.Shrink(p, func(q campaign.Plan) bool {
		out, err := lives(q)
		if err != nil || len(out.Violations) == 0 {
			return false
		}
		last = out.Violations
		return true
	})
	said := fmt.Sprintf("seed %d, on disk %t: %s%s", p.Seed, onDisk, checker.Report(how, 5), small)
	if !again {
		return said + "in memory it is not violated, so this is the whole plan and nothing of it has been left out\n"
	}
	return said + checker.Report(last, 5)
}

// TestCampaign lives through the seeds from FIRST (1) on, as many shifts at a time as there are cores.
func TestCampaign(t *testing.T) {
	n, first := wanted(t, seedsWanted, 100), wanted(t, firstSeed, 1)
	kept, err := campaign.Kept()
	if err != nil || len(kept) == 0 {
		t.Fatalf("no plan is kept: %v", err)
	}
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
				next <- p.Plan
			}
			for i := range n {
				next <- campaign.Draw(uint64(first + i)) //nolint:gosec // counts up
			}
		}()
	})
	t.Logf("seeds %d to %d and %d kept plans: %d on disk, %d twice, %d kills, %d records, %d alarms acknowledged, packs %v",
		first, first+n-1, len(kept), sum.onDisk, sum.twice, sum.kills, sum.records, sum.seen, sum.packs)
	t.Logf("faults %v", sum.struck)
	if sum.packs[line.Released] == 0 || n >= 25 && (sum.kills == 0 || sum.seen == 0 || len(sum.struck) < 8) {
		t.Error("too little has happened for this to show anything")
	}
}

// TestMutantsAreFound compiles one mistake after the other into the product and lets a campaign look for it. A mistake counts as found
// only by a plan that the product itself lives through.
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
			plan, why := seek(t, root, m)
			if plan == "" {
				t.Fatalf("neither the kept plans nor %d seeds find that %s", wanted(t, mutantTrials, mutantSeeds), m.Name)
			}
			if violated(planOf(t, plan)) {
				t.Fatalf("%s is violated without the mutant too; mend that first", plan)
			}
			sum.caught()
			t.Logf("found by %s: %s", plan, why)
		})
	}
}

// planOf returns the plan that a hunt has named.
func planOf(t *testing.T, name string) campaign.Plan {
	t.Helper()
	if number, is := strings.CutPrefix(name, "seed "); is {
		seed, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return campaign.Draw(seed)
	}
	kept, err := campaign.Kept()
	i := slices.IndexFunc(kept, func(p campaign.KeptPlan) bool { return p.Name == name })
	if err != nil || i < 0 {
		t.Fatalf("no plan %q is kept: %v", name, err)
	}
	return kept[i].Plan
}

// seek lets a mutant be hunted and returns the plan that found it, and how; or nothing.
func seek(t *testing.T, root string, m campaign.Mutant) (plan, why string) {
	t.Helper()
	hunt := compile(t, root, m)
	args := []string{"-seeds", strconv.Itoa(wanted(t, mutantTrials, mutantSeeds))}
	if os.Getenv(seedsOnly) != "" {
		args = append(args, "-seeds-only")
	}
	run := exec.CommandContext(t.Context(), hunt, args...) //nolint:gosec // just built
	said, err := run.Output()
	t.Logf("%.1f s of processor", (run.ProcessState.UserTime() + run.ProcessState.SystemTime()).Seconds())
	switch run.ProcessState.ExitCode() {
	case 0:
		plan, why, _ = strings.Cut(strings.TrimSpace(string(said)), ": ")
		return plan, why
	case 1:
		return "", ""
	}
	t.Fatalf("the hunt has ended: %v\n%s", err, said)
	return "", ""
}

// compile builds the hunt with a mutant in it. The files themselves are never touched: the compiler is given another text for them.
func compile(t *testing.T, root string, m campaign.Mutant) (hunt string) {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	path := filepath.Join(root, m.File)
	source, err := os.ReadFile(path) //nolint:gosec // of this module
	if err != nil {
		t.Fatal(err)
	}
	text := string(source)
	for _, swap := range [][2]string{{m.Old, m.New}, m.Also} {
		if swap[0] == "" {
			continue
		}
		if n := strings.Count(text, swap[0]); n != 1 {
			t.Fatalf("%q stands %d times in %s; the mutant is out of date", swap[0], n, m.File)
		}
		text = strings.Replace(text, swap[0], swap[1], 1)
	}
	replace[path] = filepath.Join(dir, "mutant.go")
	if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	overlay, hunt := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "hunt")
	body, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, body, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-o", hunt, "./test/campaign/hunt") //nolint:gosec // of this module
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mutant does not compile: %v\n%s", err, out)
	}
	t.Logf("built in %.1f s of processor", (build.ProcessState.UserTime() + build.ProcessState.SystemTime()).Seconds())
	return hunt
}
