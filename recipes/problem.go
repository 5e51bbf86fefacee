package recipes

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing wrong with a recipe. Parse joins all that it finds; errors.As finds the first, Problems finds all.
type Problem struct {
	File    string `json:"file"`    // as given to Parse
	Line    int    `json:"line"`    // from 1; 0 when the problem has no place in the file
	Field   string `json:"field"`   // path of keys, for example stations.weld.parameters.power
	Text    string `json:"text"`    // what is wrong, and after the semicolon what to do
	Excerpt string `json:"excerpt"` // the line of the file
}

// Error writes file:line, field, what is wrong and the line itself below it.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.Field != "" {
		b.WriteString(p.Field + ": ")
	}
	b.WriteString(p.Text)
	if p.Excerpt != "" {
		fmt.Fprintf(&b, "\n  %4d | %s", p.Line, p.Excerpt)
	}
	return b.String()
}

// Problems returns every Problem in an error of Parse or Load, in the order of the file.
func Problems(err error) []*Problem {
	var all []*Problem
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			all = append(all, Problems(e)...)
		}
		return all
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		all = append(all, p)
	}
	return all
}

// file is a recipe being read: it collects problems instead of stopping at the first.
type file struct {
	name     string
	lines    []string
	problems []*Problem
}

func (f *file) report(at int, field, format string, args ...any) {
	p := &Problem{File: f.name, Line: at, Field: field, Text: fmt.Sprintf(format, args...)}
	if at > 0 && at <= len(f.lines) {
		p.Excerpt = strings.TrimRight(f.lines[at-1], " \t\r")
	}
	f.problems = append(f.problems, p)
}

// maxProblems bounds what is reported of one file: nobody reads more at a time.
const maxProblems = 50

// err joins the problems in the order of the file.
func (f *file) err() error {
	slices.SortStableFunc(f.problems, func(a, b *Problem) int { return a.Line - b.Line })
	if more := len(f.problems) - maxProblems; more > 0 {
		f.problems = append(f.problems[:maxProblems], &Problem{File: f.name, Text: fmt.Sprintf("%d more problems; mend these first", more)})
	}
	errs := make([]error, len(f.problems))
	for i, p := range f.problems {
		errs[i] = p
	}
	return errors.Join(errs...)
}
