package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// strangersAttacks need no certificate that anybody trusts.
func strangersAttacks() []attack {
	return []attack{
		{"HELLO with a text of 2 GiB", hugeHello},
		{"HELLO with tiny buffers", tinyBuffers},
		{"silent connections", silentConnections},
		{"certificate chain loop", chainLoop},
		{"certificate with another kind of key", otherKey},
		{"flood of unknown certificates", certificateFlood},
		{"GetEndpoints held in memory", discoveryHolding},
		{"2 GiB text in GetEndpoints", hugeDiscovery},
		{"reads and writes without a session", withoutSecurity},
		{"malformed UTF-8 in GetEndpoints", brokenTextDiscovery},
		{"connections one after the other", connectionFlood},
	}
}

// answerTo sends bytes and says what came: the code of an error, or that the connection was closed.
func answerTo(address string, messages ...[]byte) string {
	conn, err := connect(address)
	if err != nil {
		return "cut: " + err.Error()
	}
	defer func() { _ = conn.Close() }()
	return answersOn(conn, messages...)
}

func answersOn(conn net.Conn, messages ...[]byte) string {
	for _, m := range messages {
		if _, err := conn.Write(m); err != nil {
			return "cut"
		}
		kind, body, err := readMessage(conn)
		switch {
		case err != nil:
			return "cut"
		case kind == "ERRF":
			return "cut: " + codeName(refusal(kind, body))
		}
	}
	return "answered"
}

func hugeHello(_ *testing.T, b *besieged) (seen string) {
	for range 20 {
		m := put([]byte("HELF"), 40, 0, 65535, 65535, 0, 0, 0x7ffffff0, []byte("opc.tcp:"))
		seen = answerTo(b.address, m)
	}
	return seen
}

func tinyBuffers(_ *testing.T, b *besieged) string {
	return answerTo(b.address, message("HELF", put(nil, 0, 10, 10, 0, 0, "opc.tcp://line")))
}

func silentConnections(t *testing.T, b *besieged) string {
	var last net.Conn
	for range 160 {
		conn, err := connect(b.address)
		if err != nil {
			return "cut: " + err.Error()
		}
		t.Cleanup(func() { _ = conn.Close() })
		last = conn
	}
	began := time.Now()
	if _, err := last.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) > 8*time.Second {
		t.Errorf("a silent connection ends after %v: %v", time.Since(began), err)
		return "left open"
	}
	return "cut within 8 s"
}

// authority makes a certificate of a name, signed by a key under another name.
func authority(t *testing.T, name string, key *rsa.PrivateKey, by string, byKey *rsa.PrivateKey) []byte {
	t.Helper()
	uri, _ := url.Parse("urn:test:" + name)
	template := func(name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, URIs: []*url.URL{uri},
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template(name), template(by), key.Public(), byKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// chainLoop shows two authorities that have signed each other, and then more of them than a chain may have.
func chainLoop(t *testing.T, b *besieged) string {
	keys := make([]*rsa.PrivateKey, 3)
	for i := range keys {
		var err error
		if keys[i], err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
			t.Fatal(err)
		}
	}
	leaf, one, two := authority(t, "leaf", keys[0], "one", keys[1]), authority(t, "one", keys[1], "two", keys[2]), authority(t, "two", keys[2], "one", keys[1])
	loop := append(append(leaf, one...), two...)
	_, err := openRogue(b.address, b.certificate, loop, keys[0])
	for range 4 {
		loop = append(loop, one...)
	}
	_, err2 := openRogue(b.address, b.certificate, loop, keys[0])
	if err == nil || err2 == nil {
		t.Errorf("the gateway opened a channel: %v, %v", err, err2)
	}
	return "cut: the certificate is not trusted"
}

// otherKey shows a certificate whose key is not RSA: the library takes it for one.
func otherKey(t *testing.T, b *besieged) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "curve"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	plain, secret := openSecureBytes(b.certificate, der, make([]byte, 100), 256, b.eve.Key)
	return answerTo(b.address, helloMessage("opc.tcp://line"), append(plain, make([]byte, (len(secret)+256)/214*256)...))
}

// certificateFlood shows a hundred certificates of which none is known.
func certificateFlood(t *testing.T, b *besieged) string {
	key := stranger(t).Key
	for i := range 100 {
		name := fmt.Sprintf("flood-%d", i)
		if _, err := openRogue(b.address, b.certificate, authority(t, name, key, name, key), key); err == nil {
			t.Error("the gateway opened a channel")
		}
	}
	return "cut: the certificate is not trusted"
}

// withoutPolicy opens a channel without security.
func withoutPolicy() [][]byte {
	open := message("OPNF", put(nil, 0, "http://opcfoundation.org/UA/SecurityPolicy#None", -1, -1, 1, 1, head(446, nil), 0, 0, 1, -1, 600_000))
	return [][]byte{helloMessage("opc.tcp://line"), open}
}

// plainRequest is a request on the channel that the answer to its opening named.
func plainRequest(opened []byte, body []byte) []byte {
	at := 4 + 4 + len("http://opcfoundation.org/UA/SecurityPolicy#None") + 4 + 4 + 8 // channel, header, sequence
	at += 4 + 8 + 4 + 4 + 1 + 4 + 3 + 4                                              // number, header, version
	return message("MSGF", put(nil, opened[at:at+4], opened[at+4:at+8], 2, 2, body))
}

// plainChannel opens a channel without security and returns how to ask on it.
func plainChannel(t *testing.T, b *besieged) (net.Conn, func(body []byte) []byte) {
	t.Helper()
	conn, err := connect(b.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	var opened []byte
	for _, m := range withoutPolicy() {
		if _, err := conn.Write(m); err != nil {
			t.Fatal(err)
		}
		kind, body, err := readMessage(conn)
		if err != nil || kind == "ERRF" {
			t.Fatalf("%s %v %v", kind, err, refusal(kind, body))
		}
		opened = body
	}
	return conn, func(body []byte) []byte { return plainRequest(opened, body) }
}

// discoveryHolding asks for much and takes no answer, and then counts how many one connection gets.
func discoveryHolding(t *testing.T, b *besieged) string {
	long := "opc.tcp://" + strings.Repeat("x", 4000)
	conn, ask := plainChannel(t, b)
	answered := 0
	for answersOn(conn, ask(put(head(428, nil), "opc.tcp://line", 0, 0))) == "answered" && answered < 1000 {
		answered++
	}
	for range 60 {
		conn, ask := plainChannel(t, b)
		for range 16 {
			if _, err := conn.Write(ask(put(head(428, nil), long, 0, 0))); err != nil {
				break
			}
		}
	}
	return fmt.Sprintf("%d answers on a connection, then cut", answered)
}

func hugeDiscovery(t *testing.T, b *besieged) string {
	conn, ask := plainChannel(t, b)
	return answersOn(conn, ask(put(head(428, nil), 0x7ffffff0)))
}

func withoutSecurity(t *testing.T, b *besieged) (seen string) {
	for _, id := range []uint16{631, 673} { // Read, Write
		conn, ask := plainChannel(t, b)
		if seen = answersOn(conn, ask(put(head(id, nil), make([]byte, 20)))); !strings.HasPrefix(seen, "cut") {
			t.Errorf("request %d without security: %s", id, seen)
		}
	}
	r := b.rogue(t)
	read := put(head(631, nil), make([]byte, 8), 2, 1, []byte{1, 0, 0xd2, 0x08}, 13, -1, []byte{0, 0}, -1) // ServerStatus.CurrentTime
	answer, err := r.ask(read)
	if code := fault(answer); err != nil || uint32(code) != 0x80250000 {
		t.Errorf("a read over a channel without a session: %v %v", code, err)
	}
	return seen
}

func brokenTextDiscovery(t *testing.T, b *besieged) string {
	conn, ask := plainChannel(t, b)
	return answersOn(conn, ask(put(head(428, nil), "opc.tcp://\xff\xfe\xc0\x80", 0, 0)))
}

// connectionFlood connects as fast as it can.
func connectionFlood(t *testing.T, b *besieged) string {
	end := time.Now().Add(2 * time.Second)
	n, cut := 0, 0
	for ; time.Now().Before(end); n++ {
		if strings.HasPrefix(answerTo(b.address, helloMessage("opc.tcp://line")), "cut") {
			cut++
		}
	}
	if taken := n - cut; taken < 100 || taken > 300 { // 200 at once, and in two seconds and a bit 40 more
		t.Errorf("of %d connections %d were taken", n, taken)
	}
	if cut == 0 {
		return "all were taken"
	}
	return "cut: more than 100 and fewer than 300 in two seconds are taken"
}
