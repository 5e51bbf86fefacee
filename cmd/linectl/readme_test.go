package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestTheReadmeIsTyped holds that every command which the README tells people to type is typed in a script, with its subcommand and
// its flags. What they say is the scripts' to ask.
func TestTheReadmeIsTyped(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var scripts []string
	for _, file := range files {
		b, err := os.ReadFile(file) //nolint:gosec // of this repository
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.SplitSeq(string(b), "\n") {
			if strings.HasPrefix(l, "exec ") || strings.HasPrefix(l, "  ") { // not what fails (! exec), and what a script of a script does
				scripts = append(scripts, typed(l)...)
			}
		}
	}
	commands := 0
	for i, block := range strings.Split(string(readme), "```") {
		if i%2 == 0 {
			continue // between two blocks
		}
		for l := range strings.SplitSeq(block, "\n") {
			for _, want := range typed(strings.Replace(l, "go run ./cmd/linectl", "linectl", 1)) {
				commands++
				if !slices.ContainsFunc(scripts, func(have string) bool { return covers(have, want) }) {
					t.Errorf("no script types %q of the README", want)
				}
			}
		}
	}
	if commands < 30 || len(scripts) < 100 {
		t.Errorf("%d commands of the README and %d of scripts were found", commands, len(scripts))
	}
}

// TestWhatShowsPrintsJSON holds that every command prints JSON where it is asked to, except those that the README names and those that
// run, or keep secrets.
func TestWhatShowsPrintsJSON(t *testing.T) {
	var without []string
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if !c.HasSubCommands() && c.Flags().Lookup("json") == nil {
			without = append(without, strings.TrimPrefix(c.CommandPath(), "linectl "))
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
	if want := []string{"cert reject", "cert trust", "check", "demo", "gateway", "hmi", "run", "setup", "simulate"}; !slices.Equal(without, want) {
		t.Errorf("without --json are %q, want %q", without, want)
	}
}

var (
	// calling is linectl and what is typed after it, up to the end of the shell's command.
	calling = regexp.MustCompile(`(?:^|[\s('"])linectl ((?:"[^"]*"|'[^']*'|\$\([^)]*\)|[^|&;()"'])*)`)
	// flags are what is typed with two hyphens.
	flags = regexp.MustCompile(`--[a-z-]+`)
)

func typed(l string) (calls []string) {
	for _, m := range calling.FindAllStringSubmatch(l, -1) {
		calls = append(calls, strings.TrimSpace(m[1]))
	}
	return calls
}

// covers reports whether a call of a script is of the command, and has its flags.
func covers(have, want string) bool {
	h, w := path(have), path(want)
	return slices.Equal(h, w) && !slices.ContainsFunc(flags.FindAllString(want, -1), func(f string) bool { return !strings.Contains(have, f) })
}

// path is the command with its subcommand, and for a decision on quarantine what is decided.
func path(call string) []string {
	words := strings.Fields(call)
	cmd, _, err := newRoot().Find(words)
	if err != nil || cmd == nil || len(words) == 0 {
		return []string{call}
	}
	p := []string{cmd.CommandPath()}
	if cmd.Name() == "decide" && len(words) > 3 {
		p = append(p, words[3])
	}
	return p
}
