// Command tally reads the output of go test -json, prints what a person wants to see of it and counts.
//
// Printed are one line a package with when it ended, counted from the first event; the whole output of a test that failed; the reason of
// a test that was left out; and of one that passed the lines of figures (seeds=1007 violations=0 …). The last line is
// "N passed, N failed, N skipped". It exits 1 if anything failed, and in CI also if anything was left out: there scripts/setup.sh has
// brought all that the tests need. What needs more than a tool, such as the right to mount a disk, is named on the command line, as
// PACKAGE.TEST, and may be left out. It runs no test itself.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	ok, err := tally(os.Stdin, os.Stdout, os.Getenv("CI") != "", os.Args[1:]...)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// event is one line of go test -json.
type event struct {
	Time        time.Time // not of build output
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Output      string
	FailedBuild string
}

// count holds what has been seen. Output is kept by test until the test has ended.
type count struct {
	out                     io.Writer
	began                   time.Time // of the first event
	passed, failed, skipped int
	kept                    map[[2]string][]string
	failures, leftOut       []string
}

// tally reads events until the end and reports whether nothing failed and, where all must run, nothing was left out but what
// may be. A line that is no event is printed as it is.
func tally(in io.Reader, out io.Writer, all bool, mayBeLeftOut ...string) (bool, error) {
	c := count{out: out, kept: map[[2]string][]string{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Fprintln(out, lines.Text())
			continue
		}
		c.take(e)
	}
	if len(c.failures) > 0 {
		fmt.Fprintf(out, "\nfailed:\n  %s\n", strings.Join(c.failures, "\n  "))
	}
	if len(c.leftOut) > 0 {
		fmt.Fprintf(out, "\nleft out, for the reasons above:\n  %s\n", strings.Join(c.leftOut, "\n  "))
	}
	if c.passed+c.failed == 0 {
		c.failed++
		fmt.Fprintln(out, "no test ran")
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", c.passed, c.failed, c.skipped)
	missing := slices.ContainsFunc(c.leftOut, func(test string) bool { return !slices.Contains(mayBeLeftOut, test) })
	return c.failed == 0 && (!all || !missing), lines.Err()
}

func (c *count) take(e event) {
	if c.began.IsZero() {
		c.began = e.Time
	}
	key := [2]string{e.Package, e.Test}
	switch e.Action {
	case "output":
		c.kept[key] = append(c.kept[key], e.Output)
		return
	case "build-output":
		fmt.Fprint(c.out, e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	kept := c.kept[key]
	delete(c.kept, key)
	if e.Test == "" {
		c.endPackage(e, kept)
		return
	}
	switch e.Action {
	case "pass":
		c.passed++
		c.print(slices.DeleteFunc(kept, func(line string) bool { return !figures.MatchString(line) }))
	case "skip":
		c.skipped++
		c.leftOut = append(c.leftOut, e.Package+"."+e.Test)
		c.print(kept)
	case "fail":
		c.failed++
		c.failures = append(c.failures, e.Package+" "+e.Test)
		c.print(kept)
	}
}

// figures are what a test closes with that tries many things.
var figures = regexp.MustCompile(`^(\s+\w+\.go:\d+: )?[a-z]+=\S+ [a-z]+=\S`)

// endPackage prints a package's closing line and figures, and all of its own output if it failed outside a test (a panic, a build).
func (c *count) endPackage(e event, kept []string) {
	if e.Action != "fail" {
		for _, line := range kept {
			switch {
			case strings.HasPrefix(line, "ok "):
				fmt.Fprintf(c.out, "%s\tafter %v\n", strings.TrimSpace(line), e.Time.Sub(c.began).Round(time.Second))
			case figures.MatchString(line):
				fmt.Fprint(c.out, line)
			}
		}
		return
	}
	for key, lines := range c.kept { // a test that never ended: the process died in it
		if key[0] == e.Package {
			c.print(lines)
			delete(c.kept, key)
		}
	}
	c.print(kept)
	for _, f := range c.failures {
		if strings.HasPrefix(f, e.Package+" ") {
			return
		}
	}
	c.failed++
	c.failures = append(c.failures, e.Package)
}

func (c *count) print(lines []string) {
	for _, line := range lines {
		fmt.Fprint(c.out, line)
	}
}
