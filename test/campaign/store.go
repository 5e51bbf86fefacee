package campaign

import (
	"errors"

	"linectl/line"
)

// errKilled ends the supervisor in the middle of an append.
var errKilled = errors.New("killed")

// store keeps the journal in memory and kills the supervisor at a chosen append.
type store struct {
	records []line.Record
	in      int // appends until death; 0 = immortal
	durable bool
	died    bool
}

// Append keeps the records, or dies before or after it has.
func (s *store) Append(records []line.Record) (uint64, error) {
	if s.in--; s.in == 0 {
		s.died = true
		if s.durable {
			s.records = append(s.records, records...)
		}
		return 0, errKilled
	}
	s.records = append(s.records, records...)
	return uint64(len(s.records)), nil
}
