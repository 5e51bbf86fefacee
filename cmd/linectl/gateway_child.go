package main

import (
	"context"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// How long to wait before a gateway that has ended is started again. An operator whose gateway was shot down is back within five
// seconds, however often; and a start takes a third of a second of one core, so that even a gateway that cannot live takes no
// more than a sixth of it.
const (
	firstPause = 200 * time.Millisecond
	longPause  = 2 * time.Second
	stayedUp   = 10 * time.Second // after this it counts as having worked
)

// keepGateway runs the gateway as a child until ctx ends.
func (r *runner) keepGateway(ctx context.Context) {
	r.keep(ctx, "gateway", "--config", r.config, "--data", r.data, "--listen", r.gateway)
}

// keepHMI runs the HMI for browsers as a child until ctx ends.
func (r *runner) keepHMI(ctx context.Context) {
	r.keep(ctx, "hmi", "--data", r.data, "--gateway", "opc.tcp://"+reached(r.gateway), "--listen", r.hmi)
}

// reached is where this computer reaches what listens at an address: an address that means all of them is none to go to.
func reached(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return listen
}

// keep runs a command of this program as a child until ctx ends, and starts it again whenever it ends, each time after a longer
// pause. Nothing that happens to it touches the line.
func (r *runner) keep(ctx context.Context, command string, args ...string) {
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := runChild(ctx, append([]string{command}, args...))
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > stayedUp {
			pause = firstPause
		}
		r.log.Warn("a child ended; it is started again", "command", command, "after", pause, "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
	}
}

// runChild starts this very program with other arguments and waits for its end. The child is killed when this process dies,
// however it dies: the kernel watches the thread that started it, so that thread waits for it. At the end it is killed too: it
// keeps nothing, and the line does not wait for its clients to take their leave.
func runChild(ctx context.Context, args []string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, args...) //nolint:gosec // this program itself
	cmd.Args[0] = "linectl"
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		ended <- cmd.Run()
	}()
	return <-ended
}
