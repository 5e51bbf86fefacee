package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// problem is one thing wrong in a file, at a line from 1 (0 = the file as a whole).
type problem struct {
	line int
	text string
}

// problems is everything wrong in a file at once. As an error it shows each with its line.
type problems struct {
	path  string
	text  []string
	found []problem
}

func (p *problems) add(line int, format string, args ...any) {
	p.found = append(p.found, problem{line, fmt.Sprintf(format, args...)})
}

// err returns nil when nothing was found.
func (p *problems) err() error {
	if len(p.found) == 0 {
		return nil
	}
	slices.SortStableFunc(p.found, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	return p
}

func (p *problems) Error() string {
	var b strings.Builder
	for i, f := range p.found {
		if i > 0 {
			b.WriteByte('\n')
		}
		if f.line == 0 || f.line > len(p.text) {
			fmt.Fprintf(&b, "%s: %s", p.path, f.text)
			continue
		}
		fmt.Fprintf(&b, "%s:%d: %s\n%6d | %s", p.path, f.line, f.text, f.line, p.text[f.line-1])
	}
	return b.String()
}

// readConfig reads and checks a line.yaml. The error names everything that is wrong, each with its line.
func readConfig(path string) (*Config, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	c, err := parseConfig(path, source)
	if err != nil {
		return nil, err
	}
	return c, c.check()
}

// parseConfig reads a line.yaml without judging what it says, beyond keys and types.
func parseConfig(path string, source []byte) (*Config, error) {
	c := &Config{path: path, lines: map[string]int{}, text: strings.Split(string(source), "\n")}
	found := &problems{path: path, text: c.text}
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		found.yaml(err)
		return nil, found.err()
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		found.add(0, "want one YAML document, the description of a line")
		return nil, found.err()
	}
	c.walk(found, file.Docs[0].Body, reflect.TypeFor[Config](), "")
	if err := found.err(); err != nil {
		return nil, err
	}
	if err := yaml.NodeToValue(file.Docs[0].Body, c, yaml.DisallowUnknownField()); err != nil {
		found.yaml(err)
		return nil, found.err()
	}
	c.complete()
	return c, nil
}

// yaml adds an error of the YAML library, which knows its place.
func (p *problems) yaml(err error) {
	var placed interface {
		error
		GetMessage() string
		GetToken() *token.Token
	}
	if errors.As(err, &placed) && placed.GetToken() != nil {
		p.add(placed.GetToken().Position.Line, "%s", placed.GetMessage())
		return
	}
	p.add(0, "%v", err)
}

// walk notes the line of every value and finds the keys that the type does not have: the library would stop at the first.
func (c *Config) walk(found *problems, n ast.Node, t reflect.Type, at string) {
	if n == nil {
		return
	}
	c.lines[at] = n.GetToken().Position.Line
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, v := range n.Values {
			c.walkValue(found, v, t, at)
		}
	case *ast.MappingValueNode:
		c.walkValue(found, n, t, at)
	case *ast.SequenceNode:
		if t.Kind() != reflect.Slice {
			found.add(n.GetToken().Position.Line, "%s: a list stands where one value is wanted", at)
			return
		}
		for i, v := range n.Values {
			c.walk(found, v, t.Elem(), fmt.Sprintf("%s[%d]", at, i))
		}
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.LiteralNode, *ast.InfinityNode, *ast.NanNode:
		if want := misfit(n, t); want != "" {
			found.add(n.GetToken().Position.Line, "%s", strings.TrimPrefix(at+": "+want, ": "))
		}
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		found.add(n.GetToken().Position.Line, "%s: anchors and aliases are not read; write it out", at)
	}
}

// misfit says what to write instead of a single value that is none of its type, or nothing. The library says it in Go's words.
func misfit(n ast.Node, t reflect.Type) string {
	value := n.GetToken().Value
	switch {
	case t == reflect.TypeFor[time.Duration]():
		if _, err := time.ParseDuration(value); err == nil && n.Type() == ast.StringType {
			return ""
		}
		if n.Type() == ast.IntegerType {
			return fmt.Sprintf("a time has a unit; write %ss", value)
		}
		return fmt.Sprintf("%q is no time; write for example 90s or 8h", value)
	case t.Kind() == reflect.Bool && n.Type() != ast.BoolType:
		return fmt.Sprintf("%q is neither; write true or false", value)
	case t.Kind() == reflect.Int && n.Type() != ast.IntegerType:
		return fmt.Sprintf("%q is no whole number", value)
	case t.Kind() == reflect.Slice:
		return "one value stands where a list is wanted"
	case t.Kind() == reflect.Struct:
		return "one value stands where keys are wanted"
	}
	return ""
}

func (c *Config) walkValue(found *problems, v *ast.MappingValueNode, t reflect.Type, at string) {
	here := v.Key.GetToken().Position.Line
	if t.Kind() != reflect.Struct {
		found.add(here, "%s: keys stand where one value is wanted", at)
		return
	}
	key := v.Key.String()
	var known []string
	for field := range t.Fields() {
		name := field.Tag.Get("yaml")
		if name == "" {
			continue
		}
		known = append(known, name)
		if name != key {
			continue
		}
		inner := strings.TrimPrefix(at+"."+key, ".")
		c.walk(found, v.Value, field.Type, inner)
		c.lines[inner] = here
		return
	}
	found.add(here, "unknown key %q; known here are %s", key, strings.Join(known, ", "))
}
