package opcua

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/awcullen/opcua/ua"
	"pgregory.net/rapid"
)

// occasion is an event with fields by name.
type occasion map[string]ua.Variant

func (o occasion) GetAttribute(a ua.SimpleAttributeOperand) ua.Variant {
	if len(a.BrowsePath) == 0 {
		return nil
	}
	return o[a.BrowsePath[0].Name]
}

func clause(elements ...ua.ContentFilterElement) ua.ContentFilter {
	return ua.ContentFilter{Elements: elements}
}

func term(op ua.FilterOperator, operands ...any) ua.ContentFilterElement {
	e := ua.ContentFilterElement{FilterOperator: op}
	for _, o := range operands {
		switch o := o.(type) {
		case ua.ElementOperand, ua.SimpleAttributeOperand, ua.AttributeOperand:
			e.FilterOperands = append(e.FilterOperands, o)
		default:
			e.FilterOperands = append(e.FilterOperands, ua.LiteralOperand{Value: o})
		}
	}
	return e
}

func named(field string) ua.SimpleAttributeOperand {
	return ua.SimpleAttributeOperand{TypeDefinitionID: ua.ObjectTypeIDBaseEventType, BrowsePath: ua.ParseBrowsePath(field), AttributeID: ua.AttributeIDValue}
}

func later(index uint32) ua.ElementOperand { return ua.ElementOperand{Index: index} }

func alarmsAreConditions(kind, of ua.NodeID) bool {
	return kind == ua.ObjectTypeIDAlarmConditionType && (of == ua.ObjectTypeIDConditionType || of == ua.ObjectTypeIDBaseEventType)
}

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// TestWhatAFilterLetsThrough is one line for each rule of OPC 10000-4, 7.7.
func TestWhatAFilterLetsThrough(t *testing.T) {
	e := occasion{
		"EventType": ua.ObjectTypeIDAlarmConditionType, "Severity": uint16(700), "Message": ua.LocalizedText{Text: "welder does not answer", Locale: "en"},
		"Time": noon, "SourceName": "ST060", "Retain": true, "Mask": uint32(0b1010), "Small": int8(-3), "Big": uint64(math.MaxUint64), "Ratio": 0.5,
		"SourceNode": ua.NewNodeIDString(2, "ST060"), "Id": ua.ByteString("abc"), "Name": ua.NewQualifiedName(2, "held"),
	}
	field := named
	for _, c := range []struct {
		what string
		want bool
		ua.ContentFilter
	}{
		{"no clause", true, clause()},
		{"severity 700 equals 700 of another type", true, clause(term(ua.FilterOperatorEquals, field("Severity"), int32(700)))},
		{"and 700.0", true, clause(term(ua.FilterOperatorEquals, field("Severity"), 700.0))},
		{"and the text 700", true, clause(term(ua.FilterOperatorEquals, field("Severity"), "700"))},
		{"but not 701", false, clause(term(ua.FilterOperatorEquals, field("Severity"), int32(701)))},
		{"at least 500", true, clause(term(ua.FilterOperatorGreaterThanOrEqual, field("Severity"), uint16(500)))},
		{"more than 700", false, clause(term(ua.FilterOperatorGreaterThan, field("Severity"), uint16(700)))},
		{"less than 701", true, clause(term(ua.FilterOperatorLessThan, field("Severity"), int64(701)))},
		{"at most 700", true, clause(term(ua.FilterOperatorLessThanOrEqual, field("Severity"), 700.0))},
		{"the largest number is more than -1", false, clause(term(ua.FilterOperatorGreaterThan, field("Big"), int64(-1)))}, // it does not fit into an Int64: not known
		{"a negative one is less", true, clause(term(ua.FilterOperatorLessThan, field("Small"), int64(-2)))},
		{"not a number is nothing", false, clause(term(ua.FilterOperatorLessThanOrEqual, field("Ratio"), math.NaN()))},
		{"a text against a number that it is not", false, clause(term(ua.FilterOperatorEquals, field("SourceName"), int32(1)))},
		{"between", true, clause(term(ua.FilterOperatorBetween, field("Severity"), uint16(601), uint16(800)))},
		{"not between", false, clause(term(ua.FilterOperatorBetween, field("Severity"), uint16(801), uint16(1000)))},
		{"in a list", true, clause(term(ua.FilterOperatorInList, field("SourceName"), "ST040", "ST060"))},
		{"not in a list", false, clause(term(ua.FilterOperatorInList, field("SourceName"), "ST040", "ST070"))},
		{"like", true, clause(term(ua.FilterOperatorLike, field("Message"), "%does not%"))},
		{"like one character", true, clause(term(ua.FilterOperatorLike, field("SourceName"), "ST0_0"))},
		{"like a range", true, clause(term(ua.FilterOperatorLike, field("SourceName"), "ST[0-9][5-7]0"))},
		{"like none of a list", false, clause(term(ua.FilterOperatorLike, field("SourceName"), "ST[^0]%"))},
		{"like a percent sign", false, clause(term(ua.FilterOperatorLike, field("SourceName"), `ST\%`))},
		{"like with an open bracket", false, clause(term(ua.FilterOperatorLike, field("SourceName"), "ST[0"))},
		{"null", true, clause(term(ua.FilterOperatorIsNull, field("NoSuch")))},
		{"not null", false, clause(term(ua.FilterOperatorIsNull, field("Severity")))},
		{"not", true, clause(term(ua.FilterOperatorNot, later(1)), term(ua.FilterOperatorIsNull, field("Severity")))},
		{"not of what is not known is not known", false, clause(term(ua.FilterOperatorNot, later(1)), term(ua.FilterOperatorEquals, field("NoSuch"), int32(1)))},
		{"and", false, clause(term(ua.FilterOperatorAnd, later(1), later(2)), term(ua.FilterOperatorEquals, field("Retain"), true), term(ua.FilterOperatorEquals, field("NoSuch"), true))},
		{"or", true, clause(term(ua.FilterOperatorOr, later(1), later(2)), term(ua.FilterOperatorEquals, field("Retain"), true), term(ua.FilterOperatorEquals, field("NoSuch"), true))},
		{"a truth value as it stands", true, clause(term(ua.FilterOperatorAnd, field("Retain"), true))},
		{"of the type", true, clause(term(ua.FilterOperatorOfType, ua.ObjectTypeIDAlarmConditionType))},
		{"of a type above", true, clause(term(ua.FilterOperatorOfType, ua.ObjectTypeIDConditionType))},
		{"of another type", false, clause(term(ua.FilterOperatorOfType, ua.ObjectTypeIDAuditEventType))},
		{"cast", true, clause(term(ua.FilterOperatorEquals, later(1), "700"), term(ua.FilterOperatorCast, field("Severity"), ua.DataTypeIDString))},
		{"cast to a time", true, clause(term(ua.FilterOperatorGreaterThan, field("Time"), later(1)), term(ua.FilterOperatorCast, "2026-11-25T11:59:59Z", ua.DataTypeIDDateTime))},
		{"cast that loses", false, clause(term(ua.FilterOperatorEquals, later(1), uint8(0)), term(ua.FilterOperatorCast, field("Severity"), ua.DataTypeIDByte))},
		{"bits", true, clause(term(ua.FilterOperatorEquals, later(1), uint32(0b0010)), term(ua.FilterOperatorBitwiseAnd, field("Mask"), uint32(0b0110)))},
		{"bits together", true, clause(term(ua.FilterOperatorEquals, later(1), uint32(0b1110)), term(ua.FilterOperatorBitwiseOr, field("Mask"), uint32(0b0110)))},
		{"bits of a negative number", true, clause(term(ua.FilterOperatorEquals, later(1), int8(-4)), term(ua.FilterOperatorBitwiseAnd, field("Small"), int8(-2)))},
		{"the same node", true, clause(term(ua.FilterOperatorEquals, field("SourceNode"), ua.NewNodeIDString(2, "ST060")))},
		{"a node as text", true, clause(term(ua.FilterOperatorEquals, field("SourceNode"), "ns=2;s=ST060"))},
		{"a byte string", true, clause(term(ua.FilterOperatorEquals, field("Id"), ua.ByteString("abc")))},
		{"a qualified name", true, clause(term(ua.FilterOperatorEquals, field("Name"), "held"))},
		{"a list is compared with nothing", false, clause(term(ua.FilterOperatorEquals, []ua.Variant{1}, []ua.Variant{1}))},
		{"a number is no verdict", false, clause(term(ua.FilterOperatorBitwiseAnd, int32(1), int32(1)))},
	} {
		f, err := compileFilter(c.ContentFilter)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got := f.match(e, alarmsAreConditions); got != c.want {
			t.Errorf("%s: %v", c.what, got)
		}
	}
}

// TestMalformedFiltersAreNone are those that would end the library, and their like.
func TestMalformedFiltersAreNone(t *testing.T) {
	many := make([]ua.ContentFilterElement, 10_000)
	for i := range many {
		many[i] = term(ua.FilterOperatorNot, later(uint32(i+1)))
	}
	for what, c := range map[string]ua.ContentFilter{
		"no operands":                       clause(term(ua.FilterOperatorEquals)),
		"one operand":                       clause(term(ua.FilterOperatorEquals, int32(1))),
		"refers to itself":                  clause(term(ua.FilterOperatorNot, later(0))),
		"refers back":                       clause(term(ua.FilterOperatorNot, later(1)), term(ua.FilterOperatorNot, later(0))),
		"refers to itself behind the first": clause(term(ua.FilterOperatorNot, later(1)), term(ua.FilterOperatorNot, later(1))),
		"refers to nothing":                 clause(term(ua.FilterOperatorNot, later(7))),
		"refers far":                        clause(term(ua.FilterOperatorNot, later(math.MaxUint32))),
		"no such operator":                  clause(term(99, int32(1))),
		"in view":                           clause(term(ua.FilterOperatorInView, ua.ObjectIDServer)),
		"related to":                        clause(term(ua.FilterOperatorRelatedTo, int32(1), int32(1), int32(1), int32(1), int32(1), int32(1))),
		"an unknown operand":                clause(ua.ContentFilterElement{FilterOperator: ua.FilterOperatorNot, FilterOperands: []ua.ExtensionObject{nil}}),
		"an attribute operand":              clause(term(ua.FilterOperatorIsNull, ua.AttributeOperand{})),
		"10,000 elements":                   clause(many...),
	} {
		if _, err := compileFilter(c); err == nil {
			t.Errorf("%s: taken", what)
		}
	}
	deep := many[:maxElements:maxElements]
	deep[maxElements-1] = term(ua.FilterOperatorEquals, true, false)
	f, err := compileFilter(clause(deep...))
	if err != nil || f.match(occasion{}, alarmsAreConditions) != (maxElements%2 == 0) {
		t.Errorf("%d elements one in the other: %v", maxElements, err)
	}
	twice := make([]ua.ContentFilterElement, maxElements)
	for i := range twice {
		twice[i] = term(ua.FilterOperatorAnd, later(uint32(i+1)), later(uint32(i+1)))
	}
	twice[maxElements-1] = term(ua.FilterOperatorIsNull, named("NoSuch"))
	if f, err = compileFilter(clause(twice...)); err != nil || !f.match(occasion{}, alarmsAreConditions) { // 2^255 steps, if each were worked out anew
		t.Errorf("elements that are used twice: %v", err)
	}
}

// TestLikeTakesNoMoreThanItsLengths holds a pattern that backtracking would take for ever over.
func TestLikeTakesNoMoreThanItsLengths(t *testing.T) {
	if is, ok := like(strings.Repeat("a", 500), strings.Repeat("a%", 250)+"b"); is || !ok {
		t.Error(is, ok)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 8, -1).Draw(t, "text")
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab%_")), 0, 8, -1).Draw(t, "pattern")
		if is, _ := like(text, pattern); is != plainLike([]rune(text), []rune(pattern)) {
			t.Fatalf("%q like %q: %v", text, pattern, is)
		}
	})
}

func plainLike(text, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '%':
		return plainLike(text, pattern[1:]) || len(text) > 0 && plainLike(text[1:], pattern)
	}
	return len(text) > 0 && (pattern[0] == '_' || pattern[0] == text[0]) && plainLike(text[1:], pattern[1:])
}

// TestNumbersCompareAsNumbers compares numbers of any two types with the plain comparison.
func TestNumbersCompareAsNumbers(t *testing.T) {
	number := rapid.OneOf(
		rapid.Int8().AsAny(), rapid.Uint8().AsAny(), rapid.Int16().AsAny(), rapid.Uint16().AsAny(), rapid.Int32Range(-1e6, 1e6).AsAny(),
		rapid.Uint32Range(0, 1e6).AsAny(), rapid.Int64Range(-1e6, 1e6).AsAny(), rapid.Uint64Range(0, 1e6).AsAny(), rapid.Float64Range(-1e6, 1e6).AsAny(),
	)
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		order, ok := compare(a, b)
		want := sign(toFloat(a) < toFloat(b), toFloat(a) > toFloat(b))
		if ok && order != want {
			t.Fatalf("%T %v and %T %v: %d", a, a, b, b, order)
		}
		back, known := compare(b, a)
		if known != ok || ok && back != -order {
			t.Fatalf("%T %v and %T %v: %d, the other way round %d", a, a, b, b, order, back)
		}
		if is, ok := equal(a, b); ok && is != (want == 0) {
			t.Fatalf("%T %v equals %T %v: %v", a, a, b, b, is)
		}
	})
}

// FuzzFilter makes a clause of any bytes. Whatever it is, the answer comes, and the laws of De Morgan hold for it.
func FuzzFilter(f *testing.F) {
	f.Add([]byte{10, 2, 1, 1, 2, 2, 0, 2, 0, 1, 2, 1})
	f.Add([]byte{7, 1, 1, 0})
	f.Add([]byte{6, 2, 0, 3, 0, 4})
	literals := []ua.Variant{nil, true, false, "ST060", "%[0-9]_\\", int32(-1), uint16(700), math.NaN(), noon, ua.ByteString("x"), ua.StatusCode(0x80000000), []ua.Variant{1}, ua.ObjectTypeIDConditionType, ua.DataTypeIDInt16, uint64(math.MaxUint64), math.MaxFloat64}
	f.Fuzz(func(t *testing.T, raw []byte) {
		next := func() byte {
			if len(raw) == 0 {
				return 0
			}
			b := raw[0]
			raw = raw[1:]
			return b
		}
		elements := []ua.ContentFilterElement{{}}
		for len(raw) > 0 && len(elements) < 2*maxElements {
			e := term(ua.FilterOperator(next() % 20))
			for range next() % 5 {
				switch next() % 4 {
				case 0:
					e.FilterOperands = append(e.FilterOperands, ua.LiteralOperand{Value: literals[int(next())%len(literals)]})
				case 1:
					e.FilterOperands = append(e.FilterOperands, later(uint32(next())))
				case 2:
					e.FilterOperands = append(e.FilterOperands, named([]string{"Severity", "Message", "EventType", "NoSuch"}[next()%4]))
				default:
					e.FilterOperands = append(e.FilterOperands, nil)
				}
			}
			elements = append(elements, e)
		}
		e := occasion{"Severity": uint16(700), "Message": ua.LocalizedText{Text: "ST060"}, "EventType": ua.ObjectTypeIDAlarmConditionType}
		answers := map[string]bool{}
		for name, first := range map[string]ua.ContentFilterElement{
			"it": term(ua.FilterOperatorOr, later(1), false), "not": term(ua.FilterOperatorNot, later(1)), "and": term(ua.FilterOperatorAnd, later(1), later(1)),
		} {
			elements[0] = first
			made, err := compileFilter(ua.ContentFilter{Elements: elements})
			if err != nil {
				return
			}
			answers[name] = made.match(e, alarmsAreConditions)
		}
		if answers["it"] && answers["not"] || answers["it"] != answers["and"] {
			t.Fatal(fmt.Sprint(answers))
		}
	})
}
