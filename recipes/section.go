package recipes

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"linectl/line"
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
			s.wrong(name, "unknown key; known here are %s", strings.Join(s.asked, ", "))
		}
	}
}

func (s *section) text(key, want string) string {
	e, ok := s.must(key, want)
	if !ok {
		return ""
	}
	t, ok := scalar(e.value)
	if t = strings.TrimSpace(t); !ok || t == "" {
		s.wrong(key, "want %s, found %s", want, describe(e.value))
	}
	return t
}

func (s *section) textOr(key, want, otherwise string) string {
	if !s.has(key) {
		s.ask(key)
		return otherwise
	}
	return s.text(key, want)
}

// oneOf is a text out of a list.
func (s *section) oneOf(key string, choices ...string) string {
	want := "one of " + strings.Join(choices, ", ")
	t := s.text(key, want)
	if t != "" && !slices.Contains(choices, t) {
		s.wrong(key, "%q is not known; give %s", t, want)
	}
	return t
}

// count is a whole number within bounds.
func (s *section) count(key string, least, most int) int {
	want := "a whole number from " + strconv.Itoa(least) + " to " + strconv.Itoa(most)
	e, ok := s.must(key, want)
	if !ok {
		return 0
	}
	t, _ := scalar(e.value)
	n, err := strconv.Atoi(t)
	if err != nil || n < least || n > most {
		s.wrong(key, "want %s, found %s", want, describe(e.value))
		return 0
	}
	return n
}

func (s *section) countOr(key string, least, most, otherwise int) int {
	if !s.has(key) {
		s.ask(key)
		return otherwise
	}
	return s.count(key, least, most)
}

func (s *section) flagOr(key string, otherwise bool) bool {
	e, ok := s.ask(key)
	if !ok {
		return otherwise
	}
	b, ok := e.value.(*ast.BoolNode)
	if !ok {
		s.wrong(key, "want true or false, found %s", describe(e.value))
		return otherwise
	}
	return b.Value
}

// number is a finite number without a unit.
func (s *section) number(key string) (float64, bool) {
	e, ok := s.must(key, "a number")
	if !ok {
		return 0, false
	}
	t, _ := scalar(e.value)
	v, err := strconv.ParseFloat(t, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		s.wrong(key, "want a number, found %s", describe(e.value))
		return 0, false
	}
	return v, true
}

// span is a length of time such as "72h", "90s" or "180d". It is never negative.
func (s *section) span(key string) time.Duration {
	const want = `a time such as "72h", "90s" or "180d"`
	e, ok := s.must(key, want)
	if !ok {
		return 0
	}
	t, _ := scalar(e.value)
	d, err := parseSpan(t)
	switch {
	case err != nil:
		s.wrong(key, "want %s, found %s", want, describe(e.value))
	case d <= 0:
		s.wrong(key, "%s is not a time that can pass; give %s", t, want)
	}
	return d
}

func parseSpan(t string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(t, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		return time.Duration(n) * 24 * time.Hour, err
	}
	return time.ParseDuration(t)
}

func (s *section) spanOr(key string) time.Duration {
	if !s.has(key) {
		s.ask(key)
		return 0
	}
	return s.span(key)
}

// quantity is a number with its unit in one text, "5 mV", converted to the base unit. It is never negative.
func (s *section) quantity(key, base string) float64 {
	want := "a number with its unit, in " + strings.Join(line.UnitsOf(base), " or ")
	e, ok := s.must(key, want)
	if !ok {
		return 0
	}
	t, _ := scalar(e.value)
	words := strings.Fields(t)
	if len(words) != 2 {
		s.wrong(key, "want %s, found %s", want, describe(e.value))
		return 0
	}
	v, err := strconv.ParseFloat(words[0], 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) || v < 0 {
		s.wrong(key, "%q is no number of zero or more; give %s", words[0], want)
		return 0
	}
	u, ok := s.unit(key, words[1], base)
	if !ok {
		return 0
	}
	return toBase(v, u)
}

func (s *section) quantityOr(key, base string) float64 {
	if !s.has(key) {
		s.ask(key)
		return 0
	}
	return s.quantity(key, base)
}

// unit finds a unit and checks that it measures what is asked for.
func (s *section) unit(key, symbol, base string) (line.Unit, bool) {
	u, err := line.ParseUnit(symbol)
	if err != nil {
		s.wrong(key, "%v", err)
		return u, false
	}
	if base != "" && u.Base != base {
		s.wrong(key, "the unit %s does not fit; this is measured in %s", symbol, strings.Join(line.UnitsOf(base), " or "))
		return u, false
	}
	return u, true
}

// toBase converts to the base unit. Dividing by the whole number keeps 1.1 mm from becoming 0.0011000000000000001 m.
func toBase(v float64, u line.Unit) float64 {
	if u.Factor < 1 {
		return v / math.Round(1/u.Factor)
	}
	return v * u.Factor
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
