package nemesis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"linectl/internal/process"
)

// mortal are the system calls that a death or an error can come before: whatever leaves a trace in a file, on a wire or in a
// directory. What a program only reads or waits for changes nothing for anybody.
var mortal = map[string]int{
	"write": syscall.SYS_WRITE, "writev": syscall.SYS_WRITEV, "pwrite64": syscall.SYS_PWRITE64, "pwritev": syscall.SYS_PWRITEV,
	"sendto": syscall.SYS_SENDTO, "fsync": syscall.SYS_FSYNC, "fdatasync": syscall.SYS_FDATASYNC,
	"ftruncate": syscall.SYS_FTRUNCATE, "unlinkat": syscall.SYS_UNLINKAT, "renameat": syscall.SYS_RENAMEAT, "linkat": syscall.SYS_LINKAT,
}

// everyCall names them all.
var everyCall = slices.Sorted(maps.Keys(mortal))

// call is a system call that somebody is about to make.
type call struct {
	name   string
	thread uint32
	fd     uint64
}

// target is what the call is made on, as the kernel shows it.
func (c call) target() string {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.thread, c.fd))
	if err != nil {
		return ""
	}
	return path
}

// toItself is the kind of a call that wakes another thread of the process. Nobody else hears of it.
const toItself = "write to itself"

// kind is the call in the words of a report.
func (c call) kind() string {
	if c.name != "write" {
		return c.name
	}
	switch target := c.target(); {
	case strings.HasPrefix(target, "socket:"):
		return "write to a socket"
	case filepath.IsAbs(target):
		return "write to a file"
	}
	return toItself
}

// answer is what becomes of a call: it is made, it fails with an error instead, or the process dies before it, at once or after a
// while in which the call hangs and the other threads go on.
type answer struct {
	fails syscall.Errno
	kill  bool
	hangs time.Duration
}

// decision says what becomes of a call. It is asked from one goroutine.
type decision func(call) answer

// killAt lets a process die before the n-th of its calls, or before the next after it of which somebody else could hear, when that
// has hung for a while. It calls then with the kind of the call.
func killAt(n int64, hangs time.Duration, then func(kind string)) decision {
	return func(c call) answer {
		if n--; n > 0 {
			return answer{}
		}
		kind := c.kind()
		if kind == toItself {
			return answer{}
		}
		then(kind)
		return answer{kill: true, hangs: hangs}
	}
}

// trapped is a process that asks this test before some of its calls.
type trapped struct {
	*process.Process
	listener int
	over     chan struct{} // closed when it can ask no more
	killed   bool          // here; read it after over
}

// diedOfIt returns nil if the process is dead because a decision wanted it.
func (p *trapped) diedOfIt() error {
	if !p.Gone() {
		return errors.New("it lives")
	}
	<-p.over
	exit, ok := errors.AsType[*exec.ExitError](p.Outcome())
	if !p.killed || !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		return fmt.Errorf("it ended by itself: %w; it said: %s", p.Outcome(), p.LastWords())
	}
	return nil
}

// Of linux/seccomp.h.
const (
	receive   = 0xc0502100
	send      = 0xc0182101
	setFlags  = 0x40082104
	syncWake  = 1
	goOn      = 1
	pollEvent = 1
)

type notification struct {
	id            uint64
	thread, flags uint32
	number        int32
	architecture  uint32
	instruction   uint64
	args          [6]uint64
}

type response struct {
	id    uint64
	value int64
	error int32
	flags uint32
}

// startTrapped starts a program whose calls of these names are decided on here, one at a time, whichever of its threads makes them.
func startTrapped(t *testing.T, name, log string, calls []string, decide decision, args ...string) *trapped {
	t.Helper()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "ours"), os.NewFile(uintptr(pair[1]), "theirs")
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	numbers, names := make([]string, len(calls)), map[int32]string{}
	for i, c := range calls {
		numbers[i], names[int32(mortal[c])] = strconv.Itoa(mortal[c]), c //nolint:gosec // small
	}
	command := exec.CommandContext(context.Background(), trap(), append([]string{strings.Join(numbers, ",")}, args...)...) //nolint:gosec // our own
	command.ExtraFiles = []*os.File{theirs}
	p, err := process.Start(name, log, command)
	if err != nil {
		t.Fatal(err)
	}
	_ = theirs.Close()
	fd, err := handedOver(ours)
	if err != nil {
		p.Kill()
		if words := p.LastWords(); strings.Contains(words, "trap: seccomp: ") {
			t.Skipf("skipped: no process can be stopped at its system calls here: %s", words)
		}
		t.Fatalf("%s cannot be stopped at its system calls: %v; it said: %s", name, err, p.LastWords())
	}
	one := &trapped{Process: p, listener: fd, over: make(chan struct{})}
	_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), setFlags, syncWake) // an older kernel does without
	go one.answer(names, decide)
	return one
}

// handedOver receives the one descriptor that comes over a socket.
func handedOver(f *os.File) (int, error) {
	c, err := net.FileConn(f)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, err
	}
	rights := make([]byte, syscall.CmsgSpace(4))
	_, n, _, _, err := c.(*net.UnixConn).ReadMsgUnix(make([]byte, 1), rights)
	if err != nil {
		return 0, err
	}
	messages, err := syscall.ParseSocketControlMessage(rights[:n])
	if err != nil || len(messages) != 1 {
		return 0, errors.Join(err, errors.New("no listener came"))
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) != 1 {
		return 0, errors.Join(err, errors.New("no listener came"))
	}
	syscall.CloseOnExec(fds[0])
	return fds[0], nil
}

// answer decides on calls until nobody can make any.
func (p *trapped) answer(names map[int32]string, decide decision) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.over)
	defer func() { _ = syscall.Close(p.listener) }()
	for {
		ready := struct {
			fd              int32
			events, happens int16
		}{int32(p.listener), pollEvent, 0} //nolint:gosec // small
		if _, _, err := syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&ready)), 1, 0, 0, 0, 0); err == syscall.EINTR { //nolint:gosec // of the kernel
			continue
		}
		if ready.happens&pollEvent == 0 { // it is gone
			return
		}
		var n notification
		if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, uintptr(p.listener), receive, uintptr(unsafe.Pointer(&n))); err != 0 { //nolint:gosec // of the kernel
			continue // it died between the two
		}
		var a answer // after the one that is deadly others may be made, by threads that do not need it
		if !p.killed {
			a = decide(call{names[n.number], n.thread, n.args[0]})
		}
		if a.kill {
			p.killed = true
			time.AfterFunc(a.hangs, func() { _ = syscall.Kill(-p.Command.Process.Pid, syscall.SIGKILL) }) // it is there: it waits for the answer
			continue
		}
		r := response{id: n.id, flags: goOn}
		if a.fails != 0 {
			r.flags, r.error = 0, -int32(a.fails) //nolint:gosec // small
		}
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(p.listener), send, uintptr(unsafe.Pointer(&r))) //nolint:gosec // of the kernel; it may have died
	}
}
