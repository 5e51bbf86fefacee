package opcua

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/awcullen/opcua/ua"
)

// How long a client may take.
const (
	openWithinTime   = 5 * time.Second  // from connecting to an open channel
	discoverWithin   = 30 * time.Second // a connection without security, in all
	loginWithin      = 60 * time.Second // from an open channel to a session
	finishChunk      = 10 * time.Second // from a chunk's first byte to its last
	takeChunk        = 2 * time.Second  // for a chunk that is sent to it
	farewell         = 200 * time.Millisecond
	readAhead        = 4096
	errorMessageSize = 16
)

// guarded is a client's connection as the library sees it. What it reads has been looked at, and no wait on the client is long.
type guarded struct {
	net.Conn
	guard  *guard
	from   source
	visits *visits // of that source; the guard's
	began  time.Time

	in    *bufio.Reader
	frame framer
	whole []byte // of this chunk, that the library has not read
	rest  int    // bytes of this chunk that pass unseen

	out sync.Mutex

	mu       sync.Mutex
	until    time.Time // as the library says it
	session  bool      // has one, so it is not the first to go when room is needed
	since    time.Time // when that was so last
	lastSeen time.Time
	asked    int // requests without a session

	refreshes bucket // of all alarms; of the one goroutine that serves the connection
}

func (c *guarded) Read(p []byte) (int, error) {
	if len(c.whole) == 0 && c.rest == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.whole) > 0 {
		n := copy(p, c.whole)
		c.whole = c.whole[n:]
		return n, nil
	}
	n, err := c.in.Read(p[:min(len(p), c.rest)])
	c.rest -= n
	return n, err
}

// next waits for a chunk and judges it. One that is refused ends the connection, and the client is told why.
func (c *guarded) next() error {
	_ = c.SetReadDeadline(c.patience())
	var head [chunkHeader]byte
	if _, err := io.ReadFull(c.in, head[:1]); err != nil {
		return err
	}
	c.touch()
	_ = c.SetReadDeadline(earlier(time.Now().Add(finishChunk), c.patience()))
	if _, err := io.ReadFull(c.in, head[1:]); err != nil {
		return err
	}
	if string(head[:3]) == "ERR" { // a client that has given up; the library would read on, and into its log
		return io.EOF
	}
	size, need, err := c.frame.header(head[:])
	if err != nil {
		return c.cut(err)
	}
	chunk := make([]byte, max(need, chunkHeader))
	copy(chunk, head[:])
	if need > 0 {
		if _, err := io.ReadFull(c.in, chunk[chunkHeader:]); err != nil {
			return err
		}
		if err := c.frame.whole(chunk); err != nil {
			return c.cut(err)
		}
	}
	c.whole, c.rest = chunk, size-len(chunk)
	return nil
}

// patience is until when the client must have sent the next chunk.
func (c *guarded) patience() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.frame.stage < discovery:
		return c.began.Add(openWithinTime)
	case c.frame.stage == discovery:
		return c.began.Add(discoverWithin)
	case !c.session:
		return earlier(c.until, c.since.Add(loginWithin))
	}
	return c.until
}

// earlier returns the earlier of two times; the zero time is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// SetDeadline is how the library says until when a channel lives.
func (c *guarded) SetDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
	return nil
}

// SetWriteDeadline is for the guard alone to set.
func (c *guarded) SetWriteDeadline(time.Time) error { return nil }

// Write sends a chunk. A client that does not take it is cut off: it would hold up what the others wait for.
func (c *guarded) Write(p []byte) (int, error) {
	c.out.Lock()
	defer c.out.Unlock()
	_ = c.Conn.SetWriteDeadline(time.Now().Add(takeChunk))
	n, err := c.Conn.Write(p)
	if err != nil {
		_ = c.Conn.Close()
	}
	return n, err
}

// cut tells the client why, and ends the connection.
func (c *guarded) cut(why error) error {
	code := ua.BadTCPInternalError
	if b, ok := errors.AsType[breach](why); ok {
		code = b.code
	}
	message := append(make([]byte, 0, errorMessageSize), "ERRF"...)
	message = binary.LittleEndian.AppendUint32(message, errorMessageSize)
	message = binary.LittleEndian.AppendUint32(message, uint32(code))
	message = binary.LittleEndian.AppendUint32(message, 0xffffffff) // no text: what a stranger needs to know is in the code
	_, _ = c.Write(message)
	c.guard.refused(c, why)
	_ = c.SetReadDeadline(time.Now().Add(farewell)) // what is read no more makes the system drop what was said last
	_, _ = io.CopyN(io.Discard, c.in, bufferSize)
	_ = c.Close()
	return io.EOF
}

func (c *guarded) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastSeen = time.Now()
}

// hasSession notes whether the connection carries a session.
func (c *guarded) hasSession(has bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session, c.since = has, time.Now()
	if has {
		c.asked = 0
	}
}

// idle returns since when a connection without a session has not spoken.
func (c *guarded) idle() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastSeen, !c.session
}
