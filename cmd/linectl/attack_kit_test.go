package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uacp"

	"linectl/plc/opcua"
)

// The toolkit of an attacker: raw bytes, a channel of its own making whose every byte can be wrong, and, where it has stolen a
// trusted certificate and a password, an ordinary client. It comes from 127.0.0.2 and on, other computers as far as the gateway knows.

var attackerAddress = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}

// moveOn gives the attacker another address: what the last attack has used up does not shorten the next.
func moveOn() {
	ip := attackerAddress.IP.To4()
	attackerAddress = &net.TCPAddr{IP: net.IPv4(127, 0, 0, ip[3]+1)}
}

func connect(address string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: attackerAddress, Timeout: 2 * time.Second}
	conn, err := d.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(10 * time.Second))
}

// put writes numbers and texts as OPC UA does.
func put(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case byte:
			b = append(b, v)
		case int:
			b = binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
		case uint32:
			b = binary.LittleEndian.AppendUint32(b, v)
		case string:
			b = append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
		case []byte:
			b = append(b, v...)
		default:
			panic(fmt.Sprintf("%T", v))
		}
	}
	return b
}

func message(kind string, body []byte) []byte { return append(put([]byte(kind), len(body)+8), body...) }

func helloMessage(url string) []byte { return message("HELF", put(nil, 0, 65535, 65535, 0, 0, url)) }

// head is a request's number and header, with a session's token or none.
func head(id uint16, token []byte) []byte {
	if token == nil {
		token = []byte{0, 0}
	}
	return put(nil, byte(1), byte(0), []byte{byte(id), byte(id >> 8)}, token, make([]byte, 8), 1, 0, -1, 10_000, byte(0), byte(0), byte(0))
}

// readMessage returns the next message of a server.
func readMessage(conn net.Conn) (kind string, body []byte, err error) {
	var h [8]byte
	if _, err := io.ReadFull(conn, h[:]); err != nil {
		return "", nil, err
	}
	n := binary.LittleEndian.Uint32(h[4:])
	if n < 8 || n > 1<<20 {
		return "", nil, fmt.Errorf("a message of %d bytes", n)
	}
	body = make([]byte, n-8)
	_, err = io.ReadFull(conn, body)
	return string(h[:4]), body, err
}

// rogue is a channel that signs what it sends and checks nothing that it gets.
type rogue struct {
	net.Conn
	channel, token, sequence uint32
	key                      []byte
}

const basic256Sha256 = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"

// openRogue opens a channel with Basic256Sha256 and Sign. The chain is what it shows of itself; it signs with the key.
func openRogue(address string, serverCertificate []byte, chain []byte, key *rsa.PrivateKey) (*rogue, error) {
	conn, err := connect(address)
	if err != nil {
		return nil, err
	}
	r := &rogue{Conn: conn}
	if err := r.open(address, serverCertificate, chain, key); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return r, nil
}

func (r *rogue) open(address string, serverCertificate, chain []byte, key *rsa.PrivateKey) error {
	if _, err := r.Write(helloMessage("opc.tcp://" + address)); err != nil {
		return err
	}
	if kind, _, err := readMessage(r); err != nil || kind != "ACKF" {
		return fmt.Errorf("greeting: %s %w", kind, err)
	}
	nonce := make([]byte, 32)
	_, _ = rand.Read(nonce)
	server, err := x509.ParseCertificate(serverCertificate)
	if err != nil {
		return err
	}
	to := server.PublicKey.(*rsa.PublicKey)
	plainHead, secret := openSecureBytes(serverCertificate, chain, put(head(446, nil), 0, 0, 2, string(nonce), 3_600_000), to.Size(), key)
	sum := sha256.Sum256(append(slices.Clip(plainHead), secret...))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, 5, sum[:]) // crypto.SHA256
	if err != nil {
		return err
	}
	secret = append(secret, signature...)
	for block := to.Size() - 42; len(secret) > 0; secret = secret[block:] {
		out, err := rsa.EncryptOAEP(sha1.New(), rand.Reader, to, secret[:block], nil)
		if err != nil {
			return err
		}
		plainHead = append(plainHead, out...)
	}
	if _, err := r.Write(plainHead); err != nil {
		return err
	}
	kind, body, err := readMessage(r)
	if err != nil || kind != "OPNF" {
		return fmt.Errorf("open: %q %w", kind, errors.Join(err, refusal(kind, body)))
	}
	return r.keys(body, nonce, key)
}

// openSecureBytes returns the header of an OpenSecureChannel with its final size, and what of it is to be signed and encrypted.
func openSecureBytes(serverCertificate, chain, request []byte, block int, key *rsa.PrivateKey) (plain, secret []byte) {
	thumbprint := sha1.Sum(serverCertificate)
	plain = put([]byte("OPNF"), 0, 0, basic256Sha256, string(chain), string(thumbprint[:]))
	secret = put(nil, 1, 1, request)
	room := block - 42 // of a block, for what is encrypted
	padding := (room - (len(secret)+1+key.Size())%room) % room
	for range padding + 1 {
		secret = append(secret, byte(padding))
	}
	size := len(plain) + (len(secret)+key.Size())/room*block
	binary.LittleEndian.PutUint32(plain[4:], uint32(size))
	return plain, secret
}

// keys takes the channel's numbers and the server's nonce from its answer, and derives the key to sign with.
func (r *rogue) keys(body, nonce []byte, key *rsa.PrivateKey) error {
	at := 4
	for range 3 { // policy, certificate, thumbprint
		n := int(int32(binary.LittleEndian.Uint32(body[at:])))
		at += 4 + max(n, 0)
	}
	var secret []byte
	for ; at < len(body); at += key.Size() {
		out, err := rsa.DecryptOAEP(sha1.New(), rand.Reader, key, body[at:at+key.Size()], nil)
		if err != nil {
			return err
		}
		secret = append(secret, out...)
	}
	secret = secret[8+4+8+4+4+1+4+3:] // sequence, number of the answer, its header
	r.channel, r.token = binary.LittleEndian.Uint32(secret[4:]), binary.LittleEndian.Uint32(secret[8:])
	n := binary.LittleEndian.Uint32(secret[24:])
	r.key = expand(secret[28:28+n], nonce, 32) // of the client: the server's nonce is the secret
	r.sequence = 1
	return nil
}

// expand is P_SHA256 (RFC 5246), as far as the signing key needs it.
func expand(secret, seed []byte, n int) []byte {
	mac := func(parts ...[]byte) []byte {
		m := hmac.New(sha256.New, secret)
		for _, p := range parts {
			m.Write(p)
		}
		return m.Sum(nil)
	}
	return mac(mac(seed), seed)[:n]
}

// send signs a chunk and sends it.
func (r *rogue) send(kind string, request uint32, body []byte) error {
	r.sequence++
	chunk := put([]byte(kind), 8+8+8+len(body)+32, r.channel, r.token, r.sequence, request, body)
	m := hmac.New(sha256.New, r.key)
	m.Write(chunk)
	_, err := r.Write(m.Sum(chunk))
	return err
}

// ask sends a request in as many chunks as it needs, and returns the body of the answer.
func (r *rogue) ask(body []byte) ([]byte, error) {
	for len(body) > 60_000 {
		if err := r.send("MSGC", r.sequence, body[:60_000]); err != nil {
			return nil, err
		}
		body = body[60_000:]
	}
	if err := r.send("MSGF", r.sequence, body); err != nil {
		return nil, err
	}
	return r.answer()
}

func (r *rogue) answer() ([]byte, error) {
	kind, body, err := readMessage(r)
	if err != nil {
		return nil, err
	}
	if kind[:3] != "MSG" {
		return nil, fmt.Errorf("%s: %w", kind, refusal(kind, body))
	}
	return body[16 : len(body)-32], nil
}

// refusal is the code of an error message.
func refusal(kind string, body []byte) error {
	if kind == "ERRF" && len(body) >= 4 {
		return ua.StatusCode(binary.LittleEndian.Uint32(body))
	}
	return nil
}

// codeName is a code as the standard writes it.
func codeName(err error) string {
	code, ok := errors.AsType[ua.StatusCode](err)
	if !ok {
		return "without a reason"
	}
	if d, ok := ua.StatusCodes[code]; ok {
		return strings.Replace(strings.TrimPrefix(d.Name, "Status"), "Bad", "Bad_", 1)
	}
	return fmt.Sprintf("%08X", uint32(code))
}

// fault is the code of an answer's header.
func fault(answer []byte) ua.StatusCode {
	if len(answer) < 4+8+4+4 {
		return ua.StatusBadDecodingError
	}
	return ua.StatusCode(binary.LittleEndian.Uint32(answer[4+8+4:]))
}

// stranger is an identity that nobody trusts.
func stranger(t testing.TB) opcua.Identity {
	t.Helper()
	id, err := opcua.CreateIdentity("urn:test:stranger", "stranger", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// attackerClient is an ordinary client from the attacker's address.
func attackerClient(address string, id opcua.Identity, user, password string) (*gopcua.Client, error) {
	dialer := &uacp.Dialer{Dialer: &net.Dialer{LocalAddr: attackerAddress, Timeout: 2 * time.Second}}
	return newClient(address, id, user, password, gopcua.Dialer(dialer))
}
