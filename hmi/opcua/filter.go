package opcua

import (
	"errors"
	"fmt"
	"math"

	"github.com/awcullen/opcua/ua"
)

// maxElements is how many elements a where clause may have. People write a handful.
const maxElements = 256

// filter is the where clause of an event filter (OPC 10000-4, 7.7), checked. It decides of any event in a time that grows with
// its elements and nothing else: an element refers only to later ones, so each is worked out once, the last first.
type filter struct{ elements []filterElement }

type filterElement struct {
	operator ua.FilterOperator
	operands []filterOperand
}

// operand is the result of an element, a field of the event, or a value.
type filterOperand struct {
	element int // 0: none; no element refers to the first
	field   *ua.SimpleAttributeOperand
	value   ua.Variant
}

// operandCounts says how many operands an operator takes at least and at most. InView and RelatedTo are not there: what they
// ask has no meaning for an event (OPC 10000-4, 7.22.3).
var operandCounts = map[ua.FilterOperator][2]int{
	ua.FilterOperatorEquals: {2, 2}, ua.FilterOperatorIsNull: {1, 1}, ua.FilterOperatorGreaterThan: {2, 2}, ua.FilterOperatorLessThan: {2, 2},
	ua.FilterOperatorGreaterThanOrEqual: {2, 2}, ua.FilterOperatorLessThanOrEqual: {2, 2}, ua.FilterOperatorLike: {2, 2},
	ua.FilterOperatorNot: {1, 1}, ua.FilterOperatorBetween: {3, 3}, ua.FilterOperatorInList: {2, maxElements}, ua.FilterOperatorAnd: {2, 2},
	ua.FilterOperatorOr: {2, 2}, ua.FilterOperatorCast: {2, 2}, ua.FilterOperatorOfType: {1, 1},
	ua.FilterOperatorBitwiseAnd: {2, 2}, ua.FilterOperatorBitwiseOr: {2, 2},
}

// compileFilter checks a where clause. One that is not right lets no event through, and the error says why.
func compileFilter(c ua.ContentFilter) (filter, error) {
	if len(c.Elements) > maxElements {
		return filter{}, fmt.Errorf("a where clause of %d elements; %d are taken", len(c.Elements), maxElements)
	}
	f := filter{elements: make([]filterElement, len(c.Elements))}
	for i, e := range c.Elements {
		count, known := operandCounts[e.FilterOperator]
		switch n := len(e.FilterOperands); {
		case !known:
			return filter{}, fmt.Errorf("element %d: operator %d is not offered", i, e.FilterOperator)
		case n < count[0] || n > count[1]:
			return filter{}, fmt.Errorf("element %d: %d operands of operator %d", i, n, e.FilterOperator)
		}
		f.elements[i].operator = e.FilterOperator
		for _, o := range e.FilterOperands {
			made, err := compileOperand(o, i, len(c.Elements))
			if err != nil {
				return filter{}, fmt.Errorf("element %d: %w", i, err)
			}
			f.elements[i].operands = append(f.elements[i].operands, made)
		}
	}
	return f, nil
}

func compileOperand(o ua.ExtensionObject, at, elements int) (filterOperand, error) {
	switch o := o.(type) {
	case ua.LiteralOperand:
		return filterOperand{value: o.Value}, nil
	case ua.SimpleAttributeOperand:
		return filterOperand{field: &o}, nil
	case ua.ElementOperand:
		if uint64(o.Index) <= uint64(at) || uint64(o.Index) >= uint64(elements) { //nolint:gosec // at most 256
			return filterOperand{}, fmt.Errorf("it refers to element %d; only later ones may be referred to", o.Index)
		}
		return filterOperand{element: int(o.Index)}, nil
	}
	return filterOperand{}, errors.New("it has an operand of a kind that event filters do not have")
}

// fields is an event of which fields are asked for.
type fields interface {
	GetAttribute(ua.SimpleAttributeOperand) ua.Variant
}

var eventTypeField = ua.SimpleAttributeOperand{
	TypeDefinitionID: ua.ObjectTypeIDBaseEventType, BrowsePath: ua.ParseBrowsePath("EventType"), AttributeID: ua.AttributeIDValue,
}

// match reports whether an event passes. isA says whether an event type is another or a subtype of it.
func (f filter) match(e fields, isA func(kind, of ua.NodeID) bool) bool {
	if len(f.elements) == 0 {
		return true
	}
	results := make([]ua.Variant, len(f.elements))
	for i := len(f.elements) - 1; i >= 0; i-- {
		in := make([]ua.Variant, len(f.elements[i].operands))
		for j, o := range f.elements[i].operands {
			switch {
			case o.element > 0:
				in[j] = results[o.element]
			case o.field != nil:
				in[j] = e.GetAttribute(*o.field)
			default:
				in[j] = o.value
			}
		}
		if f.elements[i].operator == ua.FilterOperatorOfType {
			kind, _ := e.GetAttribute(eventTypeField).(ua.NodeID)
			of, ok := in[0].(ua.NodeID)
			results[i] = ok && kind != nil && (kind == of || isA(kind, of))
			continue
		}
		results[i] = operate(f.elements[i].operator, in)
	}
	passes, _ := results[0].(bool)
	return passes
}

// operate works out an operator. The result is nil where it cannot be told (OPC 10000-4, 7.7.3): an operand is missing, or the
// operands cannot be compared.
func operate(op ua.FilterOperator, in []ua.Variant) ua.Variant {
	switch op {
	case ua.FilterOperatorIsNull:
		return in[0] == nil
	case ua.FilterOperatorEquals:
		return known(equal(in[0], in[1]))
	case ua.FilterOperatorGreaterThan, ua.FilterOperatorLessThan, ua.FilterOperatorGreaterThanOrEqual, ua.FilterOperatorLessThanOrEqual:
		order, ok := compare(in[0], in[1])
		return known(ordered(op, order), ok)
	case ua.FilterOperatorBetween:
		low, ok1 := compare(in[0], in[1])
		high, ok2 := compare(in[0], in[2])
		return both(known(low >= 0, ok1), known(high <= 0, ok2))
	case ua.FilterOperatorInList:
		found := ua.Variant(false)
		for _, one := range in[1:] {
			found = either(found, known(equal(in[0], one)))
		}
		return found
	case ua.FilterOperatorLike:
		text, ok1 := convert(in[0], textRank, false)
		pattern, ok2 := convert(in[1], textRank, false)
		if !ok1 || !ok2 {
			return nil
		}
		return known(like(text.(string), pattern.(string)))
	case ua.FilterOperatorNot:
		switch truth(in[0]) {
		case true:
			return false
		case false:
			return true
		}
		return nil
	case ua.FilterOperatorAnd:
		return both(truth(in[0]), truth(in[1]))
	case ua.FilterOperatorOr:
		return either(truth(in[0]), truth(in[1]))
	case ua.FilterOperatorCast:
		return cast(in[0], in[1])
	case ua.FilterOperatorBitwiseAnd, ua.FilterOperatorBitwiseOr:
		return bitwise(op, in[0], in[1])
	case ua.FilterOperatorInView, ua.FilterOperatorOfType, ua.FilterOperatorRelatedTo: // not here
	}
	return nil
}

func ordered(op ua.FilterOperator, order int) bool {
	switch op {
	case ua.FilterOperatorGreaterThan:
		return order > 0
	case ua.FilterOperatorLessThan:
		return order < 0
	case ua.FilterOperatorGreaterThanOrEqual:
		return order >= 0
	default:
		return order <= 0
	}
}

// known is a truth value, or nil.
func known(is, ok bool) ua.Variant {
	if !ok {
		return nil
	}
	return is
}

func truth(v ua.Variant) ua.Variant {
	is, ok := convert(v, boolRank, false)
	if !ok {
		return nil
	}
	return is
}

// both and either join truth values of which some may be nil: what is certain already is (OPC 10000-4, table 121 and 122).
func both(a, b ua.Variant) ua.Variant {
	switch {
	case a == false || b == false:
		return false
	case a == nil || b == nil:
		return nil
	}
	return true
}

func either(a, b ua.Variant) ua.Variant {
	switch {
	case a == true || b == true:
		return true
	case a == nil || b == nil:
		return nil
	}
	return false
}

// bitwise joins two whole numbers bit by bit, as numbers of the longer type.
func bitwise(op ua.FilterOperator, a, b ua.Variant) ua.Variant {
	x, y, ok := alike(a, b)
	if !ok {
		return nil
	}
	if r := rank(x); r < wholeFrom || r > wholeTo {
		return nil
	}
	p, q := toWhole(x), toWhole(y)
	bits := p.bits() & q.bits()
	if op == ua.FilterOperatorBitwiseOr {
		bits = p.bits() | q.bits()
	}
	if _, unsigned := x.(uint64); unsigned {
		return bits
	}
	result, _ := fromWhole(integer{negative: int64(bits) < 0, size: magnitude(int64(bits))}, rank(x)) //nolint:gosec // two's complement on purpose
	return result
}

// equal compares two values. ok is false if it cannot be told.
func equal(a, b ua.Variant) (is, ok bool) {
	x, y, ok := alike(a, b)
	if !ok {
		return false, false
	}
	switch rank(x) {
	case doubleRank, floatRank:
		return toFloat(x) == toFloat(y), true
	case noRank:
		return sameOther(x, y)
	}
	return x == y, true
}

// compare orders two values. ok is false if they have no order.
func compare(a, b ua.Variant) (order int, ok bool) {
	x, y, ok := alike(a, b)
	if !ok {
		return 0, false
	}
	switch r := rank(x); {
	case r <= floatRank:
		p, q := toFloat(x), toFloat(y)
		if math.IsNaN(p) || math.IsNaN(q) {
			return 0, false
		}
		return sign(p < q, p > q), true
	case r >= wholeFrom && r <= wholeTo:
		return toWhole(x).compare(toWhole(y)), true
	case r == textRank:
		p, q := x.(string), y.(string)
		return sign(p < q, p > q), true
	}
	return orderOther(x, y)
}

func sign(less, more bool) int {
	switch {
	case less:
		return -1
	case more:
		return 1
	}
	return 0
}
