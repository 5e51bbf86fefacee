package simulator

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// The plant's own certificate in its pki directory: one for all its OPC UA faces, made at the first start, self-signed. A
// supervisor pins it. Its key never leaves the directory.
const (
	CertificateFile = "plant.crt" // PEM
	keyFile         = "plant.key" // PEM, 0600
	trustedDir      = "trusted"   // certificates of the clients that may connect, PEM or DER
	rejectedDir     = "rejected"  // certificates of the clients that were turned away
)

const applicationURI = "urn:linectl:virtual-plant"

// prepareCertificate makes what an OPC UA face needs, if there is one.
func prepareCertificate(endpoints []Endpoint, pki string) error {
	if !slices.ContainsFunc(endpoints, func(e Endpoint) bool { return e.Protocol == OPCUA }) {
		return nil
	}
	if pki == "" {
		return errors.New("virtual plant: an OPC UA face needs a directory for its certificate")
	}
	return Certificate(pki)
}

// Certificate makes the plant's certificate and key in a pki directory, unless they stand there already, so that a supervisor
// can be given the certificate before the plant starts.
func Certificate(pki string) error {
	for _, dir := range []string{pki, filepath.Join(pki, trustedDir), filepath.Join(pki, rejectedDir)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("certificate of the virtual plant: %w", err)
		}
	}
	crt, key := filepath.Join(pki, CertificateFile), filepath.Join(pki, keyFile)
	if _, err := os.Stat(crt); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("certificate of the virtual plant: %w", err)
	}
	if err := makeCertificate(crt, key, time.Now()); err != nil {
		return fmt.Errorf("certificate of the virtual plant: %w", err)
	}
	return nil
}

// makeCertificate writes the key first: a certificate that stands there always has its key.
func makeCertificate(crt, key string, now time.Time) error {
	private, err := usableKey()
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	uri, err := url.Parse(applicationURI)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "linectl virtual plant", Organization: []string{"linectl"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(5, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment |
			x509.KeyUsageDataEncipherment | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{uri}, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return err
	}
	err = os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}), 0o600)
	if err != nil {
		return err
	}
	if err := os.WriteFile(crt+".new", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Rename(crt+".new", crt)
}

// usableKey makes a key whose private exponent is as long as its modulus. The OPC UA server library (awcullen v1.4.0) takes the
// length of the one for the other when it decrypts a password, so that with about one key in twenty nobody could ever log in.
func usableKey() (*rsa.PrivateKey, error) {
	for range 100 {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		if len(key.D.Bytes()) == key.Size() {
			return key, nil
		}
	}
	return nil, errors.New("no usable RSA key in a hundred")
}

// Trust lets the client with this certificate (a PEM or DER file) connect to the OPC UA faces of the plant whose pki directory
// is given, from its next connection on. A client's certificate must allow client authentication.
func Trust(pki, certificate string) error {
	data, err := os.ReadFile(certificate) //nolint:gosec // the caller names the file
	if err != nil {
		return fmt.Errorf("trust a client: %w", err)
	}
	der := data
	if block, _ := pem.Decode(data); block != nil {
		der = block.Bytes
	}
	crt, err := x509.ParseCertificate(der)
	if err != nil {
		return fmt.Errorf("trust a client: %s: %w", certificate, err)
	}
	if !slices.Contains(crt.ExtKeyUsage, x509.ExtKeyUsageClientAuth) {
		return fmt.Errorf("trust a client: %s does not allow client authentication; make it anew with that usage", certificate)
	}
	dir := filepath.Join(pki, trustedDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("trust a client: %w", err)
	}
	name := filepath.Join(dir, fmt.Sprintf("%x.crt", crt.SerialNumber))
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return fmt.Errorf("trust a client: %w", err)
	}
	return nil
}
