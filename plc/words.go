package plc

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"

	"linectl/plc/tags"
)

// linkWords says what is wrong with a connection as somebody at the line can use it. What it does not know it leaves as it is. The
// log has the error itself, with the address.
func linkWords(err error) string {
	timeout, isNet := errors.AsType[net.Error](err)
	passing, isPassing := errors.AsType[*PassingError](err)
	switch {
	case isPassing && passing.Words != "":
		return passing.Words
	case errors.Is(err, tags.ErrTorn):
		return "its status is changed while it is read, time and again; look at its program"
	case errors.Is(err, context.DeadlineExceeded), isNet && timeout.Timeout():
		return "no answer in time; look at its power and its cable"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at its address; look whether it is on and its program runs"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "its address cannot be reached; look at the network"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, net.ErrClosed):
		return "it has closed the connection; look whether it restarts"
	}
	return err.Error()
}
