package campaign

import (
	"bytes"
	"errors"

	"linectl/line"
)

// errKilled ends the supervisor in the middle of an append.
var errKilled = errors.New("killed")

// Disk keeps a journal that outlives the supervisor.
type Disk interface {
	Append([]line.Record) (lastSeq uint64, err error)
	// Reopen lets go of the journal as a process does that has died, opens it anew and returns all of it.
	Reopen() ([]line.Record, error)
}

// Memory is a Disk without a disk. The zero Memory is empty.
type Memory struct{ records []line.Record }

// Append keeps the records. It never fails.
func (m *Memory) Append(records []line.Record) (uint64, error) {
	m.records = append(m.records, records...)
	return uint64(len(m.records)), nil
}

// Reopen returns all records.
func (m *Memory) Reopen() ([]line.Record, error) { return m.records, nil }

// store kills the supervisor at a chosen append, and knows what had happened when an act was ordered.
type store struct {
	Disk
	truth   *bytes.Buffer
	ordered map[string]int // bytes of truth by token of the act

	in      int // appends until death; 0 = immortal
	durable bool
	died    bool
}

// Append keeps the records, or dies before or after it has.
func (s *store) Append(records []line.Record) (uint64, error) {
	for _, r := range records {
		if f, ok := r.Fact.(line.Intent); ok {
			s.ordered[f.Token.String()] = s.truth.Len()
		}
	}
	if s.in--; s.in == 0 {
		s.died = true
		if s.durable {
			if _, err := s.Disk.Append(records); err != nil {
				return 0, err
			}
		}
		return 0, errKilled
	}
	return s.Disk.Append(records)
}
