package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"linectl/control"
	"linectl/line"
	"linectl/supervisor"
	"linectl/traceability"
)

func newRun() *cobra.Command {
	r := &runner{}
	c := &cobra.Command{
		Use: "run --config line.yaml", Short: "Runs the supervisor of a line", Args: cobra.NoArgs,
		Long: `Runs the supervisor: the stations' state machines, the records, the devices and the control socket. It listens on no network
port. After a start every station is Stopped or Aborted, and nothing moves until somebody says so.

Unless told not to, it starts the OPC UA server (linectl gateway) and the HMI for browsers (linectl hmi) as processes of their own
and keeps them running. Those listen on network ports; the line does not depend on them.

SIGTERM stops all stations at the end of their running acts and exits 0; a second one exits at once. If something cannot be
recorded it exits 1 without another word to a device; the next start finds out what became of the open acts.`,
	}
	c.Flags().StringVar(&r.config, "config", "", "line.yaml")
	c.Flags().StringVar(&r.data, "data", defaultData, "data directory for the records")
	c.Flags().BoolVar(&r.verbose, "verbose", false, "log more")
	c.Flags().BoolVar(&r.noGateway, "no-gateway", false, "do not start the OPC UA server beside it, nor the HMI that lives on it")
	c.Flags().BoolVar(&r.noHMI, "no-hmi", false, "do not start the HMI for browsers beside it")
	c.Flags().StringVar(&r.hmi, "hmi-listen", defaultHMI, "host and port of the HMI for browsers that is started beside it")
	c.Flags().StringVar(&r.gateway, "gateway-listen", defaultGateway, "host and port of the OPC UA server that is started beside it")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if r.config == "" {
			return usagef("run wants --config line.yaml")
		}
		r.log, r.out = newLog(c.ErrOrStderr(), r.verbose), c.OutOrStdout()
		ctx, cancel := stopOnSignal(c.Context(), r.log)
		defer cancel()
		return r.run(ctx)
	}
	return c
}

func newLog(out io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
}

// stopOnSignal ends the context at the first SIGTERM or interrupt and the process at the second. The function that it returns
// ends the context and the listening.
func stopOnSignal(ctx context.Context, log *slog.Logger) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	over := make(chan struct{})
	go func() {
		for first := true; ; first = false {
			select {
			case s := <-signals:
				if !first {
					log.Warn("stopped at once", "signal", s.String())
					os.Exit(exitFailed)
				}
				log.Info("stopping", "signal", s.String())
				cancel()
			case <-over:
				return
			}
		}
	}()
	return ctx, sync.OnceFunc(func() { signal.Stop(signals); close(over); cancel() })
}

// runner wires one line together.
type runner struct {
	config, data string
	verbose      bool
	noGateway    bool
	gateway      string // where the gateway beside it listens
	noHMI        bool
	hmi          string                  // where the HMI for browsers listens
	watches      []func(context.Context) // what looks after this computer until the context ends: its certificates, its disk
	log          *slog.Logger
	out          io.Writer // for what only the person who starts it may see
}

func (r *runner) run(ctx context.Context) (err error) {
	files, err := loadLine(r.config)
	if err != nil {
		return err
	}
	for _, note := range files.notes {
		r.log.Warn("check", "note", note)
	}
	dialers, err := newDialers(files.config)
	if err != nil {
		return err
	}
	store, err := traceability.Open(r.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	fence, err := store.NextFence()
	if err != nil {
		return err
	}
	l, err := supervisor.New(supervisorConfig(files), fence)
	if err != nil {
		return fmt.Errorf("%s: %w", r.config, err)
	}
	replayed := uint64(0)
	err = store.Replay(1, func(e line.Entry) error {
		l.Apply(e.Record)
		replayed = e.Seq
		return nil
	})
	if err = errors.Join(err, l.Fits()); err != nil {
		return fmt.Errorf("%s: %w", r.data, err)
	}
	path := files.config.at(files.config.Socket)
	if path == "" {
		path = defaultSocket(r.data)
	}
	listener, err := control.Listen(ctx, path)
	if err != nil {
		return err
	}
	edges := &edges{devices: map[line.DeviceID]edge{}, classes: files.config.classes(), keep: store.KeepWaveform}
	loop := supervisor.NewLoop(l, store, edges, r.log)
	keeper, err := r.openAccounts(l, loop)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	r.watches = []func(context.Context){
		func(ctx context.Context) { watchCertificates(ctx, files.config, r.data, loop, r.log) },
		func(ctx context.Context) { watchDisk(ctx, r.data, loop) },
	}
	r.log.Info("line starts", "line", files.config.name(), "version", version(), "fence", fence, "replayed", replayed, "socket", path)
	return r.serve(ctx, loop, edges, dialers, fence, &control.Server{Line: &stampedLine{Line: loop, data: r.data}, Journal: store, Log: r.log, Keeper: keeper}, func(ctx context.Context, s *control.Server) error {
		return s.Serve(ctx, listener)
	})
}

// serve runs the loop until the context ends or something cannot be recorded. The devices and the control socket go on
// until the stations have come to rest.
func (r *runner) serve(ctx context.Context, loop *supervisor.Loop, edges *edges, dialers map[line.DeviceID]dialer, fence uint16,
	server *control.Server, answer func(context.Context, *control.Server) error,
) error {
	around, end := context.WithCancel(context.WithoutCancel(ctx))
	edges.start(around, dialers, fence, loop, r.log)
	var wait sync.WaitGroup
	var socket error
	wait.Go(func() { socket = answer(around, server) })
	for _, watch := range r.watches {
		wait.Go(func() { watch(around) })
	}
	if !r.noGateway {
		wait.Go(func() { r.keepGateway(around) })
	}
	if !r.noGateway && !r.noHMI {
		wait.Go(func() { r.keepHMI(around) })
	}
	err := loop.Run(ctx)
	end()
	edges.wait()
	wait.Wait()
	if err != nil {
		return fmt.Errorf("cannot go on: %w; nothing more was sent to the devices, the next start finds out what became of the open acts", err)
	}
	if socket != nil {
		r.log.Warn("control socket", "err", socket)
	}
	r.log.Info("line stopped")
	return nil
}

// supervisorConfig says to the supervisor what the files say.
func supervisorConfig(files *lineFiles) supervisor.Config {
	shifts, err := files.config.Shifts.plan()
	if err != nil {
		panic("linectl: a configuration that was checked has no shifts: " + err.Error())
	}
	cfg := supervisor.Config{
		Shifts: shifts,
		Name:   files.config.name(), Version: version(), Simulated: files.config.anySimulated(), Recipes: files.recipes,
		Supplier: make(map[line.CellID]line.SupplierCell, len(files.cells)),
	}
	for _, c := range files.cells {
		cfg.Supplier[c.Cell] = c
	}
	for _, s := range files.config.Stations {
		one := supervisor.StationConfig{ID: s.ID, Kind: s.Kind, Title: s.Title, Buffer: s.Buffer, Takt: s.Takt}
		for _, d := range s.Devices {
			one.Devices = append(one.Devices, supervisor.DeviceConfig{ID: d.id, Role: d.Role, Simulated: d.simulated})
		}
		cfg.Stations = append(cfg.Stations, one)
	}
	return cfg
}
