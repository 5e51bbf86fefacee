package nemesis

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linectl/checker"
	"linectl/line"
)

// mistakes are orders in which the loop could do its things and must not: what the mistaken program is called, and what is violated.
// No test sees them that lets the program live.
var mistakes = []struct{ name, invariant string }{{"replies-first", "I11"}, {"jobs-first", "I2"}}

// theyDo is what is compiled into the loop before it records.
const theyDo = `
	for i, r := range out.Replies {
		if filepath.Base(os.Args[0]) == "replies-first" && waiting[i] != nil {
			waiting[i] <- r
			waiting[i] = nil
		}
	}
	for _, j := range out.Jobs {
		if filepath.Base(os.Args[0]) == "jobs-first" {
			lp.devices.Send(j)
		}
	}
	if filepath.Base(os.Args[0]) == "jobs-first" {
		out.Jobs = nil
	}
`

// TestMistakesAreFound compiles two mistakes into the supervisor, kills it at writes to its records, and sees that the checker
// notices each. So it would find them in the product.
func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mistaken := buildMistaken(t, dir)
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.lighten(t, "ST040.robot")
			s.program = filepath.Join(dir, m.name)
			if err := os.Link(mistaken, s.program); err != nil {
				t.Fatal(err)
			}
			s.startPlant(t)
			s.startLine(t) // so that there is a store
			s.working(t)
			s.line.Kill()
			for n := int64(20); n < 1000; n += 11 {
				p := s.startTrappedLine(t, []string{"pwrite64"}, killAt(n, 4*hang, func(string) {}))
				s.work(t, patience+time.Minute, func(line.Snapshot) bool { return false })
				if err := p.diedOfIt(); err != nil {
					t.Fatalf("write %d: %v", n, err)
				}
				_, all := s.judge(t, false)
				if i := slices.IndexFunc(all, func(v checker.Violation) bool { return v.Invariant == m.invariant }); i >= 0 {
					t.Logf("found at write %d: %v", n, all[i])
					return
				}
			}
			t.Errorf("not found")
		})
	}
}

// buildMistaken builds linectl with both mistakes and returns its path.
func buildMistaken(t *testing.T, dir string) string {
	t.Helper()
	loop, err := filepath.Abs("../../supervisor/loop.go")
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(loop) //nolint:gosec // our own
	if err != nil {
		t.Fatal(err)
	}
	text := string(body)
	for _, piece := range [][2]string{
		{"\n\tif len(out.Records) > 0 {\n\t\tseq, err := lp.store.Append(", theyDo},
		{"\n\t\"sync/atomic\"\n", "\n\t\"os\"\n\t\"path/filepath\""},
	} {
		if strings.Count(text, piece[0]) != 1 {
			t.Fatalf("the mistakes are out of date: there is no %q in %s", piece[0], loop)
		}
		text = strings.Replace(text, piece[0], piece[1]+piece[0], 1)
	}
	other, overlay, built := filepath.Join(dir, "loop.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "mistaken")
	body, err = json.Marshal(map[string]any{"Replace": map[string]string{loop: other}})
	if err = errors.Join(err, os.WriteFile(other, []byte(text), 0o600), os.WriteFile(overlay, body, 0o600)); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-overlay", overlay, "-ldflags", "-s -w", "-o", built, "linectl/cmd/linectl") //nolint:gosec // our own
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mistakes do not compile: %v: %s", err, out)
	}
	t.Logf("built in %v of a processor", build.ProcessState.UserTime()+build.ProcessState.SystemTime())
	return built
}
