package web

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/uaguard"
)

// Bounds of a connection to the gateway.
const (
	dialTimeout    = 3 * time.Second
	loginTimeout   = 50 * time.Second // after failed logins the supervisor makes even a right password wait
	requestTimeout = 6 * time.Second  // the gateway answers a call within five
	closeTimeout   = 200 * time.Millisecond
	sessionTimeout = 60 * time.Second // how long the gateway keeps a session whose HMI has gone
	maxMessage     = 8 << 20
)

// The errors of a login, for the page that asks for it.
var (
	errLogin    = errors.New("name or password is wrong, or the account is disabled")
	errNotYet   = errors.New("the line's program is away; nobody can be logged in until it is back")
	errNoAnswer = errors.New("the gateway does not answer")
	errTrust    = errors.New("the gateway does not let this HMI in")
	errOther    = errors.New("another gateway answers than the one that this HMI trusts")
	errFull     = errors.New("too many people are logged in")
)

// Gate is the way to the gateway.
type Gate struct {
	URL         string // opc.tcp://host:port
	URI         string // of this HMI as an OPC UA application, as in its certificate
	Certificate []byte // DER; the gateway must trust it
	Key         *rsa.PrivateKey
	// Pinned returns the certificate (DER) of the gateway that is trusted. It is asked at every connection: the gateway may make
	// its certificate later than we start.
	Pinned func() ([]byte, error)
}

// person is who logs in, and in which language.
type person struct{ user, password, lang string }

// dial opens a channel and a session. The list of endpoints is not believed: the pinned certificate is proven by the channel that
// is opened with it.
func (g *Gate) dial(ctx context.Context, p person, state func(opcua.ConnState)) (*opcua.Client, error) {
	pinned, err := g.Pinned()
	if err != nil {
		return nil, fmt.Errorf("%w: its certificate is not known here: %w", errNoAnswer, err)
	}
	guard := guarding(nil)
	var endpoints []*ua.EndpointDescription
	if err := guard.Dial(ctx, func(ctx context.Context) (err error) {
		endpoints, err = opcua.GetEndpoints(ctx, g.URL, limits(dialTimeout, guard)...)
		return err
	}); err != nil {
		return nil, fmt.Errorf("%w at %s: %w", errNoAnswer, g.URL, err)
	}
	var endpoint *ua.EndpointDescription
	for _, e := range endpoints {
		if e == nil || e.SecurityPolicyURI != ua.SecurityPolicyURIBasic256Sha256 || e.SecurityMode != ua.MessageSecurityModeSignAndEncrypt {
			continue
		}
		if !slices.Equal(e.ServerCertificate, pinned) {
			return nil, errOther
		}
		endpoint = e
	}
	if endpoint == nil {
		return nil, fmt.Errorf("%w: it offers no Basic256Sha256 with SignAndEncrypt", errNoAnswer)
	}
	endpoint.UserIdentityTokens = slices.DeleteFunc(endpoint.UserIdentityTokens, func(t *ua.UserTokenPolicy) bool {
		return t == nil || t.TokenType != ua.UserTokenTypeUserName || strings.HasSuffix(t.SecurityPolicyURI, "#None")
	})
	if len(endpoint.UserIdentityTokens) == 0 {
		return nil, fmt.Errorf("%w: it takes no name and password", errNoAnswer)
	}
	return g.session(ctx, endpoint, p, state)
}

func (g *Gate) session(ctx context.Context, e *ua.EndpointDescription, p person, state func(opcua.ConnState)) (_ *opcua.Client, err error) {
	guard := guarding(e.ServerCertificate)
	c, err := opcua.NewClient(g.URL, append(limits(loginTimeout, guard),
		opcua.Certificate(g.Certificate), opcua.PrivateKey(g.Key), opcua.SecurityFromEndpoint(e, ua.UserTokenTypeUserName),
		opcua.AuthUsername(p.user, p.password), opcua.ApplicationURI(g.URI), opcua.ApplicationName("linectl hmi"),
		opcua.SessionTimeout(sessionTimeout), opcua.Locales(p.lang), opcua.StateChangedFunc(state))...)
	if err != nil {
		return nil, fmt.Errorf("certificate of this HMI: %w", err)
	}
	defer func() { // the library takes a session for granted that it did not get
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: it answers out of order", errNoAnswer)
		}
	}()
	if err := guard.Dial(ctx, c.Connect); err != nil {
		return nil, meaning(err)
	}
	if c.Session() == nil {
		hangUp(c)
		return nil, fmt.Errorf("%w: it opens no session", errNoAnswer)
	}
	return c, nil
}

// meaning says what a failed connection means for the person.
func meaning(err error) error {
	code, ok := errors.AsType[ua.StatusCode](err)
	switch {
	case errors.Is(err, io.EOF):
		return errTrust
	case !ok:
		return fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	switch code {
	case ua.StatusBadUserAccessDenied, ua.StatusBadIdentityTokenRejected, ua.StatusBadIdentityTokenInvalid:
		return errLogin
	case ua.StatusBadResourceUnavailable:
		return errNotYet
	case ua.StatusBadTooManySessions, ua.StatusBadTooManyOperations:
		return errFull
	case ua.StatusBadCertificateUntrusted, ua.StatusBadSecurityChecksFailed, ua.StatusBadCertificateInvalid:
		return errTrust
	}
	return fmt.Errorf("%w: %w", errNoAnswer, err)
}

// guarding holds a channel to the certificate that it is opened with; none for asking for endpoints.
func guarding(certificate []byte) *uaguard.Guard {
	return &uaguard.Guard{Patience: dialTimeout, MaxMessage: maxMessage, Certificate: certificate}
}

// limits bounds every wait and message.
func limits(wait time.Duration, guard *uaguard.Guard) []opcua.Option {
	return []opcua.Option{opcua.Dialer(guard.Dialer()), opcua.AutoReconnect(false), opcua.RequestTimeout(wait)}
}

func hangUp(c *opcua.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	_ = c.Close(ctx) // it always returns nil
}
