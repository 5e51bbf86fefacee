package traceability

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"strings"
	"time"

	"linectl/line"
)

// row is one row of the journal as it is stored.
type row struct {
	seq     uint64
	kind    string
	pack    string
	station string
	micros  int64 // UTC µs since 1970
	body    []byte
	hash    []byte
}

// encode makes the row of a record, without its hash.
func encode(seq uint64, r line.Record) (row, error) {
	kind := line.FactName(r.Fact)
	if kind == "" {
		return row{}, fmt.Errorf("record %d: fact of type %T is no kind of the journal", seq, r.Fact)
	}
	body, err := json.Marshal(r.Fact)
	if err != nil {
		return row{}, fmt.Errorf("record %d, %s: %w", seq, kind, err)
	}
	return row{
		seq: seq, kind: kind, pack: strings.ToValidUTF8(string(r.Pack), "\ufffd"), station: strings.ToValidUTF8(string(r.Station), "\ufffd"),
		micros: r.At.UnixMicro(), body: body,
	}, nil
}

// decode makes the entry of a row.
func (r row) decode() (line.Entry, error) {
	fact, err := line.DecodeFact(r.kind, r.body)
	if err != nil {
		return line.Entry{}, fmt.Errorf("journal entry %d: %w", r.seq, err)
	}
	return line.Entry{Seq: r.seq, Record: line.Record{
		At: time.UnixMicro(r.micros).UTC(), Station: line.StationID(r.station), Pack: line.PackID(r.pack), Fact: fact,
	}}, nil
}

// chain computes the hash of each row from that of the row before. It keeps its buffers; one goroutine owns it.
type chain struct {
	last   [sha256.Size]byte // zero before the first row
	digest hash.Hash
	buffer []byte
}

func newChain() *chain { return &chain{digest: sha256.New()} }

// next returns the hash of the row that follows and makes it the last one. The fields stand in the order seq, kind, pack,
// station, time, body, each after its length in 4 bytes, so that no two rows can be written the same way.
func (c *chain) next(r row) [sha256.Size]byte {
	c.digest.Reset()
	b := append(c.buffer[:0], c.last[:]...)
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), r.seq)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(r.kind))), r.kind...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(r.pack))), r.pack...)
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(r.station))), r.station...)
	b = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(b, 8), uint64(r.micros))
	b = append(binary.BigEndian.AppendUint32(b, uint32(len(r.body))), r.body...)
	c.buffer = b
	c.digest.Write(b)
	c.digest.Sum(c.last[:0])
	return c.last
}
