package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// child is a part of the demo that runs as a process of its own.
type child struct {
	name string
	log  string // file with all that it said
	cmd  *exec.Cmd
	end  chan struct{} // closed when it is gone
	err  error         // how it ended; read it after end
}

// startChild starts this very program again with other arguments. The child is killed when this process dies, however it
// dies: the kernel watches the thread that started it, so that thread waits for it.
func startChild(name, logPath string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return startProgram(name, logPath, self, args...)
}

// startProgram is startChild with any program.
func startProgram(name, logPath, program string, args ...string) (*child, error) {
	out, err := os.OpenFile(logPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // in the demo's own directory
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c := &child{name: name, log: logPath, end: make(chan struct{})}
	c.cmd = exec.CommandContext(context.Background(), program, args...) //nolint:gosec // this program, or one that the user named
	if self, err := os.Executable(); err == nil && program == self {
		c.cmd.Args[0] = "linectl"
	}
	c.cmd.Stdout, c.cmd.Stderr = out, out
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := c.cmd.Start()
		started <- err
		if err == nil {
			c.err = c.cmd.Wait()
		}
		_ = out.Close() // the child wrote it
		close(c.end)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// gone reports whether the child has ended.
func (c *child) gone() bool {
	select {
	case <-c.end:
		return true
	default:
		return false
	}
}

// stop asks the child to end and waits; after the patience it is killed, which is an error. So is an end with a failure.
func (c *child) stop(patience time.Duration) error {
	if c == nil {
		return nil
	}
	if !c.gone() {
		_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may end at this very moment
		select {
		case <-c.end:
		case <-time.After(patience):
			_ = c.cmd.Process.Kill()
			<-c.end
			return fmt.Errorf("%s did not stop within %v and was killed; its words are in %s", c.name, patience, c.log)
		}
	}
	if c.err != nil {
		return fmt.Errorf("%s ended with %w; it said: %s", c.name, c.err, c.lastWords())
	}
	return nil
}

// lastWords returns the end of what the child said.
func (c *child) lastWords() string {
	b, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n  ")
}

// await waits until ready says so. It gives up when the child ends or the time is over.
func (c *child) await(ctx context.Context, most time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var last error
	for {
		if last = ready(ctx); last == nil {
			return nil
		}
		select {
		case <-c.end:
			return fmt.Errorf("%s ended before it was ready: %w; it said: %s", c.name, c.outcome(), c.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %v: %w; it said: %s", c.name, most, errors.Join(last, context.Cause(ctx)), c.lastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// outcome returns how a child that is gone has ended.
func (c *child) outcome() error {
	if c.err != nil {
		return c.err
	}
	return errors.New("exit status 0")
}
