package recipes

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"linectl/line"
)

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

// largest bounds what may be written as a number: nothing on the line comes near it in any unit.
const largest = 1e12

// number is a number without a unit.
func (s *section) number(key string) (float64, bool) {
	e, ok := s.must(key, "a number")
	if !ok {
		return 0, false
	}
	t, _ := scalar(e.value)
	v, err := strconv.ParseFloat(t, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > largest {
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
	if err != nil || math.IsNaN(v) || v < 0 || v > largest {
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
	if err != nil && base != "" {
		err = fmt.Errorf("unknown unit %q; this is measured in %s", symbol, strings.Join(line.UnitsOf(base), " or "))
	}
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

// toBase converts to the base unit. A power of ten is moved in the text of the number, so that 0.03 mΩ is the same as 3e-05 Ω.
func toBase(v float64, u line.Unit) float64 {
	shift := int(math.Round(math.Log10(u.Factor)))
	if math.Pow10(shift) != u.Factor {
		return v * u.Factor
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	e, _ := strconv.Atoi(exponent)                                         // FormatFloat wrote it
	moved, _ := strconv.ParseFloat(mantissa+"e"+strconv.Itoa(e+shift), 64) // no number is larger than largest
	return moved
}
