package nemesis

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
	begun    chan struct{} // closed when Process is known
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

// Of linux/seccomp.h, linux/filter.h, linux/prctl.h and poll.h.
const (
	setNoNewPrivs = 38
	modeFilter    = 1
	newListener   = 1 << 3
	waitKillable  = 1 << 5 // once a call is asked for, only death interrupts it
	userNotify    = 0x7fc00000
	allow         = 0x7fff0000
	loadWord      = 0x20
	jumpIfEqual   = 0x15
	result        = 0x06

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

// errNoFilter says that the kernel lets nobody be asked.
var errNoFilter = errors.New("no process can be stopped at its system calls here")

// The first thread of this process outlives every test, and a filter goes only with its thread: nobody is started from there.
func init() { runtime.LockOSThread() }

// startTrapped starts a program whose calls of these names are decided on here, one at a time, whichever of its threads makes them. It is
// seccomp's user notification (seccomp_unotify(2)), which costs a program nothing at all its other calls: the thread that starts the
// program takes on a filter, and the program inherits it.
func startTrapped(t *testing.T, name, log string, calls []string, decide decision, args ...string) *trapped {
	t.Helper()
	names := map[int32]string{}
	for _, c := range calls {
		names[int32(mortal[c])] = c //nolint:gosec // small
	}
	one := &trapped{begun: make(chan struct{}), over: make(chan struct{})}
	p, err := process.StartAfter(name, log, exec.CommandContext(context.Background(), args[0], args[1:]...), func() (err error) { //nolint:gosec // our own
		if one.listener, err = filtered(calls); err != nil {
			return err
		}
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(one.listener), setFlags, syncWake) // an older kernel does without
		go one.answer(names, uint32(syscall.Gettid()), decide)                                  //nolint:gosec // small
		return nil
	})
	if errors.Is(err, errNoFilter) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	one.Process = p
	close(one.begun)
	return one
}

// filtered lets this thread, and whom it starts, ask before these calls. It returns where they ask.
func filtered(calls []string) (listener int, err error) {
	filter := []syscall.SockFilter{{Code: loadWord, K: 0}}
	for _, c := range calls {
		filter = append(filter, syscall.SockFilter{Code: jumpIfEqual, Jf: 1, K: uint32(mortal[c])}, syscall.SockFilter{Code: result, K: userNotify}) //nolint:gosec // small
	}
	filter = append(filter, syscall.SockFilter{Code: result, K: allow})
	if _, _, no := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivs, 1, 0, 0, 0, 0); no != 0 {
		return 0, fmt.Errorf("%w: prctl: %w", errNoFilter, no)
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}                                            //nolint:gosec // a few
	fd, _, no := syscall.RawSyscall(seccompCall, modeFilter, newListener|waitKillable, uintptr(unsafe.Pointer(&program))) //nolint:gosec // of the kernel
	if no != 0 {
		return 0, fmt.Errorf("%w: seccomp: %w", errNoFilter, no)
	}
	return int(fd), nil
}

// answer decides on calls until nobody can make any. The thread that starts the program is not asked about.
func (p *trapped) answer(names map[int32]string, starts uint32, decide decision) {
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
		if !p.killed && n.thread != starts {
			a = decide(call{names[n.number], n.thread, n.args[0]})
		}
		if a.kill {
			p.killed = true
			time.AfterFunc(a.hangs, func() {
				<-p.begun
				_ = syscall.Kill(-p.Command.Process.Pid, syscall.SIGKILL) // it is there: it waits for the answer
			})
			continue
		}
		r := response{id: n.id, flags: goOn}
		if a.fails != 0 {
			r.flags, r.error = 0, -int32(a.fails) //nolint:gosec // small
		}
		_, _, _ = syscall.Syscall(syscall.SYS_IOCTL, uintptr(p.listener), send, uintptr(unsafe.Pointer(&r))) //nolint:gosec // of the kernel; it may have died
	}
}
