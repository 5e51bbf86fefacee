package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linectl/hmi/load"
	hmi "linectl/hmi/opcua"
	"linectl/internal/process"
	"linectl/plc/opcua"
)

// nodeModules is where scripts/setup.sh puts the stranger's server, seen from the root of the repository.
const nodeModules = "test/interop/node_modules"

// benchFor is how long each part measures, where nothing else is asked for.
const benchFor = 4 * time.Second

func newBench() *cobra.Command {
	c := &cobra.Command{Use: "bench", Short: "Measures this program on this machine"}
	c.AddCommand(newBenchOPCUA())
	return c
}

// benchOPCUA measures the gateway, and a stranger's server beside it.
type benchOPCUA struct {
	stations int
	node     string
	long     time.Duration // of each part
	sampling time.Duration
	json     bool
	dir      string
	identity opcua.Identity
	password string
}

func newBenchOPCUA() *cobra.Command {
	b := &benchOPCUA{}
	c := &cobra.Command{
		Use: "opcua", Short: "Measures the OPC UA gateway under load, beside node-opcua's server", Args: cobra.NoArgs,
		Long: `Starts a gateway as a process of its own, feeds it with a line of which all stations work and change ten times a second, and lets
clients read, call and watch, with Basic256Sha256 and SignAndEncrypt. Where node-opcua is installed (npm install in test/interop of
the repository), its server then shows as many variables and meets the same clients. The figures of both stand beside the goals;
a goal that is missed is said and is no failure. It takes about 80 s for both servers; a part that
takes too long is cut and said, and so is a server after 85 s.
The line is made up, not a line.yaml: linectl check refuses a second station of a kind, and this line repeats them.`,
	}
	c.Flags().IntVar(&b.stations, "stations", 14, "stations of the line, 1 to 500")
	c.Flags().StringVar(&b.node, "node-opcua", nodeModules, "node_modules with node-opcua, within the directory that holds server.cjs")
	c.Flags().DurationVar(&b.long, "for", benchFor, "how long each of the five parts takes")
	c.Flags().DurationVar(&b.sampling, "sampling", benchEvery/2, "how often the watched items are sampled; the values change every 100ms")
	c.Flags().BoolVar(&b.json, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if b.stations < 1 || b.stations > 500 {
			return usagef("--stations %d: want 1 to 500", b.stations)
		}
		if b.long < benchEvery {
			return usagef("--for %v: want %v or more", b.long, benchEvery)
		}
		ctx, cancel := stopOnSignal(c.Context(), slog.New(slog.DiscardHandler)) // the servers die with this process
		defer cancel()
		report, err := b.run(ctx)
		if err != nil {
			return err
		}
		if b.json {
			return printJSON(c, report)
		}
		return report.write(c.OutOrStdout())
	}
	return c
}

func (b *benchOPCUA) run(ctx context.Context) (report benchReport, err error) {
	if b.dir, err = os.MkdirTemp("", "lb"); err != nil { // short: a socket's path goes below it
		return report, fmt.Errorf("bench: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	b.password = rand.Text()
	if b.identity, err = opcua.CreateIdentity("urn:linectl:bench", "linectl bench", time.Now()); err != nil {
		return report, err
	}
	report.Stations, report.When = b.stations, time.Now().UTC()
	variables, err := b.gateway(ctx, &report)
	if err != nil {
		return report, err
	}
	report.Variables = len(variables)
	script := filepath.Join(filepath.Dir(b.node), "server.cjs")
	program, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(b.node, "node-opcua")); err != nil || missing != nil {
		report.Left = "node-opcua is not measured: want node, and npm install in " + filepath.Dir(b.node)
		return report, nil
	}
	if err := b.stranger(ctx, program, script, variables, &report); err != nil {
		if ctx.Err() != nil {
			return report, ctx.Err()
		}
		report.Left = "node-opcua was cut: " + err.Error()
	}
	return report, nil
}

func (b *benchOPCUA) client(address string) load.Server {
	return load.Server{
		URL: "opc.tcp://" + address, User: benchUsers[0], Password: b.password, URI: b.identity.URI, Certificate: b.identity.Certificate, Key: b.identity.Key,
		Space: hmi.LineSpace,
	}
}

// gateway measures the gateway and returns the variables that it shows.
func (b *benchOPCUA) gateway(ctx context.Context, report *benchReport) ([]benchVariable, error) {
	if err := layDemo(ctx, b.dir); err != nil {
		return nil, err
	}
	config, data := filepath.Join(b.dir, demoConfig), filepath.Join(b.dir, demoRecords)
	cfg, err := readConfig(config)
	if err != nil {
		return nil, err
	}
	address, err := process.FreePort(ctx)
	if err != nil {
		return nil, err
	}
	pki, err := gatewayPKI(data, cfg.name(), address)
	if err != nil {
		return nil, err
	}
	mine := filepath.Join(b.dir, "bench.der")
	if err := os.WriteFile(mine, b.identity.Certificate, 0o600); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if _, err := pki.Trust(mine); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	source := &benchSource{name: cfg.name(), stations: b.stations, password: b.password}
	if err := source.serve(ctx, defaultSocket(data)); err != nil {
		return nil, err
	}
	child, err := startChild("gateway", filepath.Join(b.dir, "gateway.log"), "gateway", "--config", config, "--data", data, "--listen", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = child.Stop(5 * time.Second) }() // it keeps nothing
	var variables []benchVariable
	report.Gateway, err = b.measure(ctx, benchServer{child, address, source.between}, &variables)
	return variables, err
}

// stranger measures node-opcua's server with the same variables.
func (b *benchOPCUA) stranger(ctx context.Context, program, script string, variables []benchVariable, report *benchReport) error {
	address, err := process.FreePort(ctx)
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(address)
	body, err := json.Marshal(map[string]any{"space": hmi.LineSpace, "users": benchUsers, "password": b.password, "variables": variables})
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	file, log := filepath.Join(b.dir, "variables.json"), filepath.Join(b.dir, "node.log")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	child, err := process.Start("node-opcua", log, exec.CommandContext(ctx, program, script, port, file, filepath.Join(b.dir, "node"))) //nolint:gosec // what the user named
	if err != nil {
		return err
	}
	defer child.Kill() // it keeps nothing
	err = child.Await(ctx, 30*time.Second, func(context.Context) error {
		if said, err := os.ReadFile(log); err != nil || !strings.Contains(string(said), "READY") { //nolint:gosec // in our own directory
			return errors.New("it has not said READY")
		}
		return nil
	})
	if err != nil {
		return err
	}
	report.NodeOPCUA, err = b.measure(ctx, benchServer{child, address, func(from, to time.Time) (int, error) { return steps(log, from, to) }}, nil)
	return err
}

// steps counts the changes that the stranger's server has said it made, from one time to before another.
func steps(log string, from, to time.Time) (n int, err error) {
	said, err := os.ReadFile(log) //nolint:gosec // in our own directory
	if err != nil {
		return 0, fmt.Errorf("bench: %w", err)
	}
	for line := range strings.Lines(string(said)) {
		ms, ok := strings.CutPrefix(strings.TrimSpace(line), "STEP ")
		if !ok {
			continue
		}
		at, err := strconv.ParseInt(ms, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("bench: what node-opcua's server said: %w", err)
		}
		if t := time.UnixMilli(at); !t.Before(from) && t.Before(to) {
			n++
		}
	}
	return n, nil
}
