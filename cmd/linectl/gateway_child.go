package main

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// How long to wait before a gateway that has ended is started again.
const (
	firstPause = time.Second
	longPause  = time.Minute
	stayedUp   = time.Minute // after this it counts as having worked
)

// keepGateway runs the gateway as a child until ctx ends, and starts it again whenever it ends, each time after a longer pause.
// Nothing that happens to it touches the line.
func (r *runner) keepGateway(ctx context.Context) {
	args := []string{"gateway", "--config", r.config, "--data", r.data, "--listen", r.gateway}
	pause := firstPause
	for ctx.Err() == nil {
		began := time.Now()
		err := runGateway(ctx, args)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > stayedUp {
			pause = firstPause
		}
		r.log.Warn("gateway ended; it is started again", "after", pause, "err", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, longPause)
	}
}

// runGateway starts this very program as the gateway and waits for its end. The child is killed when this process dies,
// however it dies: the kernel watches the thread that started it, so that thread waits for it. At the end it is killed too: it
// keeps nothing, and the line does not wait for its clients to take their leave.
func runGateway(ctx context.Context, args []string) error {
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
