package scenario

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// The questions that a story may name are those that the supervisor asks, and so are their answers. The supervisor keeps both in its
// source, so that is what this reads.
func TestQuestionsAreTheSupervisors(t *testing.T) {
	source, err := os.ReadFile("../supervisor/prompt.go")
	if err != nil {
		t.Fatal(err)
	}
	found := func(pattern string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllSubmatch(source, -1) {
			all = append(all, string(m[1]))
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	var names, answers []string
	for _, q := range questions {
		names = append(names, q.name)
		if q.name != "tool" { // its answers are the services of the recipes
			answers = append(answers, q.answers...)
		}
	}
	slices.Sort(names)
	slices.Sort(answers)
	answers = slices.Compact(answers)
	if asked := found(`Sprintf\("%s/([a-z]+)/`); !slices.Equal(names, asked) {
		t.Errorf("known are %q, asked are %q", names, asked)
	}
	if taken := found(`\.(?:command|option)\("([a-z ]+)"`); !slices.Equal(answers, taken) {
		t.Errorf("known are the answers %q, taken are %q", answers, taken)
	}
}
