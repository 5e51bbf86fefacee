package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// readRetained reads a device's retained memory. A file that is not there is a new device; one that cannot be understood is
// an error, because a device that silently forgets would weld again.
func readRetained(path string, r *retained) error {
	data, err := os.ReadFile(path) //nolint:gosec // the plant made the name
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = json.Unmarshal(data, r)
	}
	if err != nil {
		return fmt.Errorf("retained memory %s: %w; remove the file and the device comes up as a new one", path, err)
	}
	return nil
}

// writeRetained replaces the file whole: written aside, then renamed. It is safe against a killed process, not against the
// loss of the machine's own power.
func writeRetained(path string, r retained) error {
	data, err := json.Marshal(r)
	if err == nil {
		err = os.WriteFile(path+".new", data, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("retained memory: %w; nothing more is done until the plant is started again", err)
	}
	return nil
}
