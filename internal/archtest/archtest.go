// Package archtest holds the shape of the source tree: which package may import which, where each third-party library is
// confined, how long files and functions may be, what must be commented, and words that must not stay.
//
// It reads source text with go/parser. It does not build, does not run the go command and does not judge style: that is the
// linter's work.
package archtest

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const module = "linectl"

// tree is a parsed source tree and what was found wrong with it.
type tree struct {
	fset     *token.FileSet
	packages map[string][]*ast.File // by directory, without test files
	markdown []string
	problems []string
}

// check reads the tree and returns its violations, sorted, one line each: where, what, and what to do.
func check(root fs.FS) ([]string, error) {
	t := tree{fset: token.NewFileSet(), packages: map[string][]*ast.File{}}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name != "." && strings.HasPrefix(d.Name(), ".") && d.Name() != ".ci" || d.Name() == "node_modules"):
			return fs.SkipDir
		case d.IsDir():
			return nil
		}
		return t.file(root, name)
	})
	if err != nil {
		return nil, err
	}
	for dir, files := range t.packages {
		t.comment(dir, files)
	}
	if err := errors.Join(t.dependencies(root), t.pages(root)); err != nil {
		return nil, err
	}
	slices.Sort(t.problems)
	return slices.Compact(t.problems), nil
}

func (t *tree) problem(where, format string, args ...any) {
	t.problems = append(t.problems, where+": "+fmt.Sprintf(format, args...))
}

// texts are the kinds of file that people write.
var texts = []string{".go", ".md", ".yaml", ".yml", ".sh", ".sql", ".txt", ".txtar", ".json", ".mod", ""}

func (t *tree) file(root fs.FS, name string) error {
	if !slices.Contains(texts, path.Ext(name)) {
		return nil
	}
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(name, "internal/archtest/") { // it must name what it forbids
		t.words(name, string(source))
	}
	if path.Ext(name) == ".md" {
		t.markdown = append(t.markdown, name)
	}
	if path.Ext(name) != ".go" {
		return nil
	}
	if n := strings.Count(string(source), "\n"); n > maxFile {
		t.problem(name, "%d lines, at most %d: split it by what it speaks of", n, maxFile)
	} else if path.Base(name) == "loop.go" && n > maxLoop {
		t.problem(name, "%d lines, at most %d: the loop moves, it does not decide", n, maxLoop)
	}
	f, err := parser.ParseFile(t.fset, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	dir := path.Dir(name)
	r, known := house[dir]
	if !known {
		t.problem(dir, "a package that is not on the map: add it to internal/archtest/rules.go and docs/architecture.md")
		return nil
	}
	if strings.HasSuffix(name, "_test.go") {
		return nil
	}
	t.packages[dir] = append(t.packages[dir], f)
	t.imports(name, dir, r, f)
	t.functions(name, r, f)
	return nil
}

func (t *tree) imports(name, dir string, r room, f *ast.File) {
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.problem(name, "import %s: %v", spec.Path.Value, err)
			continue
		}
		first, rest, _ := strings.Cut(imported, "/")
		switch {
		case first == module:
			if !slices.Contains(r.rooms, rest) && !slices.Contains(r.rooms, "*") {
				t.problem(name, "%s may not import %s; it may import %s", dir, rest, list(r.rooms))
			}
		case strings.Contains(first, "."):
			if !slices.ContainsFunc(r.libraries, func(l string) bool { return within(imported, l) }) {
				t.problem(name, "%s may not import %s; its libraries are %s", dir, imported, list(r.libraries))
			}
		}
	}
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// within reports whether an import path is a module's root or a package of it.
func within(imported, module string) bool {
	return imported == module || strings.HasPrefix(imported, module+"/")
}

func (t *tree) functions(name string, r room, f *ast.File) {
	line := func(p token.Pos) int { return t.fset.Position(p).Line }
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body == nil {
				break
			}
			if size := line(n.Body.Rbrace) - line(n.Body.Lbrace) - 1; size > maxFunction {
				t.problem(name, "%s has %d lines, at most %d", n.Name.Name, size, maxFunction)
			}
		case *ast.GoStmt:
			if r.pure && !slices.Contains(withGoroutine, name) {
				t.problem(name, "line %d starts a goroutine in a package that only decides", line(n.Pos()))
			}
		}
		return true
	})
}

// negation is how a comment says what a package does not do.
var negation = regexp.MustCompile(`\b(not|nothing|never|no|neither|nor|nobody|only)\b`)

func (t *tree) comment(dir string, files []*ast.File) {
	var texts []string
	for _, f := range files {
		texts = append(texts, f.Doc.Text())
	}
	doc := strings.Join(texts, "")
	want := "Package " + files[0].Name.Name + " "
	if files[0].Name.Name == "main" {
		want = "Command " + path.Base(dir) + " "
	}
	if !strings.HasPrefix(doc, want) {
		t.problem(dir, "the package has no comment that begins with %q", want)
	} else if !negation.MatchString(doc) {
		t.problem(dir, "the package comment does not say what the package does not do")
	}
}

var forbidden = []struct {
	pattern *regexp.Regexp
	why     string
}{
	{regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`), "do it, file it as an issue, or leave it"},
	{regexp.MustCompile(`(^|[\s"'=(\x60])/(work|tmp|root|home)/[\w.]`), "the path of one machine"},
}

func (t *tree) words(name, source string) {
	for i, text := range strings.Split(source, "\n") {
		for _, f := range forbidden {
			if found := f.pattern.FindString(text); found != "" {
				t.problem(name, "line %d has %q: %s", i+1, strings.TrimSpace(found), f.why)
			}
		}
	}
}

var (
	requirement = regexp.MustCompile(`(?m)^(?:require\s+)?\s*([\w.-]+\.[\w.-]+/\S+) v\S+$`) // a direct one has no comment
	tableRow    = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|")
)

const dependencyPage = "docs/dependencies.md"

// dependencies compares go.mod with the page that gives a reason for each direct dependency.
func (t *tree) dependencies(root fs.FS) error {
	mod, err := fs.ReadFile(root, "go.mod")
	if err != nil {
		return err
	}
	page, err := fs.ReadFile(root, dependencyPage)
	if err != nil {
		return err
	}
	required, explained := matches(requirement, mod), matches(tableRow, page)
	for m := range maps.Keys(required) {
		if !explained[m] {
			t.problem(dependencyPage, "no line for %s, which go.mod requires", m)
		}
	}
	for m := range maps.Keys(explained) {
		if !required[m] {
			t.problem(dependencyPage, "a line for %s, which go.mod does not require directly", m)
		}
	}
	return nil
}

func matches(pattern *regexp.Regexp, text []byte) map[string]bool {
	found := map[string]bool{}
	for _, m := range pattern.FindAllSubmatch(text, -1) {
		found[string(m[1])] = true
	}
	return found
}
