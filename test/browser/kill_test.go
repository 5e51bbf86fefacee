package browser

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// killChild kills a process that the supervisor has started beside itself, by its command.
func (s *site) killChild(t *testing.T, command string) {
	t.Helper()
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		body, err := os.ReadFile(path)
		if err != nil {
			continue // it is gone
		}
		after := bytes.Fields(body[bytes.LastIndexByte(body, ')')+1:])
		if len(after) < 2 || string(after[1]) != fmt.Sprint(s.line.Command.Process.Pid) {
			continue
		}
		words, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline"))
		if args := bytes.Split(words, []byte{0}); len(args) < 2 || string(args[1]) != command {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		until(t, 5*time.Second, command+" is gone", func() bool { return syscall.Kill(pid, 0) != nil })
		return
	}
	t.Fatalf("the supervisor has no child %s", command)
}

// facesBack waits until the supervisor has started its gateway and its HMI again.
func (s *site) facesBack(t *testing.T) {
	t.Helper()
	for _, a := range []string{s.gateway, s.hmi} {
		until(t, 30*time.Second, a+" is back", func() bool {
			c, err := net.DialTimeout("tcp", a, time.Second)
			if err == nil {
				_ = c.Close()
			}
			return err == nil
		})
	}
}

// away is a time in which the HMI does not answer: what the browser says about that is no error.
func (p *screen) away(do func()) {
	p.mu.Lock()
	p.absent = true
	p.mu.Unlock()
	do()
}
