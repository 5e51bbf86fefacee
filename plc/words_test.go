package plc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"linectl/plc/tags"
)

// TestWhatIsWrongWithALink makes the faults of a real socket and asks for words without an address or a word of the system in them.
func TestWhatIsWrongWithALink(t *testing.T) {
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	var d net.Dialer
	silent, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := silent.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	_, late := silent.Read(make([]byte, 1))
	_ = l.Close()
	_, refused := d.DialContext(t.Context(), "tcp", address)
	for _, tt := range []struct {
		err  error
		want string
	}{
		{late, "no answer in time"},
		{context.DeadlineExceeded, "no answer in time"},
		{refused, "nothing answers at its address"},
		{io.EOF, "it has closed the connection"},
		{syscall.ECONNRESET, "it has closed the connection"},
		{syscall.EHOSTUNREACH, "cannot be reached"},
		{errors.New("3 nodes do not fit"), "3 nodes do not fit"},
		{tags.ErrTorn, "changed while it is read"},
	} {
		if got := linkWords(fmt.Errorf("read status at modbus %s: %w", address, tt.err)); !strings.Contains(got, tt.want) ||
			strings.Contains(got, "tcp") {
			t.Errorf("%v is told as %q, want %q", tt.err, got, tt.want)
		}
	}
}
