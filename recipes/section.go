package recipes

import (
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// section is a mapping of the file while it is read. Each key is asked for once; what nobody asked for is an unknown key.
// An absent section answers everything with zero values and reports nothing more: its absence was reported already.
type section struct {
	file   *file
	path   string
	at     int
	absent bool
	order  []string
	keys   map[string]entry
	asked  []string
}

type entry struct {
	value ast.Node
	at    int
}

// mapping opens a node as a section.
func (f *file) mapping(n ast.Node, path string, at int) *section {
	s := &section{file: f, path: path, at: at, keys: map[string]entry{}}
	m, ok := n.(ast.MapNode)
	if !ok {
		f.report(at, path, "want keys with values, found %s; indent the keys below it", describe(n))
		s.absent = true
		return s
	}
	for it := m.MapRange(); it.Next(); {
		k := it.Key()
		if k.IsMergeKey() {
			f.report(lineOf(k, at), path, "merge keys are not read; write the values where they are used")
			continue
		}
		name := k.GetToken().Value
		if first, twice := s.keys[name]; twice {
			f.report(lineOf(k, at), s.field(name), "stands on line %d already; keep one of them", first.at)
			continue
		}
		s.keys[name] = entry{it.Value(), lineOf(k, at)}
		s.order = append(s.order, name)
	}
	return s
}

func lineOf(n ast.Node, otherwise int) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return otherwise
	}
	return n.GetToken().Position.Line
}

// describe names what stands where something else was wanted.
func describe(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case ast.MapNode:
		return "keys with values"
	case *ast.SequenceNode:
		return "a list"
	case *ast.AnchorNode, *ast.AliasNode:
		return "an anchor or alias, which is not read"
	case *ast.TagNode:
		return "a tag, which is not read"
	}
	if text, ok := scalar(n); ok {
		return strconv.Quote(text)
	}
	return "something else"
}

// scalar returns the text of a plain value as it was written.
func scalar(n ast.Node) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return v.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

func (s *section) field(key string) string {
	if s.path == "" {
		return key
	}
	return s.path + "." + key
}

// wrong reports a problem with the value of a key, at the key's line if it is there.
func (s *section) wrong(key, format string, args ...any) {
	if s.absent {
		return
	}
	at := s.at
	if e, ok := s.keys[key]; ok {
		at = e.at
	}
	s.file.report(at, s.field(key), format, args...)
}

func (s *section) has(key string) bool { _, ok := s.keys[key]; return ok }

// ask marks the key as known and returns its value.
func (s *section) ask(key string) (entry, bool) {
	s.asked = append(s.asked, key)
	e, ok := s.keys[key]
	return e, ok
}

// must is ask for a key that may not be missing.
func (s *section) must(key, want string) (entry, bool) {
	e, ok := s.ask(key)
	if !ok {
		s.wrong(key, "is missing; give %s", want)
	}
	return e, ok
}

// done reports the keys that nobody asked for.
func (s *section) done() {
	for _, name := range s.order {
		if !slices.Contains(s.asked, name) {
			s.wrong(name, "unknown key; %sknown here are %s", suggest(name, s.asked), strings.Join(s.asked, ", "))
		}
	}
}

// skip takes every key as known: a problem of the section was reported that makes its content moot.
func (s *section) skip() { s.asked = append(s.asked, s.order...) }

// suggest guesses which known word was meant.
func suggest(word string, known []string) string {
	best, least := "", 3 // more than two typing errors are no guess
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "? "
}

// distance counts the letters to insert, remove or replace to turn a into b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// section opens a mapping that may not be missing.
func (s *section) section(key string) *section {
	e, ok := s.must(key, "its keys below it")
	if !ok {
		return &section{file: s.file, absent: true}
	}
	return s.file.mapping(e.value, s.field(key), e.at)
}

// optional opens a mapping that may be missing.
func (s *section) optional(key string) (*section, bool) {
	if !s.has(key) {
		s.ask(key)
		return &section{file: s.file, absent: true}, false
	}
	return s.section(key), true
}

// list returns the items of a list, each with its line. A missing list is empty.
func (s *section) list(key string) []entry {
	e, ok := s.ask(key)
	if !ok {
		return nil
	}
	seq, ok := e.value.(*ast.SequenceNode)
	if !ok {
		s.wrong(key, "want a list, found %s; begin each item with a dash", describe(e.value))
		return nil
	}
	items := make([]entry, len(seq.Values))
	for i, v := range seq.Values {
		items[i] = entry{v, lineOf(v, e.at)}
		if m, ok := v.(ast.MapNode); ok { // the token of a block mapping is its first colon
			if it := m.MapRange(); it.Next() {
				items[i].at = lineOf(it.Key(), items[i].at)
			}
		}
	}
	return items
}

// sections returns the items of a list of mappings.
func (s *section) sections(key string) []*section {
	items := s.list(key)
	all := make([]*section, len(items))
	for i, item := range items {
		all[i] = s.file.mapping(item.value, s.field(key)+"["+strconv.Itoa(i+1)+"]", item.at)
	}
	return all
}

// texts returns the items of a list of plain values.
func (s *section) texts(key string) []string {
	var all []string
	for _, item := range s.list(key) {
		t, ok := scalar(item.value)
		if !ok {
			s.file.report(item.at, s.field(key), "want plain words in this list, found %s", describe(item.value))
			continue
		}
		all = append(all, t)
	}
	return all
}
