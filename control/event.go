package control

import (
	"encoding/json"
	"fmt"
	"time"

	"linectl/line"
)

// wireEvent is a line.Entry as it goes over the socket, one a line.
type wireEvent struct {
	Seq     uint64          `json:"seq"`
	Kind    string          `json:"kind"`
	At      time.Time       `json:"at"`
	Station line.StationID  `json:"station,omitempty"`
	Pack    line.PackID     `json:"pack,omitempty"`
	Fact    json.RawMessage `json:"fact"`
}

// EncodeEvent writes a journal entry as one line of JSON without its line end.
func EncodeEvent(e line.Entry) ([]byte, error) {
	fact, err := json.Marshal(e.Fact)
	if err != nil {
		return nil, fmt.Errorf("journal entry %d: %w", e.Seq, err)
	}
	return json.Marshal(wireEvent{Seq: e.Seq, Kind: line.FactName(e.Fact), At: e.At, Station: e.Station, Pack: e.Pack, Fact: fact})
}

// DecodeEvent reads what EncodeEvent wrote. A kind that is not known is an error: the other side is a newer linectl.
func DecodeEvent(b []byte) (line.Entry, error) {
	var w wireEvent
	if err := json.Unmarshal(b, &w); err != nil {
		return line.Entry{}, fmt.Errorf("event: %w", err)
	}
	fact, err := line.DecodeFact(w.Kind, w.Fact)
	if err != nil {
		return line.Entry{}, fmt.Errorf("event %d: %w", w.Seq, err)
	}
	return line.Entry{Seq: w.Seq, Record: line.Record{At: w.At, Station: w.Station, Pack: w.Pack, Fact: fact}}, nil
}
