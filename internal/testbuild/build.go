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

// Linectl builds the program of this module into a directory and returns its path. It is without what only a debugger reads: that takes
// the linker longer than the rest. The error has the compiler's words. Where LINECTL_PROGRAM names a program that somebody has built for
// several packages, that is taken.
func Linectl(dir string) (string, error) {
	if built := os.Getenv("LINECTL_PROGRAM"); built != "" {
		return built, nil
	}
	program := filepath.Join(dir, "linectl")
	out, err := exec.CommandContext(context.Background(), "go", "build", "-ldflags", "-s -w", "-o", program, "linectl/cmd/linectl").CombinedOutput() //nolint:gosec // our own
	if err != nil {
		return "", fmt.Errorf("linectl does not build: %w\n%s", err, out)
	}
	return program, nil
}

// Main builds linectl, says where it is, runs a package's tests and removes it. It returns what the package's TestMain
// exits with.
func Main(m *testing.M, program *string) int {
	dir, err := os.MkdirTemp("", "linectl")
	if err == nil {
		defer os.RemoveAll(dir)
		*program, err = Linectl(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
