// Package uaguard stands between the OPC UA client library and a server, on the client's side. gopcua (v0.9.0) takes over
// whatever sizes the greeting of a server names, decodes what a stranger sends without a bound, and lets a server change policy and
// certificate in the middle of opening a channel, so that one without the key of the pinned certificate could end the process,
// and get the password. Every connection therefore goes through a relay inside this process, which reads each chunk first. It
// cannot look into what is encrypted: from a server that holds the key it bounds sizes and counts, and no more. Nor does it bound
// how late a server may renew a channel.
package uaguard

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gopcua/opcua/uacp"
)

const (
	leastBuffer = 8192  // OPC 10000-6, 7.1.2.3
	mostBuffer  = 65535 // bytes of a chunk
	mostChunks  = 64    // of a message
	mostPlain   = 1 << 18
)

// Guard looks at the connections of one client.
type Guard struct {
	Patience    time.Duration // for a connection attempt
	MaxMessage  uint32        // bytes
	Certificate []byte        // DER: what the server must open its channel with; without one only endpoints can be asked for

	why  atomic.Pointer[breach]
	dial context.Context // of Dial: its end cuts the connection
}

// Dial lets connect open a channel through the guard, under a context that does not end with ctx: when ctx ends before connect has,
// the connection is cut instead, and the error is that of ctx. For the library goes on to read an answer to the opening of a channel
// when nobody waits for it any more, takes for granted that somebody does, and ends the process. For the same reason an answer that
// comes later than the guard's Patience is not passed on; a request of the library must wait for longer.
func (g *Guard) Dial(ctx context.Context, connect func(context.Context) error) error {
	dial, cut := context.WithCancel(context.WithoutCancel(ctx))
	g.dial = dial
	stop := context.AfterFunc(ctx, cut)
	defer stop()
	err := connect(context.WithoutCancel(ctx))
	if err == nil {
		return nil
	}
	cut()
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("%w: %v", ended, err) //nolint:errorlint // that it was cut says nothing of the server
	}
	return err
}

// Dialer makes connections of which each chunk is looked at, for use within Dial. The greeting is our own: the library's option
// MaxMessageSize writes into one that all clients of the process share, and several servers are dialled at once.
func (g *Guard) Dialer() *uacp.Dialer {
	greeting := *uacp.DefaultClientACK
	greeting.MaxMessageSize = g.MaxMessage
	return &uacp.Dialer{Dialer: &net.Dialer{Timeout: g.Patience, ControlContext: g.divert}, ClientACK: &greeting}
}

// Explain adds to an error of the client why the guard has ended the connection, if it has.
func (g *Guard) Explain(err error) error {
	if why := g.why.Load(); why != nil && err != nil {
		return fmt.Errorf("%w: %w", *why, err)
	}
	return err
}

// divert connects the library's socket with the relay, and the relay with the server. The library takes no connection but one that
// it has dialled itself; the connect that follows finds the socket connected and leaves it so.
func (g *Guard) divert(ctx context.Context, network, address string, raw syscall.RawConn) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(g.dial, cancel)()
	server, err := (&net.Dialer{Timeout: g.Patience}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	port, l, err := g.connect(network, raw)
	if err != nil {
		_ = server.Close()
		return fmt.Errorf("guard the connection: %w", err)
	}
	go g.serve(l, port, server)
	return nil
}

// connect connects a socket with a new listener on this computer, and returns the socket's port.
func (g *Guard) connect(network string, raw syscall.RawConn) (port int, l *net.TCPListener, err error) {
	ip := net.IPv4(127, 0, 0, 1)
	if network == "tcp6" {
		ip = net.IPv6loopback
	}
	if l, err = net.ListenTCP(network, &net.TCPAddr{IP: ip}); err != nil {
		return 0, nil, err
	}
	to := sockaddr(network, l.Addr().(*net.TCPAddr).Port)
	var failed error
	err = raw.Control(func(fd uintptr) {
		if failed = syscall.Connect(int(fd), to); errors.Is(failed, syscall.EINPROGRESS) {
			failed = nil
		}
		if failed == nil {
			port, failed = ownPort(int(fd))
		}
	})
	if err = errors.Join(err, failed); err != nil {
		_ = l.Close()
	}
	return port, l, err
}

func sockaddr(network string, port int) syscall.Sockaddr {
	if network == "tcp6" {
		return &syscall.SockaddrInet6{Port: port, Addr: [16]byte(net.IPv6loopback)}
	}
	return &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
}

func ownPort(fd int) (int, error) {
	own, err := syscall.Getsockname(fd)
	switch a := own.(type) {
	case *syscall.SockaddrInet4:
		return a.Port, err
	case *syscall.SockaddrInet6:
		return a.Port, err
	}
	return 0, errors.Join(err, errors.New("the socket has no address"))
}

// serve waits for the library's socket, for nobody else's, and relays until either side ends.
func (g *Guard) serve(l *net.TCPListener, port int, server net.Conn) {
	defer func() { _ = server.Close() }()
	defer context.AfterFunc(g.dial, func() { _ = server.Close() })()
	client, err := accept(l, port, g.Patience)
	if err != nil {
		return
	}
	defer func() { _ = client.Close() }()
	go func() {
		defer func() { _ = server.Close() }()
		_, _ = io.Copy(server, client)
	}()
	_ = g.relay(client, server)
}

func accept(l *net.TCPListener, port int, patience time.Duration) (net.Conn, error) {
	defer func() { _ = l.Close() }()
	if err := l.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return nil, err
		}
		if c.RemoteAddr().(*net.TCPAddr).Port == port {
			return c, nil
		}
		_ = c.Close()
	}
}

// relay passes on the server's chunks that are as they must be. Why it ended, the client is told in an error message.
func (g *Guard) relay(client io.Writer, server io.Reader) error {
	f := &filter{Guard: g, began: time.Now()}
	for {
		chunk, err := readChunk(server)
		if err == nil {
			chunk, err = f.pass(chunk)
		}
		if b, ok := errors.AsType[breach](err); ok {
			g.why.Store(&b)
			_, _ = client.Write(b.message())
		}
		if err != nil {
			return err
		}
		if _, err := client.Write(chunk); err != nil {
			return err
		}
	}
}

// readChunk reads a whole chunk. No buffer is made that is larger than a chunk may be.
func readChunk(server io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(server, head[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(head[4:])
	if n < 16 || n > mostBuffer {
		return nil, breach(fmt.Sprintf("a chunk of %d bytes came", n))
	}
	chunk := make([]byte, n)
	copy(chunk, head[:])
	_, err := io.ReadFull(server, chunk[8:])
	return chunk, err
}

// breach is what a server did that none may.
type breach string

func (b breach) Error() string { return string(b) }

// message is an error message (OPC 10000-6, 7.1.2.5) with Bad_CommunicationError, which the library returns to whoever waits.
func (b breach) message() []byte {
	text := "the guard of this client ended the connection: " + string(b)
	m := binary.LittleEndian.AppendUint32([]byte("ERRF"), uint32(16+len(text))) //nolint:gosec // short
	m = binary.LittleEndian.AppendUint32(m, 0x80050000)
	m = binary.LittleEndian.AppendUint32(m, uint32(len(text))) //nolint:gosec // short
	return append(m, text...)
}
