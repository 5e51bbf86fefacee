package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// readPassword reads a secret of one line. A file that others may read is refused: it is no secret any more.
func readPassword(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("password file: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return "", fmt.Errorf("password file %s may be read by others (mode %04o): chmod 600 it, and change the password", path, mode)
	}
	b, err := os.ReadFile(path) //nolint:gosec // the configuration names the file
	if err != nil {
		return "", fmt.Errorf("password file: %w", err)
	}
	secret := strings.TrimRight(string(b), "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("password file %s: want one line with the password", path)
	}
	return secret, nil
}

// makePassword writes a password of chance to a file that does not exist yet. If it does, it stays as it is.
func makePassword(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("password file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) //nolint:gosec // the configuration names the file
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("password file: %w", err)
	}
	_, err = f.WriteString(rand.Text() + "\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("password file %s: %w", path, err)
	}
	return nil
}
