package opcua_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uapolicy"

	"linectl/plc"
	"linectl/plc/opcua"
	"linectl/plc/tags"
)

// impostor shows the certificate of a device, which anybody may ask the device for, and has not its key. It opens the channel
// with two answers: the first shows a certificate of its own, the second, signed with that one's key, names the policy None.
type impostor struct {
	address       string
	shown         []byte         // certificate of the device
	own           opcua.Identity // of the impostor
	client        []byte         // certificate of whom it is for, which stands readable in what that one sends
	hostileAnswer []byte         // in place of the list of endpoints

	mu     sync.Mutex
	stolen string
}

func (i *impostor) password() string { i.mu.Lock(); defer i.mu.Unlock(); return i.stolen }

func (i *impostor) listen(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	i.address = l.Addr().String()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go i.serve(c)
		}
	}()
}

func number(b []byte, values ...uint32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

func text(b []byte, s string) []byte { return append(number(b, uint32(len(s))), s...) }

func chunk(kind string, body []byte) []byte {
	return append(number([]byte(kind), uint32(8+len(body))), body...)
}

func receive(c net.Conn) (kind string, body []byte) {
	head := make([]byte, 8)
	if _, err := readFull(c, head); err != nil {
		return "", nil
	}
	body = make([]byte, binary.LittleEndian.Uint32(head[4:])-8)
	if _, err := readFull(c, body); err != nil {
		return "", nil
	}
	return string(head[:4]), body
}

func readFull(c net.Conn, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var m int
		m, err = c.Read(b[n:])
		n += m
	}
	return n, err
}

const (
	none  = ua.SecurityPolicyURINone
	basic = ua.SecurityPolicyURIBasic256Sha256
)

// encoded is a response with its number.
func encoded(r ua.Response) []byte {
	r.SetHeader(&ua.ResponseHeader{Timestamp: time.Now(), ServiceDiagnostics: &ua.DiagnosticInfo{}, AdditionalHeader: ua.NewExtensionObject(nil)})
	body, err := ua.Encode(r)
	if err != nil {
		panic(err)
	}
	id := ua.ServiceTypeID(r)
	return append([]byte{1, 0, byte(id), byte(id >> 8)}, body...)
}

func (i *impostor) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	sequence := uint32(0)
	for {
		kind, body := receive(c)
		switch kind {
		case "HELF":
			_, _ = c.Write(chunk("ACKF", number(nil, 0, 65535, 65535, 0, 0)))
		case "OPNF":
			n := binary.LittleEndian.Uint32(body[4:])
			sequence++
			opened := encoded(&ua.OpenSecureChannelResponse{SecurityToken: &ua.ChannelSecurityToken{ChannelID: 7, TokenID: 7, CreatedAt: time.Now(), RevisedLifetime: 3_600_000}, ServerNonce: make([]byte, 32)})
			if string(body[8:8+n]) == none {
				_, _ = c.Write(chunk("OPNF", append(number(text(number(nil, 7), none), 0xFFFFFFFF, 0xFFFFFFFF, sequence, 1), opened...)))
				continue
			}
			_, _ = c.Write(i.open(basic, string(i.own.Certificate), append(number(nil, sequence, 999), opened...)))
			_, _ = c.Write(i.open(none, "", append(number(nil, sequence+1, 1), opened...)))
		case "MSGF":
			request := binary.LittleEndian.Uint32(body[12:])
			_, asked, err := ua.DecodeService(body[16:])
			if err != nil {
				return
			}
			sequence++
			answer := append(number(nil, 7, 7, sequence, request), i.answer(asked)...)
			_, _ = c.Write(chunk("MSGF", append(answer, 0))) // the last byte: no padding
		default:
			return
		}
	}
}

// open is an answer to OpenSecureChannel, signed with the impostor's key and encrypted for the client.
func (i *impostor) open(policy, certificate string, secret []byte) []byte {
	to, err := uapolicy.PublicKey(i.client)
	if err != nil {
		panic(err)
	}
	algorithm, err := uapolicy.Asymmetric(basic, i.own.Key, to)
	if err != nil {
		panic(err)
	}
	plain := text(text(number([]byte("OPNF"), 0, 7), policy), certificate)
	plain = text(plain, string(uapolicy.Thumbprint(i.client)))
	block := algorithm.PlaintextBlockSize()
	padding := (block - (len(secret)+1+algorithm.SignatureLength())%block) % block
	for range padding + 1 {
		secret = append(secret, byte(padding))
	}
	size := len(plain) + (len(secret)+algorithm.SignatureLength())/block*algorithm.BlockSize()
	binary.LittleEndian.PutUint32(plain[4:], uint32(size))
	signature, err := algorithm.Signature(append(append([]byte{}, plain...), secret...))
	if err != nil {
		panic(err)
	}
	hidden, err := algorithm.Encrypt(append(secret, signature...))
	if err != nil {
		panic(err)
	}
	return append(plain, hidden...)
}

func (i *impostor) answer(asked any) []byte {
	switch r := asked.(type) {
	case *ua.GetEndpointsRequest:
		if i.hostileAnswer != nil {
			return i.hostileAnswer
		}
		return encoded(&ua.GetEndpointsResponse{Endpoints: []*ua.EndpointDescription{{
			EndpointURL: "opc.tcp://" + i.address, Server: &ua.ApplicationDescription{ApplicationName: &ua.LocalizedText{}}, ServerCertificate: i.shown, SecurityMode: ua.MessageSecurityModeSignAndEncrypt,
			SecurityPolicyURI: basic, UserIdentityTokens: []*ua.UserTokenPolicy{{PolicyID: "name", TokenType: ua.UserTokenTypeUserName}},
		}}})
	case *ua.CreateSessionRequest:
		return encoded(&ua.CreateSessionResponse{
			SessionID: ua.NewNumericNodeID(1, 1), AuthenticationToken: ua.NewNumericNodeID(1, 1), RevisedSessionTimeout: 60_000, ServerNonce: make([]byte, 32),
			ServerCertificate: i.own.Certificate, ServerSignature: &ua.SignatureData{},
		})
	case *ua.ActivateSessionRequest:
		if token, ok := r.UserIdentityToken.Value.(*ua.UserNameIdentityToken); ok {
			i.steal(token.Password)
		}
		return encoded(&ua.ActivateSessionResponse{ServerNonce: make([]byte, 32)})
	}
	return encoded(&ua.ServiceFault{})
}

func (i *impostor) steal(secret []byte) {
	algorithm, err := uapolicy.Asymmetric(basic, i.own.Key, &i.own.Key.PublicKey)
	if err != nil {
		panic(err)
	}
	if plain, err := algorithm.Decrypt(secret); err == nil && len(plain) > 36 {
		i.mu.Lock()
		i.stolen = string(plain[4 : len(plain)-32])
		i.mu.Unlock()
	}
}

// TestAListOfEndpointsCannotEndTheProcess sends what the library would decode until the memory or the stack of the process ends.
func TestAListOfEndpointsCannotEndTheProcess(t *testing.T) {
	head := func(id uint16) []byte { return append([]byte{1, 0, byte(id), byte(id >> 8)}, make([]byte, 16)...) }
	plain := append(head(431), 0, 0, 0, 0, 0, 0, 0, 0)
	for name, answer := range map[string][]byte{
		"nested diagnostics":           append(head(431), bytes.Repeat([]byte{0x40}, 60_000)...),
		"two thousand million of them": number(plain, 0x7ffffff0),
		"fewer than none":              number(plain, 0xfffffff0),
		"a text of two gigabytes":      number(number(plain, 1), 0x7ffffff0),
		"an array of fewer than none": append(append(head(431), 0, 0, 0, 0, 0, 1, 0, 0x7a, 0x02, 1), // a ReadResponse as addition
			append(number(nil, 60), append(append(make([]byte, 24), number(nil, 1)...), append([]byte{1, 0x81}, number(nil, 0xfffffffe)...)...)...)...),
		"another answer": append(head(634), 0, 0, 0, 0, 0, 0, 0, 0),
		"nothing":        {},
	} {
		t.Run(name, func(t *testing.T) {
			i, supervisor := newImpostor(t)
			i.hostileAnswer = answer
			d := &opcua.Dialer{Address: i.address, Map: layout(tags.FaceMethod), Identity: supervisor, User: user, Password: password, Fingerprint: opcua.Fingerprint(i.shown)}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if _, err := d.Dial(ctx); err == nil || !strings.Contains(err.Error(), "without security") && !strings.Contains(err.Error(), "cut short") || plc.Classify(err) != plc.Unknown {
				t.Errorf("got %v", err)
			}
		})
	}
}

func newImpostor(t *testing.T) (*impostor, opcua.Identity) {
	t.Helper()
	identities := make([]opcua.Identity, 3)
	for n, name := range []string{"device", "impostor", "supervisor"} {
		var err error
		if identities[n], err = opcua.CreateIdentity("urn:test:"+name, name, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	i := &impostor{shown: identities[0].Certificate, own: identities[1], client: identities[2].Certificate}
	i.listen(t)
	return i, identities[2]
}

// TestAnImpostorGetsNoPassword holds that a server with the certificate of a device but without its key gets no channel. That
// the library alone would give it one, and the password, is why there is a guard.
func TestAnImpostorGetsNoPassword(t *testing.T) {
	i, supervisor := newImpostor(t)
	d := &opcua.Dialer{Address: i.address, Map: layout(tags.FaceMethod), Identity: supervisor, User: user, Password: password, Fingerprint: opcua.Fingerprint(i.shown)}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := d.Dial(ctx)
	if err == nil || !strings.Contains(err.Error(), "another certificate than the one that is trusted") || plc.Classify(err) != plc.Unknown {
		t.Errorf("got %v", err)
	}
	if p := i.password(); p != "" {
		t.Fatalf("the impostor has got the password %q", p)
	}

	endpoints, err := gopcua.GetEndpoints(ctx, "opc.tcp://"+i.address)
	if err != nil {
		t.Fatal(err)
	}
	c, err := gopcua.NewClient("opc.tcp://"+i.address, gopcua.Certificate(supervisor.Certificate), gopcua.PrivateKey(supervisor.Key),
		gopcua.SecurityFromEndpoint(endpoints[0], ua.UserTokenTypeUserName), gopcua.AuthUsername(user, password), gopcua.AutoReconnect(false))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Connect(ctx)
	defer func() { _ = c.Close(ctx) }()
	if i.password() != password {
		t.Error("the library gives no password to an impostor any more: look whether the guard is still needed")
	}
}
