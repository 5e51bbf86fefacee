package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linectl/line"
	"linectl/packml"
	"linectl/plc/tags"
)

// finding is what a device answered, or why it did not.
type finding struct {
	status tags.Status
	err    error
}

// checkDevices reads every device once, all at the same time. It writes nothing to them: a running line is not disturbed.
func checkDevices(c *cobra.Command, cfg *Config) error {
	dialers, err := newDialers(cfg)
	if err != nil {
		return err
	}
	found := map[line.DeviceID]*finding{}
	var wait sync.WaitGroup
	for id, d := range dialers {
		f := &finding{}
		found[id] = f
		wait.Go(func() { f.status, f.err = readOnce(c.Context(), d) })
	}
	wait.Wait()
	failed := 0
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nDEVICE\t\tADDRESS\tSTATE\tPART\tRETAIN ID\tBOOT\tFENCE\tFLOOR\tANSWER")
	cfg.devices(func(_ *Station, d *Device) {
		kind := "REAL"
		if d.simulated {
			kind = "SIM"
		}
		f := found[d.id]
		if f.err != nil {
			failed++
			fmt.Fprintf(w, "%s\t%s\t%s\t-\t-\t-\t-\t-\t-\t%v\n", d.id, kind, d.Address, f.err)
			return
		}
		s := f.status
		if !d.Class.Tokens() {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t-\t-\t-\t-\tspeaks the plain blocks of class %s\n", d.id, kind, d.Address, packml.State(s.Machine), dash(s.Part), d.Class)
			return
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%08x\t%d\t%d\t%s\tspeaks the handshake\n",
			d.id, kind, d.Address, packml.State(s.Machine), dash(s.Part), s.RetainID, s.BootEpoch, s.FenceHighest, s.Floor)
	})
	if err := w.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d devices do not answer as they should", failed, len(found))
	}
	return nil
}

func readOnce(ctx context.Context, d dialer) (tags.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := d.Dial(ctx)
	if err != nil {
		return tags.Status{}, err
	}
	defer conn.Close()
	return conn.Read(ctx)
}

// promises tells of the devices of classes B and C what they can prove and what not.
func (c *Config) promises(w io.Writer) {
	c.devices(func(_ *Station, d *Device) {
		if !d.Class.Tokens() {
			fmt.Fprintf(w, "note: %s is of class %s: it %s\n", d.id, d.Class, d.Class.Promise())
		}
	})
}
