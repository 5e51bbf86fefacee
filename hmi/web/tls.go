package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// How long a certificate for HTTPS is made for, and how long before its end a start makes another.
const (
	httpsLasts = 2 * 365 * 24 * time.Hour
	httpsAnew  = 30 * 24 * time.Hour
)

// OwnCertificate returns the certificate https.crt with its key https.key (PEM) in a directory. It makes them, signed by themselves,
// where there are none, where a host is missing in them, and in their last thirty days.
func OwnCertificate(dir string, hosts []string, now time.Time) (tls.Certificate, error) {
	crt, key := filepath.Join(dir, "https.crt"), filepath.Join(dir, "https.key")
	made, err := tls.LoadX509KeyPair(crt, key)
	if err == nil && fits(made.Leaf, hosts, now) {
		return made, nil
	}
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return made, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return made, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "linectl hmi", Organization: []string{"linectl"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(httpsLasts), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, h := range named(hosts) {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		return made, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		return made, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return made, err
	}
	if err := os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return made, err
	}
	if err := os.WriteFile(crt, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return made, err
	}
	return tls.LoadX509KeyPair(crt, key)
}

// named leaves out what names no host: the addresses that mean all of them.
func named(hosts []string) []string {
	return slices.DeleteFunc(slices.Clone(hosts), func(h string) bool { ip := net.ParseIP(h); return h == "" || ip != nil && ip.IsUnspecified() })
}

func fits(c *x509.Certificate, hosts []string, now time.Time) bool {
	for _, h := range named(hosts) {
		if c.VerifyHostname(h) != nil {
			return false
		}
	}
	return now.Before(c.NotAfter.Add(-httpsAnew))
}

// maxConnections is how many connections of browsers there may be at a time.
const maxConnections = 256

// Bounded returns a listener that takes no more than so many connections at a time; others wait.
func Bounded(l net.Listener) net.Listener {
	return &bounded{Listener: l, places: make(chan struct{}, maxConnections), closed: make(chan struct{})}
}

type bounded struct {
	net.Listener
	places chan struct{}
	once   sync.Once
	closed chan struct{}
}

// Accept waits for a place and then for a connection.
func (b *bounded) Accept() (net.Conn, error) {
	select {
	case b.places <- struct{}{}:
	case <-b.closed:
		return nil, fmt.Errorf("listen: %w", net.ErrClosed)
	}
	c, err := b.Listener.Accept()
	if err != nil {
		<-b.places
		return nil, err
	}
	return &placed{Conn: c, leave: sync.OnceFunc(func() { <-b.places })}, nil
}

// Close ends listening.
func (b *bounded) Close() error {
	b.once.Do(func() { close(b.closed) })
	return b.Listener.Close()
}

type placed struct {
	net.Conn
	leave func()
}

// Close ends the connection and gives up its place.
func (p *placed) Close() error {
	defer p.leave()
	return p.Conn.Close()
}
