package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"linectl/simulator"
)

func newSimulate() *cobra.Command {
	p := &plantRunner{}
	c := &cobra.Command{
		Use: "simulate --config line.yaml", Short: "Runs the virtual plant of a line: every simulated device, over its own protocol", Args: cobra.NoArgs,
		Long: `Runs the virtual plant of a line: every device that line.yaml calls simulated listens at its own address and speaks its own
protocol, with a store of cells, physics and faults from a seed. What physically happens is written to truth.jsonl in the data
directory. At its first start it makes what the configuration names and does not find: passwords, certificates, the shipping
notices of its cells. Killed and started again it goes on where it was.

Faults are injected with linectl fault, over a Unix socket in the data directory that nobody else can open.

Its OPC UA servers listen on every network interface, because their library does; they let nobody in without the certificate
that lies in the pki directory of line.yaml and a password.`,
	}
	c.Flags().StringVar(&p.config, "config", "", "line.yaml")
	c.Flags().StringVar(&p.data, "data", "", "directory of the plant's memory (default: plant, beside line.yaml)")
	c.Flags().Float64Var(&p.speed, "speed", 60, "divides the time that acts and travel take, and nothing else")
	c.Flags().Uint64Var(&p.seed, "seed", 1, "same seed, same cells, same faults")
	c.Flags().IntVar(&p.cells, "cells", 0, "cells in each magazine lane (default 3000)")
	c.Flags().StringVar(&p.ready, "ready", "", "file to write when every device answers")
	c.Flags().BoolVar(&p.verbose, "verbose", false, "log more")
	c.RunE = func(c *cobra.Command, _ []string) error {
		if p.config == "" {
			return usagef("simulate wants --config line.yaml")
		}
		if p.speed < 1 {
			return usagef("--speed %v: want 1 or more", p.speed)
		}
		p.log, p.out = newLog(c.ErrOrStderr(), p.verbose), c.OutOrStdout()
		ctx, cancel := stopOnSignal(c.Context(), p.log)
		defer cancel()
		return p.run(ctx)
	}
	return c
}

// plantRunner wires one virtual plant together.
type plantRunner struct {
	config, data, ready string
	speed               float64
	seed                uint64
	cells               int
	verbose             bool
	log                 *slog.Logger
	out                 io.Writer
}

func (p *plantRunner) run(ctx context.Context) (err error) {
	cfg, err := readConfig(p.config)
	if err != nil {
		return err
	}
	if !cfg.anySimulated() {
		return fmt.Errorf("%s: no device is simulated; say simulated: true for the line or a device", p.config)
	}
	if p.data == "" {
		p.data = cfg.at("plant")
	}
	unlock, err := lockPlant(p.data)
	if err != nil {
		return err
	}
	defer unlock()
	pki := filepath.Join(p.data, "pki")
	endpoints, err := preparePlant(cfg, pki)
	if err != nil {
		return err
	}
	plant, err := simulator.New(p.plantConfig(cfg), p.data, time.Now())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plant.Close()) }()
	faces, err := simulator.Listen(plant, endpoints, pki, p.log)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.out, "virtual plant of %s: %d devices answer, speed %g, seed %d, ground truth in %s\n",
		cfg.name(), len(endpoints), p.speed, p.seed, filepath.Join(p.data, "truth.jsonl"))
	if p.ready != "" {
		if err := os.WriteFile(p.ready, nil, 0o600); err != nil {
			return fmt.Errorf("virtual plant: %w", err)
		}
	}
	return p.serve(ctx, faces)
}

// serve runs the faces, and the plant's own way in beside them.
func (p *plantRunner) serve(ctx context.Context, faces *simulator.Faces) error {
	l, err := listenPlant(ctx, p.data)
	if err != nil {
		return err
	}
	h := &http.Server{
		Handler: faces.Handler(), ReadHeaderTimeout: 2 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 8 << 10, ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	err = faces.Run(ctx)
	err = errors.Join(err, h.Close())
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("virtual plant: its socket: %w", served))
	}
	return err
}

func (p *plantRunner) plantConfig(cfg *Config) simulator.Config {
	s := simulator.Config{Seed: p.seed, Speed: p.speed, CellsPerLane: p.cells}
	cfg.devices(func(st *Station, d *Device) {
		if d.simulated {
			s.Devices = append(s.Devices, simulator.DeviceConfig{ID: d.id, Station: st.ID, Kind: st.Kind, Class: d.Class})
		}
	})
	return s
}

// preparePlant makes the passwords and certificates that are not there yet, lets the supervisor in, and returns the faces.
func preparePlant(cfg *Config, pki string) ([]simulator.Endpoint, error) {
	var endpoints []simulator.Endpoint
	var errs []error
	secure := false
	cfg.devices(func(_ *Station, d *Device) {
		if !d.simulated {
			return
		}
		e := simulator.Endpoint{Device: d.id, Protocol: d.Protocol, Address: d.Address, Modbus: d.modbus(), OPCUA: d.opcua()}
		if d.Protocol == protocolOPCUA {
			secure = true
			path := cfg.at(d.PasswordFile)
			err := makePassword(path)
			if err == nil {
				e.Password, err = readPassword(path)
			}
			e.Username = d.Username
			errs = append(errs, err)
		}
		endpoints = append(endpoints, e)
	})
	if secure {
		_, file, err := cfg.identity()
		errs = append(errs, err)
		if err == nil {
			errs = append(errs, simulator.Certificate(pki), simulator.Trust(pki, file))
		}
	}
	return endpoints, errors.Join(errs...)
}

// lockPlant keeps two plants from one directory.
func lockPlant(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("virtual plant: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the user names the directory
	if err != nil {
		return nil, fmt.Errorf("virtual plant: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("virtual plant: directory %s is in use by another virtual plant; stop it or choose another --data", dir), f.Close())
	}
	return func() { _ = f.Close() }, nil // the lock goes with the file
}
