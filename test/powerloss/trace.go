package powerloss

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// Kind of an event.
type Kind int

// The kinds.
const (
	Create Kind = iota // the file is there from now on, and its name is in its directory
	Folder             // the same of a directory
	Link               // the file of From has another name from now on
	Write
	Truncate
	Remove
	Sync // of everything that was done to the file before Began
	Acknowledge
)

// Event is one thing that a process did to its files, or said to whoever waits for it.
type Event struct {
	Kind   Kind
	Path   string
	From   string // of Link
	Data   []byte // of Write
	Offset int64  // of Write, -1 is the end of the file; the new length of Truncate
	Began  int    // of Sync: how many events had ended when it began
	Number uint64 // of Acknowledge
}

var (
	call   = regexp.MustCompile(`^(\w+)\((.*)\)\s+= (-?\d+)(?:<(.*)>)?(?: .*)?$`)
	onFile = regexp.MustCompile(`^(\d+)<([^>]*)>(?:, (.*))?$`)
	quoted = regexp.MustCompile(`^"((?:\\x[0-9a-f]{2})*)"(?:, (.*))?$`)
)

// Read reads what strace -f -y -xx -s 1000000 wrote of one process with its threads. A line that it does not understand is an
// error: a call that was overlooked could be the one that mattered.
func Read(r io.Reader) ([]Event, error) {
	type open struct {
		text  string
		began int
	}
	var events []Event
	waiting := map[string]open{}
	lines := bufio.NewReaderSize(r, 1<<20)
	for n := 1; ; n++ {
		text, err := lines.ReadString('\n')
		if err == io.EOF { //nolint:errorlint // as documented
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		thread, text, _ := strings.Cut(strings.TrimSpace(text), " ")
		text, began := strings.TrimSpace(text), len(events)
		if strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "---") {
			continue
		}
		if head, ok := strings.CutSuffix(text, "<unfinished ...>"); ok {
			waiting[thread] = open{strings.TrimSpace(head), began}
			continue
		}
		if strings.HasPrefix(text, "<... ") {
			_, tail, _ := strings.Cut(text, " resumed>")
			text, began = waiting[thread].text+tail, waiting[thread].began
			delete(waiting, thread)
		}
		e, relevant, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if relevant {
			e.Began = began
			events = append(events, e)
		}
	}
}

func parse(text string) (e Event, relevant bool, err error) {
	m := call.FindStringSubmatch(text)
	if m == nil {
		return e, false, fmt.Errorf("no call: %.200s", text)
	}
	name, args, result := m[1], m[2], m[3]
	plain := func(path string) string { // a path is hexadecimal too
		b, err := hex.DecodeString(strings.ReplaceAll(path, `\x`, ""))
		if err != nil {
			return path
		}
		return string(b)
	}
	if strings.HasPrefix(result, "-") {
		return e, false, nil // it failed and did nothing
	}
	switch name {
	case "openat":
		return Event{Kind: Create, Path: plain(m[4])}, strings.Contains(args, "O_CREAT"), nil
	case "mkdir", "mkdirat":
		paths, err := pathsOf(args, 1)
		return Event{Kind: Folder, Path: paths[0]}, true, err
	case "link", "linkat":
		paths, err := pathsOf(args, 2)
		return Event{Kind: Link, From: paths[0], Path: paths[1]}, true, err
	case "unlink", "unlinkat":
		_, text, _ := strings.Cut(args, `"`)
		path, _, err := unhex(`"` + text)
		return Event{Kind: Remove, Path: string(path)}, true, err
	case "rename", "renameat", "renameat2", "writev", "pwritev":
		return e, false, fmt.Errorf("a call that is not modelled: %.200s", text)
	}
	f := onFile.FindStringSubmatch(args)
	if f == nil {
		return e, false, fmt.Errorf("no file: %.200s", text)
	}
	e.Path = plain(f[2])
	switch name {
	case "fsync", "fdatasync":
		e.Kind = Sync
		return e, true, nil
	case "ftruncate":
		e.Kind = Truncate
		e.Offset, err = strconv.ParseInt(f[3], 10, 64)
		return e, true, err
	case "pwrite64", "write":
		return written(e, name, f[1], f[3])
	}
	return e, false, fmt.Errorf("a call that is not modelled: %.200s", text)
}

// written reads the rest of a write: its data, their length and the place.
func written(e Event, name, descriptor, args string) (Event, bool, error) {
	data, rest, err := unhex(args)
	if err != nil {
		return e, false, err
	}
	if name == "write" && descriptor != "1" {
		e.Kind, e.Data, e.Offset = Write, data, -1
		return e, strings.Contains(e.Path, "/waveforms/"), nil // else a pipe, an event counter of the runtime or the lock
	}
	if name == "write" {
		e.Kind = Acknowledge
		e.Number, err = strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
		return e, true, err
	}
	_, place, _ := strings.Cut(rest, ", ")
	e.Kind, e.Data = Write, data
	e.Offset, err = strconv.ParseInt(place, 10, 64)
	return e, true, err
}

// pathsOf returns the texts among the arguments of a call. There are n.
func pathsOf(args string, n int) ([]string, error) {
	paths := make([]string, n)
	for i := range paths {
		_, text, _ := strings.Cut(args, `"`)
		path, rest, err := unhex(`"` + text)
		if err != nil {
			return paths, err
		}
		paths[i], args = string(path), rest
	}
	return paths, nil
}

func unhex(args string) (data []byte, rest string, err error) {
	m := quoted.FindStringSubmatch(args)
	if m == nil {
		return nil, "", fmt.Errorf("no text in hexadecimal: %.80s", args)
	}
	data, err = hex.DecodeString(strings.ReplaceAll(m[1], `\x`, ""))
	return data, m[2], err
}
