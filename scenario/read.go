package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Problem is one thing wrong with a story's file.
type Problem struct { //nolint:errname // it is called so in the room of the recipes too {
	File string `json:"file"`
	Line int    `json:"line"` // from 1; 0 = the file as a whole
	Text string `json:"text"` // what is wrong, and what may stand there
}

func (p *Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Bounds of a story's file.
const (
	maxSource   = 64 << 10
	maxNesting  = 16 // brackets open at once
	maxProblems = 20
)

// file is a story being read: it collects problems instead of stopping at the first.
type file struct {
	name     string
	problems []*Problem
}

func (f *file) wrong(at int, format string, args ...any) {
	f.problems = append(f.problems, &Problem{f.name, at, fmt.Sprintf(format, args...)})
}

func (f *file) err() error {
	slices.SortStableFunc(f.problems, func(a, b *Problem) int { return a.Line - b.Line })
	var errs []error
	for i, p := range f.problems {
		if i == maxProblems {
			errs = append(errs, &Problem{f.name, 0, fmt.Sprintf("%d more problems; mend these first", len(f.problems)-i)})
			break
		}
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// document reads the one mapping that a story is, or reports why there is none.
func (f *file) document(source []byte) *keys {
	depth, deepest := 0, 0
	for _, b := range source {
		switch b {
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	switch {
	case len(source) > maxSource:
		f.wrong(0, "the file has %d bytes, more than %d", len(source), maxSource)
		return nil
	case !utf8.Valid(source):
		f.wrong(0, "the file is not UTF-8")
		return nil
	case deepest > maxNesting:
		f.wrong(0, "more than %d brackets are open", maxNesting)
		return nil
	}
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		at, text := 0, err.Error()
		if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil && e.GetToken().Position != nil {
			at, text = e.GetToken().Position.Line, e.GetMessage()
		}
		f.wrong(at, "this is no YAML: %s", text)
		return nil
	}
	switch {
	case len(tree.Docs) == 0 || len(tree.Docs) == 1 && tree.Docs[0].Body == nil:
		f.wrong(0, "the file is empty; want a story, with name, shows, must, orders, events and expect")
		return nil
	case len(tree.Docs) > 1:
		f.wrong(0, "want one story, found %d; give each a file of its own", len(tree.Docs))
		return nil
	}
	return f.keys(tree.Docs[0].Body)
}

// value is a node with its line.
type value struct {
	ast.Node
	at int
}

// keys is a mapping. Each key is asked for once; what nobody has asked for is unknown here.
type keys struct {
	file  *file
	at    int
	order []string
	have  map[string]value
	asked []string
}

func lineOf(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 0
	}
	return n.GetToken().Position.Line
}

// keys opens a mapping. What is none is reported, and has no keys.
func (f *file) keys(n ast.Node) *keys {
	k := &keys{file: f, at: lineOf(n), have: map[string]value{}}
	m, ok := n.(ast.MapNode)
	if !ok {
		f.wrong(k.at, "want keys with values here")
		return k
	}
	for it := m.MapRange(); it.Next(); {
		name, at := it.Key().GetToken().Value, lineOf(it.Key())
		if len(k.order) == 0 {
			k.at = at
		}
		if first, twice := k.have[name]; twice {
			f.wrong(at, "%s stands on line %d already", name, first.at)
			continue
		}
		k.have[name] = value{it.Value(), at}
		k.order = append(k.order, name)
	}
	return k
}

func (k *keys) wrong(key, format string, args ...any) {
	at := k.at
	if v, ok := k.have[key]; ok {
		at = v.at
	}
	k.file.wrong(at, "%s: %s", key, fmt.Sprintf(format, args...))
}

func (k *keys) has(key string) bool { _, ok := k.have[key]; return ok }

// done reports the keys that nobody asked for.
func (k *keys) done() {
	for _, name := range k.order {
		if !slices.Contains(k.asked, name) {
			k.wrong(name, "unknown key; known here are %s", strings.Join(k.asked, ", "))
		}
	}
}

// text returns the plain value of a key as it was written; empty where the key is missing.
func (k *keys) text(key string) string {
	k.asked = append(k.asked, key)
	v, ok := k.have[key]
	if !ok {
		return ""
	}
	switch n := v.Node.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(n.Value)
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value
	}
	k.wrong(key, "want one value")
	return ""
}

// must is text of a key that may not be missing.
func (k *keys) must(key, want string) string {
	s := k.text(key)
	if s == "" && (!k.has(key) || isScalar(k.have[key].Node)) {
		k.wrong(key, "is missing; give %s", want)
	}
	return s
}

func isScalar(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode, *ast.NullNode:
		return true
	}
	return false
}

// count is a whole number; otherwise where the key is missing.
func (k *keys) count(key string, otherwise, least, most int) int {
	s := k.text(key)
	if s == "" {
		return otherwise
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		k.wrong(key, "%q: want a whole number from %d to %d", s, least, most)
	}
	return n
}

// span is a time; otherwise where the key is missing.
func (k *keys) span(key string, otherwise time.Duration) time.Duration {
	s := k.text(key)
	if s == "" {
		return otherwise
	}
	d, err := parseSpan(s)
	if err != nil {
		k.wrong(key, "%v", err)
	}
	return d
}

// maxSpan bounds every time in a story.
const maxSpan = 400 * 24 * time.Hour

func parseSpan(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 || d > maxSpan {
		return 0, fmt.Errorf("%q: want a time like 500ms, 20s or 2h", s)
	}
	return d, nil
}

// oneOf is one of some words; the first where the key is missing.
func (k *keys) oneOf(key string, known ...string) string {
	s := k.text(key)
	if s == "" {
		return known[0]
	}
	if !slices.Contains(known, s) {
		k.wrong(key, "%q: want %s", s, strings.Join(known, ", "))
	}
	return s
}

// list returns the mappings of a list.
func (k *keys) list(key string) []*keys {
	k.asked = append(k.asked, key)
	v, ok := k.have[key]
	if !ok {
		return nil
	}
	seq, ok := v.Node.(*ast.SequenceNode)
	if !ok {
		k.wrong(key, "want a list")
		return nil
	}
	var all []*keys
	for _, n := range seq.Values {
		all = append(all, k.file.keys(n))
	}
	return all
}

// inner opens the mapping of a key.
func (k *keys) inner(key string) (*keys, bool) {
	k.asked = append(k.asked, key)
	v, ok := k.have[key]
	if !ok {
		return nil, false
	}
	return k.file.keys(v.Node), true
}
