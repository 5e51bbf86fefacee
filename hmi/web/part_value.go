package web

import (
	"net/url"
	"strconv"

	"linectl/line"
)

// partPath is where a part's page is.
func partPath(id string) string { return "/part?" + url.Values{"id": {id}}.Encode() }

// measured writes a measured value; nothing if there was none.
func measured(m line.Measurement) string {
	if m.Value == nil {
		return ""
	}
	return quantity(*m.Value, m.Unit)
}

func quantity(value float64, unit string) string {
	if unit == "1" && value == float64(int64(value)) {
		return strconv.FormatInt(int64(value), 10)
	}
	return line.Format(value, unit)
}

// within writes between what a value must lie.
func within(m line.Measurement) string {
	switch {
	case m.LSL != nil && m.USL != nil && *m.LSL == *m.USL:
		return "= " + quantity(*m.LSL, m.Unit)
	case m.LSL != nil && m.USL != nil:
		return quantity(*m.LSL, m.Unit) + " … " + quantity(*m.USL, m.Unit)
	case m.LSL != nil:
		return "≥ " + quantity(*m.LSL, m.Unit)
	case m.USL != nil:
		return "≤ " + quantity(*m.USL, m.Unit)
	}
	return ""
}
