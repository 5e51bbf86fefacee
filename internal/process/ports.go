package process

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports that the system gives to nobody who does not ask for one by its number: those of outgoing connections lie above them.
const (
	lowestPort  = 20000
	highestPort = 32000
)

// HoldPort listens on a port that nobody uses now, on every interface, until the listener is closed. Who then listens there
// has it to themselves: a port that the system would choose may go to an outgoing connection in between.
func HoldPort(ctx context.Context) (net.Listener, error) {
	var lc net.ListenConfig
	var last error
	for range 100 {
		l, err := lc.Listen(ctx, "tcp", ":"+strconv.Itoa(lowestPort+rand.IntN(highestPort-lowestPort))) //nolint:gosec // a port is no secret
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, fmt.Errorf("no free port: %w", last)
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
