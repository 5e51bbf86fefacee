package main

import (
	"github.com/spf13/cobra"

	"linectl/line"
)

// newReader makes a command that asks the supervisor how the line stands.
func newReader(c *cobra.Command, show func(c *cobra.Command, s line.Snapshot, asJSON bool, args []string) error) *cobra.Command {
	var p place
	var asJSON bool
	p.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.RunE = func(c *cobra.Command, args []string) error {
		client, err := p.client()
		if err != nil {
			return err
		}
		defer client.Close()
		s, err := client.Snapshot(c.Context())
		if err != nil {
			return err
		}
		return show(c, s, asJSON, args)
	}
	return c
}
