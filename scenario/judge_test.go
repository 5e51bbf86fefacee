package scenario

import (
	"os"
	"slices"
	"strings"
	"testing"

	"linectl/examples"
	"linectl/line"
	"linectl/recipes"
)

// A violation that the checker finds fails a story in which everything else is as expected: here the journal of a story has lost the
// intent of a weld that was made.
func TestTheCheckersWordCounts(t *testing.T) {
	source, err := os.ReadFile("../examples/scenarios/10-result-lost.yaml")
	if err != nil {
		t.Fatal(err)
	}
	known, err := recipes.Load(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Parse("s.yaml", source, known)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.live()
	if err != nil {
		t.Fatal(err)
	}
	welded := slices.IndexFunc(r.memory.Records, func(rec line.Record) bool {
		in, is := rec.Fact.(line.Intent)
		return is && in.Task == line.TaskWeldLaser
	})
	r.memory.Records = slices.Delete(r.memory.Records, welded, welded+1)
	rep, err := r.judge()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Write(&b, []*Report{rep}, false); err != nil {
		t.Fatal(err)
	}
	if rep.Passed || !strings.Contains(b.String(), "s.yaml: the checker: I2 ") {
		t.Errorf("passed is %t:\n%s", rep.Passed, b.String())
	}
	if i := slices.IndexFunc(rep.Checks, func(c Check) bool { return !c.Met }); i < 0 || i != len(rep.Checks)-1 || rep.Checks[i].Expect != checkerSound {
		t.Errorf("not the checker alone fails it: %+v", rep.Checks)
	}
}
