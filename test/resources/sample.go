package resources

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"linectl/checker"
)

// Read looks at a process and at the record store in its data directory. The error says what could not be read: on a system without
// /proc nothing can.
func Read(pid int, data string) (checker.Sample, error) {
	s := checker.Sample{At: time.Now().UTC()}
	at := filepath.Join("/proc", strconv.Itoa(pid))
	status, err := os.ReadFile(filepath.Join(at, "status"))
	if err != nil {
		return s, err
	}
	resident, err := field(status, "VmRSS:")
	if err == nil {
		s.Resident = resident << 10 // it is told in KiB
		var threads int64
		threads, err = field(status, "Threads:")
		s.Threads = int(threads)
	}
	if err != nil {
		return s, fmt.Errorf("process %d: %w", pid, err)
	}
	files, err := os.ReadDir(filepath.Join(at, "fd"))
	if err != nil {
		return s, err
	}
	s.Files = len(files)
	if s.Log, err = size(filepath.Join(data, "records.db-wal")); err == nil {
		s.Journal, err = size(filepath.Join(data, "records.db"))
	}
	return s, err
}

// field reads a number of /proc/PID/status.
func field(status []byte, name string) (int64, error) {
	for row := range bytes.Lines(status) {
		if words := strings.Fields(string(row)); len(words) > 1 && words[0] == name {
			return strconv.ParseInt(words[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("it tells no %s", name)
}

// size is that of a file, and 0 where there is none.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Child returns the process that a process has started with this word among its arguments.
func Child(of int, word string) (pid int, err error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range all {
		stat, err := os.ReadFile(path) //nolint:gosec // of the system
		if err != nil {
			continue // it has ended meanwhile
		}
		_, after, _ := strings.Cut(string(stat), ") ") // a name may hold blanks
		words := strings.Fields(after)
		if len(words) < 2 || words[1] != strconv.Itoa(of) {
			continue
		}
		args, err := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if err == nil && bytes.Contains(append([]byte{0}, args...), []byte("\x00"+word+"\x00")) {
			return strconv.Atoi(filepath.Base(filepath.Dir(path)))
		}
	}
	return 0, fmt.Errorf("process %d has no child with the argument %q", of, word)
}
