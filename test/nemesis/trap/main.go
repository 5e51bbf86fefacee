// Command trap starts a program that must ask before it makes certain system calls. It hands the file at which they are asked for to
// whoever holds the other end of its descriptor 3, and becomes the program:
//
//	trap 1,74 program argument …     (write and fsync on amd64)
//
// It answers nothing itself: until the other side does, whoever makes such a call waits. It is seccomp's user notification
// (seccomp_unotify(2)), which costs a program nothing at all its other calls.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"
)

func main() {
	runtime.LockOSThread() // the filter is this thread's, and so its successor's
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "trap:", err)
		os.Exit(1)
	}
}

// Of linux/seccomp.h, linux/filter.h and linux/prctl.h.
const (
	setNoNewPrivs  = 38
	modeFilter     = 1
	newListener    = 1 << 3
	waitKillable   = 1 << 5 // once a call is asked for, only death interrupts it
	userNotify     = 0x7fc00000
	allow          = 0x7fff0000
	loadWord       = 0x20
	jumpIfEqual    = 0x15
	result         = 0x06
	descriptor     = 3
	architectureAt = 4 // in struct seccomp_data
)

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("want numbers of system calls and a program")
	}
	filter := []syscall.SockFilter{{Code: loadWord, K: 0}}
	for number := range strings.SplitSeq(args[0], ",") {
		n, err := strconv.ParseUint(number, 10, 32)
		if err != nil {
			return err
		}
		filter = append(filter, syscall.SockFilter{Code: jumpIfEqual, Jf: 1, K: uint32(n)}, syscall.SockFilter{Code: result, K: userNotify})
	}
	filter = append(filter, syscall.SockFilter{Code: result, K: allow})
	if _, _, err := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivs, 1, 0, 0, 0, 0); err != 0 {
		return fmt.Errorf("prctl: %w", err)
	}
	program := syscall.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}                                                  //nolint:gosec // a few
	listener, _, no := syscall.RawSyscall(seccompCall, modeFilter, newListener|waitKillable, uintptr(unsafe.Pointer(&program))) //nolint:gosec // of the kernel
	if no != 0 {
		return fmt.Errorf("seccomp: %w", no)
	}
	if err := syscall.Sendmsg(descriptor, []byte{0}, syscall.UnixRights(int(listener)), nil, 0); err != nil {
		return fmt.Errorf("hand the listener over: %w", err)
	}
	_ = syscall.Close(int(listener))
	_ = syscall.Close(descriptor)
	return fmt.Errorf("%s: %w", args[1], syscall.Exec(args[1], args[1:], os.Environ()))
}
