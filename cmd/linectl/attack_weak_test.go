package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"
	"github.com/gopcua/opcua/uacp"
)

// weakPolicies asks the gateway for what it must not offer, and then for channels of policies that are broken, with a certificate
// that it trusts.
func weakPolicies(t *testing.T, b *besieged) string {
	at := "opc.tcp://" + b.address
	endpoints, err := gopcua.GetEndpoints(t.Context(), at)
	if err != nil || len(endpoints) == 0 {
		t.Fatalf("%d endpoints, %v", len(endpoints), err)
	}
	strong := map[string]bool{ua.SecurityPolicyURIBasic256Sha256: true, ua.SecurityPolicyURIAes128Sha256RsaOaep: true, ua.SecurityPolicyURIAes256Sha256RsaPss: true}
	for _, e := range endpoints {
		if e.SecurityMode == ua.MessageSecurityModeNone || !strong[e.SecurityPolicyURI] {
			t.Errorf("%s with %v is offered", e.SecurityPolicyURI, e.SecurityMode)
		}
		for _, u := range e.UserIdentityTokens {
			if u.TokenType == ua.UserTokenTypeAnonymous || u.SecurityPolicyURI != "" && !strong[u.SecurityPolicyURI] {
				t.Errorf("%s takes logins of type %v with %q", e.SecurityPolicyURI, u.TokenType, u.SecurityPolicyURI)
			}
		}
	}
	refused, tried := 0, 0
	for _, policy := range []string{"Basic128Rsa15", "Basic256"} {
		for _, mode := range []ua.MessageSecurityMode{ua.MessageSecurityModeSign, ua.MessageSecurityModeSignAndEncrypt} {
			c := b.weak(t, gopcua.SecurityPolicy(policy), gopcua.SecurityMode(mode))
			tried++
			if err := c.Dial(t.Context()); err == nil {
				t.Errorf("a channel with %s and %v is opened", policy, mode)
				continue
			}
			refused++
		}
	}
	for _, c := range []*gopcua.Client{
		b.weak(t, gopcua.SecurityPolicy("Basic256Sha256"), gopcua.SecurityMode(ua.MessageSecurityModeSignAndEncrypt), gopcua.AuthAnonymous()),
		b.weak(t, gopcua.SecurityPolicy("None"), gopcua.SecurityMode(ua.MessageSecurityModeNone), gopcua.AuthAnonymous()),
		b.weak(t, gopcua.SecurityPolicy("None"), gopcua.SecurityMode(ua.MessageSecurityModeNone), gopcua.AuthUsername("eve", benchPassword)),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		tried++
		if err := c.Connect(ctx); err == nil {
			t.Error("somebody is logged in who is nobody, or in the clear")
		} else if !errors.Is(err, context.DeadlineExceeded) {
			refused++
		}
		cancel()
	}
	return fmt.Sprintf("%d of %d refused", refused, tried)
}

// weak is a client with the stolen certificate that takes no endpoint's word for anything.
func (b *besieged) weak(t *testing.T, more ...gopcua.Option) *gopcua.Client {
	t.Helper()
	dialer := &uacp.Dialer{Dialer: &net.Dialer{LocalAddr: attackerAddress, Timeout: 2 * time.Second}}
	c, err := gopcua.NewClient("opc.tcp://"+b.address, append([]gopcua.Option{
		gopcua.Dialer(dialer), gopcua.Certificate(b.eve.Certificate), gopcua.PrivateKey(b.eve.Key), gopcua.RemoteCertificate(b.certificate),
		gopcua.ApplicationURI(b.eve.URI), gopcua.AutoReconnect(false), gopcua.RequestTimeout(2 * time.Second),
	}, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}
