package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linectl/control"
	"linectl/internal/process"
	"linectl/line"
)

// demo builds a few packs from nothing: the virtual plant and the supervisor as processes of their own, an operator, and at
// the end the comparison of what is on record with what physically happened.
type demo struct {
	order   string
	speed   float64
	seed    uint64
	dir     string
	forever bool
	cells   int
	stall   time.Duration
	faces   *demoFaces // nil: the line is not shown to anybody

	out           io.Writer
	plant, line   *process.Process
	client        *control.Client
	began         time.Time
	last          line.Snapshot
	refusals      []string
	config, truth string
	finished      bool // everything that was ordered is built
}

func newDemo() *cobra.Command {
	d := &demo{faces: &demoFaces{}}
	c := &cobra.Command{
		Use: "demo", Short: "Builds one pack of each sample product on a virtual line, from nothing", Args: cobra.NoArgs,
		Long: `Builds packs on the reference line: starts the virtual plant and the supervisor as two processes that talk OPC UA and Modbus
TCP over loopback, works as their operator, and compares the records with what physically happened. It exits 0 only if every
pack has a disposition, the journal verifies and the plant's ground truth agrees with the genealogy.

While it runs the line can be watched, and commanded, over OPC UA: it prints where, and the accounts that it made for that, with
random passwords. With --forever it goes on until interrupted.`,
	}
	c.Flags().StringVar(&d.order, "order", "ess=1,drone=1,ev=1", "packs to build")
	c.Flags().Float64Var(&d.speed, "speed", 60, "how much faster than a real plant the virtual one moves")
	c.Flags().Uint64Var(&d.seed, "seed", 1, "same seed, same cells, same faults")
	c.Flags().StringVar(&d.dir, "data", "", "directory for the line and its records (default: a new one for temporary files)")
	c.Flags().BoolVar(&d.forever, "forever", false, "keep building until interrupted")
	c.Flags().StringVar(&d.faces.Gateway, "gateway-listen", "", "host and port of the OPC UA server (default: a free port of 127.0.0.1)")
	c.Flags().StringVar(&d.faces.HMI, "hmi-listen", "", "host and port of the HMI for browsers (default: a free port of 127.0.0.1)")
	c.Flags().IntVar(&d.cells, "cells", 0, "cells in each magazine lane (default: enough for the order)")
	c.Flags().DurationVar(&d.stall, "stall", 0, "give up when nothing has got further for so long (default: 90s, longer at a low speed)")
	c.RunE = func(c *cobra.Command, _ []string) error {
		d.out = c.OutOrStdout()
		return d.run(c.Context())
	}
	return c
}

func (d *demo) run(ctx context.Context) (err error) {
	orders, err := parseOrder(d.order)
	if err != nil {
		return err
	}
	if d.speed < 1 {
		return usagef("--speed %v: want 1 or more", d.speed)
	}
	ctx, cancel := stopOnSignal(ctx, slog.New(slog.DiscardHandler)) // the children die with this process
	defer cancel()
	if d.dir == "" {
		if d.dir, err = os.MkdirTemp("", "linectl-demo-"); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	if err := layDemo(ctx, d.dir); err != nil {
		return err
	}
	if d.stall == 0 {
		d.stall = max(90*time.Second, time.Duration(float64(20*time.Minute)/d.speed))
	}
	d.began = time.Now()
	d.config, d.truth = filepath.Join(d.dir, demoConfig), filepath.Join(d.dir, demoPlant, "truth.jsonl")
	files, err := loadLine(d.config)
	if err != nil {
		return err
	}
	packs, cells, err := demand(orders, files.recipes)
	if err != nil {
		return err
	}
	if d.cells == 0 {
		d.cells = max(3000, 2*cells)
	}
	if err = d.start(ctx); err == nil {
		err = d.operate(ctx, newOperator(orders, files.recipes), packs)
	}
	if stopped := d.stop(); err == nil || d.forever && errors.Is(err, context.Canceled) {
		err = stopped
	}
	if d.last.At.IsZero() {
		return err
	}
	return errors.Join(err, d.conclude(context.WithoutCancel(ctx), orders))
}

// start brings up the plant and then the line, and waits until each answers.
func (d *demo) start(ctx context.Context) error {
	fmt.Fprintf(d.out, "demo in %s, speed %g, seed %d\n", d.dir, d.speed, d.seed)
	if err := d.startPlant(ctx); err != nil {
		return err
	}
	if d.faces == nil {
		return d.startLine(ctx)
	}
	if err := d.faces.prepare(ctx); err != nil {
		return err
	}
	if err := d.startLine(ctx); err != nil {
		return err
	}
	if err := d.welcome(ctx); err != nil {
		return err
	}
	d.tellFaces()
	return nil
}

func (d *demo) startPlant(ctx context.Context) (err error) {
	ready := filepath.Join(d.dir, demoPlant, "ready")
	if err := os.RemoveAll(ready); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d.plant, err = startChild("virtual plant", filepath.Join(d.dir, "plant.log"), "simulate", "--config", d.config,
		"--data", filepath.Join(d.dir, demoPlant), "--speed", strconv.FormatFloat(d.speed, 'g', -1, 64),
		"--seed", strconv.FormatUint(d.seed, 10), "--cells", strconv.Itoa(d.cells), "--ready", ready)
	if err != nil {
		return err
	}
	return d.plant.Await(ctx, time.Minute, func(context.Context) error { _, err := os.Stat(ready); return err })
}

func (d *demo) startLine(ctx context.Context) (err error) {
	args := []string{"run", "--config", d.config, "--data", filepath.Join(d.dir, demoRecords)}
	if d.faces == nil {
		args = append(args, "--no-gateway")
	} else {
		args = append(args, "--gateway-listen", d.faces.Gateway, "--hmi-listen", d.faces.HMI)
	}
	d.line, err = startChild("supervisor", filepath.Join(d.dir, "run.log"), args...)
	if err != nil {
		return err
	}
	d.client = control.Dial(defaultSocket(filepath.Join(d.dir, demoRecords)))
	return d.line.Await(ctx, time.Minute, func(ctx context.Context) error {
		s, err := d.client.Snapshot(ctx)
		if err == nil && s.At.IsZero() {
			return errors.New("the line has not begun yet")
		}
		d.last = s
		return err
	})
}

// operate works the line until every pack has a disposition. It fails when a child dies or the line stands still.
func (d *demo) operate(ctx context.Context, op *operator, packs int) error {
	view := newProgress(d.out, packs)
	defer view.close()
	moved, far := time.Now(), -1.0
	for {
		if d.plant.Gone() || d.line.Gone() {
			return errors.New("demo: a process has died; see below")
		}
		s, err := d.client.Snapshot(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("demo interrupted: %w", context.Canceled)
		}
		if err != nil {
			return err
		}
		d.last = s
		if now := howFar(s); now != far {
			moved, far = time.Now(), now
		}
		view.show(s)
		if op.done(s) {
			if !d.forever {
				d.finished = true
				return nil
			}
			op.greeted = false
		}
		if time.Since(moved) > d.stall {
			return fmt.Errorf("demo: nothing got further for %v; the line stands still:\n%s", d.stall, statusText(s))
		}
		for _, r := range op.decide(time.Now(), s) {
			reply, err := d.client.Do(ctx, r)
			if err != nil {
				return err
			}
			if !reply.Accepted {
				d.refusals = append(d.refusals, fmt.Sprintf("%+v: %s", r.Command, reply.Text))
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// stop ends the line first, so that it stops at the end of the running acts, and then the plant.
func (d *demo) stop() error {
	if d.client != nil {
		d.client.Close()
	}
	return errors.Join(d.line.Stop(30*time.Second), d.plant.Stop(10*time.Second))
}

// conclude compares, verifies and tells. It is nil only when everything agrees.
func (d *demo) conclude(ctx context.Context, orders []line.AddOrder) error {
	records := filepath.Join(d.dir, demoRecords)
	var errs []error
	c, err := compareTruth(ctx, records, d.truth)
	errs = append(errs, err)
	report, err := verifyRecords(ctx, records)
	errs = append(errs, err)
	if open := len(report.OpenIntents); open > 0 && d.finished {
		errs = append(errs, fmt.Errorf("demo: everything is built, the line has stopped, and %d acts are still open, the first: %s", open, report.OpenIntents[0].Token))
	}
	errs = append(errs, d.summary(ctx, orders, c, report, err == nil))
	if c != nil && len(c.differ) > 0 {
		errs = append(errs, fmt.Errorf("demo: the records differ from what physically happened:\n  %s", strings.Join(c.differ[:min(20, len(c.differ))], "\n  ")))
	}
	if err := errors.Join(errs...); err != nil {
		if len(d.refusals) > 0 {
			errs = append(errs, fmt.Errorf("demo: the line refused %d times, last: %s", len(d.refusals), d.refusals[len(d.refusals)-1]))
		}
		return errors.Join(errs...)
	}
	return nil
}

// howFar is a number that changes when anything gets further: an alarm that comes and goes does not change it.
func howFar(s line.Snapshot) float64 {
	far := float64(s.Cells.Received + s.Cells.Pool + s.Good + s.NOK)
	for _, p := range s.Packs {
		far += p.Progress
	}
	return far
}

func statusText(s line.Snapshot) string {
	var b strings.Builder
	if err := writeStatus(&b, s); err != nil {
		return err.Error()
	}
	return b.String()
}
