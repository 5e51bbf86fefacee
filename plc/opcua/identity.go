package opcua

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
	"net/url"
	"os"
	"path/filepath"
	"time"
)

// Identity is an OPC UA application instance: its certificate, its key and its application URI, which stands in the
// certificate.
type Identity struct {
	URI         string
	Certificate []byte // DER
	Key         *rsa.PrivateKey
}

const (
	supervisorName = "supervisor"
	validYears     = 10
)

// CreateIdentity makes a new key of 2048 bits and a certificate for it, signed by itself, valid for ten years from a day
// before now. The name stands in the subject.
func CreateIdentity(uri, name string, now time.Time) (Identity, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme == "" {
		return Identity{}, fmt.Errorf("application URI %q is no URI; use for example urn:plant:line1:linectl", uri)
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return Identity{}, fmt.Errorf("make a key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return Identity{}, fmt.Errorf("make a serial number: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name, Organization: []string{"linectl"}},
		NotBefore:             now.AddDate(0, 0, -1),
		NotAfter:              now.AddDate(validYears, 0, 0),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		URIs:                  []*url.URL{u},
		DNSNames:              []string{host},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return Identity{}, fmt.Errorf("make a certificate: %w", err)
	}
	return Identity{URI: uri, Certificate: der, Key: key}, nil
}

// LoadOrCreateIdentity reads supervisor.crt and supervisor.key (PEM) from a directory, or makes them on the first start. The
// key is readable by its owner only. It returns the path of the certificate, which the devices must trust.
func LoadOrCreateIdentity(dir, uri, name string, now time.Time) (Identity, string, error) {
	return LoadOrCreateIdentityIn(dir, supervisorName, uri, name, now)
}

// LoadOrCreateIdentityIn is LoadOrCreateIdentity with the name of the two files: another application than the supervisor.
func LoadOrCreateIdentityIn(dir, file, uri, name string, now time.Time) (Identity, string, error) {
	certificate, key := filepath.Join(dir, file+".crt"), filepath.Join(dir, file+".key")
	known, err := LoadIdentity(certificate, key)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return known, certificate, err
	}
	if _, err := os.Stat(key); err == nil {
		return Identity{}, "", fmt.Errorf("there is a key %s without its certificate; put the certificate back or move the key away", key)
	}
	made, err := CreateIdentity(uri, name, now)
	if err != nil {
		return Identity{}, "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Identity{}, "", fmt.Errorf("keep the certificate: %w", err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(made.Key)
	if err != nil {
		return Identity{}, "", fmt.Errorf("keep the key: %w", err)
	}
	for _, f := range []struct {
		path, kind string
		content    []byte
		mode       fs.FileMode
	}{{key, "PRIVATE KEY", secret, 0o600}, {certificate, "CERTIFICATE", made.Certificate, 0o644}} {
		block := pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.content})
		if err := os.WriteFile(f.path, block, f.mode); err != nil {
			return Identity{}, "", fmt.Errorf("keep the certificate: %w", err)
		}
	}
	return made, certificate, nil
}

// LoadIdentity reads a certificate and its RSA key, both in PEM form.
func LoadIdentity(certificateFile, keyFile string) (Identity, error) {
	der, err := readPEM(certificateFile)
	if err != nil {
		return Identity{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return Identity{}, fmt.Errorf("certificate %s: %w", certificateFile, err)
	}
	if len(certificate.URIs) != 1 {
		return Identity{}, fmt.Errorf("certificate %s: it names %d URIs, an OPC UA application has one", certificateFile, len(certificate.URIs))
	}
	secret, err := readPEM(keyFile)
	if err != nil {
		return Identity{}, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(secret)
	if err != nil {
		parsed, err = x509.ParsePKCS1PrivateKey(secret)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if err != nil || !ok {
		return Identity{}, fmt.Errorf("key %s: it is no RSA key in PKCS 8 or PKCS 1 form", keyFile)
	}
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return Identity{}, fmt.Errorf("key %s does not belong to certificate %s", keyFile, certificateFile)
	}
	return Identity{URI: certificate.URIs[0].String(), Certificate: der, Key: key}, nil
}

func readPEM(path string) ([]byte, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read certificate or key: %w", err)
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s: it is no PEM file", path)
	}
	return block.Bytes, nil
}
