package opcua

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/awcullen/opcua/ua"
)

// The precedence of types (OPC 10000-4, table 124): of two unlike values the one further down is converted to the type of the
// other. A type that is not in the table is compared with its like only.
const (
	doubleRank = iota + 1
	floatRank
	int64Rank
	uint64Rank
	int32Rank
	uint32Rank
	statusRank
	int16Rank
	uint16Rank
	sbyteRank
	byteRank
	boolRank
	textRank
	expandedRank
	nodeRank
	localizedRank
	qualifiedRank
	noRank

	wholeFrom, wholeTo = int64Rank, byteRank
)

func rank(v ua.Variant) int {
	switch v.(type) {
	case float64:
		return doubleRank
	case float32:
		return floatRank
	case int64:
		return int64Rank
	case uint64:
		return uint64Rank
	case int32:
		return int32Rank
	case uint32:
		return uint32Rank
	case ua.StatusCode:
		return statusRank
	case int16:
		return int16Rank
	case uint16:
		return uint16Rank
	case int8:
		return sbyteRank
	case uint8:
		return byteRank
	case bool:
		return boolRank
	case string:
		return textRank
	case ua.ExpandedNodeID:
		return expandedRank
	case ua.NodeID:
		return nodeRank
	case ua.LocalizedText:
		return localizedRank
	case ua.QualifiedName:
		return qualifiedRank
	}
	return noRank
}

// alike converts the value of lower precedence to the type of the other. ok is false if that cannot be.
func alike(a, b ua.Variant) (x, y ua.Variant, ok bool) {
	if a == nil || b == nil {
		return nil, nil, false
	}
	p, q := rank(a), rank(b)
	switch {
	case p == q:
		return a, b, true
	case p == noRank || q == noRank:
		return nil, nil, false
	case p < q:
		y, ok = convert(b, p, false)
		return a, y, ok
	}
	x, ok = convert(a, q, false)
	return x, b, ok
}

// convert makes a value of another type (OPC 10000-4, table 123). What loses something is done only where it is asked for by a
// Cast.
func convert(v ua.Variant, to int, asked bool) (ua.Variant, bool) {
	from := rank(v)
	switch {
	case v == nil:
		return nil, false
	case from == to && to != noRank:
		return v, true
	case to <= byteRank:
		return toNumber(v, to, asked)
	case to == boolRank:
		return toBool(v, asked)
	case to == textRank:
		return toText(v, asked)
	case to == localizedRank && asked && from == textRank:
		return ua.LocalizedText{Text: v.(string)}, true
	case to == qualifiedRank && asked && from == textRank:
		return ua.ParseQualifiedName(v.(string)), true
	case to == nodeRank && asked && from == textRank:
		id := ua.ParseNodeID(v.(string))
		return id, id != nil
	case to == nodeRank && asked && from == expandedRank:
		e := v.(ua.ExpandedNodeID)
		return e.NodeID, e.ServerIndex == 0 && e.NamespaceURI == ""
	case to == expandedRank && from == nodeRank:
		return ua.ExpandedNodeID{NodeID: v.(ua.NodeID)}, true
	}
	return nil, false
}

func toBool(v ua.Variant, asked bool) (ua.Variant, bool) {
	switch r := rank(v); {
	case r == textRank:
		switch strings.ToLower(v.(string)) {
		case "true", "1":
			return true, true
		case "false", "0":
			return false, true
		}
	case r <= byteRank && asked:
		return toFloat(v) != 0, true
	}
	return nil, false
}

func toText(v ua.Variant, asked bool) (ua.Variant, bool) {
	switch v := v.(type) {
	case ua.LocalizedText:
		return v.Text, true
	case ua.QualifiedName:
		return v.Name, true
	case ua.ExpandedNodeID:
		return v.String(), true
	case ua.NodeID:
		s, ok := v.(interface{ String() string })
		if !ok {
			return nil, false
		}
		return s.String(), true
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), asked
	case bool:
		return strconv.FormatBool(v), asked
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), asked
	case float32:
		return strconv.FormatFloat(float64(v), 'g', -1, 32), asked
	}
	if r := rank(v); r >= wholeFrom && r <= wholeTo {
		return toWhole(v).String(), asked
	}
	return nil, false
}

// toNumber converts to a number. A text, a truth value and a number that loses nothing by its type are converted unasked.
func toNumber(v ua.Variant, to int, asked bool) (ua.Variant, bool) {
	from := rank(v)
	switch {
	case from == boolRank:
		n := integer{}
		if v.(bool) {
			n.size = 1
		}
		v = numberOf(n)
	case from == textRank:
		text := strings.TrimSpace(v.(string))
		if to > floatRank {
			n, ok := parseWhole(text)
			if !ok {
				return nil, false
			}
			return fromWhole(n, to)
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, false
		}
		v = f
	case from > byteRank, from < to && !asked:
		return nil, false
	}
	switch to {
	case doubleRank:
		return toFloat(v), true
	case floatRank:
		f := toFloat(v)
		return float32(f), math.Abs(f) <= math.MaxFloat32 || math.IsNaN(f) || math.IsInf(f, 0)
	}
	if f := toFloat(v); rank(v) <= floatRank {
		f = math.Round(f)
		if math.IsNaN(f) || math.Abs(f) >= math.MaxUint64 {
			return nil, false
		}
		return fromWhole(integer{f < 0, uint64(math.Abs(f))}, to)
	}
	return fromWhole(toWhole(v), to)
}

func numberOf(n integer) ua.Variant { return n.size }

// cast makes a value of the type that a node id names.
func cast(v, kind ua.Variant) ua.Variant {
	id, ok := kind.(ua.NodeID)
	if !ok {
		return nil
	}
	if id == ua.DataTypeIDDateTime || id == ua.DataTypeIDUtcTime {
		switch v := v.(type) {
		case time.Time:
			return v
		case string:
			if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
				return t.UTC()
			}
		}
		return nil
	}
	to, ok := castRanks[id]
	if !ok {
		return nil
	}
	made, ok := convert(v, to, true)
	if !ok {
		return nil
	}
	return made
}

var castRanks = map[ua.NodeID]int{
	ua.DataTypeIDDouble: doubleRank, ua.DataTypeIDFloat: floatRank, ua.DataTypeIDInt64: int64Rank, ua.DataTypeIDUInt64: uint64Rank,
	ua.DataTypeIDInt32: int32Rank, ua.DataTypeIDUInt32: uint32Rank, ua.DataTypeIDStatusCode: statusRank, ua.DataTypeIDInt16: int16Rank,
	ua.DataTypeIDUInt16: uint16Rank, ua.DataTypeIDSByte: sbyteRank, ua.DataTypeIDByte: byteRank, ua.DataTypeIDBoolean: boolRank,
	ua.DataTypeIDString: textRank, ua.DataTypeIDExpandedNodeID: expandedRank, ua.DataTypeIDNodeID: nodeRank,
	ua.DataTypeIDLocalizedText: localizedRank, ua.DataTypeIDQualifiedName: qualifiedRank,
}

// sameOther compares values of types without precedence: times, byte strings.
func sameOther(a, b ua.Variant) (is, ok bool) {
	switch a := a.(type) {
	case time.Time:
		b, ok := b.(time.Time)
		return ok && a.Equal(b), ok
	case ua.ByteString:
		b, ok := b.(ua.ByteString)
		return a == b, ok
	}
	return false, false
}

func orderOther(a, b ua.Variant) (order int, ok bool) {
	p, ok1 := a.(time.Time)
	q, ok2 := b.(time.Time)
	if !ok1 || !ok2 {
		return 0, false
	}
	return p.Compare(q), true
}

// like matches a text with a pattern of OPC 10000-4, table 120: % is any text, _ one character, [] a list or range of
// characters, [^] one that is not in it, and \ takes the next character as it is. ok is false if the pattern is none. The time is
// bounded by the product of the lengths.
func like(text, pattern string) (is, ok bool) {
	parts, ok := likeParts(pattern)
	if !ok {
		return false, false
	}
	runes := []rune(text)
	at, part, back, from := 0, 0, -1, 0 // the last %, and where its text ends so far
	for at < len(runes) {
		switch {
		case part < len(parts) && parts[part].any:
			back, from = part, at
			part++
		case part < len(parts) && parts[part].takes(runes[at]):
			at, part = at+1, part+1
		case back >= 0:
			from++
			at, part = from, back+1
		default:
			return false, true
		}
	}
	for part < len(parts) && parts[part].any {
		part++
	}
	return part == len(parts), true
}

type likePart struct {
	any    bool      // %
	one    bool      // _
	not    bool      // of a list
	ranges [][2]rune // of a list, or the one character
}

func (p likePart) takes(r rune) bool {
	if p.one {
		return true
	}
	in := false
	for _, x := range p.ranges {
		in = in || r >= x[0] && r <= x[1]
	}
	return in != p.not
}

func likeParts(pattern string) (parts []likePart, ok bool) {
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; r {
		case '%':
			if n := len(parts); n == 0 || !parts[n-1].any {
				parts = append(parts, likePart{any: true})
			}
		case '_':
			parts = append(parts, likePart{one: true})
		case '\\':
			if i++; i == len(runes) {
				return nil, false
			}
			parts = append(parts, likePart{ranges: [][2]rune{{runes[i], runes[i]}}})
		case '[':
			p, end := likeList(runes, i+1)
			if end < 0 {
				return nil, false
			}
			parts, i = append(parts, p), end
		default:
			parts = append(parts, likePart{ranges: [][2]rune{{r, r}}})
		}
	}
	return parts, true
}

// likeList reads a list from behind its bracket and returns where it closes, -1 if it does not.
func likeList(runes []rune, i int) (p likePart, end int) {
	if i < len(runes) && runes[i] == '^' {
		p.not = true
		i++
	}
	for ; i < len(runes); i++ {
		switch {
		case runes[i] == ']':
			return p, i
		case runes[i] == '\\' && i+1 < len(runes):
			i++
		}
		low := runes[i]
		if i+2 < len(runes) && runes[i+1] == '-' && runes[i+2] != ']' {
			p.ranges = append(p.ranges, [2]rune{low, runes[i+2]})
			i += 2
			continue
		}
		p.ranges = append(p.ranges, [2]rune{low, low})
	}
	return p, -1
}
