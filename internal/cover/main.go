// Command cover reads the profile that go test -coverprofile has written, prints what share of each package's statements has run, and
// exits 1 if it is less than 90 % of any.
//
// It runs no test, and it says nothing of statements that have run without anybody looking at what they did.
package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

const least = 90 // per cent

func main() {
	ok, err := false, error(nil)
	if len(os.Args) != 2 {
		err = fmt.Errorf("want the name of a profile, got %q", os.Args[1:])
	} else {
		ok, err = read(os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "cover:", err)
	}
	if !ok {
		os.Exit(1)
	}
}

func read(name string) (bool, error) {
	f, err := os.Open(name) //nolint:gosec // the caller names it
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	return cover(f, os.Stdout)
}

// cover prints the share of each package and reports whether all are large enough; that of no package is not. A profile lists a block
// once for each test: it has run if any of them says so. The error says which line of the profile is none.
func cover(profile io.Reader, out io.Writer) (bool, error) {
	type block struct{ all, run int }
	blocks := map[string]block{}
	lines := bufio.NewScanner(profile)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text()) // file:from,to statements count
		if n == 1 && len(fields) == 2 && fields[0] == "mode:" {
			continue
		}
		if len(fields) != 3 {
			return false, fmt.Errorf("coverage profile, line %d: %q is no block", n, lines.Text())
		}
		statements, err := strconv.Atoi(fields[1])
		if err != nil {
			return false, fmt.Errorf("coverage profile, line %d: %w", n, err)
		}
		b := block{all: statements, run: blocks[fields[0]].run}
		if fields[2] != "0" {
			b.run = statements
		}
		blocks[fields[0]] = b
	}
	packages := map[string]block{}
	for at, b := range blocks {
		file, _, _ := strings.Cut(at, ":")
		p := packages[path.Dir(file)]
		packages[path.Dir(file)] = block{p.all + b.all, p.run + b.run}
	}
	ok := len(packages) > 0
	for _, name := range slices.Sorted(maps.Keys(packages)) {
		share := 100 * float64(packages[name].run) / float64(max(1, packages[name].all))
		verdict := ""
		if share < least {
			verdict, ok = fmt.Sprintf("  below %d %%", least), false
		}
		fmt.Fprintf(out, "%s: %.1f %% of %d statements have run%s\n", name, share, packages[name].all, verdict)
	}
	return ok, lines.Err()
}
