package opcua_test

import (
	"context"
	"testing"
	"time"

	gopcua "github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"

	"linectl/internal/testnet"
	own "linectl/plc/opcua"
)

// byCertificate logs in with a person's certificate, through the application that the server trusts.
func (b *bench) byCertificate(t testing.TB, policy string, who own.Identity) (*gopcua.Client, error) {
	t.Helper()
	endpoints, err := gopcua.GetEndpoints(t.Context(), "opc.tcp://"+b.address)
	if err != nil {
		t.Fatal(err)
	}
	e, err := gopcua.SelectEndpoint(endpoints, policy, ua.MessageSecurityModeSignAndEncrypt)
	if err != nil {
		t.Fatal(err)
	}
	c, err := gopcua.NewClient("opc.tcp://"+b.address, gopcua.Certificate(b.client.Certificate), gopcua.PrivateKey(b.client.Key),
		gopcua.SecurityFromEndpoint(e, ua.UserTokenTypeCertificate), gopcua.AuthCertificate(who.Certificate), gopcua.AuthPrivateKey(who.Key),
		gopcua.AutoReconnect(false), gopcua.ApplicationURI(b.client.URI))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Connect(ctx); err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c, nil
}

// TestAPersonLogsInWithACertificate commands the line with it, over each policy; a stranger's is refused, and one whose key the
// client does not have.
func TestAPersonLogsInWithACertificate(t *testing.T) {
	t.Parallel()
	p := newPlant()
	b := open(t, p, t.TempDir(), testnet.FreeAddress(t))
	for _, policy := range []string{ua.SecurityPolicyURIBasic256Sha256, ua.SecurityPolicyURIAes128Sha256RsaOaep, ua.SecurityPolicyURIAes256Sha256RsaPss} {
		c, err := b.byCertificate(t, policy, b.client)
		if err != nil {
			t.Fatalf("%s: %v", policy, err)
		}
		eventually(t, "the line is shown", good(t, c, "ST060.State"))
		if res := call(t, c, "Line", "Line.Reset", "", "by card"); res.StatusCode != ua.StatusOK {
			t.Errorf("%s: %+v", policy, res)
		}
	}
	if by := p.requests()[0].By; by != "amna" {
		t.Errorf("the command is %q's", by)
	}
	strange, err := own.CreateIdentity("urn:test:card", "card", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.byCertificate(t, ua.SecurityPolicyURIBasic256Sha256, strange); err == nil {
		t.Error("a certificate that is nobody's got in")
	}
	if _, err := b.byCertificate(t, ua.SecurityPolicyURIBasic256Sha256, own.Identity{Certificate: b.client.Certificate, Key: strange.Key}); err == nil {
		t.Error("a certificate without its key got in")
	}
}
