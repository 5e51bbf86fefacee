package tags

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"linectl/line"
)

// The waveform area is what a device may offer beside the status block: the waveform of the act whose result stands there. It
// begins with a head of 16 bytes, big-endian whatever the word order of the blocks: token (8), length of the waveform in
// bytes (4), CRC-32 (4, IEEE 802.3) of token, length and waveform. Then comes the waveform in its canonical encoding
// (line.Waveform). A token of 0 says that there is none.
const (
	WaveformHead      = 16                                         // bytes
	WaveformRegisters = (WaveformHead + line.MaxWaveformBytes) / 2 // of the whole area, at two bytes a register, high byte first
	PieceRegisters    = 125                                        // the most that one FC03 may read (MODBUS application protocol 1.1b3, 6.3)
)

// What is wrong with a waveform area that was read.
var (
	ErrForeignWaveform = errors.New("the waveform belongs to another act")
	ErrTornWaveform    = errors.New("the waveform was being written while it was read, or was damaged")
	ErrNoWaveform      = errors.New("the device has no waveform of the act")
)

// EncodeWaveform returns the area for the encoding of a waveform, or an empty one for none.
func EncodeWaveform(token line.Token, encoding []byte) []byte {
	area := make([]byte, WaveformHead, WaveformHead+len(encoding)+1)
	if len(encoding) == 0 {
		return area
	}
	binary.BigEndian.PutUint64(area, uint64(token))
	binary.BigEndian.PutUint32(area[8:], uint32(len(encoding)))
	area = append(area, encoding...)
	binary.BigEndian.PutUint32(area[12:], waveformSum(area))
	return area
}

// waveformSum is the checksum of an area: of everything but itself.
func waveformSum(area []byte) uint32 {
	return crc32.Update(crc32.ChecksumIEEE(area[:12]), crc32.IEEETable, area[WaveformHead:])
}

// WaveformSize returns how many bytes of the area there are to read, by its head, which must be whole. The error says that
// there is no waveform, that it is another act's, or that the head cannot be true.
func WaveformSize(head []byte, token line.Token) (int, error) {
	found := line.Token(binary.BigEndian.Uint64(head))
	n := binary.BigEndian.Uint32(head[8:])
	switch {
	case found == 0:
		return 0, ErrNoWaveform
	case found != token:
		return 0, fmt.Errorf("%w: %v", ErrForeignWaveform, found)
	case n == 0 || n > line.MaxWaveformBytes:
		return 0, fmt.Errorf("%w: a length of %d bytes", ErrTornWaveform, n)
	}
	return WaveformHead + int(n), nil
}

// DecodeWaveform takes the waveform of the act out of a whole area. The error says that it is torn, damaged or no waveform.
func DecodeWaveform(area []byte, token line.Token) (*line.EncodedWaveform, error) {
	size, err := WaveformSize(area, token)
	if err != nil {
		return nil, err
	}
	if size != len(area) || waveformSum(area) != binary.BigEndian.Uint32(area[12:]) {
		return nil, ErrTornWaveform
	}
	return line.SealWaveform(area[WaveformHead:])
}
