package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"linectl/accounts"
	"linectl/control"
	"linectl/hmi/opcua"
	"linectl/line"
)

// What the gateway may take of the machine. Above the first the collector works harder; at the second the process ends, and is
// started anew: a stranger's message must not take the memory of the supervisor beside it.
const (
	gatewayMemory  = 256 << 20
	gatewayAddress = 4 << 30

	defaultGateway = "127.0.0.1:4840"
	expiresSoon    = 60 * 24 * time.Hour
)

// gateway is the OPC UA server of one line.
type gateway struct {
	place
	listen, export string
	verbose        bool
	log            *slog.Logger
}

func newGateway() *cobra.Command {
	g := &gateway{}
	c := &cobra.Command{
		Use: "gateway --config line.yaml", Short: "Shows the line to OPC UA clients", Args: cobra.NoArgs,
		Long: `Runs the OPC UA server: a process of its own that asks the supervisor through its control socket. It may come and go, and so may
the supervisor. While the supervisor is away no value is shown as Good.

Clients need a certificate that linectl cert trust has let in, an account (linectl user add), and one of the policies
Basic256Sha256, Aes128_Sha256_RsaOaep, Aes256_Sha256_RsaPss. The port is open on every interface, whatever the address says:
keep it inside the cell network. See docs/opcua.md.`,
	}
	g.flags(c)
	c.Flags().StringVar(&g.listen, "listen", defaultGateway, "host and port that clients are told")
	c.Flags().StringVar(&g.export, "export-nodeset", "", "write the address space as a NodeSet2 file and exit (- for stdout)")
	c.Flags().BoolVar(&g.verbose, "verbose", false, "log more")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if g.config == "" {
			return usagef("gateway wants --config line.yaml")
		}
		if _, _, err := net.SplitHostPort(g.listen); err != nil {
			return usagef("--listen %q is no host:port", g.listen)
		}
		if g.export != "" {
			return g.exportTo(c)
		}
		g.log = newLog(c.ErrOrStderr(), g.verbose)
		ctx, cancel := stopOnSignal(c.Context(), g.log)
		defer cancel()
		return g.run(ctx)
	}
	return c
}

func (g *gateway) run(ctx context.Context) error {
	cfg, err := readConfig(g.config)
	if err != nil {
		return err
	}
	contain(g.log)
	client, err := g.client()
	if err != nil {
		return err
	}
	defer client.Close()
	pki, err := gatewayPKI(g.data, cfg.name(), g.listen)
	if err != nil {
		return err
	}
	g.warnExpiry(pki)
	catalogue, err := opcua.LoadCatalogue()
	if err != nil {
		return err
	}
	store := &storeRecords{dir: g.data}
	defer store.Close()
	var carrier *opcua.Gateway
	server, err := opcua.NewServer(opcua.Options{
		Address: g.listen, PKI: pki, Logins: doorman{client}, Certificates: doorman{client}, Known: line.Roles, Name: cfg.name(), Version: version(),
		Translate: catalogue.Translate, History: store, Events: store, Log: g.log,
		OnAlarm: func(ctx context.Context, by opcua.Caller, a opcua.AlarmAct) (opcua.Status, string) {
			return carrier.OnAlarm(ctx, by, a)
		},
	})
	if err != nil {
		return err
	}
	if carrier, err = opcua.NewGateway(socketLine{client}, server, g.log); err != nil {
		return err
	}
	if err := carrier.DeclareRecords(store.records()); err != nil {
		return err
	}
	var wait sync.WaitGroup
	feeding, stop := context.WithCancel(ctx)
	wait.Go(func() { carrier.Run(feeding) })
	defer wait.Wait()
	defer stop()
	g.log.Info("gateway starts", "line", cfg.name(), "version", version(), "url", server.URL(), "certificate", pki.Certificate())
	return server.Serve(ctx)
}

// contain bounds the process. A bound that the system refuses is said and not insisted on: a smaller one may be set already.
func contain(log *slog.Logger) {
	debug.SetMemoryLimit(gatewayMemory)
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: gatewayAddress, Max: gatewayAddress}); err != nil {
		log.Warn("no limit on memory", "err", err)
	}
}

func (g *gateway) warnExpiry(pki *opcua.PKI) {
	until, err := pki.Expires()
	if err == nil && time.Until(until) < expiresSoon {
		g.log.Warn("the gateway's certificate ends soon; move it away, start anew, and let the clients trust the new one",
			"until", until.UTC().Format(time.DateOnly), "file", pki.Certificate())
	}
}

// gatewayPKI opens the gateway's certificates, below the data directory of the supervisor.
func gatewayPKI(data, name, listen string) (*opcua.PKI, error) {
	hosts := []string{"localhost", "127.0.0.1"}
	if host, _, err := net.SplitHostPort(listen); err == nil && host != "" && host != "localhost" && host != "127.0.0.1" {
		hosts = append(hosts, host)
	}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		hosts = append(hosts, host)
	}
	uri := "urn:linectl:" + strings.NewReplacer("/", ":", " ", "-").Replace(name) + ":gateway"
	return opcua.OpenPKI(filepath.Join(data, "gateway"), uri, hosts, time.Now())
}

// exportTo writes the address space of the line as it is now.
func (g *gateway) exportTo(c *cobra.Command) error {
	client, err := g.client()
	if err != nil {
		return err
	}
	defer client.Close()
	snapshot, err := client.Snapshot(c.Context())
	if err != nil {
		return err
	}
	if g.export != "-" {
		f, err := os.Create(g.export)
		if err != nil {
			return fmt.Errorf("node set: %w", err)
		}
		defer func() { _ = f.Close() }() // closed with its error below
		if err := opcua.WriteNodeSet(f, snapshot); err != nil {
			return err
		}
		return f.Close()
	}
	return opcua.WriteNodeSet(c.OutOrStdout(), snapshot)
}

// doorman asks the supervisor who somebody is.
type doorman struct{ client *control.Client }

// Authenticate opens a session of the supervisor.
func (d doorman) Authenticate(ctx context.Context, user, password, source string) (opcua.Login, error) {
	s, err := d.client.LogIn(ctx, user, password, source)
	return loggedIn(s, err)
}

// AuthenticateCertificate opens one for the person of a certificate whose signature the OPC UA library has verified.
func (d doorman) AuthenticateCertificate(ctx context.Context, thumbprint, source string) (opcua.Login, error) {
	s, err := d.client.LogInByCertificate(ctx, thumbprint, source)
	return loggedIn(s, err)
}

func loggedIn(s accounts.Session, err error) (opcua.Login, error) {
	switch {
	case errors.Is(err, control.ErrLogIn):
		return opcua.Login{}, err
	case err != nil:
		return opcua.Login{}, fmt.Errorf("%w: %w", opcua.ErrAway, err)
	}
	return opcua.Login{User: s.User, Roles: s.Roles, Session: s.Token}, nil
}

// socketLine is the supervisor behind its control socket.
type socketLine struct{ *control.Client }

// Ask sends a request with the token of a session.
func (l socketLine) Ask(ctx context.Context, session string, r line.Request) (line.Reply, error) {
	if session == "" {
		return line.Reply{}, opcua.ErrNoSession // without a token it would be the request of this computer's user
	}
	reply, err := l.DoAs(ctx, session, r)
	if errors.Is(err, control.ErrNoSession) {
		return reply, opcua.ErrNoSession
	}
	return reply, err
}
