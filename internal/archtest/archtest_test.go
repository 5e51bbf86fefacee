package archtest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTheTreeKeepsItsShape(t *testing.T) {
	problems, err := check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// shared are the libraries with more than one home.
var shared = []string{"github.com/goccy/go-yaml", "github.com/awcullen/opcua", "github.com/gopcua/opcua", "github.com/mattn/go-sqlite3"}

// A library that may be used anywhere is confined nowhere: each has one home, or the homes written here.
func TestEveryLibraryHasItsHome(t *testing.T) {
	homes := map[string][]string{}
	for dir, r := range house {
		for _, l := range r.libraries {
			homes[l] = append(homes[l], dir)
		}
	}
	for l, dirs := range homes {
		if len(dirs) > 1 && !slices.Contains(shared, l) {
			t.Errorf("%s is at home in %v", l, dirs)
		}
	}
}

func TestNoRoomLeadsBackToItself(t *testing.T) {
	var visit func(at string, path []string)
	visit = func(at string, path []string) {
		for _, p := range path {
			if p == at {
				t.Fatalf("the map has a circle: %s", strings.Join(append(path, at), " → "))
			}
		}
		for _, next := range house[at].rooms {
			if _, ok := house[next]; !ok && next != "*" {
				t.Errorf("%s may import %s, which is not on the map", at, next)
			}
			visit(next, append(path, at))
		}
	}
	for dir := range house {
		visit(dir, nil)
	}
}

// Each violation is planted in a small tree that is clean without it.
func TestEachViolationIsCaught(t *testing.T) {
	clean := map[string]string{
		"go.mod":               "module linectl\n\nrequire (\n\tgithub.com/looplab/fsm v1.0.3\n\tgithub.com/x/y v1.0.0 // indirect\n)\n",
		"docs/dependencies.md": "| `github.com/looplab/fsm` | the table |\n",
		"docs/architecture.md": "| `line` | `packml` | `supervisor` | [why](dependencies.md#a) [out](https://example.org) |",
		"line/line.go":         "// Package line is words. It does nothing.\npackage line\n",
		"packml/m.go":          "// Package packml is a table. It does not act.\npackage packml\n\nimport _ \"github.com/looplab/fsm\"\n",
		"supervisor/loop.go":   "// Package supervisor decides. It does no I/O.\npackage supervisor\n\nfunc run() { go run() }\n",
	}
	long := strings.Repeat("\n", maxFile)
	for _, tt := range []struct{ name, file, source, want string }{
		{"nothing", "", "", ""},
		{"a forbidden arrow", "line/a.go", "package line\n\nimport _ \"linectl/packml\"\n", "line/a.go: line may not import packml"},
		{"a library outside its home", "line/a.go", "package line\n\nimport _ \"github.com/looplab/fsm\"\n", "line may not import github.com/looplab/fsm; its libraries are none"},
		{"a name that only begins alike", "packml/a.go", "package packml\n\nimport _ \"github.com/looplab/fsmx\"\n", "packml may not import github.com/looplab/fsmx"},
		{"a test may", "line/a_test.go", "package line\n\nimport _ \"linectl/packml\"\n", ""},
		{"a room not on the map", "utils/a.go", "package utils\n", "utils: a package that is not on the map"},
		{"a long file", "line/a.go", "package line\n" + long, "line/a.go: 501 lines"},
		{"a long loop", "supervisor/loop.go", "// Package supervisor decides. It does no I/O.\npackage supervisor\n" + long[:maxLoop], "at most 100"},
		{"a long function", "line/a.go", "package line\n\nfunc f() {\n" + long[:maxFunction+1] + "}\n", "f has 71 lines"},
		{"a goroutine where things are decided", "line/a.go", "package line\n\nfunc f() { go f() }\n", "line 3 starts a goroutine"},
		{"no package comment", "line/line.go", "package line\n", "line: the package has no comment"},
		{"a comment without a limit", "line/line.go", "// Package line is words.\npackage line\n", "does not say what the package does not do"},
		{"unfinished work", "line/a.go", "package line // TODO\n", "do it, file it as an issue"},
		{"the path of a machine", "README.md", "cd /home/ali/line\n", "README.md: line 1 has \"/home/a\""},
		{"a link to nowhere", "README.md", "[a](docs/none.md)\n", "README.md: the link to docs/none.md leads nowhere"},
		{"a room that is not shown", "alarms/a.go", "// Package alarms is a value. It does not ring.\npackage alarms\n", "the room `alarms` is not in its table"},
		{"a dependency without a reason", "docs/dependencies.md", "", "no line for github.com/looplab/fsm"},
		{"a reason without a dependency", "docs/dependencies.md", "| `github.com/looplab/fsm` | t |\n| `github.com/x/y` | t |\n", "a line for github.com/x/y"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tree := fstest.MapFS{}
			for name, source := range clean {
				tree[name] = &fstest.MapFile{Data: []byte(source)}
			}
			if tt.file != "" {
				tree[tt.file] = &fstest.MapFile{Data: []byte(tt.source)}
			}
			problems, err := check(tree)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(problems)
			if tt.want == "" && len(problems) > 0 || tt.want != "" && (len(problems) != 1 || !strings.Contains(got, tt.want)) {
				t.Errorf("found %s, want %q alone", got, tt.want)
			}
		})
	}
}
