package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	"linectl/internal/process"
)

// startChild starts this very program again with other arguments.
func startChild(name, log string, args ...string) (*process.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	command := exec.CommandContext(context.Background(), self, args...) //nolint:gosec // this program itself
	command.Args[0] = "linectl"
	return process.Start(name, log, command)
}
