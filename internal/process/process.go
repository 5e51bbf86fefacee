// Package process runs another program beside this one: it dies with this process, its words are in a file, and its end is known. It
// also finds ports for it to listen on.
//
// It restarts nothing and knows nothing of what the program does.
package process

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

// Process is a program that was started here.
type Process struct {
	Name    string // for people
	Log     string // file with all that it said
	Command *exec.Cmd
	Ended   chan struct{} // closed when it is gone
	err     error         // how it ended; read it after Ended
}

// Start starts a program, which appends all that it says to the file log. It is killed when this process dies, however it dies: the
// kernel watches the thread that started it, so that thread waits for it and ends with it. The error says why it did not start.
func Start(name, log string, command *exec.Cmd) (*Process, error) {
	return StartAfter(name, log, command, func() error { return nil })
}

// StartAfter is Start by a thread that has prepared itself, so that the program inherits what a thread can have for itself, such as a
// filter of system calls.
func StartAfter(name, log string, command *exec.Cmd, prepare func() error) (*Process, error) {
	out, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	p := &Process{Name: name, Log: log, Command: command, Ended: make(chan struct{})}
	command.Stdout, command.Stderr = out, out
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		err := prepare()
		if err == nil {
			err = command.Start()
		}
		started <- err
		if err == nil {
			p.err = command.Wait()
		}
		_ = out.Close() // the program wrote it
		close(p.Ended)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// Kill ends the program and all that it has started, at once.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.Command.Process.Pid, syscall.SIGKILL) // it may have ended
	<-p.Ended
}

// Gone reports whether the program has ended.
func (p *Process) Gone() bool {
	select {
	case <-p.Ended:
		return true
	default:
		return false
	}
}

// Stop asks the program to end and waits; after the patience it is killed, which is an error. So is an end with a failure.
func (p *Process) Stop(patience time.Duration) error {
	if p == nil {
		return nil
	}
	if !p.Gone() {
		_ = p.Command.Process.Signal(syscall.SIGTERM) // it may end at this very moment
		select {
		case <-p.Ended:
		case <-time.After(patience):
			p.Kill()
			return fmt.Errorf("%s did not stop within %v and was killed; its words are in %s", p.Name, patience, p.Log)
		}
	}
	if p.err != nil {
		return fmt.Errorf("%s ended with %w; it said: %s", p.Name, p.err, p.LastWords())
	}
	return nil
}

// LastWords returns the end of what the program said.
func (p *Process) LastWords() string {
	b, err := os.ReadFile(p.Log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n  ")
}

// Await waits until ready says so. It gives up when the program ends or the time is over.
func (p *Process) Await(ctx context.Context, most time.Duration, ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var last error
	for {
		if last = ready(ctx); last == nil {
			return nil
		}
		select {
		case <-p.Ended:
			return fmt.Errorf("%s ended before it was ready: %w; it said: %s", p.Name, p.Outcome(), p.LastWords())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %v: %w; it said: %s", p.Name, most, errors.Join(last, context.Cause(ctx)), p.LastWords())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Outcome returns how a program that is gone has ended.
func (p *Process) Outcome() error {
	if p.err != nil {
		return p.err
	}
	return errors.New("exit status 0")
}
