package recipes_test

import (
	"slices"
	"testing"

	"linectl/line"
	"linectl/recipes"
)

func TestSlotsAreCountedGroupByGroup(t *testing.T) {
	for _, tt := range []struct {
		series, parallel, modules int
		slot, group, module       int
	}{
		{104, 1, 8, 1, 1, 1},
		{104, 1, 8, 13, 13, 1},
		{104, 1, 8, 14, 14, 2},
		{104, 1, 8, 104, 104, 8},
		{14, 7, 1, 7, 1, 1},
		{14, 7, 1, 8, 2, 1},
		{14, 7, 2, 49, 7, 1},
		{14, 7, 2, 50, 8, 2},
		{14, 7, 2, 98, 14, 2},
	} {
		r := recipes.Recipe{Series: tt.series, Parallel: tt.parallel, Modules: tt.modules}
		if g, m := r.GroupOf(tt.slot), r.ModuleOf(tt.slot); g != tt.group || m != tt.module {
			t.Errorf("%dS%dP in %d modules: slot %d is in group %d, module %d; want %d, %d",
				tt.series, tt.parallel, tt.modules, tt.slot, g, m, tt.group, tt.module)
		}
	}
}

func TestWhatARecipeDoesNotMentionIsNotAsked(t *testing.T) {
	r, err := recipes.Parse("small.yaml", []byte(small(t)))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Step(line.LeakTest); ok {
		t.Error("there is a leak test in the route")
	}
	none := r.Process(line.LeakTest)
	if len(none.Parameters)+len(none.Limits) > 0 || none.Master != nil || none.Tool != nil {
		t.Errorf("something is asked at a station that the recipe does not mention: %+v", none)
	}
	if l, ok := r.Process(line.Weld).Limit("scatter"); ok {
		t.Errorf("a limit that the recipe does not give: %+v", l)
	}
}

// TestQuantitiesFillTheBlock follows the parameters into the command block, where their order counts.
func TestQuantitiesFillTheBlock(t *testing.T) {
	r, err := recipes.Parse("small.yaml", []byte(small(t)))
	if err != nil {
		t.Fatal(err)
	}
	q, limits := r.Needs(line.Weld, line.TaskWeldLaser)
	block, err := line.TaskWeldLaser.Spec().Block(q)
	if err != nil {
		t.Fatal(err)
	}
	want := []float32{2800, 0.12, 0.0004, 250, 0, 0.045, 15}
	if !slices.Equal(block[:7], want) {
		t.Errorf("block %v, want %v", block[:7], want)
	}
	if len(limits) == 0 || len(limits) > len(r.Process(line.Weld).Limits) {
		t.Errorf("a seam is held to %v", limits)
	}
	if q, _ := r.Needs(line.Weld, line.TaskPosition); q != nil {
		t.Errorf("positioning takes no parameters, got %v", q)
	}
	if limits = append(limits, line.Limit{Name: "mine"}); len(limits) > 0 {
		if _, theirs := r.Needs(line.Weld, line.TaskWeldLaser); slices.ContainsFunc(theirs[:cap(theirs)], func(l line.Limit) bool { return l.Name == "mine" }) {
			t.Error("what is appended to the limits reaches the recipe's")
		}
	}
}
