package checker

import (
	"fmt"
	"strings"
	"testing"

	"linectl/line"
)

// A quality engineer reads what was done and where, not its number in a block; of no task of the line the words are missing.
func TestActsHaveWords(t *testing.T) {
	for n := 1; n < 200; n++ {
		if task := line.Task(n); task.Known() && strings.HasPrefix(act(n, 0), "task ") {
			t.Errorf("%s has no words", task)
		}
	}
	for want, got := range map[string]string{
		"laser weld 109":     act(41, 109),
		"leak test":          act(70, 0),
		"end-of-line step 5": act(105, 5),
		"task 77 3":          act(77, 3),
		"never":              times(0),
		"once":               times(1),
		"twice":              times(2),
		"3 times":            times(3),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Story: a weld of the record's pack is made twice. What is said of it is in words.
func TestAWeldMadeTwiceIsToldInWords(t *testing.T) {
	r := &run{Evidence: Evidence{Truth: []Happening{
		{What: "effect", Part: "P-1", Task: 41, Index: 109}, {What: "effect", Part: "P-1", Task: 41, Index: 109},
	}}}
	var said []string
	onceOnly(r, func(_, format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
	if want := "laser weld 109 was done twice, and ordered once"; len(said) != 1 || said[0] != want {
		t.Errorf("it says %q, want %q", said, want)
	}
}
