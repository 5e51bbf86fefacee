package simulator

import (
	"os"
	"path/filepath"
	"testing"

	"linectl/line"
)

// TestAKillInTheMiddleOfAWriteLosesOnlyThatWrite damages the slot that was written last at every place of it.
func TestAKillInTheMiddleOfAWriteLosesOnlyThatWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "device.memory")
	var r retained
	m, err := openMemory(path, &r)
	if err != nil {
		t.Fatal(err)
	}
	for floor := line.Token(1); floor <= 5; floor++ {
		if err := m.keep(retained{RetainID: 7, Floor: floor}); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.file.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	body, count := slotBody(whole, 0)
	if count != 5 {
		t.Fatalf("write %d stands in the first slot", count)
	}
	for at := range len(body) + len("0000000000000005 00000000 00000000\n") {
		torn := append([]byte(nil), whole...)
		torn[at] ^= 0x01
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		var got retained
		m, err := openMemory(path, &got)
		if err != nil {
			t.Fatalf("byte %d: %v", at, err)
		}
		if err := m.file.Close(); err != nil {
			t.Fatal(err)
		}
		if got.RetainID != 7 || got.Floor != 4 {
			t.Fatalf("byte %d: retained %+v", at, got)
		}
	}
}
