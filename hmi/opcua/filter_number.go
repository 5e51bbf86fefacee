package opcua

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"github.com/awcullen/opcua/ua"
)

// integer is a whole number of any of the types: sign and size.
type integer struct {
	negative bool
	size     uint64
}

func (w integer) compare(o integer) int {
	switch {
	case w.negative != o.negative:
		return sign(w.negative, o.negative)
	case w.negative:
		return cmp.Compare(o.size, w.size)
	}
	return cmp.Compare(w.size, o.size)
}

// bits is the number in two's complement.
func (w integer) bits() uint64 {
	if w.negative {
		return -w.size
	}
	return w.size
}

func (w integer) String() string {
	text := strconv.FormatUint(w.size, 10)
	if w.negative {
		return "-" + text
	}
	return text
}

func parseWhole(text string) (integer, bool) {
	digits, negative := strings.CutPrefix(text, "-")
	n, err := strconv.ParseUint(digits, 10, 64)
	return integer{negative && n > 0, n}, err == nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-(n + 1)) + 1
	}
	return uint64(n)
}

func toWhole(v ua.Variant) integer {
	signed := func(n int64) integer { return integer{n < 0, magnitude(n)} }
	switch v := v.(type) {
	case int64:
		return signed(v)
	case int32:
		return signed(int64(v))
	case int16:
		return signed(int64(v))
	case int8:
		return signed(int64(v))
	case uint64:
		return integer{size: v}
	case uint32:
		return integer{size: uint64(v)}
	case uint16:
		return integer{size: uint64(v)}
	case uint8:
		return integer{size: uint64(v)}
	case ua.StatusCode:
		return integer{size: uint64(v)}
	}
	return integer{}
}

// fromWhole makes a number of a type, unless it does not fit.
func fromWhole(w integer, to int) (ua.Variant, bool) {
	n := int64(w.bits()) //nolint:gosec // looked at only where it fits
	fits := func(low int64, high uint64) bool {
		if w.negative {
			return w.size <= magnitude(low)
		}
		return w.size <= high
	}
	switch to {
	case doubleRank:
		return toFloatWhole(w), true
	case floatRank:
		return float32(toFloatWhole(w)), true
	case int64Rank:
		return n, fits(math.MinInt64, math.MaxInt64)
	case uint64Rank:
		return w.size, !w.negative
	case int32Rank:
		return int32(n), fits(math.MinInt32, math.MaxInt32) //nolint:gosec // as above
	case uint32Rank:
		return uint32(w.size), fits(0, math.MaxUint32) //nolint:gosec // as above
	case statusRank:
		return ua.StatusCode(w.size), fits(0, math.MaxUint32) //nolint:gosec // as above
	case int16Rank:
		return int16(n), fits(math.MinInt16, math.MaxInt16) //nolint:gosec // as above
	case uint16Rank:
		return uint16(w.size), fits(0, math.MaxUint16) //nolint:gosec // as above
	case sbyteRank:
		return int8(n), fits(math.MinInt8, math.MaxInt8) //nolint:gosec // as above
	case byteRank:
		return uint8(w.size), fits(0, math.MaxUint8) //nolint:gosec // as above
	}
	return nil, false
}

func toFloatWhole(w integer) float64 {
	if w.negative {
		return -float64(w.size)
	}
	return float64(w.size)
}

func toFloat(v ua.Variant) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case float32:
		return float64(v)
	}
	return toFloatWhole(toWhole(v))
}
