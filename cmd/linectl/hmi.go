package main

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linectl/hmi/opcua"
	"linectl/hmi/web"
	client "linectl/plc/opcua"
)

const defaultHMI = "127.0.0.1:8443"

// panel is the HMI for browsers.
type panel struct {
	data, gateway, pinned, listen string
	crt, key                      string
	hosts                         []string
	verbose                       bool
	log                           *slog.Logger
}

func newHMI() *cobra.Command {
	h := &panel{}
	c := &cobra.Command{
		Use: "hmi", Short: "Shows the line in a browser", Args: cobra.NoArgs,
		Long: `Runs the operator's HMI for browsers: a process of its own that is an OPC UA client of linectl gateway and nothing else. People
log in with their own accounts (linectl user add), each over an OPC UA session of their own.

It listens on this computer only, without encryption, unless --listen says another address: then it speaks HTTPS only, with a
certificate that it makes at its first start, or with --tls-cert and --tls-key. On the gateway's computer, with the same --data,
the two trust each other by themselves; elsewhere give it --gateway-certificate and let the gateway trust DATA/hmi/hmi.crt with
linectl cert trust. See docs/hmi.md.`,
	}
	f := c.Flags()
	f.StringVar(&h.data, "data", defaultData, "data directory; its own certificates are kept below it")
	f.StringVar(&h.gateway, "gateway", "opc.tcp://"+defaultGateway, "the gateway's address")
	f.StringVar(&h.pinned, "gateway-certificate", "", "the gateway's certificate (default: gateway/gateway.crt in the data directory)")
	f.StringVar(&h.listen, "listen", defaultHMI, "host and port for browsers; HTTPS unless this is a loopback address")
	f.StringVar(&h.crt, "tls-cert", "", "certificate for HTTPS (PEM); wants --tls-key")
	f.StringVar(&h.key, "tls-key", "", "key of --tls-cert (PEM)")
	f.StringSliceVar(&h.hosts, "tls-host", nil, "more names or addresses for the certificate that is made")
	f.BoolVar(&h.verbose, "verbose", false, "log more")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := h.check(); err != nil {
			return err
		}
		h.log = newLog(c.ErrOrStderr(), h.verbose)
		ctx, cancel := stopOnSignal(c.Context(), h.log)
		defer cancel()
		return h.run(ctx)
	}
	return c
}

func (h *panel) check() error {
	if _, _, err := net.SplitHostPort(h.listen); err != nil {
		return usagef("--listen %q is no host:port", h.listen)
	}
	host, ok := strings.CutPrefix(h.gateway, "opc.tcp://")
	if _, _, err := net.SplitHostPort(host); !ok || err != nil {
		return usagef("--gateway %q is no opc.tcp://host:port", h.gateway)
	}
	if (h.crt == "") != (h.key == "") {
		return usagef("--tls-cert and --tls-key go together")
	}
	return nil
}

func (h *panel) run(ctx context.Context) error {
	contain(h.log)
	dir := filepath.Join(h.data, "hmi")
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	id, file, err := client.LoadOrCreateIdentityIn(dir, "hmi", "urn:linectl:hmi:"+name, "linectl hmi", time.Now())
	if err != nil {
		return fmt.Errorf("certificate of the hmi: %w", err)
	}
	if h.pinned == "" {
		h.pinned = filepath.Join(h.data, "gateway", "gateway.crt")
		if err := h.introduce(file); err != nil {
			return err
		}
	}
	secure, listener, err := h.open(ctx, dir)
	if err != nil {
		return err
	}
	server, err := web.NewServer(web.Options{
		Gate:   &web.Gate{URL: h.gateway, URI: id.URI, Certificate: id.Certificate, Key: id.Key, Pinned: func() ([]byte, error) { return readDER(h.pinned) }},
		Secure: secure, Version: version(), Log: h.log,
	})
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	h.log.Info("hmi starts", "version", version(), "url", scheme+"://"+listener.Addr().String(), "gateway", h.gateway)
	return server.Serve(ctx, listener)
}

// introduce lets the gateway of the same data directory trust this HMI: whoever may write there could do it by hand. Where somebody
// has rejected it, it stays rejected.
func (h *panel) introduce(certificate string) error {
	pki := &opcua.PKI{Dir: filepath.Join(h.data, "gateway")}
	peers, err := pki.Peers()
	if err != nil {
		return err
	}
	mine, err := readDER(certificate)
	if err != nil {
		return err
	}
	for _, p := range peers {
		if p.Folder == opcua.Rejected && p.Is(mine) {
			h.log.Warn("the gateway's trust in this hmi was taken away; linectl cert trust gives it back", "thumbprint", p.Thumbprint)
			return nil
		}
	}
	if _, err := pki.Trust(certificate); err != nil {
		return fmt.Errorf("let the gateway trust the hmi: %w", err)
	}
	return nil
}

// open listens: on this computer alone without encryption, elsewhere never so.
func (h *panel) open(ctx context.Context, dir string) (secure bool, _ net.Listener, _ error) {
	host, _, err := net.SplitHostPort(h.listen)
	if err != nil {
		return false, nil, fmt.Errorf("--listen: %w", err)
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", h.listen)
	if err != nil {
		return false, nil, fmt.Errorf("hmi: %w; choose another address with --listen", err)
	}
	if h.crt == "" && own(host) {
		return false, web.Bounded(listener), nil
	}
	var crt tls.Certificate
	if h.crt != "" {
		crt, err = tls.LoadX509KeyPair(h.crt, h.key)
	} else {
		hosts := append([]string{"localhost", "127.0.0.1", host}, h.hosts...)
		if name, err := os.Hostname(); err == nil {
			hosts = append(hosts, name)
		}
		crt, err = web.OwnCertificate(dir, hosts, time.Now())
	}
	if err != nil {
		return false, nil, errors.Join(fmt.Errorf("certificate for https: %w", err), listener.Close())
	}
	return true, tls.NewListener(web.Bounded(listener), &tls.Config{
		Certificates: []tls.Certificate{crt}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}), nil
}

// readDER reads a certificate in PEM or DER form.
func readDER(file string) ([]byte, error) {
	b, err := os.ReadFile(file) //nolint:gosec // the caller names the file
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there yet; the gateway makes it at its first start", file)
	}
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(b); block != nil {
		b = block.Bytes
	}
	return b, nil
}

// browserURL is what a person types to see an HMI that listens at an address.
func browserURL(listen string) string {
	if host, _, err := net.SplitHostPort(listen); err == nil && own(host) {
		return "http://" + listen
	}
	return "https://" + listen
}

// own reports whether a host is this computer and nobody else's.
func own(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
