package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"

	"linectl/examples"
	"linectl/internal/process"
)

// Where the demo keeps its things, below its directory.
const (
	demoConfig  = "line.yaml"
	demoPlant   = "plant"
	demoRecords = "records"
)

// layDemo writes the reference line into dir, with ports that are free now. What a former demo left there stays, and the new
// one goes on from it.
func layDemo(ctx context.Context, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "recipes"), 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	names, err := fs.Glob(examples.FS, "reference/recipes/*.yaml")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	for _, name := range names {
		if err := copyExample(name, filepath.Join(dir, "recipes", filepath.Base(name))); err != nil {
			return err
		}
	}
	path := filepath.Join(dir, demoConfig)
	if err := copyExample("reference/line.yaml", path); err != nil {
		return err
	}
	return freePorts(ctx, path)
}

// copyExample writes an example to a file that does not exist yet.
func copyExample(name, path string) error {
	body, err := examples.FS.ReadFile(name)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

var loopbackAddress = regexp.MustCompile(`address: 127\.0\.0\.1:[0-9]+`)

// freePorts gives every device in a line.yaml a port that nobody listens on now.
func freePorts(ctx context.Context, path string) error {
	body, err := os.ReadFile(path) //nolint:gosec // in the demo's own directory
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close() // it was held to keep the next from being the same
		}
	}()
	var failed error
	body = loopbackAddress.ReplaceAllFunc(body, func(old []byte) []byte {
		l, err := process.HoldPort(ctx)
		if err != nil {
			failed = err
			return old
		}
		held = append(held, l)
		return []byte("address: " + process.Loopback(l))
	})
	if failed != nil {
		return fmt.Errorf("demo: %w", failed)
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}
