package opcua

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/awcullen/opcua/ua"
)

// put writes numbers and texts as OPC UA does.
func put(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case byte:
			b = append(b, v)
		case int:
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(v))) //nolint:gosec // as it is meant
		case string:
			b = binary.LittleEndian.AppendUint32(b, uint32(len(v))) //nolint:gosec // short
			b = append(b, v...)
		case []byte:
			b = append(b, v...)
		}
	}
	return b
}

// sized makes a chunk of a body, with its true size.
func sized(kind string, body []byte) []byte {
	return append(put([]byte(kind), len(body)+8), body...)
}

func hello(url string) []byte { return sized("HELF", put(nil, 0, 65535, 65535, 0, 0, url)) }

// requestHead is a request's number and header.
func requestHead(id uint16) []byte {
	return put(nil, byte(1), byte(0), []byte{byte(id), byte(id >> 8)}, byte(0), byte(0), make([]byte, 16), -1, 0, byte(0), byte(0), byte(0))
}

func openWithout(mode int) []byte {
	return sized("OPNF", put(nil, 0, ua.SecurityPolicyURINone, -1, -1, 1, 1, requestHead(openSecure), 0, 0, mode, -1, 600000))
}

func openSecured(policy, chain string, own []byte, body int) []byte {
	return sized("OPNF", put(nil, 0, policy, chain, string(own), make([]byte, body)))
}

func endpoints(url string) []byte {
	return sized("MSGF", put(nil, 1, 1, 2, 2, requestHead(getEndpoints), url, 0, 0))
}

var ownPrint = bytes.Repeat([]byte{7}, 20)

func newFramer() *framer {
	return &framer{own: ownPrint, key: 256, admit: func(chain []byte) error {
		if string(chain) != "known" {
			return errUntrusted("unknown")
		}
		return nil
	}}
}

// play gives chunks to a framer, until one is refused.
func play(f *framer, chunks ...[]byte) error {
	for _, c := range chunks {
		size, need, err := f.header(c[:8])
		if err != nil {
			return err
		}
		if size != len(c) && need > 0 {
			return breachf(ua.BadDecodingError, "%d bytes for %d", len(c), size)
		}
		if need > 0 {
			if err := f.whole(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func secureChunk(flag string, size int) []byte {
	return put([]byte("MSG"+flag), size, make([]byte, max(size-8, 0)))
}

func TestTheGuardLetsClientsThrough(t *testing.T) {
	url := "opc.tcp://line:4840"
	if err := play(newFramer(), hello(url), openWithout(1), endpoints(url), sized("CLOF", put(nil, 1, 1, 3, 3, requestHead(closeSecure)))); err != nil {
		t.Errorf("discovery: %v", err)
	}
	open := openSecured(ua.SecurityPolicyURIBasic256Sha256, "known", ownPrint, 512)
	if err := play(newFramer(), hello(url), open, secureChunk("C", 8192), secureChunk("F", 65535), open, secureChunk("F", 100)); err != nil {
		t.Errorf("a channel that is renewed: %v", err)
	}
}

func TestTheGuardCutsWhatNoClientSends(t *testing.T) {
	url := "opc.tcp://line:4840"
	open := openSecured(ua.SecurityPolicyURIBasic256Sha256, "known", ownPrint, 512)
	long := hello(url)
	binary.LittleEndian.PutUint32(long[28:], 0x7ffffff0)
	flood := [][]byte{hello(url), open}
	for range maxChunks + 1 {
		flood = append(flood, secureChunk("C", 100))
	}
	asks := [][]byte{hello(url), openWithout(1)}
	for range maxDiscoveries + 1 {
		asks = append(asks, endpoints(url))
	}
	for name, c := range map[string]struct {
		chunks [][]byte
		want   ua.StatusCode
	}{
		"no greeting":                {[][]byte{open}, ua.BadTCPMessageTypeInvalid},
		"two greetings":              {[][]byte{hello(url), hello(url)}, ua.BadTCPMessageTypeInvalid},
		"a text of 2 GiB":            {[][]byte{long}, ua.BadTCPMessageTooLarge},
		"a long URL":                 {[][]byte{hello(strings.Repeat("x", 4097))}, ua.BadTCPMessageTooLarge},
		"small buffers":              {[][]byte{sized("HELF", put(nil, 0, 10, 10, 0, 0, url))}, ua.BadConnectionRejected},
		"bytes behind the greeting":  {[][]byte{sized("HELF", put(nil, 0, 65535, 65535, 0, 0, url, byte(0)))}, ua.BadDecodingError},
		"a message before a channel": {[][]byte{hello(url), secureChunk("F", 100)}, ua.BadTCPMessageTypeInvalid},
		"a broken policy":            {[][]byte{hello(url), openSecured(ua.SecurityPolicyURIBasic128Rsa15, "known", ownPrint, 512)}, ua.BadSecurityPolicyRejected},
		"an unknown certificate":     {[][]byte{hello(url), openSecured(ua.SecurityPolicyURIBasic256Sha256, "mine", ownPrint, 512)}, ua.BadSecurityChecksFailed},
		"another server's":           {[][]byte{hello(url), openSecured(ua.SecurityPolicyURIBasic256Sha256, "known", nil, 512)}, ua.BadCertificateInvalid},
		"not encrypted":              {[][]byte{hello(url), openSecured(ua.SecurityPolicyURIBasic256Sha256, "known", ownPrint, 100)}, ua.BadSecurityChecksFailed},
		"signature without a policy": {[][]byte{hello(url), openWithout(2)}, ua.BadSecurityModeRejected},
		"a read without security":    {[][]byte{hello(url), openWithout(1), sized("MSGF", put(nil, 1, 1, 2, 2, requestHead(631), make([]byte, 20)))}, ua.BadSecurityPolicyRejected},
		"a long text in a discovery": {[][]byte{hello(url), openWithout(1), sized("MSGF", put(nil, 1, 1, 2, 2, requestHead(getEndpoints), 0x7ffffff0))}, ua.BadTCPMessageTooLarge},
		"a long list in a discovery": {[][]byte{hello(url), openWithout(1), sized("MSGF", put(nil, 1, 1, 2, 2, requestHead(getEndpoints), url, 0x7ffffff0))}, ua.BadTCPMessageTooLarge},
		"discovery without end":      {asks, ua.BadTCPNotEnoughResources},
		"chunks without end":         {flood, ua.BadRequestTooLarge},
		"a chunk that is too large":  {[][]byte{hello(url), open, secureChunk("F", 65536)}, ua.BadTCPMessageTooLarge},
		"a chunk without signature":  {[][]byte{hello(url), open, secureChunk("F", 20)}, ua.BadTCPMessageTooLarge},
		"a channel that weakens":     {[][]byte{hello(url), open, openWithout(1)}, ua.BadSecurityChecksFailed},
		"an abort":                   {[][]byte{hello(url), open, secureChunk("A", 100)}, ua.BadTCPMessageTypeInvalid},
	} {
		err := play(newFramer(), c.chunks...)
		var b breach
		if !errors.As(err, &b) || b.code != c.want {
			t.Errorf("%s: %v (%v), wanted %v", name, err, b.code, c.want)
		}
	}
}

// FuzzGuard holds two promises for whatever a stranger sends: the guard does not fall, and what it lets through to the library
// without security is one of three requests whose every length is inside of its chunk.
func FuzzGuard(f *testing.F) {
	url := "opc.tcp://line:4840"
	f.Add(append(append(hello(url), openWithout(1)...), endpoints(url)...))
	f.Add(append(hello(url), openSecured(ua.SecurityPolicyURIBasic256Sha256, "known", ownPrint, 512)...))
	f.Fuzz(func(t *testing.T, stream []byte) {
		f := newFramer()
		for len(stream) >= 8 {
			size, need, err := f.header(stream[:8])
			if err != nil {
				return
			}
			if size < 8 || size > bufferSize || need > maxOpen {
				t.Fatalf("a chunk of %d bytes, %d of them read ahead", size, need)
			}
			if size > len(stream) {
				return
			}
			chunk := stream[:size]
			stream = stream[size:]
			if need == 0 {
				continue
			}
			if f.whole(chunk) != nil {
				return
			}
			if f.stage == discovery && string(chunk[:3]) == "MSG" {
				dec := ua.NewBinaryDecoder(bytes.NewReader(chunk[24:]), ua.NewEncodingContext())
				var id ua.NodeID
				if err := dec.ReadNodeID(&id); err != nil {
					t.Fatalf("the library does not read the type: %v", err)
				}
				var req any = new(ua.GetEndpointsRequest)
				if id == ua.ObjectIDFindServersRequestEncodingDefaultBinary {
					req = new(ua.FindServersRequest)
				} else if id != ua.ObjectIDGetEndpointsRequestEncodingDefaultBinary {
					continue
				}
				if err := dec.Decode(req); err != nil {
					t.Fatalf("the library does not read what the guard lets through: %v", err)
				}
			}
		}
	})
}

// TestAReaderThatTakesNothingIsCut writes to a client that reads nothing until the system takes no more: the wait is short, and
// the connection ends.
func TestAReaderThatTakesNothingIsCut(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	g := newGuard(slog.New(slog.DiscardHandler), framer{})
	c, ok := g.admit(conn, time.Now())
	if !ok {
		t.Fatal("not taken")
	}
	began := time.Now()
	for time.Since(began) < 20*time.Second {
		if _, err = c.Write(make([]byte, bufferSize)); err != nil {
			break
		}
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("after %v: %v", time.Since(began), err)
	}
	if _, err := conn.Write([]byte{0}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection goes on: %v", err)
	}
}

// TestAByteASecondIsTooSlow: a client that never falls silent and never comes to an end is cut all the same, before it has a channel
// and when it has one.
func TestAByteASecondIsTooSlow(t *testing.T) {
	for name, tt := range map[string]struct {
		come func(*guarded)
		says []byte
		cut  time.Duration
	}{
		"in its greeting":    {func(*guarded) {}, hello("opc.tcp://line:4840"), openWithinTime},
		"on an open channel": {func(c *guarded) { c.session, c.frame = true, framer{stage: secured, most: bufferSize} }, secureChunk("F", 100), time.Second + finishChunk},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, server := net.Pipe()
				g := newGuard(slog.New(slog.DiscardHandler), framer{})
				c, ok := g.admit(slowConn{server}, time.Now())
				if !ok {
					t.Fatal("not taken")
				}
				tt.come(c)
				go func() {
					for _, b := range tt.says {
						time.Sleep(time.Second)
						if _, err := client.Write([]byte{b}); err != nil {
							return
						}
					}
				}()
				began := time.Now()
				_, err := io.ReadAll(c)
				if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != tt.cut {
					t.Errorf("after %v: %v, want the time to be over after %v", took, err, tt.cut)
				}
				_, _ = c.Close(), client.Close()
				synctest.Wait()
				time.Sleep(time.Second) // the client finds out
			})
		})
	}
}

// slowConn is a pipe with an address.
type slowConn struct{ net.Conn }

func (slowConn) RemoteAddr() net.Addr { return fakeConn{from: 1}.RemoteAddr() }

// TestTheGuardKeepsPlaces: strangers from many addresses cannot take those of a source that is known, and nobody's session.
func TestTheGuardKeepsPlaces(t *testing.T) {
	g := newGuard(slog.New(slog.DiscardHandler), framer{})
	now := time.Now()
	come := func(i int) (*guarded, bool) { return g.admit(fakeConn{from: i}, now) }
	first, ok := come(1)
	if !ok {
		t.Fatal("the first is not taken")
	}
	g.channelOpened(first)
	first.hasSession(true)
	for i := range 300 {
		c, ok := come(2 + i%50)
		if !ok {
			t.Fatalf("connection %d is not taken: an older one without a session should go", i)
		}
		if i < 120 {
			c.hasSession(true)
		}
	}
	if n := len(g.open); n != maxConnections-keptForKnown {
		t.Errorf("strangers have brought it to %d connections", n)
	}
	if _, ok := g.open[first]; !ok {
		t.Error("the operator's session went")
	}
	for i := range keptForKnown {
		if _, ok := come(1); !ok {
			t.Fatalf("the known source has %d places of %d", i, keptForKnown)
		}
	}
	if n := len(g.open); n != maxConnections {
		t.Errorf("%d connections", n)
	}
	taken := 0
	for range 1000 {
		if _, ok := come(99); ok {
			taken++
		}
	}
	if taken > burst {
		t.Errorf("%d connections of one source in no time", taken)
	}
}

// fakeConn is a connection from an address, and nothing else.
type fakeConn struct {
	net.Conn
	from int
}

func (c fakeConn) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.IPv4(192, 0, 2, byte(c.from)), Port: 1}
}
func (fakeConn) Close() error { return nil }
