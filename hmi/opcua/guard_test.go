package opcua_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gopcua/opcua/ua"

	"linectl/hmi/opcua"
	"linectl/internal/testnet"
	own "linectl/plc/opcua"
)

// watchedDoor notes where logins come from.
type watchedDoor struct {
	door
	mu   sync.Mutex
	from []string
}

func (d *watchedDoor) Authenticate(ctx context.Context, user, password, source string) (opcua.Login, error) {
	d.mu.Lock()
	d.from = append(d.from, source)
	d.mu.Unlock()
	return d.door.Authenticate(ctx, user, password, source)
}

// TestTheServerListensWhereItIsToldTo connects by another address of this computer: nobody is there.
func TestTheServerListensWhereItIsToldTo(t *testing.T) {
	d := &watchedDoor{}
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), func(o *opcua.Options) { o.Logins = d })
	b.serve(t)
	_, port, _ := net.SplitHostPort(b.address)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"127.0.0.2", "::1"}
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			others = append(others, ip.IP.String())
		}
	}
	for _, other := range others {
		if conn, err := net.DialTimeout("tcp", net.JoinHostPort(other, port), time.Second); err == nil {
			_ = conn.Close()
			t.Errorf("the server answers at %s too", other)
		}
	}
	b.mustDial(t, login{})
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.from) != 1 || d.from[0] != "127.0.0.1" {
		t.Errorf("the login came from %q, wanted the client's address", d.from)
	}
}

// raw is a client that says what it likes.
func raw(t testing.TB, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// TestSilentConnectionsKeepNobodyOut opens as many connections as there may be, and says nothing on them.
func TestSilentConnectionsKeepNobodyOut(t *testing.T) {
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	b.serve(t)
	operator := b.mustDial(t, login{})
	silent := make([]net.Conn, 150)
	for i := range silent {
		silent[i] = raw(t, b.address)
	}
	b.mustDial(t, login{}) // another comes
	if _, err := operator.NamespaceArray(t.Context()); err != nil {
		t.Errorf("the operator's own connection was cut: %v", err)
	}
	_ = silent[149].SetReadDeadline(time.Now().Add(7 * time.Second))
	began := time.Now()
	if _, err := io.ReadAll(silent[149]); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after %v a silent connection is still open", time.Since(began))
	}
}

// TestAClientIsToldWhyItIsCut reads the error message of the protocol.
func TestAClientIsToldWhyItIsCut(t *testing.T) {
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	b.serve(t)
	conn := raw(t, b.address)
	if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: line\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || len(answer) != 16 || string(answer[:4]) != "ERRF" {
		t.Fatalf("the answer is %q, %v", answer, err)
	}
	if code := ua.StatusCode(binary.LittleEndian.Uint32(answer[8:])); code != ua.StatusBadTCPMessageTypeInvalid {
		t.Errorf("the reason is %v", code)
	}
}

// TestRejectedCertificatesFillNoDisk is a flood of strangers: the latest stay for somebody to look at.
func TestRejectedCertificatesFillNoDisk(t *testing.T) {
	b := newBench(t, t.TempDir(), testnet.FreeAddress(t), nil)
	b.serve(t)
	folder := filepath.Join(b.pki.Dir, opcua.Rejected)
	for i := range 60 {
		name := filepath.Join(folder, string(rune('a'+i/26))+string(rune('a'+i%26))+".crt")
		if err := os.WriteFile(name, b.client.Certificate, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stranger, err := own.CreateIdentity("urn:test:stranger", "stranger", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.dial(t, login{identity: &stranger}); err == nil {
		t.Fatal("a stranger got in")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 50 {
		t.Errorf("there are %d rejected certificates, %v", len(entries), err)
	}
	peers, err := b.pki.Peers()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range peers {
		found = found || p.Folder == opcua.Rejected && p.URI == "urn:test:stranger"
	}
	if !found {
		t.Error("the stranger is not among the rejected")
	}
}
