package examples_test

import (
	"testing"

	"linectl/examples"
	"linectl/recipes"
)

func TestReferenceRecipes(t *testing.T) {
	all, err := recipes.Load(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 3 {
		t.Fatalf("found %d recipes, want 3", len(all))
	}
}
