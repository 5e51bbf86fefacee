package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func newCarry() *cobra.Command {
	p := &plantPlace{}
	c := &cobra.Command{
		Use: "carry PACK STATION", Short: "Carries a pack out of quarantine, in the virtual plant", Args: cobra.ExactArgs(2),
		Long: `Does what a person does after a decision on a pack in quarantine: takes it out of ST910 and puts it at the entry of a station, the
bench. It works against linectl simulate only; in a real plant somebody carries it.`,
		Example: "  linectl carry EV-P1-000001 ST900",
	}
	p.flags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		var done struct{}
		if err := p.ask(c.Context(), http.MethodPost, "/v1/carries", map[string]string{"pack": args[0], "to": args[1]}, &done); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "%s is on its way to %s\n", args[0], args[1])
		return err
	}
	return c
}
