package process

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Ports that the system gives to nobody who does not ask for one by its number: those of outgoing connections lie above them.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// HoldPort listens on a port that nobody uses now, on every interface, until the listener is closed. Who then listens there
// has it to themselves: a port that the system would choose may go to an outgoing connection in between, and the programs of this
// module on one computer give each number in its turn, so that none comes again soon, whoever asks.
func HoldPort(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	var last error
	for range 100 {
		l, err := lc.Listen(ctx, "tcp", ":"+strconv.Itoa(nextPort()))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no free port: %w", last)
}

// nextPort returns the number after the one that was given last, which a file of this user remembers; any where there can be none.
func nextPort() int {
	next := lowestPort + rand.IntN(highestPort-lowestPort) //nolint:gosec // a port is no secret
	name := filepath.Join(os.TempDir(), "linectl-port-"+strconv.Itoa(os.Getuid()))
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // named above
	if err != nil {
		return next
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil { //nolint:gosec // small
		return next
	}
	var given [len("20000")]byte
	n, _ := f.ReadAt(given[:], 0)
	if last, err := strconv.Atoi(string(given[:n])); err == nil && last >= lowestPort && last < highestPort {
		next = lowestPort + (last+1-lowestPort)%(highestPort-lowestPort)
	}
	_, _ = f.WriteAt([]byte(strconv.Itoa(next)), 0) // without it the next number is as good as any
	return next
}

// Loopback is the address of a port on this computer.
func Loopback(l net.Listener) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
}

// FreePort returns an address of this computer that nobody listens on now.
func FreePort(ctx context.Context) (string, error) {
	l, err := HoldPort(ctx)
	if err != nil {
		return "", err
	}
	return Loopback(l), l.Close()
}
