// Package testbuild builds linectl for tests that run it as a process of its own. It is in no program.
package testbuild

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Linectl builds the program of this module into a directory and returns its path. Other commands, named by their import paths, are
// built beside it, all without what only a debugger reads: it takes the linker longer than the rest. The error has the compiler's words.
func Linectl(dir string, others ...string) (string, error) {
	out, err := exec.CommandContext(context.Background(), "go", append([]string{"build", "-ldflags", "-s -w", "-o", dir, "linectl/cmd/linectl"}, others...)...).CombinedOutput() //nolint:gosec // our own
	if err != nil {
		return "", fmt.Errorf("linectl does not build: %w\n%s", err, out)
	}
	return filepath.Join(dir, "linectl"), nil
}

// Main builds linectl and others, says where it is, runs a package's tests and removes it. It returns what the package's TestMain
// exits with.
func Main(m *testing.M, program *string, others ...string) int {
	dir, err := os.MkdirTemp("", "linectl")
	if err == nil {
		defer os.RemoveAll(dir)
		*program, err = Linectl(dir, others...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
