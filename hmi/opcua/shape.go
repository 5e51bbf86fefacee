package opcua

import (
	"reflect"
	"sync"
	"time"

	"github.com/awcullen/opcua/ua"
)

// Bounds of what a message may hold. The library takes memory for every length that it reads, and a stack for every nesting.
const (
	maxNesting = 16
	maxList    = 65536   // of a list
	maxParts   = 1 << 18 // of a message: elements of all its lists together
)

// shape checks that a message has the form of a type, without making anything of it: every length is inside of the message, no
// list and no nesting is too long.
type shape struct {
	wire
	namespaces []string
	nesting    int
	parts      int
}

// checker walks over one value of a type.
type checker func(*shape)

var checkers sync.Map // reflect.Type → checker

func checkerOf(t reflect.Type) checker {
	if c, ok := checkers.Load(t); ok {
		return c.(checker)
	}
	c := newChecker(t)
	checkers.Store(t, c)
	return c
}

func newChecker(t reflect.Type) checker {
	switch t {
	case reflect.TypeFor[time.Time]():
		return func(s *shape) { s.skip(8) }
	case reflect.TypeFor[ua.ExpandedNodeID]():
		return (*shape).expandedNodeID
	case reflect.TypeFor[ua.LocalizedText]():
		return (*shape).localizedText
	case reflect.TypeFor[ua.DataValue]():
		return (*shape).dataValue
	case reflect.TypeFor[ua.DiagnosticInfo]():
		return (*shape).diagnosticInfo
	case reflect.TypeFor[ua.NodeID]():
		return func(s *shape) { s.nodeID() }
	case reflect.TypeFor[ua.ExtensionObject]():
		return (*shape).extensionObject
	case reflect.TypeFor[ua.Variant]():
		return (*shape).variant
	}
	switch t.Kind() {
	case reflect.Array: // of bytes: a GUID
		return func(s *shape) { s.skip(t.Len()) }
	case reflect.Struct:
		parts := make([]checker, t.NumField())
		for i := range parts {
			parts[i] = checkerOf(t.Field(i).Type)
		}
		return func(s *shape) {
			for _, check := range parts {
				check(s)
			}
		}
	case reflect.Pointer:
		return checkerOf(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return (*shape).bytes
		}
		return func(s *shape) { s.list(checkerOf(t.Elem())) } // asked for late: a type may hold a list of itself
	case reflect.String:
		return (*shape).bytes
	case reflect.Bool, reflect.Int8, reflect.Uint8, reflect.Int16, reflect.Uint16, reflect.Int32, reflect.Uint32, reflect.Int64,
		reflect.Uint64, reflect.Float32, reflect.Float64:
		size := int(t.Size()) //nolint:gosec // 8 at most
		return func(s *shape) { s.skip(size) }
	default:
		return func(s *shape) { s.fail("a " + t.String()) }
	}
}

func (s *shape) bytes() {
	if n := int32(s.uint32()); n > 0 { //nolint:gosec // the encoding is signed
		s.skip(int(n))
	}
}

func (s *shape) list(element checker) (n int) {
	n = int(int32(s.uint32())) //nolint:gosec // the encoding is signed
	if n > maxList || n > len(s.rest) {
		s.fail("a list that is too long")
	}
	if s.parts += max(n, 0); s.parts > maxParts {
		s.fail("too many parts")
	}
	for range n {
		if s.err != nil {
			return 0
		}
		element(s)
	}
	return n
}

// deeper bounds the nesting.
func (s *shape) deeper(do func()) {
	if s.nesting++; s.nesting > maxNesting {
		s.fail("nested too deeply")
	}
	if s.err == nil {
		do()
	}
	s.nesting--
}

func (s *shape) expandedNodeID() {
	flags := s.byte()
	s.nodeIDOf(flags & 0x0f)
	if flags&0x80 != 0 {
		s.bytes()
	}
	if flags&0x40 != 0 {
		s.skip(4)
	}
}

func (s *shape) localizedText() {
	flags := s.byte()
	if flags&1 != 0 {
		s.bytes()
	}
	if flags&2 != 0 {
		s.bytes()
	}
}

func (s *shape) dataValue() {
	flags := s.byte()
	if flags&1 != 0 {
		s.variant()
	}
	for _, part := range []struct {
		flag byte
		size int
	}{{2, 4}, {4, 8}, {16, 2}, {8, 8}, {32, 2}} {
		if flags&part.flag != 0 {
			s.skip(part.size)
		}
	}
}

// diagnosticInfo takes an empty one only: the library falls over every other, and clients get them and send none.
func (s *shape) diagnosticInfo() {
	if s.byte() != 0 {
		s.fail("a DiagnosticInfo in a request")
	}
}

func (s *shape) extensionObject() {
	s.deeper(func() {
		id := s.objectType()
		switch s.byte() {
		case 0:
		case 1:
			if t, ok := ua.FindTypeForBinaryEncodingID(id); ok {
				s.skip(4) // its length, which the library does not look at
				checkerOf(t)(s)
				return
			}
			s.bytes()
		case 2:
			s.bytes()
		default:
			s.fail("an object of no encoding")
		}
	})
}

// objectType reads a NodeId as the library's name of a type. The types that it knows have numbers.
func (s *shape) objectType() ua.ExpandedNodeID {
	before := s.rest
	s.nodeID()
	if s.err != nil {
		return ua.ExpandedNodeID{}
	}
	r := wire{rest: before}
	var space uint16
	var id uint32
	switch r.byte() {
	case 0:
		id = uint32(r.byte())
	case 1:
		space, id = uint16(r.byte()), uint32(r.uint16())
	case 2:
		space, id = r.uint16(), r.uint32()
	default:
		return ua.ExpandedNodeID{}
	}
	return ua.ToExpandedNodeID(ua.NewNodeIDNumeric(space, id), s.namespaces)
}

// scalars are the bytes of the built-in types of a fixed size (OPC 10000-6, 5.1.2).
var scalars = map[byte]int{1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 4, 11: 8, 13: 8, 14: 16, 19: 4}

func (s *shape) variant() {
	s.deeper(func() {
		flags := s.byte()
		element := s.builtIn(flags & 0x3f)
		if flags&0x80 == 0 {
			element(s)
			return
		}
		n := s.list(element)
		if flags&0x40 == 0 {
			return
		}
		product := 1
		s.list(func(s *shape) {
			d := int(int32(s.uint32())) //nolint:gosec // the encoding is signed
			if d < 1 || d > maxList || product > maxList {
				s.fail("an array of no such dimension")
				return
			}
			product *= d
		})
		if product != n {
			s.fail("an array of other dimensions than it has elements")
		}
	})
}

func (s *shape) builtIn(kind byte) checker {
	if size, ok := scalars[kind]; ok {
		return func(s *shape) { s.skip(size) }
	}
	switch kind {
	case 0:
		return func(*shape) {}
	case 12, 15, 16: // String, ByteString, XmlElement
		return (*shape).bytes
	case 17:
		return func(s *shape) { s.nodeID() }
	case 18:
		return (*shape).expandedNodeID
	case 20: // QualifiedName
		return func(s *shape) { s.skip(2); s.bytes() }
	case 21:
		return (*shape).localizedText
	case 22:
		return (*shape).extensionObject
	case 23:
		return (*shape).dataValue
	case 24:
		return (*shape).variant
	case 25:
		return (*shape).diagnosticInfo
	}
	return func(s *shape) { s.fail("a value of no type") }
}
