// Package opcua carries the handshake's blocks over OPC UA: to devices with the method Execute and one variable a field, and
// to devices with two ByteString blocks. Channels are always signed and encrypted (Basic256Sha256) and sessions always logged
// in. It subscribes to nothing, caches no value, repeats no request and decides nothing.
package opcua

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/id"
	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uasc"

	"linectl/plc"
	"linectl/plc/tags"
	"linectl/uaguard"
)

const (
	defaultSessionTimeout = 30 * time.Second // a crashed supervisor must not hold one of a PLC's few sessions for long
	requestTimeout        = 2 * time.Second  // also bounds a write into a full socket, which no context ends
	closeTimeout          = 100 * time.Millisecond
	maxMessage            = 1 << 18 // a status is about 2 KB, a waveform 66 at most; one of nested values must not fill the stack (1 GB)
)

// Dialer opens the connection to one device.
type Dialer struct {
	Address  string // host and port, or opc.tcp://host:port
	Map      tags.OPCUAMap
	Identity Identity // our application certificate; the device must trust it
	User     string
	Password string

	// Fingerprint is the SHA-256 of the device's certificate in hexadecimal, as Fingerprint writes it. A device with another
	// certificate is not talked to. Empty trusts whoever answers at the address, password included.
	Fingerprint string

	SessionTimeout time.Duration // default 30 s
}

// Fingerprint returns the SHA-256 of a certificate in DER form, as lower-case hexadecimal.
func Fingerprint(der []byte) string {
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// Dial opens channel and session, resolves the namespace anew, and checks every node and type of the tag map.
func (d *Dialer) Dial(ctx context.Context) (plc.Conn, error) {
	if d.User == "" || d.Identity.Key == nil {
		return nil, d.misconfigured(errors.New("no user name or no certificate is configured"), "give the device a user, a password file and a certificate")
	}
	endpoint, err := d.endpoint(ctx)
	if err != nil {
		return nil, err
	}
	guard := &uaguard.Guard{Patience: requestTimeout, MaxMessage: maxMessage, Certificate: endpoint.ServerCertificate}
	client, err := d.session(ctx, endpoint, guard)
	if err != nil {
		return nil, err
	}
	c := &conn{where: d.url(), client: client, guard: guard}
	if err := d.bind(ctx, c); err != nil {
		_ = c.Close()
		return nil, err
	}
	if c.waveform != nil {
		return &waveformConn{c}, nil
	}
	return c, nil
}

func (d *Dialer) url() string {
	if strings.HasPrefix(d.Address, "opc.tcp://") {
		return d.Address
	}
	return "opc.tcp://" + d.Address
}

func (d *Dialer) misconfigured(err error, remedy string) error {
	return &plc.ConfigurationError{Address: d.url(), Err: err, Remedy: remedy}
}

// endpoint asks the device for its endpoints and picks the one we insist on. The list comes over an open channel: it is
// believed only as far as the pinned certificate proves it afterwards.
func (d *Dialer) endpoint(ctx context.Context) (*ua.EndpointDescription, error) {
	guard := &uaguard.Guard{Patience: requestTimeout, MaxMessage: maxMessage}
	var endpoints []*ua.EndpointDescription
	if err := guard.Dial(ctx, func(ctx context.Context) (err error) {
		endpoints, err = opcua.GetEndpoints(ctx, d.url(), guarded(guard)...)
		return err
	}); err != nil {
		return nil, d.sort("ask for endpoints", guard.Explain(err))
	}
	for _, e := range endpoints {
		if e == nil || e.SecurityPolicyURI != ua.SecurityPolicyURIBasic256Sha256 || e.SecurityMode != ua.MessageSecurityModeSignAndEncrypt {
			continue
		}
		if got := Fingerprint(e.ServerCertificate); d.Fingerprint != "" && !strings.EqualFold(got, d.Fingerprint) {
			return nil, d.misconfigured(fmt.Errorf("its certificate has the fingerprint %s, expected is %s", got, d.Fingerprint),
				"find out whether the device was replaced; only then enter the new fingerprint")
		}
		if login(e) != nil {
			return e, nil
		}
	}
	return nil, d.misconfigured(errors.New("it offers no endpoint with Basic256Sha256, SignAndEncrypt and login by user name"),
		"switch that endpoint on in the device; others are not used")
}

// guarded bounds every wait and message.
func guarded(g *uaguard.Guard) []opcua.Option {
	return []opcua.Option{opcua.Dialer(g.Dialer()), opcua.AutoReconnect(false), opcua.RequestTimeout(requestTimeout)}
}

// login picks the way in which the endpoint takes a user name: never one that would send the password without encryption.
func login(e *ua.EndpointDescription) *ua.UserTokenPolicy {
	for _, t := range e.UserIdentityTokens {
		if t == nil || t.TokenType != ua.UserTokenTypeUserName {
			continue
		}
		switch t.SecurityPolicyURI {
		case "", ua.SecurityPolicyURIBasic256Sha256, ua.SecurityPolicyURIAes128Sha256RsaOaep, ua.SecurityPolicyURIAes256Sha256RsaPss:
			return t
		}
	}
	return nil
}

// session opens channel and session step by step: the library's own Connect would start reconnecting and subscription loops,
// and would dereference the session that it did not get from a device with a wrong signature.
func (d *Dialer) session(ctx context.Context, e *ua.EndpointDescription, guard *uaguard.Guard) (*opcua.Client, error) {
	client, err := opcua.NewClient(d.url(), append(guarded(guard),
		opcua.Certificate(d.Identity.Certificate), opcua.PrivateKey(d.Identity.Key),
		opcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName))...)
	if err != nil {
		return nil, d.misconfigured(err, "check the certificate and key")
	}
	if err := guard.Dial(ctx, client.Dial); err != nil {
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: it hung up; if that stays, let it trust the supervisor's certificate", err)
		}
		return nil, d.sort("open the secure channel", guard.Explain(err))
	}
	session, err := client.CreateSession(ctx, d.sessionConfig(login(e)))
	if err == nil && session == nil {
		err = errors.New("the device does not hold the key of its certificate")
	}
	if err == nil {
		err = client.ActivateSession(ctx, session)
	}
	if err == nil && client.Session() == nil {
		err = errors.New("our certificate and key do not fit together")
	}
	if err != nil {
		closeClient(client)
		return nil, d.sort("log in as "+d.User, guard.Explain(err))
	}
	return client, nil
}

func (d *Dialer) sessionConfig(t *ua.UserTokenPolicy) *uasc.SessionConfig {
	timeout := d.SessionTimeout
	if timeout <= 0 {
		timeout = defaultSessionTimeout
	}
	policy := t.SecurityPolicyURI
	if policy == "" {
		policy = ua.SecurityPolicyURIBasic256Sha256
	}
	return &uasc.SessionConfig{
		SessionTimeout: timeout,
		ClientDescription: &ua.ApplicationDescription{
			ApplicationURI: d.Identity.URI, ProductURI: "urn:linectl", ApplicationName: ua.NewLocalizedText("linectl supervisor"),
			ApplicationType: ua.ApplicationTypeClient,
		},
		LocaleIDs:          []string{"en"},
		UserIdentityToken:  &ua.UserNameIdentityToken{PolicyID: t.PolicyID, UserName: d.User},
		UserTokenSignature: &ua.SignatureData{},
		AuthPolicyURI:      policy,
		AuthPassword:       d.Password,
	}
}

// bind resolves the namespace and checks the nodes of the face.
func (d *Dialer) bind(ctx context.Context, c *conn) error {
	index, err := d.namespace(ctx, c)
	if err != nil {
		return err
	}
	node := func(name string) *ua.NodeID { return ua.NewStringNodeID(index, d.Map.Object+name) }
	switch {
	case !d.Map.Class.Tokens():
		c.face = &plainBlocks{blocks{command: node(".CommandBlock"), status: node(".StatusBlock"), order: d.Map.Order}, node(".Execute")}
	case d.Map.Face == tags.FaceBlocks:
		c.face = &blocks{command: node(".CommandBlock"), status: node(".StatusBlock"), order: d.Map.Order}
	case d.Map.Face == tags.FaceMethod:
		c.face = newMethod(node)
	default:
		return d.misconfigured(fmt.Errorf("unknown face %q", d.Map.Face), "use method or blocks")
	}
	if d.Map.Waveform {
		c.waveform = node(d.Map.WaveformNode())
	}
	if err := c.face.check(ctx, c); err != nil {
		return err
	}
	if err := c.checkWaveform(ctx); err != nil {
		return err
	}
	_, err = c.Read(ctx)
	return err
}

func (d *Dialer) namespace(ctx context.Context, c *conn) (uint16, error) {
	values, err := c.values(ctx, "namespaces", ua.AttributeIDValue, ua.NewNumericNodeID(0, id.Server_NamespaceArray))
	if err != nil {
		return 0, err
	}
	known, ok := values[0].([]string)
	if !ok {
		return 0, d.misconfigured(errors.New("its NamespaceArray is not a list of texts"), "it is no OPC UA server that follows the standard")
	}
	index := slices.Index(known, d.Map.Namespace)
	if index < 0 || index > 0xFFFF {
		return 0, d.misconfigured(fmt.Errorf("namespace %q is not among its %q", d.Map.Namespace, known), "correct namespace or address of this device in line.yaml")
	}
	return uint16(index), nil
}

// sort says of a failed connection attempt whether a person must change something.
func (d *Dialer) sort(what string, err error) error {
	if code, ok := errors.AsType[ua.StatusCode](err); ok && configurationCodes[code] {
		return d.misconfigured(fmt.Errorf("%s: %w", what, err),
			"check user, password and clock, and that the device trusts the supervisor's certificate")
	}
	return fmt.Errorf("%s at %s: %w", what, d.url(), err)
}

func closeClient(c *opcua.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = c.Close(ctx) // it always returns nil
}
