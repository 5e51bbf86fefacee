package opcua

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // OPC UA names certificates by it
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
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
	"strings"
	"sync"
	"time"
)

// PKI is the directory with the server's certificate and key, the certificates of the clients that may connect (trusted) and
// of those that were turned away (rejected).
type PKI struct {
	Dir string
	URI string // application URI, as in the certificate

	rejecting sync.Mutex
}

// The folders of trust of a PKI.
const (
	Trusted    = "trusted"
	TrustedCRL = "trusted-crl"
	Issuers    = "issuers"
	IssuersCRL = "issuers-crl"
	Rejected   = "rejected"
)

const validYears = 5

// Certificate is the file with the server's own certificate (PEM), which clients must trust.
func (p *PKI) Certificate() string { return filepath.Join(p.Dir, "gateway.crt") }
func (p *PKI) key() string         { return filepath.Join(p.Dir, "gateway.key") }
func (p *PKI) trusted() string     { return filepath.Join(p.Dir, Trusted) }
func (p *PKI) trustedCRL() string  { return filepath.Join(p.Dir, TrustedCRL) }
func (p *PKI) issuers() string     { return filepath.Join(p.Dir, Issuers) }
func (p *PKI) issuersCRL() string  { return filepath.Join(p.Dir, IssuersCRL) }
func (p *PKI) rejected() string    { return filepath.Join(p.Dir, Rejected) }

// OpenPKI opens a PKI, or makes one with a new key and certificate for the hosts.
func OpenPKI(dir, uri string, hosts []string, now time.Time) (*PKI, error) {
	p := &PKI{Dir: dir, URI: uri}
	for _, d := range []string{dir, p.trusted(), p.trustedCRL(), p.issuers(), p.issuersCRL(), p.rejected()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("certificates of the gateway: %w", err)
		}
	}
	crt, err := readCertificate(p.Certificate())
	if errors.Is(err, fs.ErrNotExist) {
		if err := p.create(hosts, now); err != nil {
			return nil, fmt.Errorf("certificate of the gateway: %w", err)
		}
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("certificate of the gateway: %w", err)
	}
	if len(crt.URIs) == 1 {
		p.URI = crt.URIs[0].String()
	}
	return p, nil
}

// Expires returns when the server's certificate ends.
func (p *PKI) Expires() (time.Time, error) {
	crt, err := readCertificate(p.Certificate())
	if err != nil {
		return time.Time{}, fmt.Errorf("certificate of the gateway: %w", err)
	}
	return crt.NotAfter, nil
}

// create writes the key first: a certificate that stands there always has its key.
func (p *PKI) create(hosts []string, now time.Time) error {
	uri, err := url.Parse(p.URI)
	if err != nil {
		return err
	}
	key, err := usableKey()
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "linectl gateway", Organization: []string{"linectl"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(validYears, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment |
			x509.KeyUsageDataEncipherment | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{uri}, BasicConstraintsValid: true,
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else if h != "" {
			template.DNSNames = append(template.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	err = os.WriteFile(p.key(), pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600)
	if err != nil {
		return err
	}
	return writeCertificate(p.Certificate(), der)
}

// usableKey makes a key whose private exponent is as long as its modulus. The server library (awcullen v1.4.0) takes the length
// of the one for the other when it decrypts a password, so that with about one key in twenty nobody could ever log in.
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

// Peer is the certificate of a client, or of an authority that signs some.
type Peer struct {
	Thumbprint string // SHA-1 of the certificate, hexadecimal, as OPC UA tools show it
	Folder     string // Trusted, Rejected or Issuers
	Subject    string
	URI        string
	Until      time.Time
	file       string
}

// Is reports whether it is this certificate (DER).
func (p Peer) Is(der []byte) bool { return p.Thumbprint == thumbprint(der) }

// Peers lists the certificates of the clients that are trusted or were turned away. A file that holds no certificate is an error.
func (p *PKI) Peers() ([]Peer, error) { return p.peers(Trusted, Rejected) }

// Authorities lists the certificates of those who may have signed a trusted client's.
func (p *PKI) Authorities() ([]Peer, error) { return p.peers(Issuers) }

func (p *PKI) peers(folders ...string) ([]Peer, error) {
	var list []Peer
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(p.Dir, folder, "*"))
		if err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
		for _, name := range names {
			crt, err := readCertificate(name)
			if err != nil {
				return nil, fmt.Errorf("certificates: %w", err)
			}
			peer := Peer{Thumbprint: thumbprint(crt.Raw), Folder: folder, Subject: crt.Subject.String(), Until: crt.NotAfter, file: name}
			if len(crt.URIs) > 0 {
				peer.URI = crt.URIs[0].String()
			}
			list = append(list, peer)
		}
	}
	return list, nil
}

// Revocation is a list of certificates that an authority has taken back.
type Revocation struct {
	Folder  string // TrustedCRL or IssuersCRL
	File    string
	Issuer  string
	Until   time.Time // when the next list is due
	Revoked int       // certificates
}

// Revocations lists the lists of revoked certificates. A file that holds none is an error: the gateway would pass over it.
func (p *PKI) Revocations() ([]Revocation, error) {
	var list []Revocation
	for _, folder := range []string{TrustedCRL, IssuersCRL} {
		names, err := filepath.Glob(filepath.Join(p.Dir, folder, "*"))
		if err != nil {
			return nil, fmt.Errorf("revocation lists: %w", err)
		}
		for _, name := range names {
			der, err := os.ReadFile(name) //nolint:gosec // in our own directory
			if err != nil {
				return nil, fmt.Errorf("revocation lists: %w", err)
			}
			if block, _ := pem.Decode(der); block != nil {
				der = block.Bytes
			}
			crl, err := x509.ParseRevocationList(der)
			if err != nil {
				return nil, fmt.Errorf("revocation list %s: %w", name, err)
			}
			list = append(list, Revocation{folder, filepath.Base(name), crl.Issuer.String(), crl.NextUpdate, len(crl.RevokedCertificateEntries)})
		}
	}
	return list, nil
}

// Trust lets a client connect from its next connection on. The client is named by a certificate file (PEM or DER), or by the
// beginning of the thumbprint of a certificate that was turned away, at least eight digits.
func (p *PKI) Trust(name string) (Peer, error) {
	crt, err := readCertificate(name)
	if errors.Is(err, fs.ErrNotExist) {
		peer, err := p.find(Rejected, name)
		if err != nil {
			return Peer{}, err
		}
		if crt, err = readCertificate(peer.file); err != nil {
			return Peer{}, fmt.Errorf("trust: %w", err)
		}
	} else if err != nil {
		return Peer{}, fmt.Errorf("trust: %w", err)
	}
	if err := strong(crt); err != nil {
		return Peer{}, fmt.Errorf("trust: certificate of %s: %w", crt.Subject, err)
	}
	if !slices.Contains(crt.ExtKeyUsage, x509.ExtKeyUsageClientAuth) && len(crt.ExtKeyUsage) > 0 {
		return Peer{}, fmt.Errorf("trust: %s does not allow client authentication; have it made anew with that usage", crt.Subject)
	}
	return p.move(crt, Rejected, Trusted)
}

// Reject keeps a client from connecting from its next connection on. Its open connection goes on until it ends.
func (p *PKI) Reject(name string) (Peer, error) {
	peer, err := p.find(Trusted, name)
	if err != nil {
		return Peer{}, err
	}
	crt, err := readCertificate(peer.file)
	if err != nil {
		return Peer{}, fmt.Errorf("reject: %w", err)
	}
	if err := os.Remove(peer.file); err != nil {
		return Peer{}, fmt.Errorf("reject: %w", err)
	}
	return p.move(crt, Trusted, Rejected)
}

// find returns the one certificate of a folder whose thumbprint begins so.
func (p *PKI) find(folder, name string) (Peer, error) {
	peers, err := p.Peers()
	if err != nil {
		return Peer{}, err
	}
	want := strings.ToLower(strings.ReplaceAll(name, ":", ""))
	peers = slices.DeleteFunc(peers, func(c Peer) bool {
		return c.Folder != folder || len(want) < 8 || !strings.HasPrefix(c.Thumbprint, want)
	})
	if len(peers) != 1 {
		return Peer{}, fmt.Errorf("%d certificates in %s are named %q; give a file, or at least eight digits of a thumbprint as cert list shows them", len(peers), folder, name)
	}
	return peers[0], nil
}

func (p *PKI) move(crt *x509.Certificate, from, to string) (Peer, error) {
	name := thumbprint(crt.Raw) + ".crt"
	if err := os.MkdirAll(filepath.Join(p.Dir, to), 0o700); err != nil { // the gateway may never have run
		return Peer{}, fmt.Errorf("certificate: %w", err)
	}
	if err := writeCertificate(filepath.Join(p.Dir, to, name), crt.Raw); err != nil {
		return Peer{}, fmt.Errorf("certificate: %w", err)
	}
	if err := os.Remove(filepath.Join(p.Dir, from, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Peer{}, fmt.Errorf("certificate: %w", err)
	}
	return Peer{Thumbprint: thumbprint(crt.Raw), Folder: to, Subject: crt.Subject.String(), Until: crt.NotAfter}, nil
}

func thumbprint(der []byte) string {
	sum := sha1.Sum(der) //nolint:gosec // a name, no proof
	return hex.EncodeToString(sum[:])
}

func readCertificate(name string) (*x509.Certificate, error) {
	der, err := os.ReadFile(name) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(der); block != nil {
		der = block.Bytes
	}
	crt, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return crt, nil
}

func writeCertificate(name string, der []byte) error {
	if err := os.WriteFile(name+".new", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}
