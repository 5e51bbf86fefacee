package simulator

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
)

// memory is the file of a device's retained memory: two slots, written in turn. Whatever moment the process is killed at, one
// slot is whole. It is safe against a killed process, not against the loss of the machine's own power: nothing is synced,
// because a device writes it several times an act.
type memory struct {
	path  string
	file  *os.File
	slot  int64  // that is written next
	count uint64 // of writes, in each slot
}

// slotSize is far more than a retained memory with its ring ever takes.
const slotSize = 16 << 10

// slotHeader stands before the JSON of a slot: count, length and checksum.
const slotHeader = "%016d %08d %08x\n"

// openMemory opens the file and reads what is retained. A new file is a new device. A file in which no slot is whole is an
// error, because a device that silently forgets would weld again.
func openMemory(path string, r *retained) (*memory, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the plant made the name
	if err != nil {
		return nil, fmt.Errorf("retained memory: %w", err)
	}
	m := &memory{path: path, file: f}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("retained memory: %w", err), f.Close())
	}
	for slot := range int64(2) {
		body, count := slotBody(data, slot)
		if body == nil || count <= m.count {
			continue
		}
		var found retained
		if json.Unmarshal(body, &found) == nil {
			*r, m.count, m.slot = found, count, 1-slot
		}
	}
	if len(data) > 0 && m.count == 0 {
		err := fmt.Errorf("retained memory %s: no slot of it is whole; remove the file and the device comes up as a new one", path)
		return nil, errors.Join(err, f.Close())
	}
	return m, nil
}

// slotBody returns the JSON of a slot, or nil if the slot is not whole.
func slotBody(data []byte, slot int64) (body []byte, count uint64) {
	if int64(len(data)) <= slot*slotSize {
		return nil, 0
	}
	header, rest, ok := bytes.Cut(data[slot*slotSize:], []byte("\n"))
	var length int
	var sum uint32
	if _, err := fmt.Sscanf(string(header)+"\n", slotHeader, &count, &length, &sum); !ok || err != nil || length < 0 || length > len(rest) {
		return nil, 0
	}
	if checksum(count, rest[:length]) != sum {
		return nil, 0
	}
	return rest[:length], count
}

// checksum covers the count as well: a slot must not look newer than it is.
func checksum(count uint64, body []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(binary.BigEndian.AppendUint64(nil, count)), crc32.IEEETable, body)
}

// keep writes the memory into the slot that holds the older state.
func (m *memory) keep(r retained) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("retained memory %s: %w", m.path, err)
	}
	m.count++
	block := append(fmt.Appendf(nil, slotHeader, m.count, len(body), checksum(m.count, body)), body...)
	if len(block) > slotSize {
		panic(fmt.Sprintf("simulator: retained memory of %d bytes", len(block)))
	}
	if _, err := m.file.WriteAt(block, m.slot*slotSize); err != nil {
		return fmt.Errorf("retained memory: %w; nothing more is done until the plant is started again", err)
	}
	m.slot = 1 - m.slot
	return nil
}
